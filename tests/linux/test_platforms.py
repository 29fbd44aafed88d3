"""Platforms: what each brings, what a drawing is on it, and that nothing else knows an architecture's name."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mremapcheck
from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.base.units import ARENA_END, ARENA_START, PAGE, U64
from mremapcheck.executors.live.plan import CannotRun, prepare
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Kernel
from mremapcheck.executors.references import open_executor
from mremapcheck.linux.platforms import HERE, PLATFORMS, USUAL, of
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution
from mremapcheck.report.blocks import kernel_text
from tests.model.helpers import F, M, do, move, scene

ROOT = Path(mremapcheck.__file__).parent
sixteen = PLATFORMS["arm64-16k"]


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> Platform:
    return PLATFORMS[str(request.param)]


def ask(reference: str, *moves: dict[str, Any], **drawn: Any) -> Execution:
    with ModelExecutor(resolve(reference)) as model:
        return model.execute(scene(*moves, **drawn))


def test_the_usual_one_is_known_by_the_name_that_references_leave_out() -> None:
    assert USUAL.name == "x86-64" and next(iter(PLATFORMS)) == "x86-64"
    assert resolve("6.17").platform is USUAL is resolve("6.17@x86-64").platform


def test_machines_are_recognized(platform: Platform) -> None:
    assert of(platform.machine, platform.page_size) is platform
    assert of("vax", 512) is None


def test_each_has_the_numbers_of_the_same_calls(platform: Platform) -> None:
    assert platform.calls.keys() == USUAL.calls.keys()
    assert len(set(platform.calls.values())) == len(platform.calls)


@pytest.mark.skipif(HERE is None, reason="this machine's platform is not known")
def test_the_numbers_are_those_of_the_running_kernel() -> None:
    assert HERE is not None
    # Each call with arguments that it refuses, in a way that no other one does.
    assert call(HERE.calls["mremap"], 1, 0, 0, 0, 0) == -1 and last_errno() == errno.EINVAL
    assert call(HERE.calls["ioctl"], U64, 0, 0) == -1 and last_errno() == errno.EBADF
    fd = call(HERE.calls["eventfd2"], 0, 0)
    assert fd >= 0
    os.close(fd)


def test_arenas_are_in_user_space_and_above_the_lowest_address(platform: Platform) -> None:
    assert platform.lowest < platform.to_bytes(ARENA_START) < platform.to_bytes(ARENA_END) < platform.user_end


@given(st.sampled_from(sorted(PLATFORMS)), st.integers(0, 1 << 50), st.integers(-PAGE // 2, PAGE // 2 - 1))
def test_bytes_are_pages_and_the_way_to_the_nearest_one(name: str, pages: int, beside: int) -> None:
    platform = PLATFORMS[name]
    value = pages * PAGE + beside
    if value < 0:
        return
    assert platform.to_bytes(value) == (pages * platform.page_size + beside) & U64
    if pages < 1 << 40:
        assert platform.from_bytes(platform.to_bytes(value)) == value


def test_sizes_that_wrap_do_so_everywhere(platform: Platform) -> None:
    size = platform.to_bytes(U64 - 4094)
    assert size > U64 - platform.page_size and (size + platform.page_size - 1) & U64 < platform.page_size


def test_plans_are_in_the_bytes_and_the_calls_of_the_platform() -> None:
    drawn = scene(move("src+1p", "1p+1B", "3p-1B", F, "dst"), do("munmap", "src", 1), src="AAA", dst="...")
    plan, wide = prepare(drawn).plan, prepare(drawn, sixteen).plan
    assert (wide.low, wide.high) == (plan.low * 4, plan.high * 4)
    step, unmap = wide.steps[-2:]
    start = plan.steps[0][1][1] * 4
    assert step[1][:3] == (start + 16384, 16384 + 1, 3 * 16384 - 1)
    assert unmap[1] == (215, start, 16384)
    assert plan.steps[-1][1] == (11, start // 4, 4096)


def test_a_model_has_the_pages_of_its_platform(platform: Platform) -> None:
    execution = ask(f"7.3@{platform.name}", move("src", "1p+1B", 2, F, "dst"), src="AAA", dst="...")
    assert execution.outcome is not None
    assert execution.outcome.regions == {"src": "..A", "dst": "AA."}


def test_a_read_fault_looks_at_64k() -> None:
    """do_fault_around() maps 64K: sixteen pages of 4K, four of 16K, and none but its own of 64K."""
    found = {}
    for name in PLATFORMS:
        execution = ask(
            f"6.12@{name}",
            do("read", "dst", 1),
            move("src", 1, 1),
            vmas={"B": {"kind": "memfd", "file": "f"}, "C": {"kind": "memfd", "file": "f", "touch": False}},
            src="B{32}",
            dst={"pages": "C{32}"},
        )
        assert execution.outcome is not None
        found[name] = execution.outcome.residency["dst"].count("#")
    assert found == {"x86-64": 16, "arm64": 16, "arm64-16k": 4, "arm64-64k": 1}


@pytest.mark.parametrize(
    ("size", "where"), [("8K", "moves[0].new_size is 8K"), ("4096B", "moves[0].new_size is 4096B")]
)
def test_what_says_bytes_where_it_means_pages_of_4k_is_skipped_on_others(size: str, where: str) -> None:
    told = [ask(f"6.17@{name}", move("src", 1, size, M), src="A..") for name in PLATFORMS]
    assert [execution.status for execution in told] == ["ran", "ran", "skip", "skip"]
    assert {execution.reason for execution in told[2:]} == {f"needs pages of 4K: {where}"}
    with pytest.raises(CannotRun, match="needs pages of 4K"):
        prepare(scene(move("src", 1, size, M), src="A.."), sixteen)


@pytest.mark.parametrize("size", ["1B", "4095B", "1p-8B", "0xfffffffffffff001B", "0x8000000000000000B"])
def test_what_is_less_than_any_page_or_beyond_all_means_the_same_everywhere(size: str) -> None:
    told = [ask(f"6.17@{name}", move("src", 1, size, M), src="A..") for name in PLATFORMS]
    assert len({(execution.status, str(execution.outcome and execution.outcome.moves)) for execution in told}) == 1
    assert told[0].status == "ran"


def test_huge_pages_are_of_4k_pages() -> None:
    drawn = {"src": {"pages": "A{512}", "align": "512p"}, "vmas": {"A": {"kind": "hugetlb"}}}
    assert ask("6.17@arm64", move("src", 512, 512), **drawn).status == "ran"
    assert ask("6.17@arm64-16k", move("src", 512, 512), **drawn).reason == (
        "needs pages of 4K: hugetlb has huge pages of 2M"
    )


def test_what_is_beyond_one_user_space_and_within_another_is_skipped() -> None:
    place = {**move("src", 1, 1, F), "new_address": "0x7ffffffff000"}
    assert ask("6.17", place, src="A").status == "ran"
    assert ask("6.17@arm64", place, src="A").reason == (
        "needs user space that ends at 0x7ffffffff000: moves[0].new_address is 0x7ffffffff000"
    )


def test_the_lowest_address_is_the_platforms(platform: Platform) -> None:
    place = {**move("src", 1, 1, F), "new_address": "0x0"}
    execution = ask(f"6.17@{platform.name}", place, src="A")
    assert execution.outcome is not None and execution.outcome.moves[0].errno == "EPERM"


def test_a_hint_below_the_lowest_address_is_taken_by_one_architecture_alone() -> None:
    """Seen on Debian's 6.17.13 and 7.3.4: on arm64 they choose another place, on x86-64 they say EPERM."""
    hinted = {**move("src", 2, 2, "MAYMOVE|DONTUNMAP"), "new_address": "0x1000"}
    told = [ask(f"7.3@{name}", hinted, src="AA").outcome for name in ("x86-64", "arm64")]
    assert [each and each.moves[0].errno for each in told] == ["EPERM", None]
    assert told[1] is not None and told[1].moves[0].result == "elsewhere"


def test_unknown_platforms_are_told() -> None:
    with pytest.raises(KernelReferenceError) as caught:
        resolve("6.17@arm64-32k")
    assert "no platform" in caught.value.message and "arm64-64k" in caught.value.hint
    with pytest.raises(KernelReferenceError, match="no platform behind the `@`"):
        resolve("6.17@")
    with pytest.raises(KernelReferenceError, match="this machine"):
        open_executor("live@arm64")


def test_kernels_tell_their_platform() -> None:
    with ModelExecutor(resolve("6.17-early-failure@arm64-16k")) as model:
        told = model.kernel.to_json()
    assert (told["reference"], told["release"]) == ("6.17-early-failure@arm64-16k", "6.17")
    assert (told["platform"], told["page_size"]) == ("arm64-16k", 16384)


def test_reports_say_the_platform_and_which_one_nobody_measured() -> None:
    def text(reference: str) -> str:
        with ModelExecutor(resolve(reference)) as model:
            return kernel_text(replace(model.kernel, changes=None))

    assert text("7.3@arm64-16k") == "7.3@arm64-16k, the model"
    assert text("7.3@arm64-64k") == "7.3@arm64-64k, the model, held against no real kernel of this platform"
    live = Kernel("live", "live", "6.12", KernelVersion.parse("6.12"), platform=sixteen)
    assert kernel_text(live) == "live, Linux 6.12 on arm64-16k"
    assert kernel_text(replace(live, platform=USUAL)) == "live, Linux 6.12"


def test_nothing_but_platforms_knows_an_architecture() -> None:
    """Texts for people and formats of files may name one; numbers, names of packages and of machines may not."""
    names = re.compile(r"""["'](?:x86_64|aarch64|amd64|arm64|qemu-system-[a-z0-9_]+)["']""")
    knowing = {
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        if names.search(file.read_text(encoding="utf-8")) and file.parent.name != "platforms"
    }
    assert knowing <= {"executors/vm/images/foreign.py"}
