"""Memory that the kernel itself cannot read: memfd_secret(2)."""

from __future__ import annotations

import errno

from mremapcheck.linux.numbers import SYS_MEMFD_SECRET
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble
from mremapcheck.linux.vm_flags import DONTDUMP, EXEC, LOCKED
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.opening import map_file, resize

_OFF = "memfd_secret is off: Linux 5.14 or later, up to 6.4 booted with secretmem.enable=1"


def _open(size: int) -> int:
    fd = call(SYS_MEMFD_SECRET, 0)
    if fd == -1:
        code = last_errno()
        raise Trouble(code, refusal(SYS_MEMFD_SECRET) or (_OFF if code == errno.ENOSYS else ""))
    return resize(fd, size)


KIND = Kind(
    "secret",
    about="memory that the kernel cannot read (memfd_secret)",
    sharing=("shared",),
    feature="secret",
    backing=Backing("secret", "secret", base_flags=LOCKED | DONTDUMP, never=EXEC),
    became=(("secret-unlocked", Backing("secret", "secret", base_flags=DONTDUMP, never=EXEC)),),
    since=("secret", _OFF),
    marks=("/secretmem",),
    maker=Maker(map_file, _open, locks=True),
    c=CCode(
        open="syscall(447 /* memfd_secret */, 0)",
        unreadable=True,
        make=f"""\
fd = (int)syscall(SYS_memfd_secret, 0);
if (fd < 0 && errno == ENOSYS)
	skip("{_OFF}");""",
    ),
    sampling=Sampling(weight=0.3, special=True, costly=True),
)
