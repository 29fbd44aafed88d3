"""What is left after a scenario, in the order that does not disturb: mappings, residency, and the contents last.

Of pages only the first 8 bytes count: that is where tags are.
"""

from __future__ import annotations

import mmap
import os
import struct
from bisect import bisect_left

from mremapcheck.executors.live.proc import Proc
from mremapcheck.executors.live.tags import SIZE, table
from mremapcheck.executors.live.wire import TOUCH
from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import PROT_READ, SYS_MINCORE, SYS_MPROTECT, SYS_PREADV, SYS_PWRITEV
from mremapcheck.linux.pages import PAGE, PAGE_SHIFT
from mremapcheck.linux.syscalls import address, buffer, call, convert, errno, raw
from mremapcheck.linux.trouble import Trouble
from mremapcheck.scenario.kinds import backing_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes
    from typing import TypeAlias

    from mremapcheck.executors.live.proc import Head
    from mremapcheck.executors.live.wire import Step
    from mremapcheck.linux.syscalls import Buffer

    #: number of the first page, and how many follow each other
    Run: TypeAlias = tuple[int, int]

#: readv(2) takes no more (IOV_MAX).
_VECTOR = 1024
#: Ranges closer than so many bytes are read from pagemap together.
_NEAR = 64 * PAGE
#: The iovecs of so many ranges are kept, of those with not more than so many pages.
_KEPT = 2048
_FEW = 32
_EFAULT = 14
#: Mappings of shmem with more pages than that are read where they hold something; others whole, in one go.
_LARGE = 1 << 14
_SHMEM = frozenset({"shmem", "sysv-shm"})
#: mincore(2) defines the lowest bit only.
_LOWEST_BIT = bytes(value & 1 for value in range(256))


class Pages(dict["Step", "tuple[ctypes.c_ulong, ...]"]):
    """Reads and writes the first bytes of pages with one system call for many.

    The kernel copies to and from a scratch file: a page that cannot be reached is an errno, not a signal. As a mapping
    it has for each TOUCH step the arguments of the call that does it.
    """

    __slots__ = ("_fd", "_iovec", "_iovec_at", "_place", "_scratch", "_vectors")

    def __init__(self) -> None:
        super().__init__()
        self._fd = os.memfd_create("mremapcheck-scratch", os.MFD_CLOEXEC)
        content = table()
        self._place = (len(content) + PAGE - 1) & -PAGE
        os.pwrite(self._fd, content, 0)
        os.ftruncate(self._fd, self._place + _VECTOR * SIZE)
        self._scratch = mmap.mmap(self._fd, _VECTOR * SIZE, offset=self._place)
        self._iovec = buffer(2 * SIZE * _VECTOR)
        self._iovec_at = address(self._iovec)
        self._vectors: dict[Run, Buffer] = {}

    def _vector(self, runs: list[Run]) -> int:
        """Return the address of an iovec for the first bytes of these pages; the next call overwrites it."""
        words = _words(runs)
        struct.pack_into(f"{len(words)}Q", self._iovec, 0, *words)
        return self._iovec_at

    def __missing__(self, step: Step) -> tuple[ctypes.c_ulong, ...]:
        """Return the arguments for a TOUCH step; those for many pages are not kept, and good for the next call only."""
        _, start, count, place = step
        run = start >> PAGE_SHIFT, count
        vector = self._kept_vector(run) if count <= _FEW else self._vector([run])
        values = tuple(map(convert, (SYS_PREADV, self._fd, vector, count, place)))
        if count <= _FEW:
            self[step] = values
        return values

    def _kept_vector(self, run: Run) -> int:
        """Return the address of an iovec that stays until many others were asked."""
        memory = self._vectors.get(run)
        if memory is None:
            if len(self._vectors) >= _KEPT:
                self._vectors.clear()
                self.clear()
            words = _words([run])
            memory = self._vectors[run] = buffer(struct.pack(f"{len(words)}Q", *words))
        return address(memory)

    def write_table(self, start: int, count: int, place: int) -> None:
        """Write tags that the table has at ``place`` into ``count`` pages from ``start``; raise Trouble."""
        done = raw(*self[TOUCH, start, count, place])
        if done != count * SIZE:
            raise Trouble(errno() if done == -1 else _EFAULT, "", max(done, 0) // SIZE)

    def write(self, start: int, content: bytes) -> None:
        """Write 8 bytes of ``content`` to the start of each page from ``start``; raise Trouble."""
        for first in range(0, len(content), _VECTOR * SIZE):
            part = content[first : first + _VECTOR * SIZE]
            self._scratch[: len(part)] = part
            try:
                self.write_table(start + first // SIZE * PAGE, len(part) // SIZE, self._place)
            except Trouble as trouble:
                trouble.page += first // SIZE
                raise

    def touch(self, start: int, count: int) -> None:
        """Read from each page from ``start``; raise Trouble."""
        _, failed = self.read([(start >> PAGE_SHIFT, count)])
        if failed:
            raise Trouble(_EFAULT, "", failed[0])

    def read(self, runs: list[Run]) -> tuple[bytes, list[int]]:
        """Return the first 8 bytes of all pages, and the indexes of those that could not be read (zeros there)."""
        count = 0
        for run in runs:
            count += run[1]
        if 0 < count <= _VECTOR:
            done = raw(*map(convert, (SYS_PWRITEV, self._fd, self._vector(runs), count, self._place)))
            if done == count * SIZE:
                return self._scratch[:done], []
        data = bytearray()
        failed: list[int] = []
        for first, pages in runs:
            end = first + pages
            part = _VECTOR
            while first < end:
                part = min(end - first, part)
                got = self._copy(first, part)
                data += self._scratch[: got * SIZE]
                first += got
                if got == part:
                    part = _VECTOR
                elif part > 1:  # which one it was: up to 5.15 the kernel copies none where it cannot reach all
                    part = 1
                else:
                    failed.append(len(data) // SIZE)
                    data += bytes(SIZE)
                    first += 1
                    part = _VECTOR
        return bytes(data), failed

    def _copy(self, first: int, count: int) -> int:
        """Copy the first bytes of pages into the scratch file; return of how many."""
        done = call(SYS_PWRITEV, self._fd, self._vector([(first, count)]), count, self._place)
        if done == -1 and errno() != _EFAULT:
            raise OSError(errno(), "pwritev")
        return max(done, 0) // SIZE


def _words(runs: list[Run]) -> list[int]:
    """Return the words of an iovec for the first bytes of these pages."""
    words = []
    for first, count in runs:
        for page in range(first, first + count):
            words.append(page << PAGE_SHIFT)
            words.append(SIZE)
    return words


def presence(proc: Proc, bounds: list[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """Return (first page, a byte for each page: 1 where the page tables have it) over all bounds, in address order.

    What lies between near ones is in it too: nothing is mapped there, so nothing is present.
    """
    found = []
    index = 0
    while index < len(bounds):
        low, high = bounds[index]
        index += 1
        while index < len(bounds) and bounds[index][0] - high < _NEAR:
            high = bounds[index][1]
            index += 1
        found.append((low >> PAGE_SHIFT, proc.presence(low, high)))
    return found


def bits(proc: Proc, bounds: list[tuple[int, int]]) -> list[tuple[int, bytes]]:
    """Return (first page, a byte for each page: 1 write-protected by userfaultfd, 2 soft-dirty) of each range."""
    return [(low >> PAGE_SHIFT, proc.bits(low, high)) for low, high in bounds]


def contents(
    pages: Pages,
    lines: list[bytes],
    heads: list[Head],
    bounds: list[tuple[int, int]],
    present: list[tuple[int, bytes]],
    inodes: dict[str, str],
) -> tuple[list[Run], bytes, list[int]]:
    """Read what the mappings hold: which pages were read, their bytes, and the indexes of those that could not be.

    Makes readable first what is not. What is known to be zero is not read: private anonymous pages that are not
    present, and in large mappings of shmem those that its file has not, for reading makes one.
    """
    runs: list[Run] = []
    if len(present) == 1 and 0 not in present[0][1] and False not in [head[2] for head in heads]:
        origin, bits = present[0]
        runs.append((origin, len(bits)))
        return runs, *pages.read(runs)
    clusters = iter(present)
    origin, bits = 0, b""
    for line, (_, _, readable, plain), (start, end) in zip(lines, heads, bounds, strict=True):
        if not readable:
            readable = call(SYS_MPROTECT, start, end - start, PROT_READ) == 0
        first, last = start >> PAGE_SHIFT, end >> PAGE_SHIFT
        while last > origin + len(bits):
            origin, bits = next(clusters)
        if plain:
            runs += _ones(bits[first - origin : last - origin], first)
        elif readable and last - first > _LARGE and _is_shmem(line, inodes):
            runs += _filled(pages, line, first, bits[first - origin : last - origin])
        elif runs and sum(runs[-1]) == first:
            runs[-1] = runs[-1][0], last - runs[-1][0]
        else:
            runs.append((first, last - first))
    return runs, *pages.read(runs)


def _ones(bits: bytes, first: int) -> list[Run]:
    """Return the pages that have a 1; ``bits`` begin with page ``first``."""
    runs = []
    at = bits.find(1)
    while at >= 0:
        end = bits.find(0, at)
        if end < 0:
            end = len(bits)
        runs.append((first + at, end - at))
        at = bits.find(1, end)
    return runs


def _is_shmem(line: bytes, inodes: dict[str, str]) -> bool:
    _, _, _, device, inode, *path = line.decode("utf-8", "replace").split(None, 5)
    return backing_of("".join(path), device, inode, inodes) in _SHMEM


def _filled(pages: Pages, line: bytes, first: int, present: bytes) -> list[Run]:
    """Return the pages of a mapping of shmem that may hold something, or cannot be read: those behind the file's end.

    Where the page tables have as many pages as the file, they have all. Else mincore(2) knows what the file has, but
    not what of it was swapped out (up to 7.3), and takes longer.
    """
    count = len(present)
    end = first + count
    filled = present
    if present.count(1) != _length(line):
        core = buffer(count)
        if _may_be_swapped() or call(SYS_MINCORE, first << PAGE_SHIFT, count << PAGE_SHIFT, address(core)) == -1:
            return [(first, count)]
        both = int.from_bytes(present, "little") | int.from_bytes(core, "little")
        filled = both.to_bytes(count, "little").translate(_LOWEST_BIT)
    runs = _ones(filled, first)
    behind = sum(runs[-1]) if runs else first
    behind += bisect_left(range(behind, end), True, key=lambda page: bool(pages.read([(page, 1)])[1]))
    return [*runs, (behind, end - behind)] if behind < end else runs


def _length(line: bytes) -> int:
    """Return how many pages a shared mapping's file has in memory or swapped out; -1 where this user may not ask."""
    place, prot = line.split(None, 2)[:2]
    try:
        status = os.stat(b"/proc/self/map_files/" + place)  # noqa: PTH116 - a guest has no pathlib
    except OSError:
        return -1
    return status.st_blocks // (PAGE // 512) if prot.endswith(b"s") else -1


def _may_be_swapped() -> bool:
    """Tell whether anything at all is swapped out on this machine."""
    try:
        lines = read_file("/proc/swaps").splitlines()
    except FileNotFoundError:
        return False  # a kernel without CONFIG_SWAP
    except OSError:
        return True
    return any(line.split()[3] != b"0" for line in lines[1:])
