"""Lists on standard output: scenarios, changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mremapcheck.base.text.terminal import one_line
from mremapcheck.cli.output import Stdout
from mremapcheck.report.formats.json import TOOL
from mremapcheck.report.text import cut, terminal_width

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


def list_scenarios(scenarios: Sequence[Scenario], output_format: str) -> int:
    """Print which scenarios were selected; as a table unless JSON is wanted."""
    if output_format == "json":
        keys = ("path", "line", "digest", "summary")
        return print_document(
            "list", {"scenarios": [{"scenario": s.name, **{key: getattr(s, key) for key in keys}} for s in scenarios]}
        )
    width = max(len(scenario.name) for scenario in scenarios)
    return print_lines(
        (f"{scenario.name:<{width}}  {one_line(scenario.summary)}".rstrip() for scenario in scenarios), clipped=True
    )


def print_document(name: str, data: dict[str, Any]) -> int:
    """Print a JSON document with its schema's name; return the exit code 0."""
    return print_lines([json.dumps({"schema": f"mremapcheck.{name}/1", "tool": TOOL, **data}, indent=1)])


def print_lines(lines: Any, clipped: bool = False, out: Stdout | None = None) -> int:
    """Print lines, of a table (``clipped``) no more than fits on a terminal; return the exit code 0."""
    out = out or Stdout()
    if clipped:
        width = terminal_width(out)
        lines = (cut(line, width) for line in lines)
    out.write("".join(f"{line}\n" for line in lines))
    out.flush()
    return 0
