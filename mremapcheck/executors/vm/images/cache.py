"""The user's cache folder: $XDG_CACHE_HOME/mremapcheck, else ~/.cache/mremapcheck."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident

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


def write(path: Path, data: bytes | bytearray) -> None:
    """Write a file so that nobody ever sees half of it; its folder must exist. Raises OSError.

    Where the file system has files without a name, it has none before it is whole: nothing is left of a half one.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{get_ident()}")
    try:
        try:
            file = os.fdopen(os.open(path.parent, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb")
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
                raise
            file = draft.open("wb")
        with file:
            file.write(data)
            file.flush()
            if not draft.exists():
                # With a descriptor of a folder, which means nothing here, Python follows the link as it shall.
                os.link(f"/proc/self/fd/{file.fileno()}", draft, src_dir_fd=file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
