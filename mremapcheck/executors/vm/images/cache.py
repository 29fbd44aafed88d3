"""The user's cache folder: $XDG_CACHE_HOME/mremapcheck, else ~/.cache/mremapcheck."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mremapcheck.base.errors import ExecutorError


def folder(*parts: str) -> Path:
    """Return a folder below the cache folder; it is not made."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is to be ignored.
    root = Path(base) if base.startswith("/") else Path(os.path.expanduser("~")) / ".cache"  # noqa: PTH111
    return root.joinpath("mremapcheck", *parts)


def writable(*parts: str) -> Path:
    """Return a folder below the cache folder, made if need be; raise ExecutorError where that is impossible."""
    place = folder(*parts)
    with writing(place):
        place.mkdir(parents=True, exist_ok=True)
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return place


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn an OSError, as of a full disk, into an ExecutorError that says where it was."""
    try:
        yield
    except OSError as error:
        raise ExecutorError(
            f"the cache folder {place} cannot be written: {error.strerror}",
            "set XDG_CACHE_HOME to a folder of yours, on a disk with room",
        ) from None
