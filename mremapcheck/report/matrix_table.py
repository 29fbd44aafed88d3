"""A matrix for people: the ranges of kernels that behave alike, scenario by scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mremapcheck.compare.classes import CLASSES
from mremapcheck.compare.matrix import span
from mremapcheck.report.blocks import differing_lines, matrix_drawing, matrix_mismatches
from mremapcheck.report.printer import Printer
from mremapcheck.report.style import Style
from mremapcheck.report.text import listed
from mremapcheck.text.terminal import one_line

if TYPE_CHECKING:
    from mremapcheck.compare.matrix import Era, Row
    from mremapcheck.report.base import Header, Output, Tally


class Table:
    """Written as it comes; the numbers last."""

    def __init__(self, header: Header, out: Output, style: Style) -> None:
        self._header = header
        self._print = Printer(header, out, style)
        self._style = style
        self._labels: dict[str, None] = {}

    def start(self) -> None:
        """Name the kernels."""
        names = [one_line(kernel.reference) for kernel in self._header.kernels]
        self._print.line("\n".join(listed(names, "Kernels ", "  ", self._style.width)))
        self._print.line()

    def add(self, row: Row) -> None:
        """Write one scenario's eras, and what is not as expected."""
        indent = " " * (self._print.status + 2 + self._print.name + 2)
        lines = [line for era in row.eras for line in self._era(era, len(indent))]
        short = "; ".join(lines)
        if len(lines) == len(row.eras) and len(indent) + len(short) <= self._style.width:
            lines = [short]
        wrong = [self._style.paint("bad", line) for line in matrix_mismatches(row, self._header.kernels)]
        self._print.item(row, f"\n{indent}".join([*lines, *wrong]))
        if len(self._header.scenarios) == 1:
            self._print.gap()
            self._print.block(matrix_drawing(row, self._header.kernels, self._style))

    def finish(self, tally: Tally) -> None:
        """Write the numbers, and what the labels mean."""
        self._print.numbers(tally)
        for label in self._labels:
            self._print.line(f"({label}): {CLASSES[label].about}")
        if tally.trouble is not None:
            self._print.line(f"ended early: {one_line(tally.trouble)}")

    def _era(self, era: Era, indent: int) -> list[str]:
        line = f"{era.label} {one_line(span(era, self._header.kernels))}"
        if not era.same_label or era.kind is None:
            return [line]
        self._labels[era.kind] = None
        return [line, *differing_lines(era.differences, max(self._style.width - indent, 30))]
