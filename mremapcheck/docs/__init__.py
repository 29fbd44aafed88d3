"""The manual: one Markdown page for each topic, beside this file. Reference parts are made from what parses.

A new topic is a new ``TOPIC.md``, whose first line is ``# Title: what it answers``. ``<!-- NAME --><!-- end -->`` on it
stands for a part: those of ``reference``, and what the caller knows, for a level above this one the commands. Between
the two the files hold what the part was when they were written, for those who read them as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from mremapcheck.docs.reference import PARTS, Parts

_PART = re.compile(r"<!-- ([a-z-]+) -->.*?<!-- end -->", re.DOTALL)
#: Where a reader begins; the others follow in alphabetical order.
_FIRST = ("scenario", "kernels", "verdicts", "classes", "bisect", "ci")


@lru_cache(maxsize=1)
def topics() -> dict[str, str]:
    """Return what each page answers, by topic."""
    names = sorted(path.name[:-3] for path in files(__package__).iterdir() if path.name.endswith(".md"))
    names.sort(key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    return {name: _source(name).partition("\n")[0].removeprefix("# ").partition(": ")[2] for name in names}


def page(topic: str, parts: Parts) -> str:
    """Return a page as Markdown; ``parts`` are those besides the ones of ``reference``.

    Raises KeyError where there is no such topic, or a part that nobody gives.
    """
    if topic not in topics():
        raise KeyError(topic)
    known = {**PARTS, **parts}
    return _PART.sub(lambda found: known[found[1]](), _source(topic))


def filled(text: str, parts: Parts) -> str:
    """Return the text of a page's file with its parts as they are today. Raises KeyError for one that nobody gives."""
    known = {**PARTS, **parts}

    def fill(found: re.Match[str]) -> str:
        part = known[found[1]]()
        gap = "\n\n" if "\n" in part else ""
        return f"<!-- {found[1]} -->{gap}{part}{gap}<!-- end -->"

    return _PART.sub(fill, text)


def _source(topic: str) -> str:
    return files(__package__).joinpath(f"{topic}.md").read_text(encoding="utf-8")
