"""Protection keys of a process, with which it may do whatever it may do without."""

from __future__ import annotations

import errno

from mremapcheck.linux.numbers import SYS_PKEY_ALLOC
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble

#: Without PKU the first of these calls fails with EINVAL on some kernels, and the next ones with ENOSPC.
_UNKNOWN = (errno.ENOSPC, errno.EINVAL, errno.ENOSYS)
_NONE = "this machine has no protection keys: they need a processor with PKU, and a kernel that knows them"


class Keys:
    """Those that this process has allocated; it keeps them, as nothing tells one that is used again from a new one."""

    __slots__ = ("_mine",)

    def __init__(self) -> None:
        self._mine: set[int] = set()

    def allocate(self, highest: int) -> None:
        """Allocate the keys from 1 to ``highest`` (pkey_alloc(2)); raise Trouble where there are none."""
        wanted = set(range(1, highest + 1))
        while not wanted <= self._mine:
            key = call(SYS_PKEY_ALLOC, 0, 0)
            if key == -1:
                raise Trouble(last_errno(), self._lack(last_errno()))
            self._mine.add(key)

    def _lack(self, code: int) -> str:
        """Return why there is not one more; '' where nobody knows."""
        if skip := refusal(SYS_PKEY_ALLOC):
            return skip
        if code == errno.ENOSPC and self._mine:
            return f"this process has {len(self._mine)} protection keys, and gets no more"
        return _NONE if code in _UNKNOWN else ""
