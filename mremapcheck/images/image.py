"""What a path names, as a kernel that can be booted: a file, a package, a build tree or a folder."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.errors import MremapcheckError
from mremapcheck.images import bzimage, packages
from mremapcheck.images.unpack import unpack
from mremapcheck.kernels.version import KernelVersion
from mremapcheck.vm import elf

_BUILT = "arch/x86/boot/bzImage"
_BANNER = re.compile(rb"Linux version ([0-9][^ \0\n]{1,127}) ([^\0\n]{0,1000})")


class ImageError(MremapcheckError):
    """A path that holds no kernel that can be booted."""


@dataclass(frozen=True, slots=True)
class Image:
    """A kernel image in memory.

    ``data`` is a bzImage, or (``kind`` vmlinux) what is loaded of an uncompressed kernel. ``release`` is what
    ``uname -r`` will say; ``banner`` the rest of the line that it begins, which tells a distribution's own version.
    """

    kind: str
    data: bytes
    origin: str
    release: str
    banner: str

    @property
    def version(self) -> KernelVersion:
        """The version to hold expectations against; raises KernelReferenceError for a release that is none."""
        return KernelVersion.of_build(self.release, self.banner)

    def vmlinux(self) -> bytes | bytearray | None:
        """Return the uncompressed kernel, where QEMU can boot it; None where it must be booted as it is."""
        if self.kind == "vmlinux":
            return self.data
        packed = bzimage.payload(self.data)
        unpacked = unpack(packed) if packed else None
        try:
            return unpacked if unpacked and elf.has_pvh_entry(unpacked) else None
        except elf.ElfError:
            return None


def open_image(path: Path) -> Image:
    """Read the kernel that ``path`` names; raise ImageError or PackageError with a hint where there is none."""
    if not path.exists():
        hint = (
            "an image is a bzImage, a vmlinux, a build tree, a .deb or a .rpm; `mremapcheck kernels` lists known ones"
        )
        raise ImageError(f"there is no file or folder `{path}`", hint)
    if path.is_dir():
        return _open_folder(path)
    try:
        with path.open("rb") as file:
            start = file.read(4096)
        if packages.is_package(start):
            name, data = packages.kernel_in_package(path)
            return _bzimage(data, f"{path}: {name}")
        if bzimage.is_bzimage(start):
            return _bzimage(path.read_bytes(), str(path))
        if start.startswith(elf.MAGIC):
            return _vmlinux(path)
    except PermissionError:
        raise ImageError(
            f"{path} may not be read by this user", "some distributions keep kernels for root only: copy it first"
        ) from None
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from None
    raise ImageError(
        f"{path} is no kernel image: neither a bzImage for x86-64, nor a vmlinux, nor a .deb or .rpm with one in it",
        f"in a build tree the image is {_BUILT}",
    )


def _open_folder(path: Path) -> Image:
    for built in (path / _BUILT, path / "vmlinux"):
        if built.is_file():
            return open_image(built)
    found = sorted(
        file
        for pattern in ("*", "boot/*", "lib/modules/*/*", "usr/lib/modules/*/*")
        for file in path.glob(pattern)
        if packages.is_kernel_name(file.name) and file.is_file() and not file.is_symlink()
    )
    if len(found) == 1:
        return open_image(found[0])
    if found:
        names = ", ".join(str(file.relative_to(path)) for file in found)
        raise ImageError(f"{path} holds {len(found)} kernels: {names}", "name one of them")
    if (path / "Kbuild").exists() and (path / "Makefile").exists():
        raise ImageError(f"{path} is a kernel tree without a kernel: {_BUILT} is missing", "build it: make bzImage")
    raise ImageError(f"{path} holds no kernel image", f"looked for {_BUILT}, vmlinux, vmlinuz-* and boot/vmlinuz-*")


def _bzimage(data: bytes, origin: str) -> Image:
    if not bzimage.is_bzimage(data[:4096]):
        raise ImageError(f"{origin} is no bzImage for x86-64", "other architectures are not supported")
    banner = bzimage.banner(data)
    if banner is None:
        raise ImageError(f"{origin} does not tell its release", "is it an image of Linux?")
    release, _, rest = banner.partition(" ")
    return Image("bzimage", data, origin, release, rest)


def _vmlinux(path: Path) -> Image:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        found = _BANNER.search(view)
        if found is None:
            raise ImageError(f"{path} is an ELF file but no Linux kernel", f"in a build tree take {_BUILT}")
        release, rest = found[1].decode("ascii", "replace"), found[2].decode("ascii", "replace")
        try:
            data = elf.loadable_part(view)
            bootable = elf.has_pvh_entry(data)
        except elf.ElfError as error:
            raise ImageError(f"{path} cannot be booted: {error}", "only x86-64 kernels can") from None
    if not bootable:
        raise ImageError(
            f"{path} is a vmlinux without a PVH entry, which QEMU cannot boot",
            f"build it with CONFIG_PVH=y, or name the bzImage beside it ({_BUILT})",
        )
    return Image("vmlinux", data, str(path), release, rest)
