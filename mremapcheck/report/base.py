"""What every format is, and where each one is found.

A format is one module of ``formats``, which is loaded when somebody asks for it. Its reporter is given items as they
come: of a run its Results, of a comparison its Comparisons, of a matrix its Rows; each has a scenario, a
status and ``to_json``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, cast

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.errors import ExecutorError, OutputError
from mremapcheck.base.interrupts import held
from mremapcheck.outcome.status import OF_COMPARISON, OF_RUN, Status
from mremapcheck.report import formats
from mremapcheck.report.style import Style

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.compare.matrix import Row
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.outcome.expectations import Result
    from mremapcheck.scenario.document import Scenario

    Item: TypeAlias = Result | Comparison | Row

ReportName: TypeAlias = Literal["run", "compare", "matrix"]

#: The names of the formats as help tells them, new ones last; the first one is for people and draws.
_FOUND = (each.name for each in iter_modules(formats.__path__))
FORMATS = tuple(dict.fromkeys(["table", "json", "ktap", "junit", "markdown", *_FOUND]))

#: The statuses that a summary counts, in its order.
STATUSES: Mapping[ReportName, Mapping[str, Status]] = {"run": OF_RUN, "compare": OF_COMPARISON, "matrix": OF_RUN}


@dataclass(frozen=True, slots=True)
class Header:
    """What is known before the first result: the kernels (of a comparison A and B), every scenario that is to run."""

    report: ReportName
    kernels: Sequence[Kernel]
    scenarios: Sequence[Scenario]


@dataclass(slots=True)
class Tally:
    """What is known after the last result: how many of each status; ``trouble`` says why there are not all of them."""

    counts: dict[str, int]
    trouble: str | None = None
    #: The executor's own words where it is the trouble.
    error: ExecutorError | None = None
    #: How many comparisons there are of each class, by their worst difference.
    classes: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many results there are."""
        return sum(self.counts.values())


class Output(Protocol):
    """Where a report goes."""

    def write(self, text: str, /) -> object:
        """Write ``text``; raises OutputError where that fails."""

    def flush(self) -> object:
        """Let everybody see what was written; raises OutputError where that fails."""


class Reporter(Protocol):
    """Writes one report; a format that can writes each item at once."""

    def start(self) -> None:
        """Write what comes before the first item."""

    def add(self, item: Item) -> None:
        """Write, or keep, one item."""

    def finish(self, tally: Tally) -> None:
        """Write what is left and close the report, however early."""


def open_report(name: str, header: Header, out: Output, style: Style | None = None) -> Reporter:
    """Return the reporter of a format named in FORMATS; ``style`` is for ``table`` alone."""
    module = import_module(f"{formats.__name__}.{name}")
    return cast(Reporter, module.REPORTER(header, out, style or Style()))


def write_report(reporter: Reporter, header: Header, items: Iterable[Item], out: Output) -> Tally:
    """Write every item as it comes and return the tally.

    Whatever ends the items early (Ctrl-C too) is raised again after the report has been closed properly; only the end
    of an executor, after which the results that are there still count, is told by the tally.
    """
    tally = Tally(dict.fromkeys(STATUSES[header.report], 0))
    is_open = False

    def close() -> None:
        nonlocal is_open
        with held():  # nor half an end
            if is_open:
                is_open = False
                reporter.finish(tally)

    try:
        with held():  # half a beginning would get an end of which nobody knows what it ends
            reporter.start()
            is_open = True
        try:
            for item in items:
                tally.counts[item.status] += 1
                class_name: Any = getattr(item, "class_name", None)
                if class_name and item.status != "accepted":
                    tally.classes[class_name] = tally.classes.get(class_name, 0) + 1
                reporter.add(item)
                out.flush()
        except ExecutorError as error:
            tally.error, tally.trouble = error, error.message
        close()
    except OutputError:
        raise  # nothing more can be written
    except BaseException as error:
        silent = "interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__
        tally.trouble = str(error) or silent
        close()
        raise
    return tally
