"""A scenario as text, before anything has run: its regions, what the letters mean, what is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mremapcheck.scenario import operations as ops
from mremapcheck.scenario.address import format_size
from mremapcheck.scenario.attributes import Attributes
from mremapcheck.scenario.containers import Struct
from mremapcheck.scenario.document import Limit, Region, Scenario
from mremapcheck.scenario.drawing import LONGEST_RUN
from mremapcheck.scenario.flags import format_flags
from mremapcheck.scenario.kinds import KINDS
from mremapcheck.scenario.reader import Reader

_ATTRIBUTES = Struct(Attributes)


def show(scenario: Scenario) -> str:
    """Return the whole scenario, without what is expected of it."""
    title = f"{scenario.name}: {scenario.summary}"
    parts = (title, regions(scenario), legend(scenario), conditions(scenario), moves(scenario))
    return "\n\n".join(part for part in parts if part)


def regions(scenario: Scenario) -> str:
    """Return the drawing of each region on a line."""
    width = max(len(region.name) for region in scenario.regions)
    return "\n".join(f"{region.name:{width}}  {drawing(region)}" for region in scenario.regions)


def drawing(region: Region) -> str:
    """Return the drawing of a region before the moves, long runs as ``A{512}``."""
    pieces = []
    end = 0
    for run in region.runs:
        pieces += [run_of(".", run.start - end), run_of(run.letter, run.pages)]
        end = run.start + run.pages
    return "".join(pieces) + run_of(".", region.pages - end)


def legend(scenario: Scenario) -> str:
    """Return what each letter of the drawings stands for, one on a line."""
    drawn = dict.fromkeys(run.letter for region in scenario.regions for run in region.runs)
    said = scenario.document.get("vmas", {})
    lines = []
    for letter in drawn:
        reader = Reader(frozenset(), frozenset(drawn))
        lines.append(f"{letter}  {describe(_ATTRIBUTES.read(said.get(letter, {}), reader))}")
    return "\n".join(lines)


def describe(made: Attributes) -> str:
    """Return what a mapping is, in words: ``private anon, r, touched, uffd missing``."""
    kind = KINDS[made.kind]
    sharing = made.sharing or kind.sharing[0]
    words = [made.kind if made.kind == "anon-shared" else f"{sharing} {made.kind}", made.prot]
    if made.file is not None:
        words.append(f"file {made.file}")
    if made.offset:
        words.append(f"from {format_size(made.offset)} on")
    words += made.how
    words += [name for name in ("continues", "readonly") if getattr(made, name)]
    if made.seals:
        words.append(f"seals {' '.join(made.seals)}")
    words.append("touched" if made.touched else "untouched")
    if made.pkey:
        words.append(f"pkey {made.pkey}")
    if made.lock:
        words.append("locked on fault" if made.lock == "on-fault" else "locked")
    words += made.advice
    if made.guard:
        words.append(f"guard page{'s' if len(made.guard) > 1 else ''} " + ", ".join(map(str, made.guard)))
    if made.name is not None:
        words.append(f'named "{made.name}"')
    if made.uffd is not None:
        words.append(f"uffd {made.uffd}")
    if made.seal:
        words.append("sealed")
    return ", ".join(words)


def conditions(scenario: Scenario) -> str:
    """Return the conditions of the process, one on a line; the empty text where there are none."""
    process = scenario.process
    lines = [f"RLIMIT_{name.upper()}: {_limit(limit)}" for name, limit in process.rlimits.items()]
    lines += [f"CAP_{name} kept" for name in process.keep]
    if process.map_headroom is not None:
        one_more = "one mapping beyond the limit"
        lines.append(one_more if process.map_headroom < 0 else f"{process.map_headroom} map slots left")
    if process.fork:
        lines.append("in a forked child")
    lines += [f"seccomp: {name} is {errno}" for name, errno in process.seccomp]
    return "\n".join(lines)


def moves(scenario: Scenario) -> str:
    """Return what is done, one call on a line."""
    return "\n".join(calls(scenario))


def calls(scenario: Scenario) -> list[str]:
    """Return the calls of the script in order; several mremaps are numbered, as ``expect`` and reports number them."""
    many = sum(isinstance(step, ops.Mremap) for step in scenario.script) > 1
    return [
        f"{step.where}: {call(step)}" if many and isinstance(step, ops.Mremap) else call(step)
        for step in scenario.script
    ]


def setup(scenario: Scenario) -> str:
    """Return the calls that make the drawing, one on a line."""
    return "\n".join(map(call, scenario.setup))


def call(step: ops.Operation) -> str:
    """Return an operation as a call in the man pages' terms: ``mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)``.

    One that is expected to fail: ``touch(src, 1p, A) fails: EFAULT``.
    """
    fails = f" fails: {step.errno}" if isinstance(step, ops.Fallible) and step.errno else ""
    return _call(step) + fails


def _call(step: ops.Operation) -> str:
    if isinstance(step, ops.Fork):
        return "fork()"
    if isinstance(step, ops.ClearRefs):
        return "clear-refs()"
    if isinstance(step, ops.Mremap):
        said = [str(step.old_address), format_size(step.old_size), format_size(step.new_size), format_flags(step.flags)]
        if step.flags & (ops.MREMAP_FIXED | ops.MREMAP_DONTUNMAP) or step.new_address.region or step.new_address.value:
            said.append(str(step.new_address))
        return f"mremap({', '.join(said)})"
    if isinstance(step, ops.Mlockall):
        return f"mlockall({'FUTURE|ONFAULT' if step.on_fault else 'FUTURE'})"
    if isinstance(step, ops.Truncate):
        return f"truncate({step.letter}, {format_size(step.size)})"
    if isinstance(step, ops.AddSeals):
        return f"add-seals({step.letter}, {'|'.join(seal.upper().replace('-', '_') for seal in step.seals)})"
    where = f"{step.address}, {format_size(step.size)}"
    if isinstance(step, ops.Mmap):
        backing = step.kind if step.kind == "anon-shared" else f"{step.sharing} {step.kind}"
        if step.object and not step.object.startswith("@"):
            backing += f" {step.object}"
        if step.offset:
            backing += f" from {step.offset}p on"
        backing += "".join(f", {flag}" for flag in (*step.how, *(("readonly",) if step.readonly else ())))
        return f"mmap({where}, {step.prot}, {backing}) = {step.letter}"
    name, more = _CALLS[type(step)]
    argument = more(step)
    return f"{name}({where}{', ' if argument else ''}{argument})"


def run_of(character: str, pages: int) -> str:
    """Return so many pages of one character, ``A{512}`` where they are many."""
    return character * pages if pages <= LONGEST_RUN else f"{character}{{{pages}}}"


def _limit(limit: Limit) -> str:
    return f"{format_size(limit.size)} more than in use" if limit.relative else format_size(limit.size)


def _letters(step: Any) -> str:
    return "".join(dict.fromkeys(tag.letter for tag in step.tags if tag.letter != ops.NOBODY))


_CALLS: dict[type[ops.Operation], tuple[str, Callable[[Any], str]]] = {
    ops.Munmap: ("munmap", lambda step: ""),
    ops.Mprotect: ("mprotect", lambda step: step.prot if step.pkey is None else f"{step.prot}, pkey {step.pkey}"),
    ops.Madvise: ("madvise", lambda step: step.advice.upper().replace("-", "_")),
    ops.Mlock: ("mlock", lambda step: "ONFAULT" if step.on_fault else ""),
    ops.Munlock: ("munlock", lambda step: ""),
    ops.Mseal: ("mseal", lambda step: ""),
    ops.Touch: ("touch", _letters),
    ops.Read: ("read", lambda step: ""),
    ops.UffdRegister: ("UFFDIO_REGISTER", lambda step: step.mode),
    ops.UffdUnregister: ("UFFDIO_UNREGISTER", lambda step: ""),
    ops.UffdWriteprotect: ("UFFDIO_WRITEPROTECT", lambda step: "" if step.protect else "off"),
    ops.SetName: ("PR_SET_VMA_ANON_NAME", lambda step: f'"{step.name}"'),
}
