"""What madvise answers where kernels differ, as far as set-up steps of scenarios see it."""

from __future__ import annotations

from mremapcheck.executors.model.change import Change, release
from mremapcheck.executors.model.pipeline import Replace
from mremapcheck.executors.model.vma import Vma
from mremapcheck.linux.vm_flags import SEALED, SHARED, WRITE


def _is_sealed_unwritable(vma: Vma) -> bool:
    """Tell whether a mapping is one of those that mseal is to keep the contents of, if they are anonymous."""
    return bool(vma.flags & SEALED) and not vma.flags & (SHARED | WRITE)


def not_sealed_without_file(vma: Vma) -> bool:
    """Sealed memory without a file that is not writable keeps its contents (8be7258aad44, 6.10)."""
    return not _is_sealed_unwritable(vma) or vma.file is not None


def not_sealed_anonymous(vma: Vma) -> bool:
    """Private /dev/zero is anonymous memory, too, and keeps its contents when sealed and not writable (6.17)."""
    return not _is_sealed_unwritable(vma) or not vma.backing.anonymous


CHANGES = (
    Change(
        id="populate-stops-at-gaps",
        commit="fa9fcd8bb6e4",
        subject="mm/madvise: don't perform madvise VMA walk for MADV_POPULATE_(READ|WRITE)",
        release=release("6.10-rc1"),
        summary="MADV_POPULATE_READ and _WRITE fail at the first gap (ENOMEM); before, they went on behind it",
        noticed_by="set-up of scenarios only",
        provides=("populate-stops-at-gaps",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: among the memory management commits of the merge window of 6.10
        """,
    ),
    Change(
        id="seals-dev-zero",
        commit="d0b47a6866f1",
        subject="mm/mseal: update madvise() logic",
        release=release("6.17-rc1"),
        summary="a sealed read-only private mapping of /dev/zero keeps its contents, whatever the advice",
        noticed_by="set-up of scenarios only",
        edits=(Replace("discardable", "not_sealed_without_file", not_sealed_anonymous),),
        needs=("mseal",),
        evidence="""
            commit listed: with its subject, in logs of pushes to public trees
            release listed: with the series on mseal, in the merge window of 6.17
        """,
    ),
)
