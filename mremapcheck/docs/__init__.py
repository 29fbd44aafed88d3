"""The manual: one Markdown page for each topic, beside this file. Reference parts are made from what parses.

A new topic is a new ``TOPIC.md``, whose first line is ``# Title: what it answers``. A line ``<!-- NAME -->`` on it
stands for a part of ``reference``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from mremapcheck.docs.reference import PARTS

_PART = re.compile(r"^<!-- ([a-z-]+) -->$", re.MULTILINE)
#: Where a reader begins; the others follow in alphabetical order.
_FIRST = ("scenario", "kernels", "verdicts", "classes", "bisect", "ci")


@lru_cache(maxsize=1)
def topics() -> dict[str, str]:
    """Return what each page answers, by topic."""
    names = sorted(path.name[:-3] for path in files(__package__).iterdir() if path.name.endswith(".md"))
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return {name: _source(name).partition("\n")[0].removeprefix("# ").partition(": ")[2] for name in names}


def page(topic: str) -> str:
    """Return a page as Markdown, with its reference parts. Raises KeyError where there is no such topic."""
    if topic not in topics():
        raise KeyError(topic)
    return _PART.sub(lambda found: PARTS[found[1]]().rstrip("\n"), _source(topic))


def _source(topic: str) -> str:
    return files(__package__).joinpath(f"{topic}.md").read_text(encoding="utf-8")
