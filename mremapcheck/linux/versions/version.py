"""Kernel versions in the kernel's own order, read from tags, uname releases and distribution names."""

from __future__ import annotations

import re
from dataclasses import field
from functools import total_ordering

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.base.text.terminal import quote

_NUMBERS = re.compile(
    r"""v? ([0-9]{1,4}) \. ([0-9]{1,4})
        (?: \. ([0-9]{1,4}) (?= [^0-9A-Za-z] | rc[0-9] | $ ) | (?= [^0-9A-Za-z.] | rc[0-9] | $ ))
        (?= [^\s,]* $ )""",
    re.VERBOSE,
)
#: ``-rc3`` (tags, uname), ``~rc3`` (Debian packages), ``-0.rc3.`` (Fedora), ``-061700rc3`` (Ubuntu's mainline builds).
_CANDIDATE = re.compile(r"[-~.]?(?:0\.|[0-9]{6})?rc([0-9]{1,3})")
#: What Debian and its kin put into ``uname -v``, where ``uname -r`` ends in ``.0`` or (7.3~rc7) leaves a candidate out.
_PACKAGED = re.compile(r"\b(?:Debian|Ubuntu) ([0-9]+\.[0-9]+(?:\.[0-9]+|~rc[0-9]+))")
_HINT = "versions look like 6.17-rc2, 6.17, 6.17.13, or what `uname -r` prints"


@total_ordering
@dataclass(frozen=True, slots=True)
class KernelVersion:
    """One release, release candidate or stable update; ``raw`` is the text it was read from.

    Ordered as releases are made: 6.16.12 < 6.17-rc1 < 6.17-rc2 < 6.17 < 6.17.1-rc1 < 6.17.1. Two texts that name the
    same release (``6.17``, ``v6.17``, ``6.17.0-8-generic``) are equal. ``rc`` is None for a release.
    """

    major: int
    minor: int
    stable: int = 0
    rc: int | None = None
    raw: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> KernelVersion:
        """Read a tag (``v6.17-rc3``) or a release as uname and distributions print it (``6.17.0-rc3+``).

        What follows the numbers and ``rc`` is the name of a build and does not order: ``6.17.0-rc3-00012-gabcdef`` is
        6.17-rc3. Raises KernelReferenceError, also for linux-next snapshots, which belong to no release.
        """
        text = text.strip()
        found = _NUMBERS.match(text)
        if found is None:
            raise _unreadable(text)
        major, minor, stable = (int(number or 0) for number in found.groups())
        candidate = _CANDIDATE.match(text, found.end())
        return cls(major, minor, stable, int(candidate[1]) if candidate else None, text)

    @classmethod
    def of_build(cls, release: str, build: str) -> KernelVersion:
        """Read ``uname -r`` and ``uname -v`` (or the whole banner) of a kernel; raises KernelReferenceError.

        Debian's stable kernels call themselves 6.1.0-50-amd64 whatever their stable update is, its release candidates
        7.3-amd64; the build's text tells.
        """
        version = cls.parse(release)
        packaged = _PACKAGED.search(build)
        if version.stable == 0 and version.rc is None and packaged:
            exact = cls.parse(packaged[1])
            if exact.series == version.series:
                return cls(exact.major, exact.minor, exact.stable, exact.rc, release)
        return version

    @property
    def series(self) -> tuple[int, int]:
        """The release that this one is a candidate or a stable update of: (6, 17) for 6.17-rc1 and 6.17.13."""
        return self.major, self.minor

    @property
    def names_build(self) -> bool:
        """Tell whether the text says more than a version: ``6.17.13-mine``."""
        return not re.fullmatch(r"v?[0-9]+(\.[0-9]+){1,2}([-~]rc[0-9]+)?", self.raw)

    def means(self, version: KernelVersion) -> bool:
        """Tell whether somebody who wrote this one is served by ``version``.

        Two numbers alone (``6.17``) mean every release of their series, but no candidate of one.
        """
        if re.fullmatch(r"v?[0-9]+\.[0-9]+", self.raw):
            return version.series == self.series and version.rc is None
        return version == self

    def __str__(self) -> str:
        text = f"{self.major}.{self.minor}"
        if self.stable:
            text += f".{self.stable}"
        return text if self.rc is None else f"{text}-rc{self.rc}"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, KernelVersion):
            return NotImplemented
        return self._key < other._key

    @property
    def _key(self) -> tuple[int, int, int, bool, int]:
        return self.major, self.minor, self.stable, self.rc is None, self.rc or 0


def _unreadable(text: str) -> KernelReferenceError:
    if text.startswith("next-"):
        return KernelReferenceError(
            f"{quote(text)} is a linux-next snapshot, which has no place in the order of releases",
            "name the release it was built on, such as 6.17-rc1, and add changes to it: 6.17-rc1+CHANGE",
        )
    if "," in text:
        return KernelReferenceError(
            f"{quote(text)} is not a kernel version", "several kernels stand without commas: `--kernel 6.16 6.17`"
        )
    if re.fullmatch(r"v?[0-9]{1,4}", text):
        return KernelReferenceError(f"{quote(text)} is only half a kernel version", _HINT)
    return KernelReferenceError(f"{quote(text)} is not a kernel version", _HINT)
