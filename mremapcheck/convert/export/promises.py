"""What a reproducer's comment says of each era of kernels, as lines that the program prints, and holds against it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from mremapcheck.base.text.c import string
from mremapcheck.base.units import PAGE
from mremapcheck.convert.export.oracle import ExpectedFacts
from mremapcheck.convert.export.words import Fact, mapping_flags, tells_keys
from mremapcheck.linux.versions.ranges import Bound, KernelRange
from mremapcheck.scenario.verdicts import FAILURES


def table(eras: Sequence[ExpectedFacts]) -> Iterator[str]:
    """Yield the table in C: from a version on, until before another, these lines are printed; ``*`` is anything."""
    yield "/* What the comment says, as it is printed: from a version on, until before another; * is anything. */"
    yield "#define RELEASE 99"
    yield "#define V(major, minor, stable, rc) ((((major) * 1000UL + (minor)) * 1000UL + (stable)) * 100UL + (rc))"
    yield "static const struct era { unsigned long from, until; const char *lines; } wanted[] = {"
    everything = [fact for era in eras for fact in era.facts]
    for era in eras:
        start, end = "0", "~0UL"
        for bound in KernelRange.parse(era.kernel):
            if bound.comparison in (">", ">="):
                start = _version(bound)
            else:
                end = _version(bound)
        yield f"\t{{ {start}, {end},"
        told = lines(era.facts, everything)
        yield from (f'\t  {string(line)[:-1]}\\n"' for line in told)
        yield "\t},"
    yield "\t{ 0, 0, NULL }"
    yield "};"


def _version(bound: Bound) -> str:
    """Return the first version that a bound begins with, or ends before: stable updates are part of a series."""
    version = bound.version
    if bound.comparison in (">=", "<") or not bound.series:
        candidate = "RELEASE" if version.rc is None else version.rc
        behind = " + 1" if bound.comparison in (">", "<=") else ""
        return f"V({version.major}, {version.minor}, {version.stable}, {candidate}){behind}"
    return f"V({version.major}, {version.minor + 1}, 0, 0)"


#: What is told of a place where nothing is mapped: its drawing, its layout, how many mappings.
_NOTHING = (".", "no mapping", "0")


def lines(facts: Sequence[Fact], everything: Sequence[Fact] = ()) -> Iterator[str]:
    """Yield the lines, as patterns of fnmatch(3); of mappings those flags are printed that ``everything`` speaks of."""
    said = dict(facts)
    numbers = sorted({int(where[6 : where.index("]")]) for where in said if where.startswith("moves[")})
    for number in numbers:
        yield _move(number, said)
        if (committed := said.get(f"moves[{number}].committed")) is not None:
            yield f"mremap {number + 1} commits {committed}"
    for where, text in facts:
        place, _, name = where.partition(".")
        if "elsewhere" in name and text in _NOTHING:
            continue  # the kernel may never have chosen such a place, and then nothing is said of it
        if place == "regions":
            yield f"{name:<10} {_literally(text)}"
        elif place == "layout":
            yield f"{name:<10} mappings {text}"
        elif place == "mappings" and "[" not in name:
            yield from (_mapping(name, index, said, everything) for index in range(int(text)))
            yield f"{name} mapped {text} times"
        elif place == "bits":
            bit, _, region = name.partition(".")
            yield f"{region:<10} {bit} {text}"
        elif where == "counters.locked":
            yield f"VmLck {int(text[:-1]) * PAGE // 1024} kB"
        elif where == "counters.total":
            yield f"{text[:-1]} pages mapped"
        elif where == "events":
            yield f"events: {text}"


def _move(number: int, said: Mapping[str, str]) -> str:
    code, result, verdict = (said.get(f"moves[{number}].{name}") for name in ("errno", "result", "verdict"))
    printed = f"mremap {number + 1}: "
    if code not in (None, "none") or verdict in FAILURES:
        return f"{printed}{code or 'E*'}, {verdict or '*'}"
    place = "*" if result in (None, "none") else f"{result}*" if result == "elsewhere" else result
    return f"{printed}success, {verdict or '*'}, {place}"


def _mapping(region: str, index: int, said: Mapping[str, str], everything: Sequence[Fact]) -> str:
    place = f"{region}[{index}]"
    words = [said.get(f"mappings.{place}.{name}", "*") for name in ("prot", "sharing", "offset")]
    flags = mapping_flags(everything, region)
    words += [f"{flag}:{said.get(f'mappings.{place}.VmFlags.{flag}', '*')}" for flag in flags]
    if tells_keys(everything, region):
        words.append(f"pkey:{said.get(f'mappings.{place}.pkey', '*')}")
    return " ".join([_literally(place), *words])


def _literally(text: str) -> str:
    return re.sub(r"([\\*?\[])", r"\\\1", text)
