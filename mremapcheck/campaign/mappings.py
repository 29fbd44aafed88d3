"""Random mappings: what lies at the source and at the destination of a scenario, and what its letters stand for."""

from __future__ import annotations

from itertools import accumulate
from random import Random

from mremapcheck.campaign.calls import Document
from mremapcheck.scenario.attributes import WRITE_SEALS
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.kinds.kind import Kind, Sampling
from mremapcheck.scenario.names import SEALS

#: How likely a letter is to be sealed, which takes a child: only the end of its process takes that back.
_SEALED = 0.0006
#: How likely a letter has a protection key: many machines have none and skip them.
_KEYED = 0.01
_LETTERS = "ABCDEF"
#: Of mappings made on the way.
_NEW_LETTERS = "UVW"
ADVICE = (
    *("dontfork", "dontdump", "nohugepage", "mergeable", "wipeonfork", "dontneed", "random", "sequential"),
    *("free", "pageout", "dontneed-locked", "populate-read", "populate-write"),
)
#: Advice that brings pages in, which never ends where userfaultfd is to be asked for them.
POPULATE = ("populate-read", "populate-write")
PROTS = ("rw", "rw", "rw", "r", "r", "none", "rwx", "rx")


class Sampler:
    """Draws kinds of mappings; ``features`` limit what is drawn to what both kernels have.

    ``costly``: how much likelier than usual everything is that costs a real kernel much.
    """

    def __init__(self, features: frozenset[str], costly: float) -> None:
        self.features = features
        self.costly = costly
        weights = {name: weight for name, kind in KINDS.items() if (weight := self._weight(kind.sampling))}
        self._kinds = list(weights)
        self._weights = list(accumulate(weights.values()))

    def kind(self, random: Random) -> str:
        """Return the kind of a mapping."""
        return random.choices(self._kinds, cum_weights=self._weights)[0]

    def _weight(self, sampling: Sampling) -> float:
        """Return how likely a kind is, in parts; 0 where it is left out."""
        if sampling.special and "special" not in self.features:
            return 0
        return sampling.weight * self.costly if sampling.costly else sampling.weight


class Mappings:
    """The mappings of one document; remembers what its letters mean.

    ``armed``: a userfaultfd is told of some of them; ``protects``: of writes to some.
    """

    def __init__(self, sampler: Sampler, random: Random) -> None:
        self.sampler = sampler
        self._random = random
        self.vmas: dict[str, Document] = {}
        self.armed = False
        self.protects = False
        self._new_letters = iter(_NEW_LETTERS)

    def source(self, mappings: int) -> str:
        """Return a drawing of so many mappings, some with a hole between them; a letter may come twice.

        A mapping likes to continue the file of the one before, as parts of one mapping that was split do.
        """
        random = self._random
        text = "." * random.choice((0, 0, 0, 0, 1))
        for index in range(mappings):
            letter = _LETTERS[index]
            before = self.vmas.get(_LETTERS[index - 1], {}) if index else {}
            pages = random.choice((1, 1, 2, 3))
            if index and random.random() < 0.06 and before.get("kind") != "sysv-shm":
                letter = _LETTERS[index - 1]
                if kind_of(before).regular and random.random() < 0.5:
                    before["continues"] = True
            elif "file" in before and random.random() < 0.5:
                made: Document = {key: before[key] for key in ("kind", "sharing", "file") if key in before}
                offset = int(before["offset"][:-1]) + len(text) - text.index(_LETTERS[index - 1])
                self.vmas[letter] = {**made, "offset": f"{offset}p", "touch": random.random() < 0.5}
            else:
                self._explain(letter)
            pages = sampling_of(self.vmas.get(letter, {})).pages or pages
            text += letter * pages + "." * random.choice((0, 0, 0, 1, 2))
        return text + "." * random.choice((0, 0, 2))

    def target(self, length: int) -> str:
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

    def new(self) -> Document:
        """Return what a mapping is that is made on the way."""
        made = {"letter": next(self._new_letters, "W"), **self._attributes()}
        if not sampling_of(made).pages and "touch" not in made and "readonly" not in made:
            made["touch"] = self._random.random() < 0.5
        return made

    def _explain(self, letter: str, given: bool = True) -> None:
        attributes = self._attributes()
        if attributes and (given or not sampling_of(attributes).pages):
            self.vmas[letter] = attributes

    def _attributes(self) -> Document:
        """Return what one letter is; {} is the default, private anonymous memory that was touched."""
        random, roll = self._random, self._random.random
        kind = self.sampler.kind(random)
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
            made["prot"] = random.choice(PROTS)
        if roll() < 0.35:
            made["touch"] = False
        if KINDS[kind].regular and roll() < 0.08:
            _open_readonly(made)
        if KINDS[kind].sealable and roll() < 0.08:
            _seal(made, random.choice(SEALS))
        if roll() < 0.08:
            made["lock"] = random.choice((True, True, "on-fault"))
        if roll() < 0.1:
            advice = random.choice(ADVICE)
            if advice not in POPULATE or not self.armed:
                made["advice"] = advice
        return made | self._features_of(kind, "lock" in made)

    def _features_of(self, kind: str, locked: bool) -> Document:
        """Return what not every kernel or user has of such a letter."""
        random, roll, features = self._random, self._random.random, self.sampler.features
        sampling = KINDS[kind].sampling
        made: Document = {}
        if "uffd" in features and "missing" in sampling.uffd and roll() < 0.1:
            made["uffd"] = random.choice(("missing", "missing", "missing", "missing+events"))
            self.armed = True
        elif "uffd" in features and "minor" in sampling.uffd and roll() < 0.03:
            made["uffd"] = random.choice(("minor", "minor", "minor+events"))
            self.armed = True
        elif "uffd" in features and "wp" in sampling.uffd and roll() < 0.02:
            made["uffd"] = random.choice(("wp", "wp+events"))
            self.armed = self.protects = True
        if "guard" in features and sampling.guards and not locked and roll() < 0.03:
            made["guard"] = [0]
        if "names" in features and sampling.names and roll() < 0.02:
            made["name"] = random.choice(("heap", "heap", "stack"))
        if KINDS[kind].takes_flags and roll() < 0.06:
            made[random.choice(("noreserve", "stack"))] = True
        if "pkeys" in features and roll() < _KEYED:
            made["pkey"] = random.choice((1, 1, 2))
        if "mseal" in features and roll() < _SEALED * self.sampler.costly:
            made["seal"] = True
        return made


def sampling_of(made: Document) -> Sampling:
    """Return how generators use the kind of a mapping with these attributes."""
    return kind_of(made).sampling


def kind_of(made: Document) -> Kind:
    """Return the kind of a mapping with these attributes."""
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
