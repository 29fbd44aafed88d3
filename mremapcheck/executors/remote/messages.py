"""What a guest says, held to the shape that each kind of message has before anybody uses it.

A kernel that is being tested may do anything to the program that runs on it. So nothing in here trusts a guest: what
has another shape ends the guest, with words that say so.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from typing import Any

from mremapcheck.base.text.terminal import one_line
from mremapcheck.executors.remote import frames

#: Lines of a kernel's log in one message, and characters of one line or text, that are kept.
_MOST_LINES, _LONGEST = 1000, 4000
#: No address or count is larger; no arena has more pages.
_LARGEST, _MOST_PAGES = 1 << 64, 1 << 24


class InvalidMessage(ValueError):  # noqa: N818
    """A message that no guest of ours would send."""


def read_message(kind: int, data: bytes) -> Any:
    """Return the message of a frame, as ``frames`` says for its kind; raises InvalidMessage."""
    read = _READ.get(kind)
    if read is None:
        raise InvalidMessage(f"there is no message of kind {kind}")
    return read(_loaded(data))


def read_observation(data: bytes) -> tuple[Any, ...]:
    """Return an observation (see ``live.wire``), or a worker's last word (a word and a text); raises InvalidMessage."""
    observation = _loaded(data)
    _must(type(observation) is tuple and len(observation) in _SIGHTINGS, "an observation")
    _SIGHTINGS[len(observation)](observation)
    return observation  # type: ignore[no-any-return]


def _loaded(data: bytes) -> Any:
    _skim(data)
    try:
        return marshal.loads(data)
    except (ValueError, EOFError, TypeError, OverflowError, MemoryError, SystemError) as error:
        raise InvalidMessage(f"its data cannot be read: {error}") from None


#: Codes of marshal's format -> bytes that follow; a length of four bytes or of one, then so many times as many bytes.
_FIXED = {ord(code): size for code, size in (("N", 0), ("T", 0), ("F", 0), ("i", 4), ("r", 4), ("g", 8))}
_LONG = {ord(code): unit for code, unit in (("s", 1), ("t", 1), ("u", 1), ("a", 1), ("A", 1), ("l", 2))}
_SHORT = frozenset(map(ord, "zZ"))
_TUPLE, _LIST, _SMALL_TUPLE, _DICT, _END = map(ord, "([){0")


def _skim(data: bytes) -> None:
    """Look at the codes and lengths of marshalled data; raises InvalidMessage for other than modest plain data.

    Marshal takes a length at its word before it looks whether there are so many bytes, and it knows code objects.
    """
    size, at = len(data), 0
    left = [1]  # in each container so many are to come; in a dict, below 0, as many as there are
    while left:
        if left[-1] == 0:
            left.pop()
            continue
        if at >= size:
            raise InvalidMessage("its data ends too early")
        code = data[at] & 0x7F  # the highest bit: it is referred to later on
        at += 1
        left[-1] -= 1
        if code in _FIXED:
            at += _FIXED[code]
        elif code in _LONG:
            at += 4 + abs(int.from_bytes(data[at : at + 4], "little", signed=True)) * _LONG[code]
        elif code in _SHORT:
            at += 1 + (data[at] if at < size else 0)
        elif code == _SMALL_TUPLE:
            left.append(data[at] if at < size else 0)
            at += 1
        elif code in (_TUPLE, _LIST):
            left.append(int.from_bytes(data[at : at + 4], "little"))
            at += 4
        elif code == _DICT:
            left.append(-1)
        elif code == _END and left[-1] < -1:
            left.pop()
        else:
            raise InvalidMessage("its data is not plain")
        if left and left[-1] > size - at:
            raise InvalidMessage("its data claims more than there is")


def _must(right: bool, what: str) -> None:
    if not right:
        raise InvalidMessage(f"it is not {what}")


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < _LARGEST


def _text(value: Any) -> str:
    _must(type(value) is str, "text")
    return "\n".join(one_line(line[:_LONGEST]) for line in value[: 10 * _LONGEST].splitlines())


def _log(value: Any) -> list[str]:
    _must(type(value) is list, "a kernel's log")
    return [_text(line) for line in value[:_MOST_LINES]]


def _hello(value: Any) -> dict[str, Any]:
    _must(type(value) is dict and value.keys() == {"release", "version", "channel", "disk"}, "a greeting")
    _must(value["channel"] in ("virtio", "serial") and type(value["disk"]) is bool, "a greeting")
    return {**value, "release": _text(value["release"]), "version": _text(value["version"])}


#: What a Python behind a command tells of itself and its machine; ``page_size`` in bytes, ``bits`` of a pointer;
#: ``user_end``: where user space ends, in bytes.
GREETING = {
    "system": str,
    "release": str,
    "version": str,
    "machine": str,
    "page_size": int,
    "bits": int,
    "user_end": int,
    "python": str,
    "interactive": bool,
}


def _greeting(value: Any) -> dict[str, Any]:
    _must(type(value) is dict and value.keys() == GREETING.keys(), "a greeting")
    _must(all(type(value[name]) is kind for name, kind in GREETING.items()), "a greeting")
    _must(all(_is_count(each) for each in value.values() if type(each) is int), "a greeting")
    return {name: _text(each) if type(each) is str else each for name, each in value.items()}


def _answers(is_answer: Callable[[Any], bool]) -> Callable[[Any], tuple[list[Any], list[str]]]:
    def read(value: Any) -> tuple[list[Any], list[str]]:
        _must(type(value) is tuple and len(value) == 2 and type(value[0]) is list, "answers and a log")
        for item in value[0]:
            _must(type(item) is tuple and len(item) == 2, "a number and an answer")
            _must(_is_count(item[0]) and is_answer(item[1]), "a number and an answer")
        return value[0], _log(value[1])

    return read


def _is_death(value: Any) -> bool:
    return type(value) is tuple and len(value) == 2 and all(map(_is_count, value))


def _beat(value: Any) -> list[int]:
    _must(type(value) is list and all(map(_is_count, value)), "a sign of life")
    return value  # type: ignore[no-any-return]


def _failed(value: Any) -> tuple[str]:
    _must(type(value) is tuple and len(value) == 1, "what went wrong")
    return (_text(value[0]),)


_READ: Mapping[int, Callable[[Any], Any]] = {
    frames.HELLO: _hello,
    frames.GREETING: _greeting,
    frames.RESULTS: _answers(lambda answer: type(answer) is bytes),
    frames.DIED: _answers(_is_death),
    frames.BEAT: _beat,
    frames.FAILED: _failed,
}


def _word(observation: tuple[Any, ...]) -> None:
    _must(all(type(part) is str for part in observation), "a word and a text")


def _trouble(observation: tuple[Any, ...]) -> None:
    number, errno, skip, page, fault = observation
    _must(_is_count(number) and _is_count(errno) and type(page) is int, "what went wrong with a step")
    _must(type(skip) is str and type(fault) is str, "what went wrong with a step")


def _seen(observation: tuple[Any, ...]) -> None:
    moves, records, bounds, present, read, total, locked, events, inodes, bits = observation
    _must(all(type(part) is list for part in (moves, records, events)), "lists of moves, mappings and events")
    for move in moves:
        _must(type(move) is tuple and len(move) == 8 and all(map(_is_count, move[:2])), "a move")
        _must(type(move[2]) is bool and type(move[7]) in (int, type(None)), "a move")
        _must(all(part is None or type(part) is bytes for part in (move[3], move[5])), "the mappings around a move")
        for pages in (move[4], move[6]):
            _must(pages is None or _is_presence(pages), "the pages around a move")
    for record in records:
        _must(_is_tuple(record, 2) and all(type(line) is bytes for line in record), "a mapping")
    _must(bounds is None or (type(bounds) is list and all(_is_tuple(each, 2) for each in bounds)), "bounds of mappings")
    _must(all(_is_count(end) for each in bounds or () for end in each), "bounds of mappings")
    _must(_is_presence(present), "the pages that are present")
    _must(_is_tuple(read, 3) and type(read[0]) is list and type(read[1]) is bytes, "contents")
    _must(all(_is_tuple(run, 2) and all(map(_is_count, run)) for run in read[0]), "runs of pages")
    _must(sum(count for _, count in read[0]) <= _MOST_PAGES, "as many pages as an arena has")
    _must(type(read[2]) in (list, tuple) and all(map(_is_count, read[2])), "pages that cannot be read")
    _must(type(total) is int and type(locked) is int and abs(total) + abs(locked) < _LARGEST, "counts of pages")
    for event in events:
        _must(type(event) is tuple and len(event) in (3, 4) and type(event[0]) is str, "an event")
        _must(all(map(_is_count, event[1:])), "an event")
    _must(bits is None or _is_presence(bits), "bits of pages")
    _must(type(inodes) is dict and all(type(text) is str for pair in inodes.items() for text in pair), "inodes")


def _is_tuple(value: Any, length: int) -> bool:
    return type(value) is tuple and len(value) == length


def _is_presence(value: Any) -> bool:
    """Tell whether it is what ``presence`` returns: runs of pages, a byte for each."""
    return (
        type(value) is list
        and all(_is_tuple(each, 2) and _is_count(each[0]) and type(each[1]) is bytes for each in value)
        and sum(len(bits) for _, bits in value) <= _MOST_PAGES
    )


_SIGHTINGS: Mapping[int, Callable[[tuple[Any, ...]], None]] = {2: _word, 5: _trouble, 10: _seen}
