"""What the catalogue says of a scenario, whatever it looks like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from mremapcheck.compare.cause import Causes
from mremapcheck.compare.differences import differences
from mremapcheck.compare.explain import model_causes
from mremapcheck.compare.matrix import Row, default_kernels, rows
from mremapcheck.convert.catalogue.distinctions import details
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.reference import resolve
from mremapcheck.outcome.outcome import Outcome
from mremapcheck.scenario.document import Scenario


@dataclass(frozen=True, slots=True)
class CatalogueEra:
    """An era: kernels that do the same. ``verdict`` is that of the last move, ``skip`` where it cannot be made.

    ``share`` counts the releases and candidates; ``causes`` are ids of the changes that began it.
    """

    kernels: str
    label: str
    verdict: str
    outcome: Outcome | None
    reason: str
    share: int
    causes: tuple[str, ...] = ()
    #: The class of the worst difference from the era before.
    class_name: str | None = None
    #: What tells it from its neighbours and no drawing shows.
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A scenario and its eras, oldest first; ``theme`` is the folder that it lies in."""

    scenario: Scenario
    theme: str
    chapters: tuple[CatalogueEra, ...]

    @property
    def turns(self) -> bool:
        """Tell whether kernels that can make the moves at all differ."""
        return sum(chapter.outcome is not None for chapter in self.chapters) > 1


def entries(scenarios: Sequence[Scenario]) -> Iterator[Entry]:
    """Run the scenarios on every release that the model knows and tell what each era does."""
    spans = list(_spans(default_kernels()))
    models = [ModelExecutor(span.kernel) for span in spans]
    causes = model_causes()
    for row in rows(models, scenarios):
        yield Entry(row.scenario, theme(row.scenario), tuple(_chapters(row, spans, causes)))


@dataclass(frozen=True, slots=True)
class _Releases:
    """Neighbouring releases that have the same changes: only the first is asked."""

    kernel: ModelKernel
    names: tuple[str, ...]


def _spans(references: Iterable[str]) -> Iterator[_Releases]:
    for _, group in groupby(map(resolve, references), key=lambda kernel: kernel.ids):
        kernels = list(group)
        yield _Releases(kernels[0], tuple(kernel.reference for kernel in kernels))


def theme(scenario: Scenario) -> str:
    """Return the name of the folder that a scenario lies in, ``scenarios`` where it has none."""
    return Path(scenario.path).parent.name or "scenarios"


def by_theme(found: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Group entries, themes in the order in which they come."""
    themes: dict[str, list[Entry]] = {}
    for entry in found:
        themes.setdefault(entry.theme, []).append(entry)
    return themes


def _chapters(row: Row, spans: Sequence[_Releases], causes: Causes) -> Iterator[CatalogueEra]:
    outcomes = [row.cells[era.first].execution.outcome for era in row.eras]
    told = details(outcomes, [era.class_name for era in row.eras])
    for era, lines in zip(row.eras, told, strict=True):
        execution = row.cells[era.first].execution
        outcome = execution.outcome
        names = [name for span in spans[era.first : era.last + 1] for name in span.names]
        yield CatalogueEra(
            kernels=_words(names, era.first == 0, era.last == len(spans) - 1),
            label=outcome.label if outcome else execution.status,
            verdict=outcome.moves[-1].verdict if outcome else execution.status,
            outcome=outcome,
            reason=execution.reason or "",
            share=len(names),
            causes=_causes(row, spans, era.first, causes) if era.first else (),
            class_name=era.class_name,
            details=lines,
        )


def _causes(row: Row, spans: Sequence[_Releases], first: int, causes: Causes) -> tuple[str, ...]:
    old, new = frozenset(spans[first - 1].kernel.ids), frozenset(spans[first].kernel.ids)
    a, b = row.cells[first - 1].execution.outcome, row.cells[first].execution.outcome
    if a is None or b is None:
        return tuple(causes.ordered(new - old)) if len(new - old) == 1 else ()
    where = differences(row.scenario, a, b)[0].where
    return causes.find(row.scenario, old, new, [where]).get(where) or ()


def _words(names: Sequence[str], begins: bool, ends: bool) -> str:
    """Say a span of kernels in words: ``up to 6.16``, ``since 6.17-rc3``, ``every kernel``."""
    if begins:
        return "every kernel" if ends else f"up to {names[-1]}"
    if ends:
        return f"since {names[0]}"
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
