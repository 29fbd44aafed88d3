"""The text that strace writes, as calls: whichever options it ran with, and however threads cut into each other.

Read are the prefixes of ``-f``, ``-o``, ``-t`` ... ``-ttt`` and ``-r``, ``-y``'s paths of descriptors, ``-T``'s times,
and the two halves of a call that another thread interrupted (``<unfinished ...>`` and ``<... mremap resumed>``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_PREFIX = re.compile(
    r"""\s* (?: \[pid \s+ (?P<tagged>[0-9]+) \] \s+ | (?P<plain>[0-9]+) \s+ (?= [^\s=] ) )?
        (?: [0-9]{1,2}:[0-9]{2}:[0-9]{2} (?: \.[0-9]+ )? \s+ | \s* [0-9]+\.[0-9]+ \s+ )*""",
    re.VERBOSE,
)
_BEGUN = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)\((?P<rest>.*)")
_RESUMED = re.compile(r"<\.\.\. (?P<name>[a-z_][a-z0-9_]*) resumed>(?P<rest>.*)")
_UNFINISHED = re.compile(r"(?P<rest>.*?)\s*<unfinished \.\.\.>\s*$")
_RESULT = re.compile(
    r"""(?P<arguments>.*) \) \s* = \s* (?P<value> 0x[0-9a-f]+ | -?[0-9]+ | \? ) (?: <.*> )?
        (?: \s+ (?P<errno> E[A-Z0-9]+ ) )? (?= \s | $ )""",
    re.VERBOSE,
)
_ATTACHED = re.compile(r"strace: Process [0-9]+ attached\s*$")
_COMMENT = re.compile(r"/\*.*?\*/")
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


@dataclass(frozen=True, slots=True)
class Call:
    """One system call; ``line`` counts from 1. ``begun``: only its first half was seen so far (``result`` is None).

    ``errno`` is the name where it failed; ``result`` is None where it never returned.
    """

    line: int
    pid: int
    name: str
    arguments: tuple[str, ...]
    result: int | None
    errno: str | None = None
    begun: bool = False


def read_calls(lines: Iterable[str]) -> Iterator[Call]:
    """Yield the calls of a log in the order in which they returned.

    A call that is interrupted is also given when it begins (``begun``), because a child can be heard of before the
    clone that made it returns. Lines that are no calls (signals, exits, strace's own messages) are passed over.
    """
    halves: dict[tuple[int, str], str] = {}
    for number, line in enumerate(lines, 1):
        prefix = _PREFIX.match(line)
        assert prefix is not None  # every part of it is optional
        pid = int(prefix["tagged"] or prefix["plain"] or 0)
        text = line[prefix.end() :].rstrip()
        if cut := _ATTACHED.search(text):  # on a terminal strace's own message breaks into the line of the clone
            text = text[: cut.start()] + "<unfinished ...>"
        if resumed := _RESUMED.match(text):
            name = resumed["name"]
            text = halves.pop((pid, name), "") + resumed["rest"].lstrip()
        elif begun := _BEGUN.match(text):
            name, text = begun["name"], begun["rest"]
            if unfinished := _UNFINISHED.match(text):
                halves[pid, name] = unfinished["rest"]
                yield Call(number, pid, name, split_arguments(unfinished["rest"]), None, begun=True)
                continue
        else:
            continue
        if found := _RESULT.match(text):
            value = None if found["value"] == "?" else int(found["value"], 0)
            yield Call(number, pid, name, split_arguments(found["arguments"]), value, found["errno"])


def split_arguments(text: str) -> tuple[str, ...]:
    """Split the text between a call's parentheses at its own commas, not at those of strings, structures and paths."""
    arguments: list[str] = []
    depth: list[str] = []
    start = position = 0
    while position < len(text):
        char = text[position]
        if char == '"':
            position = _end_of_string(text, position)
        elif depth and char == depth[-1]:
            if not (char == ">" and text[position - 1] == "-"):  # an arrow inside of a socket's name
                depth.pop()
        elif char in "([{" or (char == "<" and _opens_path(text, position)):
            depth.append(_CLOSING[char])
        elif char == "," and not depth:
            arguments.append(text[start:position].strip())
            start = position + 1
        position += 1
    arguments.append(text[start:].strip())
    return tuple(argument for argument in arguments if argument)


def _end_of_string(text: str, start: int) -> int:
    position = start + 1
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return position


def _opens_path(text: str, position: int) -> bool:
    """Tell ``3</lib/libc.so.6>`` from ``21<<MAP_HUGE_SHIFT``."""
    return text[position - 1 : position].isdigit() and text[position + 1 : position + 2] != "<"


def number(text: str) -> int:
    """Read a number as strace prints it: ``NULL``, hexadecimal, decimal, octal, a product. Raises ValueError."""
    text = _COMMENT.sub("", text).strip()
    if text == "NULL":
        return 0
    product = 1
    for factor in text.split("*"):
        product *= int(factor, 8) if re.fullmatch(r"0[0-7]+", factor) else int(factor, 0)
    return product


def flag_names(text: str) -> frozenset[str]:
    """Return the names in ``PROT_READ|PROT_WRITE``; numbers stay as they are written."""
    return frozenset(part.strip() for part in _COMMENT.sub("", text).split("|") if part.strip() not in ("", "0"))


def descriptor_path(text: str) -> tuple[int, str | None]:
    """Read a descriptor, with its path where strace ran with ``-y``: ``3</tmp/x>``; raise ValueError otherwise."""
    found = re.fullmatch(r"(-?[0-9]+|AT_FDCWD)(?:<(.*)>)?(?:\(deleted\))?", text.strip())
    if found is None or found[1] == "AT_FDCWD":
        raise ValueError(text)
    return int(found[1]), found[2]
