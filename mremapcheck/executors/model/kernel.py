"""A kernel of the model: the base and a set of changes, compiled to the functions that are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.history.v5_4 import BASE, BASE_FEATURES
from mremapcheck.executors.model.pipeline import Step, copy, follow
from mremapcheck.executors.model.rules import Rules
from mremapcheck.executors.model.space import space_of
from mremapcheck.executors.model.trace import Trace
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.versions.version import KernelVersion

#: Pipelines of exactly one step, which is the rule itself.
_SINGLE = ("merge_mapping", "extend_down", "take_in", "register_offset")


@dataclass(frozen=True, slots=True)
class ModelKernel:
    """A kernel that the model can be: ``changes`` are in the registry's order, whatever the order of the toggles.

    ``version`` is the release that the reference starts from; ``expect`` ranges are held against it.
    """

    reference: str
    version: KernelVersion
    changes: tuple[Change, ...]
    platform: Platform = USUAL

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the changes, in the registry's order."""
        return tuple(change.id for change in self.changes)

    def steps(self) -> dict[str, list[Step]]:
        """Return every pipeline with the changes' edits made, as the history reads."""
        pipelines = copy(BASE)
        for change in self.changes:
            for edit in change.edits:
                edit.apply(pipelines, change.id)
        return pipelines

    def rules(self, trace: Trace | None = None) -> Rules:
        """Return the functions to run; with ``trace`` each tells it whose notes follow."""
        return _compiled(self) if trace is None else _compile(self, trace)


@lru_cache(maxsize=64)
def _compiled(kernel: ModelKernel) -> Rules:
    return _compile(kernel, None)


def _compile(kernel: ModelKernel, trace: Trace | None) -> Rules:
    rules = Rules()
    for name, steps in kernel.steps().items():
        functions: tuple[Callable[..., Any], ...]
        functions = tuple(step.function if trace is None else follow(step, trace) for step in steps)
        setattr(rules, name, functions[0] if name in _SINGLE else functions)
    late = kernel.platform.late.items()
    rules.features = features(kernel.changes) - {
        feature for feature, release in late if kernel.version < KernelVersion.parse(release)
    }
    rules.space = space_of(kernel.platform)
    return rules


def features(changes: Iterable[Change]) -> frozenset[str]:
    """Return what a kernel with these changes offers: system calls, advice and kinds of mapping."""
    return BASE_FEATURES.union(*(change.provides for change in changes))
