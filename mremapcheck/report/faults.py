"""Sweeps for people: every outcome drawn, where memory ran out, and what users ask of it in the last line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mremapcheck.base.text.terminal import counted, one_line
from mremapcheck.report.before import before
from mremapcheck.report.style import Style
from mremapcheck.report.text import calls, drawing_block, wrapped

if TYPE_CHECKING:
    from mremapcheck.compare.allowed import Deviation, Swept
    from mremapcheck.outcome.possible import Losses, PossibleOutcome, PossibleOutcomes

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def swept_lines(swept: Swept, names: Sequence[str], style: Style | None = None) -> Iterator[str]:
    """Yield what one scenario came to; ``names`` are the references of the kernels."""
    style = style or Style()
    scenario = swept.scenario
    yield from wrapped(f"{scenario.name}: {one_line(scenario.summary)}", width=style.width)
    yield from (f"    {text}" for text in calls(scenario))
    sides = ((swept.sweep, swept.less), (swept.other, swept.more))
    letters = _letters(swept)
    for (sweep, alone), name, words in zip(sides, names, _alone(swept, names), strict=False):
        if sweep is not None and sweep.status != "ran":
            named = f"{name}: " if swept.other else ""
            yield from wrapped(f"{named}{sweep.status}: {sweep.reason}", "  ", "    ", style.width)
        elif sweep is not None:
            marks = {(each.move, each.possible.key): words for each in alone}
            for move in sweep.moves:
                which = f", moves[{move.index}]" if len(sweep.moves) > 1 else ""
                yield f"  {style.paint('strong', name)}{which}:"
                yield from _move_lines(move, _start(swept, move), letters, marks, style)
    if not swept.ran:
        yield ""
        return
    if swept.other is not None:
        yield from wrapped(_side_by_side(swept, letters, names), "  ", "    ", style.width)
    for text in swept.unexpected:
        yield from wrapped(f"! {text}", "  ", "    ", style.width)
    for report in swept.reports:
        yield "  ! the kernel complains:"
        yield from (f"    | {line}" for line in report)
    for trouble in swept.troubles:
        yield "  ! a run came to nothing:"
        yield from (f"    {line}" for line in trouble.splitlines())
    yield f"  {answer(swept.losses, names)}"
    yield ""


#: What an outcome is known by: the number of its move, and its key.
_Known: TypeAlias = tuple[int, tuple[object, ...]]


def _letters(swept: Swept) -> Mapping[_Known, str]:
    """Return the letter of each outcome: what both kernels come to has the same one, and no two outcomes share one."""
    letters: dict[_Known, str] = {}
    seen: Counter[int] = Counter()
    for sweep in (swept.sweep, swept.other):
        for move in sweep.moves if sweep is not None else ():
            for possible in move.all():
                if (move.index, possible.key) not in letters:
                    letters[move.index, possible.key] = _letter(seen[move.index])
                    seen[move.index] += 1
    return letters


def _letter(number: int) -> str:
    return _LETTERS[number] if number < len(_LETTERS) else str(number)


def _side_by_side(swept: Swept, letters: Mapping[_Known, str], names: Sequence[str]) -> str:
    """Say what one kernel has and the other has not."""
    first, second = names
    several = len({move for move, _ in letters}) > 1
    gained, lost = _which(swept.more, letters, several), _which(swept.less, letters, several)
    if not gained and not lost:
        return f"{second} " + ("shows all that is allowed, and nothing else" if swept.oracle else "does the same")
    if swept.oracle:
        told = (f"not allowed by {first}", gained), (f"allowed by {first} and never seen", lost)
    else:
        told = (f"possible on {second} and not on {first}", gained), (f"on {first} and not on {second}", lost)
    return "; ".join(f"{words}: {which}" for words, which in told if which)


def _which(deviations: Sequence[Deviation], letters: Mapping[_Known, str], several: bool) -> str:
    """Return the letters of outcomes; with ``several`` moves, of which one each is."""
    alone = {(each.move, each.possible.key) for each in deviations}
    return ", ".join(
        letter + (f" of moves[{move}]" if several else "")
        for (move, key), letter in letters.items()
        if (move, key) in alone
    )


def answer(losses: Sequence[Losses], names: Sequence[str]) -> str:
    """Say what users ask, in one line; ``losses`` are those on each of the kernels ``names``."""
    said = {
        "data can be lost": [each.source for each in losses],
        "the destination can be lost": [each.destination for each in losses],
        "it can be half moved": [each.half_moved for each in losses],
    }
    return "; ".join(f"{what}: {_yes_or_no(each, names)}" for what, each in said.items())


def _yes_or_no(said: Sequence[bool], names: Sequence[str]) -> str:
    words = ["yes" if each else "no" for each in said]
    if len(set(words)) == 1:
        return words[0]
    return ", ".join(f"{word} on {name}" for word, name in zip(words, names, strict=True))


def summary_lines(counts: Mapping[str, int], losses: Sequence[Losses], names: Sequence[str]) -> Iterator[str]:
    """Count the scenarios by what came of them; ``losses`` are those in any of them, none where none was swept."""
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    yield f"{counted(sum(counts.values()), 'scenario')}: {told}"
    if losses:
        yield answer(losses, names)


def _start(swept: Swept, move: PossibleOutcomes) -> Mapping[str, str]:
    return before(swept.scenario) if move.index == 0 else move.before.regions


def _move_lines(
    move: PossibleOutcomes,
    start: Mapping[str, str],
    letters: Mapping[_Known, str],
    marks: Mapping[_Known, str],
    style: Style,
) -> Iterator[str]:
    regions = list(dict.fromkeys([*start, *(name for each in move.all() for name in each.regions)]))
    rows: dict[str, list[str]] = {"before": [start.get(region, "") for region in regions]}
    notes: dict[str, str] = {}
    for possible in move.all():
        row = f"{letters[move.index, possible.key]}. {possible.move}"
        rows[row] = [possible.regions.get(region, "") or "." for region in regions]
        mark = marks.get((move.index, possible.key))
        notes[row] = "; ".join([*([mark] if mark else []), *_notes(possible)])
    columns = [(region, {row: cells[place] for row, cells in rows.items()}) for place, region in enumerate(regions)]
    yield from (f"  {line}" for line in drawing_block(columns, list(rows), style=style))
    for row, text in notes.items():
        if text:
            yield from wrapped(f"{row.partition('.')[0]}: {text}", "    ", "      ", style.width)


def _notes(possible: PossibleOutcome) -> Iterator[str]:
    if possible.usual:
        yield "while there is memory" + (", and where it runs out unnoticed" if possible.ran_out else "")
    elif possible.ran_out:
        yield "memory runs out at " + ", ".join(map(str, possible.ran_out))


def _alone(swept: Swept, names: Sequence[str]) -> tuple[str, str]:
    """Return what is said of outcomes that only the first kernel has, and only the second."""
    if swept.oracle:
        return f"allowed, and never seen on {names[-1]}", f"! not allowed by {names[0]}"
    return f"on {names[0]} only", f"on {names[-1]} only"
