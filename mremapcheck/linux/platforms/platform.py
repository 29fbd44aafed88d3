"""What a platform is: an architecture with a size of pages, to the model, to the live executor and to QEMU."""

from __future__ import annotations

from mremapcheck.base.guest_dataclass import dataclass
from mremapcheck.base.units import PAGE, PAGE_SHIFT, U64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Machine:
    """How QEMU runs guests of an architecture.

    ``program`` is its QEMU, ``install`` how to get it; ``machine`` and ``cpu`` (by accelerator) are what it is told.
    ``console`` and ``serial`` are the guest's names of the first serial port, and of that for kernels without virtio,
    which ``serial_device`` adds where the machine has no second one.
    """

    program: str
    install: str
    machine: str
    cpu: Mapping[str, str]
    console: str
    serial: str
    serial_device: str | None = None


@dataclass(frozen=True)
class Platform:
    """An architecture with a size of pages. Addresses and sizes are bytes, as the kernel has them.

    ``name`` is what references say, ``machine`` what ``uname -m`` does, ``narrow`` what it does to programs of 32 bits.
    ``user_end``: where user space ends on every processor, ``widest`` where it ends on some, which say ``wide`` in
    /proc/cpuinfo if they say anything; ``lowest``: vm.mmap_min_addr as the distribution sets it;
    ``huge_page``: the default size. ``vdso`` and ``vvar``: their pages, on most kernels. ``calls``: the numbers of
    system calls by name. ``distribution``: Debian's name for the architecture; ``kernels``: how the names of its
    packages of kernels end, None: it has none. ``built``: where a build tree has the image; ``magic``: what the header
    of an Image has at byte 56, empty: it is a bzImage. ``compiler`` builds C for it elsewhere. ``late``: features of
    the kernel that came later to this architecture than to others, with the release. ``takes_low_hints``: its own
    search for a free place takes a hint below ``lowest``, which is refused then; the generic one looks elsewhere.
    ``has_keys``: the model knows its protection keys. ``measured``: the model was held against real kernels of it.
    ``usual``: it is meant where none is named.
    """

    name: str
    machine: str
    narrow: str
    page_size: int
    user_end: int
    widest: int
    wide: str
    lowest: int
    huge_page: int
    vdso: int
    vvar: int
    calls: Mapping[str, int]
    distribution: str
    kernels: str | None
    built: str
    magic: bytes
    compiler: str
    qemu: Machine
    late: Mapping[str, str]
    takes_low_hints: bool
    has_keys: bool = False
    measured: bool = True
    usual: bool = False

    @property
    def about(self) -> str:
        """What tells it from others, for people."""
        unmeasured = "" if self.measured else "; no kernel of it was measured"
        return f"pages of {self.page_size >> 10}K, user space up to {self.user_end:#x}{unmeasured}"

    def since(self, feature: str, release: str) -> str:
        """Return the release that brought a feature to this architecture; ``release`` brought it to most."""
        return self.late.get(feature, release)

    def to_bytes(self, value: int) -> int:
        """Return what an address or size of a drawing is in bytes: with as many pages, and as far from the nearest one.

        Modulo 2^64: what is negative stays so.
        """
        if self.page_size == PAGE:
            return value
        pages = (value + PAGE // 2) >> PAGE_SHIFT
        return (pages * self.page_size + value - (pages << PAGE_SHIFT)) & U64

    def from_bytes(self, value: int) -> int:
        """Return what an address or size in bytes is in a drawing (``to_bytes`` backwards)."""
        if self.page_size == PAGE:
            return value
        pages = (value + self.page_size // 2) // self.page_size
        return (pages << PAGE_SHIFT) + value - pages * self.page_size

    def pages(self, size: int) -> int:
        """Return how many whole pages are in ``size`` bytes."""
        return size // self.page_size
