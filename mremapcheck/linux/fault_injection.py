"""Letting the n-th allocation of a system call fail (Documentation/fault-injection in the kernel's source).

A kernel built for it counts the allocations of a thread down from what was written to /proc/thread-self/fail-nth and
lets the one fail that it comes to zero with. Which allocations count is set in debugfs, for the whole machine.
"""

from __future__ import annotations

import os
from errno import EINVAL

from mremapcheck.linux.numbers import (
    ADVICE,
    MAP_ANONYMOUS,
    MAP_PRIVATE,
    PROT_READ,
    SYS_EVENTFD2,
    SYS_MADVISE,
    SYS_MMAP,
    SYS_MUNMAP,
    SYS_PREAD64,
    SYS_WRITE,
)
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.syscalls import Bound, address, buffer, call, errno, raw
from mremapcheck.linux.trouble import Trouble

DEBUGFS = "/sys/kernel/debug"
#: Files in it, and what makes every allocation of a thread that asks for it fail, without a word in the log.
SETTINGS = {
    "failslab/ignore-gfp-wait": "N",
    "failslab/verbose": "0",
    "fail_page_alloc/ignore-gfp-wait": "N",
    "fail_page_alloc/min-order": "0",
    "fail_page_alloc/verbose": "0",
}
_QUIET = ("failslab/verbose", "fail_page_alloc/verbose")
#: What a kernel has to be built with.
OPTIONS = (
    "CONFIG_FAULT_INJECTION",
    "CONFIG_FAULT_INJECTION_DEBUG_FS",
    "CONFIG_FAILSLAB",
    "CONFIG_FAIL_PAGE_ALLOC",
)
_FAIL_NTH = "/proc/thread-self/fail-nth"
_MISSING = f"this kernel has no fault injection: build it with {', '.join(OPTIONS)}"
_NUMBER = 16
#: Bytes that one page table maps.
_TABLE = PAGE * (PAGE // 8)


class FaultInjection:
    """Makes calls of which one allocation fails.

    Nothing but system calls is between setting the number and taking it back, and what they need was touched before:
    a page fault of the interpreter's would count, too.
    """

    __slots__ = ("_calls", "_stop", "_usable", "_was")

    def __init__(self) -> None:
        self._calls = Bound()
        self._was = buffer(_NUMBER)
        self._stop = buffer(b"0")
        self._usable = False

    def call(self, n: int, arguments: tuple[int, ...]) -> tuple[int, int, bool]:
        """Make a system call whose ``n``-th allocation fails: its result, its errno, and whether any was made to fail.

        Raises Trouble where this kernel, or this user, cannot do it.
        """
        if not self._usable:
            self._usable = self._try()
        return self._make(n, arguments)

    def _make(self, n: int, arguments: tuple[int, ...]) -> tuple[int, int, bool]:
        text = b"%d" % n
        number = buffer(text)
        fd = _open()
        try:
            begin = self._calls[SYS_WRITE, fd, address(number), len(text)]
            wanted = self._calls[arguments]
            look = self._calls[SYS_PREAD64, fd, address(self._was), _NUMBER, 0]
            end = self._calls[SYS_WRITE, fd, address(self._stop), 1]
            raw(*end)
            raw(*look)
            raw(*begin)
            result: int = raw(*wanted)
            code = errno()
            length = raw(*look)
            raw(*end)
        finally:
            os.close(fd)
        return result, code, self._was.raw[:length].strip() == b"0"

    def _try(self) -> bool:
        """Raise Trouble unless a call's allocations can be made to fail, objects and pages; False: nobody can tell."""
        made, _, object_failed = self._make(1, (SYS_EVENTFD2, 0, 0))
        if made >= 0:
            os.close(made)
        page_failed = self._page_fails()
        if not object_failed or page_failed is False:
            raise Trouble(skip=_lacking())
        return page_failed is not None

    def _page_fails(self) -> bool | None:
        """Tell whether a page table cannot be had for a first access, which a call of Linux 5.14 makes.

        None where a scenario leaves no room to try it.
        """
        place = call(SYS_MMAP, 0, 2 * _TABLE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        if place == -1:
            return None
        try:
            first = (place + _TABLE - 1) & -_TABLE
            _, code, failed = self._make(1, (SYS_MADVISE, first, PAGE, ADVICE["populate-read"]))
            return failed or code == EINVAL
        finally:
            call(SYS_MUNMAP, place, 2 * _TABLE)


def _open() -> int:
    try:
        return os.open(_FAIL_NTH, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Trouble(skip=_MISSING) from None
    except PermissionError as error:
        raise Trouble(skip=f"{_FAIL_NTH} cannot be written: {error.strerror}") from None


def _lacking() -> str:
    """Return what keeps allocations from failing: how the kernel was built, or how it is set up."""
    try:
        there = os.listdir(DEBUGFS)  # noqa: PTH208 - a guest has no pathlib
    except OSError:
        there = []
    folders = {name.partition("/")[0] for name in SETTINGS}
    if there and not folders <= set(there):
        return _MISSING
    settings = ", ".join(f"{value} to {name}" for name, value in SETTINGS.items() if name not in _QUIET)
    return f"fault injection spares some allocations: let root mount debugfs on {DEBUGFS} and write there {settings}"
