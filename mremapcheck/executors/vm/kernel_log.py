"""What the kernel says while a scenario runs, where it is a complaint: WARN, BUG, oops, KASAN, out of memory."""

from __future__ import annotations

import os

#: Texts that begin a complaint; the kernel's tests look for the same ones.
_COMPLAINTS = (
    "------------[ cut here",
    "WARNING:",
    "BUG:",
    "kernel BUG at",
    "Oops",
    "general protection fault",
    "KASAN:",
    "KCSAN:",
    "KMSAN:",
    "UBSAN:",
    "INFO: ",
    "Internal error",
    "Unable to handle kernel",
    "list_add corruption",
    "list_del corruption",
    "Bad page",
    "Bad rss-counter",
    "Out of memory",
    "invoked oom-killer",
    "possible circular locking",
    "inconsistent lock state",
    "refcount_t:",
    "Kernel panic",
)
#: Those after which the kernel is not to be trusted; a WARN or a report of a sanitizer leaves it running.
_OOPSES = ("Oops", "kernel BUG at", "general protection fault", "BUG: unable to handle", "Unable to handle kernel")
#: Those that a kernel makes once until it is booted again: KASAN, lockdep.
_ONCE = ("KASAN:", "KCSAN:", "KMSAN:", "possible circular locking", "possible recursive locking", "lock state")
_MOST_LINES = 200
_RECORD = 8192


class KernelLog:
    """Reads /dev/kmsg from now on."""

    def __init__(self, path: str = "/dev/kmsg") -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            os.lseek(self._descriptor, 0, os.SEEK_END)
        except OSError:
            self._descriptor = -1

    def read(self) -> list[str]:
        """Return the lines since the last time if there is a complaint among them, beginning with it; else none."""
        return complaint(self._records()) if self._descriptor >= 0 else []

    def _records(self) -> list[str]:
        lines: list[str] = []
        while True:
            try:
                record = os.read(self._descriptor, _RECORD)
            except BlockingIOError:
                return lines
            except OSError:
                continue  # EPIPE: some were overwritten; the next read goes on with the oldest that is left
            # "priority,number,time,flags;text\n KEY=value\n ..."
            text = record.decode("utf-8", "replace").partition(";")[2]
            lines.append(text.partition("\n")[0])


def complaint(lines: list[str]) -> list[str]:
    """Return ``lines`` (of a kernel's log, without times) from the first complaint on, none where there is none."""
    for index, line in enumerate(lines):
        if any(mark in line for mark in _COMPLAINTS):
            return lines[index : index + _MOST_LINES]
    return []


def is_said_once(lines: list[str]) -> bool:
    """Tell whether this kernel will say nothing of the kind any more."""
    return any(mark in line for line in lines for mark in _ONCE)


def is_oops(lines: list[str]) -> bool:
    """Tell whether the kernel broke down so far that nothing it does afterwards is to be trusted."""
    return any(mark in line for line in lines for mark in _OOPSES)
