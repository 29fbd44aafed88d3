"""Who may merge with whom (is_mergeable_vma, is_mergeable_anon_vma), as of 5.4.

A rule returns what stands in the way, or None. ``vma`` is the neighbour of the new range, the lower one where
``before``.
"""

from __future__ import annotations

from mremapcheck.base.units import PAGE_SHIFT
from mremapcheck.executors.model.vma import Vma


def same_flags(new: Vma, vma: Vma, before: bool) -> str | None:
    """Protection, lock, advice, seal, userfaultfd mode and accounting must be the same."""
    return "their flags differ" if new.flags != vma.flags else None


def same_file(new: Vma, vma: Vma, before: bool) -> str | None:
    """Both must map the same open file, or none; each shared anonymous mmap has a file of its own."""
    return "they map different files" if new.file is not vma.file else None


def no_close(new: Vma, vma: Vma, before: bool) -> str | None:
    """The neighbour's vm_ops must not have a close hook, as SysV shared memory's have."""
    return "its driver counts its mappings (vm_ops->close)" if vma.backing.has_close else None


def same_userfaultfd(new: Vma, vma: Vma, before: bool) -> str | None:
    """Both must be registered with the same userfaultfd, or with none."""
    return "their userfaultfd differs" if new.uffd is not vma.uffd else None


def anon_vmas_fit(new: Vma, vma: Vma, before: bool) -> str | None:
    """A neighbour that was never faulted does not take in a faulted range; a faulted one that no fork passed on
    takes in an unfaulted range; two faulted ones must have faulted together.
    """
    if new.anon_vma is vma.anon_vma:
        return None
    if new.anon_vma is None and vma.anon_vma is not None and not vma.anon_vma.forked:
        return None
    return "their anon_vma differs"


def contiguous(new: Vma, vma: Vma, before: bool) -> str | None:
    """The page offsets must go on where the other's end."""
    if before:
        fits = vma.pgoff + ((vma.end - vma.start) >> PAGE_SHIFT) == new.pgoff
    else:
        fits = new.pgoff + ((new.end - new.start) >> PAGE_SHIFT) == vma.pgoff
    return None if fits else "their page offsets do not go on"
