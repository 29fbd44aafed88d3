"""The text that tracers write, as calls: whichever options strace ran with, and whatever a mail or a log daemon did.

Read are strace's prefixes (``-f``, ``-Y``, ``-t`` to ``-ttt``, ``-r``, ``-n``, ``-i``), its forms of arguments (names,
``-X raw``, ``-X verbose``, ``-e raw=``) and of descriptors (``-y``, ``-yy``), the two halves of a call that another
thread interrupted, lines that were quoted, wrapped or prefixed; besides perf trace and ltrace -S.
"""

from __future__ import annotations

import errno as errno_numbers
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mremapcheck.convert.strace.call import Call, Ledger
from mremapcheck.convert.strace.calls import CALLS, NUMBERS
from mremapcheck.convert.strace.dialects import WITHOUT_SYSTEM_CALLS, Ltrace, of_perf
from mremapcheck.convert.strace.text import number, split_arguments

#: The usual line, at one go.
_USUAL = re.compile(r"(?:(\d+) +)?([a-z_0-9]+)\((.*)\) += (0x[0-9a-f]+|\d+)$")
_QUOTE = re.compile(r"\s*(?:[>|]\s?)+(?=\S)")
_LOGGED = re.compile(
    r"""(?: <\d+>\d*\s? )?
        (?: [A-Z][a-z]{2}\ +\d+\ \d\d:\d\d:\d\d(?:\.\d+)? | \d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* )
        \s+ (?: \S+ \s+ [^\s:\[]+ (?: \[\d+\] )? : | std(?:out|err) \s [FP] ) \s""",
    re.VERBOSE,
)
_PREFIX = re.compile(
    r"""\s*
        (?: \[pid \s+ (?P<tagged>\d+) (?:<.*?>)? \] \s+ | (?P<plain>\d+) (?:<.{0,15}?>)? \s+ (?= [^\s=] ) )?
        (?: (?P<clock>\d{1,2}:\d\d:\d\d(?:\.\d+)?) \s+ | (?P<epoch>\d{9,11}(?:\.\d+)?) \s+
          | \s*\d+\.\d+ \s+ | \(\+ \s* \d+\.\d+\) \s+ )*
        (?: \[ \s* \d+ \] \s+ )? (?: \[ (?:[0-9a-f]{8,16}|\?+) \] \s+ )?""",
    re.VERBOSE,
)
_BEGUN = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)\((?P<rest>.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. (?P<name>[a-z_][a-z0-9_]*) resumed>(?P<rest>.*)")
_UNFINISHED = ("<unfinished ...>", "<detached ...>", "<no return ...>")
_RESULT = re.compile(
    r"""(?P<arguments>.*) \) \s* = \s+ (?P<value> 0x[0-9a-f]+ | -?[0-9]+ | \?+ | NULL | nil )
        (?: <.*?> (?!>) (?:\(deleted\))? )?
        (?: \s+ (?: (?P<errno> E[A-Z0-9]+ ) | \(errno \s (?P<number> \d+ ) \) )? (?P<rest>.*) )? $""",
    re.VERBOSE,
)
_ATTACHED = re.compile(r"strace: Process [0-9]+ attached\s*$")
_UNKNOWN = re.compile(r"syscall_(0x[0-9a-f]+|\d+)$")
_LOOSE = re.compile(rf"[^\"(]{{0,160}}?[\s:|\]>](?=(?:{'|'.join(CALLS)})\()")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
#: What something else has put before a line ends like this: `web_1  | `, `log.txt: `, `[stderr] `, `12:`.
_JUNK = re.compile(r"[|:\]>] |^\s*\d+[:-]")
_LONGEST_JUNK = 120
#: Characters of a line that is looked at as a whole.
_LONGEST = 1 << 15
_ENDED = re.compile(r"\+\+\+ (?:exited with |(?P<library>exited \()|killed by |superseded by )")
#: What tracers say besides calls.
_CHATTER = re.compile(
    r"""\s*$ | \s*>\ \S+\(.*\)\ \[0x[0-9a-f]+\]$ | \s*>\ \S+\ (?:\(|\[) | --- | \+\+\+
      | (?:\S*strace|ltrace):\  | \[\ Process
      | Process\ \d+ | %\ time | -{5,}\s | \s*\d+\.\d+\s+\d+\.\d+\s+\d | \s*100\.00\s
      | <\.\.\.\ (?:[a-z_0-9]+\ )?(?:detached|exited) | exit_group | \?\?\?\? | \s*\d+\ (?:---|\+\+\+)""",
    re.VERBOSE,
)
_32_BIT = re.compile(r"\[ Process (?:PID=)?(\d+) runs in (?:32 bit|i386|x32) mode")
#: A child of another PID namespace, by the number that the lines have.
_OUTSIDE = re.compile(r"/\* (\d+) in strace's PID NS \*/")
#: What these were called with does not matter.
_NEW_PROGRAM = frozenset(("execve", "execveat"))
#: Lines that a wrapped one is joined with, at most.
_WRAPPED = 24


class _HalfCall(NamedTuple):
    """A call that has begun: its text so far, and the lines that it takes."""

    text: str
    lines: tuple[int, ...]


class _CutLine(NamedTuple):
    """A call whose line ends before it does."""

    pid: int
    name: str
    half: _HalfCall


class LogReader:
    """Reads the lines of one log. ``pid``: whose calls they are where the lines do not say, as with ``strace -ff``."""

    def __init__(self, ledger: Ledger, pid: int = 0) -> None:
        self._ledger = ledger
        self._pid = pid
        self._ltrace = Ltrace()
        self._halves: dict[tuple[int, str], _HalfCall] = {}
        #: A call without its end: the next lines may hold it.
        self._cut: _CutLine | None = None
        #: The words for an errno were cut off: the next line may hold the others.
        self._tail = False

    def calls(self, lines: Iterable[str]) -> Iterator[Call]:
        """Yield the calls in the order in which they returned, and what is no call but matters (see ``Call``).

        A call that is interrupted is also given when it begins (``begun``), because a child can be heard of before the
        clone that made it returns.
        """
        ledger = self._ledger
        first = ledger.lines
        for index, line in enumerate(lines, 1):
            ledger.lines = first + index
            line = line.rstrip("\r\n")
            if len(line) > _LONGEST:
                self._too_long(index, line)
                continue
            usual = _USUAL.match(line) if self._cut is None else None
            if usual is None or usual[2].startswith("syscall_"):
                yield from self._unusual(index, line)
                continue
            name = usual[2]
            if name in CALLS:
                ledger.used += 1
                pid = int(usual[1] or self._pid)
                yield Call(index, pid, name, split_arguments(usual[3]), number(usual[4]))
        self._give_up_cut()
        for (_, name), half in self._halves.items():
            if name in CALLS:
                for index in half.lines:
                    ledger.refuse(index, f"the end of this {name} is not in the log")

    def _unusual(self, index: int, line: str) -> Iterator[Call]:
        if "\x1b" in line:
            line = _COLOUR.sub("", line)
        pid, time, text = self._strip(line)
        tail, self._tail = self._tail, False
        if self._cut is not None:
            if not self._starts(text):
                yield from self._join(index, line)
                return
            self._give_up_cut()
        if found := _32_BIT.search(text):
            yield Call(index, int(found[1]), "32-bit", (), 0)
        if cut := _ATTACHED.search(text):  # on a terminal strace's own message breaks into the line of the clone
            text = text[: cut.start()] + "<unfinished ...>"
        if ended := _ENDED.match(text):
            if ended["library"] and not self._ltrace.seen:
                self._ledger.notes[WITHOUT_SYSTEM_CALLS] += 1
            yield Call(index, pid, "exit", (), 0, time=time)
        elif resumed := _RESUMED.match(text):
            yield from self._resume(index, pid, time, _named(resumed["name"]), resumed["rest"].lstrip())
        elif begun := _BEGUN.match(text):
            yield from self._begin(index, pid, time, _named(begun["name"]), begun["rest"])
        elif not _CHATTER.match(text) and not (tail and line.rstrip().endswith(")")):
            self._ledger.refuse(index, "no system call, as far as one can tell")

    def _too_long(self, index: int, line: str) -> None:
        """Refuse a line that no call that matters has; what other calls write may be long."""
        found = _BEGUN.match(self._prefix(line[:_LONGEST_JUNK])[2])
        if found is None or found["name"] in CALLS:
            self._ledger.refuse(index, f"longer than {_LONGEST} characters")

    def _strip(self, line: str) -> tuple[int, float | None, str]:
        """Return who it is about, when it was, and the text behind all prefixes."""
        if perf := of_perf(line):
            return perf[0], None, perf[1]
        pid, time, text = self._prefix(line)
        if self._starts(text):
            return pid, time, text
        if quote := _QUOTE.match(line):
            pid, time, text = self._prefix(line[quote.end() :])
            if self._starts(text):
                return pid, time, text
        if logged := _LOGGED.match(line):
            return self._prefix(line[logged.end() :])
        for found in _JUNK.finditer(line[:_LONGEST_JUNK]):
            inner = self._prefix(line[found.end() :])
            if self._starts(inner[2]):
                return inner
        if loose := _LOOSE.match(line):
            tail = re.search(r"(?:\[pid\s+)?(\d+)?(?:<[^>]*>)?\]?\s*$", line[: loose.end()])
            return int((tail and tail[1]) or self._pid), None, line[loose.end() :]
        return pid, time, text

    def _prefix(self, line: str) -> tuple[int, float | None, str]:
        prefix = _PREFIX.match(line)
        assert prefix is not None  # every part of it is optional
        pid = int(prefix["tagged"] or prefix["plain"] or self._pid)
        time = None
        if prefix["epoch"]:
            time = float(prefix["epoch"])
        elif prefix["clock"]:
            hours, minutes, seconds = prefix["clock"].split(":")
            time = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        text = self._ltrace.translated(line[prefix.end() :])
        if prefix["plain"] and not self._starts(text) and prefix.end() == prefix.end("plain") + 1:
            return self._pid, time, line  # a number that was no process's
        return pid, time, text

    def _starts(self, text: str) -> bool:
        return bool(_BEGUN.match(text) or _RESUMED.match(text) or (text.strip() and _CHATTER.match(text)))

    def _begin(self, index: int, pid: int, time: float | None, name: str, text: str) -> Iterator[Call]:
        if (first := _first_half(text)) is not None:
            self._halves[pid, name] = _HalfCall(first, (index,))
            if name in CALLS:
                yield Call(index, pid, name, split_arguments(first), None, begun=True, time=time)
            return
        yield from self._finish(pid, time, name, _HalfCall(text, (index,)))

    def _resume(self, index: int, pid: int, time: float | None, name: str, rest: str) -> Iterator[Call]:
        half = self._halves.pop((pid, name), None)
        if half is None and name in _NEW_PROGRAM:
            half = _HalfCall("", ())
        if half is not None:
            yield from self._finish(pid, time, name, _HalfCall(half.text + rest, (*half.lines, index)))
        elif name in CALLS:
            self._ledger.refuse(index, f"the beginning of this {name} is not in the log")

    def _finish(self, pid: int, time: float | None, name: str, half: _HalfCall) -> Iterator[Call]:
        found = _RESULT.match(half.text)
        if found is None:
            self._cut = _CutLine(pid, name, half)
            return
        rest = found["rest"] or ""
        self._tail = rest.count("(") > rest.count(")")
        if name not in CALLS:
            return
        if found["value"].startswith("?"):
            why = f"this {name} never returned" if name == "mremap" else ""
            for index in half.lines:
                if why:
                    self._ledger.refuse(index, why)
            return
        value, errno = _result(found)
        if outside := _OUTSIDE.search(rest):
            value = int(outside[1])
        if value == -1 and errno is None and not self._ltrace.seen:
            for index in half.lines:
                self._ledger.refuse(index, f"how this {name} failed is not in the log")
            return
        self._ledger.used += len(half.lines)
        arguments = self._ltrace.completed(name, split_arguments(found["arguments"]))
        injected = "(INJECTED)" in rest
        yield Call(half.lines[-1], pid, name, arguments, value, errno, injected=injected, time=time)

    def _join(self, index: int, line: str) -> Iterator[Call]:
        """Take one more line to a call that had no end."""
        assert self._cut is not None
        pid, name, half = self._cut
        self._cut = None
        quote = _QUOTE.match(line)
        more = line[quote.end() :] if quote else line
        whole = _HalfCall(f"{half.text.rstrip()} {more.strip()}", (*half.lines, index))
        if (first := _first_half(whole.text)) is not None:
            self._halves[pid, name] = _HalfCall(first, whole.lines)
            return
        if len(whole.lines) > _WRAPPED and not _RESULT.match(whole.text):
            self._give_up(_CutLine(pid, name, whole))
        else:
            yield from self._finish(pid, None, name, whole)

    def _give_up_cut(self) -> None:
        if self._cut is not None:
            self._give_up(self._cut)
            self._cut = None

    def _give_up(self, cut: _CutLine) -> None:
        _, name, half = cut
        for index in half.lines[:1] if name in CALLS else ():
            self._ledger.refuse(index, f"this {name} has no result: the line is cut off")
        for index in half.lines[1:]:
            self._ledger.refuse(index, "no system call, as far as one can tell")


def read_calls(lines: Iterable[str], ledger: Ledger | None = None, pid: int = 0) -> Iterator[Call]:
    """Yield the calls of a log, as ``LogReader.calls`` does; ``ledger`` is filled in on the way."""
    return LogReader(ledger if ledger is not None else Ledger(), pid).calls(lines)


def _named(name: str) -> str:
    """Return the name of a call that the tracer knows by its number only."""
    unknown = _UNKNOWN.match(name)
    return NUMBERS.get(number(unknown[1]), name) if unknown else name


def _first_half(text: str) -> str | None:
    """Return the text of a call that another thread interrupts here."""
    text = text.rstrip()
    return text[: text.rindex("<")].rstrip() if text.endswith(_UNFINISHED) else None


def _result(found: re.Match[str]) -> tuple[int, str | None]:
    """Return the value and the errno; ltrace and raw values show an errno as a small negative number."""
    text = found["value"]
    value = number(text)
    if value >= 1 << 63:
        value -= 1 << 64
    if found["errno"] or found["number"]:
        return value, found["errno"] or errno_numbers.errorcode.get(int(found["number"]), "EINVAL")
    if -4096 < value < -1:
        return -1, errno_numbers.errorcode.get(-value, "EINVAL")
    return value, None
