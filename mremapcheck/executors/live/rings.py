"""Rings that the kernel shares with a process: io_uring and aio."""

from __future__ import annotations

import errno
import struct

from mremapcheck.base.units import PAGE
from mremapcheck.executors.live.place import leave_one_gap, protect
from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import (
    IORING_OFF_SQ_RING,
    MAP_SHARED,
    SYS_IO_SETUP,
    SYS_IO_URING_SETUP,
    SYS_MMAP,
    SYS_MUNMAP,
)
from mremapcheck.linux.refusals import refusal
from mremapcheck.linux.syscalls import address, buffer, call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble

#: The ring with both queues takes 36 bytes for an entry: 16 for each of two completions, 4 for the submission's index.
_ENTRY = 36
_MOST_ENTRIES = 32768
_AIO_EVENT = 32


def open_io_uring(size: int) -> int:
    """Set up an io_uring whose ring of queues is at least ``size`` bytes long."""
    entries = max(1, -(-size // _ENTRY))
    if entries > _MOST_ENTRIES:
        raise Trouble(0, f"an io_uring ring has at most {_MOST_ENTRIES * _ENTRY // PAGE} pages")
    entries = 1 << (entries - 1).bit_length()
    parameters = buffer(120)
    fd = call(SYS_IO_URING_SETUP, entries, address(parameters))
    if fd == -1:
        code = last_errno()
        disabled = code == errno.EPERM and _disabled()
        skip = {
            errno.ENOSYS: "this kernel is built without io_uring",
            errno.EPERM: "io_uring is forbidden here: set kernel.io_uring_disabled=0",
            errno.ENOMEM: "there is no memory for an io_uring ring: raise RLIMIT_MEMLOCK (ulimit -l)",
        }
        refused = "" if disabled else refusal(SYS_IO_URING_SETUP)
        raise Trouble(code, refused or skip.get(code, ""))
    return fd


def _disabled() -> bool:
    """Tell whether the kernel itself refuses an io_uring."""
    try:
        return int(read_file("/proc/sys/kernel/io_uring_disabled")) != 0
    except OSError:
        return False


def map_io_uring(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Map the ring of queues at ``start``; since 6.5 (and 6.1.y) the kernel refuses every address of our choice."""

    def map_ring() -> None:
        place = call(SYS_MMAP, 0, size, prot, MAP_SHARED, fd, IORING_OFF_SQ_RING)
        if place == -1:
            raise Trouble(last_errno())
        if place != start:
            call(SYS_MUNMAP, place, size)
            raise Trouble(0, "the kernel puts rings elsewhere here: run without `ulimit -s unlimited` and `setarch -L`")

    leave_one_gap(start, size, map_ring)


def map_aio(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Set up an aio context (io_setup(2)) whose ring fills [start, start+size) in bytes, rw at first."""
    events = size // (2 * _AIO_EVENT) - 2  # the kernel doubles them and adds two, and a header as long as one event
    context = buffer(struct.pack("Q", 0))

    def set_up() -> None:
        if call(SYS_IO_SETUP, events, address(context)) == -1:
            skip = {
                errno.ENOSYS: "this kernel is built without aio (CONFIG_AIO)",
                errno.EAGAIN: "too many aio contexts: raise fs.aio-max-nr",
            }
            code = last_errno()
            raise Trouble(code, refusal(SYS_IO_SETUP) or skip.get(code, ""))
        (place,) = struct.unpack_from("Q", context)
        if place != start:
            raise Trouble(0, "the kernel made another aio ring than the drawing has: with more processors it is longer")

    leave_one_gap(start, size, set_up)
    protect(start, size, prot)
