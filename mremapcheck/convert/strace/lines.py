"""What stands on a line before the call: prefixes of tracers, and whatever a mail or a log daemon has put there.

Besides: what tracers say that is no call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, NamedTuple

from mremapcheck.convert.strace.calls import CALLS
from mremapcheck.convert.strace.dialects import Ltrace, of_perf

_QUOTE = re.compile(r"\s*(?:[>|]\s?)+(?=\S)")
_LOGGED = re.compile(
    r"""(?: <\d+>\d*\s? )?
        (?: [A-Z][a-z]{2}\ +\d+\ \d\d:\d\d:\d\d(?:\.\d+)? | \d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* )
        \s+ (?: \S+ \s+ [^\s:\[]+ (?: \[\d+\] )? : | std(?:out|err) \s [FP] ) \s""",
    re.VERBOSE,
)
_PREFIX = re.compile(
    r"""\s*
        (?: \[pid \s+ (?P<tagged>\d{1,10}) (?:<.*?>)? \] \s+ | (?P<plain>\d{1,10}) (?:<.{0,15}?>)? \s+ (?= [^\s=] ) )?
        (?: (?P<clock>\d{1,2}:\d\d:\d\d(?:\.\d+)?) \s+ | (?P<epoch>\d{9,11}(?:\.\d+)?) \s+
          | \s*\d+\.\d+ \s+ | \(\+ \s* \d+\.\d+\) \s+ )*
        (?: \[ \s* \d+ \] \s+ )? (?: \[ (?:[0-9a-f]{8,16}|\?+) \] \s+ )?""",
    re.VERBOSE,
)
BEGUN = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)\((?P<rest>.*)", re.DOTALL)
RESUMED = re.compile(r"<\.\.\. (?P<name>[a-z_][a-z0-9_]*) resumed>(?P<rest>.*)")
#: What is surely a tracer's, whatever stands before it: a call that matters, one that is whole, what is no call.
_SURE = re.compile(
    rf"""(?:{"|".join(CALLS)})\( | [a-z_][a-z0-9_]*\(.*(?:\)\s+=\s|<unfinished\ \.\.\.>)
      | <\.\.\.\ \w+\ resumed> | \+\+\+\ (?:exited|killed|superseded)\  | ---\ SIG""",
    re.VERBOSE,
)
#: Where what something else has put before a line may end: `web_1  | `, `log.txt:12:`, `[stderr] `, `Nov 30 12:00:00 `.
_JUNK = re.compile(r"[|:\]>]\s*|\s+")
_LONGEST_JUNK = 160
#: What HTML makes of some characters.
_ESCAPES = {"&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&#39;": "'", "&nbsp;": " "}
_ESCAPED = re.compile("|".join(_ESCAPES))
#: What an editor, or a web page, has made of blanks and quotes.
_TYPESET = str.maketrans({"\xa0": " ", "\u201c": '"', "\u201d": '"', "\u201e": '"'})
#: Where docker, journald and others have a line.
_MESSAGES = ("log", "MESSAGE", "message", "msg")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
#: Lines that are looked at to see whether somebody has numbered them.
_NUMBERED = 3
#: What tracers say besides calls.
CHATTER = re.compile(
    r"""\s*$ | \s*>\ \S+\(.*\)\ \[0x[0-9a-f]+\]$ | \s*>\ \S+\ (?:\(|\[) | --- | \+\+\+
      | (?:\S*strace|ltrace):\  | \[\ Process
      | Process\ \d+ | %\ time | -{5,}\s | \s*\d+\.\d+\s+\d+\.\d+\s+\d | \s*100\.00\s
      | <\.\.\.\ (?:[a-z_0-9]+\ )?(?:detached|exited) | exit_group | \?\?\?\? | \s*\d+\ (?:---|\+\+\+)""",
    re.VERBOSE,
)


#: Stands for a call on the next line.
_NEXT = "call()"


class Stripped(NamedTuple):
    """A line without its prefixes: who it is about (0: it does not say), when it was, and the text."""

    pid: int
    time: float | None
    text: str


class Prefixes:
    """Takes prefixes off. ``pid``: whom lines are about that do not say so, as with ``strace -ff``."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.ltrace = Ltrace()
        #: How long it was what something else had put before the last line.
        self._junk = 0

    def strip(self, line: str) -> Stripped:
        """Return who it is about, when it was, and the text behind all prefixes."""
        if perf := of_perf(line):
            return Stripped(perf[0], None, perf[1])
        found = self.prefix(line)
        if starts(found.text):
            return found
        if quote := _QUOTE.match(line):
            found = self.prefix(line[quote.end() :])
            if starts(found.text):
                return found
        if logged := _LOGGED.match(line):
            return self.prefix(line[logged.end() :])
        ends = [junk.end() for junk in _JUNK.finditer(line[:_LONGEST_JUNK].partition("(")[0])]
        if self._junk in ends:
            ends.insert(0, self._junk)
        for end in ends:
            inner = self.prefix(line[end:])
            if _SURE.match(inner.text):
                self._junk = end
                return inner
        return found

    def prefix(self, line: str) -> Stripped:
        """Return the same of a line on which only a tracer has put anything."""
        prefix = _PREFIX.match(line)
        assert prefix is not None  # every part of it is optional
        pid = int(prefix["tagged"] or prefix["plain"] or self._pid)
        time = None
        if prefix["epoch"]:
            time = float(prefix["epoch"])
        elif prefix["clock"]:
            hours, minutes, seconds = prefix["clock"].split(":")
            time = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        text = self.ltrace.translated(line[prefix.end() :])
        if prefix["plain"] and not starts(text) and prefix.end() == prefix.end("plain") + 1:
            return Stripped(self._pid, time, line)  # a number that was no process's
        return Stripped(pid, time, text)

    def alone(self, line: str) -> int:
        """Return whom a line is about that ends before it says more; 0 where it is another line."""
        found = self.prefix(f"{line} {_NEXT}")
        return found.pid if found.text == _NEXT else 0


def starts(text: str) -> bool:
    """Tell whether something begins here that a tracer says."""
    return bool(BEGUN.match(text) or RESUMED.match(text) or (text.strip() and CHATTER.match(text)))


def unnumbered(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines without the numbers that an editor, ``cat -n`` or ``grep -n`` has put before them."""
    lines = iter(lines)
    first = list(islice(lines, _NUMBERED))
    if len(first) < _NUMBERED or not all(re.match(rf"\s*{number}[:\s]", line) for number, line in enumerate(first, 1)):
        return chain(first, lines)
    return (re.sub(r"^\s*\d+[:\t ]", "", line) for line in chain(first, lines))


def unquoted(line: str) -> str:
    """Return a line without what a mail program puts before what it quotes."""
    quote = _QUOTE.match(line)
    return line[quote.end() :] if quote else line


def _message(line: str) -> str:
    """Return what a log daemon has put into an object of JSON, one on each line."""
    try:
        found: dict[str, Any] = json.loads(line)  # what begins with a brace is one, or no JSON
    except (ValueError, RecursionError):
        return line
    messages = (
        (found[key] for key in _MESSAGES if isinstance(found.get(key), str)) if isinstance(found, dict) else iter(())
    )
    return next(messages, line).rstrip("\n")


def unescaped(line: str) -> str:
    """Return a line without what HTML, an editor, a terminal or a log daemon has made of it."""
    if line.startswith('{"'):
        line = _message(line)
    if "&" in line:
        line = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], line)
    if "\x1b" in line:
        line = _COLOUR.sub("", line)
    return line.translate(_TYPESET).removeprefix("\ufeff")
