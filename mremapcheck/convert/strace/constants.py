"""The numbers that calls take, by the names that strace prints for them (include/uapi/, x86-64)."""

from __future__ import annotations

from collections.abc import Mapping

from mremapcheck.base.dataclass import dataclass
from mremapcheck.linux.numbers import ADVICE, SEALS


@dataclass(frozen=True, slots=True, eq=False)
class FlagNames:
    """A set of flags: ``prefix`` begins every name, ``bits`` are the names without it, ``zero`` is that of 0.

    ``low``: bits that together are a number of their own (mmap's type), with the names of its values.
    """

    prefix: str
    bits: Mapping[int, str]
    zero: str = ""
    low: int = 0
    values: Mapping[int, str] | None = None

    def of(self, number: int) -> set[str]:
        """Return the names of a number; bits that have none stay one hexadecimal number."""
        found = set()
        if self.low and self.values and number & self.low in self.values:
            found.add(self.prefix + self.values[number & self.low])
            number &= ~self.low
        elif not number and self.zero:
            return {self.prefix + self.zero}
        for bit, name in self.bits.items():
            if number & bit == bit:
                found.add(self.prefix + name)
                number &= ~bit
        if number:
            found.add(hex(number))
        return found


PROT = FlagNames("PROT_", {1: "READ", 2: "WRITE", 4: "EXEC", 1 << 24: "GROWSDOWN", 1 << 25: "GROWSUP"}, "NONE")
MAP = FlagNames(
    "MAP_",
    {
        0x10: "FIXED",
        0x20: "ANONYMOUS",
        0x40: "32BIT",
        0x100: "GROWSDOWN",
        0x800: "DENYWRITE",
        0x1000: "EXECUTABLE",
        0x2000: "LOCKED",
        0x4000: "NORESERVE",
        0x8000: "POPULATE",
        0x10000: "NONBLOCK",
        0x20000: "STACK",
        0x40000: "HUGETLB",
        0x80000: "SYNC",
        0x100000: "FIXED_NOREPLACE",
    },
    low=0xF,
    values={1: "SHARED", 2: "PRIVATE", 3: "SHARED_VALIDATE", 8: "DROPPABLE"},
)
MREMAP = FlagNames("MREMAP_", {1: "MAYMOVE", 2: "FIXED", 4: "DONTUNMAP"})
MLOCK2 = FlagNames("MLOCK_", {1: "ONFAULT"})
MCL = FlagNames("MCL_", {1: "CURRENT", 2: "FUTURE", 4: "ONFAULT"})
SHM = FlagNames("SHM_", {0o10000: "RDONLY", 0o20000: "RND", 0o40000: "REMAP", 0o100000: "EXEC"})
SHMGET = FlagNames("SHM_", {0o4000: "HUGETLB", 0o10000: "NORESERVE"})
MFD = FlagNames("MFD_", {1: "CLOEXEC", 2: "ALLOW_SEALING", 4: "HUGETLB", 8: "NOEXEC_SEAL", 16: "EXEC"})
OPEN = FlagNames("O_", {}, low=3, values={0: "RDONLY", 1: "WRONLY", 2: "RDWR"})
SEAL = FlagNames("F_SEAL_", {bit: name.upper().replace("-", "_") for name, bit in SEALS.items()})
CLONE = FlagNames("CLONE_", {0x100: "VM", 0x4000: "VFORK", 0x10000: "THREAD"})
UFFD_MODE = FlagNames("UFFDIO_REGISTER_MODE_", {1: "MISSING", 2: "WP", 4: "MINOR"})
UFFD_FEATURE = FlagNames("UFFD_FEATURE_", {1 << 1: "EVENT_FORK", 1 << 2: "EVENT_REMAP", 1 << 3: "EVENT_REMOVE"})

#: madvise(2), in the words of the scenario format.
MADV = {number: name for name, number in ADVICE.items()}
UFFD_REQUESTS = {0xC018AA3F: "UFFDIO_API", 0xC020AA00: "UFFDIO_REGISTER", 0x8010AA01: "UFFDIO_UNREGISTER"}
PR_SET_VMA = 0x53564D41
