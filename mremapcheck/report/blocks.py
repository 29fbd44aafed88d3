"""What the blocks of every report have in common. Plain ASCII, for a terminal or a mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.linux.platforms import PLATFORMS, USUAL
from mremapcheck.report.style import Style
from mremapcheck.report.text import calls, wrapped

if TYPE_CHECKING:
    from mremapcheck.executors.protocol import Kernel
    from mremapcheck.outcome.outcome import Outcome
    from mremapcheck.scenario.document import Scenario

#: How the first line of a paragraph in a block begins, and the others.
PARAGRAPH = ("    ", "      ")


def kernel_text(kernel: Kernel) -> str:
    """Say which kernel answers.

    As in ``6.17-rc2, the model with 31 changes``, ``live, Linux 6.18.44``, ``vm:6.17, Linux 6.17.13 under QEMU (TCG)``.
    A reference that says more than the release gets that as well: ``6.17-mine, the model of 6.17 with 31 changes``; and
    what does not tell its platform gets it, where it is not the usual one: ``live, Linux 6.18.44 on arm64``.
    """
    named = kernel.reference.removesuffix(f"@{kernel.platform.name}")
    if kernel.executor == "model":
        of = "" if named.removeprefix("v") == kernel.release else f" of {kernel.release}"
        count = "" if kernel.changes is None else f" with {len(kernel.changes)} changes"
        doubt = "" if kernel.platform.measured else ", held against no real kernel of this platform"
        return one_line(f"{kernel.reference}, the model{of}{count}{doubt}")
    on = "" if kernel.platform is USUAL or named != kernel.reference else f" on {kernel.platform.name}"
    machine = f" under QEMU ({kernel.acceleration.upper()})" if kernel.acceleration else ""
    return one_line(f"{kernel.reference}, Linux {kernel.release}{on}{machine}")


def change_text(id_: str) -> str:
    """Cite a change as kernel developers do: ``commit d23cb648e365 ("mm/mremap: ..."), since 6.17-rc3``."""
    from mremapcheck.executors.model.registry import by_id

    change = by_id(id_)
    if change is None:
        platform = PLATFORMS.get(id_.removeprefix("@"))
        return id_ if platform is None else f"the platform {platform.name}: {platform.about}"
    source = f"commit {change.commit} " if change.commit else ""
    return f'{source}("{change.subject}"), since {change.release}'


def heading(scenario: Scenario, style: Style) -> list[str]:
    """Return what a block begins with: the summary, where the scenario stands, and its calls."""
    lines = wrapped(one_line(scenario.summary), "  ", "  ", style.width)
    place = one_line(f"{scenario.path}:{scenario.line}")
    return [*lines, f"  {style.paint('faint', place)}", *(f"    {call}" for call in calls(scenario))]


def regions_of(*drawings: Mapping[str, str]) -> list[str]:
    """Return the names of the regions that any of the drawings has."""
    return list(dict.fromkeys(region for drawing in drawings for region in drawing))


def move_rows(outcome: Outcome) -> dict[str, str]:
    """Return rows for the errno or result, and the verdict, of each move."""
    many = len(outcome.moves) > 1
    rows = {}
    for index, move in enumerate(outcome.moves):
        number = f" {index}" if many else ""
        rows[f"returns{number}"] = move.errno or move.result or "?"
        rows[f"verdict{number}"] = move.verdict
    return rows


def kernel_log_lines(name: str, outcome: Outcome) -> list[str]:
    """Return the complaints of the kernel called ``name``."""
    return [f"  kernel log{f' of {name}' if name else ''}: {one_line(line)}" for line in outcome.kernel_log]


def indented(lines: Iterable[str]) -> list[str]:
    """Return the lines as a block has them."""
    return [f"  {line}" for line in lines]
