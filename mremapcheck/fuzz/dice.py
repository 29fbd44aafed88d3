"""Random scenarios: the same document for the same seed and number, whoever asks and in whatever order.

The dice are loaded towards what matters: calls that begin and end at edges of mappings, destinations that are mapped,
neighbours that could merge. But every flag, odd address and size, overlap, limit and operation comes up.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from mremapcheck.fuzz.bounds import FLAGS

#: kind -> how likely, in parts; those a plain process can always make.
KINDS: dict[str, int] = {
    "anon": 10,
    "anon-shared": 3,
    "memfd": 4,
    "file": 3,
    "tmpfs": 1,
    "dev-zero": 2,
    "sysv-shm": 2,
}

#: What a kernel may lack: attributes, operations and conditions that are left out where it does.
FEATURES = frozenset({"mseal", "uffd", "guard", "fork", "limits"})

#: A range from a low address may have less than so many pages: from 64K on there is memory of somebody else.
_LOW_PAGES = 14
_LETTERS = "ABCDEF"
_ADVICE = ("dontfork", "dontdump", "nohugepage", "mergeable", "wipeonfork", "dontneed", "random", "sequential")
_PROTS = ("rw", "rw", "rw", "r", "r", "none", "rwx", "rx")
_LIKELY_FLAGS = ("MAYMOVE|FIXED", "MAYMOVE|FIXED", "MAYMOVE|FIXED|DONTUNMAP", "MAYMOVE", 0, "MAYMOVE|DONTUNMAP")


class Dice:
    """Draws documents; ``features`` limits attributes to what both kernels have (mseal, uffd, guard, fork, limits)."""

    def __init__(self, seed: int, features: frozenset[str] = FEATURES):
        self.seed = seed
        self.features = features
        self._kinds = list(KINDS)
        self._weights = list(KINDS.values())

    def document(self, number: int) -> dict[str, Any]:
        """Return the scenario with this number."""
        random = Random(f"{self.seed}:{number}")
        letters = _Letters(self, random)
        source = letters.region(random.choice((1, 1, 2, 2, 3, 3, 4, 6)))
        target = letters.target(len(source))
        moves: list[dict[str, Any]] = []
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            while random.random() < 0.2:
                moves.append(self._operation(random, len(source), len(target)))
            moves.append(_call(random, len(source), len(target)))
        document: dict[str, Any] = {
            "name": f"f{self.seed}-{number}",
            "summary": "random",
            "map": {"src": source, "dst": target},
        }
        if letters.vmas:
            document["vmas"] = letters.vmas
        document["moves"] = moves
        if "limits" in self.features and random.random() < 0.05:
            document["process"] = _process(random)
        return document

    def attributes(self, random: Random) -> dict[str, Any]:
        """Return what one letter is; {} is the default, private anonymous memory that was touched."""
        kind = random.choices(self._kinds, self._weights)[0]
        made: dict[str, Any] = {} if kind == "anon" else {"kind": kind}
        roll = random.random
        if kind in ("memfd", "file", "tmpfs"):
            if roll() < 0.5:
                made["sharing"] = "private"
            if roll() < 0.6:
                made["file"] = kind[0]
                made["offset"] = f"{random.randrange(4)}p"
        if roll() < 0.35:
            made["prot"] = random.choice(_PROTS)
        if roll() < 0.35:
            made["touch"] = False
        if roll() < 0.08:
            made["lock"] = random.choice((True, True, "on-fault"))
        if roll() < 0.1:
            made["advice"] = random.choice(_ADVICE)
        if "uffd" in self.features and kind in ("anon", "anon-shared", "memfd") and roll() < 0.1:
            made["uffd"] = random.choice(("missing", "missing", "missing+events"))
        if "guard" in self.features and kind == "anon" and roll() < 0.03:
            made["guard"] = [0]
        if "mseal" in self.features and roll() < 0.04:
            made["seal"] = True
        return made

    def _operation(self, random: Random, source: int, target: int) -> dict[str, Any]:
        address, size = _range(random, source, target)
        choice: dict[str, Callable[[], dict[str, Any]]] = {
            "munmap": dict,
            "mprotect": lambda: {"prot": random.choice(_PROTS)},
            "madvise": lambda: {"advice": random.choice(_ADVICE)},
            "mmap": lambda: {"letter": "Y", "prot": random.choice(_PROTS), **self.attributes(random)},
        }
        op = random.choice(list(choice))
        made = {"op": op, "address": address, "size": size, **choice[op]()}
        if "touch" not in made and op == "mmap" and made["prot"] != "none":
            made["touch"] = random.random() < 0.5
        return made


class _Letters:
    """Draws regions and remembers what their letters mean."""

    def __init__(self, dice: Dice, random: Random) -> None:
        self._dice = dice
        self._random = random
        self.vmas: dict[str, dict[str, Any]] = {}

    def region(self, mappings: int) -> str:
        """Return a drawing of so many mappings, some with a hole between them."""
        random = self._random
        text = "." * random.choice((0, 0, 0, 0, 1))
        for letter in _LETTERS[:mappings]:
            self._explain(letter)
            text += letter * random.choice((1, 1, 2, 3)) + "." * random.choice((0, 0, 0, 1, 2))
        return text + "." * random.choice((0, 0, 2))

    def target(self, length: int) -> str:
        """Return a destination: free, or mapped in full or in part."""
        random = self._random
        length += 2
        style = random.randrange(4)
        if style < 2:
            return "." * length
        self._explain("X")
        if style == 2:
            return "X" * length
        head = random.randrange(length)
        return "." * head + "X" * random.randint(1, length - head) + "." * random.randrange(2)

    def _explain(self, letter: str) -> None:
        attributes = self._dice.attributes(self._random)
        if attributes:
            self.vmas[letter] = attributes


def _range(random: Random, source: int, target: int) -> tuple[str, str]:
    region, length = ("src", source) if random.random() < 0.7 else ("dst", target)
    first = random.randrange(length)
    return _address(region, first), f"{random.randint(1, length - first)}p"


def _address(region: str, page: int) -> str:
    return region if page == 0 else f"{region}{page:+d}p"


def _call(random: Random, source: int, target: int) -> dict[str, Any]:
    odd = random.random
    first = random.choice((0, 0, 0, random.randrange(source)))
    old = random.choice((source - first, source - first, random.randint(1, source - first), source - first + 1))
    new = old + random.choice((0, 0, 0, 0, 1, -1, 2, -2))
    flags = random.choice(_LIKELY_FLAGS) if odd() < 0.85 else random.choice((*FLAGS, 8, 16, 0x80000001))
    move: dict[str, Any] = {
        "old_address": _address("src", first),
        "old_size": f"{old}p",
        "new_size": f"{max(new, 0)}p",
        "flags": flags,
        "new_address": "dst",
    }
    if odd() < 0.1:
        move["new_address"] = _address("dst", random.choice((1, 2, -1, target)))
    if odd() < 0.06:
        low = "0x1000" if max(old, new) < _LOW_PAGES else "0xffff800000000000"
        move["new_address"] = random.choice(
            ("dst+123B", "src", _address("src", old), _address("src", -old), "src+1p", low, "0xfffffffffffff000")
        )
    if odd() < 0.02:
        low = "0x0" if max(old, new) < _LOW_PAGES else "0xffff800000000000"
        move["old_address"] = random.choice(("src+8B", "src-1p", "dst", low))
    if odd() < 0.04:
        move["old_size"] = random.choice(("0p", f"{old * 4096 - 1}B", "1B", "0xfffffffffffff001B"))
    if odd() < 0.04:
        bytes_more = f"{max(new, 0) * 4096 + 1}B"
        move["new_size"] = random.choice(("0p", bytes_more, "0x800000000000B", "0xffffffffffffffffB"))
    return move


def _process(random: Random) -> dict[str, Any]:
    limit = random.choice(("as", "data", "memlock"))
    return {"rlimits": {limit: f"+{random.randrange(4)}p"}}
