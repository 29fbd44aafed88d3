from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.executors.vm.images import bzimage
from mremapcheck.executors.vm.images.unpack import unpack
from tests.images import factories
from tests.tools import tool

PLAIN = factories.vmlinux() * 30


def by_tool(name: str, *words: str) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        return subprocess.run([tool(name), *words], input=data, capture_output=True, check=True).stdout

    return pack


def packed(pack: Callable[[bytes], bytes]) -> bytes:
    return pack(PLAIN) + struct.pack("<I", len(PLAIN))


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        bz2.compress,
        lambda data: lzma.compress(data, check=lzma.CHECK_CRC32),
        lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
        by_tool("zstd", "-q", "-19"),
        by_tool("lz4", "-l", "-q"),
    ],
    ids=["gzip", "bzip2", "xz", "lzma", "zstd", "lz4"],
)
def test_what_a_kernel_is_packed_with(pack: Callable[[bytes], bytes]) -> None:
    payload = bzimage.payload(factories.bzimage(payload=packed(pack)))
    assert payload is not None
    assert unpack(payload) == PLAIN


def test_an_unknown_packing_is_left_to_the_kernel() -> None:
    assert unpack(packed(lambda data: b"LZO\0" + data)) is None


@pytest.mark.parametrize("pack", [by_tool("zstd", "-q"), by_tool("lz4", "-l", "-q")], ids=["zstd", "lz4"])
def test_without_a_program_it_is_left_to_the_kernel(
    pack: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = packed(pack)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert unpack(payload) is None


def test_a_size_beyond_reason_is_not_believed() -> None:
    assert unpack(gzip.compress(PLAIN) + struct.pack("<I", 0xF0000000)) is None


@given(st.sampled_from([gzip.compress, bz2.compress, lzma.compress]), st.data())
def test_damage_never_gives_another_kernel(pack: Callable[[bytes], bytes], data: st.DataObject) -> None:
    payload = bytearray(packed(pack))
    at = data.draw(st.integers(0, len(payload) - 5))
    payload[at] ^= data.draw(st.integers(1, 255))
    result = unpack(bytes(payload))
    assert result is None or len(result) == len(PLAIN)
