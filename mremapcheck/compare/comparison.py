"""One scenario on two kernels, laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mremapcheck.base.dataclass import dataclass
from mremapcheck.compare.differences import differences

if TYPE_CHECKING:
    from mremapcheck.compare.difference import Difference
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.outcome.outcome import Execution
    from mremapcheck.scenario.document import Scenario


class Suspect(NamedTuple):
    """A real kernel that did something else than the model of its version.

    ``does_as``: a reference of a model, one change away, that does just what the kernel did here; None without one.
    """

    kernel: str
    does_as: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of one scenario on kernels A and B; ``status`` is one of ``status.OF_COMPARISON``.

    ``suspects`` are kernels whose model does not do what the kernel itself did.
    """

    scenario: Scenario
    a: Execution
    b: Execution
    status: str
    reason: str | None = None
    differences: tuple[Difference, ...] = ()
    suspects: tuple[Suspect, ...] = ()

    @property
    def class_name(self) -> str | None:
        """The class of the worst difference; None without one."""
        return self.differences[0].class_name if self.differences else None

    def to_json(self) -> dict[str, Any]:
        """Return an item of ``results`` of the ``compare`` report."""
        scenario = self.scenario
        return {
            **scenario.heading(),
            "status": self.status,
            "reason": self.reason,
            "a": self.a.outcome.to_json() if self.a.outcome else None,
            "b": self.b.outcome.to_json() if self.b.outcome else None,
            "differences": [difference.to_json() for difference in self.differences],
            "suspected_models": [{"kernel": one.kernel, "does_as": one.does_as} for one in self.suspects],
        }


def names_of(kernels: Sequence[Kernel]) -> tuple[str, str]:
    """Return what two kernels are called beside each other: their references; A and B for files and commands."""
    a, b = (
        f"{letter} ({kernel.release})"
        if "/" in kernel.reference or kernel.executor in ("recorded", "via")
        else kernel.reference
        for letter, kernel in zip("AB", kernels, strict=True)
    )
    return a, b


def compare(scenario: Scenario, a: Execution, b: Execution, names: tuple[str, str] = ("A", "B")) -> Comparison:
    """Lay what two kernels did side by side; ``names`` are theirs, for the reason why there is nothing to compare."""
    sides = tuple(zip(names, (a, b), strict=True))
    if a.outcome is None or b.outcome is None:
        reasons = [f"{name}: {side.reason}" for name, side in sides if side.outcome is None]
        if a.outcome is None and b.outcome is None and a.reason == b.reason:
            reasons = [f"both: {a.reason}"]
        failed = any(side.status == "error" for _, side in sides)
        return Comparison(scenario, a, b, "error" if failed else "skipped", "; ".join(reasons))
    found = differences(scenario, a.outcome, b.outcome)
    return Comparison(scenario, a, b, "different" if found else "same", None, found)
