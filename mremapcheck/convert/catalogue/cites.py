"""What scenarios cite, as links: commits, messages of the kernel's mailing lists, pages."""

from __future__ import annotations

import re

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_MESSAGE = re.compile(r"<?([^<>\s@]+@[^<>\s@]+)>?")

COMMITS = "https://git.kernel.org/torvalds/c/"
MESSAGES = "https://lore.kernel.org/r/"


def link(cite: str) -> tuple[str, str]:
    """Return the text to show and where it leads; nowhere (the empty text) for what is no link."""
    if _COMMIT.fullmatch(cite):
        return cite[:12], COMMITS + cite
    if cite.startswith(("https://", "http://")):
        return cite.split("://", 1)[1].removeprefix("www."), cite
    if message := _MESSAGE.fullmatch(cite):
        return message[1], MESSAGES + message[1]
    return cite, ""
