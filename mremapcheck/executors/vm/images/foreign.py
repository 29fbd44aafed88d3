"""Kernels that cannot be booted here, told by how they begin: of other architectures, or packed in other ways."""

from __future__ import annotations

import struct

_ELF = b"\x7fELF"
#: e_machine -> the kernel's name for the architecture.
_ELF_MACHINES = {3: "x86", 20: "powerpc", 21: "powerpc64", 22: "s390", 40: "arm", 62: "x86-64", 183: "arm64"}
_ELF_MACHINES |= {243: "riscv", 258: "loongarch"}
#: Where the header of an Image (Documentation/arch/*/boot*.rst) has its second magic number, and which.
_IMAGE_MAGIC = {b"ARM\x64": "arm64", b"RSC\x05": "riscv"}


def architecture(start: bytes) -> str | None:
    """Return the architecture that a file of this beginning (64 bytes) is a kernel or program for; None: who knows."""
    if start.startswith(_ELF) and len(start) >= 20:
        (machine,) = struct.unpack_from("<H" if start[5:6] == b"\x01" else ">H", start, 18)
        return _ELF_MACHINES.get(machine)
    return _IMAGE_MAGIC.get(start[56:60])


def is_efi_program(start: bytes) -> bool:
    """Tell whether it is something that EFI starts, as a bzImage is too."""
    return start.startswith(b"MZ")
