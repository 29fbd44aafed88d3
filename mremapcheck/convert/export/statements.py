"""The statements of a reproducer's main(), one for each operation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mremapcheck.base.text.c import character, short_comment, string
from mremapcheck.base.units import PAGE, pages
from mremapcheck.convert.export.c_text import beside, flags, identifier
from mremapcheck.convert.export.mappings import PROTS, Mappings, size_of
from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.convert.export.words import Fact, mapping_flags, tells_keys
from mremapcheck.linux.numbers import ADVICE
from mremapcheck.scenario import operations as ops
from mremapcheck.scenario import picture
from mremapcheck.scenario.address import chosen_number
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.drawing import expand
from mremapcheck.scenario.kinds import KINDS

_MODES = {
    "missing": "1 /* UFFDIO_REGISTER_MODE_MISSING */",
    "wp": "2 /* UFFDIO_REGISTER_MODE_WP */",
    "minor": "4 /* UFFDIO_REGISTER_MODE_MINOR */",
}
#: Where the pagemap has them.
_BITS = {"uffd-wp": 57, "soft-dirty": 55}
_SIGBUS = "1 << 7 /* UFFD_FEATURE_SIGBUS */"
_EVENTS = "1 << 2 | 1 << 6 /* UFFD_FEATURE_EVENT_REMAP, _UNMAP */"
_CAPABILITIES = {"IPC_LOCK": 14, "SYS_RAWIO": 17}
_LOCKED_BY = {"memlock": "VmLck", "as": "VmSize", "data": "VmData"}
#: Names that regions cannot have in the program: C's own, libc's and ours.
_TAKEN = frozenset(
    (
        *("auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern"),
        *("float", "for", "goto", "if", "inline", "int", "long", "register", "return", "short", "signed", "sizeof"),
        *("static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while"),
        *("close", "errno", "fork", "kill", "mincore", "mmap", "mprotect", "mremap", "munmap", "open", "pipe"),
        *("read", "stderr", "stdin", "stdout", "wait", "write", "signal", "exit", "syscall", "ioctl", "linux", "unix"),
        *("after", "before", "charged", "check", "contents", "draw", "fill", "filled", "filler", "judge", "layout"),
        *("limit", "main", "mappings", "move", "region", "regions", "resident", "said", "say", "show", "uffd"),
        *("wanted", "memcpy", "memset", "strchr", "strcmp", "strlen", "strstr", "strtol", "strtoul", "uname"),
        *("ftruncate", "madvise", "mlock", "munlock", "poll", "prctl", "shmat", "shmget", "shmctl", "waitpid"),
        *("committed", "unlink", "fputs", "fflush", "printf", "perror", "snprintf", "sscanf", "getrlimit", "setrlimit"),
    )
)


class Statements:
    """Writes main(); ``uses`` are the helpers that it calls, known once ``body`` was read to its end."""

    def __init__(self, scenario: Scenario, wanted: Sequence[ExpectedFacts]) -> None:
        self.scenario = scenario
        self._facts = [fact for era in wanted for fact in era.facts]
        self.uses: set[str] = set()
        self.includes: set[str] = set()
        self.names = {
            region.name: identifier(region.name) + ("_" if region.name in _TAKEN else "") for region in scenario.regions
        }
        self._mappings = Mappings(scenario, self.uses, self.includes)
        operations = scenario.operations
        registrations = [operation for operation in operations if isinstance(operation, ops.UffdRegister)]
        self._plain = any(not operation.mode.endswith("+events") for operation in registrations) or (
            not registrations
            and any(isinstance(operation, ops.UffdUnregister | ops.UffdWriteprotect) for operation in operations)
        )
        self._events = any(operation.mode.endswith("+events") for operation in registrations)
        self.extents = _extents(scenario, self._facts)

    def body(self) -> Iterator[str]:
        """Yield the statements, with a blank line between parts and none before the first."""
        for line in (lines := self._parts()):
            if line:
                yield line
                break
        yield from lines

    def _parts(self) -> Iterator[str]:
        scenario = self.scenario
        yield from self._begin()
        region = None
        for operation in scenario.setup:
            place = operation.where.split(".")[-1].partition("[")[0]
            if place != region:
                region = place
                drawings = (picture.drawing(other) for other in scenario.regions if other.name == place)
                yield from ("", short_comment(f"{place}: {next(drawings, '')}"))
            yield from self._statement(operation)
        yield from self._conditions()
        yield ""
        for operation in scenario.script:
            yield from self._statement(operation)
            if ops.chosen_range(operation):
                yield "forget_unmapped();"
        yield from self._end()

    def _begin(self) -> Iterator[str]:
        if self.scenario.asks_committed:
            self.uses |= {"committed", "committing_move"}
            yield "go_on_until_steady();"
        if self.scenario.keys:
            self.uses.add("keys")
            yield f"allocate_keys({self.scenario.keys});"
        if self._plain:
            self.uses.add("userfaultfd")
            yield f"int uffd = open_userfaultfd({_SIGBUS});"
        if self._events:
            self.uses |= {"userfaultfd", "events"}
            yield f"int uffd_events = open_userfaultfd({_SIGBUS} | {_EVENTS});"
        if kept := self.scenario.process.keep:
            self.uses.add("needed")
            yield f"need_capabilities({_bits(kept)});"
        if dropped := self._dropped():
            self.uses.add("capabilities")
            yield from ("", f"drop_capabilities({dropped});")
        if self._events:
            yield from ("", "read_events(uffd_events);")

    def _dropped(self) -> str:
        """Return the capabilities that would change what this scenario shows, where root has them."""
        process = self.scenario.process
        low = any(
            isinstance(move, ops.Mremap) and move.flags & ops.MREMAP_FIXED and move.new_address.region is None
            for move in self.scenario.script
        )
        wanted = {"IPC_LOCK": "memlock" in process.rlimits, "SYS_RAWIO": low}
        return _bits([name for name in wanted if wanted[name] and name not in process.keep])

    def _conditions(self) -> Iterator[str]:
        process = self.scenario.process
        if process.fork:
            yield from ("", self._fork())
        if process.map_headroom is not None:
            self.uses.add("headroom")
            yield from ("", f"leave_mappings({process.map_headroom});")
        for name, limit in process.rlimits.items():
            resource = f"RLIMIT_{name.upper()}"
            size = size_of(limit.size) if limit.size else "0"
            self.uses.add("limit")
            if limit.relative:
                self.uses.add("in_use")
                size = f'in_use("{_LOCKED_BY[name]}")' + (f" + {size}" if limit.size else "")
            yield ""
            yield f"limit({resource}, {size});"
        if process.refuses_mremap is not None:
            self.uses.add("seccomp")
            yield from ("", f"refuse_mremap({process.refuses_mremap});")

    def _fork(self) -> str:
        self.uses.add("fork")
        return "go_on_in_child();"

    def _end(self) -> Iterator[str]:
        scenario = self.scenario
        places = {where for where, _ in self._facts}
        yield from ("", "mappings(after);", "fputs(after, stdout);")
        if any(where.startswith("layout.") for where in places):
            self.uses.add("layout")
            yield from ("for (int i = 0; i < region_count; i++)", "\tlayout(&regions[i]);")
        yield from self._attributes()
        for region, (where, place) in self._told():
            for bit, number in _BITS.items():
                if f"bits.{bit}.{region}" in places:
                    self.uses.add("bits")
                    yield f"{where}bits({place}, {string(bit)}, {number});"
        locks = any(isinstance(operation, ops.Mlock | ops.Mlockall) for operation in scenario.operations)
        if locks or "counters.locked" in places:
            self.uses.add("in_use")
            yield 'say("VmLck %lu kB\\n", in_use("VmLck") / 1024);'
        if "counters.total" in places:
            self.uses.add("total")
            yield 'say("%lu pages mapped\\n", charged());'
        yield from ("close(uffd);" for _ in range(self._plain))
        if self._events:
            yield from ("say_events();", "close(uffd_events);")
        if scenario.process.map_headroom is not None:
            yield "MUST(munmap(filler, filler_size)); /* drawing may split mappings */"
        yield from ("for (int i = 0; i < region_count; i++)", "\tshow(&regions[i]);")

    def _attributes(self) -> Iterator[str]:
        """Yield what tells the mappings of each region of which anything is expected."""
        for region, (where, place) in self._told():
            if any(fact.where == f"mappings.{region}" for fact in self._facts):
                self.uses.add("attributes")
                flags = "".join(f"{flag} " for flag in mapping_flags(self._facts, region))
                keys = int(tells_keys(self._facts, region))
                yield f"{where}attributes({place}, {string(flags)}, {keys});"

    def _told(self) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield the name of each region, the condition under which it is in the table, and its place there.

        What the kernel finds a place for stands behind the drawing's regions, as far as it came to that.
        """
        regions = self.scenario.regions
        for index, region in enumerate(regions):
            yield region.name, ("", f"&regions[{index}]")
        for number in range(sum(isinstance(operation, ops.Mremap) for operation in self.scenario.script)):
            index = len(regions) + number
            name = f"elsewhere{number + 1}" if number else "elsewhere"
            yield name, (f"if (region_count > {index}) ", f"&regions[{index}]")

    def _statement(self, operation: ops.Operation) -> Iterator[str]:
        if isinstance(operation, ops.Mremap):
            yield from self._mremap(operation)
        elif isinstance(operation, ops.Fork):
            yield self._fork()
        elif isinstance(operation, ops.Mlockall):
            yield "setvbuf(stdout, NULL, _IONBF, 0); /* no heap that would be locked, too */"
            flags = "MCL_FUTURE | 4 /* MCL_ONFAULT */" if operation.on_fault else "MCL_FUTURE"
            statement = f"MUST(mlockall({flags}));"
            yield statement if operation.errno is None else self._failing(statement, operation.errno)
        elif isinstance(operation, ops.ClearRefs):
            self.uses.add("clear_refs")
            yield "clear_refs();"
        elif isinstance(operation, ops.Mmap):
            lines = self._mappings.statements(operation, self._address(operation.address))
            if operation.errno is None:
                yield from lines
            else:
                *opening, mapping = lines
                yield from (*opening, self._failing(mapping, operation.errno))
        elif isinstance(operation, ops.Touch) and operation.errno is None:
            self.uses.add("fill")
            for start, count, tag in operation.runs():
                at = self._address(operation.address + start * PAGE)
                yield f"fill({at}, {size_of(count * PAGE)}, {character(tag.letter)});"
        elif isinstance(operation, ops.Truncate):
            statement = self._mappings.truncate(operation)
            yield statement if operation.errno is None else self._failing(statement, operation.errno)
        elif isinstance(operation, ops.AddSeals):
            *opening, statement = self._mappings.add_seals(operation)
            failing = operation.errno is not None
            yield from (*opening, self._failing(statement, operation.errno or "") if failing else statement)
        elif isinstance(operation, ops.Ranged):
            yield from self._ranged(operation)

    def _failing(self, statement: str, errno: str) -> str:
        self.uses.add("fails")
        return must_fail(statement, errno)

    def _mremap(self, move: ops.Mremap) -> Iterator[str]:
        nowhere = move.new_address.region is None and not move.new_address.value
        arguments = (
            self._address(move.old_address),
            size_of(move.old_size),
            size_of(move.new_size),
            flags(move.flags, "MREMAP_"),
            "NULL" if nowhere else self._address(move.new_address),
        )
        called = "committing_move" if self.scenario.asks_committed else "move"
        yield f"{called}({', '.join(arguments)});"

    def _ranged(self, operation: ops.Ranged) -> Iterator[str]:
        wanted = operation.errno
        if wanted is None:
            yield from self._working(operation)
        elif isinstance(operation, ops.Read | ops.Touch):
            self.uses |= {"fails", "reach"}
            letter = character(operation.tags[0].letter) if isinstance(operation, ops.Touch) else "0"
            at = self._address(operation.address)
            yield f"FAILS(reach({at}, {size_of(operation.size)}, {letter}), {wanted});"
        else:
            yield from (self._failing(line, wanted) for line in self._working(operation))

    def _working(self, operation: ops.Ranged) -> Iterator[str]:
        at, size = self._address(operation.address), size_of(operation.size)
        if isinstance(operation, ops.Munmap):
            yield f"MUST(munmap({at}, {size}));"
        elif isinstance(operation, ops.Mprotect):
            protection = f"{at}, {size}, {PROTS[operation.prot]}"
            keyed = operation.pkey is not None
            call = f"syscall(SYS_pkey_mprotect, {protection}, {operation.pkey})" if keyed else f"mprotect({protection})"
            yield f"MUST({call});"
        elif isinstance(operation, ops.Madvise):
            name = f"MADV_{operation.advice.upper().replace('-', '_')}"
            number = ADVICE[operation.advice]
            shown = f"{number} {short_comment(name)}" if number > 18 else name
            yield f"MUST(madvise({at}, {size}, {shown}));"
        elif isinstance(operation, ops.Mlock):
            lock = f"mlock2({at}, {size}, MLOCK_ONFAULT)" if operation.on_fault else f"mlock({at}, {size})"
            if operation.errno is None and self._inaccessible(operation):
                yield f"MUST({lock} && errno != ENOMEM ? -1 : 0); /* ENOMEM: locked, but cannot be brought in */"
            else:
                yield f"MUST({lock});"
        elif isinstance(operation, ops.Munlock):
            yield f"MUST(munlock({at}, {size}));"
        elif isinstance(operation, ops.Mseal):
            yield f"MUST(syscall(462 /* mseal */, {at}, {size}, 0));"
        elif isinstance(operation, ops.Read):
            yield f"for (unsigned long at = 0; at < {size}; at += P)"
            yield f"\t(void)*(volatile char *)({at} + at);"
        elif isinstance(operation, ops.SetName):
            self.includes.add("sys/prctl.h")
            yield f"MUST(prctl(0x53564d41 /* PR_SET_VMA */, 0, {at}, {size}, {string(operation.name)}));"
        elif isinstance(operation, ops.UffdRegister):
            mode, _, events = operation.mode.partition("+")
            fd = "uffd_events" if events else "uffd"
            yield f"MUST(uffd_register({fd}, {at}, {size}, {_MODES[mode]}));"
        elif isinstance(operation, ops.UffdUnregister):
            fd = "uffd" if self._plain else "uffd_events"
            self.uses.add("unregister")
            yield f"MUST(uffd_unregister({fd}, {at}, {size}));"
        elif isinstance(operation, ops.UffdWriteprotect):
            fd = "uffd" if self._plain else "uffd_events"
            self.uses.add("writeprotect")
            yield f"MUST(uffd_writeprotect({fd}, {at}, {size}, {int(operation.protect)}));"

    def _inaccessible(self, lock: ops.Mlock) -> bool:
        """Tell whether any mapping may be in the range that cannot be written: its pages are not brought in."""
        scenario = self.scenario
        end = lock.address.value + lock.size
        return any(
            (
                isinstance(operation, ops.UffdRegister)
                or (isinstance(operation, ops.Mmap | ops.Mprotect) and _is_closed(operation))
            )
            and operation.address.value < end
            and lock.address.value < operation.address.value + operation.size
            for operation in scenario.operations
        )

    def _address(self, at: ops.Address) -> str:
        if chosen_number(at.region):
            self.uses.add("elsewhere")
            return beside(f"elsewhere({string(at.region or '')})", at, size_of)
        if at.region is None:
            return f"(char *)0x{at.value:x}"
        return beside(self.names[at.region], at, size_of)


def _bits(capabilities: Iterable[str]) -> str:
    return " | ".join(f"1u << {_CAPABILITIES[name]} {short_comment(f'CAP_{name}')}" for name in capabilities)


def must_fail(statement: str, errno: str) -> str:
    """Return the statement of a call that must work as that of one that must fail."""
    return statement.replace("MUST(", "FAILS(", 1).removesuffix(");") + f", {errno});"


def _is_closed(operation: ops.Mmap | ops.Mprotect) -> bool:
    return operation.prot == "none" or (isinstance(operation, ops.Mmap) and KINDS[operation.kind].c.unreadable)


def _extents(scenario: Scenario, facts: Iterable[Fact]) -> dict[str, int]:
    """Return how many pages of each region may be mapped in the end, by name."""
    extents = {region.name: region.pages for region in scenario.regions}
    for where, text in facts:
        name = where.removeprefix("regions.")
        if name in extents:
            extents[name] = max(extents[name], len(expand(text)))
    for operation in scenario.script:
        reached: list[tuple[ops.Address, int]] = []
        if isinstance(operation, ops.Mremap):
            if operation.flags & (ops.MREMAP_FIXED | ops.MREMAP_DONTUNMAP):
                reached.append((operation.new_address, operation.new_size))
            else:
                reached.append((operation.old_address, operation.new_size))
        elif isinstance(operation, ops.Mmap):
            reached.append((operation.address, operation.size))
        for at, size in reached:
            if at.region in extents and size < 1 << 32:
                extents[at.region] = max(extents[at.region], pages(at.offset + size) if at.offset >= 0 else 0)
    return extents
