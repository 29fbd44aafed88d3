"""Does the model do what a real kernel did? For releases that nobody has recorded: up to backports that are known.

Which stable update a distribution has today is nobody's doing here. Up to the newest recorded one of its series a
release is held to its version, strictly. A newer one may have been given known changes, which ``identify`` has to find;
a difference that none of them explains, or a change that it has lost, is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mremapcheck.compare.identify import identify
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.protocol import Kernel
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario

RECORDED = Path(__file__).parent.parent / "data" / "recorded"


@dataclass(frozen=True)
class Agreement:
    """``differences``: what does not agree, in words. ``backports``: changes that explain what its version does not."""

    differences: tuple[str, ...]
    backports: tuple[str, ...] = ()


def recorded_versions() -> list[KernelVersion]:
    """Return the versions of the kernels whose outcomes are test data."""
    names = [path.name.removesuffix(".json.xz").partition("@")[0] for path in RECORDED.glob("*.json.xz")]
    return [KernelVersion.parse(name) for name in names]


def is_newer(version: KernelVersion, recorded: Iterable[KernelVersion]) -> bool:
    """Tell whether nobody has recorded this stable update of its series or a later one."""
    return all(version > each for each in recorded if each.series == version.series)


def differences(model: ModelKernel, scenarios: Sequence[Scenario], executions: Iterable[Execution]) -> list[str]:
    """Return in words what a real kernel did otherwise than the model; a skip says nothing of it."""
    wrong = []
    with ModelExecutor(model) as executor:
        for scenario, real, expected in zip(scenarios, executions, executor.run(scenarios), strict=True):
            if real.status != "skip" and (
                real.outcome is None or replace(real.outcome, kernel_log=()) != expected.outcome
            ):
                wrong.append(f"{scenario.name}: {real}\n  model: {expected}")
    return wrong


def agreement(
    kernel: Kernel, scenarios: Sequence[Scenario], executions: Sequence[Execution], recorded: Iterable[KernelVersion]
) -> Agreement:
    """Hold what a real kernel did against the model of its version."""
    wrong = differences(resolve(f"{kernel.version}@{kernel.platform.name}"), scenarios, executions)
    errors = any(real.status == "error" for real in executions)
    if not wrong or errors or not is_newer(kernel.version, recorded):
        return Agreement(tuple(wrong))
    identity = identify(_Repeated(kernel, executions), scenarios)
    lost = [f"{kernel.release} has lost {change}" for change in identity.lost]
    unexplained = [text for text in wrong if text.partition(":")[0] in identity.unexplained]
    return Agreement((*lost, *unexplained), identity.gained)


class _Repeated:
    """An executor that says again what it was told."""

    def __init__(self, kernel: Kernel, executions: Sequence[Execution]) -> None:
        self.kernel = kernel
        self._executions = executions

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        return iter(self._executions)

    def __enter__(self) -> _Repeated:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing was started."""
