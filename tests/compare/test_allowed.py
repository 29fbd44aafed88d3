"""What a sweep of a kernel that complains, or dies, comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from mremapcheck.compare.allowed import held
from mremapcheck.compare.swept_pair import SweptPair
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Executor
from mremapcheck.executors.sweep import sweep
from mremapcheck.outcome.outcome import Execution
from mremapcheck.report.faults import swept_lines
from mremapcheck.scenario.document import Scenario
from tests.model.helpers import F, move, scene

ONTO = scene(move("src", 1, 1, F, "dst"), src="A", dst="X")
WARNING = (
    "------------[ cut here ]------------",
    "WARNING: CPU: 1 PID: 42 at mm/vma.c:123 vma_expand+0x10/0x20",
    "Call Trace:",
)
#: The same thing, seen again.
AGAIN = (WARNING[0], WARNING[1].replace("42", "43"), WARNING[2])
OOPS = ("BUG: unable to handle page fault for address: ffffffffdeadbeef", "Oops: 0000 [#1]")


class Ill(ModelExecutor):
    """A kernel that complains, or dies, where its second allocation fails; and complains again at the third."""

    dies = False
    oopses = False

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        for scenario, execution in zip(scenarios := list(scenarios), super().run(scenarios), strict=True):
            n = getattr(scenario.script[-1], "fail_nth", 0) if scenario.script else 0
            if n in (2, 3) and execution.ran_out is not None:
                outcome = execution.outcome
                assert outcome is not None
                if self.dies:
                    log: tuple[str, ...] = OOPS if self.oopses else ()
                    yield Execution("error", None, "the guest died of it twice", kernel_log=log)
                    continue
                log = WARNING if n == 2 else AGAIN
                yield Execution("ran", replace(outcome, kernel_log=log), None, execution.trace, execution.ran_out)
            else:
                yield execution


class Dying(Ill):
    dies = True


class Oopsing(Dying):
    oopses = True


def opener(reference: str) -> Executor:
    kinds = {"ill": Ill, "dying": Dying, "oopsing": Oopsing}
    return kinds.get(reference, ModelExecutor)(resolve("7.3"))


def test_a_complaint_is_a_finding_with_the_kernels_text() -> None:
    model, ill = (next(iter(sweep(opener(name), [ONTO]))) for name in ("7.3", "ill"))
    assert ill.seen > 2
    swept = held(ONTO, model, ill, (), oracle=True)
    assert (swept.status, swept.reports) == ("fail", [WARNING]), "what is said twice is told once"
    assert swept.reason == "the kernel complains: WARNING: CPU: N PID: N at mm/vma.c:N vma_expand+N/N"
    assert f"    | {WARNING[1]}" in list(swept_lines(swept, ("7.3", "ill")))


def test_what_a_guest_dies_of_is_a_finding() -> None:
    model, oopsing = (next(iter(sweep(opener(name), [ONTO]))) for name in ("7.3", "oopsing"))
    swept = held(ONTO, model, oopsing, (), oracle=True)
    assert (swept.status, swept.reports) == ("fail", [OOPS])


def test_a_run_that_comes_to_nothing_is_told() -> None:
    model, dying = (next(iter(sweep(opener(name), [ONTO]))) for name in ("7.3", "dying"))
    swept = held(ONTO, model, dying, (), oracle=True)
    assert (swept.status, swept.reason) == ("error", "the guest died of it twice")


def test_campaigns_tell_complaints_apart_by_their_words() -> None:
    with SweptPair("7.3", "ill", opener) as pair:
        (asked,) = pair.compare([ONTO])
    assert asked.finding.signature == (
        "kernel-report",
        "none",
        "WARNING: CPU: N PID: N at mm/vma.c:N vma_expand+N/N",
    )
    assert asked.b.outcome is not None and asked.b.outcome.kernel_log == WARNING
    with SweptPair("7.3", "oopsing", opener) as pair:
        (asked,) = pair.compare([ONTO])
    assert asked.finding.signature[2] == "BUG: unable to handle page fault for address: N"
    with SweptPair("7.3", "dying", opener) as pair:
        (asked,) = pair.compare([ONTO])
    assert (asked.finding.status, asked.finding.reason) == ("unanswered", "the guest died of it twice")
    with SweptPair("7.3", "7.3", opener) as pair:
        (asked,) = pair.compare([ONTO])
    assert asked.finding.status == "same"


def test_what_differs_only_when_memory_runs_out_is_not_allowed() -> None:
    """Growth in place needs no memory before mappings were kept in a maple tree."""
    grown = scene(move("src", 2, 4), src="AA..")
    with SweptPair("5.15", "7.3", lambda reference: ModelExecutor(resolve(reference))) as pair:
        (result,) = pair.compare([grown])
    assert [str(each) for each in result.finding.differences] == ["not-allowed moves[0]: not allowed -> ENOMEM refused"]
