"""What a sandbox refuses, told apart from what the kernel answers.

A system call filter (seccomp) stands before the kernel and fails a call with any errno it likes. So each call that is
needed has a probe: arguments with which it does nothing and every kernel that has it fails in a known way. Where the
probe fails in another way, nobody has asked the kernel.
"""

from __future__ import annotations

import ctypes
import errno
import os

from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import (
    MAP_ANONYMOUS,
    MAP_PRIVATE,
    PR_GET_MDWE,
    PR_MDWE_REFUSE_EXEC_GAIN,
    PR_SET_VMA,
    PROT_NONE,
    SYS_CAPGET,
    SYS_CAPSET,
    SYS_CLONE3,
    SYS_FTRUNCATE,
    SYS_IO_SETUP,
    SYS_IO_URING_SETUP,
    SYS_IOCTL,
    SYS_MADVISE,
    SYS_MEMFD_CREATE,
    SYS_MEMFD_SECRET,
    SYS_MLOCK,
    SYS_MLOCK2,
    SYS_MLOCKALL,
    SYS_MMAP,
    SYS_MPROTECT,
    SYS_MREMAP,
    SYS_MSEAL,
    SYS_MUNLOCK,
    SYS_MUNMAP,
    SYS_PIPE2,
    SYS_PKEY_ALLOC,
    SYS_PKEY_MPROTECT,
    SYS_POLL,
    SYS_PRCTL,
    SYS_PREADV,
    SYS_PRLIMIT64,
    SYS_PWRITEV,
    SYS_SETITIMER,
    SYS_SHMAT,
    SYS_SHMGET,
    SYS_SOCKETPAIR,
    SYS_UNAME,
    SYS_USERFAULTFD,
    UFFDIO_API,
)
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.uname import build

#: What to do about a call that a filter refuses.
REMEDY = "let it through the system call filter (seccomp) of this container or sandbox"
_NO_FILTER = "no system call filter (seccomp) is in force, so an emulator or a security module answers for the kernel"
_LAST_PAGE, _ALL = (1 << 64) - PAGE, 0xFFFFFFFF
_NO_FILE = (1 << 64) - 1
#: The argument of the call in question.
_ASKED = None


class _Probe:
    """``arguments`` with which a call fails with one of ``answers``.

    ``since``: the first release whose kernels surely do. ``witness``: a file that is there where the kernel has a call
    that it may be built without; '' where every kernel since then has it, None where nothing tells.
    """

    __slots__ = ("answers", "arguments", "name", "since", "witness")

    def __init__(
        self,
        name: str,
        arguments: tuple[int | None, ...],
        *answers: int,
        since: tuple[int, int] = (0, 0),
        witness: str | None = "",
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.answers = answers
        self.since = since
        self.witness = witness


_PROBES = {
    # QEMU's user mode, which is no filter, says ENOMEM to a length of 0 before it looks at the address.
    SYS_MREMAP: _Probe("mremap", (1, 0, 0, _ASKED, 1), errno.EINVAL, errno.ENOMEM),
    SYS_MMAP: _Probe("mmap", (0, 0, _ASKED, _ASKED, _NO_FILE, 0), errno.EINVAL, errno.EBADF, errno.ENOMEM),
    SYS_MUNMAP: _Probe("munmap", (1, 0), errno.EINVAL),
    SYS_MPROTECT: _Probe("mprotect", (1, 0, _ASKED), errno.EINVAL),
    SYS_MADVISE: _Probe("madvise", (1, 0, _ASKED), errno.EINVAL),
    SYS_MLOCK: _Probe("mlock", (_LAST_PAGE, PAGE), errno.EINVAL, errno.ENOMEM),
    SYS_MLOCK2: _Probe("mlock2", (0, 0, _ALL), errno.EINVAL),
    SYS_MLOCKALL: _Probe("mlockall", (_ALL,), errno.EINVAL),
    SYS_MUNLOCK: _Probe("munlock", (_LAST_PAGE, PAGE), errno.EINVAL),
    SYS_MSEAL: _Probe("mseal", (1, 0, 0), errno.EINVAL, since=(6, 10)),
    # Without protection keys the kernel has no answer either, or one of a processor that has none.
    SYS_PKEY_MPROTECT: _Probe("pkey_mprotect", (1, 0, _ASKED, 0), errno.EINVAL, witness=None),
    SYS_PKEY_ALLOC: _Probe("pkey_alloc", (_ALL, 0), errno.EINVAL, witness=None),
    SYS_PREADV: _Probe("preadv", (_NO_FILE, 0, 0, 0), errno.EBADF),
    SYS_PWRITEV: _Probe("pwritev", (_NO_FILE, 0, 0, 0), errno.EBADF),
    SYS_IOCTL: _Probe("ioctl", (_NO_FILE, UFFDIO_API, 0), errno.EBADF),
    SYS_FTRUNCATE: _Probe("ftruncate", (_NO_FILE, 0), errno.EBADF),
    SYS_MEMFD_CREATE: _Probe("memfd_create", (0, _ALL), errno.EINVAL),
    # Without secret memory, as up to 6.4 unless it is booted for, the kernel has no answer either.
    SYS_MEMFD_SECRET: _Probe("memfd_secret", (_ALL,), errno.EINVAL, since=(5, 14), witness=None),
    # Before 5.11 an ordinary user's flags are not looked at.
    SYS_USERFAULTFD: _Probe(
        "userfaultfd", (_ALL,), errno.EINVAL, since=(5, 11), witness="/proc/sys/vm/unprivileged_userfaultfd"
    ),
    SYS_IO_URING_SETUP: _Probe("io_uring_setup", (0, 0), errno.EFAULT, witness="/proc/sys/kernel/io_uring_disabled"),
    SYS_IO_SETUP: _Probe("io_setup", (0, 0), errno.EFAULT, witness="/proc/sys/fs/aio-max-nr"),
    SYS_SHMGET: _Probe("shmget", (0, 0, 0), errno.EINVAL, witness="/proc/sysvipc/shm"),
    SYS_SHMAT: _Probe("shmat", (_NO_FILE, 0, 0), errno.EINVAL, witness="/proc/sysvipc/shm"),
    SYS_PRCTL: _Probe("prctl", (PR_SET_VMA, _ALL, 0, 0, 0), errno.EINVAL),
    SYS_CAPGET: _Probe("capget", (0, 0), errno.EFAULT),
    SYS_CAPSET: _Probe("capset", (0, 0), errno.EFAULT),
    SYS_PRLIMIT64: _Probe("prlimit64", (0, _ALL, 0, 0), errno.EINVAL),
    SYS_SETITIMER: _Probe("setitimer", (_ALL, 0, 0), errno.EINVAL),
    SYS_SOCKETPAIR: _Probe("socketpair", (_ALL, 0, 0, 0), errno.EAFNOSUPPORT, errno.EINVAL, errno.EFAULT),
    SYS_PIPE2: _Probe("pipe2", (0, _ALL), errno.EINVAL, errno.EFAULT),
    SYS_POLL: _Probe("poll", (0, _ALL, 0, 0, 0), errno.EINVAL),
    SYS_UNAME: _Probe("uname", (0,), errno.EFAULT),
    # Libraries make threads with it, and do without where it is missing.
    SYS_CLONE3: _Probe("clone3", (0, 0), errno.EINVAL, since=(5, 3), witness=None),
}

_probed: dict[tuple[int, ...], int] = {}


class SandboxRefusal(Exception):  # noqa: N818
    """This process cannot run scenarios at all: why, and what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint


def refusal(*asked: int) -> str:
    """Return why a system call, its number and its arguments, does not reach the kernel here; '' where it does.

    Filters may look at arguments, so flags, protections and advice are those of the call in question. Each probe is
    made once in a process.
    """
    probe = _PROBES.get(asked[0])
    code = _probe(asked)
    if probe is None or code == 0 or code in probe.answers or _release() < probe.since:
        return ""
    if code == errno.ENOSYS and (probe.witness is None or (probe.witness and not os.path.exists(probe.witness))):  # noqa: PTH110
        return ""
    return f"{probe.name}(2) is refused here ({errno.errorcode.get(code, code)}): {remedy()}"


def remedy() -> str:
    """Return what to do about refused calls, or who refuses them where it is no filter."""
    try:
        filtered = b"\nSeccomp:\t0\n" not in read_file("/proc/self/status")
    except OSError:
        filtered = True
    return REMEDY if filtered else _NO_FILTER


def all_refused() -> str:
    """Return the names of the calls that do not reach the kernel, with their errnos; '' where all do."""
    found = []
    for number, probe in _PROBES.items():
        if refusal(number, 0, 0, 0, 0, 0, 0):
            code = _probe((number, 0, 0, 0, 0, 0, 0))
            found.append(f"{probe.name}(2) ({errno.errorcode.get(code, code)})")
    return ", ".join(found)


def no_exec() -> str:
    """Return why memory may not become executable here; '' where it may."""
    answer = call(SYS_PRCTL, PR_GET_MDWE, 0, 0, 0, 0)
    if answer == -1 or not answer & PR_MDWE_REFUSE_EXEC_GAIN:
        return ""
    return "memory may not become executable here (PR_SET_MDWE): run without systemd's MemoryDenyWriteExecute="


def require_calls() -> None:
    """Raise Unusable where a call is refused that every scenario needs."""
    for asked in (
        (SYS_MMAP, 0, 0, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS),
        (SYS_MUNMAP,),
        (SYS_MPROTECT, 0, 0, PROT_NONE),
        (SYS_PREADV,),
        (SYS_PWRITEV,),
        (SYS_MREMAP, 0, 0, 0, 0),
    ):
        if refusal(*asked):
            code = _probe(asked)
            name = _PROBES[asked[0]].name
            raise SandboxRefusal(
                f"this place does not let {name}(2) through to the kernel: it fails with "
                f"{errno.errorcode.get(code, code)} whatever is asked",
                f"{remedy()}; a kernel in a virtual machine (vm:) can be asked",
            )
    place = call(SYS_MMAP, 0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, _NO_FILE, 0)
    if place == -1:
        raise OSError(last_errno(), "mmap")
    result = call(SYS_MREMAP, place, PAGE, PAGE, 0, 0)
    code = last_errno()
    call(SYS_MUNMAP, place, PAGE)
    if result == -1:  # a filter with an errno that the kernel might have given as well
        raise SandboxRefusal(
            "this place does not let mremap(2) through to the kernel: for a page that stays as it is it fails with "
            f"{errno.errorcode.get(code, code)}",
            f"{remedy()}; a kernel in a virtual machine (vm:) can be asked",
        )


def killed(name: str) -> str:
    """Return why a process was killed by SIGSYS while it did a step of this name."""
    return f"whoever does what `{name}` needs is killed here (SIGSYS): {REMEDY}"


def _probe(asked: tuple[int, ...]) -> int:
    """Return the errno that the probe fails with, 0 where there is none or it does not fail."""
    number = asked[0]
    if number not in _PROBES:
        return 0
    arguments = (
        number,
        *(asked[index] if value is _ASKED else value for index, value in enumerate(_PROBES[number].arguments, 1)),
    )
    if arguments not in _probed:
        before = last_errno()
        _probed[arguments] = last_errno() if call(*arguments) == -1 else 0
        ctypes.set_errno(before)  # for whoever still wants to know why the call in question failed
    return _probed[arguments]


def _release() -> tuple[int, int]:
    try:
        major, minor = build()[0].split(".")[:2]
    except OSError:  # refused, too: then nothing can be told of calls that older kernels lack
        return 0, 0
    digits = "".join(char for char in minor if char.isdigit())
    return int(major), int(digits or 0)
