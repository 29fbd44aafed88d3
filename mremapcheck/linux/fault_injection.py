"""Letting the n-th allocation of a system call fail (Documentation/fault-injection in the kernel's source).

A kernel built for it counts the allocations of a thread down from what was written to /proc/thread-self/fail-nth and
lets the one fail that it comes to zero with. Which allocations count is set in debugfs, for the whole machine.
"""

from __future__ import annotations

import os

from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import SYS_EVENTFD2, SYS_PREAD64, SYS_WRITE
from mremapcheck.linux.syscalls import Bound, address, buffer, errno, raw
from mremapcheck.linux.trouble import Trouble

DEBUGFS = "/sys/kernel/debug"
#: What a kernel has to be built with.
OPTIONS = (
    "CONFIG_FAULT_INJECTION",
    "CONFIG_FAULT_INJECTION_DEBUG_FS",
    "CONFIG_FAILSLAB",
    "CONFIG_FAIL_PAGE_ALLOC",
)
_FAIL_NTH = "/proc/thread-self/fail-nth"
_SPARED = ("failslab/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-wait")
_NUMBER = 16


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
            self._try()
            self._usable = True
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

    def _try(self) -> None:
        """Raise Trouble unless an allocation of a call that makes one is made to fail."""
        for name in _SPARED:
            try:
                spared = read_file(f"{DEBUGFS}/{name}").strip() == b"Y"
            except OSError:
                continue  # this user may not look
            if spared:
                raise Trouble(skip=_spares(f"{DEBUGFS}/{name}"))
        made, _, failed = self._make(1, (SYS_EVENTFD2, 0, 0))
        if made >= 0:
            os.close(made)
        if not failed:
            raise Trouble(skip=_spares(f"{DEBUGFS}/{_SPARED[0]}"))


def _open() -> int:
    try:
        return os.open(_FAIL_NTH, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Trouble(skip=f"this kernel has no fault injection: build it with {', '.join(OPTIONS)}") from None
    except PermissionError as error:
        raise Trouble(skip=f"{_FAIL_NTH} cannot be written: {error.strerror}; root may") from None


def _spares(path: str) -> str:
    return f"fault injection spares allocations that may wait: as root write N to {path}, and likewise for the other"
