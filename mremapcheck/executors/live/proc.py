"""What /proc/self tells about this process, read through descriptors that stay open, with pread: never buffered.

The arena lies below a position-independent interpreter, so its mappings come first and a short read is enough; a
sentinel mapping at the arena's end tells where to stop. A descriptor belongs to the process that opened it: a forked
child must ``open`` its own.
"""

from __future__ import annotations

import os
from os import pread

from mremapcheck.executors.live.smaps import Smaps
from mremapcheck.linux.files import read_all
from mremapcheck.linux.pages import ARENA_END, ARENA_START, PAGE_SHIFT
from mremapcheck.linux.platforms import HERE, USUAL

#: Mappings from here on are of a processor that has more than its platform says.
_USER_END = (HERE or USUAL).user_end
#: Top byte of a pagemap entry -> is the page present (bit 63) or swapped out (62)?
_PRESENT = bytes(1 if top & 0xC0 else 0 for top in range(256))
_CHUNK = 1 << 16
#: Bytes of a VmFlags line, if it is long.
_FLAGS_ROOM = 60
_KEPT = 4096

#: start, end, readable, private and without a page cache (what was never touched reads as zero, or means nothing)
Head = tuple[int, int, bool, bool]


class _Heads(dict[bytes, Head]):
    """The first line of a mapping's record (a line of maps) -> what it says."""

    def __missing__(self, line: bytes) -> Head:
        if len(self) >= _KEPT:
            self.clear()
        fields = line.split(None, 5)
        start, end = fields[0].split(b"-")
        prot = fields[1]
        path = fields[5] if len(fields) == 6 else b""
        plain = prot[3:4] == b"p" and (not path or path.startswith((b"[anon", b"[vvar", b"/dev/zero")))
        head = self[line] = int(start, 16), int(end, 16), prot[:1] == b"r", plain
        return head


class Proc:
    """The descriptors, and how long a record of smaps is on this kernel; the arena ends at ``end``."""

    __slots__ = (
        "_end",
        "_heads",
        "_low_mappings",
        "_low_text",
        "_sentinel",
        "_smaps",
        "alike",
        "maps_fd",
        "pagemap_fd",
        "smaps_fd",
        "statm_fd",
        "status_fd",
    )

    def __init__(self, end: int = ARENA_END) -> None:
        self._end = end
        self._sentinel = b"%x-" % end
        self._heads = _Heads()
        self._low_text = 0
        self._low_mappings = 0
        self.open()
        data = pread(self.smaps_fd, 8192, 0)
        self._smaps = Smaps(data)
        #: Do smaps' first lines read as those of maps? QEMU's user mode makes up the one and passes the other on.
        self.alike = data.startswith(pread(self.maps_fd, 8192, 0).partition(b"\n")[0] + b"\n")

    def open(self) -> None:
        """Open this process's own files (anew in a forked child)."""
        self.maps_fd, self.smaps_fd, self.pagemap_fd, self.statm_fd, self.status_fd = (
            os.open(f"/proc/self/{name}", os.O_RDONLY | os.O_CLOEXEC)
            for name in ("maps", "smaps", "pagemap", "statm", "status")
        )

    def close(self) -> None:
        """Close them."""
        for fd in (self.maps_fd, self.smaps_fd, self.pagemap_fd, self.statm_fd, self.status_fd):
            os.close(fd)

    def maps(self, expected: int) -> bytes:
        """Return the arena's lines of maps; ``expected`` bytes are read at first.

        The kernel makes as many lines as were asked for, and each costs as much as a small system call.
        """
        data = pread(self.maps_fd, self._low_text + expected + len(self._sentinel), 0)
        at = data.rfind(self._sentinel)
        return self._above(data[:at] if at >= 0 else self._read_on(self.maps_fd, data, 0, 512))

    def _above(self, text: bytes) -> bytes:
        """Return the arena's lines of ``text``; those before are memory of an interpreter, which may be more by now."""
        at = 0
        while at < len(text) and int(text[at : text.find(b"-", at)], 16) < ARENA_START:
            at = text.find(b"\n", at) + 1
        if at != self._low_text:
            self._low_text, self._low_mappings = at, text.count(b"\n", 0, at)
        return text[at:]

    def smaps(self, mappings: int, text: int) -> tuple[list[tuple[bytes, bytes]], list[Head]]:
        """Return each mapping in the arena as ``Smaps.records`` does, and what the first line says.

        ``mappings`` is how many there may be, ``text`` how many bytes of maps they take.
        """
        record = self._smaps.body + _FLAGS_ROOM
        size = self._low_text + text + (self._low_mappings + mappings) * record + len(self._sentinel)
        data = pread(self.smaps_fd, size, 0)
        at = data.rfind(self._sentinel)
        records = self._smaps.records(data[:at] if at >= 0 else self._read_on(self.smaps_fd, data, size, 2 * record))
        heads = [self._heads[line] for line, _ in records]
        if heads and heads[0][0] < ARENA_START:
            inside = [index for index, head in enumerate(heads) if head[0] >= ARENA_START]
            return [records[index] for index in inside], [heads[index] for index in inside]
        return records, heads

    def smaps_within(self, zones: list[tuple[int, int]]) -> tuple[list[tuple[bytes, bytes]], list[tuple[int, int]]]:
        """Return the records of the mappings in any of the zones (start, end), and how much of each counts.

        A mapping at a place of the kernel's choice may have merged with one of the interpreter's.
        """
        zones = sorted(zones)
        records = []
        bounds = []
        for record in self.smaps_below(zones[-1][1]):
            start, end = self.head(record[0])[:2]
            for low, high in zones:
                if start < high and low < end:
                    records.append(record)
                    bounds.append((max(start, low), min(end, high)))
        return records, bounds

    def smaps_below(self, end: int) -> list[tuple[bytes, bytes]]:
        """Return, as ``Smaps.records`` does, every mapping of the process below ``end``, and of a few more.

        The kernel gives some whole records at a time, and walks the page tables for each: what was enough is not read
        to its end.
        """
        data = b""
        while chunk := pread(self.smaps_fd, _CHUNK, len(data)):
            data += chunk
            last = chunk.rfind(b"\n", 0, chunk.rfind(b"\nSize:")) + 1
            if int(chunk[last : chunk.index(b"-", last)], 16) >= end:
                break
        return self._smaps.records(data)

    def all_maps(self) -> list[bytes]:
        """Return every line of maps."""
        return read_all(self.maps_fd).splitlines()

    def foreign(self, places: list[tuple[int, int]]) -> int:
        """Return the pages of all mappings outside the arena and outside ``places`` (start, end)."""
        total = 0
        for line in self.all_maps():
            if line.endswith(b"[vsyscall]"):
                continue  # not a mapping of the process
            start, end = self.head(line)[:2]
            if start < ARENA_START or start > self._end:
                total += end - start
                for low, high in places:
                    total -= max(0, min(end, high) - max(start, low))
        return total >> PAGE_SHIFT

    def foreign_locked(self, places: list[tuple[int, int]]) -> int:
        """Return the locked pages outside the arena and outside ``places`` (start, end)."""
        total = 0
        for line, flags in self.smaps_below(1 << 64):
            start, end = self.head(line)[:2]
            if b" lo" in flags and (start < ARENA_START or start > ARENA_END):
                total += end - start - sum(max(0, min(end, high) - max(start, low)) for low, high in places)
        return total >> PAGE_SHIFT

    def strays(self) -> list[tuple[int, int]]:
        """Return the (start, end) of mappings where only absolute addresses lead: the lowest 64K, above user space."""
        found = []
        for line in self.all_maps():
            start, end = self.head(line)[:2]
            if (start < 0x10000 or start >= _USER_END) and not line.endswith(b"[vsyscall]"):
                found.append((start, end))
        return found

    def head(self, line: bytes) -> Head:
        """Read the first line of a mapping's record (a line of maps)."""
        return self._heads[line]

    def bits(self, start: int, end: int) -> bytes:
        """Return a byte for each page of [start, end): 1 where pagemap has bit 57 (uffd-wp), 2 bit 55 (soft-dirty)."""
        data = self._pagemap(start, end)
        return bytes([(top >> 1 & 1) | (low >> 7 << 1) for low, top in zip(data[6::8], data[7::8], strict=True)])

    def presence(self, start: int, end: int) -> bytes:
        """Return one byte for each page of [start, end): 1 where the page tables have it, in memory or swapped out."""
        return self._pagemap(start, end)[7::8].translate(_PRESENT)

    def _pagemap(self, start: int, end: int) -> bytes:
        size = (end - start) >> (PAGE_SHIFT - 3)
        data = pread(self.pagemap_fd, size, start >> (PAGE_SHIFT - 3))
        while len(data) < size:
            more = pread(self.pagemap_fd, size - len(data), (start >> (PAGE_SHIFT - 3)) + len(data))
            if not more:
                raise OSError(f"/proc/self/pagemap ends before {end:#x}")
            data += more
        return data

    def total(self) -> int:
        """Return the size of the address space as the kernel counts it, in pages (VmSize)."""
        return int(pread(self.statm_fd, 32, 0).split(b" ", 1)[0])

    def status(self, name: bytes) -> int:
        """Return a line of status that is in kB (VmLck, VmData), in pages."""
        data = pread(self.status_fd, 8192, 0)
        at = data.index(name + b":") + len(name) + 1
        return int(data[at : data.index(b"kB", at)]) >> (PAGE_SHIFT - 10)

    def _read_on(self, fd: int, data: bytes, size: int, more: int) -> bytes:
        """Read further, up to the sentinel: at least ``more`` bytes at a time, if can be ``size`` in all."""
        at = -1
        while at < 0:
            rest = pread(fd, max(size - len(data), more), len(data))  # the kernel gives no more than a page at once
            if not rest:
                raise OSError("the arena's end has lost its mark")
            data += rest
            at = data.rfind(self._sentinel)
        return data[:at]
