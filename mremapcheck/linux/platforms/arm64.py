"""arm64: pages of 4K, 16K or 64K, as the kernel was built, and user space of 256 TiB."""

from __future__ import annotations

from mremapcheck.linux.platforms.platform import Machine, Platform

#: include/uapi/asm-generic/unistd.h
_CALLS = {
    "io_setup": 0,
    "eventfd2": 19,
    "fcntl": 25,
    "ioctl": 29,
    "statfs": 43,
    "ftruncate": 46,
    "pipe2": 59,
    "write": 64,
    "pread64": 67,
    "preadv": 69,
    "pwritev": 70,
    "poll": 73,  # ppoll, of which libc makes it
    "capget": 90,
    "capset": 91,
    "personality": 92,
    "setitimer": 103,
    "reboot": 142,
    "uname": 160,
    "prctl": 167,
    "shmget": 194,
    "shmctl": 195,
    "shmat": 196,
    "socketpair": 199,
    "munmap": 215,
    "mremap": 216,
    "mmap": 222,
    "mprotect": 226,
    "mlock": 228,
    "munlock": 229,
    "mincore": 232,
    "madvise": 233,
    "prlimit64": 261,
    "memfd_create": 279,
    "userfaultfd": 282,
    "mlock2": 284,
    "mlockall": 230,
    "io_uring_setup": 425,
    "clone3": 435,
    "memfd_secret": 447,
    "mseal": 462,
    "pkey_mprotect": 288,
    "pkey_alloc": 289,
}

_QEMU = Machine(
    "qemu-system-aarch64",
    "Debian, Ubuntu: apt-get install qemu-system-arm; Fedora: dnf install qemu-system-aarch64-core;"
    " Arch: pacman -S qemu-system-aarch64",
    "virt",
    {"tcg": "neoverse-n1", "kvm": "host"},  # it has pages of all three sizes; older ones lack 16K
    console="ttyAMA0",
    serial="ttyS0",
    serial_device="pci-serial",
)


def _with_pages(name: str, size: int, kernels: str | None, vdso: int) -> Platform:
    return Platform(
        name,
        machine="aarch64",
        narrow="armv8l",
        page_size=size,
        user_end=1 << 48,
        widest=1 << 52,  # for those who ask for an address there
        wide="",
        lowest=32768,
        huge_page=size * (size // 8),  # what a table of the last level maps
        vdso=vdso,
        vvar=4,
        calls=_CALLS,
        distribution="arm64",
        kernels=kernels,
        built="arch/arm64/boot/Image",
        magic=b"ARM\x64",
        compiler="aarch64-linux-gnu-gcc",
        qemu=_QEMU,
        takes_low_hints=False,
        late={"uffd-wp": "6.10"},  # 5b32510af77b (arm64/mm: Add uffd write-protect support)
        measured=kernels is not None,
    )


PLATFORMS = (
    _with_pages("arm64", 4 << 10, "cloud-arm64", 2),
    _with_pages("arm64-16k", 16 << 10, "arm64-16k", 1),
    _with_pages("arm64-64k", 64 << 10, None, 1),  # no distribution's kernel here
)
