"""The pieces of a call's text: arguments, numbers, flags, descriptors."""

from __future__ import annotations

import re
from functools import lru_cache

from mremapcheck.convert.strace.constants import FlagNames

_COMMENT = re.compile(r"/\*.*?\*/")
_ESCAPE = re.compile(r"\\(x[0-9a-f]{2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f"}
_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}
_NESTED = re.compile(r'["(\[{<]')


def split_arguments(text: str) -> tuple[str, ...]:
    """Split the text between a call's parentheses at its own commas, not at those of strings, structures and paths."""
    if not _NESTED.search(text):
        return tuple([part for part in text.strip().split(", ") if part])
    arguments: list[str] = []
    depth: list[str] = []
    start = position = 0
    while position < len(text):
        char = text[position]
        if char == '"':
            position = _end_of_string(text, position)
        elif depth and char == depth[-1]:
            if not (char == ">" and text[position - 1] in "-="):  # an arrow inside of a socket's name
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
    """Read a number as tracers print it: ``NULL``, hexadecimal, decimal, octal, a product. Raises ValueError."""
    try:  # the usual ones, at one go
        return int(text, 16) if text[:2] == "0x" else int(text) if text[:1] != "0" else _other_number(text)
    except ValueError:
        return _other_number(text)


@lru_cache(maxsize=1024)
def _other_number(text: str) -> int:
    text = _COMMENT.sub("", text).strip()
    if text in ("NULL", "nil"):
        return 0
    product = 1
    for factor in text.split("*"):
        octal = re.fullmatch(r"0[0-7]+", factor)
        try:
            product *= int(factor, 8) if octal else int(factor, 16 if factor.startswith("0x") else 10)
        except ValueError:
            raise ValueError(f"{text[:40]} is no number") from None
    return product


@lru_cache(maxsize=4096)
def flags(text: str, names: FlagNames) -> frozenset[str]:
    """Return the names in ``PROT_READ|PROT_WRITE``, ``0x3 /* PROT_... */``, ``0x3`` or ``READ|WRITE``.

    What has no name stays the number that it is. Raises ValueError for what is neither.
    """
    found: set[str] = set()
    for part in _COMMENT.sub("", text).split("|"):
        word = part.strip()
        if not word:
            continue
        if word[0].isdigit():
            if "<<" not in word:
                found |= names.of(number(word))
        elif word.startswith(names.prefix):
            found.add(word)
        elif re.fullmatch(r"[A-Z0-9_]+", word):
            found.add(word if "_" in word and word.split("_")[0] in _PREFIXES else names.prefix + word)
        else:
            raise ValueError(text)
    return frozenset(found)


#: What begins a constant's name: everything else was printed without its beginning, as perf does.
_PREFIXES = frozenset(("PROT", "MAP", "MREMAP", "MLOCK", "MCL", "SHM", "MFD", "CLONE", "UFFD", "UFFDIO", "IPC", "F"))


@lru_cache(maxsize=1024)
def flags_number(text: str, names: FlagNames) -> int:
    """Return the number of such flags; raises ValueError where one is unknown."""
    values = {names.prefix + name: bit for bit, name in names.bits.items()}
    return sum({values[name] if name in values else number(name) for name in flags(text, names)})


@lru_cache(maxsize=1024)
def descriptor_path(text: str) -> tuple[int, str | None]:
    """Read a descriptor, with its path where strace ran with ``-y``: ``3</tmp/x>``; raise ValueError otherwise."""
    found = re.fullmatch(r"(-?[0-9]+|0x[0-9a-f]+)\s*(?:<(.*)>)?\s*(?:\(deleted\))?>?", text.strip())
    if found is None:
        raise ValueError(text)
    value = number(found[1]) & 0xFFFFFFFF  # an int, which raw arguments show as the register that it came in
    path = unescaped(found[2].split("<")[0]) if found[2] else None  # -yy: `/dev/zero<char 1:5>`
    return (value - (1 << 32) if value >> 31 else value), path


def unescaped(text: str) -> str:
    """Return the text of a string or a path as it was before strace wrote what it does not print, or all, as in C."""
    return _ESCAPE.sub(lambda found: _character(found[1]), text)


def _character(escape: str) -> str:
    if escape[0] == "x":
        return chr(int(escape[1:], 16))
    return chr(int(escape, 8) & 0xFF) if escape[0].isdigit() else _LETTERS.get(escape, escape)


def fields(structure: str) -> dict[str, str]:
    """``{range={start=0x1000, len=0x2000}, mode=M}`` -> ``start``, ``len``, ``mode``; the first of two alike counts."""
    flat = _COMMENT.sub("", structure).replace("=>", ",").replace("{", ",").replace("}", ",")
    found: dict[str, str] = {}
    for part in flat.split(","):
        name, equals, value = part.strip().partition("=")
        if equals and value:
            found.setdefault(name, value)
    return found
