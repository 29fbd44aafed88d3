"""Random scenarios: the same document for the same seed and number, whoever asks and in whatever order.

The draws are loaded towards what matters: calls that begin and end at edges of mappings, destinations that are mapped,
neighbours that could merge, moves that follow one another. But every flag, odd address and size, overlap, limit and
operation comes up.
"""

from __future__ import annotations

from random import Random

from mremapcheck.campaign.calls import Calls, Document, huge_scenario
from mremapcheck.campaign.mappings import Mappings, Sampler
from mremapcheck.campaign.operations import Operations
from mremapcheck.campaign.templates import TEMPLATES

#: What a kernel may lack: attributes, operations and conditions that are left out where it does.
FEATURES = frozenset({"mseal", "uffd", "guard", "fork", "limits", "names", "pkeys", "special"})

#: What takes a real kernel as long as ten or a hundred other scenarios, and so comes up that much less often: a child,
#: huge pages, and 65,000 mappings to fill the map count. How likely a scenario is to fork where it could, and to be
#: about huge pages.
_FORKING = 0.06
_HUGE = 0.003
#: How likely a process keeps CAP_IPC_LOCK against a limit, which takes root.
_KEEPING = 0.1
_NEEDS_CHILD = ("fork", "mseal", "mlockall")
#: So many scenarios in a row have hardly any map slots, as filling the map count pays for all of them, and that once in
#: so many.
_CROWDED = 8
_APART = 32_000
#: How many mappings the source has: what two kernels do differently mostly shows with few, and few are fast.
_MAPPINGS = (1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 6)


#: How much likelier the costly is where nobody but models is asked.
FOR_MODELS = 16.0


class Generator:
    """Draws documents; ``features`` (see FEATURES) limits them to what both kernels have.

    ``costly``: how much likelier than usual everything is that costs a real kernel much: 1, or ``FOR_MODELS``, which it
    costs nothing.
    """

    def __init__(self, seed: int, features: frozenset[str] = FEATURES, costly: float = 1) -> None:
        self.seed = seed
        self.sampler = Sampler(features, costly)
        self.templates = [template for template, needs in TEMPLATES.items() if needs <= features]

    def document(self, number: int) -> Document:
        """Return the scenario with this number."""
        document = _DocumentBuilder(self, Random(f"{self.seed}:{number}")).document(f"f{self.seed}-{number}")
        if self._is_crowded(number):
            document["process"] = {"map_headroom": Random(number).randrange(-1, 8)}
        return document

    def _is_crowded(self, number: int) -> bool:
        apart = int(_APART / self.sampler.costly)
        return "limits" in self.sampler.features and number % apart // _CROWDED == apart // 4 // _CROWDED


class _DocumentBuilder:
    """One document in the making."""

    def __init__(self, generator: Generator, random: Random) -> None:
        self._generator = generator
        self._features = generator.sampler.features
        self._random = random
        self._mappings = Mappings(generator.sampler, random)

    def document(self, name: str) -> Document:
        random = self._random
        if "special" in self._features and random.random() < _HUGE * self._generator.sampler.costly:
            return huge_scenario(random, name)
        source = self._mappings.source(random.choice(_MAPPINGS))
        target = self._mappings.target(len(source))
        moves = self._template(source) if random.random() < 0.2 else []
        if not moves:
            call, operations = Calls(random, source, target), Operations(self._mappings, random)
            for _ in range(random.choice((1, 1, 1, 1, 2, 3))):
                while random.random() < 0.2:
                    moves.append(operations.next(len(source), len(target), call.chosen_range()))
                moves.append(call.next())
        document: Document = {"name": name, "map": {"src": source, "dst": target}}
        if self._mappings.vmas:
            document["vmas"] = self._mappings.vmas
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
        moves = random.choice(self._generator.templates)(
            random, start, end - start, self._mappings.vmas.get(source[start], {})
        )
        if not self._affords_child():
            moves = [item for item in moves if item.get("op") not in _NEEDS_CHILD]
        if self._mappings.armed and any(item.get("op") == "touch" for item in moves):
            return []
        return moves

    def _process(self) -> Document:
        random = self._random
        style = random.randrange(5)
        if style == 4 and "fork" in self._features and self._affords_child():
            return {"seccomp": {"mremap": random.choice(("EPERM", "ENOSYS"))}}
        if style < 3 and "limits" in self._features:
            limit = random.choice(("as", "data", "memlock"))
            kept = {"keep": ["IPC_LOCK"]} if limit == "memlock" and random.random() < _KEEPING else {}
            return {"rlimits": {limit: f"+{random.randrange(4)}p"}, **kept}
        if style == 3 and "fork" in self._features and not self._mappings.armed and self._affords_child():
            return {"fork": True}
        return {}

    def _affords_child(self) -> bool:
        return self._random.random() < _FORKING * self._generator.sampler.costly
