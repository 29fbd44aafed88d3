"""Who is asked whether a drawing does what a log says: the models of the kernels that the log may be from."""

from __future__ import annotations

import re

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.model.registry import NEWEST, OLDEST
from mremapcheck.linux.versions.version import KernelVersion

#: One release of each era, the most likely first.
_ERAS = ("6.18", "6.12", "6.17", "6.1", str(NEWEST), "5.10", str(OLDEST))
#: A release as it was published; whatever else a name has says that somebody built it, perhaps with backports.
_PUBLISHED = re.compile(r"v?[0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-rc[0-9]+)?")


def models(version: KernelVersion | None) -> list[ModelExecutor]:
    """Return the model of the kernel that the log is from, and those of all eras where that is not all there is to it.

    So it is where nobody knows the kernel, where it is a distribution's, and where there is no model of it.
    """
    eras = [ModelExecutor(resolve(reference)) for reference in _ERAS]
    if version is None:
        return eras
    try:
        own = ModelExecutor(resolve(str(version)))
    except KernelReferenceError:  # older or newer than the models
        return eras
    return [own] if _PUBLISHED.fullmatch(version.raw) else [own, *eras]
