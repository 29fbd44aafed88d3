"""Who is asked whether a drawing does what a log says: the models of the kernels that the log may be from."""

from __future__ import annotations

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.kernels.version import KernelVersion

#: One release of each era, the most likely first.
_ERAS = ("6.18", "6.12", "6.17", "6.1", "7.3", "5.10", "5.4")


def models(version: KernelVersion | None) -> list[ModelExecutor]:
    """Return the model of the kernel that the log is from, or those of all eras where nobody knows it."""
    return [ModelExecutor(resolve(reference)) for reference in ((str(version),) if version else _ERAS)]
