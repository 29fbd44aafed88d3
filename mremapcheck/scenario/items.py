"""The items of ``moves``: a mremap, or with ``op:`` another operation on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, ClassVar, TypeAlias, get_args

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE, page_align
from mremapcheck.scenario.address import LOWEST_USER, Place, chosen_number, touches_nothing
from mremapcheck.scenario.attributes import VMA_NAME, Attributes
from mremapcheck.scenario.containers import ListOf, Struct, TaggedUnion, key
from mremapcheck.scenario.drawing import LETTERS
from mremapcheck.scenario.fields import Boolean, Choice, Integer, Text
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.names import ADVICES, LAST_KEY, PROTS, SEALS, UFFD_MODES, advice_features, uffd_features
from mremapcheck.scenario.operations import (
    MREMAP_DONTUNMAP,
    MREMAP_FIXED,
    Address,
    Madvise,
    Mlock,
    Mprotect,
    Mseal,
    Munlock,
    Munmap,
    Operation,
    Read,
    SetName,
    UffdRegister,
    UffdUnregister,
    UffdWriteprotect,
)
from mremapcheck.scenario.reader import Refused
from mremapcheck.scenario.values import FAILURE, MREMAP_FLAGS, AddressField, Lock, Size

_FAILS = "what it is expected to fail with: `EFAULT`; unless said, to fail is an error"
LETTER = Text("a letter", LETTERS, "one of A to Z or a to z", 1)


@dataclass(slots=True, kw_only=True)
class MremapItem:
    """A move: one mremap(2) call, in the man page's names."""

    old_address: Place = key(AddressField(absolute=True, chosen=True), "where the range begins: `src`, `elsewhere+2p`")
    old_size: int = key(Size(beyond=True), "how long the range is: `6p`")
    new_size: int | None = key(Size(beyond=True), "how long it becomes; old_size unless said", default=None)
    flags: int = key(MREMAP_FLAGS, "`MAYMOVE|FIXED`, or a number; 0 unless said", default=0)
    new_address: Place | None = key(AddressField(absolute=True), "where it goes with FIXED or DONTUNMAP", default=None)

    def violations(self) -> Iterator[Refused]:
        """Yield what would reach memory that is somebody else's, or depend on it."""
        size = self.old_size if self.new_size is None else self.new_size
        stays = not self.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)
        if chosen_number(self.old_address.region) and stays and 0 < page_align(self.old_size) < page_align(size):
            hint = "FIXED and a `new_address` of a region take it where that is known"
            yield Refused(
                f"how `{self.old_address.region}` grows depends on what lies behind it", hint, at=("new_size",)
            )
        for name, place in (("old_address", self.old_address), ("new_address", self.new_address)):
            if place is None or place.region is not None or place.offset >= LOWEST_USER:
                continue
            new_size = self.old_size if self.new_size is None else self.new_size
            sizes = (self.old_size, new_size) if name == "old_address" else (new_size,)
            if any(not touches_nothing(size) and place.offset + size > LOWEST_USER for size in sizes):
                hint = f"a range from a low address must end by {LOWEST_USER:#x}"
                yield Refused(f"the range from {place.offset:#x} may reach somebody else's memory", hint, at=(name,))


@cache
def _behind_range(operation: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(operation) if field.name not in ("where", "line", "address", "size"))


@dataclass(slots=True, kw_only=True)
class RangeItem:
    """An operation on a range of whole pages of a region."""

    address: Place = key(AddressField(chosen=True), "the first page: `src`, `src+2p`, `elsewhere`")
    size: int = key(Size(least=1), "how much: `2p`")
    errno: str | None = key(FAILURE, _FAILS, default=None)

    #: What executors do; its fields behind the range have the same names here.
    makes: ClassVar[Any]

    def operation(self, where: str, line: int, address: Address) -> Operation:
        """Return what executors do; ``address`` is the item's, made absolute."""
        more = {name: getattr(self, name) for name in _behind_range(self.makes)}
        operation: Operation = self.makes(where, line, address, self.size, **more)
        return operation

    def needs(self) -> Iterable[str]:
        """Return the features that a kernel must have."""
        return ()


@dataclass(slots=True, kw_only=True)
class MmapItem(Attributes):
    """mmap(2) at a fixed address, replacing what is there, and what ``vmas`` can say; touched only if it says so."""

    op: str = key(Choice(("mmap",)), "mmap(2)")
    address: Place = key(AddressField(), "the first page: `src`, `src+2p`")
    size: int = key(Size(least=1), "how much: `2p`")
    letter: str = key(LETTER, "the letter that its pages have in drawings")
    errno: str | None = key(FAILURE, _FAILS, default=None)

    @property
    def has_to_work(self) -> bool:
        return self.errno is None

    def violations(self) -> Iterator[Refused]:
        """Yield what cannot be said of a mapping that there is not to be."""
        yield from Attributes.violations(self)
        if self.errno is None:
            return
        for name in ("touch", "lock", "uffd", "advice", "guard", "seal", "name", "pkey"):
            if getattr(self, name):
                yield Refused("a mapping that cannot be made is not prepared", f"leave `{name}` out", at=(name,))
        if KINDS[self.kind].c.mapping is not None:
            hint = "leave `errno` out, or take another kind"
            yield Refused(f"{self.kind} takes more than mmap(2): what fails is not told", hint, at=("errno",))


@dataclass(slots=True, kw_only=True)
class TruncateItem:
    """ftruncate(2): make a file shorter or longer."""

    op: str = key(Choice(("truncate",)), "ftruncate(2)")
    letter: str = key(LETTER, "a letter that maps the file")
    size: int = key(Size(multiple=PAGE), "how long the file becomes: `2p`")
    errno: str | None = key(FAILURE, _FAILS, default=None)


@dataclass(slots=True, kw_only=True)
class AddSealsItem:
    """fcntl(2), F_ADD_SEALS: what is no longer possible with a memfd. EBUSY where `write` comes too late."""

    op: str = key(Choice(("add-seals",)), "fcntl(F_ADD_SEALS)")
    letter: str = key(LETTER, "a letter that maps the memfd")
    seals: tuple[str, ...] = key(ListOf(Choice(SEALS), most=len(SEALS), single=True), "its seals from now on")
    errno: str | None = key(FAILURE, _FAILS, default=None)


@dataclass(slots=True, kw_only=True)
class MunmapItem(RangeItem):
    """munmap(2)."""

    op: str = key(Choice(("munmap",)), "munmap(2)")
    makes = Munmap


@dataclass(slots=True, kw_only=True)
class MprotectItem(RangeItem):
    """mprotect(2), or pkey_mprotect(2) with a `pkey`."""

    op: str = key(Choice(("mprotect",)), "mprotect(2)")
    prot: str = key(Choice(PROTS), "the protection from now on")
    pkey: int | None = key(Integer(0, LAST_KEY), "its protection key from now on; as before unless said", default=None)

    makes = Mprotect

    def needs(self) -> Iterable[str]:
        return () if self.pkey is None else ("pkeys",)


@dataclass(slots=True, kw_only=True)
class MadviseItem(RangeItem):
    """madvise(2)."""

    op: str = key(Choice(("madvise",)), "madvise(2)")
    advice: str = key(Choice(ADVICES), "the man page's name without MADV_, in lower case")
    makes = Madvise

    def needs(self) -> Iterable[str]:
        return advice_features(self.advice)


@dataclass(slots=True, kw_only=True)
class MlockItem(RangeItem):
    """mlock(2), or mlock2(2) with ``lock: on-fault``."""

    op: str = key(Choice(("mlock",)), "mlock(2)")
    lock: bool | str = key(Lock(), "on-fault for MLOCK_ONFAULT", default=True)
    makes = Mlock

    @property
    def on_fault(self) -> bool:
        return self.lock == "on-fault"

    def violations(self) -> Iterator[Refused]:
        """Yield a lock that is none."""
        if not self.lock:
            yield Refused("mlock locks", "`op: munlock` unlocks", at=("lock",))


@dataclass(slots=True, kw_only=True)
class MlockallItem:
    """mlockall(2) with MCL_FUTURE: what is mapped from now on is locked, what is there is not."""

    op: str = key(Choice(("mlockall",)), "mlockall(2)")
    lock: bool | str = key(Lock(), "on-fault for MCL_ONFAULT", default=True)
    errno: str | None = key(FAILURE, _FAILS, default=None)


@dataclass(slots=True, kw_only=True)
class MunlockItem(RangeItem):
    """munlock(2)."""

    op: str = key(Choice(("munlock",)), "munlock(2)")
    makes = Munlock


@dataclass(slots=True, kw_only=True)
class MsealItem(RangeItem):
    """mseal(2)."""

    op: str = key(Choice(("mseal",)), "mseal(2)")
    makes = Mseal

    def needs(self) -> Iterable[str]:
        return ("mseal",)


@dataclass(slots=True, kw_only=True)
class TouchItem(RangeItem):
    """Write to each page the tag of the letter whose page it is, or of ``letter``."""

    op: str = key(Choice(("touch",)), "write a tag to each page")
    letter: str | None = key(LETTER, "whose data the pages hold from now on", default=None)


@dataclass(slots=True, kw_only=True)
class ReadItem(RangeItem):
    """Read a byte of each page."""

    op: str = key(Choice(("read",)), "read a byte of each page")
    makes = Read


@dataclass(slots=True, kw_only=True)
class UffdRegisterItem(RangeItem):
    """UFFDIO_REGISTER."""

    op: str = key(Choice(("uffd-register",)), "UFFDIO_REGISTER")
    mode: str = key(Choice(UFFD_MODES), "what the userfaultfd is told of")
    makes = UffdRegister

    def needs(self) -> Iterable[str]:
        return uffd_features(self.mode)


@dataclass(slots=True, kw_only=True)
class UffdUnregisterItem(RangeItem):
    """UFFDIO_UNREGISTER."""

    op: str = key(Choice(("uffd-unregister",)), "UFFDIO_UNREGISTER")
    makes = UffdUnregister

    def needs(self) -> Iterable[str]:
        return ("uffd",)


@dataclass(slots=True, kw_only=True)
class UffdWriteprotectItem(RangeItem):
    """UFFDIO_WRITEPROTECT: the pages that are there cannot be written to any more."""

    op: str = key(Choice(("uffd-writeprotect",)), "UFFDIO_WRITEPROTECT")
    protect: bool = key(Boolean(), "false: they can be written to again", default=True)
    makes = UffdWriteprotect

    def needs(self) -> Iterable[str]:
        return uffd_features("wp")


@dataclass(slots=True, kw_only=True)
class NameItem(RangeItem):
    """prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME)."""

    op: str = key(Choice(("name",)), "prctl(PR_SET_VMA_ANON_NAME)")
    name: str = key(VMA_NAME, "the name that /proc/PID/maps shows")
    makes = SetName

    def needs(self) -> Iterable[str]:
        return ("vma-name",)


@dataclass(slots=True, kw_only=True)
class ClearRefsItem:
    """Clear the soft-dirty bits of all pages (/proc/PID/clear_refs)."""

    op: str = key(Choice(("clear-refs",)), "a 4 written to /proc/self/clear_refs")


@dataclass(slots=True, kw_only=True)
class ForkItem:
    """fork(2): what follows happens in the child."""

    op: str = key(Choice(("fork",)), "fork(2)")


Item: TypeAlias = (
    MremapItem
    | MmapItem
    | TruncateItem
    | AddSealsItem
    | MunmapItem
    | MprotectItem
    | MadviseItem
    | MlockItem
    | MlockallItem
    | MunlockItem
    | MsealItem
    | TouchItem
    | ReadItem
    | UffdRegisterItem
    | UffdUnregisterItem
    | UffdWriteprotectItem
    | NameItem
    | ClearRefsItem
    | ForkItem
)

_MREMAP, *_OPERATIONS = (Struct(made, again=True) for made in get_args(Item))
ITEM: TaggedUnion[Item] = TaggedUnion("op", _OPERATIONS, untagged=_MREMAP)
