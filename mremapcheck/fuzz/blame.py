"""Which change makes a mismatch: toggle one at a time in the model until it goes away."""

from __future__ import annotations

from collections.abc import Iterator

from mremapcheck.errors import KernelReferenceError
from mremapcheck.executor import Executor
from mremapcheck.fuzz.finding import examine
from mremapcheck.fuzz.pair import Document, Opener, Pair, load


class Blame:
    """Finds causes for one pair of kernels; the toggled models are opened once and kept.

    With two models only the changes are tried that one has and the other lacks. With one, all that are known: a cause
    then says "the kernel behaves as if the model had (or had not) this change".
    """

    def __init__(self, pair: Pair, opener: Opener) -> None:
        self._pair = pair
        self._opener = opener
        self._models: dict[str, Executor | None] = {}

    def causes(self, document: Document, signature: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the changes each of which, toggled alone, takes this mismatch away; None where no side is a model."""
        toggles = list(self._toggles())
        if not toggles:
            return None
        scenario = load(document)
        if scenario is None:
            return None
        (a,) = self._pair.a.run([scenario])
        (b,) = self._pair.b.run([scenario])
        found = []
        for change, side, reference in toggles:
            model = self._model(reference)
            if model is None:
                continue
            (other,) = model.run([scenario])
            finding = examine(scenario, other, b) if side == "a" else examine(scenario, a, other)
            if finding.status == "same" or (finding.status == "different" and finding.signature != signature):
                found.append(change)
        return tuple(dict.fromkeys(found))

    def _toggles(self) -> Iterator[tuple[str, str, str]]:
        """Yield (change, side, reference of the toggled model)."""
        a, b = self._pair.a.kernel, self._pair.b.kernel
        sides = [(side, kernel) for side, kernel in (("a", a), ("b", b)) if kernel.executor == "model"]
        if not sides:
            return
        side, kernel = sides[0]
        has = set(kernel.changes or ())
        if len(sides) == 2:
            wanted = [change for change in _known() if (change in has) != (change in (b.changes or ()))]
        else:
            wanted = _known()
        for change in wanted:
            yield change, side, f"{kernel.reference}{'-' if change in has else '+'}{change}"

    def _model(self, reference: str) -> Executor | None:
        if reference not in self._models:
            try:
                self._models[reference] = self._opener(reference)
            except KernelReferenceError:  # a change that others build on cannot be taken away alone
                self._models[reference] = None
        return self._models[reference]


def _known() -> list[str]:
    from mremapcheck.model.registry import CHANGES

    return [change.id for change in CHANGES]
