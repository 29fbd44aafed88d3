"""What is left after a scenario, in the order that does not disturb: mappings, residency, and the contents last."""

from __future__ import annotations

import os
import struct

from mremapcheck.live.constants import PROT_READ, SYS_MPROTECT, SYS_PREADV, SYS_PWRITEV
from mremapcheck.live.proc import Proc
from mremapcheck.live.syscalls import call, call_buffer, errno
from mremapcheck.live.tags import SIZE, table
from mremapcheck.live.wire import Trouble
from mremapcheck.units import PAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    #: first line and VmFlags line as the kernel printed them, presence (a byte a page), pages read (None: all, else
    #: their indexes), their first 8 bytes each (empty: nothing but zeros), indexes of those that could not be read
    Seen: TypeAlias = tuple[bytes, bytes, bytes, list[int] | None, bytes, list[int]]

#: readv(2) takes no more (IOV_MAX).
_VECTOR = 1024
#: Ranges closer than so many bytes are read from pagemap together.
_NEAR = 64 * PAGE
_KEPT = 512


class Pages:
    """Reads and writes the first bytes of pages with one system call for many.

    The kernel copies to and from a scratch file: a page that cannot be reached is an errno, not a signal.
    """

    __slots__ = ("_fd", "_kept", "_vectors")

    def __init__(self) -> None:
        self._fd = os.memfd_create("mremapcheck-scratch", os.MFD_CLOEXEC)
        content = table()
        os.pwrite(self._fd, content, 0)
        self._kept = len(content)
        self._vectors: dict[tuple[int, int], bytes] = {}

    def vector(self, start: int, count: int) -> bytes:
        """Return an iovec for the first bytes of ``count`` pages from ``start``."""
        key = (start, count)
        known = self._vectors.get(key)
        if known is None:
            known = _pack(range(start, start + count * PAGE, PAGE))
            if len(self._vectors) >= _KEPT:
                self._vectors.clear()
            self._vectors[key] = known
        return known

    def write_table(self, start: int, count: int, place: int) -> None:
        """Write tags that the table has at ``place`` into ``count`` pages from ``start``; raise Trouble."""
        done = call_buffer(SYS_PREADV, self._fd, self.vector(start, count), count, place, 0)
        if done != count * SIZE:
            raise Trouble(errno() if done == -1 else _EFAULT, "", max(done, 0) // SIZE)

    def write(self, start: int, content: bytes) -> None:
        """Write 8 bytes of ``content`` to the start of each page from ``start``; raise Trouble."""
        for first in range(0, len(content), _VECTOR * SIZE):
            part = content[first : first + _VECTOR * SIZE]
            os.pwrite(self._fd, part, self._kept)
            try:
                self.write_table(start + first // SIZE * PAGE, len(part) // SIZE, self._kept)
            except Trouble as trouble:
                trouble.page += first // SIZE
                raise

    def touch(self, start: int, count: int) -> None:
        """Read from each page from ``start``; raise Trouble."""
        _, failed = self.read(self.vector(start, count), count)
        if failed:
            raise Trouble(_EFAULT, "", failed[0])

    def read(self, vector: bytes, count: int) -> tuple[bytes, list[int]]:
        """Return the first 8 bytes of every page of ``vector``, and the indexes of those that could not be read."""
        data = bytearray()
        failed: list[int] = []
        at = 0
        while at < count:
            part = min(count - at, _VECTOR)
            piece = vector if part == count else vector[at * 2 * SIZE : (at + part) * 2 * SIZE]
            done = call_buffer(SYS_PWRITEV, self._fd, piece, part, self._kept, 0)
            if done == -1:
                if errno() != _EFAULT:
                    raise OSError(errno(), "pwritev")
                done = 0
            if done == count * SIZE:
                return os.pread(self._fd, done, self._kept), failed
            done -= done % SIZE
            data += os.pread(self._fd, done, self._kept)
            at += done // SIZE
            if done < part * SIZE:
                failed.append(at)
                data += bytes(SIZE)
                at += 1
        return bytes(data), failed


_EFAULT = 14


def _pack(addresses: range | list[int]) -> bytes:
    words = []
    for address in addresses:
        words.append(address)
        words.append(SIZE)
    return struct.pack(f"{len(words)}Q", *words)


def presence(proc: Proc, ranges: list[tuple[int, int]]) -> list[bytes]:
    """Return a byte for each page of each (start, end) in address order: 1 where the page tables have it."""
    found: list[bytes] = []
    index = 0
    while index < len(ranges):
        low, high = ranges[index]
        last = index + 1
        while last < len(ranges) and ranges[last][0] - high < _NEAR:
            high = ranges[last][1]
            last += 1
        bits = proc.presence(low, high)
        if last == index + 1:
            found.append(bits)
        else:
            found += [bits[(start - low) // PAGE : (end - low) // PAGE] for start, end in ranges[index:last]]
        index = last
    return found


def contents(
    proc: Proc, pages: Pages, records: list[tuple[bytes, bytes]], bounds: list[tuple[int, int]], present: list[bytes]
) -> list[Seen]:
    """Read what the mappings hold, each within its ``bounds``; make readable first what is not."""
    vectors = []
    wanted: list[list[int] | None] = []
    counts = []
    for (line, _), (start, end), bits in zip(records, bounds, present, strict=True):
        _, _, readable, plain = proc.head(line)
        if not readable:
            call(SYS_MPROTECT, start, end - start, PROT_READ)
        which: list[int] | None = None
        count = len(bits)
        if plain and 0 in bits:  # a page that was never touched is known to be zero
            which = [index for index, bit in enumerate(bits) if bit]
            count = len(which)
            if count:
                vectors.append(_pack([start + index * PAGE for index in which]))
        else:
            vectors.append(pages.vector(start, count))
        wanted.append(which)
        counts.append(count)
    data, failed = pages.read(b"".join(vectors), sum(counts))
    seen: list[Seen] = []
    at = 0
    for (line, flags), bits, which, count in zip(records, present, wanted, counts, strict=True):
        part = data[at * SIZE : (at + count) * SIZE]
        holes = [index - at for index in failed if at <= index < at + count] if failed else []
        seen.append((line, flags, bits, which, part if part.strip(b"\0") else b"", holes))
        at += count
    return seen
