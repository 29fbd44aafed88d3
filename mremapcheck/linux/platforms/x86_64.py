"""x86-64: pages of 4K, and user space of 128 TiB."""

from __future__ import annotations

from mremapcheck.linux.platforms.platform import Machine, Platform

#: arch/x86/entry/syscalls/syscall_64.tbl
_CALLS = {
    "write": 1,
    "poll": 7,
    "mmap": 9,
    "mprotect": 10,
    "munmap": 11,
    "ioctl": 16,
    "pread64": 17,
    "mremap": 25,
    "mincore": 27,
    "madvise": 28,
    "shmget": 29,
    "shmat": 30,
    "shmctl": 31,
    "setitimer": 38,
    "socketpair": 53,
    "uname": 63,
    "fcntl": 72,
    "ftruncate": 77,
    "capget": 125,
    "capset": 126,
    "personality": 135,
    "statfs": 137,
    "mlock": 149,
    "munlock": 150,
    "prctl": 157,
    "reboot": 169,
    "io_setup": 206,
    "eventfd2": 290,
    "pipe2": 293,
    "preadv": 295,
    "pwritev": 296,
    "prlimit64": 302,
    "memfd_create": 319,
    "userfaultfd": 323,
    "mlock2": 325,
    "mlockall": 151,
    "io_uring_setup": 425,
    "clone3": 435,
    "memfd_secret": 447,
    "mseal": 462,
    "pkey_mprotect": 329,
    "pkey_alloc": 330,
}

PLATFORMS = (
    Platform(
        "x86-64",
        machine="x86_64",
        narrow="i686",
        page_size=4096,
        user_end=(1 << 47) - 4096,  # with 4-level page tables; a guard page is kept free
        widest=(1 << 56) - 4096,
        wide="la57",
        lowest=65536,
        huge_page=2 << 20,
        vdso=2,
        vvar=4,
        calls=_CALLS,
        distribution="amd64",
        kernels="cloud-amd64",
        built="arch/x86/boot/bzImage",
        magic=b"",
        compiler="x86_64-linux-gnu-gcc",
        qemu=Machine(
            "qemu-system-x86_64",
            "Debian, Ubuntu: apt-get install qemu-system-x86; Fedora: dnf install qemu-system-x86-core;"
            " Arch: pacman -S qemu-system-x86",
            "pc",
            # QEMU 7.2's TCG with -cpu max let guests oops at random places; it also has LA57, so user space ends
            # elsewhere. And where it is interrupted after a cmpxchg16b it gives the flags a value of another register:
            # 6.12.95, whose allocator uses that instruction, oopsed in nine of ten boots. Without cx16 the kernel does
            # without it. Protection keys (pku) are kept by xsave, with which kernels boot only if there are
            # xsaveopt and xgetbv1, too.
            {"tcg": "qemu64,-cx16,+xsave,+xsaveopt,+xgetbv1,+pku", "kvm": "host,-la57"},
            console="ttyS0",
            serial="ttyS1",
        ),
        late={},
        takes_low_hints=True,
        has_keys=True,
        usual=True,
    ),
)
