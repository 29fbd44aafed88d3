"""What scenarios cite, as links: commits, messages of the kernel's mailing lists, pages."""

from __future__ import annotations

import re
from functools import cache

from mremapcheck.executors.model.registry import CHANGES

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_MESSAGE = re.compile(r"<?([^<>\s@]+@[^<>\s@]+)>?")

COMMITS = "https://git.kernel.org/torvalds/c/"
MESSAGES = "https://lore.kernel.org/r/"

#: Subjects of commits that scenarios cite and that no change of the model stands for.
_OTHERS = {
    "2c91bd4a4e2e": "mm: speed up mremap by 20x on large regions",
    "2b12d06c37fd": "mm: fix uprobe pte be overwritten when expanding vma",
    "3b617fd3d317": "mm/vma: enforce VMA fork limit on unfaulted,faulted mremap merge too",
    "3cfd22be0ad6": "userfaultfd: clear flag if remap event not enabled",
    "63c17fb8e5a4": "mm/core, x86/mm/pkeys: Store protection bits in high VMA flags",
    "72f87654c696": "userfaultfd: non-cooperative: add mremap() event",
    "897ab3e0c49e": "userfaultfd: non-cooperative: add event for memory unmaps",
    "af8ca1c14906": "mm/mremap: optimize the start addresses in move_page_tables()",
    "c7ba92bcfea3": "testing/selftests/mm: add soft-dirty merge self-test",
    "dba58d3b8c50": "mm/mremap: fail map duplication attempts for private mappings",
    "ea2c3f6f5545": "mm,mremap: bail out earlier in mremap_to under map pressure",
}


@cache
def _subjects() -> dict[str, str]:
    return {**_OTHERS, **{change.commit[:12]: change.subject for change in CHANGES if change.commit}}


def titled(cite: str) -> str:
    """Return a commit as the kernel's own messages cite it, ``1234abcd ("subject")``, and anything else as a link."""
    if _COMMIT.fullmatch(cite):
        subject = _subjects().get(cite[:12])
        return f'{cite[:12]} ("{subject}")' if subject else cite
    return link(cite)[1] or cite


def link(cite: str) -> tuple[str, str]:
    """Return the text to show and where it leads; nowhere (the empty text) for what is no link."""
    if _COMMIT.fullmatch(cite):
        return cite[:12], COMMITS + cite
    if cite.startswith(("https://", "http://")):
        return cite.split("://", 1)[1].removeprefix("www."), cite
    if message := _MESSAGE.fullmatch(cite):
        return message[1], MESSAGES + message[1]
    return cite, ""
