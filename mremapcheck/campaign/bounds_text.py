"""Bounds as the command line writes them: ``mappings=3,pages=1,kinds=anon+memfd,moves=2``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.campaign.bounds import FLAGS, FLAVOURS, Bounds

#: More would be astronomically many.
_MOST = {"mappings": 6, "pages": 8, "gap": 4, "beyond": 4, "moves": 2}
_LEAST = {"mappings": 1, "pages": 1, "gap": 0, "beyond": 0, "moves": 1}
_DESTINATIONS = ("free", "mapped")


def parse_bounds(texts: Iterable[str]) -> Bounds:
    """Read ``key=value`` items separated by commas; the values of lists are joined by ``+``.

    Keys are the fields of Bounds, with ``kinds`` for the flavours; flags are written as in scenarios (``0`` for none),
    ``flags=fixed`` is short for all that have MREMAP_FIXED. Raises MremapcheckError.
    """
    made: dict[str, Any] = {}
    for item in (part.strip() for text in texts for part in text.split(",") if part.strip()):
        key, equals, value = item.partition("=")
        read = _READ.get(key)
        if not equals or read is None:
            close = get_close_matches(key, _READ, 1)
            raise MremapcheckError(
                f"`{item}` is not a bound",
                f"did you mean `{close[0]}=...`?" if close else f"bounds are {', '.join(_READ)}",
            )
        field, converted = read(key, value)
        made[field] = converted
    return Bounds(**made)


def bounds_text(bounds: Bounds) -> str:
    """Return the text that reads as these bounds."""
    flags = "+".join(str(flag) for flag in bounds.flags)
    return ",".join(
        [
            *(f"{key}={getattr(bounds, key)}" for key in ("mappings", "pages", "gap", "beyond")),
            f"kinds={'+'.join(bounds.flavours)}",
            f"flags={flags if bounds.flags != FLAGS else 'all'}",
            f"resize={'+'.join(map(str, bounds.resize))}",
            f"destination={'+'.join(bounds.destination)}",
            f"moves={bounds.moves}",
        ]
    )


def _number(key: str, value: str) -> tuple[str, int]:
    least, most = _LEAST[key], _MOST[key]
    if not value.isdecimal() or not least <= int(value) <= most:
        raise MremapcheckError(f"`{key}={value}` is out of bounds", f"{key} goes from {least} to {most}")
    return key, int(value)


def _words(key: str, value: str, known: Iterable[str]) -> tuple[str, ...]:
    known = tuple(known)
    if value == "all":
        return known
    words = tuple(value.split("+"))
    for word in words:
        if word not in known:
            close = get_close_matches(word, known, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(known)}, or all"
            raise MremapcheckError(f"`{key}={value}`: there is no `{word}`", hint)
    return tuple(dict.fromkeys(words))


def _kinds(key: str, value: str) -> tuple[str, tuple[str, ...]]:
    return "flavours", _words(key, value, FLAVOURS)


def _destination(key: str, value: str) -> tuple[str, tuple[str, ...]]:
    return key, _words(key, value, _DESTINATIONS)


def _flags(key: str, value: str) -> tuple[str, tuple[str | int, ...]]:
    if value == "all":
        return key, FLAGS
    if value == "fixed":
        return key, tuple(flag for flag in FLAGS if "FIXED" in str(flag))
    words = _words(key, value, [str(flag) for flag in FLAGS])
    return key, tuple(0 if word == "0" else word for word in words)


def _resize(key: str, value: str) -> tuple[str, tuple[int, ...]]:
    try:
        return key, tuple(dict.fromkeys(int(word) for word in value.split("+")))
    except ValueError:
        raise MremapcheckError(f"`{key}={value}` is not a list of pages", "such as resize=0+-1+1") from None


_READ: dict[str, Callable[[str, str], tuple[str, Any]]] = {
    "mappings": _number,
    "pages": _number,
    "gap": _number,
    "beyond": _number,
    "kinds": _kinds,
    "flags": _flags,
    "resize": _resize,
    "destination": _destination,
    "moves": _number,
}
