"""What a mapping is made of and prepared with: the entries of ``vmas``, and of an item ``op: mmap``."""

from __future__ import annotations

from collections.abc import Iterator

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE
from mremapcheck.scenario.containers import ListOf, key
from mremapcheck.scenario.drawing import MOST_PAGES
from mremapcheck.scenario.fields import Boolean, Choice, Integer, Text
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.names import ADVICES, LAST_KEY, MAP_FLAGS, PROTS, SEALS, UFFD_MODES
from mremapcheck.scenario.reader import Refused
from mremapcheck.scenario.values import Lock, Size

FILE_NAME = Text("a file's name", "[A-Za-z0-9][A-Za-z0-9_-]*", "letters, digits, `_` and `-`: `file: m`", 64)
#: What stops a file from being written to through mappings that are made later.
WRITE_SEALS = frozenset({"write", "future-write"})
#: What PR_SET_VMA_ANON_NAME takes: printable, without ``\\``, backquote, ``$``, ``[`` and ``]``, 79 characters.
VMA_NAME = Text("a name for a mapping", r"[ -#%-Z^_a-~]+", "printable ASCII without \\ ` $ [ ]", 79)


@dataclass(slots=True, kw_only=True)
class Attributes:
    """One mapping: what is mapped, and how it is prepared."""

    kind: str = key(Choice(KINDS), "what is mapped; anon unless said", default="anon")
    sharing: str | None = key(Choice(("private", "shared")), "MAP_PRIVATE or MAP_SHARED", default=None)
    prot: str = key(Choice(PROTS), "the protection when the moves begin; rw unless said", default="rw")
    file: str | None = key(FILE_NAME, "mappings with the same name map the same file", default=None)
    offset: int = key(Size(multiple=PAGE), "where in the file the mapping begins: `4p`", default=0)
    touch: bool | None = key(Boolean(), "write a tag into every page", default=None)
    lock: bool | str = key(Lock(), "mlock(2): true, or on-fault", default=False)
    uffd: str | None = key(Choice(UFFD_MODES), "register with a userfaultfd", default=None)
    advice: tuple[str, ...] = key(ListOf(Choice(ADVICES), most=8, single=True), "madvise(2), once for each", default=())
    guard: tuple[int, ...] = key(
        ListOf(Integer(0, MOST_PAGES - 1), most=256),
        "pages of the mapping, from 0, that become guard pages",
        default=(),
    )
    seal: bool = key(Boolean(), "mseal(2)", default=False)
    name: str | None = key(VMA_NAME, "prctl(PR_SET_VMA_ANON_NAME)", default=None)
    noreserve: bool = key(Boolean(), "MAP_NORESERVE: no memory is promised for it", default=False)
    stack: bool = key(Boolean(), "MAP_STACK: no huge pages, since Linux 6.8", default=False)
    continues: bool = key(Boolean(), "its next run maps what follows in the file", default=False)
    readonly: bool = key(Boolean(), "the file is opened for reading only (O_RDONLY)", default=False)
    seals: tuple[str, ...] = key(
        ListOf(Choice(SEALS), most=len(SEALS), single=True),
        "F_ADD_SEALS, when the file has its content and before it is mapped",
        default=(),
    )
    pkey: int = key(Integer(0, LAST_KEY), "pkey_mprotect(2): its protection key", default=0)

    @property
    def how(self) -> tuple[str, ...]:
        """The flags of mmap(2) that it is made with, beside those of its kind."""
        return tuple(name for name in MAP_FLAGS if getattr(self, name))

    @property
    def only_reserves(self) -> bool:
        """Whether it takes addresses and no memory, as long as nobody touches it."""
        kind = KINDS[self.kind]
        reserved = self.noreserve or self.prot == "none"
        return reserved and kind.takes_flags and kind.backing.placement != "thp" and not self.lock

    @property
    def touched(self) -> bool:
        """Whether its pages are written to: unless said, wherever they can be."""
        return KINDS[self.kind].touched and not self._never_written if self.touch is None else self.touch

    @property
    def has_to_work(self) -> bool:
        """Whether the mapping is there in the end."""
        return True

    @property
    def keeps_content(self) -> bool:
        """Whether it is shared of a file that is sealed before: nobody can write to it through this mapping."""
        return self._is_shared and not WRITE_SEALS.isdisjoint(self.seals)

    @property
    def _is_shared(self) -> bool:
        return (self.sharing or KINDS[self.kind].sharing[0]) == "shared"

    @property
    def _never_written(self) -> bool:
        return self.readonly and self._is_shared

    def violations(self) -> Iterator[Refused]:
        """Yield what does not go together."""
        kind = KINDS[self.kind]
        if self.sharing is not None and self.sharing not in kind.sharing:
            hint = _OTHER_KIND.get((self.kind, self.sharing), "leave `sharing` out")
            yield Refused(f"{self.kind} mappings are always {kind.sharing[0]}", hint, at=("sharing",))
        if self.file is not None and not kind.file:
            kinds = ", ".join(name for name, other in KINDS.items() if other.file)
            yield Refused(f"{self.kind} has no file", f"kinds with a file: {kinds}", at=("file",))
        if self.offset and not kind.offset:
            kinds = ", ".join(name for name, other in KINDS.items() if other.offset)
            yield Refused(
                f"{self.kind} is always mapped from its start", f"kinds with an offset: {kinds}", at=("offset",)
            )
        if self.touch and not kind.touched:
            message = f"{self.kind} belongs to the kernel and is never touched"
            yield Refused(message, "leave `touch` out, or say `touch: false`", at=("touch",))
        if self.continues and not (kind.file and kind.offset):
            kinds = ", ".join(name for name, other in KINDS.items() if other.file and other.offset)
            yield Refused(f"{self.kind} has no file to go on in", f"kinds with one: {kinds}", at=("continues",))
        if self.readonly and not kind.regular:
            kinds = ", ".join(name for name, other in KINDS.items() if other.regular)
            yield Refused(f"{self.kind} has no file to be opened", f"kinds with one: {kinds}", at=("readonly",))
        elif self._never_written and (self.touch or ("w" in self.prot and self.has_to_work)):
            hint = "`prot: r`, without `touch`; another letter with the same `file` can write to it"
            at = ("touch",) if self.touch else ("readonly",)
            yield Refused("what is shared of a file that is open for reading only cannot be written to", hint, at=at)
        if self.seals and not kind.sealable:
            kinds = ", ".join(name for name, other in KINDS.items() if other.sealable)
            yield Refused(f"{self.kind} cannot be sealed", f"kinds with seals: {kinds}", at=("seals",))
        elif self.keeps_content and "w" in self.prot and self.has_to_work:
            hint = "`prot: r`; `op: add-seals` seals it when it is mapped"
            yield Refused("what is shared of a file that is sealed cannot be written to", hint, at=("seals",))
        if self.pkey and kind.backing.access is not None:
            hint = "`op: mprotect` with a `pkey` can give it one"
            yield Refused(f"{self.kind} is mapped with the kernel's own protection and key", hint, at=("pkey",))
        if not kind.takes_flags:
            for name in self.how:
                yield Refused(f"{self.kind} cannot be made with {name}", f"leave `{name}` out", at=(name,))


_OTHER_KIND = {
    ("anon", "shared"): "did you mean `kind: anon-shared`?",
    ("anon-shared", "private"): "did you mean `kind: anon`?",
}

PLAIN = Attributes()
