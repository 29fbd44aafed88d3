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
WARNING = ("WARNING: CPU: 1 PID: 42 at mm/vma.c:123 vma_expand+0x10/0x20", "Call Trace:")


class Ill(ModelExecutor):
    """A kernel that complains, or dies, where its second allocation fails."""

    dies = False

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        for scenario, execution in zip(scenarios := list(scenarios), super().run(scenarios), strict=True):
            if scenario.script and getattr(scenario.script[-1], "fail_nth", 0) == 2:
                outcome = execution.outcome
                assert outcome is not None
                if self.dies:
                    yield Execution("error", None, "the guest died of it twice")
                    continue
                yield Execution("ran", replace(outcome, kernel_log=WARNING), None, execution.trace, execution.ran_out)
            else:
                yield execution


class Dying(Ill):
    dies = True


def opener(reference: str) -> Executor:
    kinds = {"ill": Ill, "dying": Dying}
    return kinds.get(reference, ModelExecutor)(resolve("7.3"))


def test_a_complaint_is_a_finding_with_the_kernels_text() -> None:
    model, ill = (next(iter(sweep(opener(name), [ONTO]))) for name in ("7.3", "ill"))
    swept = held(ONTO, model, ill, (), oracle=True)
    assert (swept.status, swept.reports) == ("fail", [WARNING])
    assert f"    | {WARNING[0]}" in list(swept_lines(swept, ("7.3", "ill")))


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
    with SweptPair("7.3", "dying", opener) as pair:
        (asked,) = pair.compare([ONTO])
    assert (asked.finding.status, asked.finding.reason) == ("unanswered", "the guest died of it twice")
    with SweptPair("7.3", "7.3", opener) as pair:
        (asked,) = pair.compare([ONTO])
    assert asked.finding.status == "same"
