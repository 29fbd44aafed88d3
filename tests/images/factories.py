"""Kernel images and packages made by hand: as much of each format as a reader looks at."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Callable

BANNER = "6.17.13+test-amd64 (builder@example) #1 SMP PREEMPT_DYNAMIC Test"


def bzimage(banner: str = BANNER, payload: bytes = b"") -> bytes:
    """Return a bzImage with this banner and payload (already packed, with the unpacked size at its end)."""
    sectors = 4
    data = bytearray((sectors + 1) * 512)
    data[0x1F1] = sectors
    struct.pack_into("<I", data, 0x1F4, (64 + len(payload)) // 16)
    data[0x1FE:0x200] = b"\x55\xaa"
    data[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", data, 0x206, 0x20F)
    struct.pack_into("<H", data, 0x20E, 0x400)
    struct.pack_into("<II", data, 0x248, 64, len(payload))
    text = banner.encode() + b"\0"
    data[0x600 : 0x600 + len(text)] = text
    return bytes(data) + bytes(64) + payload


#: What an Image tells, with the compiler that other headers leave out.
FLAT_BANNER = "6.1.0-57-test (builder@example) (gcc (Debian 12.2.0-14) 12.2.0, GNU ld 2.40) {} SMP Debian 6.1.192-3"


def flat(page_size: int = 4096, banner: str = FLAT_BANNER, magic: bytes = b"ARM\x64") -> bytes:
    """Return an Image for pages of this size; the kernel has its banner twice, once without the build's number."""
    flags = {4096: 1, 16384: 2, 65536: 3}.get(page_size, 0) << 1
    head = b"MZ" + bytes(22) + struct.pack("<Q", flags) + bytes(24) + magic + bytes(4)
    lines = [f"Linux version {banner.format(number)}\n\0".encode() for number in ("#", "#1")]
    return head + bytes(4096) + b"Linux version %s (%s)\0" + b"".join(lines)


def vmlinux(banner: str = BANNER, pvh: bool = True) -> bytes:
    """Return an ELF file with one note, a banner in its only loaded segment, and a section table to be dropped."""
    note = struct.pack("<III", 4, 8, 18 if pvh else 6) + b"Xen\0" + struct.pack("<Q", 0x1000000)
    text = b"\0" * 8 + f"Linux version {banner}\n".encode() + b"\0"
    headers, count = 64, 2
    start = headers + count * 56
    table = struct.pack("<IIQQQQQQ", 1, 5, start, 0, 0, len(text) + len(note), len(text) + len(note), 0)
    table += struct.pack("<IIQQQQQQ", 4, 4, start + len(text), 0, 0, len(note), len(note), 4)
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x1000000, headers, 4096, 0, 64, 56, count, 64, 3, 2)
    return head + table + text + note + b"debug information " * 100


def tar(files: dict[str, bytes]) -> bytes:
    """Return a tar archive."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def deb(files: dict[str, bytes], pack: Callable[[bytes], bytes] = bytes, suffix: str = "") -> bytes:
    """Return a Debian package whose data archive is packed by ``pack``."""
    members = {"debian-binary": b"2.0\n", "control.tar": tar({"./control": b""}), f"data.tar{suffix}": pack(tar(files))}
    out = b"!<arch>\n"
    for name, data in members.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    return out


def cpio(files: dict[str, bytes]) -> bytes:
    """Return a newc archive, written independently of the package's own writer."""
    out = b""
    for name, data in [*files.items(), ("TRAILER!!!", b"")]:
        raw = name.encode() + b"\0"
        fields = [1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0]
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + raw
        out += bytes(-len(out) % 4)
        out += data
        out += bytes(-len(out) % 4)
    return out


def rpm(files: dict[str, bytes], pack: Callable[[bytes], bytes] = bytes) -> bytes:
    """Return an RPM package: the lead, an odd-sized signature, a header, the packed payload."""

    def header(entries: int, store: bytes) -> bytes:
        return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">II", entries, len(store)) + bytes(16 * entries) + store

    signature = header(1, b"signature")
    signature += bytes(-len(signature) % 8)
    return b"\xed\xab\xee\xdb" + bytes(92) + signature + header(2, b"some tags") + pack(cpio(files))
