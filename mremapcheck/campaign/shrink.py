"""Make a scenario as small as it can be and still show what it shows.

Greedy: candidates from the boldest (drop a move, a letter) to the mildest (one page less, a rounder size) are tried in
order; the first that still shows it becomes the scenario, and all begins again until none does. Deterministic, so equal
causes end in equal smallest forms as often as can be.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

from mremapcheck.campaign.region import pages_of, with_pages

Document = dict[str, Any]

#: Sizes and addresses to try in the place of an odd one.
_RUN = re.compile(r"\{(\d+)\}")
_SIZE = re.compile(r"^(\d+)p$")
_PLACE = re.compile(r"^([a-z][a-z0-9_-]*?)(?:([+-]\d+)p)?$")


def shrink(document: Document, shows: Callable[[Document], bool], tries: int = 2000) -> Document:
    """Return the smallest form found, asking ``shows`` at most ``tries`` times; it must accept ``document`` itself."""
    current = document
    progress = True
    while progress and tries > 0:
        progress = False
        for candidate in candidates(current):
            tries -= 1
            if shows(candidate):
                current = candidate
                progress = True
                break
            if tries <= 0:
                break
    return current


def candidates(document: Document) -> Iterator[Document]:
    """Yield every scenario that is one step smaller, boldest first."""
    return (candidate for candidate in _steps(document) if candidate != document)


def _steps(document: Document) -> Iterator[Document]:
    yield from _without_process(document)
    yield from _without_items(document)
    yield from _without_letters(document)
    yield from _plainer_letters(document)
    yield from _shorter_drawings(document)
    yield from _plainer_items(document)


def _without_process(document: Document) -> Iterator[Document]:
    process = document.get("process")
    if process:
        yield {key: value for key, value in document.items() if key != "process"}
        for key in process:
            if len(process) > 1:
                yield {**document, "process": {name: value for name, value in process.items() if name != key}}


def _without_items(document: Document) -> Iterator[Document]:
    moves = document["moves"]
    if len(moves) > 1:
        for index in range(len(moves)):
            yield {**document, "moves": moves[:index] + moves[index + 1 :]}


def _letters(document: Document) -> list[str]:
    return sorted({mark for region in document["map"].values() for mark in pages_of(region) if mark.isalpha()})


def _tidy(document: Document) -> Document:
    """Drop explanations of letters that no drawing has any more."""
    used = _letters(document)
    vmas = {letter: made for letter, made in document.get("vmas", {}).items() if letter in used and made}
    tidy = {key: value for key, value in document.items() if key != "vmas"}
    if vmas:
        tidy["vmas"] = vmas
    return tidy


def _without_letters(document: Document) -> Iterator[Document]:
    for letter in _letters(document):
        regions = {
            name: with_pages(region, pages_of(region).replace(letter, ".")) for name, region in document["map"].items()
        }
        yield _tidy({**document, "map": regions})


def _plainer_letters(document: Document) -> Iterator[Document]:
    vmas = document.get("vmas", {})
    for letter, made in vmas.items():
        for key in made:
            plainer = {name: value for name, value in made.items() if name != key}
            yield _tidy({**document, "vmas": {**vmas, letter: plainer}})


def _shorter_drawings(document: Document) -> Iterator[Document]:
    for name, region in document["map"].items():
        for drawing in dict.fromkeys(_shorter(pages_of(region))):
            shorter = {**document["map"], name: with_pages(region, drawing)}
            yield _tidy({**document, "map": shorter})
            if "{" not in drawing:
                yield from _follow(document, shorter)


def _shorter(drawing: str) -> Iterator[str]:
    """Yield the drawing with one page less, or with one of its long runs half as long."""
    runs = list(_RUN.finditer(drawing))
    for run in runs:
        half = int(run[1]) // 2
        yield drawing[: run.start()] + (f"{{{half}}}" if half > 1 else "") + drawing[run.end() :]
    if not runs and len(drawing) > 1:
        for index in range(len(drawing)):
            yield drawing[:index] + drawing[index + 1 :]


def _follow(document: Document, shorter: dict[str, Any]) -> Iterator[Document]:
    """Yield the shorter drawing with sizes one page less as well: a call often has to shrink with its mappings."""
    moves = copy.deepcopy(document["moves"])
    changed = False
    for item in moves:
        for key in ("old_size", "new_size", "size"):
            match = _SIZE.match(str(item.get(key, "")))
            if match and int(match[1]) > 1:
                item[key] = f"{int(match[1]) - 1}p"
                changed = True
    if changed:
        yield _tidy({**document, "map": shorter, "moves": moves})


def _plainer_items(document: Document) -> Iterator[Document]:
    for index, item in enumerate(document["moves"]):
        for plainer in _plainer_item(item):
            yield {**document, "moves": [*document["moves"][:index], plainer, *document["moves"][index + 1 :]]}


def _plainer_item(item: Document) -> Iterator[Document]:
    sizes: list[str] = [key for key in ("old_size", "new_size", "size") if key in item]
    pages: dict[str, re.Match[str] | None] = {key: _SIZE.match(str(item[key])) for key in sizes}
    if "new_size" in item and item["new_size"] == item["old_size"]:
        yield {key: value for key, value in item.items() if key != "new_size"}
    whole = [key for key in sizes if pages[key]]
    if len(whole) == len(sizes) and all(int(pages[key][1]) > 1 for key in whole):  # type: ignore[index]
        yield {**item, **{key: f"{int(pages[key][1]) - 1}p" for key in whole}}  # type: ignore[index]
    for key in sizes:
        match = pages[key]
        if match is None:
            yield {**item, key: "1p"}
        elif int(match[1]) > 1:
            yield {**item, key: f"{int(match[1]) - 1}p"}
    for key in ("old_address", "new_address", "address"):
        place = _PLACE.match(str(item.get(key, "")))
        if key in item and place is None:
            yield {**item, key: "dst" if key == "new_address" else "src"}
        elif place and place[2]:
            yield {**item, key: place[1]}
            nearer = int(place[2]) - (1 if int(place[2]) > 0 else -1)
            if nearer:
                yield {**item, key: f"{place[1]}{nearer:+d}p"}
    if isinstance(item.get("flags"), str) and "|" in item["flags"]:
        names = item["flags"].split("|")
        for name in names:
            yield {**item, "flags": "|".join(other for other in names if other != name)}
    for key in ("lock", "advice", "uffd", "seal", "kind", "sharing", "file", "offset", "touch"):
        if item.get("op") == "mmap" and key in item:
            yield {name: value for name, value in item.items() if name != key}
