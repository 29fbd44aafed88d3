"""Ranges of kernel versions, as ``expect`` writes them: ``>=6.17-rc1, <6.17-rc3``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias, cast

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.base.text.terminal import quote
from mremapcheck.linux.versions.version import KernelVersion

Comparison: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]

_COMPARE: dict[Comparison, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_BOUND = re.compile(r"(<=|>=|==|!=|<|>|)\s*([^\s<>=!]+)")
_SERIES = re.compile(r"v?[0-9]+\.[0-9]+")
#: Later than any that is ever made: candidates end with rc8 or so, stable updates below 400.
_LAST_CANDIDATE, _LAST_STABLE, _LAST_MINOR = 99, 999, 99
_RELEASE = re.compile(r"v?[0-9.]+([-~.]?rc[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison. ``series``: the version was written as ``6.17`` and stands for 6.17 and its stable updates."""

    comparison: Comparison
    version: KernelVersion
    series: bool

    def __contains__(self, version: KernelVersion) -> bool:
        order = (version > self.version) - (version < self.version)
        if self.series and order > 0 and version.series == self.version.series:
            order = 0
        return _COMPARE[self.comparison](order, 0)

    def __str__(self) -> str:
        version = self.version
        exact = not self.series and version.stable == 0 and version.rc is None
        return f"{self.comparison}{version}" + (".0" if exact else "")


@dataclass(frozen=True, slots=True)
class KernelRange:
    """The kernels that every bound admits; without bounds, all of them.

    A bare ``6.17``, and ``==6.17``, is that release and its stable updates, not its release candidates. Comparisons
    take the stable updates along in the same way: ``<=6.16`` includes 6.16.12 and ``>6.16`` does not, as ``<6.17-rc1``
    and ``>=6.17-rc1`` would say. Candidates come before their release: ``>=6.17`` does not include 6.17-rc7, ``<6.17``
    does. ``6.17.0`` is that one release alone.
    """

    bounds: tuple[Bound, ...] = ()

    @classmethod
    def parse(cls, text: str) -> KernelRange:
        """Read bounds separated by commas; ``*`` and the empty text are every kernel. Raises KernelReferenceError."""
        if text.strip() in ("", "*"):
            return cls()
        return cls(tuple(_bound(part.strip(), text) for part in text.split(",")))

    def __contains__(self, version: KernelVersion) -> bool:
        return all(version in bound for bound in self.bounds)

    def __iter__(self) -> Iterator[Bound]:
        return iter(self.bounds)

    def __str__(self) -> str:
        return ", ".join(map(str, self.bounds)) or "*"


def _bound(part: str, text: str) -> Bound:
    found = _BOUND.fullmatch(part)
    if found is None:
        raise KernelReferenceError(
            f"{quote(text)} is not a range of kernels",
            "ranges look like `>=6.17-rc1, <6.17-rc3`, with <, <=, >, >=, == or !=; `*` is every kernel",
        )
    version = KernelVersion.parse(found[2])
    if _RELEASE.fullmatch(found[2]) is None:
        raise KernelReferenceError(
            f"{quote(found[2])} names a build, not a release", f"builds do not order: `{version}`"
        )
    return Bound(cast(Comparison, found[1] or "=="), version, bool(_SERIES.fullmatch(found[2])))


def landmarks(ranges: Iterable[KernelRange]) -> list[KernelVersion]:
    """Return versions, in order, that stand for all others: each bound, and the releases just before and behind it.

    What holds for them holds for every version: between two of them no range changes its mind.
    """
    found: set[KernelVersion] = set()
    for bound in (bound for kernels in ranges for bound in kernels.bounds):
        major, minor = bound.version.series
        stable, rc = bound.version.stable, bound.version.rc
        found |= {bound.version, KernelVersion(major, minor, stable + 1), KernelVersion(major, minor + 1, rc=1)}
        if rc is not None:
            found |= {KernelVersion(major, minor, stable, rc + 1), KernelVersion(major, minor, stable)}
        if rc is not None and rc > 1:
            found.add(KernelVersion(major, minor, stable, rc - 1))
        elif stable:
            found.add(KernelVersion(major, minor, stable - 1))
        elif rc is None:
            found.add(KernelVersion(major, minor, rc=_LAST_CANDIDATE))
        elif minor:
            found.add(KernelVersion(major, minor - 1, _LAST_STABLE))
        else:
            found.add(KernelVersion(major - 1, _LAST_MINOR, _LAST_STABLE))
    return sorted(found)
