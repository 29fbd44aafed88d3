"""An entry of the history: one commit (or series) that altered what user space sees."""

from __future__ import annotations

from typing import Any

from mremapcheck.base.dataclass import dataclass
from mremapcheck.executors.model.pipeline import Edit
from mremapcheck.linux.versions.version import KernelVersion


@dataclass(frozen=True, slots=True)
class Change:
    """One change and the edits that make it.

    ``release`` is the first mainline release or candidate that has it, ``stable`` the first update of each stable
    series that took it. With ``stable_only`` mainline never had it, because a stable series did it in its own way, and
    ``release`` is that series' first update that has it. ``summary`` says what user space sees, ``noticed_by`` who
    does. ``needs`` are ids of changes it builds on: adding it brings them along, taking one of them away takes it
    along. ``provides`` are features of the kernel that a scenario may need. ``evidence`` tells where commit and dates
    are known from (see ``evidence``).
    """

    id: str
    commit: str
    subject: str
    release: KernelVersion
    summary: str
    noticed_by: str
    edits: tuple[Edit, ...] = ()
    stable: tuple[KernelVersion, ...] = ()
    needs: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    stable_only: bool = False
    evidence: str = ""

    def is_in(self, version: KernelVersion) -> bool:
        """Tell whether a kernel of this version has the change, from mainline or as a stable backport."""
        if version >= self.release and not self.stable_only:
            return True
        return any(version.series == update.series and version >= update for update in self.stable)

    def to_json(self) -> dict[str, Any]:
        """Return the entry without its edits and its evidence, for ``mremapcheck changes``."""
        return {
            "id": self.id,
            "commit": self.commit,
            "subject": self.subject,
            "release": str(self.release),
            "stable": [str(update) for update in self.stable],
            "summary": self.summary,
            "noticed_by": self.noticed_by,
            "needs": list(self.needs),
        }


def release(text: str) -> KernelVersion:
    """Read a release of the history."""
    return KernelVersion.parse(text)


def updates(*texts: str) -> tuple[KernelVersion, ...]:
    """Read stable updates of the history."""
    return tuple(KernelVersion.parse(text) for text in texts)
