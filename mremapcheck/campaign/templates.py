"""Sequences of operations that programs really make, and in which much of mremap's history happened.

Each template returns items of ``moves`` on ``src`` and ``dst``; sizes and details are drawn. What chance would put
together once in a million throws comes up all the time here: memory that leaves and comes back, holes that are filled,
mappings that were split and grow together again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeAlias

from mremapcheck.scenario.kinds import KINDS

Items: TypeAlias = list[dict[str, Any]]
Attributes: TypeAlias = Mapping[str, Any]

FIXED = "MAYMOVE|FIXED"
BOTH = "MAYMOVE|FIXED|DONTUNMAP"
_MOSTLY_FIXED = (FIXED, FIXED, BOTH)


def address(region: str, page: int) -> str:
    """Write an address ``page`` pages from the start of a region."""
    return region if page == 0 else f"{region}{page:+d}p"


def move(source: str, pages: int, target: str, flags: str | int = FIXED, new: int | None = None) -> dict[str, Any]:
    """Return an item for a mremap call."""
    return {
        "old_address": source,
        "old_size": f"{pages}p",
        "new_size": f"{pages if new is None else new}p",
        "flags": flags,
        "new_address": target,
    }


def do(name: str, region: str, page: int, pages: int = 1, **more: Any) -> dict[str, Any]:
    """Return an item for another operation."""
    return {"op": name, "address": address(region, page), "size": f"{pages}p", **more}


def like(made: Attributes, page: int, touch: bool) -> dict[str, Any]:
    """Return attributes with which a mapping goes on where page ``page`` of one with attributes ``made`` is."""
    same = {key: made[key] for key in ("kind", "sharing", "file", "uffd", "pkey") if key in made}
    if "file" in made:
        same["offset"] = f"{max(int(made.get('offset', '0p')[:-1]) + page, 0)}p"
    elif not KINDS[made.get("kind", "anon")].sampling.continues:
        same = {}
    return {"letter": "U", **same, "touch": touch and "uffd" not in made}


def beside(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Map something that could be the mapping's other half, then move the mapping right before or behind it."""
    behind = random.random() < 0.5
    there = do(
        "mmap", "dst", pages if behind else 0, pages, **like(made, pages if behind else -pages, random.random() < 0.5)
    )
    moved = move(address("src", start), pages, address("dst", 0 if behind else pages), random.choice(_MOSTLY_FIXED))
    return [there, moved]


def fill_hole(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Cut a hole into a mapping, perhaps write on either side, and fill it: by mmap, by growth, by a move."""
    if pages < 3:
        return []
    hole = random.randrange(1, pages - 1)
    items = [do("munmap", "src", start + hole)]
    items += [do("touch", "src", start + at, letter="Z") for at in (hole - 1, hole + 1) if random.random() < 0.5]
    style = random.randrange(3)
    if style == 0:
        items.append(do("mmap", "src", start + hole, 1, **like(made, hole, random.random() < 0.4)))
        items.append(move(address("src", start), pages, "dst"))
    elif style == 1:
        first = random.choice((0, hole - 1))
        items.append(move(address("src", start + first), hole - first, "dst", 0, hole - first + 1))
    else:
        items.append(move(address("src", start + pages - 1), 1, address("src", start + hole)))
    return items


def there_and_back(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Move the end of a mapping away, perhaps replace what is left, and move it back."""
    cut = random.randrange(pages)
    rest = pages - cut
    source = address("src", start + cut)
    items: Items = [{"op": "fork"}] if random.random() < 0.5 else []
    items.append(move(source, rest, "dst", random.choice(_MOSTLY_FIXED)))
    if cut and random.random() < 0.6:
        items += [
            do("munmap", "src", start, cut),
            do("mmap", "src", start, cut, **like(made, 0, random.random() < 0.5)),
        ]
    items.append(move("dst", rest, source))
    return items


def come_home(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Move away and back, beside something that has been mapped there meanwhile; perhaps fork, and move both on."""
    behind = random.random() < 0.5
    fresh = start + pages if behind else start - 2
    away = address("dst", pages + 3)
    items: Items = [
        move(address("src", start), pages, away, random.choice(_MOSTLY_FIXED)),
        do("mmap", "src", fresh, 2, **like(made, pages if behind else -2, random.random() < 0.3)),
        move(away, pages, address("src", start), random.choice(_MOSTLY_FIXED)),
    ]
    if random.random() < 0.3:
        items.append({"op": "fork"})
    if random.random() < 0.7:
        items.append(move(address("src", min(start, fresh)), pages + 2, "dst", random.choice((FIXED, BOTH))))
    return items


def move_on(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Move twice, then map something where it touches what is there."""
    items = [
        move(address("src", start), pages, "dst", random.choice((FIXED, BOTH))),
        move("dst", pages, address("dst", pages + 3), random.choice((FIXED, BOTH, BOTH))),
        do("mmap", "dst", random.choice((pages, 2 * pages + 3)), 2, **like(made, pages, random.random() < 0.3)),
    ]
    if random.random() < 0.5:
        items.append(move(address("src", start), pages, address("dst", pages)))
    return items


def apart_and_together(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Split a mapping by its protection, move it as several, and make the parts equal again."""
    at = random.randrange(pages)
    count = random.randint(1, pages - at)
    where = random.choice(("src", "dst"))
    base = start if where == "src" else 0
    back = do("mprotect", where, base + at, count, prot="rw")
    items = [do("mprotect", "src", start + at, count, prot=random.choice(("r", "none")))]
    call = move(address("src", start), pages, "dst", random.choice((FIXED, BOTH)))
    return [*items, call, back] if where == "dst" else [*items, back, call]


def next_to_itself(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Move a mapping, or keep a copy of it, right behind or before itself."""
    to = start + random.choice((pages, -pages))
    return [move(address("src", start), pages, address("src", to), random.choice((FIXED, BOTH, "MAYMOVE|DONTUNMAP")))]


def register_piecewise(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Register parts of a mapping with userfaultfd one after the other, perhaps all of it again, then move it."""
    modes = ("missing", "missing", "missing+events", "wp", "minor")
    mode = random.choice(modes)
    parts = list(range(pages))
    random.shuffle(parts)
    items = [do("uffd-register", "src", start + at, mode=mode) for at in parts[: random.randint(1, pages)]]
    if random.random() < 0.2:
        items.append(do("uffd-register", "src", start, pages, mode=random.choice(modes)))
    if any(item["mode"].startswith("wp") for item in items) and random.random() < 0.7:
        fails: dict[str, Any] = {"errno": "ENOENT"} if random.random() < 0.1 else {}
        items.append(do("uffd-writeprotect", "src", start + parts[0], **fails))
        if random.random() < 0.2:
            items.append(do("uffd-writeprotect", "src", start, pages, protect=False))
    return [*items, move(address("src", start), pages, "dst", random.choice((FIXED, BOTH)))]


def lock_the_future(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Have whatever is mapped from now on locked, map something, and let it grow or move."""
    lock = {"op": "mlockall", **random.choice(({}, {}, {"lock": "on-fault"}, {"errno": "EPERM"}))}
    there = do("mmap", "dst", 0, pages, **like(made, pages, random.random() < 0.5))
    if random.random() < 0.4:
        return [lock, there, move("dst", pages, "dst", 0, pages + 1)]
    return [lock, there, move(address("src", start), pages, address("dst", pages), random.choice(_MOSTLY_FIXED))]


def sealed_end(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Seal a page of the destination or of the end that is cut off, and move what is left of the mapping there."""
    there = do("mmap", "dst", 0, pages, letter="U", touch=False)
    where, page = random.choice((("dst", random.randrange(pages)), ("src", start + pages - 1)))
    cut = random.randrange(1, pages) if pages > 1 else pages
    call = move(address("src", start), pages, "dst", random.choice(_MOSTLY_FIXED), random.choice((cut, pages)))
    return [there, do("mseal", where, page), call]


def unmerge(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Give a mapping a protection key, make it mergeable and take that back, and move it."""
    return [
        do("mprotect", "src", start, pages, prot=made.get("prot", "rw"), pkey=random.choice((1, 2))),
        do("madvise", "src", start, pages, advice="mergeable"),
        do("madvise", "src", start, pages, advice="unmergeable"),
        move(address("src", start), pages, "dst", random.choice(_MOSTLY_FIXED)),
    ]


def duplicate(random: Random, start: int, pages: int, made: Attributes) -> Items:
    """Duplicate shared memory (old_size 0), then move the copy."""
    first = move(address("src", start), 0, "dst", random.choice((FIXED, "MAYMOVE")), pages)
    return [first, move("dst", pages, address("dst", pages + 1))]


Template: TypeAlias = Callable[[Random, int, int, Attributes], Items]

#: Template -> the features (see ``generator.FEATURES``) that it takes.
TEMPLATES: dict[Template, frozenset[str]] = {
    beside: frozenset(),
    fill_hole: frozenset(),
    there_and_back: frozenset({"fork"}),
    come_home: frozenset({"fork"}),
    move_on: frozenset(),
    apart_and_together: frozenset(),
    next_to_itself: frozenset(),
    register_piecewise: frozenset({"uffd"}),
    sealed_end: frozenset({"mseal"}),
    lock_the_future: frozenset({"fork"}),
    unmerge: frozenset({"pkeys"}),
    duplicate: frozenset(),
}
