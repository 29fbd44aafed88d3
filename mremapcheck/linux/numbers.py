"""Numbers of the x86-64 system call interface, from the kernel's uapi headers."""

from __future__ import annotations

# arch/x86/entry/syscalls/syscall_64.tbl
SYS_MMAP = 9
SYS_MPROTECT = 10
SYS_MUNMAP = 11
SYS_IOCTL = 16
SYS_MREMAP = 25
SYS_MINCORE = 27
SYS_MADVISE = 28
SYS_SHMGET = 29
SYS_SHMAT = 30
SYS_SHMCTL = 31
SYS_SETITIMER = 38
SYS_SOCKETPAIR = 53
SYS_FTRUNCATE = 77
SYS_CAPGET = 125
SYS_CAPSET = 126
SYS_PERSONALITY = 135
SYS_STATFS = 137
SYS_MLOCK = 149
SYS_MUNLOCK = 150
SYS_PRCTL = 157
SYS_IO_SETUP = 206
SYS_PREADV = 295
SYS_PWRITEV = 296
SYS_PRLIMIT64 = 302
SYS_MEMFD_CREATE = 319
SYS_USERFAULTFD = 323
SYS_MLOCK2 = 325
SYS_IO_URING_SETUP = 425
SYS_MEMFD_SECRET = 447
SYS_MSEAL = 462

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

# prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_THP_DISABLE = 41
PR_SET_VMA = 0x53564D41
PR_SET_VMA_ANON_NAME = 0

# userfaultfd.h
UFFD_USER_MODE_ONLY = 1
UFFD_API = 0xAA
UFFDIO_API = 0xC018AA3F
UFFDIO_REGISTER = 0xC020AA00
UFFDIO_UNREGISTER = 0x8010AA01
UFFDIO_REGISTER_MODE_MISSING = 1
UFFDIO_REGISTER_MODE_WP = 2
UFFD_FEATURE_PAGEFAULT_FLAG_WP = 1 << 0
UFFD_FEATURE_EVENT_REMAP = 1 << 2
UFFD_FEATURE_EVENT_UNMAP = 1 << 6
UFFD_FEATURE_SIGBUS = 1 << 7
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
