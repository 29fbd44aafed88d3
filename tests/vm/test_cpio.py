from __future__ import annotations

import stat

from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.executors.vm.cpio import ALIGN, Archive

NAMES = st.text("abc/", min_size=1, max_size=12).filter(lambda name: name.strip("/") and "//" not in name.strip("/"))


def read(data: bytes) -> list[tuple[str, int, bytes, tuple[int, int]]]:
    """Read archives as the kernel does: entry after entry, over trailers and padding."""
    found, at = [], 0
    while at < len(data):
        if data[at] == 0:
            at += 1
            continue
        assert at % 4 == 0
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        mode, size, major, minor, length = fields[1], fields[6], fields[9], fields[10], fields[11]
        name = data[at + 110 : at + 110 + length]
        assert name[-1] == 0
        start = at + 110 + length + -(110 + length) % 4
        at = start + size + -size % 4
        if name != b"TRAILER!!!\0":
            found.append((name[:-1].decode(), mode, data[start : start + size], (major, minor)))
    return found


@given(st.dictionaries(NAMES.map(lambda name: name.strip("/")), st.binary(max_size=50), max_size=6))
def test_what_goes_in_comes_out(files: dict[str, bytes]) -> None:
    archive = Archive()
    for name, data in files.items():
        archive.file(name, data, 0o755)
    entries = read(archive.to_bytes())
    regular = {name: data for name, mode, data, _ in entries if stat.S_ISREG(mode)}
    assert regular == files
    seen: set[str] = set()
    for name, _, _, _ in entries:
        parent = name.rpartition("/")[0]
        assert not parent or parent in seen, "a folder comes before what is in it"
        seen.add(name)


def test_devices_and_links() -> None:
    archive = Archive()
    archive.device("/dev/console", 5, 1)
    archive.link("/init", "usr/bin/python3")
    kinds = {name: (stat.S_IFMT(mode), data, device) for name, mode, data, device in read(archive.to_bytes())}
    assert kinds["dev/console"] == (stat.S_IFCHR, b"", (5, 1))
    assert kinds["init"] == (stat.S_IFLNK, b"usr/bin/python3", (0, 0))


def test_archives_follow_each_other() -> None:
    first, second = Archive(), Archive()
    first.file("a", b"1")
    second.file("b", b"2")
    whole = first.to_bytes() + second.to_bytes()
    assert len(first.to_bytes()) % ALIGN == 0
    assert [name for name, *_ in read(whole)] == ["a", "b"]
