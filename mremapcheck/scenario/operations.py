"""The operations of a scenario: what its drawing is set up with, and the items of its ``moves``.

A drawing is only short for operations: the loader turns each run into mmap, touch, mprotect, mlock ... in the order
that the manual tells (``mremapcheck help scenario``), so executors know nothing of drawings. Addresses are absolute
(see ``layout``), sizes in bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import TypeAlias

from mremapcheck.base.dataclass import LATER, dataclass
from mremapcheck.base.units import PAGE, page_align
from mremapcheck.scenario.address import chosen_number


@dataclass(frozen=True, slots=True)
class Address:
    """A place in the drawing, and the number that goes into the system call.

    ``offset`` counts bytes from the start of ``region``; without a region it is the absolute address itself.
    """

    region: str | None
    offset: int
    value: int

    def __add__(self, size: int) -> Address:
        """Return the place so many bytes further on."""
        return Address(self.region, self.offset + size, self.value + size)

    def counted_from(self, start: int) -> Address:
        """Return it where its region starts at the address ``start``."""
        return Address(self.region, self.offset, start + self.offset)

    def __str__(self) -> str:
        if self.region is None:
            return hex(self.value)
        sign, whole, rest = self.distance
        return self.region + (f"{sign}{whole}p" if whole else "") + (f"{sign}{rest}B" if rest else "")

    @property
    def distance(self) -> tuple[str, int, int]:
        """How far from the start of its region it is: the sign, whole pages, bytes."""
        return ("-" if self.offset < 0 else "+", *divmod(abs(self.offset), PAGE))


@dataclass(frozen=True, slots=True)
class Step:
    """What every operation has: which one it is, and on which line it stands.

    ``where`` is ``map.src[0]``, the first run of a region; ``moves[1]``, the second mremap, as ``expect`` and reports
    count them; ``mprotect[1]``, the second mprotect.
    """

    where: str = field(compare=False)
    line: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Fallible(Step):
    """A step that may be expected to fail, with ``errno``; None: it has to work."""

    errno: str | None = field(default=None, kw_only=True, metadata=LATER)


@dataclass(frozen=True, slots=True)
class Mmap(Fallible):
    """mmap(2) with MAP_FIXED; ``size`` in bytes, ``offset`` in pages into the object.

    ``prot`` is one of none, r, rw, rx, rwx; ``kind`` and ``sharing`` as in the scenario format. Mappings with the same
    ``object`` map the same file; it is the name given by ``file:``, or one of the letter's own. ``how``: more flags of
    mmap(2), noreserve and stack. ``readonly``: through an open file that is for reading only (O_RDONLY).
    """

    address: Address
    size: int
    letter: str
    kind: str
    sharing: str
    prot: str
    object: str
    offset: int
    how: tuple[str, ...] = field(default=(), kw_only=True, metadata=LATER)
    readonly: bool = field(default=False, kw_only=True, metadata=LATER)


@dataclass(frozen=True, slots=True)
class Truncate(Fallible):
    """ftruncate(2) to ``size`` bytes, of the file that ``letter`` maps: ``kind`` and ``object`` as of an mmap."""

    letter: str
    kind: str
    object: str
    size: int


@dataclass(frozen=True, slots=True)
class AddSeals(Fallible):
    """fcntl(2), F_ADD_SEALS, on the memfd that ``letter`` maps: ``kind`` and ``object`` as of an mmap.

    ``seals`` are the manual's names without F_SEAL_, in lower case, with dashes (``future-write``).
    """

    letter: str
    kind: str
    object: str
    seals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranged(Fallible):
    """An operation on ``size`` bytes from ``address``."""

    address: Address
    size: int

    @property
    def bounds(self) -> tuple[int, int]:
        """The address of the range, and of what is behind its last page."""
        return self.address.value, self.address.value + page_align(self.size)


@dataclass(frozen=True, slots=True)
class Munmap(Ranged):
    """munmap(2)."""


@dataclass(frozen=True, slots=True)
class Mprotect(Ranged):
    """mprotect(2) to ``prot``: none, r, rw, rx or rwx; with a protection key pkey_mprotect(2)."""

    prot: str
    pkey: int | None = field(default=None, kw_only=True, metadata=LATER)


@dataclass(frozen=True, slots=True)
class Madvise(Ranged):
    """madvise(2); ``advice`` by its man-page name in lower case without MADV_, with dashes (``guard-install``)."""

    advice: str


@dataclass(frozen=True, slots=True)
class Mlock(Ranged):
    """mlock(2), or mlock2(2) with MLOCK_ONFAULT where ``on_fault``."""

    on_fault: bool


@dataclass(frozen=True, slots=True)
class Mlockall(Fallible):
    """mlockall(2) with MCL_FUTURE, and MCL_ONFAULT where ``on_fault``: what is mapped from now on is locked."""

    on_fault: bool


@dataclass(frozen=True, slots=True)
class Munlock(Ranged):
    """munlock(2)."""


@dataclass(frozen=True, slots=True)
class Mseal(Ranged):
    """mseal(2)."""


@dataclass(frozen=True, slots=True)
class Tag:
    """Who wrote a page: the letter, and which page of that letter's mapping it was when written (counted from 0)."""

    letter: str
    page: int


#: The letter of a page of nobody's, which a touch may name that is expected to fail.
NOBODY = "_"


@dataclass(frozen=True, slots=True)
class Touch(Ranged):
    """Write a tag at the start of every page in the range; ``tags`` has one entry a page."""

    tags: tuple[Tag, ...]

    def runs(self) -> Iterator[tuple[int, int, Tag]]:
        """Yield (first page of the range, pages, first tag) for tags of consecutive pages of one letter."""
        start = 0
        tags = self.tags
        for index in range(1, len(tags) + 1):
            first = tags[start]
            if index == len(tags) or tags[index] != Tag(first.letter, first.page + index - start):
                yield start, index - start, first
                start = index


@dataclass(frozen=True, slots=True)
class Read(Ranged):
    """Read one byte at the start of every page in the range."""


@dataclass(frozen=True, slots=True)
class UffdRegister(Ranged):
    """UFFDIO_REGISTER; ``mode`` is missing, wp or minor, each with ``+events`` for the remap and unmap events.

    All registrations of a scenario use one userfaultfd, those with events another one.
    """

    mode: str


@dataclass(frozen=True, slots=True)
class UffdUnregister(Ranged):
    """UFFDIO_UNREGISTER."""


@dataclass(frozen=True, slots=True)
class UffdWriteprotect(Ranged):
    """UFFDIO_WRITEPROTECT: the pages that are there cannot be written from now on (``protect``), or can again."""

    protect: bool


@dataclass(frozen=True, slots=True)
class SetName(Ranged):
    """prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, ..., name)."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearRefs(Step):
    """Clear the soft-dirty bits of all pages (a 4 in /proc/self/clear_refs)."""


@dataclass(frozen=True, slots=True)
class Fork(Step):
    """fork(2): everything after it, the observation too, happens in the child."""


@dataclass(frozen=True, slots=True)
class Mremap(Step):
    """One move, in the man page's own names; sizes in bytes and unrounded, ``flags`` the number.

    ``new_address`` is always passed to the system call; where the scenario gives none it is the absolute address 0.
    ``fail_nth``: so manyth of the allocations that the call makes fails; 0: none. No scenario says so: it is a sweep
    that makes them fail one after the other (``executors.sweep``).
    """

    old_address: Address
    old_size: int
    new_size: int
    flags: int
    new_address: Address
    fail_nth: int = field(default=0, compare=False)


def chosen_range(operation: Operation) -> tuple[int, int, int, int] | None:
    """Return which place of the kernel's choice an operation is done at, what that counts as beginning at, and the
    range: its start and its size, a page where it has none. None where it is done in a region.
    """
    if isinstance(operation, Mremap):
        address, size = operation.old_address, operation.old_size
    elif isinstance(operation, Ranged):
        address, size = operation.address, operation.size
    else:
        return None
    number = chosen_number(address.region)
    return (number - 1, address.value - address.offset, address.value, page_align(size) or PAGE) if number else None


def op_name(step: Step) -> str:
    """Return what the scenario format calls an operation."""
    name = type(step).__name__
    return _OP_NAMES.get(name, name.lower())


_OP_NAMES = {
    "AddSeals": "add-seals",
    "UffdRegister": "uffd-register",
    "UffdUnregister": "uffd-unregister",
    "UffdWriteprotect": "uffd-writeprotect",
    "ClearRefs": "clear-refs",
    "SetName": "name",
}
MREMAP_MAYMOVE = 1
MREMAP_FIXED = 2
MREMAP_DONTUNMAP = 4

Operation: TypeAlias = (
    Mmap
    | Truncate
    | AddSeals
    | Munmap
    | Mprotect
    | Madvise
    | Mlock
    | Mlockall
    | Munlock
    | Mseal
    | Touch
    | Read
    | UffdRegister
    | UffdUnregister
    | UffdWriteprotect
    | SetName
    | ClearRefs
    | Fork
    | Mremap
)
