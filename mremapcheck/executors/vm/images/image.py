"""What a path names, as a kernel that can be booted: a file, a package, a build tree or a folder."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass
from pathlib import Path

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.paths import is_there
from mremapcheck.executors.vm.images import bzimage, elf, flat, foreign, packages
from mremapcheck.executors.vm.images.unpack import unpack
from mremapcheck.linux.platforms import PLATFORMS, USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.versions.version import KernelVersion

#: Bytes that tell what a file is.
_START = 4096
_ONLY = f"only kernels for {', '.join(PLATFORMS)} can be booted here"
_BUILT = tuple(dict.fromkeys(platform.built for platform in PLATFORMS.values()))
_IMAGES = " or ".join(_BUILT)
#: Whose images are bzImages.
_PACKED = next(platform for platform in PLATFORMS.values() if not platform.magic)
_BANNER = re.compile(rb"Linux version ([0-9][^ \0\n]{1,127}) ([^\0\n]{0,1000})")


class ImageError(MremapcheckError):
    """A path that holds no kernel that can be booted."""


@dataclass(frozen=True, slots=True)
class Image:
    """A kernel image in memory.

    ``data`` is a bzImage, an Image (``kind`` flat), or (vmlinux) what is loaded of an uncompressed kernel. ``release``
    is what ``uname -r`` will say; ``banner`` the rest of the line that it begins, which tells a distribution's own
    version.
    """

    kind: str
    data: bytes
    origin: str
    release: str
    banner: str
    platform: Platform = USUAL

    @property
    def version(self) -> KernelVersion:
        """The version to hold expectations against; raises KernelReferenceError for a release that is none."""
        return KernelVersion.of_build(self.release, self.banner)

    def vmlinux(self) -> bytes | None:
        """Return the uncompressed kernel, where QEMU can boot it; None where it must be booted as it is."""
        if self.kind == "vmlinux":
            return self.data
        if self.kind == "flat":
            return None
        packed = bzimage.payload(self.data)
        unpacked = unpack(packed) if packed else None
        try:
            return unpacked if unpacked and elf.has_pvh_entry(unpacked) else None
        except elf.ElfError:
            return None


def open_image(path: Path) -> Image:
    """Read the kernel that ``path`` names; raise ImageError or PackageError with a hint where there is none."""
    if not is_there(path):
        hint = (
            "an image is a bzImage, a vmlinux, a build tree, a .deb or a .rpm; `mremapcheck kernels` lists known ones"
        )
        raise ImageError(f"there is no file or folder `{path}`", hint)
    if path.is_dir():
        return _open_folder(path)
    if not path.is_file():
        raise ImageError(f"{path} is neither a file nor a folder")
    try:
        with path.open("rb") as file:
            start = file.read(_START)
        if packages.is_package(start):
            name, data = packages.kernel_in_package(path)
            return _kernel(data, f"{path}: {name}")
        if start.startswith(elf.MAGIC):
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
                return _vmlinux(view, str(path))
        whole = bzimage.is_bzimage(start) or flat.platform_of(start)
        return _kernel(path.read_bytes() if whole else start, str(path))
    except PermissionError:
        raise ImageError(
            f"{path} may not be read by this user", "some distributions keep kernels for root only: copy it first"
        ) from None
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}") from None


def _open_folder(path: Path) -> Image:
    for built in (*_BUILT, "vmlinux"):
        if (path / built).is_file():
            return open_image(path / built)
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
        raise ImageError(
            f"{path} is a kernel tree without a kernel: {_IMAGES} is missing", "build it: make bzImage, or make Image"
        )
    raise ImageError(f"{path} holds no kernel image", f"looked for {_IMAGES}, vmlinux, vmlinuz-* and boot/vmlinuz-*")


def _kernel(data: bytes, origin: str) -> Image:
    """Return the kernel that a file with these bytes is."""
    if data.startswith(elf.MAGIC):
        return _vmlinux(data, origin)
    if bzimage.is_bzimage(data[:_START]):
        return _bzimage(data, origin)
    platform = flat.platform_of(data[:_START])
    if platform is not None:
        return _flat(data, origin, platform)
    machine = foreign.architecture(data)
    if machine:
        raise ImageError(f"{origin} is a kernel for {machine}", _ONLY)
    if foreign.is_efi_program(data):
        raise ImageError(f"{origin} is an EFI program, but neither a bzImage nor an Image", _ONLY)
    raise ImageError(
        f"{origin} is no kernel image: no bzImage, Image or vmlinux, and no .deb or .rpm with one in it",
        f"in a build tree the image is {_IMAGES}",
    )


def _flat(data: bytes, origin: str, platform: Platform) -> Image:
    text = flat.banner(data)
    if text is None:
        raise ImageError(f"{origin} does not tell its release", "is it a whole image of Linux?")
    release, _, rest = text.partition(" ")
    return Image("flat", data, origin, release, rest, platform)


def _bzimage(data: bytes, origin: str) -> Image:
    whole = bzimage.whole_size(data)
    if len(data) < whole:
        raise ImageError(f"{origin} is cut off: it has {len(data)} bytes of {whole}", "was it copied whole?")
    text = bzimage.banner(data)
    if text is None:
        raise ImageError(f"{origin} does not tell its release", "is it an image of Linux?")
    release, _, rest = text.partition(" ")
    return Image("bzimage", data, origin, release, rest, _PACKED)


def _vmlinux(data: bytes | mmap.mmap, origin: str) -> Image:
    machine = foreign.architecture(data[:64])
    if machine not in (_PACKED.name, None):
        beside = next((each.built for each in PLATFORMS.values() if each.name == machine), "")
        hint = f"name the Image beside it ({beside}), which QEMU can boot" if beside else _ONLY
        raise ImageError(f"{origin} is a kernel for {machine}", hint)
    found = _BANNER.search(data)
    if found is None:
        raise ImageError(f"{origin} is an ELF file but no Linux kernel", f"in a build tree take {_IMAGES}")
    release, rest = found[1].decode("ascii", "replace"), found[2].decode("ascii", "replace")
    try:
        loaded = elf.loadable_part(data)
        bootable = elf.has_pvh_entry(loaded)
    except elf.ElfError as error:
        raise ImageError(f"{origin} cannot be booted: {error}", "was it copied whole?") from None
    if not bootable:
        raise ImageError(
            f"{origin} is a vmlinux without a PVH entry, which QEMU cannot boot",
            f"build it with CONFIG_PVH=y, or name the bzImage beside it ({_PACKED.built})",
        )
    return Image("vmlinux", loaded, origin, release, rest, _PACKED)
