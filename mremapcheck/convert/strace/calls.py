"""The one list of calls: those that ``import`` reads, ``record`` traces and the help names.

All that maps, unmaps, moves or changes memory, starts or ends a process, or gives a descriptor a kind of its own.
"""

from __future__ import annotations

from mremapcheck.linux.numbers import SYS_MEMFD_SECRET, SYS_MSEAL

#: Call -> the names of its arguments as perf trace prints them (and leaves out those that are zero).
CALLS: dict[str, tuple[str, ...]] = {
    "mmap": ("addr", "len", "prot", "flags", "fd", "off"),
    "mmap2": ("addr", "len", "prot", "flags", "fd", "pgoff"),
    "old_mmap": ("addr", "len", "prot", "flags", "fd", "off"),
    "munmap": ("addr", "len"),
    "mremap": ("addr", "old_len", "new_len", "flags", "new_addr"),
    "remap_file_pages": ("start", "size", "prot", "pgoff", "flags"),
    "brk": ("brk",),
    "mprotect": ("start", "len", "prot"),
    "pkey_mprotect": ("start", "len", "prot", "pkey"),
    "madvise": ("start", "len_in", "behavior"),
    "mlock": ("start", "len"),
    "mlock2": ("start", "len", "flags"),
    "munlock": ("start", "len"),
    "mlockall": ("flags",),
    "munlockall": (),
    "mseal": ("start", "len", "flags"),
    "shmget": ("key", "size", "flag"),
    "shmat": ("shmid", "shmaddr", "shmflg"),
    "shmdt": ("shmaddr",),
    "open": ("filename", "flags", "mode"),
    "openat": ("dfd", "filename", "flags", "mode"),
    "openat2": ("dfd", "filename", "how", "usize"),
    "creat": ("pathname", "mode"),
    "ftruncate": ("fd", "length"),
    "fcntl": ("fd", "cmd", "arg"),
    "memfd_create": ("uname", "flags"),
    "memfd_secret": ("flags",),
    "io_uring_setup": ("entries", "params"),
    "io_setup": ("nr_reqs", "ctxp"),
    "io_destroy": ("ctx",),
    "map_shadow_stack": ("addr", "size", "flags"),
    "userfaultfd": ("flags",),
    "ioctl": ("fd", "cmd", "arg"),
    "prctl": ("option", "arg2", "arg3", "arg4", "arg5"),
    "clone": ("clone_flags", "newsp", "parent_tidptr", "child_tidptr", "tls"),
    "clone3": ("uargs", "size"),
    "fork": (),
    "vfork": (),
    "execve": ("filename", "argv", "envp"),
    "execveat": ("fd", "filename", "argv", "envp", "flags"),
}

#: Calls that are too new for some tracers, which print their numbers (arch/x86/entry/syscalls/syscall_64.tbl).
NUMBERS = {
    319: "memfd_create",
    322: "execveat",
    323: "userfaultfd",
    325: "mlock2",
    329: "pkey_mprotect",
    425: "io_uring_setup",
    435: "clone3",
    437: "openat2",
    SYS_MEMFD_SECRET: "memfd_secret",
    453: "map_shadow_stack",
    SYS_MSEAL: "mseal",
}

#: Every strace knows these; the others get a ``?``, with which an strace passes over what it does not know.
_ALWAYS = frozenset(("mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "clone", "execve"))


def strace_set() -> str:
    """Return what strace's ``-e trace=`` takes."""
    return ",".join(name if name in _ALWAYS else f"?{name}" for name in CALLS)
