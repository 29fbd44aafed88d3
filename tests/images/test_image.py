from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import pytest

from mremapcheck.executors.vm.images import elf
from mremapcheck.executors.vm.images.image import ImageError, open_image
from tests.images.factories import BANNER, bzimage, deb, flat, vmlinux

DEBIAN = "6.1.0-50-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)"


def write(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_bzimage(tmp_path: Path) -> None:
    image = open_image(write(tmp_path / "bzImage", bzimage()))
    assert (image.kind, image.release, str(image.version)) == ("bzimage", "6.17.13+test-amd64", "6.17.13")


def test_debian_hides_the_stable_update_in_the_banner(tmp_path: Path) -> None:
    image = open_image(write(tmp_path / "vmlinuz", bzimage(DEBIAN)))
    assert (image.release, str(image.version)) == ("6.1.0-50-cloud-amd64", "6.1.176")


def test_debian_hides_the_release_candidate_in_the_banner(tmp_path: Path) -> None:
    banner = (
        "7.3-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 7.3~rc7-1~exp1 (2026-11-01)"
    )
    image = open_image(write(tmp_path / "vmlinuz", bzimage(banner)))
    assert (image.release, str(image.version)) == ("7.3-cloud-amd64", "7.3-rc7")


def test_the_kernel_inside_a_bzimage_is_booted_where_qemu_can(tmp_path: Path) -> None:
    for pvh in (True, False):
        inside = vmlinux(pvh=pvh)
        payload = gzip.compress(inside) + struct.pack("<I", len(inside))
        image = open_image(write(tmp_path / "bzImage", bzimage(payload=payload)))
        assert image.vmlinux() == (inside if pvh else None)


def test_a_vmlinux_is_taken_without_its_debug_information(tmp_path: Path) -> None:
    whole = vmlinux()
    image = open_image(write(tmp_path / "vmlinux", whole))
    assert (image.kind, image.release) == ("vmlinux", "6.17.13+test-amd64")
    assert len(image.data) < len(whole)
    assert elf.has_pvh_entry(image.data)
    assert image.vmlinux() == image.data


def test_a_vmlinux_without_pvh_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="without a PVH entry") as caught:
        open_image(write(tmp_path / "vmlinux", vmlinux(pvh=False)))
    assert "CONFIG_PVH=y" in caught.value.hint
    assert "bzImage" in caught.value.hint


def test_a_build_tree_and_a_package_and_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "tree/arch/x86/boot/bzImage", bzimage())
    write(tmp_path / "root/boot/vmlinuz-6.17", bzimage())
    write(tmp_path / "linux-image.deb", deb({"./boot/vmlinuz-6.17": bzimage()}))
    for name in ("tree", "root", "linux-image.deb"):
        assert open_image(tmp_path / name).release == "6.17.13+test-amd64"


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        ({}, "holds no kernel image", "looked for"),
        ({"Kbuild": b"", "Makefile": b""}, "kernel tree without a kernel", "make bzImage"),
        ({"vmlinuz-1": bzimage(), "vmlinuz-2": bzimage()}, "holds 2 kernels: vmlinuz-1, vmlinuz-2", "name one"),
    ],
)
def test_folders_that_name_no_kernel(tmp_path: Path, files: dict[str, bytes], message: str, hint: str) -> None:
    for name, data in files.items():
        write(tmp_path / name, data)
    with pytest.raises(ImageError, match=message) as caught:
        open_image(tmp_path)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is no kernel image"),
        (b"#!/bin/sh\n", "is no kernel image"),
        (bzimage(""), "does not tell its release"),
        (b"\x7fELF" + bytes(100), "is an ELF file but no Linux kernel"),
        (f"\x7fELF{'.' * 100}Linux version {BANNER}\n".encode(), "cannot be booted"),
    ],
)
def test_files_that_are_no_kernel(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        open_image(write(tmp_path / "file", data))


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def efi(machine: bytes) -> bytes:
    """Return how an arm64 or riscv Image begins."""
    return b"MZ" + bytes(54) + machine + bytes(4096)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (cut(bzimage(payload=bytes(100_000))), r"is cut off: it has \d+ bytes of \d+"),
        (vmlinux()[: -len(b"debug information " * 100) - 8], "is cut off"),
        (efi(b"ARM\x64"), "does not tell its release"),
        (efi(b"RSC\x05"), "is a kernel for riscv"),
        (b"MZ\0\0zimg" + bytes(4096), "is an EFI program, but neither"),
        (vmlinux()[:18] + b"\xb7\0" + vmlinux()[20:], "is a kernel for arm64"),
    ],
)
def test_kernels_that_are_of_no_use_here(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ImageError, match=message) as caught:
        open_image(write(tmp_path / "file", data))
    assert caught.value.hint
    with pytest.raises(ImageError, match=message):
        open_image(write(tmp_path / "linux.deb", deb({"./boot/vmlinuz-6.17": data})))


def test_what_is_neither_file_nor_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ImageError, match="is neither a file nor a folder"):
        open_image(tmp_path / "fifo")


def test_what_is_not_there_or_not_readable(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="there is no"):
        open_image(tmp_path / "missing")
    secret = write(tmp_path / "vmlinuz", bzimage())
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        pytest.skip("root may read everything")
    with pytest.raises(ImageError, match="may not be read"):
        open_image(secret)


@pytest.mark.parametrize(("size", "name"), [(4096, "arm64"), (16384, "arm64-16k"), (65536, "arm64-64k"), (0, "arm64")])
def test_an_image_tells_its_platform(tmp_path: Path, size: int, name: str) -> None:
    image = open_image(write(tmp_path / "Image", flat(size)))
    assert (image.kind, image.platform.name) == ("flat", name)
    assert (image.release, str(image.version)) == ("6.1.0-57-test", "6.1.192")  # not the compiler's version
    assert image.vmlinux() is None
    assert open_image(write(tmp_path / "linux.deb", deb({"./boot/vmlinuz-6.17": flat(size)}))).platform.name == name


def test_a_tree_of_another_architecture(tmp_path: Path) -> None:
    write(tmp_path / "tree/arch/arm64/boot/Image", flat())
    write(tmp_path / "tree/vmlinux", vmlinux()[:18] + b"\xb7\0" + vmlinux()[20:])
    assert open_image(tmp_path / "tree").platform.name == "arm64"
    with pytest.raises(ImageError) as caught:
        open_image(tmp_path / "tree/vmlinux")
    assert "arch/arm64/boot/Image" in caught.value.hint


@pytest.mark.parametrize("size", [518, 527, 600, 1500])
def test_an_image_that_is_cut_off_says_so(tmp_path: Path, size: int) -> None:
    with pytest.raises(ImageError, match=f"is cut off: it has {size} bytes of "):
        open_image(write(tmp_path / "bzImage", bzimage()[:size]))
