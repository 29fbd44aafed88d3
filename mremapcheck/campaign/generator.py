"""Random scenarios: the same document for the same seed and number, whoever asks and in whatever order.

The draws are loaded towards what matters: calls that begin and end at edges of mappings, destinations that are mapped,
neighbours that could merge, moves that follow one another. But every flag, odd address and size, overlap, limit and
operation comes up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from random import Random

from mremapcheck.campaign.calls import Calls, Document, huge_scenario
from mremapcheck.campaign.templates import TEMPLATES, address
from mremapcheck.scenario.attributes import WRITE_SEALS
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.kinds.kind import Kind, Sampling
from mremapcheck.scenario.names import SEALS

#: What a kernel may lack: attributes, operations and conditions that are left out where it does.
FEATURES = frozenset({"mseal", "uffd", "guard", "fork", "limits", "names", "pkeys", "special"})

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

#: What takes a real kernel as long as ten or a hundred other scenarios, and so comes up that much less often: a child
#: (every sealed mapping needs one, as only the end of its process takes it back), huge pages, and 65,000 mappings to
#: fill the map count. How likely a letter is to be sealed, a scenario to fork where it could, and one to be about huge
#: pages; and how often an operation seals, in parts as in _OPERATIONS.
_SEALED = 0.0006
_FORKING = 0.06
_HUGE = 0.003
_SEALING = 0.012
#: How likely a process keeps CAP_IPC_LOCK against a limit, which takes root.
_KEEPING = 0.1
#: How likely a letter has a protection key, and an mprotect gives one: many machines have none and skip them.
_KEYED = 0.01
_KEYING = 0.05
_NEEDS_CHILD = ("fork", "mseal", "mlockall")
#: So many scenarios in a row have hardly any map slots, as filling the map count pays for all of them, and that once in
#: so many.
_CROWDED = 8
_APART = 32_000

_LETTERS = "ABCDEF"
#: How many mappings the source has: what two kernels do differently mostly shows with few, and few are fast.
_MAPPINGS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 6)
#: Of mappings made on the way.
_NEW_LETTERS = "UVW"
_ADVICE = (
    *("dontfork", "dontdump", "nohugepage", "mergeable", "wipeonfork", "dontneed", "random", "sequential"),
    *("free", "pageout", "dontneed-locked", "populate-read", "populate-write"),
)
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
#: Advice that brings pages in, which never ends where userfaultfd is to be asked for them.
_POPULATE = ("populate-read", "populate-write")
_PROTS = ("rw", "rw", "rw", "r", "r", "none", "rwx", "rx")


#: How much likelier the costly is where nobody but models is asked.
FOR_MODELS = 16.0


class Generator:
    """Draws documents; ``features`` (see FEATURES) limits them to what both kernels have.

    ``costly``: how much likelier than usual everything is that costs a real kernel much: 1, or ``FOR_MODELS``, which it
    costs nothing.
    """

    def __init__(self, seed: int, features: frozenset[str] = FEATURES, costly: float = 1) -> None:
        self.seed = seed
        self.features = features
        self.costly = costly
        weights = {name: weight for name, kind in KINDS.items() if (weight := self._weight(kind.sampling))}
        self._kinds = list(weights)
        self._weights = list(accumulate(weights.values()))
        self.templates = [template for template, needs in TEMPLATES.items() if needs <= features]

    def document(self, number: int) -> Document:
        """Return the scenario with this number."""
        document = _DocumentBuilder(self, Random(f"{self.seed}:{number}")).document(f"f{self.seed}-{number}")
        if self._is_crowded(number):
            document["process"] = {"map_headroom": Random(number).randrange(-1, 8)}
        return document

    def _is_crowded(self, number: int) -> bool:
        apart = int(_APART / self.costly)
        return "limits" in self.features and number % apart // _CROWDED == apart // 4 // _CROWDED

    def _weight(self, sampling: Sampling) -> float:
        """Return how likely a kind is, in parts; 0 where it is left out."""
        if sampling.special and "special" not in self.features:
            return 0
        return sampling.weight * self.costly if sampling.costly else sampling.weight

    def kind(self, random: Random) -> str:
        """Return the kind of a mapping."""
        return random.choices(self._kinds, cum_weights=self._weights)[0]


class _DocumentBuilder:
    """One document in the making; remembers what its letters mean and where its moves went."""

    def __init__(self, generator: Generator, random: Random) -> None:
        self._generator = generator
        self._features = generator.features
        self._random = random
        self._vmas: dict[str, Document] = {}
        self._armed = False
        self._protects = False
        self._new_letters = iter(_NEW_LETTERS)

    def document(self, name: str) -> Document:
        random = self._random
        if "special" in self._features and random.random() < _HUGE * self._generator.costly:
            return huge_scenario(random, name)
        source = self._source(random.choice(_MAPPINGS))
        target = self._target(len(source))
        moves = self._template(source) if random.random() < 0.2 else []
        if not moves:
            call = Calls(random, source, target)
            for _ in range(random.choice((1, 1, 1, 1, 2, 3))):
                while random.random() < 0.2:
                    moves.append(self._operation(len(source), len(target), call.chosen_range()))
                moves.append(call.next())
        document: Document = {"name": name, "map": {"src": source, "dst": target}}
        if self._vmas:
            document["vmas"] = self._vmas
        document["moves"] = moves
        process = self._process() if random.random() < 0.05 else {}
        if process:
            document["process"] = process
        return document

    def _template(self, source: str) -> list[Document]:
        """Use a template on one of the mappings, or on all of them."""
        random = self._random
        edges = [n for n, mark in enumerate(source) if mark != "." and (n == 0 or source[n - 1] != mark)]
        start = random.choice(edges)
        end = start + 1
        whole = random.random() < 0.25
        while end < len(source) and source[end] != "." and (whole or source[end] == source[start]):
            end += 1
        moves = random.choice(self._generator.templates)(random, start, end - start, self._vmas.get(source[start], {}))
        if not self._affords_child():
            moves = [item for item in moves if item.get("op") not in _NEEDS_CHILD]
        if self._armed and any(item.get("op") == "touch" for item in moves):
            return []
        return moves

    def _source(self, mappings: int) -> str:
        """Return a drawing of so many mappings, some with a hole between them; a letter may come twice.

        A mapping likes to continue the file of the one before, as parts of one mapping that was split do.
        """
        random = self._random
        text = "." * random.choice((0, 0, 0, 0, 1))
        for index in range(mappings):
            letter = _LETTERS[index]
            before = self._vmas.get(_LETTERS[index - 1], {}) if index else {}
            pages = random.choice((1, 1, 2, 3))
            if index and random.random() < 0.06 and before.get("kind") != "sysv-shm":
                letter = _LETTERS[index - 1]
                if _kind_of(before).regular and random.random() < 0.5:
                    before["continues"] = True
            elif "file" in before and random.random() < 0.5:
                made: Document = {key: before[key] for key in ("kind", "sharing", "file") if key in before}
                offset = int(before["offset"][:-1]) + len(text) - text.index(_LETTERS[index - 1])
                self._vmas[letter] = {**made, "offset": f"{offset}p", "touch": random.random() < 0.5}
            else:
                self._explain(letter)
            pages = _kind(self._vmas.get(letter, {})).pages or pages
            text += letter * pages + "." * random.choice((0, 0, 0, 1, 2))
        return text + "." * random.choice((0, 0, 2))

    def _target(self, length: int) -> str:
        """Return a destination: free, or mapped in full or in part, by one mapping or by two."""
        random = self._random
        length += 2
        style = random.randrange(6)
        if style < 3:
            return "." * length
        self._explain("X", given=False)
        if style == 3:
            return "X" * length
        head = random.randrange(length)
        text = "." * head + "X" * random.randint(1, length - head)
        if style == 5:
            self._explain("Y", given=False)
            text += "." * random.randrange(2) + "Y" * random.randint(1, 3)
        return text + "." * random.randrange(2)

    def _explain(self, letter: str, given: bool = True) -> None:
        attributes = self._attributes()
        if attributes and (given or not _kind(attributes).pages):
            self._vmas[letter] = attributes

    def _attributes(self) -> Document:
        """Return what one letter is; {} is the default, private anonymous memory that was touched."""
        random, roll = self._random, self._random.random
        kind = self._generator.kind(random)
        made: Document = {} if kind == "anon" else {"kind": kind}
        sampling = KINDS[kind].sampling
        if KINDS[kind].offset and KINDS[kind].file:
            if roll() < 0.5:
                made["sharing"] = "private"
            if roll() < 0.6:
                made["file"] = kind[0]
                made["offset"] = f"{random.randrange(4)}p"
        elif len(KINDS[kind].sharing) > 1 and KINDS[kind].offset and roll() < 0.4:
            made |= {"sharing": "shared", "offset": f"{random.randrange(3)}p", "touch": False}
        if sampling.pages:
            return made
        if roll() < 0.3:
            made["prot"] = random.choice(_PROTS)
        if roll() < 0.35:
            made["touch"] = False
        if KINDS[kind].regular and roll() < 0.08:
            _open_readonly(made)
        if KINDS[kind].sealable and roll() < 0.08:
            _seal(made, random.choice(SEALS))
        if roll() < 0.08:
            made["lock"] = random.choice((True, True, "on-fault"))
        if roll() < 0.1:
            advice = random.choice(_ADVICE)
            if advice not in _POPULATE or not self._armed:
                made["advice"] = advice
        return made | self._features_of(kind, "lock" in made)

    def _features_of(self, kind: str, locked: bool) -> Document:
        """Return what not every kernel or user has of such a letter."""
        random, roll, features = self._random, self._random.random, self._features
        sampling = KINDS[kind].sampling
        made: Document = {}
        if "uffd" in features and "missing" in sampling.uffd and roll() < 0.1:
            made["uffd"] = random.choice(("missing", "missing", "missing", "missing+events"))
            self._armed = True
        elif "uffd" in features and "minor" in sampling.uffd and roll() < 0.03:
            made["uffd"] = random.choice(("minor", "minor", "minor+events"))
            self._armed = True
        elif "uffd" in features and "wp" in sampling.uffd and roll() < 0.02:
            made["uffd"] = random.choice(("wp", "wp+events"))
            self._armed = self._protects = True
        if "guard" in features and sampling.guards and not locked and roll() < 0.03:
            made["guard"] = [0]
        if "names" in features and sampling.names and roll() < 0.02:
            made["name"] = random.choice(("heap", "heap", "stack"))
        if KINDS[kind].takes_flags and roll() < 0.06:
            made[random.choice(("noreserve", "stack"))] = True
        if "pkeys" in features and roll() < _KEYED:
            made["pkey"] = random.choice((1, 1, 2))
        if "mseal" in features and roll() < _SEALED * self._generator.costly:
            made["seal"] = True
        return made

    def _operation(self, source: int, target: int, chosen: Document | None) -> Document:
        random = self._random
        choice: dict[str, Callable[[], Document]] = {
            "munmap": dict,
            "mprotect": self._mprotect,
            "madvise": lambda: {"advice": self._advice()},
            "mmap": self._mmap,
            "munlock": dict,
        }
        if not self._armed:  # a fault that nobody answers, or that waits for the reader of events
            choice["mlock"] = lambda: {"lock": "on-fault"} if random.random() < 0.3 else {}
            choice["read"] = dict
            choice["touch"] = lambda: {"letter": "Z"}
        elif "uffd" in self._features:
            choice["uffd-unregister"] = dict
            choice["uffd-register"] = lambda: {"mode": random.choice(("missing", "missing", "missing", "wp"))}
        if self._protects:
            choice["uffd-writeprotect"] = lambda: {} if random.random() < 0.8 else {"protect": False}
            choice["touch"] = lambda: {"letter": "Z"}
        if "special" in self._features:
            choice["clear-refs"] = dict
        if "names" in self._features:
            choice["name"] = lambda: {"name": random.choice(("heap", "stack"))}
        if "mseal" in self._features:
            choice["mseal"] = dict
        parts = {**_OPERATIONS, "mseal": _SEALING * self._generator.costly}
        files = [letter for letter, made in self._vmas.items() if _kind_of(made).regular]
        if files:
            choice["truncate"] = lambda: {"letter": random.choice(files), "size": f"{random.randrange(7)}p"}
        memfds = [letter for letter, made in self._vmas.items() if _kind_of(made).sealable]
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
            return random.choice(_RARE_ADVICE + (_GUARD_ADVICE if "guard" in self._features else ()))
        return random.choice(_ADVICE[: -len(_POPULATE)] if self._armed else _ADVICE)

    def _mprotect(self) -> Document:
        random = self._random
        item: Document = {"prot": random.choice(_PROTS)}
        if "pkeys" in self._features and random.random() < _KEYING:
            item["pkey"] = random.choice((0, 1, 1, 2))
        return item

    def _mmap(self) -> Document:
        made = {"letter": next(self._new_letters, "W"), **self._attributes()}
        if not _kind(made).pages and "touch" not in made and "readonly" not in made:
            made["touch"] = self._random.random() < 0.5
        return made

    def _process(self) -> Document:
        random = self._random
        style = random.randrange(5)
        if style == 4 and "fork" in self._features and self._affords_child():
            return {"seccomp": {"mremap": random.choice(("EPERM", "ENOSYS"))}}
        if style < 3 and "limits" in self._features:
            limit = random.choice(("as", "data", "memlock"))
            kept = {"keep": ["IPC_LOCK"]} if limit == "memlock" and random.random() < _KEEPING else {}
            return {"rlimits": {limit: f"+{random.randrange(4)}p"}, **kept}
        if style == 3 and "fork" in self._features and not self._armed and self._affords_child():
            return {"fork": True}
        return {}

    def _affords_child(self) -> bool:
        return self._random.random() < _FORKING * self._generator.costly


def _kind(made: Document) -> Sampling:
    """Return how generators use the kind of a mapping with these attributes."""
    return _kind_of(made).sampling


def _kind_of(made: Document) -> Kind:
    return KINDS[made.get("kind", "anon")]


def _seal(made: Document, seal: str) -> None:
    """Seal a memfd before it is mapped; it has a file of its own, which nobody else maps."""
    made["seals"] = [seal]
    made.pop("file", None)
    if seal in WRITE_SEALS and made.get("sharing") != "private":
        made["prot"] = made.get("prot", "r").replace("w", "")


def _open_readonly(made: Document) -> None:
    """Let a file be open for reading only; nobody writes to what is shared of it."""
    made["readonly"] = True
    if made.get("sharing") != "private":
        made["prot"] = made.get("prot", "r").replace("w", "")
        made.pop("touch", None)
