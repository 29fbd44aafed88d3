"""What ``import`` and ``record`` share: logs in, scenarios out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.progress import Line
from mremapcheck.base.text import shell, yaml
from mremapcheck.base.text.terminal import counted
from mremapcheck.cli.environment import tell
from mremapcheck.cli.files import put
from mremapcheck.convert.strace.logs import looks_like, read
from mremapcheck.scenario.schema import modeline

if TYPE_CHECKING:
    from mremapcheck.convert.strace.collect import Collection, FoundScenario
    from mremapcheck.convert.strace.traced_command import TracedCommand

#: Lines and reasons of each sort that are told.
_TOLD = 10
#: Lines of each log that are looked at to see which format it has.
_BEGIN = 200


def read_logs(logs: Sequence[Path]) -> tuple[Collection, list[str]]:
    """Read strace's logs; return what they come down to, and how each begins.

    Raises MremapcheckError for one that cannot be read.
    """
    begin: list[str] = []
    return _read([(log, partial(_lines, log, begin)) for log in logs]), begin


def read_recording(name: Path, recording: TracedCommand) -> Collection:
    """Read what is recorded until the program ends; raises MremapcheckError where that is nothing."""

    def lines(progress: Line) -> Iterator[str]:
        return _counted(recording.lines(), [], name.name, progress, lambda: recording.status is not None)

    return _read([(name, lines)])


def _read(logs: Sequence[tuple[Path, Callable[[Line], Iterator[str]]]]) -> Collection:
    progress = Line("reading")
    try:
        return read([(name, lines(progress)) for name, lines in logs])
    finally:
        progress.clear()


def write(found: Sequence[FoundScenario], out: Path | None) -> None:
    """Write scenarios to a folder, or as one stream to standard output; raises MremapcheckError, OutputError."""
    begin = f"{modeline()}\n"
    if out is None:
        put("---\n".join(begin + yaml.document({"name": each.name, **each.document}) for each in found), None)
        return
    for each in found:
        put(begin + yaml.document(each.document), out / f"{each.name}.yaml")
    tell(
        f"{counted(len(found), 'scenario')} in {out}/. Will the program notice a new kernel?\n"
        f"  mremapcheck compare --kernel 6.16 6.17 {shell.word(out)}\n"
    )


def tell_reading(
    collection: Collection, found: Sequence[FoundScenario], source: str, begin: Sequence[str] | None = None
) -> None:
    """Tell on standard error what became of every line and of every mremap.

    ``begin``: how the logs begin, which tells their format where nothing was read; None: it is a recording.
    """
    reading, ledger = collection.reading, collection.reading.ledger
    tell(
        f"{counted(ledger.lines, 'line')} of {source}: {ledger.used} used, {ledger.unconcerned} of no concern, "
        f"{ledger.not_read} not read\n"
    )
    told = _TOLD if reading.calls else 1
    for unread in ledger.unread[:told]:
        tell(f"  {unread.log or source}:{unread.line}: not read: {unread.why}\n")
    if ledger.not_read > told:
        tell(f"  ... and {counted(ledger.not_read - told, 'more line')}\n")
    for note in ledger.notes:
        tell(f"mremapcheck: {note}\n")
    if not reading.moves:
        tell(f"mremapcheck: no mremap among {counted(reading.calls, 'call')} in {source}\n")
        tell(f"  hint: {_hint(collection, begin)}\n")
        return
    come = "comes" if reading.moves == 1 else "come"
    tell(f"{counted(reading.moves, 'mremap call')} in {source} {come} down to {counted(len(found), 'scenario')}\n")
    for why, left in reading.left.items():
        lines = ", ".join(map(str, left.lines)) + (", ..." if left.count > len(left.lines) else "")
        tell(f"mremapcheck: not in a scenario: {counted(left.count, 'mremap call')} (line {lines}): {why}\n")
    if not found and begin and (other := looks_like(begin)):
        tell(f"  hint: it looks like {other}\n")


def _hint(collection: Collection, begin: Sequence[str] | None) -> str:
    if begin is None:
        return "it made none: big buffers have to grow, or a mapped file, before a program calls mremap"
    ledger = collection.reading.ledger
    if ledger.not_read >= ledger.used and (other := looks_like(begin)):
        return f"it looks like {other}"
    if collection.reading.calls:
        return "it made none, or was traced without `-e trace=mremap`"
    return "is it what strace writes, with `-f -o LOG`?"


def _lines(log: Path, begin: list[str], progress: Line) -> Iterator[str]:
    if str(log) == "-":
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="replace")
        yield from _counted(sys.stdin, begin, "standard input", progress)
        return
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            yield from _counted(file, begin, log.name, progress)
    except OSError as error:
        hint = "give what `strace -f -y -o LOG` wrote; - is standard input"
        raise MremapcheckError(f"{log} cannot be read: {error.strerror}", hint) from None


def _counted(
    lines: Iterable[str], begin: list[str], name: str, progress: Line, shown: Callable[[], bool] = lambda: True
) -> Iterator[str]:
    """Yield lines, keep the first ones, and show how many there were.

    ``shown``: whether it is the time for it; the terminal of a program that is recorded is its own.
    """
    lines = iter(lines)
    for line in islice(lines, _BEGIN):
        begin.append(line)
        yield line
    for count, line in enumerate(lines, _BEGIN):
        if count % 10_000 == 9_999 and shown():
            progress.say(f"{name}, {count + 1:,} lines")
        yield line


def tell_check(found: Sequence[FoundScenario]) -> None:
    """Tell on standard error how many scenarios do on the running kernel what the program saw."""
    good = [each for each in found if each.holds]
    calls = sum(each.count for each in good)
    made = counted(sum(each.count for each in found), "call")
    scenarios = counted(len(found), "scenario")
    tell(f"on this kernel {len(good)} of {scenarios} ({calls} of {made}) gave what the program saw\n")
    for each in found:
        if not each.holds:
            tell(f"  {each.name} does not, and nothing is expected of it: see its `about`\n")
