"""A bzImage (``vmlinuz``): its banner, and the vmlinux packed inside it.

The layout is the x86 boot protocol's, Documentation/arch/x86/boot.rst of the kernel.
"""

from __future__ import annotations

import struct

_SECTOR = 512
_HEADER_MAGIC = (0x202, b"HdrS")
#: Boot protocol 2.08 (2.6.26) says where the packed kernel lies.
_PAYLOAD_SINCE = 0x208


def is_bzimage(data: bytes) -> bool:
    """Tell whether ``data``, the start of a file (4 KiB are enough), is a bzImage for x86."""
    at, magic = _HEADER_MAGIC
    return data[at : at + 4] == magic and data[0x1FE:0x200] == b"\x55\xaa"


def banner(data: bytes) -> str | None:
    """Return what the header tells: ``uname -r``, builder, ``uname -v`` in one line; None where there is nothing."""
    (at,) = struct.unpack_from("<H", data, 0x20E)
    if not at:
        return None
    text = data[at + _SECTOR : at + _SECTOR + 512].split(b"\0")[0].decode("ascii", "replace")
    return text.strip() or None


def whole_size(data: bytes) -> int:
    """Return how many bytes an image has that begins with ``data``; signatures may follow."""
    (paragraphs,) = struct.unpack_from("<I", data, 0x1F4)
    return ((data[0x1F1] or 4) + 1) * _SECTOR + 16 * int(paragraphs)


def payload(data: bytes) -> bytes | None:
    """Return the packed vmlinux, with the 4 bytes of its unpacked size at the end; None in very old images."""
    (version,) = struct.unpack_from("<H", data, 0x206)
    if version < _PAYLOAD_SINCE or len(data) < 0x250:
        return None
    setup_sectors = data[0x1F1] or 4
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (setup_sectors + 1) * _SECTOR + offset
    packed = data[start : start + length]
    return packed if length > 4 and len(packed) == length else None
