"""Logs as files: several at a time, and the sets of files that ``strace -ff`` writes, one for each process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from itertools import chain, islice
from pathlib import Path

from mremapcheck.convert.strace.call import Call, Ledger
from mremapcheck.convert.strace.calls import CALLS
from mremapcheck.convert.strace.collect import Collection
from mremapcheck.convert.strace.parser import LogReader
from mremapcheck.convert.strace.processes import TracedProcesses, shares_memory

_OF_PROCESS = re.compile(r"(?P<stem>.+)\.(?P<pid>[0-9]+)")
#: Calls of a file that are looked at to see whether its lines have times.
_TIMED = 50
#: Sets of more files are read before they are looked at, or more would be open than a process may have.
_OPEN_AT_ONCE = 200

#: A line that such a log has -> what the log looks like, and what to do instead. The first that fits counts.
_FORMATS = (
    (r"\x00\w\x00|^\ufffd\ufffd\w\x00", "UTF-16 text: `iconv -f utf-16 -t utf-8` turns it into what is read"),
    (r"^\d+ \w+\([^ ]*,[^ ]*\) = ", "qemu-user's -strace, where the answers are qemu's own: use `strace qemu-...`"),
    (r" strace\.go:\d+\] ", "gVisor's --strace, where the answers are gVisor's own, not Linux'"),
    (r"\)\s+=3D ", "a mail as it was sent (quoted-printable): `python3 -m quopri -d FILE` decodes it"),
    (r"^PERFILE2", "perf's own data: `perf trace -i FILE` prints it"),
    (r"^(?:\x1f\ufffd\x08|\ufffd7zXZ|\(\ufffd/\ufffd|BZh[1-9])", "a compressed file: unpack it first"),
    (r"^\(\d+\.\d+\) |^pie: |\bRemap\b.*->", "CRIU's log, which shows no calls: run it under strace"),
    (r"^\s*\S+-\d+ +\[\d+\] .*\bsys_(?:enter_)?\w+", "ftrace (trace-cmd): use strace"),
    (r"^[0-9a-f]{6,16}-[0-9a-f]{6,16} [r-][w-][x-][sp] ", "/proc/PID/maps, which shows mappings and no calls"),
    (r"->\w+@?\w*\(|^\s*\w+\(.*\) +<\.\.\. ", "ltrace without -S: use `ltrace -S`, or strace"),
    (r"^\s*\w+\(.*(?:\)\s+= | ERR#)", "truss or dtruss, of another system"),
    (r"\bsyscalls:sys_(?:enter|exit)_", "perf script's output: `perf trace` prints what can be read"),
    (r"^type=SYSCALL msg=audit", "auditd's log: use strace"),
    (r"^\d+ \S+ \S+ \(\d+\) [<>] \w+", "sysdig's output: use strace"),
    (r"^==\d+==", "valgrind's output"),
    (r"^\s*[\[{]\s*(?:[\"\[{]|$)", "JSON"),
    (r"^\s*\w[\w-]*: .*\bmap\b|^map:|^moves:", "a scenario already: `mremapcheck run` takes it"),
    (r"^% time", "strace's summary (-c), which counts calls and does not show them"),
    (r"\x00", "data, not text"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Log:
    """The lines of one log; ``pid``: whose file of an ``strace -ff`` set it is."""

    name: str
    lines: Iterable[str]
    pid: int = 0


def stem_of(paths: Sequence[Path]) -> str:
    """Return a short name for what was traced: that of the file, or of the set of files, or of the first of several."""
    first = paths[0]
    if str(first) == "-":
        return "trace"
    found = _OF_PROCESS.fullmatch(first.name)
    name = found["stem"] if found else first.name
    return re.sub(r"\.(?:log|txt|strace|trace|out)$", "", name) or "trace"


def source_of(paths: Sequence[Path]) -> str:
    """Return what to call the logs in a sentence."""
    names = ["standard input" if str(path) == "-" else path.name for path in paths]
    if len(names) <= 3:
        return ", ".join(names)
    sets = {found["stem"] for name in names if (found := _OF_PROCESS.fullmatch(name))}
    return f"{len(names)} files {sets.pop()}.*" if len(sets) == 1 else f"{names[0]} and {len(names) - 1} more"


def read(logs: Sequence[tuple[Path, Iterable[str]]]) -> Collection:
    """Read logs, each with an address space of its own; those that belong together (``strace -ff``) share one."""
    collection = Collection()
    sets: dict[str, list[Log]] = {}
    for path, lines in logs:
        found = _OF_PROCESS.fullmatch(path.name)
        stem = str(path.with_name(found["stem"])) if found else f"{path}\0"
        sets.setdefault(stem, []).append(Log(path.name, lines, int(found["pid"]) if found else 0))
    for members in sets.values():
        if len(members) > _OPEN_AT_ONCE:
            members = [replace(log, lines=list(log.lines)) for log in members]
        _read_set(collection, members)
    return collection


def _read_set(collection: Collection, members: Sequence[Log]) -> None:
    ledger = collection.reading.ledger
    processes = TracedProcesses()
    if len(members) == 1:
        _read_one(collection, members[0], processes)
        return
    files = [_File(log) for log in sorted(members, key=lambda log: log.pid)]
    timed = all(file.timed for file in files)
    if timed:
        collection.add(_in_turn(ledger, merge(*(file.calls() for file in files), key=_when)), processes)
    for file in files:
        if not timed:
            collection.add(_in_turn(ledger, file.calls()), processes)
        ledger.add(file.ledger)
    if not timed and any(file.threads for file in files):
        ledger.notes["The files have no times, so the order of threads' calls is unknown: record with -ttt."] += 1


def _read_one(collection: Collection, log: Log, processes: TracedProcesses) -> None:
    ledger = collection.reading.ledger
    ledger.log = log.name
    own = Ledger(log=log.name)
    collection.reading.ledger = own
    collection.add(LogReader(own).calls(log.lines), processes)
    collection.reading.ledger = ledger
    ledger.add(own)


class _File:
    """One file of a set, the first calls of which have been looked at."""

    def __init__(self, log: Log) -> None:
        self.ledger = Ledger(log=log.name)
        self._calls = LogReader(self.ledger, log.pid).calls(log.lines)
        self._first = list(islice(self._calls, _TIMED))
        #: Whether all of its lines have times, as far as one can see; a file without calls does not matter.
        self.timed = all(call.time is not None for call in self._first if call.name in CALLS)
        #: Whether it has begun threads so far.
        self.threads = False

    def calls(self) -> Iterator[tuple[str, Call]]:
        """Yield (log, call)."""
        for call in chain(self._first, self._calls):
            self.threads = self.threads or (call.name in ("clone", "clone3") and shares_memory(call))
            yield self.ledger.log, call


def _when(item: tuple[str, Call]) -> float:
    return item[1].time or 0.0


def _in_turn(ledger: Ledger, calls: Iterable[tuple[str, Call]]) -> Iterator[Call]:
    for log, call in calls:
        ledger.log = log
        yield call


def looks_like(lines: Iterable[str]) -> str:
    """Return which format a log has that is no strace's, and what to do; empty where nobody knows."""
    for line in lines:
        for pattern, answer in _FORMATS:
            if re.search(pattern, line):
                return answer
    return ""
