"""What a kind of mapping is: to the format, to the kernel and its model, to C, and to who draws random scenarios."""

from __future__ import annotations

import os

from mremapcheck.base.guest_dataclass import dataclass
from mremapcheck.base.units import PAGE
from mremapcheck.linux.numbers import MAP_ANONYMOUS, MAP_PRIVATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    #: Length of the object in bytes -> a descriptor or another handle; raises Trouble.
    Opener: TypeAlias = Callable[[int], int]
    #: (handle, length of the object, address, size, prot, sharing, offset; all in bytes); raises Trouble.
    Mapper: TypeAlias = Callable[[int, int, int, int, int, int, int], None]

_NO_REASONS: Mapping[int, str] = {}


@dataclass(frozen=True)
class Maker:
    """How a worker makes mappings that mmap(2) alone does not make.

    ``mapper`` maps the object that ``opener`` makes (None: there is nothing to open). ``kept`` objects are used again,
    emptied first where they are ``sized``; the others ``closer`` closes. ``once``: only the end of the process takes
    back what was done. ``placed``: the kernel chooses the place, so the other ranges are filled for a moment.
    ``locks``: what is mapped is locked. ``clock``: libc uses it to ask for the time.
    """

    mapper: Mapper
    opener: Opener | None = None
    closer: Callable[[int], None] = os.close
    sized: bool = False
    kept: bool = False
    once: bool = False
    placed: bool = False
    locks: bool = False
    clock: bool = False


@dataclass(frozen=True)
class Backing:
    """What the kernel knows of a mapping: the facts about its file and vm_ops that the model's rules ask for.

    ``name`` tells it apart from others, ``reported`` is what outcomes call it. ``anonymous``: it has no vm_ops, so its
    private pages are numbered by address. ``placement`` is the file's get_unmapped_area: none, shmem, hugetlb, thp
    (thp_get_unmapped_area) or own (any other). ``has_close``: vm_ops->close is set. ``base_flags`` are what its mmap
    handler adds. ``unit``: it is mapped in pieces of so many bytes. ``access``: its protection is not the caller's
    choice. ``never``: access that it cannot have.
    """

    name: str
    reported: str
    anonymous: bool = False
    placement: str = "none"
    has_close: bool = False
    base_flags: int = 0
    unit: int = PAGE
    access: int | None = None
    never: int = 0


@dataclass(frozen=True)
class MmapSite:
    """One mmap of a reproducer: C expressions for its place, size and protection; ``fd`` names its object.

    ``object_length`` (in bytes) and ``object_size`` (the same in C) are the object's: 0 where there is none.
    """

    letter: str
    at: str
    size: str
    #: Its size in bytes.
    length: int
    prot: str
    #: The same as scenarios write it: ``rw``.
    access: str
    fd: str
    object_length: int = 0
    object_size: str = "0"

    def protect(self) -> Iterator[str]:
        """Yield what gives a mapping that the kernel has made rw the protection that was asked for."""
        if self.access != "rw":
            yield f"MUST(mprotect({self.at}, {self.size}, {self.prot}));"


@dataclass(frozen=True)
class CCode:
    """How exported programs make it: the pack's interpreter, and a reproducer in plain statements.

    ``name``: the pack's constant, where the kind's own name in capitals means something else in libc's headers.
    ``flags``, and ``private`` instead of MAP_PRIVATE, are mmap's in both.

    Reproducer: ``open`` is the expression that opens an object, from ``{title}``, with a ``remark``
    before it; ``sized``: ftruncate follows. Where that does not do, ``opening`` yields lines from the object's name and
    its length (in bytes, and as an expression), and ``mapping`` those of a site. ``snippets`` and ``headers``: what
    these need.

    Pack: ``make`` is the body of its ``make_object``, ``map`` that of ``map``, ``functions`` what both call.
    ``unreadable``: no system call can read its memory, only the process itself.
    """

    name: str = ""
    flags: str = ""
    private: str = "MAP_PRIVATE"
    open: str = ""
    sized: bool = True
    remark: str = ""
    opening: Callable[[str, int, str], Iterator[str]] | None = None
    mapping: Callable[[MmapSite], Iterator[str]] | None = None
    snippets: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    make: str = ""
    map: str = ""
    functions: str = ""
    unreadable: bool = False

    @property
    def has_object(self) -> bool:
        """Whether several mappings can share what is opened for it."""
        return bool(self.open or self.opening)


@dataclass(frozen=True)
class Sampling:
    """How random scenarios and enumerations use it.

    ``weight``: how likely it is drawn, in parts; 0: never among others. ``special``: a driver's, or a newer kernel's.
    ``costly``: it takes a real kernel as long as many others. ``pages``: there is one of it for each process, or in one
    size: so many pages on most kernels; 0: any.
    ``uffd``: userfaultfd modes that it can be registered with. ``guards`` and ``names``: guard pages and names fit.
    ``continues``: a second mapping of it can be the first one's other half. ``enumerated``: bounds name it.
    """

    weight: float = 0
    special: bool = False
    costly: bool = False
    pages: int = 0
    uffd: tuple[str, ...] = ()
    guards: bool = False
    names: bool = False
    continues: bool = False
    enumerated: bool = False


@dataclass(frozen=True)
class Kind:
    """A value of ``kind``.

    Format: ``about`` is for the manual; ``sharing``: the first is the default; ``file``: mappings of one ``file:``
    share an object, otherwise each letter has its own; ``regular``: it is a regular file, which can be truncated, and
    opened for reading only; ``sealable``: it takes seals; ``offset``: may begin elsewhere than at its start;
    ``touched``: by default, and at all; ``feature``: what the kernel and the user must have.

    Kernel: ``backing``, of shared mappings ``shared`` where they are another, on newer kernels as ``became`` says
    (feature, and what it is since; the last that a kernel has counts); ``since``: the feature without which there is no
    such kind, and the reason. ``files``: whose file a mapping is of: ``none``, ``each`` one of its own, ``object`` that
    of the object, ``opened`` the object's, opened anew.

    Observing: ``marks`` are how the names in /proc/self/maps begin (none: any other name).

    Running kernel: mmap(2) makes it with ``flags`` (and ``private`` for private mappings), else ``maker`` does.
    ``skip``: errno of mmap(2) -> the reason why this kernel or machine has none.
    """

    name: str
    about: str
    backing: Backing
    c: CCode
    sharing: tuple[str, ...] = ("private",)
    file: bool = False
    regular: bool = False
    sealable: bool = False
    offset: bool = False
    touched: bool = True
    feature: str | None = None
    shared: Backing | None = None
    became: tuple[tuple[str, Backing], ...] = ()
    since: tuple[str, str] | None = None
    files: str = "object"
    marks: tuple[str, ...] = ()
    flags: int = MAP_ANONYMOUS
    private: int = MAP_PRIVATE
    maker: Maker | None = None
    skip: Mapping[int, str] = _NO_REASONS
    sampling: Sampling = Sampling()

    def backs(self, sharing: str) -> Backing:
        """Return what its private or shared mappings are."""
        return self.shared if self.shared is not None and sharing == "shared" else self.backing

    @property
    def takes_flags(self) -> bool:
        """Whether mmap(2) itself maps it, in pages, so that it can be given flags."""
        return self.c.mapping is None and self.backing.unit == PAGE
