"""Which scenarios are meant: paths, or the shipped ones; all of them, or those that a pattern names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from mremapcheck.errors import NothingSelectedError, ScenarioError

if TYPE_CHECKING:
    from mremapcheck.errors import Problem
    from mremapcheck.scenario.document import Scenario


def select(paths: Sequence[Path], only: Sequence[str] = ()) -> list[Scenario]:
    """Load the scenarios of ``paths`` (none: the default ones) whose name one of the patterns matches (none: all).

    Raises ScenarioError with everything that is wrong in any of the files, NothingSelectedError where nothing is left.
    """
    from mremapcheck.scenario.library import default_paths
    from mremapcheck.scenario.loader import load_paths

    loaded = load_paths(list(paths) or default_paths())
    errors = [problem for problem in loaded.problems if problem.level == "error"]
    if errors:
        raise ScenarioError(errors)
    scenarios = list(loaded.scenarios)
    if not scenarios:
        raise NothingSelectedError(
            "there are no scenarios here", "give the paths of some, or leave them out for the shipped ones"
        )
    if only:
        chosen = [scenario for scenario in scenarios if any(fnmatchcase(scenario.name, pattern) for pattern in only)]
        if not chosen:
            raise NothingSelectedError(f"no scenario's name matches {' or '.join(only)}", _near(scenarios, only))
        scenarios = chosen
    return scenarios


def _near(scenarios: Sequence[Scenario], only: Sequence[str]) -> str:
    from difflib import get_close_matches

    names = [scenario.name for scenario in scenarios]
    near = [name for name in names if any(pattern.strip("*") in name for pattern in only)]
    near = near or [name for pattern in only for name in get_close_matches(pattern, names)]
    return f"did you mean {', '.join(near[:5])}?" if near else "`--list` shows all names; `*` stands for any characters"


def problems(paths: Sequence[Path]) -> list[Problem]:
    """Return everything that is wrong with the scenarios of ``paths`` (none: the default ones), and every warning."""
    from mremapcheck.scenario.library import default_paths
    from mremapcheck.scenario.lint import lint
    from mremapcheck.scenario.loader import load_paths

    loaded = load_paths(list(paths) or default_paths())
    return sorted([*loaded.problems, *(problem for scenario in loaded.scenarios for problem in lint(scenario))])
