"""Kernel references of the model: ``6.16``, ``v6.17-rc2``, ``6.16+multi-vma-move``, ``6.17-early-failure``."""

from __future__ import annotations

import re
from difflib import get_close_matches

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.base.text.terminal import quote
from mremapcheck.executors.model.change import Change
from mremapcheck.executors.model.kernel import ModelKernel
from mremapcheck.executors.model.registry import (
    CHANGES,
    NEWEST,
    OLDEST,
    changes_of,
    find,
    ordered,
    with_dependent,
    with_needed,
)
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.versions.reference import split
from mremapcheck.linux.versions.releases import LAST_MINOR
from mremapcheck.linux.versions.version import KernelVersion

_SIGN = re.compile(r"[+-]")
_COMMIT = re.compile(r"[0-9a-f]{12,40}")


def resolve(text: str) -> ModelKernel:
    """Read a reference: a release, and changes that are added (``+``) to it or taken away (``-``).

    A bare ``6.17`` is the release 6.17 itself, without stable updates. A change goes by its id or its commit (at least
    7 digits; all changes that the commit made); what it builds on comes along, and what builds on it goes with it. A
    part that names no change belongs to the release's name (``6.17.13+deb13-cloud-amd64``). What follows an ``@`` is
    the platform. Raises KernelReferenceError, also for releases that the model does not know.
    """
    release, platform = split(text.strip())
    name, toggles = _split(release)
    _refuse_misspelt(name, text)
    version = KernelVersion.parse(name)
    if version < OLDEST:
        raise KernelReferenceError(
            f"{quote(text, 120)}: the model begins with {OLDEST}",
            f"the oldest kernel that can be asked for is {OLDEST}",
        )
    last = LAST_MINOR.get(version.major)
    if last is not None and version.minor > last:
        raise KernelReferenceError(
            f"{quote(text, 120)}: there is no Linux {version.major}.{version.minor}",
            f"{version.major}.{last} was followed by {version.major + 1}.0",
        )
    if version.series > NEWEST.series:
        raise KernelReferenceError(
            f"{quote(text, 120)}: the model ends with {NEWEST}",
            f"the newest kernel that can be asked for is {NEWEST}; changes can be added to it with {NEWEST}+CHANGE",
        )
    ids = {change.id for change in changes_of(version)}
    for sign, changes in toggles:
        if sign == "+":
            ids |= with_needed(changes)
        else:
            ids -= with_dependent(changes)
    kept = ordered(change for change in CHANGES if change.id in ids)
    return ModelKernel(text.strip(), version, kept, platform or USUAL)


def _split(text: str) -> tuple[str, list[tuple[str, tuple[Change, ...]]]]:
    """Split a reference into the release's name and the toggles; the longest name of a change wins."""
    toggles: list[tuple[str, tuple[Change, ...]]] = []
    name = ""
    position = 0
    signs = [found.start() for found in _SIGN.finditer(text)] + [len(text)]
    while position < len(text):
        if text[position] in "+-":
            for end in reversed([sign for sign in signs if sign > position]):
                changes = find(text[position + 1 : end])
                if changes:
                    toggles.append((text[position], changes))
                    position = end
                    break
            else:
                name += text[position]
                position += 1
            continue
        name += text[position]
        position += 1
    return name, toggles


def _refuse_misspelt(name: str, text: str) -> None:
    """Raise where a part of the release's name was probably meant as a change."""
    _, _, rest = re.sub(r"[+]", "-", name, count=1).partition("-")
    for part in (rest, *re.split(r"[+]", rest)):
        word = re.sub(r"^rc[0-9]+[+-]?", "", part)
        close = get_close_matches(word, [change.id for change in CHANGES], n=1, cutoff=0.75) if len(word) > 4 else []
        if close:
            raise KernelReferenceError(
                f"{quote(text, 120)}: no change is called {quote(word)}", f"did you mean `{close[0]}`?"
            )
        if _COMMIT.fullmatch(word):
            raise KernelReferenceError(
                f"{quote(text, 120)}: no change was made by commit {word}",
                "`mremapcheck changes` lists all that are known",
            )
