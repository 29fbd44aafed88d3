"""As much of the ELF format as booting a kernel and packing an interpreter take: 64-bit little-endian files only."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TypeAlias

#: What these functions read; slices of it are bytes.
Data: TypeAlias = "bytes | bytearray | mmap.mmap"

MAGIC = b"\x7fELF"
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP, _PT_NOTE = 1, 2, 3, 4
_DT_NEEDED, _DT_STRTAB = 1, 5
_PHDR = struct.Struct("<IIQQQQQQ")
#: XEN_ELFNOTE_PHYS32_ENTRY: the note that makes a kernel bootable by its PVH entry point.
_PVH_NOTE = 18


class ElfError(ValueError):
    """Not an ELF file, or not one of the kind that is read here."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One program header; ``offset`` and ``size`` in bytes of the file, ``address`` where it is loaded."""

    kind: int
    offset: int
    size: int
    address: int = 0


def segments(data: Data) -> list[Segment]:
    """Return the program headers; raise ElfError for anything but a whole 64-bit little-endian header."""
    if bytes(data[:4]) != MAGIC:
        raise ElfError("not an ELF file")
    if bytes(data[4:6]) != b"\x02\x01" or len(data) < 64:
        raise ElfError("not a 64-bit little-endian ELF file")
    (start,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    if size < _PHDR.size or start + size * count > len(data):
        raise ElfError("program headers lie outside the file")
    found = []
    for index in range(count):
        kind, _, offset, address, _, length, _, _ = _PHDR.unpack_from(data, start + index * size)
        found.append(Segment(kind, offset, length, address))
    return found


def is_dynamic(data: Data) -> bool:
    """Tell whether the file needs a dynamic linker or is a shared library."""
    return any(segment.kind == _PT_DYNAMIC for segment in segments(data))


def interpreter(data: Data) -> str | None:
    """Return the path of the dynamic linker that the file asks for."""
    for segment in segments(data):
        if segment.kind == _PT_INTERP:
            return bytes(data[segment.offset : segment.offset + segment.size]).rstrip(b"\0").decode()
    return None


def needed(data: Data) -> list[str]:
    """Return the names of the shared libraries that the file asks for (DT_NEEDED)."""
    found: list[tuple[int, int]] = []
    for segment in segments(data):
        if segment.kind == _PT_DYNAMIC:
            entries = bytes(data[segment.offset : segment.offset + segment.size])
            found += struct.iter_unpack("<QQ", entries[: len(entries) // 16 * 16])
    table = next((value for tag, value in found if tag == _DT_STRTAB), None)
    place = None if table is None else _offset_of(data, table)
    if place is None:
        return []
    starts = [place + value for tag, value in found if tag == _DT_NEEDED]
    return [bytes(data[start : data.find(b"\0", start)]).decode() for start in starts]


def _offset_of(data: Data, address: int) -> int | None:
    """Return where in the file lies what is loaded at an address."""
    for segment in segments(data):
        if segment.kind == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return None


def loadable_part(data: Data) -> bytes:
    """Return the file without what is never loaded (symbols, debug information): often a third of its size.

    Raises ElfError, also for a file that is not whole.
    """
    found = segments(data)
    start, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    end = max([64, start + size * count, *(segment.offset + segment.size for segment in found)])
    if end > len(data):
        raise ElfError(f"it is cut off: it has {len(data)} bytes of {end}")
    trimmed = bytearray(data[:end])
    struct.pack_into("<Q", trimmed, 40, 0)  # no section headers any more
    struct.pack_into("<HHH", trimmed, 58, 0, 0, 0)
    return bytes(trimmed)


def has_pvh_entry(data: Data) -> bool:
    """Tell whether QEMU can boot this vmlinux: only by the PVH entry, which CONFIG_PVH=y puts into a note."""
    for segment in segments(data):
        if segment.kind == _PT_NOTE:
            notes = bytes(data[segment.offset : segment.offset + segment.size])
            if any(name == b"Xen" and kind == _PVH_NOTE for name, kind in _notes(notes)):
                return True
    return False


def _notes(data: bytes) -> list[tuple[bytes, int]]:
    found = []
    position = 0
    while position + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, position)
        position += 12
        found.append((data[position : position + name_size].rstrip(b"\0"), kind))
        position += (name_size + 3 & ~3) + (size + 3 & ~3)
    return found
