"""The archive format of an initramfs: cpio "newc", uncompressed (unpacking costs a guest seconds under emulation).

The kernel takes several archives one after the other, so a cached base image and what one run adds to it need only be
concatenated: each ``Archive`` ends with its own trailer, padded to ``ALIGN`` bytes.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field

_TRAILER = "TRAILER!!!"
#: An archive is padded to this many bytes, so that another one may follow.
ALIGN = 512


@dataclass(slots=True)
class Archive:
    """An archive in the making; folders above each entry are added by themselves, owned by root, times 0."""

    _chunks: list[bytes] = field(default_factory=list)
    _folders: set[str] = field(default_factory=set)
    _inode: int = 0

    def file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Add a regular file; ``path`` is absolute or relative to the root."""
        self._add(path, stat.S_IFREG | mode, data)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Add a folder and those above it."""
        name = path.strip("/")
        if not name or name in self._folders:
            return
        self._folders.add(name)
        self._add(name, stat.S_IFDIR | mode, b"")

    def device(self, path: str, major: int, minor: int, mode: int = 0o600) -> None:
        """Add a character device: the kernel needs /dev/console before anything is mounted."""
        self._add(path, stat.S_IFCHR | mode, b"", (major, minor))

    def to_bytes(self) -> bytes:
        """Return the whole archive with its trailer, a multiple of ``ALIGN`` bytes long."""
        body = b"".join([*self._chunks, _entry(0, _TRAILER, 0, b"", (0, 0))])
        return body + bytes(-len(body) % ALIGN)

    def _add(self, path: str, mode: int, data: bytes, device: tuple[int, int] = (0, 0)) -> None:
        name = path.strip("/")
        parent = name.rpartition("/")[0]
        if parent:
            self.folder(parent)
        self._inode += 1
        self._chunks.append(_entry(self._inode, name, mode, data, device))


def _entry(inode: int, name: str, mode: int, data: bytes, device: tuple[int, int]) -> bytes:
    raw = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    numbers = (inode, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(raw), 0)
    header = b"070701" + b"".join(b"%08x" % number for number in numbers) + raw
    return header + bytes(-len(header) % 4) + data + bytes(-len(data) % 4)
