"""A bad environment for a program: refused system calls, limits, missing file systems, an odd personality.

``python sandbox.py SETTING... -- COMMAND`` sets itself up so and becomes the command, whose path is given. Settings:

    refuse=NAME:ERRNO     the system call fails with it (``kill`` instead of an errno: the caller dies of SIGSYS)
    refuse=NAME/N&MASK=VALUE:ERRNO   only where argument N, masked, is VALUE
    limit=NAME:VALUE      a resource limit, soft and hard
    hide=FOLDER           an empty folder is mounted there
    mount=FOLDER:TYPE:OPTIONS    a file system is mounted there
    read-only=FOLDER      and all below it
    personality=NUMBER    of personality(2)
    prctl=OPTION:VALUE    of prctl(2), by number
    umask=OCTAL
    close=DESCRIPTOR      a standard stream that nobody has opened
    user=NUMBER           an ordinary user; given last, as it can do nothing of the above

Nothing outside the command notices: the mounts are in a private namespace. Needs no package, and Linux on x86-64.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct
import sys
from collections.abc import Sequence

#: Numbers of the system calls that tests refuse (arch/x86/entry/syscalls/syscall_64.tbl).
CALLS = {
    "mmap": 9,
    "mprotect": 10,
    "munmap": 11,
    "ioctl": 16,
    "pread64": 17,
    "mincore": 27,
    "dup": 32,
    "mremap": 25,
    "madvise": 28,
    "shmget": 29,
    "shmat": 30,
    "alarm": 37,
    "setitimer": 38,
    "socketpair": 53,
    "fork": 57,
    "vfork": 58,
    "kill": 62,
    "uname": 63,
    "shmdt": 67,
    "fcntl": 72,
    "getcwd": 79,
    "mkdir": 83,
    "unlink": 87,
    "readlink": 89,
    "umask": 95,
    "getrlimit": 97,
    "ptrace": 101,
    "ftruncate": 77,
    "setrlimit": 160,
    "clone": 56,
    "setpgid": 109,
    "capget": 125,
    "capset": 126,
    "personality": 135,
    "statfs": 137,
    "mlock": 149,
    "munlock": 150,
    "mlockall": 151,
    "munlockall": 152,
    "prctl": 157,
    "sched_getaffinity": 204,
    "io_setup": 206,
    "io_destroy": 207,
    "fallocate": 285,
    "dup3": 292,
    "pipe2": 293,
    "preadv": 295,
    "pwritev": 296,
    "prlimit64": 302,
    "seccomp": 317,
    "getrandom": 318,
    "memfd_create": 319,
    "userfaultfd": 323,
    "mlock2": 325,
    "io_uring_setup": 425,
    "close_range": 436,
    "clone3": 435,
    "openat2": 437,
    "pidfd_open": 434,
    "pidfd_send_signal": 424,
    "wait4": 61,
    "waitid": 247,
    "poll": 7,
    "lseek": 8,
    "rt_sigaction": 13,
    "sysinfo": 99,
    "sched_setaffinity": 203,
    "process_madvise": 440,
    "rseq": 334,
    "openat": 257,
    "memfd_secret": 447,
    "mseal": 462,
}
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _AND, _EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_CLONE_NEWNS, _MS_PRIVATE, _MS_REC, _MS_BIND, _MS_REMOUNT, _MS_RDONLY = 0x20000, 1 << 18, 1 << 14, 1 << 12, 1 << 5, 1
_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), what)


def _filter(rules: Sequence[str]) -> bytes:
    """Return the program for all rules: struct sock_filter[] over struct seccomp_data."""
    code = []
    for rule in rules:
        call, _, action = rule.rpartition(":")
        name, _, condition = call.partition("/")
        value = _KILL if action == "kill" else _ERRNO | getattr(errno, action)
        code.append((_LOAD, 0, 0, 0))  # the number of the call
        if condition:
            left, _, wanted = condition.partition("=")
            argument, _, mask = left.partition("&")
            code.append((_EQUAL, 0, 4, CALLS[name]))
            code.append((_LOAD, 0, 0, 16 + 8 * int(argument)))  # the lower half of an argument
            code.append((_AND, 0, 0, int(mask or "0xffffffff", 0)))
            code.append((_EQUAL, 0, 1, int(wanted, 0)))
        else:
            code.append((_EQUAL, 0, 1, CALLS[name]))
        code.append((_RETURN, 0, 0, value))
    code.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in code)


def refuse(rules: Sequence[str]) -> None:
    """Refuse system calls to this process and all its children, for good."""
    program = ctypes.create_string_buffer(_filter(rules))
    header = struct.pack("=H6xQ", (len(program) - 1) // 8, ctypes.addressof(program))
    pointer = ctypes.create_string_buffer(header)
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _check(_libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.c_ulong(ctypes.addressof(pointer)), 0, 0), "seccomp")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    arguments = (source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())
    _check(_libc.mount(*arguments), f"mount {target}")


def _private() -> None:
    if not _private_already:
        _check(_libc.unshare(_CLONE_NEWNS), "unshare")
        _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
        _private_already.append(True)


_private_already: list[bool] = []


def set_up(settings: Sequence[str]) -> None:
    """Make it so, system calls last; raises OSError where this user may not."""
    rules = []
    for setting in settings:
        word, _, value = setting.partition("=")
        if word == "refuse":
            rules.append(value)
        elif word == "limit":
            name, _, number = value.partition(":")
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (int(number), int(number)))
        elif word == "hide":
            _private()
            _mount("none", value, "tmpfs", 0, "mode=755")
        elif word == "mount":
            _private()
            folder, kind, options = value.split(":")
            _mount(kind, folder, kind, 0, options)
        elif word == "read-only":
            _private()
            _mount(value, value, "", _MS_BIND | _MS_REC)
            _mount("none", value, "", _MS_BIND | _MS_REMOUNT | _MS_RDONLY)
        elif word == "personality":
            if _libc.personality(ctypes.c_ulong(int(value, 0))) == -1:
                raise OSError(ctypes.get_errno(), "personality")
        elif word == "prctl":
            option, _, argument = value.partition(":")
            _check(_libc.prctl(int(option), ctypes.c_ulong(int(argument)), 0, 0, 0), setting)
        elif word == "umask":
            os.umask(int(value, 8))
        elif word == "close":
            os.close(int(value))
        elif word == "user":
            os.setgroups([])
            os.setgid(int(value))
            os.setuid(int(value))
        else:
            raise ValueError(f"no such setting: {setting}")
    if rules:
        refuse(rules)


def main() -> None:
    """Become the command."""
    at = sys.argv.index("--")
    try:
        set_up(sys.argv[1:at])
    except OSError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        sys.exit(125)
    os.execv(sys.argv[at + 1], sys.argv[at + 1 :])


if __name__ == "__main__":
    main()
