"""A scenario in words, as ``picture`` prints it: ``src=AABB.C``, ``B: anon-shared, r``, ``mremap(src, 6p)``.

What is read becomes a document, as a file would hold it; the format's own rules then apply to it. What a file writes in
braces may be written so here as well: ``B: {kind: anon-shared}``, ``process: {map_headroom: 3}``, ``{op: fork}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mremapcheck.base.errors import Problem, ScenarioError
from mremapcheck.base.text.terminal import quote
from mremapcheck.scenario.items import ITEM
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.names import ADVICES, MAP_FLAGS, PROTS, SEALS
from mremapcheck.scenario.plain import read_yaml
from mremapcheck.scenario.reader import did_you_mean

_REGION = re.compile(r"([a-z][\w-]*)=(\S+)((?:\s+(?:align|offset)\s+\S+)*)\s*")
_AS_IN_FILES = re.compile(r"(?:([A-Za-z]|process):\s*)?(\{.*\})", re.DOTALL)
_LETTER = re.compile(r"([A-Za-z])(?::\s*|\s{2,})(.+)")
_CALL = re.compile(
    r"(?:[a-z-]*\[\d+\]:?\s*)?([A-Za-z][\w-]*)\(([^()]*)\)(?:\s*=\s*([A-Za-z]))?(?:\s+fails:\s*(E\w+))?\s*"
)
_WORD = re.compile(r'"[^"]*"|[^\s,]+')
_CONDITIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], dict[str, Any]]], ...] = (
    (
        re.compile(r"RLIMIT_([A-Z]+): (\S+)( more than in use)?"),
        lambda found: {"rlimits": {found[1].lower(): ("+" if found[3] else "") + found[2]}},
    ),
    (re.compile(r"CAP_([A-Z_]+) kept"), lambda found: {"keep": [found[1]]}),
    (re.compile(r"(\d+) map slots? left"), lambda found: {"map_headroom": int(found[1])}),
    (re.compile(r"one mapping beyond the limit"), lambda found: {"map_headroom": -1}),
    (re.compile(r"in a forked child"), lambda found: {"fork": True}),
    (re.compile(r"seccomp: (\w+) is (E\w+)"), lambda found: {"seccomp": {found[1]: found[2]}}),
)
#: Calls that the man pages call otherwise than ``op`` does.
_OPERATIONS = {
    "UFFDIO_REGISTER": "uffd-register",
    "UFFDIO_UNREGISTER": "uffd-unregister",
    "UFFDIO_WRITEPROTECT": "uffd-writeprotect",
    "PR_SET_VMA_ANON_NAME": "name",
}
_MREMAP = ("old_address", "old_size", "new_size", "flags", "new_address")
#: Where words stand that are in no file.
_HERE = "command line"
_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*"
#: What a call's third argument is.
_THIRD = {
    "mprotect": "prot",
    "madvise": "advice",
    "mlock": "lock",
    "touch": "letter",
    "uffd-register": "mode",
    "uffd-writeprotect": "protect",
    "name": "name",
}
_FORMS = (
    "`src=AABB.C`, `B: anon-shared, r`, `mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)`, or as in a file "
    "`B: {kind: memfd, file: m}`, `process: {map_headroom: 3}`"
)


def document(words: Sequence[str]) -> dict[str, Any]:
    """Return the document that the words describe; raise ScenarioError with all words that cannot be read."""
    regions: dict[str, Any] = {}
    letters: dict[str, Any] = {}
    process: dict[str, Any] = {}
    moves: list[dict[str, Any]] = []
    problems = []
    for word in words:
        text = word.strip()
        try:
            if found := _REGION.fullmatch(text):
                regions[found[1]] = _region(found[2], found[3].split())
            elif found := _AS_IN_FILES.fullmatch(text):
                said = _plain(found[2])
                if found[1] is None:
                    moves.append(said)
                elif found[1] == "process":
                    _join(process, said)
                else:
                    letters[found[1]] = said
            elif found := _LETTER.fullmatch(text):
                letters[found[1]] = _attributes(found[2])
            elif found := _CALL.fullmatch(text):
                item = _item(found[1], [part.strip() for part in found[2].split(",")], found[3])
                moves.append(item | ({"errno": found[4]} if found[4] else {}))
            else:
                _join(process, _condition(text))
        except _UnreadError as error:
            problems.append(Problem(_HERE, 0, 0, f"{quote(word)}: {error.message}", error.hint))
    if not problems and not regions:
        problems.append(
            Problem(_HERE, 0, 0, "no region is drawn", "`src=AABB.C` is one: letters are mappings, `.` a hole")
        )
    if not problems and not moves:
        problems.append(Problem(_HERE, 0, 0, "nothing is called", "`mremap(src, 2p, 3p, MAYMOVE)` is a call"))
    if problems:
        raise ScenarioError(problems)
    parts = {"map": regions, "vmas": letters, "process": process, "moves": moves}
    return {key: value for key, value in parts.items() if value or key in ("map", "moves")}


class _UnreadError(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        self.message = message
        self.hint = hint


def _region(pages: str, more: Sequence[str]) -> Any:
    return {"pages": pages, **dict(zip(more[::2], more[1::2], strict=True))} if more else pages


def _plain(text: str) -> dict[str, Any]:
    """Return what stands in braces, as a file would hold it."""
    documents, mistake = read_yaml(text)
    for wrong in (*(documents[0].mistakes if documents else ()), *filter(None, [mistake])):
        raise _UnreadError(wrong.message, wrong.hint)
    return dict(documents[0].data)


def _condition(text: str) -> dict[str, Any]:
    for pattern, read in _CONDITIONS:
        if found := pattern.fullmatch(text):
            return read(found)
    raise _UnreadError("is no region, letter, call or condition", _FORMS)


def _join(process: dict[str, Any], more: dict[str, Any]) -> None:
    """Add conditions to those said before: of each that has parts (limits, capabilities), the parts."""
    for key, value in more.items():
        before = process.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            before.update(value)
        elif isinstance(value, list) and isinstance(before, list):
            before.extend(value)
        else:
            process[key] = value


def _attributes(text: str) -> dict[str, Any]:
    """Read what ``picture.describe`` says of a letter; commas may be left out."""
    made: dict[str, Any] = {}
    words = iter(_WORD.findall(text))
    for word in words:
        made.update(_attribute(word, words, made))
    return made


def _attribute(word: str, words: Iterator[str], made: dict[str, Any]) -> dict[str, Any]:
    word = word.removesuffix(":")  # `file: m`, as files have it
    if word in _UNNEEDED:
        return {}
    if word in KINDS and "kind" not in made:
        return {"kind": word}
    if word in _WORDS:
        return _WORDS[word]
    if word in _NAMING:
        key, read = _NAMING[word]
        try:
            return {key: read(words)}
        except StopIteration:
            raise _UnreadError(f"something is missing behind `{word}`") from None
    if word in ADVICES:
        return {"advice": [*made.get("advice", ()), word]}
    if word in SEALS and "seals" in made:
        return {"seals": [*made["seals"], word]}
    if word in ("on", "fault") and made.get("lock"):
        return {"lock": "on-fault"}
    if word.isdigit() and "guard" in made:
        return {"guard": [*made["guard"], int(word)]}
    if made and next(reversed(made)) == "kind" and KINDS[made["kind"]].file and re.fullmatch(_NAME, word):
        return {"file": word}  # as calls have it: `shared memfd m`
    known = (*KINDS, *_WORDS, *_NAMING, *ADVICES)
    raise _UnreadError(f"{quote(word)} is nothing that a mapping can be", did_you_mean(word, known))


def _from(words: Iterator[str]) -> str:
    size = next(words)
    if next(words, "on") != "on":
        raise _UnreadError("an offset reads `from 4p on`")
    return size


def _guard(words: Iterator[str]) -> list[int]:
    number = next(words)
    if number in ("page", "pages"):
        number = next(words)
    if not number.isdigit():
        raise _UnreadError("guard pages are numbers, from 0: `guard pages 0, 2`")
    return [int(number)]


def _number(words: Iterator[str]) -> int:
    number = next(words)
    if not number.isdigit():
        raise _UnreadError("a protection key is a number: `pkey 1`")
    return int(number)


_WORDS: dict[str, dict[str, Any]] = {
    **{sharing: {"sharing": sharing} for sharing in ("private", "shared")},
    **{prot: {"prot": prot} for prot in PROTS},
    "touched": {"touch": True},
    "untouched": {"touch": False},
    "locked": {"lock": True},
    "on-fault": {"lock": "on-fault"},
    "sealed": {"seal": True},
    **{flag: {flag: True} for flag in (*MAP_FLAGS, "continues", "readonly")},
}
#: Keys of files; here what follows them says by itself what it is.
_UNNEEDED = ("kind", "sharing", "prot", "advice")
_NAMING: dict[str, tuple[str, Callable[[Iterator[str]], Any]]] = {
    "file": ("file", next),
    "from": ("offset", _from),
    "guard": ("guard", _guard),
    "name": ("name", lambda words: next(words).strip('"')),
    "named": ("name", lambda words: next(words).strip('"')),
    "offset": ("offset", next),
    "seals": ("seals", lambda words: [next(words)]),
    "pkey": ("pkey", _number),
    "uffd": ("uffd", next),
}


def _item(name: str, arguments: list[str], letter: str | None) -> dict[str, Any]:
    """Return the item of ``moves`` for a call as ``picture.call`` writes it, or with the name of its ``op``."""
    arguments = [argument for argument in arguments if argument]
    if name == "mremap":
        if not 2 <= len(arguments) <= len(_MREMAP):
            raise _UnreadError(
                "mremap takes two to five arguments", "old_address, old_size, new_size, flags, new_address"
            )
        return dict(zip(_MREMAP, arguments, strict=False))
    operation = _OPERATIONS.get(name, name)
    if operation not in ITEM.records:
        raise _UnreadError(
            f"there is no call {quote(name)}", did_you_mean(name, ("mremap", *ITEM.records, *_OPERATIONS))
        )
    if operation in ("fork", "clear-refs"):
        return {"op": operation}
    if operation == "mlockall":
        return {"op": operation, **({"lock": "on-fault"} if any("ONFAULT" in each for each in arguments) else {})}
    if operation == "truncate":
        return {"op": "truncate", **dict(zip(("letter", "size"), arguments, strict=False))}
    if operation == "add-seals":
        return {"op": operation, "letter": arguments[0] if arguments else "", "seals": _seals(arguments[1:])}
    if len(arguments) < 2:
        raise _UnreadError(f"{name} takes an address and a size", f"{name}(src, 2p)")
    item: dict[str, Any] = {"op": operation, "address": arguments[0], "size": arguments[1]}
    if operation == "mmap":
        return item | _attributes(" ".join(arguments[2:])) | ({"letter": letter} if letter else {})
    if operation == "mprotect" and len(arguments) == 4:
        item["pkey"] = _number(iter([arguments.pop().removeprefix("pkey ")]))
    if len(arguments) > 2:
        if len(arguments) > 3 or operation not in _THIRD:
            raise _UnreadError(f"{name} takes no more than {3 if operation in _THIRD else 2} arguments")
        item[_THIRD[operation]] = _third(operation, arguments[2])
    return item


def _seals(arguments: list[str]) -> list[str]:
    """Read ``WRITE|FUTURE_WRITE``, with F_SEAL_ or without."""
    names = "|".join(arguments).split("|")
    return [name.strip().removeprefix("F_SEAL_").lower().replace("_", "-") for name in names]


def _third(operation: str, text: str) -> Any:
    if operation == "mlock":
        return "on-fault" if text.lower().replace("_", "-") in ("onfault", "on-fault", "mlock-onfault") else text
    if operation == "madvise":
        return text.removeprefix("MADV_").lower().replace("_", "-")
    if operation == "uffd-writeprotect":
        return text != "off"
    return text.strip('"')
