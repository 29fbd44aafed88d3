"""Unpack what kernels and packages are packed with.

gzip, bzip2, lzma and xz are in the standard library; zstd and lz4, which distributions prefer, are left to the programs
of these names. A kernel is unpacked on this side of the virtual machine because under emulation its own unpacking takes
up to half of the boot; where a program is missing it does unpack itself.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

#: What to expect of broken data.
BROKEN = (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error)
#: No kernel is larger than this, in bytes; what claims to be is not unpacked.
_LIMIT = 512 << 20
_READERS: dict[bytes, Callable[[IO[bytes]], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x5d\0\0": lzma.open,
}
#: lz4's is the "legacy" frame, the one that kernels use.
_PROGRAMS = {b"\x28\xb5\x2f\xfd": "zstd", b"\x02\x21\x4c\x18": "lz4"}


class MissingProgramError(RuntimeError):
    """A program that unpacks is not on this machine; the text is its name."""


def is_packed(data: bytes) -> bool:
    """Tell whether ``data`` begins as something that ``unpacking`` unpacks."""
    return data.startswith((*_READERS, *_PROGRAMS))


@contextmanager
def unpacking(data: bytes) -> Iterator[IO[bytes]]:
    """Give what is packed in ``data`` as a file to read once from start to end; what is not packed as it is.

    Raises MissingProgramError. Reading raises one of BROKEN for broken data, or ends too early.
    """
    for magic, reader in _READERS.items():
        if data.startswith(magic):
            yield cast("IO[bytes]", reader(io.BytesIO(data)))
            return
    for magic, program in _PROGRAMS.items():
        if data.startswith(magic):
            with _program(program, data) as stream:
                yield stream
            return
    yield io.BytesIO(data)


def unpack(payload: bytes) -> bytes | None:
    """Return the vmlinux in a bzImage's payload; None where this machine cannot unpack it."""
    (size,) = struct.unpack_from("<I", payload, len(payload) - 4)
    if not 0 < size <= _LIMIT or not is_packed(payload):
        return None
    try:
        with unpacking(payload[:-4]) as stream:
            data = stream.read(size)
    except (*BROKEN, MissingProgramError):
        return None
    return data if len(data) == size else None


@contextmanager
def _program(name: str, data: bytes) -> Iterator[IO[bytes]]:
    if shutil.which(name) is None:
        raise MissingProgramError(name)
    with tempfile.TemporaryFile() as packed:
        packed.write(data)
        packed.seek(0)
        process = subprocess.Popen([name, "-dc"], stdin=packed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        with process:  # closes the pipe, which ends a program that has more to say, and waits for it
            assert process.stdout is not None
            yield process.stdout
