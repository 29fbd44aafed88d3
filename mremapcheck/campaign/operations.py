"""Random operations on the way: what a program does to its mappings between two moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from mremapcheck.campaign.calls import Document
from mremapcheck.campaign.mappings import ADVICE, POPULATE, PROTS, Mappings, kind_of
from mremapcheck.campaign.templates import address
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.names import SEALS

#: Operation -> how often it comes up, in parts; others once.
_OPERATIONS: Mapping[str, float] = {
    "munmap": 3,
    "mprotect": 4,
    "madvise": 2,
    "mmap": 4,
    "touch": 2,
    "name": 0.3,
    "clear-refs": 0.4,
}
#: How often one seals, in the same parts: it takes a child, as every sealed mapping does.
_SEALING = 0.012
#: How likely an mprotect gives a protection key: many machines have none and skip them.
_KEYING = 0.05
#: What comes up now and then: it takes back what the other advice did, or does nothing that one sees.
_RARE_ADVICE = ("normal", "willneed", "remove", "dofork", "dodump", "unmergeable", "keeponfork", "cold", "hugepage")
_GUARD_ADVICE = ("guard-install", "guard-remove")
#: Of operations so many are expected to fail, with an errno that is likely where they touch holes or closed pages.
_FAILING = 0.1
_ERRNOS: Mapping[str, tuple[str, ...]] = {
    "mprotect": ("ENOMEM",),
    "madvise": ("ENOMEM", "EINVAL", "EINVAL"),
    "mmap": ("EINVAL", "ENOMEM"),
    "mlock": ("ENOMEM",),
    "munlock": ("ENOMEM",),
    "touch": ("EFAULT",),
    "read": ("EFAULT",),
    "name": ("ENOMEM", "EBADF"),
    "mseal": ("ENOMEM",),
    "uffd-register": ("EINVAL",),
    "uffd-writeprotect": ("ENOENT",),
    "uffd-unregister": ("EINVAL",),
    "munmap": ("EINVAL", "EPERM"),
    "truncate": ("EINVAL", "EPERM"),
    "add-seals": ("EBUSY", "EBUSY", "EPERM"),
}
#: How often a memfd is sealed that is likely to be mapped.
_BUSY = 0.4
#: What an mmap has nothing of that is expected to fail.
_PREPARED = ("touch", "lock", "uffd", "advice", "guard", "seal", "name", "pkey")


class Operations:
    """Draws operations on the mappings of one document."""

    def __init__(self, mappings: Mappings, random: Random) -> None:
        self._mappings = mappings
        self._sampler = mappings.sampler
        self._random = random

    def next(self, source: int, target: int, chosen: Document | None) -> Document:
        """Return the next one, on a source and a destination of so many pages, or ``chosen``: on this range."""
        random = self._random
        choice: dict[str, Callable[[], Document]] = {
            "munmap": dict,
            "mprotect": self._mprotect,
            "madvise": lambda: {"advice": self._advice()},
            "mmap": self._mappings.new,
            "munlock": dict,
        }
        if not self._mappings.armed:  # a fault that nobody answers, or that waits for the reader of events
            choice["mlock"] = lambda: {"lock": "on-fault"} if random.random() < 0.3 else {}
            choice["read"] = dict
            choice["touch"] = lambda: {"letter": "Z"}
        elif "uffd" in self._sampler.features:
            choice["uffd-unregister"] = dict
            choice["uffd-register"] = lambda: {"mode": random.choice(("missing", "missing", "missing", "wp"))}
        if self._mappings.protects:
            choice["uffd-writeprotect"] = lambda: {} if random.random() < 0.8 else {"protect": False}
            choice["touch"] = lambda: {"letter": "Z"}
        if "special" in self._sampler.features:
            choice["clear-refs"] = dict
        if "names" in self._sampler.features:
            choice["name"] = lambda: {"name": random.choice(("heap", "stack"))}
        if "mseal" in self._sampler.features:
            choice["mseal"] = dict
        parts = {**_OPERATIONS, "mseal": _SEALING * self._sampler.costly}
        files = [letter for letter, made in self._mappings.vmas.items() if kind_of(made).regular]
        if files:
            choice["truncate"] = lambda: {"letter": random.choice(files), "size": f"{random.randrange(7)}p"}
        memfds = [letter for letter, made in self._mappings.vmas.items() if kind_of(made).sealable]
        if memfds:
            choice["add-seals"] = lambda: {"letter": random.choice(memfds), "seals": [random.choice(SEALS)]}
        op = random.choices(list(choice), [parts.get(name, 1) for name in choice])[0]
        if op == "truncate":
            return {"op": op, **choice[op](), **({"errno": "EPERM"} if random.random() < _FAILING / 10 else {})}
        if op == "add-seals":
            busy = {"errno": random.choice(_ERRNOS[op])} if random.random() < _BUSY else {}
            return {"op": op, **choice[op](), **busy}
        if op == "clear-refs":
            return {"op": op}
        region, length = ("src", source) if random.random() < 0.7 else ("dst", target)
        first = random.randrange(length)
        size = f"{random.randint(1, length - first)}p"
        item = {"op": op, "address": address(region, first), "size": size, **choice[op]()}
        if chosen is not None and op != "mmap" and random.random() < 0.3:
            item |= chosen
        return self._failing(item) if random.random() < _FAILING else item

    def _failing(self, item: Document) -> Document:
        """Return an operation that is expected to fail: it reaches farther, or has what it cannot have."""
        random, op = self._random, item["op"]
        if random.random() < 0.5:
            item["size"] = f"{int(item['size'][:-1]) + random.randint(1, 4)}p"
        if op == "mmap":
            if KINDS[item.get("kind", "anon")].c.mapping is not None:
                return item
            item = {key: value for key, value in item.items() if key not in _PREPARED}
        return {**item, "errno": random.choice(_ERRNOS[op])}

    def _advice(self) -> str:
        random = self._random
        if random.random() < 0.15:
            return random.choice(_RARE_ADVICE + (_GUARD_ADVICE if "guard" in self._sampler.features else ()))
        return random.choice(ADVICE[: -len(POPULATE)] if self._mappings.armed else ADVICE)

    def _mprotect(self) -> Document:
        random = self._random
        item: Document = {"prot": random.choice(PROTS)}
        if "pkeys" in self._sampler.features and random.random() < _KEYING:
            item["pkey"] = random.choice((0, 1, 1, 2))
        return item
