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
from mremapcheck.convert.strace.dialects import WITHOUT_SYSTEM_CALLS
from mremapcheck.convert.strace.lines import BEGUN, CHATTER, RESUMED, Prefixes, starts, unescaped, unnumbered, unquoted
from mremapcheck.convert.strace.text import number, split_arguments

#: The usual line, at one go.
_USUAL = re.compile(r"(?:(\d{1,10}) +)?([a-z_0-9]+)\((.*)\) += (0x[0-9a-f]{1,16}|\d{1,20})$")
_UNFINISHED = ("<unfinished ...>", "<detached ...>", "<no return ...>")
_RESULT = re.compile(
    r"""(?P<arguments>.*) \) \s* = \s+ (?P<value> 0x[0-9a-f]{1,16} | -?[0-9]{1,20} | \?+ | NULL | nil )
        (?: <.*?> (?!>) (?:\(deleted\))? )?
        (?: \s+ (?: (?P<errno> E[A-Z0-9]+ ) | \(errno \s (?P<number> \d{1,4} ) \) )? (?P<rest>.*) )? $""",
    re.VERBOSE,
)
_FAILED = re.compile(r"\) \s* = \s+ -1 $", re.VERBOSE)
_ERRNO = re.compile(r"\s*E[A-Z0-9]+\b")
_ATTACHED = re.compile(r"strace: Process [0-9]+ attached\s*$")
_UNKNOWN = re.compile(r"syscall_(0x[0-9a-f]{1,8}|\d{1,8})$")
#: Characters of a line that is looked at as a whole.
_LONGEST = 1 << 15
#: Characters of a longer one in which its call begins.
_BEGINNING = 120
_ENDED = re.compile(r"\+\+\+ (?:exited with |(?P<library>exited \()|killed by |superseded by )")
_SIGNAL = re.compile(r"--- SIG(?!.* ---$)")
_32_BIT = re.compile(r"\[ Process (?:PID=)?(\d{1,10}) runs in (?:32 bit|i386|x32) mode")
#: A child of another PID namespace, by the number that the lines have.
_OUTSIDE = re.compile(r"/\* (\d{1,10}) in strace's PID NS \*/")
#: What these were called with does not matter.
_NEW_PROGRAM = frozenset(("execve", "execveat"))
#: Lines that a wrapped one is joined with, at most; and those that only say something.
_WRAPPED, _FEW = 24, 3


#: Said of a log in which calls cut into each other, and whose lines do not say who made them.
WITHOUT_NUMBERS = (
    "Several threads or processes made these calls, and the lines do not say which one made which (their numbers were "
    "cut off?): what belongs to whom is unknown."
)


class _HalfCall(NamedTuple):
    """A call that has begun: its text so far, and the lines that it takes."""

    text: str
    lines: tuple[int, ...]


class _CutLine(NamedTuple):
    """A call whose line ends before it does."""

    pid: int
    name: str
    half: _HalfCall

    @property
    def failed(self) -> bool:
        """Whether all that is missing is the errno."""
        return bool(_FAILED.search(self.half.text))

    def goes_on(self, line: str, begins: bool) -> bool:
        """Tell whether a line can be the rest of it, or some of it; ``begins``: something begins there."""
        return bool(_ERRNO.match(line)) if self.failed else not begins


class LogReader:
    """Reads the lines of one log. ``pid``: whose calls they are where the lines do not say, as with ``strace -ff``."""

    def __init__(self, ledger: Ledger, pid: int = 0) -> None:
        self._ledger = ledger
        self._pid = pid
        self._prefixes = Prefixes(pid)
        self._ltrace = self._prefixes.ltrace
        self._halves: dict[tuple[int, str], _HalfCall] = {}
        #: A call without its end: the next lines may hold it.
        self._cut: _CutLine | None = None
        #: What ends the words for an errno or a signal that were wrapped, and the last line on which it can be.
        self._wrapped = ("", 0)
        #: Whether lines say who makes a call, some of them.
        self._told = False
        #: Whose number alone stood on the line before.
        self._owner = 0

    def calls(self, lines: Iterable[str]) -> Iterator[Call]:
        """Yield the calls in the order in which they returned, and what is no call but matters (see ``Call``).

        A call that is interrupted is also given when it begins (``begun``), because a child can be heard of before the
        clone that made it returns.
        """
        ledger = self._ledger
        first = ledger.lines
        for index, line in enumerate(unnumbered(lines), 1):
            ledger.lines = first + index
            line = line.rstrip("\r\n")
            if "&" in line or "\x1b" in line or line[:2] == '{"' or not line.isascii():
                line = unescaped(line)
            if len(line) > _LONGEST:
                self._too_long(index, line)
                continue
            usual = _USUAL.match(line) if self._cut is None and not self._owner else None
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
        pid, time, text = self._prefixes.strip(line)
        pid, self._owner = pid or self._owner, 0
        self._told = self._told or bool(pid)
        begins = starts(text)
        if self._cut is not None:
            if self._cut.goes_on(unquoted(line), begins):
                yield from self._join(index, line)
                return
            self._give_up_cut()
        elif not begins and self._is_wrapped(index, line):
            return
        if found := _32_BIT.search(text):
            yield Call(index, int(found[1]), "32-bit", (), 0)
        if cut := _ATTACHED.search(text):  # on a terminal strace's own message breaks into the line of the clone
            text = text[: cut.start()] + "<unfinished ...>"
        if ended := _ENDED.match(text):
            if ended["library"] and not self._ltrace.seen:
                self._ledger.notes[WITHOUT_SYSTEM_CALLS] += 1
            yield Call(index, pid, "exit", (), 0, time=time)
        elif resumed := RESUMED.match(text):
            yield from self._resume(index, pid, time, _named(resumed["name"]), resumed["rest"].lstrip())
        elif begun := BEGUN.match(text):
            yield from self._begin(index, pid, time, _named(begun["name"]), begun["rest"])
        elif owner := self._prefixes.alone(unquoted(line)):
            self._owner = owner
        elif not CHATTER.match(text) and not CHATTER.match(line):
            self._ledger.refuse(index, "no system call, as far as one can tell")
        elif _SIGNAL.match(text):
            self._wrapped = "---", index + _FEW

    def _is_wrapped(self, index: int, line: str) -> bool:
        """Tell whether a line is what is left of words that a mail program has broken."""
        end, last = self._wrapped
        if not end or index > last:
            return False
        if line.rstrip().endswith(end):
            self._wrapped = "", 0
        return True

    def _too_long(self, index: int, line: str) -> None:
        """Refuse a line that no call that matters has; what other calls write may be long."""
        found = BEGUN.match(self._prefixes.prefix(line[:_BEGINNING]).text)
        if found is None or found["name"] in CALLS:
            self._ledger.refuse(index, f"longer than {_LONGEST} characters")

    def _begin(self, index: int, pid: int, time: float | None, name: str, text: str) -> Iterator[Call]:
        if self._halves and not pid and not self._told:
            self._ledger.notes[WITHOUT_NUMBERS] += 1
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
        whole = _CutLine(pid, name, half)
        if found is None or (whole.failed and not self._ltrace.seen):
            self._cut = whole
            return
        rest = found["rest"] or ""
        if rest.count("(") > rest.count(")") or (found["errno"] and not rest):
            self._wrapped = ")", half.lines[-1] + 1
        if name not in CALLS:
            return
        if found["value"].startswith("?"):
            why = f"this {name} never returned" if name == "mremap" else ""
            for index in half.lines:
                if why:
                    self._ledger.refuse(index, why)
            return
        value, errno = _result(found, self._ltrace.seen)
        if outside := _OUTSIDE.search(rest):
            value = int(outside[1])
        self._ledger.used += len(half.lines)
        arguments = self._ltrace.completed(name, split_arguments(found["arguments"]))
        injected = "(INJECTED)" in rest
        yield Call(half.lines[-1], pid, name, arguments, value, errno, injected=injected, time=time)

    def _join(self, index: int, line: str) -> Iterator[Call]:
        """Take one more line to a call that had no end."""
        assert self._cut is not None
        pid, name, half = self._cut
        self._cut = None
        whole = _HalfCall(f"{half.text.rstrip()} {unquoted(line).strip()}", (*half.lines, index))
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
        why = (
            f"how this {name} failed is not in the log"
            if cut.failed
            else f"this {name} has no result: the line is cut off"
        )
        for index in half.lines[:1] if name in CALLS else ():
            self._ledger.refuse(index, why)
        for index in half.lines[1:]:
            self._ledger.refuse(index, "no system call, as far as one can tell")


def _named(name: str) -> str:
    """Return the name of a call that the tracer knows by its number only."""
    unknown = _UNKNOWN.match(name)
    return NUMBERS.get(number(unknown[1]), name) if unknown else name


def _first_half(text: str) -> str | None:
    """Return the text of a call that another thread interrupts here."""
    text = text.rstrip()
    return text[: text.rindex("<")].rstrip() if text.endswith(_UNFINISHED) else None


def _result(found: re.Match[str], negative: bool) -> tuple[int, str | None]:
    """Return the value and the errno; ltrace (``negative``) and raw values show an errno as a small negative number."""
    text = found["value"]
    value = number(text)
    if value >= 1 << 63:
        value -= 1 << 64
    if found["errno"] or found["number"]:
        return value, found["errno"] or errno_numbers.errorcode.get(int(found["number"]), "EINVAL")
    if -4096 < value < (0 if negative else -1):
        return -1, errno_numbers.errorcode.get(-value, "EINVAL")
    return value, None
