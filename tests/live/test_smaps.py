"""Records of smaps, as kernels with and without protection keys print them."""

from __future__ import annotations

import pytest

from mremapcheck.executors.live.smaps import Smaps

FIRST = b"10000000000-10000003000 rw-p 00000000 00:00 0 \n"
BODY = b"Size:                 12 kB\nKernelPageSize:        4 kB\nTHPeligible:    0\n"
FLAGS = b"VmFlags: rd wr mr mw me ac sd \n"


def record(key: int | None, more: bytes = b"") -> bytes:
    line = b"" if key is None else b"ProtectionKey:  %8d\n" % key
    return FIRST + BODY + more + line + FLAGS


@pytest.mark.parametrize("more", [b"", b"Longer:             12345 kB\n"])
def test_keys_that_somebody_gave_come_before_the_flags(more: bytes) -> None:
    smaps = Smaps(record(0))
    found = smaps.records(record(0) + record(1, more) + record(10, more) + record(0, more))
    assert [line for line, _ in found] == [FIRST[:-1]] * 4
    flags = FLAGS[:-1]
    assert [rest for _, rest in found] == [
        flags,
        b"ProtectionKey:         1\n" + flags,
        b"ProtectionKey:        10\n" + flags,
        flags,
    ]


def test_kernels_without_keys() -> None:
    smaps = Smaps(record(None))
    assert smaps.records(record(None) + record(None, b"Longer: 1 kB\n")) == [(FIRST[:-1], FLAGS[:-1])] * 2
