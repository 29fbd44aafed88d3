"""Many scenarios as one C program: tables, and a small interpreter that is the same for every pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from mremapcheck import __version__
from mremapcheck.base.text.c import comment, short_comment, string
from mremapcheck.base.units import PAGE
from mremapcheck.convert.export.c_text import identifier, kind, size
from mremapcheck.convert.export.kinds import with_kinds
from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.convert.export.steps import ObjectNumbers, rows
from mremapcheck.executors.model.registry import NEWEST, OLDEST
from mremapcheck.linux.versions.releases import LAST_MINOR
from mremapcheck.scenario import picture
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.portable import needs_small_pages, needs_user_end

#: The parts of the interpreter, in the order in which C needs them; the tables come after the first one.
PARTS = (
    "report",
    "committed",
    "proc",
    "pages",
    "uffd",
    "kinds",
    "conditions",
    "verdict",
    "steps",
    "observe",
    "words",
    "kernels",
    "main",
)

_ABOUT = """\
/*
 * What mremap(2) does, case by case: a conformance pack of {count} scenarios, made by mremapcheck {version}.
 *
 *     cc -static -O1 -o pack pack.c && ./pack --as 6.12
 *
 * prints KTAP: whether this kernel, or what imitates one, does what Linux 6.12 does. Without --as it is compared with
 * the Linux that uname tells of. Only a libc is needed; every scenario runs in a process of its own.
 *
 * A drawing has one character a page: a letter is the mapping whose data the page holds, `_` a mapped page with no
 * mapping's data, `.` a hole, `?` a page that could not be read; A{{512}} are 512 pages.
 */
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """A scenario with what is expected of it.

    ``skip``: why it cannot be run, or nothing. ``near_zero``: the end of the highest page
    below 64K that it takes for forbidden, or 0.
    """

    scenario: Scenario
    wanted: Sequence[ExpectedFacts]
    skip: str = ""
    near_zero: int = 0


def pack_text(packed: Sequence[Packed], imitated: str = "") -> str:
    """Return the program; ``imitated`` is the version it expects where it is not told (uname's, where empty)."""
    parts = [_ABOUT.format(count=len(packed), version=__version__), part("base")]
    parts += ["".join(f"{line}\n" for line in _tables(index, case)) for index, case in enumerate(packed, 1)]
    parts.append("".join(f"{line}\n" for line in _list(packed)))
    parts.append(f"\n#define IMITATED {string(imitated)}\n")
    parts.append("".join(f"{line}\n" for line in _known()))
    parts += [part(name) for name in PARTS]
    return "\n".join(parts)


def _known() -> Iterator[str]:
    """Yield which kernels the model knows: what others do nobody has told the pack."""
    yield f"#define OLDEST {string(str(OLDEST))}"
    yield f"#define NEWEST {string(str(NEWEST))}"
    yield "static const struct { int major, minor; } last_minors[] = {"
    yield from (f"\t{{ {major}, {minor} }}," for major, minor in LAST_MINOR.items())
    yield "};"


def part(name: str) -> str:
    """Return a part of the interpreter."""
    return with_kinds(files(__package__).joinpath("runtime", f"{name}.c").read_text(encoding="utf-8"))


def _tables(index: int, packed: Packed) -> Iterator[str]:
    scenario = packed.scenario
    yield from comment(_about(scenario))
    if packed.skip:
        yield short_comment(f"Left out: {packed.skip}")
        return
    objects = ObjectNumbers.of(scenario)
    yield f"static const struct region regions_{index}[] = {{"
    for region in scenario.regions:
        name, bounds = string(region.name), f"{_at(region.floor)}, {_at(region.ceiling)}"
        yield f"\t{{ {name}, {_at(region.start)}, {region.pages}, {bounds} }},"
    yield "};"
    if objects.numbers:
        yield f"static const struct object objects_{index}[] = {{"
        for (name, _), number in objects.numbers.items():
            yield f"\t{{ {kind(name)}, {size(objects.lengths[number])} }},"
        yield "};"
    defined = [(f"at_{identifier(region.name)}", region.start) for region in scenario.regions]
    yield from (f"#define {name} ({_at(start)})" for name, start in defined)
    yield f"static const struct step steps_{index}[] = {{"
    yield from (f"\t{row}," for row in rows(scenario, objects))
    yield "};"
    yield from (f"#undef {name}" for name, _ in defined)
    if packed.wanted:
        yield f"static const struct expectation expected_{index}[] = {{"
        for wanted in packed.wanted:
            for fact in wanted.facts:
                yield f"\t{{ {string(wanted.kernel)}, {string(fact.where)}, {string(fact.text)} }},"
        yield "};"


def _at(address: int) -> str:
    """Return the address of a page, whatever a page is."""
    return f"0x{address // PAGE:x}*P"


def _about(scenario: Scenario) -> Iterator[str]:
    yield f"{scenario.name}: {scenario.summary}"
    yield ""
    for part in (picture.regions(scenario), picture.legend(scenario)):
        yield from (f"    {line}" for line in part.splitlines())


def _list(packed: Iterable[Packed]) -> Iterator[str]:
    yield "static const struct scenario scenarios[] = {"
    for index, case in enumerate(packed, 1):
        scenario = case.scenario
        yield "\t{"
        yield f"\t\t.name = {string(scenario.name)},"
        yield f"\t\t.summary = {string(scenario.summary)},"
        if case.skip:
            yield f"\t\t.skip = {string(case.skip)},"
        else:
            for name, count in (("regions", "region_count"), ("steps", "step_count")):
                yield f"\t\t.{name} = {name}_{index}, .{count} = ARRAY_SIZE({name}_{index}),"
            if ObjectNumbers.of(scenario).numbers:
                yield f"\t\t.objects = objects_{index},"
            if case.wanted:
                yield f"\t\t.expected = expected_{index}, .expected_count = ARRAY_SIZE(expected_{index}),"
            if case.near_zero:
                yield f"\t\t.near_zero = 0x{case.near_zero:x},"
            for name, reason in (("pages_of_4k", needs_small_pages(scenario)), ("user_end", needs_user_end(scenario))):
                if reason:
                    yield f"\t\t.{name} = {string(reason)},"
            if scenario.asks_committed:
                yield "\t\t.committed = 1,"
            if scenario.process.keep:
                yield f"\t\t.keep = {' | '.join(scenario.process.keep)},"
        yield "\t},"
    yield "};"
