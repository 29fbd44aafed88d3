"""Numbers of the system call interface, from the kernel's uapi headers; those of calls are this machine's."""

from __future__ import annotations

from mremapcheck.linux.platforms import HERE, USUAL

_CALLS = (HERE or USUAL).calls
SYS_MMAP = _CALLS["mmap"]
SYS_MPROTECT = _CALLS["mprotect"]
SYS_MUNMAP = _CALLS["munmap"]
SYS_IOCTL = _CALLS["ioctl"]
SYS_MREMAP = _CALLS["mremap"]
SYS_MINCORE = _CALLS["mincore"]
SYS_MADVISE = _CALLS["madvise"]
SYS_SHMGET = _CALLS["shmget"]
SYS_SHMAT = _CALLS["shmat"]
SYS_SHMCTL = _CALLS["shmctl"]
SYS_PREAD64 = _CALLS["pread64"]
SYS_WRITE = _CALLS["write"]
SYS_EVENTFD2 = _CALLS["eventfd2"]
SYS_REBOOT = _CALLS["reboot"]
SYS_SETITIMER = _CALLS["setitimer"]
SYS_SOCKETPAIR = _CALLS["socketpair"]
SYS_FTRUNCATE = _CALLS["ftruncate"]
SYS_FCNTL = _CALLS["fcntl"]
SYS_CAPGET = _CALLS["capget"]
SYS_CAPSET = _CALLS["capset"]
SYS_PERSONALITY = _CALLS["personality"]
SYS_STATFS = _CALLS["statfs"]
SYS_MLOCK = _CALLS["mlock"]
SYS_MUNLOCK = _CALLS["munlock"]
SYS_PRCTL = _CALLS["prctl"]
SYS_IO_SETUP = _CALLS["io_setup"]
SYS_PREADV = _CALLS["preadv"]
SYS_PWRITEV = _CALLS["pwritev"]
SYS_PRLIMIT64 = _CALLS["prlimit64"]
SYS_MEMFD_CREATE = _CALLS["memfd_create"]
SYS_USERFAULTFD = _CALLS["userfaultfd"]
SYS_MLOCK2 = _CALLS["mlock2"]
SYS_MLOCKALL = _CALLS["mlockall"]
SYS_IO_URING_SETUP = _CALLS["io_uring_setup"]
SYS_MEMFD_SECRET = _CALLS["memfd_secret"]
SYS_MSEAL = _CALLS["mseal"]
SYS_CLONE3 = _CALLS["clone3"]
SYS_PIPE2 = _CALLS["pipe2"]
SYS_POLL = _CALLS["poll"]
SYS_UNAME = _CALLS["uname"]
SYS_PKEY_MPROTECT = _CALLS["pkey_mprotect"]
SYS_PKEY_ALLOC = _CALLS["pkey_alloc"]

# mman.h
PROT_NONE = 0
PROT_READ = 1
PROT_WRITE = 2
PROT_EXEC = 4
PROTECTIONS = {"none": 0, "r": 1, "rw": 3, "rx": 5, "rwx": 7}
MAP_SHARED = 0x01
MAP_PRIVATE = 0x02
MAP_DROPPABLE = 0x08
MAP_FIXED = 0x10
MAP_ANONYMOUS = 0x20
MAP_GROWSDOWN = 0x100
MAP_NORESERVE = 0x4000
MAP_STACK = 0x20000
MAP_HUGETLB = 0x40000
MAP_FIXED_NOREPLACE = 0x100000
MREMAP_MAYMOVE = 1
MREMAP_FIXED = 2
MLOCK_ONFAULT = 1
MCL_FUTURE = 2
MCL_ONFAULT = 4

#: madvise(2) by the man page's names.
ADVICE = {
    "normal": 0,
    "random": 1,
    "sequential": 2,
    "willneed": 3,
    "dontneed": 4,
    "free": 8,
    "remove": 9,
    "dontfork": 10,
    "dofork": 11,
    "mergeable": 12,
    "unmergeable": 13,
    "hugepage": 14,
    "nohugepage": 15,
    "dontdump": 16,
    "dodump": 17,
    "wipeonfork": 18,
    "keeponfork": 19,
    "cold": 20,
    "pageout": 21,
    "populate-read": 22,
    "populate-write": 23,
    "dontneed-locked": 24,
    "collapse": 25,
    "guard-install": 102,
    "guard-remove": 103,
}

# fcntl.h
F_ADD_SEALS = 1033
#: F_SEAL_ by the man page's names.
SEALS = {"seal": 1, "shrink": 2, "grow": 4, "write": 8, "future-write": 16}

# prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_SET_THP_DISABLE = 41
PR_GET_MDWE = 66
PR_MDWE_REFUSE_EXEC_GAIN = 1
PR_SET_VMA = 0x53564D41
PR_SET_VMA_ANON_NAME = 0

# seccomp.h, filter.h: the words of a filter's instructions, and its answers
SECCOMP_MODE_FILTER = 2
SECCOMP_RET_ERRNO = 0x0005_0000
SECCOMP_RET_ALLOW = 0x7FFF_0000
BPF_LOAD = 0x20
BPF_JUMP_IF_EQUAL = 0x15
BPF_RETURN = 0x06

# userfaultfd.h
UFFD_USER_MODE_ONLY = 1
UFFD_API = 0xAA
UFFDIO_API = 0xC018AA3F
UFFDIO_REGISTER = 0xC020AA00
UFFDIO_UNREGISTER = 0x8010AA01
UFFDIO_WRITEPROTECT = 0xC018AA06
UFFDIO_REGISTER_MODE_MISSING = 1
UFFDIO_REGISTER_MODE_WP = 2
UFFDIO_REGISTER_MODE_MINOR = 4
UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0
UFFD_FEATURE_EVENT_REMAP = 1 << 2
UFFD_FEATURE_EVENT_UNMAP = 1 << 6
UFFD_FEATURE_SIGBUS = 1 << 7
UFFD_FEATURE_MINOR_SHMEM = 1 << 10
UFFD_FEATURE_WP_HUGETLBFS_SHMEM = 1 << 12
UFFD_EVENT_REMAP = 0x14
UFFD_EVENT_UNMAP = 0x16
UFFD_MESSAGE_SIZE = 32

# capability.h
LINUX_CAPABILITY_VERSION_3 = 0x20080522
CAPABILITIES = {"IPC_LOCK": 14, "SYS_RAWIO": 17}

# resource.h: what scenarios may limit
RESOURCES = {"data": 2, "memlock": 8, "as": 9}

# memfd.h, ipc.h, shm.h
MFD_CLOEXEC = 1
MFD_ALLOW_SEALING = 2
MFD_HUGETLB = 4
IPC_CREAT = 0o1000
IPC_RMID = 0
SHM_REMAP = 0o40000

# io_uring.h
IORING_OFF_SQ_RING = 0

#: statfs(2) f_type, from magic.h.
EXT4_MAGIC = 0xEF53
XFS_MAGIC = 0x58465342
BTRFS_MAGIC = 0x9123683E
TMPFS_MAGIC = 0x01021994
