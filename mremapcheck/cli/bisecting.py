"""What ``--bisect`` says besides its exit code: in a line, what was judged and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from mremapcheck.base.text.terminal import counted
from mremapcheck.cli.codes import BAD, CANNOT_TELL, GOOD
from mremapcheck.cli.environment import tell
from mremapcheck.cli.output import Stdout
from mremapcheck.report.base import STATUSES
from mremapcheck.report.blocks import kernel_text

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.report.base import Tally

    AnyItem = TypeVar("AnyItem", Result, Comparison)

TermOld = Annotated[
    str, typer.Option("--term-old", metavar="WORD", help="What --bisect calls good, as `git bisect start` was told.")
]
TermNew = Annotated[
    str, typer.Option("--term-new", metavar="WORD", help="What --bisect calls bad, as `git bisect start` was told.")
]


class Decisive:
    """Lets results pass, and keeps the first of each status: one of them decides."""

    def __init__(self) -> None:
        self._first: dict[str, Result | Comparison] = {}

    def watch(self, items: Iterable[AnyItem]) -> Iterator[AnyItem]:
        """Yield the items as they are."""
        for item in items:
            self._first.setdefault(item.status, item)
            yield item

    def told(self, tally: Tally) -> str:
        """Say what is not as it should be, or that all is."""
        statuses = STATUSES["run" if "pass" in tally.counts else "compare"]
        deciding = [
            name for harness in ("fail", "error", "skip") for name in statuses if statuses[name].harness == harness
        ]
        found = next((self._first[name] for name in deciding if name in self._first), None)
        if tally.error is not None and (found is None or found.status not in ("fail", "different")):
            return tally.error.message
        if found is None:
            counts = [f"{count} {name}" for name, count in tally.counts.items() if count]
            return f"{counted(tally.total, 'scenario')}: {', '.join(counts)}"
        mismatches = tuple(getattr(found, "mismatches", ()))
        lines = dict.fromkeys(str(each.line) for each in mismatches if each.line)
        where = f" (expect at {found.scenario.path}:{', '.join(lines)})" if lines else ""
        told = [str(each) for each in (*mismatches, *getattr(found, "differences", ()))]
        why = told[0] if told else found.reason or statuses[found.status].about
        return f"{found.scenario.name} is {found.status}{where}: {why}"


def say(code: int, kernel: Kernel, told: str, against: str, old: str, new: str) -> None:
    """Tell on standard error what a kernel was found to be; ``against``: what it was held against."""
    Stdout().flush()  # so that it is the last line where both go to one place
    word = {GOOD: old, BAD: new, CANNOT_TELL: "skip, this kernel cannot tell"}[code]
    tell(f"mremapcheck: {word} (exit code {code}): {kernel_text(kernel)}, held against {against}: {told}\n")
