"""From what a document says to what executors do: drawings become operations, addresses become absolute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace

from mremapcheck.base.dataclass import dataclass
from mremapcheck.base.units import PAGE, pages
from mremapcheck.scenario import items, letters
from mremapcheck.scenario import operations as ops
from mremapcheck.scenario.address import CHOSEN_ROOM, CHOSEN_START, LARGEST, Place, chosen_number
from mremapcheck.scenario.attributes import PLAIN, WRITE_SEALS, Attributes
from mremapcheck.scenario.budget import Budget
from mremapcheck.scenario.document import Region
from mremapcheck.scenario.format import DocumentItem, RegionItem
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.kinds.kind import Kind
from mremapcheck.scenario.layout import place
from mremapcheck.scenario.names import CAPABILITIES, advice_features, uffd_features
from mremapcheck.scenario.reader import Path, Violation

NULL = ops.Address(None, 0, 0)
_REGULAR = [name for name, kind in KINDS.items() if kind.regular]
_SEALABLE = [name for name, kind in KINDS.items() if kind.sealable]


def place_regions(drawn: Mapping[str, RegionItem], script: Iterable[items.Item]) -> tuple[Region, ...]:
    """Give each region its place, with as much room on either side as any operation needs."""
    reach = 0
    for item in script:
        for (region, offset), size in _ranges(item):
            if region is None or chosen_number(region):
                continue
            beyond = offset + (size if size <= LARGEST else 0) - drawn[region].pages.pages * PAGE
            if beyond > reach:
                reach = beyond
            if -offset > reach:
                reach = -offset
    placements = place([(item.pages.pages, item.align, item.offset) for item in drawn.values()], pages(reach) + 1)
    return tuple(
        [
            Region(name, placement.start, item.pages.pages, item.pages.runs, placement.floor, placement.ceiling)
            for (name, item), placement in zip(drawn.items(), placements, strict=True)
        ]
    )


def _ranges(item: items.Item) -> Sequence[tuple[Place, int]]:
    if isinstance(item, items.MremapItem):
        new_size = item.old_size if item.new_size is None else item.new_size
        old = ((item.old_address, item.old_size), (item.old_address, new_size))
        return old if item.new_address is None else (*old, (item.new_address, new_size))
    return ((item.address, item.size),) if isinstance(item, items.MmapItem | items.RangeItem) else ()


@dataclass(slots=True)
class Lowering:
    """A document on its way to operations; ``line_of`` tells where a path stands in the file."""

    regions: Mapping[str, Region]
    line_of: Callable[[Path], int]
    violations: list[Violation] = field(default_factory=list)
    setup: list[ops.Operation] = field(default_factory=list)
    script: list[ops.Operation] = field(default_factory=list)
    features: set[str] = field(default_factory=set)
    _letters: letters.Letters = field(default_factory=letters.Letters)
    _files: dict[str, str] = field(default_factory=dict)
    #: Letter -> kind and object of the file that it maps.
    _objects: dict[str, tuple[str, str]] = field(default_factory=dict)
    #: The seals of each memfd, as far as the document tells.
    _seals: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    #: Kind whose objects have no names -> the first letter of it.
    _first: dict[str, str] = field(default_factory=dict)
    #: Letter -> the page of its file behind what it maps.
    _ends: dict[str, int] = field(default_factory=dict)
    #: How many moves so far the kernel may have had to find a place for.
    _chosen: int = 0
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self._refuse)

    def run(self, document: DocumentItem) -> None:
        """Lower all of a document that has no violations so far; adds to ``violations`` what only shows here."""
        self._letters.follow = any(isinstance(item, items.TouchItem) and item.letter is None for item in document.moves)
        for name, region in self.regions.items():
            path: Path = ("map", name)
            line = self.line_of(path)
            for index, run in enumerate(region.runs):
                attributes = document.vmas.get(run.letter, PLAIN)
                address = ops.Address(name, run.start * PAGE, region.start + run.start * PAGE)
                where = (f"map.{name}[{index}]", line)
                self.setup += self._map(
                    where, path, address, run.pages * PAGE, run.letter, attributes, attributes.touched
                )
        for letter, attributes in document.vmas.items():
            if attributes.guard:
                self._check_guard(letter, attributes)
        counts: Counter[str] = Counter()
        for index, item in enumerate(document.moves):
            path = ("moves", index)
            self._budget.walk(path, max((pages(size) for _, size in _ranges(item)), default=None))
            kind = "moves" if isinstance(item, items.MremapItem) else item.op
            self.script += self._item((f"{kind}[{counts[kind]}]", self.line_of(path)), path, item)
            counts[kind] += 1
        process = document.process
        if process is not None:
            self.features.update(CAPABILITIES[name] for name in process.keep)
            if process.map_headroom is not None:
                self.features.add("map-headroom")
            if process.fork or process.seccomp is not None:
                self.features.add("fork")

    def _refuse(self, path: Path, message: str, hint: str = "") -> None:
        self.violations.append(Violation(path, message, hint, on_key=False))

    def _address(self, at: Place) -> ops.Address:
        if at.region is None:
            return ops.Address(None, at.offset, at.offset)
        if number := chosen_number(at.region):
            return ops.Address(at.region, at.offset, CHOSEN_START + (number - 1) * CHOSEN_ROOM + at.offset)
        return ops.Address(at.region, at.offset, self.regions[at.region].start + at.offset)

    def _map(
        self,
        step: tuple[str, int],
        path: Path,
        address: ops.Address,
        size: int,
        letter: str,
        made: Attributes,
        touch: bool,
    ) -> Iterator[ops.Operation]:
        kind = KINDS[made.kind]
        count = pages(size)
        if not self._budget.map(path, count, touch or not made.only_reserves):
            return
        if kind.feature is not None:
            self.features.add(kind.feature)
        errno = made.errno if isinstance(made, items.MmapItem) else None
        first = self._letters.new(letter, address.value // PAGE, count) if errno is None else 0
        touch = touch and self._budget.touch(path, count)
        name = self._object(path, letter, made) if kind.file else self._own_object(letter, kind)
        sharing = made.sharing or kind.sharing[0]
        touching = ops.Touch(*step, address, size, letters.tags(letter, first, count)) if touch else None
        prot = made.prot if touching is None or made.keeps_content else "rw"
        mapping = ops.Mmap(
            *(*step, address, size, letter, made.kind, sharing, prot, name, self._offset(letter, made, count)),
            how=made.how,
            readonly=made.readonly,
            errno=errno,
        )
        if made.seals:
            yield from self._seal(mapping, made, touching)
            touching = None if made.keeps_content else touching
        yield mapping
        if touching is not None:
            yield touching
        if made.pkey:
            self.features.add("pkeys")
            yield ops.Mprotect(*step, address, size, made.prot, pkey=made.pkey)
        elif touching is not None and made.prot != "rw":
            yield ops.Mprotect(*step, address, size, made.prot)
        if made is not PLAIN:
            yield from self._prepare(step, path, address, size, made, touch)

    def _seal(self, mapping: ops.Mmap, made: Attributes, touching: ops.Touch | None) -> Iterator[ops.Operation]:
        """Seal a memfd before it is mapped; what is to be in it is written first, through a mapping that goes."""
        where, line, address, size = mapping.where, mapping.line, mapping.address, mapping.size
        have = self._seals.setdefault((mapping.kind, mapping.object), set())
        if touching is not None and made.keeps_content and have.isdisjoint(WRITE_SEALS):
            yield replace(mapping, prot="rw")
            yield touching
            yield ops.Munmap(where, line, address, size)
        if more := tuple(seal for seal in made.seals if seal not in have):
            have.update(more)
            yield ops.AddSeals(where, line, mapping.letter, mapping.kind, mapping.object, more)

    def _offset(self, letter: str, made: Attributes, count: int) -> int:
        """Return the page of its file that a mapping begins with: where the last one ended, if it goes on there."""
        start = self._ends.get(letter, made.offset // PAGE) if made.continues else made.offset // PAGE
        self._ends[letter] = start + count
        return start

    def _prepare(
        self, step: tuple[str, int], path: Path, address: ops.Address, size: int, made: Attributes, touched: bool
    ) -> Iterator[ops.Operation]:
        if made.lock:
            if made.lock is True and not touched:
                self._budget.touch(path, pages(size))  # mlock faults them in
            yield ops.Mlock(*step, address, size, made.lock == "on-fault")
        for advice in made.advice:
            self.features |= advice_features(advice)
            yield ops.Madvise(*step, address, size, advice)
        if made.guard:
            self.features.add("guard")
        for start, end in _runs(page for page in made.guard if page < pages(size)) if made.guard else ():
            at = address + start * PAGE
            yield ops.Madvise(*step, at, (end - start) * PAGE, "guard-install")
        if made.name is not None:
            self.features.add("vma-name")
            yield ops.SetName(*step, address, size, made.name)
        if made.uffd is not None:
            self.features |= uffd_features(made.uffd)
            yield ops.UffdRegister(*step, address, size, made.uffd)
        if made.seal:
            self.features.add("mseal")
            yield ops.Mseal(*step, address, size)

    def _object(self, path: Path, letter: str, made: Attributes) -> str:
        name = f"@{letter}" if made.file is None else made.file  # the former is nothing that `file:` could be
        self._objects[letter] = made.kind, name
        if made.file is None:
            return name
        kind = self._files.setdefault(made.file, made.kind)
        if kind != made.kind:
            where = path if path[0] == "moves" else ("vmas", letter)
            message = f"file `{made.file}` is a {kind} already and cannot be a {made.kind} too"
            self._refuse((*where, "file"), message, "give one of them another name")
        return name

    def _own_object(self, letter: str, kind: Kind) -> str:
        """Return the name of what is opened for a letter where no other can map it; the first of a kind needs none."""
        opened = kind.maker is not None and kind.maker.opener is not None
        return "" if not opened or self._first.setdefault(kind.name, letter) == letter else f"@{letter}"

    def _check_guard(self, letter: str, made: Attributes) -> None:
        longest = max(
            (run.pages for region in self.regions.values() for run in region.runs if run.letter == letter), default=0
        )
        for page in made.guard:
            if page >= longest:
                hint = "pages of a mapping are counted from 0"
                self._refuse(("vmas", letter, "guard"), f"{letter} has no page {page}, only {longest}", hint)

    def _item(self, step: tuple[str, int], path: Path, item: items.Item) -> Iterable[ops.Operation]:
        self._check_chosen(path, item)
        if isinstance(item, items.MremapItem):
            return (self._mremap(step, item),)
        if isinstance(item, items.ForkItem):
            self.features.add("fork")
            self._budget.fork(path)
            return (ops.Fork(*step),)
        if isinstance(item, items.ClearRefsItem):
            self.features.add("soft-dirty")
            return (ops.ClearRefs(*step),)
        if isinstance(item, items.MlockallItem):
            self.features.add("fork")
            return (ops.Mlockall(*step, item.lock == "on-fault", errno=item.errno),)
        if isinstance(item, items.TruncateItem):
            kind, name = self._object_of(path, item.letter, _REGULAR, "has no length")
            return (ops.Truncate(*step, item.letter, kind, name, item.size, errno=item.errno),)
        if isinstance(item, items.AddSealsItem):
            kind, name = self._object_of(path, item.letter, _SEALABLE, "cannot be sealed")
            if item.errno is None:
                self._seals.setdefault((kind, name), set()).update(item.seals)
            return (ops.AddSeals(*step, item.letter, kind, name, item.seals, errno=item.errno),)
        address = self._address(item.address)
        if isinstance(item, items.MmapItem):
            for page in item.guard:
                if page >= pages(item.size):
                    message = f"the mapping has no page {page}, only {pages(item.size)}"
                    self._refuse((*path, "guard"), message, "pages of a mapping are counted from 0")
            return self._map(step, path, address, item.size, item.letter, item, bool(item.touch))
        if isinstance(item, items.TouchItem):
            return (self._touch(step, path, address, item),)
        if isinstance(item, items.MunmapItem) and item.errno is None:
            self._letters.forget(address.value // PAGE, address.value // PAGE + pages(item.size))
        elif isinstance(item, items.ReadItem) or (isinstance(item, items.MlockItem) and item.lock is True):
            self._budget.touch(path, pages(item.size))
        self.features.update(item.needs())
        return (item.operation(*step, address),)

    def _check_chosen(self, path: Path, item: items.Item) -> None:
        """Refuse a place of the kernel's choice before it has made one."""
        if isinstance(item, items.MremapItem):
            key, place = "old_address", item.old_address
        elif isinstance(item, items.RangeItem):
            key, place = "address", item.address
        else:
            return
        if chosen_number(place.region) > self._chosen:
            hint = "moves with MAYMOVE and without FIXED are put there, in their order"
            self._refuse((*path, key), f"the kernel has put nothing at `{place.region}` so far", hint)

    def _object_of(self, path: Path, letter: str, kinds: Sequence[str], lack: str) -> tuple[str, str]:
        """Return kind and object of the file that a letter maps, which has to be one of these kinds."""
        kind, name = self._objects.get(letter, ("", ""))
        if kind not in kinds:
            why = f"{letter} is {kind}, which {lack}" if kind else f"{letter} maps no file so far"
            self._refuse((*path, "letter"), why, f"a letter that maps one, of the kinds {', '.join(kinds)}")
        return kind, name

    def _mremap(self, step: tuple[str, int], item: items.MremapItem) -> ops.Mremap:
        call = ops.Mremap(
            *step,
            self._address(item.old_address),
            item.old_size,
            item.old_size if item.new_size is None else item.new_size,
            item.flags,
            NULL if item.new_address is None else self._address(item.new_address),
        )
        self._letters.move(call)
        self._chosen += bool(item.flags & ops.MREMAP_MAYMOVE and not item.flags & ops.MREMAP_FIXED)
        return call

    def _touch(self, step: tuple[str, int], path: Path, address: ops.Address, item: items.TouchItem) -> ops.Touch:
        count = pages(item.size)
        page = address.value // PAGE
        if not self._budget.touch(path, count):
            return ops.Touch(*step, address, item.size, ())
        if item.letter is not None:
            first = self._letters.new(item.letter, page, count)
            return ops.Touch(*step, address, item.size, letters.tags(item.letter, first, count), errno=item.errno)
        found = self._letters.tags(page, count)
        if item.errno is not None:
            found = [ops.Tag(ops.NOBODY, 0) if tag is None else tag for tag in found]
        if None in found:
            at = address + found.index(None) * PAGE
            hint = "say what to write: `letter: N`; only drawings, mmap and moves with a new_address tell by themselves"
            self._refuse(path, f"nobody knows whose page {at} is", hint)
        tags = tuple(tag for tag in found if tag is not None)
        return ops.Touch(*step, address, item.size, tags, errno=item.errno)


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each run of consecutive numbers."""
    start = end = -1
    for number in sorted(set(numbers)):
        if number != end:
            if start >= 0:
                yield start, end
            start = number
        end = number + 1
    if start >= 0:
        yield start, end
