"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from threading import get_ident
from typing import BinaryIO

#: Stands in the name of every draft, and in no other name.
_MARK = ".mremapcheck-draft-"
#: Seconds after which nobody writes a draft any more: it was left by a process that was killed.
_LEFT = 600.0


def write_whole(path: Path, data: bytes | bytearray, mode: int | None = None) -> None:
    """Write a file so that nobody ever sees half of it; its folder must exist. Raises OSError.

    ``mode``: permissions, else those that the umask leaves. Where the file system has files without a name (O_TMPFILE,
    open(2)) it has none before it is whole. A draft that a killed process has left goes with the next file written
    beside it.
    """
    path = path.resolve()
    _clear(path.parent)
    draft = path.with_name(f".{path.name}{_MARK}{os.getpid()}-{get_ident()}")
    try:
        nameless = True
        try:
            file = _open(path.parent, os.O_TMPFILE)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
                raise
            nameless = False
            file = _open(draft, os.O_CREAT | os.O_EXCL)
        with file:
            file.write(data)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            if nameless:
                # With a descriptor of a folder, which means nothing here, Python follows the link as it shall.
                os.link(f"/proc/self/fd/{file.fileno()}", draft, src_dir_fd=file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _open(path: Path, flags: int) -> BinaryIO:
    return os.fdopen(os.open(path, flags | os.O_WRONLY | os.O_CLOEXEC, 0o666), "wb")


def _clear(folder: Path) -> None:
    for draft in folder.glob(f".*{_MARK}*"):
        try:
            if time.time() - draft.stat().st_mtime > _LEFT:
                draft.unlink()
        except OSError:  # another process was faster, or it is somebody else's
            continue
