"""Input that was good once: bytes changed here and there, and plain data of which a part is something else."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from tests.fuzzing import hostile

#: What readers of binary formats count with.
_BYTES: tuple[bytes, ...] = (
    *(b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"-1", b"-60       "),
    *(b"99999999", b"FFFFFFFF", b"{", b"[", b"]", b'"', b",", b": ", b"(", b")", b"=", b"0x", b"?", b"{7}"),
    *(b"-", b" ", b"\n"),
)
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53 + 1, 10**400, 1.5, 1e308, "", "A", "src", "...", [], {}, [None]),
    *({"": None}, {"a": {"b": []}}, [[[]]], "../../x", "\x1b[31m", "\ud800", "A" * 5000, "E" * 99, -(2**70)),
)


def mutated_bytes(random: Random, data: bytes, most: int = 6) -> bytes:
    """Return the bytes with up to ``most`` changes; most often few, and most often early, where the headers are."""
    out = bytearray(data)
    for _ in range(random.randint(1, most)):
        reach = random.choice((len(out), min(len(out), 4096), min(len(out), 256))) or 1
        at = random.randrange(reach)
        way = random.randrange(6)
        if way == 0 and out:
            out[at % len(out)] ^= 1 << random.randrange(8)
        elif way == 1:
            out[at : at + random.randint(1, 16)] = random.randbytes(random.randint(1, 16))
        elif way == 2:
            del out[at : at + random.choice((1, 2, 16, 512, len(out)))]
        elif way == 3:
            piece = random.choice(_BYTES)
            out[at : at + random.choice((0, len(piece)))] = piece
        elif way == 4:
            start = random.randrange(reach)
            out[at:at] = out[start : start + random.choice((1, 8, 64, 600))]
        else:
            piece = random.choice(_BYTES)
            out[at:at] = piece * random.choice((1, 3, 40))
    return bytes(out)


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each (container, key) of plain data."""
    pending = [data]
    while pending:
        node = pending.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in items:
            yield node, key
            pending.append(value)


def mutated_data(random: Random, data: Any, most: int = 3) -> Any:
    """Return plain data with up to ``most`` parts changed, left out, doubled, renamed or buried."""
    out = {"": copy.deepcopy(data)}
    for _ in range(random.randint(1, most)):
        node, key = random.choice(list(_places(out)))
        value = node[key]
        way = random.randrange(7)
        if way < 2:
            node[key] = copy.deepcopy(random.choice(_VALUES))
        elif way == 2:
            node[key] = hostile.text(random)
        elif way == 3 and node is not out:
            del node[key]
        elif way == 4 and isinstance(node, dict):
            node[random.choice(("x", hostile.text(random)))] = copy.deepcopy(value)
        elif way == 5 and isinstance(node, list):
            node[:] = node * 2
        elif isinstance(value, str):
            at = random.randrange(len(value) + 1)
            node[key] = value[:at] + random.choice((".", "{9999999}", "-", "\n", hostile.text(random))) + value[at:]
        elif isinstance(value, int) and type(value) is int:
            node[key] = value + random.choice((-1, 1, 1 << 20, -(1 << 40)))
        else:
            for _ in range(random.choice((1, 13, 60))):  # six times 60 is what can still be copied
                value = [value]
            node[key] = value
    return out[""]


#: A word, a number, a drawing or a sum of them, as they stand between spaces and brackets.
SPELLED = r"[^\s,:{}\[\]\"'#]+"


def respelled(random: Random, text: str, words: Sequence[str], most: int = 3) -> str:
    """Return the text with up to ``most`` of its words made others: what is written is likely, what it means is new."""
    for _ in range(random.randint(1, most)):
        found = random.choice(list(re.finditer(SPELLED, text)) or [re.match("", text)])
        assert found is not None
        text = text[: found.start()] + random.choice(words) + text[found.end() :]
    return text


def crossed(random: Random, data: Any, other: Any, most: int = 3) -> Any:
    """Return plain data where up to ``most`` values are those that the same keys, or numbers, have in other data."""
    out = copy.deepcopy(data)
    values: dict[Any, list[Any]] = {}
    for node, key in _places(other):
        values.setdefault(key, []).append(node[key])
    for _ in range(random.randint(1, most)):
        places = [place for place in _places(out) if place[1] in values]
        if places:
            node, key = random.choice(places)
            node[key] = copy.deepcopy(random.choice(values[key]))
    return out


def mutated_text(random: Random, text: str) -> str:
    """Return a short text with a character or two changed, left out, doubled, or hostile."""
    for _ in range(random.choice((1, 1, 2))):
        at = random.randint(0, len(text))
        piece = random.choice(("", text[at : at + 3], *"+-.@:,=|{}()0919~ /AC\n"))
        if random.random() < 0.1:
            piece = random.choice((text[:at], hostile.text(random)))
        text = text[:at] + piece + text[at + random.choice((0, 0, 1, 1, 3)) :]
    return text.replace("\0", "")


def deep_json(text: str, random: Random) -> str:
    """Return JSON text with brackets before its end that no reader can follow."""
    at = random.randrange(len(text))
    return text[:at] + random.choice(("[", '{"a":')) * 100_000 + text[at:]
