"""``mremapcheck expect``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mremapcheck.base.errors import MremapcheckError, ScenarioError
from mremapcheck.base.text.terminal import counted
from mremapcheck.cli.listing import print_lines
from mremapcheck.cli.options import Only, kernel_option
from mremapcheck.convert.expect.entries import Seen, entries, holds
from mremapcheck.convert.expect.rewrite import write
from mremapcheck.convert.export.oracle import open_models
from mremapcheck.executors.model.stops import turning_points
from mremapcheck.executors.references import open_executor
from mremapcheck.linux.platforms import USUAL
from mremapcheck.outcome.outcome import shared
from mremapcheck.scenario.selection import select

if TYPE_CHECKING:
    from mremapcheck.scenario.document import Scenario


def expect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Scenario files, or folders of them.")],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; say what is not as kernels do it.")] = False,
    kernel: Annotated[
        str | None,
        kernel_option("Only what this kernel does. Without: every model."),
    ] = None,
    only: Only = None,
) -> int:
    """Write what kernels do as the `expect` entries of scenarios; those that are right already stay as they are.

    A file that cannot be written into stays, too, and no other.

    Exit codes: 0 written, or nothing to write; 1 with --check, where something is not as it should be; 2 usage, or a
    file that cannot be written into.
    """
    scenarios = select(files, only or [])
    asked = zip(scenarios, _asked(scenarios, kernel, check), strict=True)
    wrong = [(scenario, seen) for scenario, seen in asked if not holds(scenario, seen)]
    if check:
        lines = [f"{scenario.path}:{scenario.line}: {scenario.name}: kernels do otherwise" for scenario, _ in wrong]
        print_lines([*lines, f"{counted(len(scenarios), 'scenario')}: {len(wrong)} to be written"])
        return 1 if lines else 0
    written = 0
    problems = []
    for path, found in groupby(wrong, lambda pair: pair[0].path):
        try:
            renewed = [(scenario, entries(scenario, seen, alone=kernel is not None)) for scenario, seen in found]
            write(Path(path), renewed)
            written += len(renewed)
        except ScenarioError as error:
            problems += error.problems
    print_lines([f"{counted(len(scenarios), 'scenario')}: {written} written"])
    if problems:
        raise ScenarioError(problems)
    return 0


def _asked(scenarios: Sequence[Scenario], kernel: str | None, check: bool) -> Iterator[list[Seen]]:
    """Yield for each scenario what one kernel does, or every release at which the model changes.

    Raises MremapcheckError where what one kernel does is to be written, and it is one of another platform.
    """
    if kernel is not None:
        with open_executor(kernel) as executor:
            if executor.kernel.platform is not USUAL and not check:
                raise MremapcheckError(
                    f"`{kernel}` is a kernel of {executor.kernel.platform.name}, and expectations hold on all",
                    f"`--check` compares without writing; only a kernel of {USUAL.name} is written",
                )
            version = executor.kernel.version
            yield from ([Seen(version, execution)] for execution in executor.run(scenarios))
        return
    points = turning_points()
    runs = [model.run(scenarios) for model in open_models(points)]
    for _ in scenarios:
        yield list(map(Seen, points, shared(map(next, runs))))
