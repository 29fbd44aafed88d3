"""Which files hold scenarios, and their bytes: never more of them than a scenario has, and never a wait for nobody."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

#: No scenario file is larger, in bytes.
LARGEST_FILE = 1 << 20

STDIN = Path("-")

SUFFIXES = (".yaml", ".yml", ".json")


class Unreadable(Exception):  # noqa: N818
    """A file or folder that cannot be read, and what to do about it."""

    def __init__(self, path: Path, message: str, hint: str) -> None:
        super().__init__(path, message, hint)
        self.path = path
        self.message = message
        self.hint = hint


def shown(path: Path) -> str:
    """Return a path as it is shown: as text, whatever bytes it consists of."""
    if path == STDIN:
        return "<stdin>"
    return os.fsencode(path).decode("utf-8", "replace")


def find(paths: Iterable[Path | str]) -> Iterator[Path | Unreadable]:
    """Yield files, and of folders what is below them in sorted order, each once; ``-`` is standard input."""
    seen: set[Path] = set()
    for path in map(Path, paths):
        for file in _files(path):
            if isinstance(file, Unreadable):
                yield file
                continue
            real = _real(file)
            if real not in seen:
                seen.add(real)
                yield file


def _real(file: Path) -> Path:
    try:
        return file if file == STDIN else file.resolve()
    except (OSError, RuntimeError):  # links in a circle: reading it will tell
        return file


def _files(path: Path) -> Iterable[Path | Unreadable]:
    if path == STDIN:
        return [path]
    try:
        mode = path.stat().st_mode
    except OSError as error:
        return [_missing(path) if error.errno in (errno.ENOENT, errno.ENOTDIR) else _failed(path, error)]
    return _below(path) if stat.S_ISDIR(mode) else [path]


def _below(folder: Path) -> Iterator[Path | Unreadable]:
    failures: list[Unreadable] = []
    for here, folders, files in os.walk(folder, onerror=lambda e: failures.append(_failed(Path(e.filename), e))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(here, name)
            if path.suffix in SUFFIXES and not name.startswith("."):
                yield path
    yield from failures


def read(path: Path) -> bytes:
    """Return the content of a file, or of standard input; raises Unreadable."""
    try:
        content = _standard_input() if path == STDIN else _content(path)
    except OSError as error:
        raise _failed(path, error) from None
    if len(content) > LARGEST_FILE:
        message = f"is larger than {LARGEST_FILE >> 20} MiB, which no scenario is"
        raise Unreadable(path, message, "scenarios may be split among files")
    return content


def _standard_input() -> bytes:
    if sys.stdin is None:
        raise Unreadable(STDIN, "standard input is closed", "give a file, or pipe a scenario in")
    return sys.stdin.buffer.read(LARGEST_FILE + 1)


def _content(path: Path) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        mode = os.fstat(fd).st_mode
        if stat.S_ISFIFO(mode):
            return _from_pipe(path, fd)
        if not stat.S_ISREG(mode):
            raise Unreadable(path, "is a device, not a file", "`-` reads standard input")
        content = file.read(LARGEST_FILE + 1)
        if content is None:  # such as the kernel's log
            raise BlockingIOError(errno.EAGAIN, "nothing to read at the moment")
        return content


def _from_pipe(path: Path, fd: int) -> bytes:
    """Return what comes through a pipe, as long as there is somebody at its other end."""
    try:
        content = os.read(fd, LARGEST_FILE)
        if not content:
            raise Unreadable(path, "is a pipe that nobody writes to", "give a file, or `-` for standard input")
    except BlockingIOError:
        content = b""
    os.set_blocking(fd, True)
    while len(content) <= LARGEST_FILE and (more := os.read(fd, LARGEST_FILE)):
        content += more
    return content


def _missing(path: Path) -> Unreadable:
    if path.is_symlink():
        return Unreadable(path, "is a link to something that is not there", f"it points to {path.readlink()}")
    return Unreadable(path, "there is no such file or folder", _near(path))


def _near(path: Path) -> str:
    from difflib import get_close_matches

    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_dir() or entry.suffix in SUFFIXES]
    except OSError:
        names = []
    close = get_close_matches(path.name, names, n=1)
    if close:
        return f"did you mean `{path.parent / close[0]}`?"
    return "PATHS are scenario files, and folders of them; without any the shipped scenarios are taken"


def _failed(path: Path, error: OSError) -> Unreadable:
    hint = {
        errno.EACCES: "this user may not read it",
        errno.ELOOP: "its links lead in a circle",
        errno.ENAMETOOLONG: "no file has such a long name",
    }.get(error.errno or 0, "give a scenario file, or a folder of them")
    return Unreadable(path, f"cannot be read: {error.strerror or error}", hint)
