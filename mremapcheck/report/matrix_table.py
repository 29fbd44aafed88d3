"""A matrix for people: the ranges of kernels that behave alike, scenario by scenario."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from mremapcheck.base.text.terminal import one_line
from mremapcheck.compare.classes import CLASSES
from mremapcheck.compare.matrix import span
from mremapcheck.report.compare_blocks import differing_lines
from mremapcheck.report.matrix_blocks import matrix_drawing, matrix_mismatches, matrix_skips
from mremapcheck.report.printer import Printer
from mremapcheck.report.style import Style
from mremapcheck.report.text import listed, wrapped

if TYPE_CHECKING:
    from mremapcheck.compare.matrix import Era, Row
    from mremapcheck.report.base import Header, Output, Tally


#: More models are a row that nobody has written down.
_MOST_NAMED = 20
#: How lines begin that say what tells two eras apart.
_INDENT = " " * 13


class MatrixTable:
    """Written as it comes; the numbers last."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._print = Printer(header, out, style)
        self._style = style
        self._labels: dict[str, None] = {}

    def start(self) -> None:
        """Name the kernels; of a long row of models the first and the last."""
        kernels = self._header.kernels
        if len(kernels) > _MOST_NAMED and all(kernel.executor == "model" for kernel in kernels):
            self._print.line(f"Kernels {kernels[0].reference} to {kernels[-1].reference}, {len(kernels)} models")
        else:
            names = [one_line(kernel.reference) for kernel in kernels]
            self._print.line(
                "\n".join(listed(names, "Kernel " if len(names) == 1 else "Kernels ", "  ", self._style.width))
            )
        self._print.line()

    def add(self, row: Row) -> None:
        """Write one scenario's eras, with what tells those apart that look alike, and what is not as expected."""
        indent = " " * (self._print.status + 2 + self._print.name + 2)
        width = self._style.width
        eras = [f"{era.label} {one_line(span(era, self._header.kernels))}" for era in row.eras]
        told = [self._told(era) for era in row.eras]
        short = "; ".join(eras)
        if not any(told) and len(indent) + len(short) <= width:
            eras = [short]
        lines = [line for era, more in zip_longest(eras, told, fillvalue=()) for line in (era, *more) if line]
        first, *rest = (line if line.startswith(_INDENT) else f"{indent}{line}" for line in map(str, lines))
        wrong = [self._style.paint("bad", line) for line in matrix_mismatches(row, self._header.kernels)]
        self._print.item(row, first.strip())
        for line in [*rest, *(f"{indent}{line}" for line in wrong)]:
            self._print.line(line)
        if len(self._header.scenarios) == 1:
            self._print.gap()
            skips = matrix_skips(row, self._header.kernels)
            for block in (
                matrix_drawing(row, self._header.kernels, self._style),
                [line for skip in skips for line in wrapped(skip, "    ", "      ", width)],
            ):
                if block:
                    self._print.block(block)

    def finish(self, tally: Tally) -> None:
        """Write the numbers, and what the labels mean."""
        self._print.numbers(tally)
        for label in self._labels:
            self._print.line(f"({label}): {CLASSES[label].about}")
        self._print.end(tally)

    def _told(self, era: Era) -> list[str]:
        if not era.same_label or era.class_name is None:
            return []
        self._labels[era.class_name] = None
        return differing_lines(era.differences, self._style.width, _INDENT, drawn=False)
