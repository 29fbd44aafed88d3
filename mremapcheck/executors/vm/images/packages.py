"""Find the kernel in a distribution's package: .deb (ar + tar) and .rpm (cpio).

Without `dpkg-deb` and `rpm2cpio`: a machine has at most one of the two, and packages of both are added on either.
"""

from __future__ import annotations

import io
import os
import struct
import tarfile
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, TypeAlias

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.executors.vm.images.unpack import BROKEN, MissingProgramError, unpacking

_DEB_MAGIC = b"!<arch>\n"
_RPM_MAGIC = b"\xed\xab\xee\xdb"
#: Name, content and size in bytes of each file.
_Files: TypeAlias = Generator[tuple[str, IO[bytes], int], None, None]
_BROKEN = (*BROKEN, KeyError, tarfile.TarError, struct.error)


#: No kernel image in a package is larger, in bytes.
_LARGEST = 128 << 20


class PackageError(MremapcheckError):
    """A package that cannot be read, or that holds no kernel."""


def is_package(start: bytes) -> bool:
    """Tell whether a file that begins with ``start`` is a .deb or .rpm."""
    return start.startswith((_DEB_MAGIC, _RPM_MAGIC))


def is_kernel_name(path: str) -> bool:
    """Tell whether a file of this name in a package (or a folder tree) is a kernel image."""
    name = PurePosixPath(path).name
    return name in ("bzImage", "vmlinuz") or name.startswith(("vmlinuz-", "bzImage-"))


def kernel_in_package(path: Path) -> tuple[str, bytes]:
    """Return the name and the bytes of the first kernel image in a .deb or .rpm; raise PackageError."""
    data = path.read_bytes()
    try:
        files = _deb_files(data) if data.startswith(_DEB_MAGIC) else _rpm_files(data)
        with closing(files):
            for name, stream, size in files:
                if is_kernel_name(name):
                    if size > _LARGEST:
                        raise PackageError(f"{path}: {name} has {size} bytes, which no kernel has")
                    return name, stream.read(size)
    except MissingProgramError as missing:
        raise PackageError(f"{path} is packed with {missing}, which is not on this machine", "install it") from None
    except _BROKEN as error:
        raise PackageError(f"{path} cannot be read as a package: {error}", "was it downloaded whole?") from None
    raise PackageError(
        f"{path} holds no kernel (no file named vmlinuz or bzImage)",
        "Debian: linux-image-VERSION, from 6.19 on linux-binary-VERSION; Fedora: kernel-core",
    )


def unpack_package(path: Path, folder: Path) -> None:
    """Unpack the files and links of a .deb below a folder, whoever they shall belong to; raise PackageError.

    Nothing gets out of the folder, whatever names the package has in it.
    """
    try:
        for member, archive in _deb_members(path.read_bytes()):
            place = folder / _inside(member.name)
            place.parent.mkdir(parents=True, exist_ok=True)
            if member.issym():
                target = _inside(str(PurePosixPath("/", _inside(member.name)).parent / member.linkname))
                place.unlink(missing_ok=True)
                place.symlink_to(os.path.relpath(folder / target, place.parent))
            elif member.isreg() and member.size <= _LARGEST:
                file = archive.extractfile(member)
                place.write_bytes(file.read() if file else b"")
                place.chmod(0o755 if member.mode & 0o100 else 0o644)
    except MissingProgramError as missing:
        raise PackageError(f"{path} is packed with {missing}, which is not on this machine", "install it") from None
    except _BROKEN as error:
        raise PackageError(f"{path} cannot be read as a package: {error}", "was it downloaded whole?") from None


def _inside(name: str) -> PurePosixPath:
    """Return a path relative to the root of a package, without any way out of it."""
    return PurePosixPath(os.path.normpath("/" + name.lstrip("/"))).relative_to("/")


def _deb_files(data: bytes) -> _Files:
    for member, archive in _deb_members(data):
        file = archive.extractfile(member) if member.isreg() else None
        if file is not None:
            yield member.name, file, member.size


def _deb_members(data: bytes) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    for name, content in _ar_members(data):
        if name.startswith("data.tar"):
            with unpacking(content) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    yield member, archive


def _ar_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    position = len(_DEB_MAGIC)
    while position + 60 <= len(data):
        header = data[position : position + 60]
        size = _whole(header[48:58], 10)
        position += 60
        yield header[:16].decode("ascii", "replace").strip().rstrip("/"), data[position : position + size]
        position += size + size % 2


def _rpm_files(data: bytes) -> _Files:
    position = 96  # the lead
    for padded in (True, False):  # the signature, padded to 8 bytes, then the header proper
        if data[position : position + 3] != b"\x8e\xad\xe8":
            raise ValueError("no RPM header where one must be")
        entries, size = struct.unpack_from(">II", data, position + 8)
        position += 16 + 16 * entries + size
        if padded:
            position += -position % 8
    with unpacking(data[position:]) as stream:
        yield from _cpio_files(stream)


def _cpio_files(stream: IO[bytes]) -> _Files:
    while True:
        header = _exactly(stream, 110)
        if header[:6] not in (b"070701", b"070702"):
            raise ValueError("the payload is not a cpio archive of the usual kind")
        size, name_size = _whole(header[54:62], 16), _whole(header[94:102], 16)
        name = _exactly(stream, name_size + -(110 + name_size) % 4)[: name_size - 1].decode("utf-8", "replace")
        if name == "TRAILER!!!":
            return
        if is_kernel_name(name) and 0 < size <= _LARGEST:
            yield name, io.BytesIO(_exactly(stream, size)), size
        else:
            _skip(stream, size)
        _skip(stream, -size % 4)


def _whole(digits: bytes, base: int) -> int:
    """Read a number of a header; ``int`` alone takes signs, which would lead backwards, and other things."""
    if not digits.strip().isalnum():
        raise ValueError("a header that holds no number")
    return int(digits, base)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    parts = []
    while count:
        part = stream.read(count)
        if not part:
            raise EOFError("the archive ends too early")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _skip(stream: IO[bytes], count: int) -> None:
    while count:
        count -= len(_exactly(stream, min(count, 1 << 20)))
