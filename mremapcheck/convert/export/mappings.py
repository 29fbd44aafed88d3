"""How a reproducer maps things: the call that makes the object, and the mmap, shmat or trick that maps it."""

from __future__ import annotations

from collections.abc import Iterator

from mremapcheck.base.units import PAGE
from mremapcheck.convert.export.c_text import identifier
from mremapcheck.convert.export.steps import OBJECT_KINDS, Objects
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.operations import Mmap
from mremapcheck.text.c import string

PROTS = {
    "none": "PROT_NONE",
    "r": "PROT_READ",
    "rw": "PROT_READ | PROT_WRITE",
    "rx": "PROT_READ | PROT_EXEC",
    "rwx": "PROT_READ | PROT_WRITE | PROT_EXEC",
}
_ANONYMOUS = {
    "anon": "MAP_ANONYMOUS",
    "anon-shared": "MAP_ANONYMOUS",
    "hugetlb": "MAP_ANONYMOUS | MAP_HUGETLB",
    "growsdown": "MAP_ANONYMOUS | MAP_GROWSDOWN",
}


class Mappings:
    """Writes the statements for each mmap of a scenario; adds to the helpers and headers that the program needs."""

    def __init__(self, scenario: Scenario, uses: set[str], includes: set[str]) -> None:
        self._uses = uses
        self._includes = includes
        self._objects = Objects.of(scenario)
        self._opened: dict[int, str] = {}

    def statements(self, operation: Mmap, at: str) -> Iterator[str]:
        """Yield what maps it at the address ``at``, and first what makes the object, if nothing has yet."""
        size, prot = size_of(operation.size), PROTS[operation.prot]
        if operation.kind in ("vdso", "vvar"):
            self._uses.add("own")
            yield f'move_own("[{operation.kind}]", {at}, {size});'
            return
        if operation.kind == "aio":
            self._uses.add("ring")
            yield f"unsigned long {operation.letter.lower()}_context = 0;"
            yield f"leave_one_gap({at}, {size});"
            events = operation.size // 64 - 2
            yield f"MUST(syscall(SYS_io_setup, {events}, &{operation.letter.lower()}_context));"
            yield "open_gaps();"
            if operation.prot != "rw":
                yield f"MUST(mprotect({at}, {size}, {prot}));"
            return
        fd = "-1"
        if operation.kind in OBJECT_KINDS:
            number = self._objects.number(operation)
            if number not in self._opened:
                self._opened[number] = _descriptor(operation)
                yield from self._open(operation, number)
            fd = self._opened[number]
        if operation.kind == "sysv-shm":
            yield f"MUST(shmat({fd}, {at}, SHM_REMAP | SHM_EXEC));"
            yield f"MUST(shmctl({fd}, IPC_RMID, NULL));"
            if operation.prot != "rwx":
                yield f"MUST(mprotect({at}, {size}, {prot}));"
            return
        if operation.kind == "io-uring":
            self._uses.add("ring")
            yield f"leave_one_gap({at}, {size});"
            yield f"MUST(mmap(NULL, {size}, {prot}, MAP_SHARED, {fd}, 0));"
            yield "open_gaps();"
            return
        sharing = "MAP_SHARED" if operation.sharing == "shared" else "MAP_PRIVATE"
        if operation.kind == "droppable":
            how = "MAP_FIXED | 0x08 /* MAP_DROPPABLE */ | MAP_ANONYMOUS"
        else:
            how = " | ".join(["MAP_FIXED", sharing, *([_ANONYMOUS[operation.kind]] if fd == "-1" else [])])
        yield f"MUST(mmap({at}, {size}, {prot}, {how}, {fd}, {size_of(operation.offset * PAGE)}));"

    def _open(self, operation: Mmap, number: int) -> Iterator[str]:
        name, length = self._opened[number], size_of(self._objects.lengths[number])
        title = string(operation.object.removeprefix("@"))
        self._includes.add("fcntl.h")
        if operation.kind == "sysv-shm":
            self._includes.add("sys/shm.h")
            yield from (f"int {name} = shmget(IPC_PRIVATE, {length}, IPC_CREAT | 0600);", f"MUST({name});")
            return
        if operation.kind == "io-uring":
            entries = 1
            while entries * 36 < self._objects.lengths[number]:
                entries *= 2
            yield f"char {name}_parameters[120] = {{ 0 }};"
            yield f"int {name} = syscall(425 /* io_uring_setup */, {entries}, {name}_parameters);"
            yield f"MUST({name});"
            return
        if operation.kind == "file":
            yield "/* The current folder must be on ext4, xfs or btrfs. */"
        how = {
            "memfd": f"memfd_create({title}, 0)",
            "memfd-hugetlb": f"memfd_create({title}, MFD_HUGETLB)",
            "file": 'open(".", O_TMPFILE | O_RDWR, 0600)',
            "tmpfs": 'open("/dev/shm", O_TMPFILE | O_RDWR, 0600)',
            "dev-zero": 'open("/dev/zero", O_RDWR)',
            "secret": "syscall(447 /* memfd_secret */, 0)",
        }[operation.kind]
        yield f"int {name} = {how};"
        if operation.kind != "memfd":
            yield f"MUST({name});"
        if operation.kind != "dev-zero":
            yield f"MUST(ftruncate({name}, {length}));"


def _descriptor(operation: Mmap) -> str:
    name = operation.object.removeprefix("@") or operation.letter
    return f"fd_{identifier(name)}"


def size_of(number: int) -> str:
    """Return a size in pages where it is a whole number of them: ``6 * P``."""
    if number and number % PAGE == 0 and number < 1 << 44:
        return "P" if number == PAGE else f"{number // PAGE} * P"
    return str(number) if number < 1 << 16 else f"0x{number:x}"
