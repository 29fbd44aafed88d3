"""What of the model is reached; a change that no shipped scenario shows fails here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from mremapcheck.campaign.coverage import cover, named_errnos
from mremapcheck.campaign.generator import FOR_MODELS, Generator
from mremapcheck.compare.finding import examine
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import CHANGES, NEWEST
from mremapcheck.executors.model.steps import checks
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.library import default_paths
from mremapcheck.scenario.loader import load_paths
from mremapcheck.scenario.parse import parse_document

#: What these do is only seen in the memory that is committed (Committed_AS), which belongs to no process's outcome.
UNSEEN = {"dontunmap-overcommit", "charge-at-move", "shrink-overcharges", "shrink-charges-right"}
#: Up to 5.10 the driver refused what this refuses before the copy: only the trace shows who did.
UNSEEN |= {"split-checked-first"}
#: It shows only where memory runs out (tests/model/changes.py).
UNSEEN |= {"maple-tree"}
#: Without or with these a set-up step fails, and so does every scenario that would show it: an error, and no outcome.
NOT_SHIPPED = {"shared-anon-names", "anon-inodes-not-executable", "droppable-unregistrable", "unregister-own-only"}
NOT_SHIPPED |= {"populate-stops-at-gaps", "register-keeps-wp", "seals-dev-zero", "mmap-tells-why"}
NOT_SHIPPED |= {"writeprotect-several", "lock-on-fault-without-access"}
#: Too rare for a small random campaign: a test of the model and a shipped scenario show them.
RARE = {
    "merge-with-close",
    "populate-stops-at-gaps",
    "mmap-merges-before-first",
    "mmap-merges-behind-first",
    "event-length",
    "unregister-own-only",
    "seals-dev-zero",
    "mmap-tells-why",
    "unregister-unprotects",
    "writeprotect-several",
    "soft-dirty-merges",
    "aio-moves-whole",
    "lock-on-fault-without-access",
}
#: A release at which the change can be seen by itself, where its first one hides it.
SEEN_AT = {"size-limit": "6.17", "growth-offset": "6.2"}


@cache
def shipped() -> tuple[Scenario, ...]:
    return tuple(load_paths(default_paths()).scenarios)


#: Random scenarios by their number, as far as a test has asked for them.
_DRAWN: list[Scenario] = []


def drawn(count: int) -> Iterator[Scenario]:
    generator = Generator(7, costly=FOR_MODELS)
    for number in range(count):
        if number == len(_DRAWN):
            _DRAWN.append(parse_document(generator.document(number)))
        yield _DRAWN[number]


def first_with(change: Change) -> str:
    """Return the first kernel with a change that the model knows: of what 7.4 brings, a stable update."""
    return str(change.release if change.release.series <= NEWEST.series else change.stable[-1])


def shows(change: str, scenarios: Iterable[Scenario]) -> Scenario | None:
    """Return the first scenario whose outcome changes when the change is toggled."""
    kernel = SEEN_AT.get(change) or first_with(next(each for each in CHANGES if each.id == change))
    assert change in resolve(kernel).ids
    with_, without = ModelExecutor(resolve(kernel)), ModelExecutor(resolve(f"{kernel}-{change}"))
    for scenario in scenarios:
        a, b = with_.execute(scenario), without.execute(scenario)
        if a != b and (a.status != b.status or examine(scenario, a, b).status == "different"):
            return scenario
    return None


@pytest.mark.parametrize("change", [change.id for change in CHANGES if change.id not in UNSEEN | NOT_SHIPPED])
def test_a_shipped_scenario_shows_every_change(change: str) -> None:
    assert shows(change, shipped()), f"no shipped scenario does anything else without {change}"


@pytest.mark.parametrize("change", [change.id for change in CHANGES if change.id not in UNSEEN | RARE])
def test_the_fuzzer_notices_when_a_change_is_dropped(change: str) -> None:
    assert shows(change, drawn(40_000)), f"40,000 random scenarios do not tell that {change} is missing"


def test_what_is_unseen_really_is() -> None:
    for change in UNSEEN:
        assert shows(change, drawn(1_000)) is None


@pytest.mark.parametrize("kernel", ["5.4", "6.1", "6.16", "6.17-rc1", "6.18", "7.3"])
def test_random_scenarios_reach_every_step(kernel: str) -> None:
    for count in (2_000, 10_000, 40_000):
        coverage = cover(resolve(kernel), drawn(count))
        if not coverage.missed_steps:
            break
    assert coverage.missed_steps == []
    assert len(coverage.branches) > 30


def test_nothing_is_reached_by_nothing() -> None:
    coverage = cover(resolve("6.18"), ())
    assert set(coverage.missed_steps) == coverage.all_steps
    assert set(coverage.missed_branches) == coverage.all_branches


def test_errnos_are_read_from_the_steps_themselves() -> None:
    assert named_errnos(checks.lookup_vma) == {"EFAULT"}
    assert named_errnos(checks.same_size) == set()
