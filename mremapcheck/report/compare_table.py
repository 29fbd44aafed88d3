"""A comparison for people: what changed, by the change that causes it; each scenario with its drawings for details."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from mremapcheck.base.text.terminal import counted, one_line
from mremapcheck.compare.classes import CLASSES
from mremapcheck.executors.model.registry import by_id
from mremapcheck.report.blocks import kernel_text
from mremapcheck.report.compare_blocks import comparison_block, comparison_drawing, differing_lines
from mremapcheck.report.printer import Printer
from mremapcheck.report.style import Style
from mremapcheck.report.text import calls, listed, wrapped

if TYPE_CHECKING:
    from mremapcheck.compare.comparison import Comparison
    from mremapcheck.report.base import Header, Output, Tally

_RANK = {name: rank for rank, name in enumerate(CLASSES)}

#: Why scenarios differ: ids of changes, or words where no change explains it.
Cause: TypeAlias = tuple[str, ...]

_SUSPECTED: Cause = ("not what the model of its version does",)
_UNKNOWN: Cause = ("unknown cause",)


class CompareTable:
    """With details each comparison as it comes, else all of them at the end."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._print = Printer(header, out, style)
        self._style = style
        self._in_full = style.detail > 0 or (style.detail == 0 and len(header.scenarios) == 1)
        self._groups: dict[Cause, list[Comparison]] = {}
        self._skipped: dict[str, list[str]] = {}
        self._both = 0

    def start(self) -> None:
        """Name the kernels."""
        if self._style.detail < 0:
            return
        texts = [f"{letter}: {kernel_text(kernel)}" for letter, kernel in zip("AB", self._header.kernels, strict=True)]
        short = "; ".join(texts)
        self._print.line(short if len(short) <= self._style.width else "\n".join(texts))
        self._print.line()

    def add(self, comparison: Comparison) -> None:
        """Write or keep one comparison."""
        if comparison.status == "skipped":
            self._skip(comparison)
        if comparison.status == "different":
            self._groups.setdefault(cause(comparison), []).append(comparison)
        if comparison.status == "error" or self._in_full or (self._style.detail < 0 and comparison.differences):
            self._one(comparison)

    def finish(self, tally: Tally) -> None:
        """Write the groups, and the numbers."""
        if self._style.detail == 0 and not self._in_full:
            often = sorted(self._groups, key=lambda why: -len(self._groups[why]))
            commits = by_commit(often)
            for text in sorted(commits, key=lambda text: -sum(len(self._groups[why]) for why in commits[text])):
                self._print.gap()
                self._print.line("\n".join(self._commit(text, commits[text])))
        wrong = tally.counts["different"] or tally.counts["error"] or tally.trouble
        if self._style.detail < 0 and not wrong and tally.total > tally.counts["skipped"]:
            return
        self._print.numbers(tally)
        if tally.classes and self._style.detail > 0:
            counts = [(kind, tally.classes[kind]) for kind in CLASSES if kind in tally.classes]
            self._print.list("worst difference:", [f"{count} {kind}" for kind, count in counts])
        if self._style.detail > 0 and self._groups:
            causes = sorted(self._groups.items(), key=lambda item: -len(item[1]))
            self._print.list("caused by:", [f"{len(group)} {' + '.join(why)}" for why, group in causes])
        if self._both:
            self._print.line(f"skipped on both sides: {self._both}")
        for reason, names in self._skipped.items():
            self._print.list(f"skipped, {reason}:", names)
        self._print.end(tally)

    def _skip(self, comparison: Comparison) -> None:
        if comparison.a.outcome is None and comparison.b.outcome is None:
            self._both += 1
        else:
            self._skipped.setdefault(one_line(comparison.reason or ""), []).append(comparison.scenario.name)

    def _one(self, comparison: Comparison) -> None:
        if comparison.status in ("same", "skipped", "accepted") and self._style.detail <= 0:
            return
        drawn = comparison.status == "different" and self._in_full
        if drawn:
            self._print.gap()
        self._print.item(comparison, one_line(comparison.reason or comparison.class_name or ""))
        if drawn:
            self._print.block(comparison_block(comparison, self._header.kernels, self._style))

    def _commit(self, text: str, causes: Sequence[Cause]) -> Iterator[str]:
        first, *rest = wrapped(text, "", "  ", self._style.width)
        yield self._style.paint("strong", first)
        yield from rest
        for why in causes:
            yield from self._group(why, self._groups[why])

    def _group(self, why: Cause, group: Sequence[Comparison]) -> Iterator[str]:
        width = self._style.width
        classes = Counter(comparison.class_name for comparison in group)
        since = [change.release for change in map(by_id, why) if change is not None]
        head = f"{' and '.join(why)}, since {max(since)}" if since else " and ".join(why)
        counts = [f"{count} {kind}" for kind, count in classes.most_common()]
        shown = best_shown(group)
        script = "; ".join(calls(shown.scenario))
        if len(group) == 1:
            yield from wrapped(f"{head}: {shown.scenario.name} ({shown.class_name})", "  ", "    ", width)
            yield from wrapped(script, "    ", "      ", width)
        else:
            yield from listed([f"{head}: {counted(len(group), 'scenario')}", *counts], "  ", "    ", width)
            yield from wrapped(f"{shown.scenario.name}: {script}", "  ", "    ", width)
        yield from comparison_drawing(shown, self._header.kernels, self._style, brief=True)
        undrawn = [d for d in shown.differences if not d.follows and not d.where.startswith(("moves[", "regions."))]
        yield from differing_lines(undrawn, width, "    ")
        others = [comparison.scenario.name for comparison in group if comparison is not shown]
        if others:
            yield from listed(others, "  and ", "  ", width)


def by_commit(causes: Iterable[Cause]) -> dict[str, list[Cause]]:
    """Sort causes by what is cited for them: one commit may have made several changes."""
    found: dict[str, list[Cause]] = {}
    for why in causes:
        cited = [f'commit {each.commit} ("{each.subject}")' for each in map(by_id, why) if each and each.commit]
        found.setdefault(" and ".join(dict.fromkeys(cited)) or " and ".join(why), []).append(why)
    return found


def cause(comparison: Comparison) -> Cause:
    """Return why a scenario differs: the cause of its worst difference."""
    return comparison.differences[0].cause or (_SUSPECTED if comparison.suspects else _UNKNOWN)


def best_shown(group: Sequence[Comparison]) -> Comparison:
    """Return the comparison that shows a cause best: the smallest scenario of the class that most of them are of."""
    commonest = max(
        Counter(one.class_name for one in group).items(), key=lambda item: (item[1], -_RANK[item[0] or ""])
    )[0]
    return min((one for one in group if one.class_name == commonest), key=_size)


def _size(comparison: Comparison) -> tuple[int, int]:
    scenario = comparison.scenario
    return len(scenario.script), sum(region.pages for region in scenario.regions) + 4 * len(scenario.regions)
