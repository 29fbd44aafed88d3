"""Unpack a kernel on this side of the virtual machine: under emulation its own unpacking takes up to half of the boot.

gzip, bzip2, lzma and xz are in the standard library. zstd and lz4, which distributions prefer, are done by the shared
libraries that their package managers depend on; where those are missing the kernel unpacks itself, and nobody minds.
"""

from __future__ import annotations

import bz2
import ctypes
import ctypes.util
import lzma
import struct
import zlib

from mremapcheck.executors.vm.images import zstd
from mremapcheck.executors.vm.images.zstd import ZstdMissingError

#: No kernel is larger than this, in bytes; what claims to be is not unpacked.
_LIMIT = 512 << 20
_LZ4_BLOCK = 8 << 20


def unpack(packed: bytes) -> bytes | bytearray | None:
    """Return the vmlinux in a bzImage's payload; None where this machine cannot unpack it."""
    (size,) = struct.unpack_from("<I", packed, len(packed) - 4)
    if not 0 < size <= _LIMIT:
        return None
    try:
        data = _unpack(packed[:-4], size)
    except (OSError, EOFError, ValueError, ZstdMissingError, zlib.error, lzma.LZMAError):
        return None
    return data if data is not None and len(data) == size else None


def _unpack(packed: bytes, size: int) -> bytes | bytearray | None:
    if packed.startswith(b"\x1f\x8b"):
        return zlib.decompressobj(wbits=31).decompress(packed, size)
    if packed.startswith(b"BZh"):
        return bz2.BZ2Decompressor().decompress(packed, size)
    if packed.startswith(b"\xfd7zXZ\0"):
        return lzma.LZMADecompressor(lzma.FORMAT_XZ).decompress(packed, size)
    if packed.startswith(b"\x5d\0\0"):
        return lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(packed, size)
    if packed.startswith(zstd.MAGIC):
        return zstd.unpack_frame(packed, size)
    if packed.startswith(b"\x02\x21\x4c\x18"):
        return _unpack_lz4(packed, size)
    return None


def _unpack_lz4(packed: bytes, size: int) -> bytes | None:
    """Unpack lz4's "legacy" frame, the one that kernels use: after the magic, blocks with their sizes before them."""
    library = _lz4()
    if library is None:
        return None
    parts: list[bytes] = []
    block = ctypes.create_string_buffer(_LZ4_BLOCK)
    position = 4
    while size > 0 and position + 4 <= len(packed):
        (length,) = struct.unpack_from("<I", packed, position)
        chunk = packed[position + 4 : position + 4 + length]
        done = library.LZ4_decompress_safe(chunk, block, len(chunk), _LZ4_BLOCK)
        if done <= 0:
            return None
        parts.append(ctypes.string_at(block, done))
        size -= done
        position += 4 + length
    return b"".join(parts)


def _lz4() -> ctypes.CDLL | None:
    for candidate in ("liblz4.so.1", ctypes.util.find_library("lz4")):
        if candidate:
            try:
                return ctypes.CDLL(candidate)
            except OSError:
                continue
    return None
