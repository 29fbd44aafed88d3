"""Raw system calls through syscall(2): libc's own wrappers drop flags and arguments they do not know.

``call`` releases the interpreter's lock, so that another thread can serve a userfaultfd meanwhile. Integers are
converted to C once and kept: a call costs half of what ctypes' own conversion would make it cost.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Buffer: TypeAlias = ctypes.Array[ctypes.c_char]

_LIBC = ctypes.CDLL(None, use_errno=True)
#: syscall(2) for arguments that ``convert`` made: what ``call`` does, without the cost of calling it.
raw = _LIBC["syscall"]
raw.restype = ctypes.c_long

_KEPT = 8192


class _Numbers(dict[int, ctypes.c_ulong]):
    """Python integer -> C integer, modulo 2^64."""

    def __missing__(self, number: int) -> ctypes.c_ulong:
        if len(self) >= _KEPT:
            self.clear()
        value = self[number] = ctypes.c_ulong(number)
        return value


#: Python integer -> C integer.
convert = _Numbers().__getitem__


class Bound(dict["tuple[int, ...]", "tuple[ctypes.c_ulong, ...]"]):
    """A call's arguments -> what ``raw`` takes."""

    def __missing__(self, arguments: tuple[int, ...]) -> tuple[ctypes.c_ulong, ...]:
        if len(self) >= _KEPT:
            self.clear()
        values = self[arguments] = tuple(map(convert, arguments))
        return values


def call(*arguments: int) -> int:
    """Make a system call: its number, then its arguments. Return its result, -1 where it failed (see ``errno``)."""
    result: int = raw(*map(convert, arguments))
    return result


def call_once(*arguments: int) -> int:
    """Make a system call whose arguments will not come again; nothing of them is kept."""
    result: int = raw(*map(ctypes.c_ulong, arguments))
    return result


def errno() -> int:
    """Return why the last call of this thread failed."""
    return ctypes.get_errno()


def buffer(content: bytes | int) -> Buffer:
    """Return memory for the kernel to read or write: a copy of these bytes, or so many zeros."""
    return ctypes.create_string_buffer(content)


def address(memory: Buffer) -> int:
    """Return where it lies."""
    return ctypes.addressof(memory)


def prepare_heap() -> None:
    """Keep malloc from mapping and unmapping memory all the time, where libc is glibc (mallopt(3))."""
    try:
        mallopt = _LIBC.mallopt
    except AttributeError:
        return
    for parameter, value in ((-1, 1 << 28), (-2, 1 << 22), (-3, 1 << 25), (-8, 1)):
        mallopt(parameter, value)  # M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX
