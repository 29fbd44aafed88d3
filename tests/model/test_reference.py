from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import (
    CHANGES,
    NEWEST,
    OLDEST,
    by_id,
    changes_of,
    find,
    ordered,
    with_needed,
)
from mremapcheck.linux.versions.version import KernelVersion

IDS = [change.id for change in CHANGES]


def test_a_bare_version_is_the_release_without_stable_updates() -> None:
    assert resolve("6.17").version == KernelVersion(6, 17)
    assert "account-fix" not in resolve("6.17").ids
    assert "account-fix" in resolve("6.17.6").ids


@pytest.mark.parametrize(
    ("reference", "has", "lacks"),
    [
        ("5.4", "", "dontunmap"),
        ("v5.7-rc1", "dontunmap", "dontunmap-any-mapping"),
        ("6.17-rc1", "multi-vma-move", "early-failure"),
        ("6.17-rc2", "unused-address-checked", "early-failure"),
        ("6.17-rc3", "early-failure", "unused-address-fix"),
        ("6.1.2", "growth-merges", "growth-offset"),
        ("6.1.3", "growth-offset", "growth-with-close"),
        ("6.18.7", "faulted-merges-unfaulted", "forked-stays-apart"),
        ("6.18.8", "forked-stays-apart", "map-count-of-every-call"),
        ("6.12.107", "mseal-per-mapping", "dontunmap-splits-locked"),
        ("6.12.117", "dontunmap-splits-locked", "event-length"),
        ("6.0", "efault-sign", "growth-merges"),
        ("6.1.50", "growth-with-close", "io-uring-placement"),
        ("6.1.190", "io-uring-pages", "dontunmap-splits-locked"),
        ("6.3", "merge-shifts-file", "merge-keeps-file"),
        ("6.3.1", "merge-keeps-file", ""),
        ("6.6.9", "merge-with-close", "attached-stays-apart"),
        ("6.6.24", "attached-stays-apart", "io-uring-pages"),
        ("6.8-rc7", "merge-with-close", "attached-stays-apart"),
        ("6.8", "attached-stays-apart", ""),
        ("6.12.112", "dontunmap-resets-offset", "secret-unlocked"),
        ("6.12.114", "dontunmap-stays-apart", "dontunmap-locks-once"),
        ("6.18.36", "forked-stays-apart", "guard-flag"),
        ("6.18.38", "guard-flag", "dontunmap-resets-offset"),
        ("6.18.53", "secret-unlocked", "dontunmap-locks-once"),
        ("6.18.56", "dontunmap-locks-once", "dontunmap-splits-locked"),
        ("7.2.6", "secret-unlocked", "dontunmap-locks-once"),
        ("7.2.9", "dontunmap-locks-once", "dontunmap-splits-locked"),
        ("7.2.11", "dontunmap-stays-apart", "anon-page-numbers"),
        ("7.3-rc3", "dontunmap-resets-offset", "dontunmap-locks-once"),
        ("7.3.3", "dontunmap-stays-apart", "uffd-copy-stays-apart"),
        ("7.3.4", "uffd-copy-stays-apart", ""),
    ],
)
def test_releases_have_what_the_history_dates(reference: str, has: str, lacks: str) -> None:
    ids = resolve(reference).ids
    assert not has or has in ids
    assert not lacks or lacks not in ids


def test_changes_are_added_and_taken_away() -> None:
    assert resolve("6.16+multi-vma-move").ids == (*resolve("6.16").ids, "multi-vma-move")
    assert set(resolve("6.17").ids) - set(resolve("6.17-early-failure").ids) == {"early-failure"}
    both = resolve("7.2.12-early-failure-thp-multi-move")
    assert set(resolve("7.2.12").ids) - set(both.ids) == {"early-failure", "thp-multi-move"}
    assert both.version == KernelVersion(7, 2, 12)


def test_what_a_change_builds_on_comes_along_and_goes_with_it() -> None:
    assert {"multi-vma-move", "early-failure"} <= set(resolve("6.16+early-failure").ids)
    gone = set(resolve("6.17").ids) - set(resolve("6.17-multi-vma-move").ids)
    assert gone == {"multi-vma-move", "early-failure", "thp-multi-move"}


def test_a_commit_names_all_that_it_changed() -> None:
    assert resolve("6.17-rc3-d5f416c7c364").ids == resolve("6.17-rc3-early-failure").ids
    assert [change.id for change in find("3215eaceca87")] == [
        "size-limit",
        "unused-address-checked",
        "range-checks-first",
        "dontunmap-rounds",
    ]
    assert find("d23cb648e3651b47007d4b17376d0af1fa98515e") == (by_id("multi-vma-move"),)
    assert find("d23cb64") == (by_id("multi-vma-move"),)
    assert find("d23c") == ()


@pytest.mark.parametrize("name", ["6.16,6.17", "6.17,", "6.17-rc2,6.17-rc3"])
def test_a_comma_makes_no_list_of_kernels(name: str) -> None:
    with pytest.raises(KernelReferenceError) as caught:
        resolve(name)
    assert "--kernel 6.16 6.17" in caught.value.hint


@pytest.mark.parametrize(
    "name", ["6.17.13+deb13-cloud-amd64", "6.1.0-50-cloud-amd64", "5.14.0-503.el9.x86_64", "6.17.0-8-generic"]
)
def test_a_part_that_names_no_change_belongs_to_the_release(name: str) -> None:
    kernel = resolve(name)
    assert kernel.changes == changes_of(KernelVersion.parse(name))
    assert resolve(f"{name}+multi-vma-move").ids == ordered_ids({*kernel.ids, "multi-vma-move"})


def ordered_ids(ids: set[str]) -> tuple[str, ...]:
    return tuple(id_ for id_ in IDS if id_ in ids)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("5.3", "the model begins with 5.4", "oldest kernel that can be asked for is 5.4"),
        ("5.4-rc8", "the model begins with 5.4", ""),
        ("7.4-rc1", "the model ends with 7.3", "newest kernel that can be asked for is 7.3"),
        ("8.0", "the model ends with 7.3", ""),
        ("6.99", "there is no Linux 6.99", "6.19 was followed by 7.0"),
        ("5.20-rc1+multi-vma-move", "there is no Linux 5.20", "5.19 was followed by 6.0"),
        ("6.16+multi-vma-moves", "no change is called `multi-vma-moves`", "did you mean `multi-vma-move`?"),
        ("6.16-erly-failure", "no change is called `erly-failure`", "did you mean `early-failure`?"),
        ("6.17-rc2+mutli-vma-move", "no change is called `mutli-vma-move`", "did you mean `multi-vma-move`?"),
        ("6.16+deadbeefdeadbeef", "no change was made by commit deadbeefdeadbeef", "mremapcheck changes"),
        ("next-20250814", "linux-next", ""),
        ("six", "is not a kernel version", ""),
    ],
)
def test_a_reference_that_means_nothing_is_refused(text: str, message: str, hint: str) -> None:
    with pytest.raises(KernelReferenceError) as error:
        resolve(text)
    assert message in error.value.message
    assert hint in error.value.hint


def test_the_registry_is_in_order_and_unambiguous() -> None:
    assert len(set(IDS)) == len(IDS)
    releases = [change.release for change in CHANGES]
    assert releases == sorted(releases)
    assert all(release > OLDEST for release in releases)
    assert max(release for release in releases if release <= NEWEST).series == NEWEST.series
    for change in CHANGES:
        assert all(IDS.index(need) < IDS.index(change.id) for need in change.needs), change.id
        assert change.summary and change.noticed_by and change.subject
        assert len(change.commit) in (0, 12)
        assert change.edits or change.provides
        if change.stable_only:
            assert change.stable == (change.release,), change.id
            continue
        assert all(update.series < change.release.series for update in change.stable), change.id
        assert change.is_in(change.release)


def test_no_id_is_part_of_another_reference() -> None:
    """Toggles are read left to right, the longest name first: no id may swallow two others."""
    for change in CHANGES:
        first, _, rest = change.id.partition("-")
        assert not (find(first) and find(rest)), change.id


@given(st.sets(st.sampled_from(CHANGES)))
def test_every_set_of_changes_with_what_it_needs_is_a_kernel(chosen: set[Change]) -> None:
    ids = with_needed(chosen)
    kernel = ModelKernel("made", OLDEST, ordered(change for change in CHANGES if change.id in ids))
    assert set(kernel.ids) == ids
    steps = kernel.steps()
    for pipeline in steps.values():
        slots = [step.slot for step in pipeline]
        assert len(set(slots)) == len(slots)


@pytest.mark.parametrize("id_", IDS)
@pytest.mark.parametrize("sign", "+-")
def test_each_change_can_be_toggled_on_every_release(id_: str, sign: str) -> None:
    for major, minor in [(5, m) for m in range(4, 20)] + [(6, m) for m in range(20)] + [(7, m) for m in range(4)]:
        kernel = resolve(f"{major}.{minor}{sign}{id_}")
        assert (id_ in kernel.ids) == (sign == "+")
        kernel.steps()
