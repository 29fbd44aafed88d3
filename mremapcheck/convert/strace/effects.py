"""What each call does to the address space of the process that makes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from mremapcheck.base.units import PAGE, page_align
from mremapcheck.convert.strace.call import Call
from mremapcheck.convert.strace.constants import (
    MCL,
    MFD,
    MLOCK2,
    OPEN,
    PR_SET_VMA,
    SEAL,
    SHM,
    SHMGET,
    UFFD_FEATURE,
    UFFD_MODE,
    UFFD_REQUESTS,
)
from mremapcheck.convert.strace.kinds import advised, facts_of_mmap, file_name, offset_of_mmap, opened_file, prot_of
from mremapcheck.convert.strace.space import HOLE, AddressSpace, MappingFacts, OpenFile
from mremapcheck.convert.strace.text import descriptor_path, fields, flags, number, unescaped
from mremapcheck.linux.numbers import F_ADD_SEALS
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.names import LAST_KEY, SEALS


class System:
    """What processes share, or what outlives a mapping: descriptors by number, segments by id."""

    __slots__ = ("events", "lengths", "mmap2_pages", "names", "opened", "seals", "segments")

    def __init__(self) -> None:
        #: Descriptor -> kind and name, as far as the trace has seen it being made.
        self.opened: dict[int, tuple[str, str]] = {}
        #: System V segment -> its size in bytes, and its kind.
        self.segments: dict[int, tuple[int, str]] = {}
        #: Descriptors of userfaultfds that are told of remap or unmap events.
        self.events: set[int] = set()
        self.mmap2_pages = False
        #: Memfd -> the seals that F_ADD_SEALS has put on it.
        self.seals: dict[str, set[str]] = {}
        #: File -> how long ftruncate(2) has made it, in bytes; and which one it is that mappings have opened anew.
        self.lengths: dict[str, int] = {}
        self.names: dict[str, str] = {}


Effect = Callable[[AddressSpace, Call, System], bool]


def _mmap(space: AddressSpace, call: Call, system: System) -> bool:
    assert call.result is not None
    size = number(call.arguments[1])
    facts = _as_opened(space, call, facts_of_mmap(call, system.opened), system)
    if call.name == "mmap2":
        space.bits = 32
        system.mmap2_pages |= len(call.arguments) > 5 and number(call.arguments[5]) % PAGE != 0
    elif call.name == "old_mmap":
        space.bits = 32
    if space.locking and not facts.lock:
        facts = replace(facts, lock=space.locking)
    pages = call.name == "mmap2" and system.mmap2_pages
    space.map(call.result, size, offset_of_mmap(call, facts, pages), facts)
    return True


#: Mappings of these are one only where they are of one open(2).
_OPENED = frozenset(("file", "tmpfs", "memfd", "memfd-hugetlb"))


def _as_opened(space: AddressSpace, call: Call, facts: MappingFacts, system: System) -> MappingFacts:
    """Tell a file that was opened twice from itself, and what is open for reading only."""
    if facts.kind not in _OPENED or call.arguments[4] == "?":
        return facts
    descriptor, _ = descriptor_path(call.arguments[4])
    opened = space.descriptors.files.get(descriptor)
    if opened and facts.object != file_name(opened.path):
        opened = None  # the descriptor was closed since, or copied
    readonly = bool(opened and opened.readonly and facts.sharing == "shared" and KINDS[facts.kind].regular)
    key = opened.line if opened else f"descriptor {descriptor}"
    number = space.descriptors.opening(facts.object, readonly, key)
    name = facts.object if number == 1 else f"{facts.object}-{number}"
    system.names[name] = facts.object
    seals = tuple(seal for seal in SEALS if seal in system.seals.get(facts.object, ()))
    return replace(facts, object=name, readonly=readonly, seals=seals)


def _munmap(space: AddressSpace, call: Call, system: System) -> bool:
    space.unmap(number(call.arguments[0]), number(call.arguments[1]))
    return True


def _brk(space: AddressSpace, call: Call, system: System) -> bool:
    """The heap ends where the result says. Whoever asks for it with NULL learns it, and nothing changes."""
    assert call.result is not None
    now, before = page_align(call.result), page_align(space.brk)
    asked = number(call.arguments[0]) if call.arguments else 0
    if space.brk and asked:
        if now > before:
            space.map(before, now - before, before, MappingFacts(lock=space.locking))
        else:
            space.unmap(now, before - now)
    space.brk = call.result
    return True


Edit = Callable[[MappingFacts, Call], MappingFacts]


def range_of(call: Call) -> tuple[int, int]:
    """Return where the pages begin that the first two arguments name, and how many bytes they take."""
    start, size = number(call.arguments[0]), number(call.arguments[1])
    return start - start % PAGE, size + start % PAGE


def _changing(edit: Edit, proves: bool) -> Effect:
    """An effect on a range; ``proves``: it only succeeds where all is mapped."""

    def change(space: AddressSpace, call: Call, system: System) -> bool:
        start, size = range_of(call)
        if proves:
            space.assume(start, size, holes=True)
        space.change(start, size, lambda facts: edit(facts, call))
        return True

    return change


def _protected(facts: MappingFacts, call: Call) -> MappingFacts:
    """What can be written to from now on was not open for reading only, nor sealed."""
    prot = prot_of(call.arguments[2])
    if "w" in prot and facts.sharing == "shared":
        facts = replace(facts, readonly=False, seals=())
    return replace(facts, prot=prot)


def _pkey(facts: MappingFacts, call: Call) -> MappingFacts:
    key = number(call.arguments[3]) if len(call.arguments) > 3 else -1
    if key > LAST_KEY:
        raise ValueError(call.arguments[3])
    return replace(_protected(facts, call), pkey=facts.pkey if key < 0 else key)


def _locked(facts: MappingFacts, call: Call) -> MappingFacts:
    if facts.kind in _NEVER_LOCKED:
        return facts
    on_fault = call.name == "mlock2" and "MLOCK_ONFAULT" in flags(call.arguments[2], MLOCK2)
    return replace(facts, lock="on-fault" if on_fault else "true")


#: What mlock(2) passes over (mlock_fixup): huge pages, what the kernel itself has mapped, what may be dropped (6.11).
_NEVER_LOCKED = frozenset(("hugetlb", "memfd-hugetlb", "io-uring", "aio", "vdso", "vvar", "secret", "droppable"))


def _mlockall(space: AddressSpace, call: Call, system: System) -> bool:
    given = flags(call.arguments[0], MCL)
    word = "on-fault" if "MCL_ONFAULT" in given else "true"
    if "MCL_CURRENT" in given:
        space.change_all(lambda facts: facts if facts.kind in _NEVER_LOCKED else replace(facts, lock=word))
    space.locking = word if "MCL_FUTURE" in given else ""
    return True


def _munlockall(space: AddressSpace, call: Call, system: System) -> bool:
    space.change_all(lambda facts: replace(facts, lock="") if facts.lock else facts)
    space.locking = ""
    return True


def _unlocked(facts: MappingFacts, call: Call) -> MappingFacts:
    return replace(facts, lock="")


def _sealed(facts: MappingFacts, call: Call) -> MappingFacts:
    return replace(facts, seal=True)


def _advised(facts: MappingFacts, call: Call) -> MappingFacts:
    advice = advised(facts.advice, call.arguments[2])
    return facts if advice == facts.advice else replace(facts, advice=advice)


def _shmget(space: AddressSpace, call: Call, system: System) -> bool:
    assert call.result is not None
    huge = "SHM_HUGETLB" in flags(call.arguments[2], SHMGET) if _readable_flags(call.arguments[2]) else False
    system.segments[call.result] = number(call.arguments[1]), "memfd-hugetlb" if huge else "sysv-shm"
    return True


def _readable_flags(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Z_0-9x|a-f]+", text))


def _shmat(space: AddressSpace, call: Call, system: System) -> bool:
    """A segment of unknown size has one page until a call proves more."""
    assert call.result is not None
    segment = number(call.arguments[0])
    given = flags(call.arguments[2], SHM) if len(call.arguments) > 2 else frozenset()
    size, kind = system.segments.get(segment, (PAGE, "sysv-shm"))
    prot = ("rx" if "SHM_EXEC" in given else "r") if "SHM_RDONLY" in given else "rwx" if "SHM_EXEC" in given else "rw"
    facts = MappingFacts(kind, "shared", prot, f"shm{segment}", space.locking, guessed=segment not in system.segments)
    space.map(call.result, size, 0, facts)
    return True


def _shmdt(space: AddressSpace, call: Call, system: System) -> bool:
    """All mappings of the segment go that lie where this attachment has put them."""
    start = number(call.arguments[0])
    first = space.at(start)
    if first is None or not first.facts.object:
        return True
    for segment in list(space.segments):
        facts = segment.facts
        if facts is not HOLE and facts.object == first.facts.object and segment.start - segment.offset == start:
            space.unmap(segment.start, segment.end - segment.start)
    return True


def _memfd(space: AddressSpace, call: Call, system: System) -> bool:
    assert call.result is not None
    name = unescaped(call.arguments[0].strip('"')) if call.arguments and call.arguments[0].startswith('"') else ""
    huge = len(call.arguments) > 1 and "MFD_HUGETLB" in flags(call.arguments[1], MFD)
    kind = "memfd-hugetlb" if huge else "memfd"
    system.opened[call.result] = kind, file_name(f"/memfd:{name or f'fd{call.result}'}")
    return True


def _descriptor(kind: str) -> Effect:
    def opened(space: AddressSpace, call: Call, system: System) -> bool:
        assert call.result is not None
        system.opened[call.result] = kind, f"{kind}-{call.line}"
        return True

    return opened


def _open(path: int) -> Effect:
    """The effect of an open(2) whose argument of this number, from 0, is the path, with the flags behind it."""

    def opened(space: AddressSpace, call: Call, system: System) -> bool:
        assert call.result is not None
        name = call.arguments[path] if len(call.arguments) > path else ""
        if not name.startswith('"'):
            space.descriptors.files.pop(call.result, None)
            return False
        how = call.arguments[path + 1] if call.name != "creat" else "O_WRONLY"
        readonly = "O_RDONLY" in flags(fields(how).get("flags", "0") if how.startswith("{") else how, OPEN)
        space.descriptors.files[call.result] = OpenFile(call.line, unescaped(name.strip('"')), readonly)
        return True

    return opened


def _ftruncate(space: AddressSpace, call: Call, system: System) -> bool:
    descriptor, path = descriptor_path(call.arguments[0])
    system.lengths[opened_file(descriptor, path, system.opened)[1]] = number(call.arguments[1])
    return True


def _fcntl(space: AddressSpace, call: Call, system: System) -> bool:
    """F_ADD_SEALS is about what maps the memfd later; all others are of no concern."""
    command = call.arguments[1].split("/*")[0].strip()
    if command != "F_ADD_SEALS" and (not command[:1].isdigit() or number(command) != F_ADD_SEALS):
        return False
    descriptor, path = descriptor_path(call.arguments[0])
    names = flags(call.arguments[2], SEAL)
    words = {name.removeprefix(SEAL.prefix).lower().replace("_", "-") for name in names}
    system.seals.setdefault(opened_file(descriptor, path, system.opened)[1], set()).update(words)
    return True


def _io_setup(space: AddressSpace, call: Call, system: System) -> bool:
    """The context that a ring of asynchronous I/O is known by is its address."""
    found = re.search(r"0x[0-9a-f]+", call.arguments[1])
    if found is None:
        raise ValueError(call.arguments[1])
    space.map(number(found[0]), PAGE, 0, MappingFacts("aio", "shared", "rw", f"aio-{call.line}", guessed=True))
    return True


def _io_destroy(space: AddressSpace, call: Call, system: System) -> bool:
    if ring := space.at(number(call.arguments[0])):
        space.unmap(ring.start, ring.end - ring.start)
    return True


def _shadow_stack(space: AddressSpace, call: Call, system: System) -> bool:
    assert call.result is not None
    facts = MappingFacts(prot="r", undrawn=("map_shadow_stack",))
    space.map(call.result, number(call.arguments[1]), call.result, facts)
    return True


def _remap_file_pages(space: AddressSpace, call: Call, system: System) -> bool:
    """Emulated since 4.0: the same file is mapped anew from another page on, and only that it was locked is kept."""
    start, size, offset = number(call.arguments[0]), number(call.arguments[1]), number(call.arguments[3])
    if mapping := space.at(start):
        lock = "true" if mapping.facts.lock else space.locking
        kept = replace(mapping.facts, lock=lock, advice=(), uffd="", seal=False, name="", undrawn=(), inherited="")
        space.map(start, size, offset * PAGE, kept)
    return True


def _userfaultfd(space: AddressSpace, call: Call, system: System) -> bool:
    assert call.result is not None
    space.descriptors.watched[call.result] = space
    return True


def _ioctl(space: AddressSpace, call: Call, system: System) -> bool:
    """What a userfaultfd is asked; all others are of no concern."""
    request = call.arguments[1].split("/*")[0].strip()
    if request[:1].isdigit():
        request = UFFD_REQUESTS.get(number(request), "")
    if request not in UFFD_REQUESTS.values():
        return False
    if not call.arguments[2].startswith("{"):
        raise ValueError("the arguments are only an address")
    values = fields(call.arguments[2])
    descriptor, _ = descriptor_path(call.arguments[0])
    if request == "UFFDIO_API":
        events = flags(values.get("features", "0"), UFFD_FEATURE)
        if events & {"UFFD_FEATURE_EVENT_REMAP", "UFFD_FEATURE_EVENT_UNMAP"}:
            system.events.add(descriptor)
        else:
            system.events.discard(descriptor)
        return True
    space = space.descriptors.watched.get(descriptor, space)
    modes = flags(values["mode"], UFFD_MODE) if request == "UFFDIO_REGISTER" else frozenset()
    drawn = next((word for name, word in _UFFD_WORDS.items() if name in modes), "")
    rest = tuple(sorted(modes - {name for name, word in _UFFD_WORDS.items() if word == drawn}))
    mode = f"{drawn}+events" if drawn and descriptor in system.events else drawn

    def registered(facts: MappingFacts) -> MappingFacts:
        others = tuple(word for word in facts.undrawn if word not in UFFD_MODE.of(_ALL_MODES))
        return replace(facts, uffd=mode, undrawn=(*others, *rest))

    space.change(number(values["start"]), number(values["len"]), registered)
    return True


#: Mode of a registration -> the scenario format's word; the first one counts, for it knows only one at a time.
_UFFD_WORDS = {
    "UFFDIO_REGISTER_MODE_MISSING": "missing",
    "UFFDIO_REGISTER_MODE_WP": "wp",
    "UFFDIO_REGISTER_MODE_MINOR": "minor",
}
_ALL_MODES = 7


def _prctl(space: AddressSpace, call: Call, system: System) -> bool:
    """PR_SET_VMA gives a name to a range; all others are of no concern."""
    option = call.arguments[0].split("/*")[0].strip()
    if option != "PR_SET_VMA" and (not option[:1].isdigit() or number(option) != PR_SET_VMA):
        return False
    text = call.arguments[4] if len(call.arguments) > 4 else "NULL"
    if not text.startswith('"') and text not in ("NULL", "0"):
        raise ValueError("the name is only an address")
    quoted = re.match(r'"((?:[^"\\]|\\.)*)"', text)
    name = unescaped(quoted[1]) if quoted else ""
    space.change(number(call.arguments[2]), number(call.arguments[3]), lambda facts: replace(facts, name=name))
    return True


#: Call -> what it makes of each mapping of its range.
EDITS: dict[str, Edit] = {
    "mprotect": _protected,
    "pkey_mprotect": _pkey,
    "madvise": _advised,
    "mlock": _locked,
    "mlock2": _locked,
    "munlock": _unlocked,
    "mseal": _sealed,
}
#: Call -> what it does where it succeeds; False: it is of no concern after all. mremap and what makes processes are
#: done by ``processes``.
EFFECTS: dict[str, Effect] = {
    **{name: _changing(edit, proves=name != "madvise") for name, edit in EDITS.items()},
    "mmap": _mmap,
    "mmap2": _mmap,
    "old_mmap": _mmap,
    "munmap": _munmap,
    "remap_file_pages": _remap_file_pages,
    "brk": _brk,
    "mlockall": _mlockall,
    "munlockall": _munlockall,
    "shmget": _shmget,
    "shmat": _shmat,
    "shmdt": _shmdt,
    "open": _open(0),
    "openat": _open(1),
    "openat2": _open(1),
    "creat": _open(0),
    "ftruncate": _ftruncate,
    "fcntl": _fcntl,
    "memfd_create": _memfd,
    "memfd_secret": _descriptor("secret"),
    "io_uring_setup": _descriptor("io-uring"),
    "io_setup": _io_setup,
    "io_destroy": _io_destroy,
    "map_shadow_stack": _shadow_stack,
    "userfaultfd": _userfaultfd,
    "ioctl": _ioctl,
    "prctl": _prctl,
}
