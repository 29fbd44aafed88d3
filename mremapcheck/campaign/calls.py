"""Random mremap calls: on the edges of mappings mostly, one after the other, and on huge pages."""

from __future__ import annotations

from random import Random
from typing import Any, TypeAlias

from mremapcheck.campaign.bounds import FLAGS
from mremapcheck.campaign.templates import BOTH, FIXED, address
from mremapcheck.scenario.kinds import KINDS

Document: TypeAlias = dict[str, Any]

_LIKELY_FLAGS = (FIXED, FIXED, BOTH, "MAYMOVE", 0, "MAYMOVE|DONTUNMAP")
#: A range from a low address may have less than so many pages: from 64K on there is memory of somebody else.
_LOW_PAGES = 14


class Calls:
    """Draws moves; a later one likes to begin where an earlier one ended, or to go back."""

    def __init__(self, random: Random, source: str, target: str) -> None:
        self._random = random
        self._drawn = source
        self._source = len(source)
        self._target = len(target)
        self._edges = [n for n in range(len(source)) if n == 0 or source[n - 1] != source[n]]
        self._last: Document | None = None
        #: The length in pages of what the kernel has to find a place for, in order.
        self._placed: list[int] = []

    def next(self) -> Document:
        """Return the next move."""
        roll = self._random.random()
        if self._placed and roll < 0.5:
            return self._from_chosen_place()
        return self._to_chosen_place() if roll < 0.05 else self._next()

    def chosen_range(self) -> Document | None:
        """Return the address and size of a part of what the kernel may have found a place for; None: of nothing."""
        if not self._placed:
            return None
        number = self._random.randrange(len(self._placed))
        length = max(self._placed[number], 1)
        first = self._random.randrange(length)
        size = self._random.randint(1, length - first)
        return {"address": address("elsewhere" if number == 0 else f"elsewhere{number + 1}", first), "size": f"{size}p"}

    def _to_chosen_place(self) -> Document:
        """Return a move that the kernel has to find a place for: there is no room, or the mapping stays."""
        random = self._random
        start = random.choice([n for n in self._edges if self._drawn[n] != "."])
        end = next((n for n in self._edges if n > start), self._source)
        move: Document = {"old_address": address("src", start), "old_size": f"{end - start}p", "flags": "MAYMOVE"}
        length = end - start
        if end < self._source and self._drawn[end] != ".":
            length += random.randint(1, 3)
        elif random.random() < 0.5:
            move["flags"] = "MAYMOVE|DONTUNMAP"
        else:
            move["old_size"] = "0p"
        self._placed.append(length)
        return {**move, "new_size": f"{length}p"}

    def _from_chosen_place(self) -> Document:
        random = self._random
        part = self.chosen_range()
        assert part is not None
        move = {
            "old_address": part["address"],
            "old_size": part["size"],
            "new_size": part["size"],
            "new_address": "dst",
        }
        flags = random.choice((FIXED, FIXED, FIXED, BOTH, "MAYMOVE", "MAYMOVE|DONTUNMAP"))
        if flags == FIXED and random.random() < 0.3:
            move["new_size"] = f"{random.randint(1, self._target)}p"
        elif flags == "MAYMOVE":
            key, size = random.choice((("new_size", "1p"), ("old_size", "0p")))
            move[key] = size
        return {**move, "flags": flags}

    def _next(self) -> Document:
        random = self._random
        follow = random.random()
        if self._last is not None and follow < 0.4:
            last = self._last
            target = last["old_address"] if follow < 0.25 else address("dst", self._target)
            move = {**last, "old_address": last["new_address"], "new_address": target}
            size = random.choice((last["new_size"], last["new_size"], last["old_size"], "1p"))
            move["old_size"] = move["new_size"] = size
            move["flags"] = random.choice(_LIKELY_FLAGS)
            if move["old_address"].startswith("0x"):
                move["old_address"] = "dst"
            if move["new_address"].startswith("0x"):
                move["new_address"] = "dst"
        else:
            move = self._fresh()
        self._last = move
        return dict(move)

    def _fresh(self) -> Document:
        random = self._random
        odd = random.random
        first = random.choice((0, 0, 0, random.choice(self._edges), random.randrange(self._source)))
        rest = self._source - first
        edge = random.choice([n - first for n in self._edges if n > first] or [rest])
        old = random.choice((rest, rest, edge, random.randint(1, rest), rest + 1))
        new = old + random.choice((0, 0, 0, 0, 1, -1, 2, -2))
        move: Document = {
            "old_address": address("src", first),
            "old_size": f"{old}p",
            "new_size": f"{max(new, 0)}p",
            "flags": random.choice(_LIKELY_FLAGS) if odd() < 0.85 else random.choice((*FLAGS, 8, 16, 0x80000001)),
            "new_address": "dst",
        }
        if odd() < 0.1:
            move["new_address"] = address("dst", random.choice((1, 2, -1, self._target)))
        low = max(old, new) < _LOW_PAGES
        if odd() < 0.08:
            move["new_address"] = random.choice(
                (
                    "dst+123B",
                    "src",
                    address("src", self._source),
                    address("src", old),
                    address("src", -old),
                    "src+1p",
                    "0x1000" if low else "0xffff800000000000",
                    "0xfffffffffffff000",
                )
            )
        if odd() < 0.02:
            move["old_address"] = random.choice(("src+8B", "src-1p", "dst", "0x0" if low else "0xffff800000000000"))
        if odd() < 0.04:
            move["old_size"] = random.choice(("0p", "0p", f"{old}p-1B", "1B", "0xfffffffffffff001B"))
        if odd() < 0.04:
            more = f"{max(new, 0)}p+1B"
            move["new_size"] = random.choice(("0p", more, "0x800000000000B", "0xffffffffffffffffB"))
        return move


def huge_scenario(random: Random, name: str) -> Document:
    """Return a scenario on hugetlbfs: everything in huge pages, a call now and then beside one."""
    sizes = ("2M", "2M", "2M", "4M", "1M", "8K")
    kind = random.choice([name for name, kind in KINDS.items() if kind.feature == "hugetlb"])
    move: Document = {
        "old_address": random.choice(("src", "src", "src", "src+1p", "src+512p")),
        "old_size": random.choice(sizes),
        "new_size": random.choice(sizes),
        "flags": random.choice((*_LIKELY_FLAGS, FIXED)),
        "new_address": random.choice(("dst", "dst", "dst", "dst+256p")),
    }
    return {
        "name": name,
        "map": {
            "src": {"pages": random.choice(("A{512}", "A{1024}")), "align": "2M"},
            "dst": {"pages": random.choice((".{512}", "X{512}")), "align": "2M"},
        },
        "vmas": {"A": {"kind": kind}},
        "moves": [move],
    }
