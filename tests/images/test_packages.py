from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.executors.vm.images.packages import PackageError, is_package, kernel_in_package, unpack_package
from tests.images.factories import bzimage, deb, rpm
from tests.tools import tool

KERNEL = bzimage()
FILES = {
    "./usr/share/doc/README": b"about vmlinuz",
    "./boot/config-6.17": b"CONFIG_X=y\n",
    "./boot/vmlinuz-6.17": KERNEL,
}


def zstd(data: bytes) -> bytes:
    return subprocess.run([tool("zstd"), "-q"], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize(
    ("pack", "suffix"),
    [(bytes, ""), (gzip.compress, ".gz"), (lzma.compress, ".xz"), (bz2.compress, ".bz2"), (zstd, ".zst")],
)
@pytest.mark.parametrize("make", ["deb", "rpm"])
def test_finds_the_kernel(tmp_path: Path, make: str, pack: Callable[[bytes], bytes], suffix: str) -> None:
    path = tmp_path / "package"
    path.write_bytes(deb(FILES, pack, suffix) if make == "deb" else rpm(FILES, pack))
    assert is_package(path.read_bytes()[:64])
    name, data = kernel_in_package(path)
    assert name == "./boot/vmlinuz-6.17"
    assert data == KERNEL


@pytest.mark.parametrize("make", ["deb", "rpm"])
def test_a_program_that_is_not_here_is_named(tmp_path: Path, make: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "package"
    path.write_bytes(deb(FILES, zstd, ".zst") if make == "deb" else rpm(FILES, zstd))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PackageError, match="packed with zstd, which is not on this machine") as caught:
        kernel_in_package(path)
    assert caught.value.hint == "install it"


def test_the_name_must_be_a_kernels(tmp_path: Path) -> None:
    path = tmp_path / "linux-headers.deb"
    path.write_bytes(deb({"./usr/src/vmlinuz.txt": KERNEL, "./boot/System.map": b""}))
    with pytest.raises(PackageError, match="holds no kernel") as caught:
        kernel_in_package(path)
    assert "linux-binary" in caught.value.hint


def test_a_later_debian_package_keeps_the_kernel_with_its_modules(tmp_path: Path) -> None:
    path = tmp_path / "linux-binary.deb"
    path.write_bytes(deb({"./usr/lib/modules/7.3.4/vmlinuz": KERNEL}))
    assert kernel_in_package(path) == ("./usr/lib/modules/7.3.4/vmlinuz", KERNEL)


@given(st.data())
def test_a_damaged_package_is_refused_or_read_but_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from([deb(FILES, lzma.compress, ".xz"), rpm(FILES, gzip.compress)]))
    damaged = bytearray(whole[: data.draw(st.integers(8, len(whole)))])
    at = data.draw(st.integers(8, max(8, len(damaged) - 1)))
    if at < len(damaged):
        damaged[at] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.mktemp("damaged") / "package"
    path.write_bytes(damaged)
    try:
        name, _ = kernel_in_package(path)
    except PackageError as error:
        assert str(path) in str(error)
    else:
        assert "vmlinuz" in name


def archive(*members: tuple[str, bytes | str]) -> bytes:
    """Return a .deb with files (bytes) and symbolic links (str)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as data:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                data.addfile(member)
            else:
                member.size = len(content)
                data.addfile(member, io.BytesIO(content))
    return deb({}, lambda _: out.getvalue())


def test_a_package_is_unpacked_with_its_links(tmp_path: Path) -> None:
    package = tmp_path / "libz.deb"
    package.write_bytes(
        archive(
            ("./usr/lib/libz.so.1.3", b"zlib"),
            ("./usr/lib/libz.so.1", "libz.so.1.3"),
            ("./lib64/a", "/usr/lib/libz.so.1"),
        )
    )
    unpack_package(package, tmp_path / "root")
    assert (tmp_path / "root/usr/lib/libz.so.1").read_bytes() == b"zlib" == (tmp_path / "root/lib64/a").read_bytes()


@pytest.mark.parametrize(
    "members",
    [
        [("../../outside", b"x")],
        [("/outside", b"x")],
        [("./link", "../../.."), ("./link/outside", b"x")],
        [("./link", "/"), ("./link/outside", b"x")],
    ],
)
def test_nothing_gets_out_of_the_folder(tmp_path: Path, members: list[tuple[str, bytes | str]]) -> None:
    (tmp_path / "a/root").mkdir(parents=True)
    package = tmp_path / "a/evil.deb"
    package.write_bytes(archive(*members))
    with suppress(PackageError):
        unpack_package(package, tmp_path / "a/root")
    assert not (tmp_path / "outside").exists() and not Path("/outside").exists()
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["evil.deb", "root"]
