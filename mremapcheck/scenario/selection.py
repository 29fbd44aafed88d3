"""Which scenarios are meant: paths, or the shipped ones; all of them, or those that a pattern names."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from mremapcheck.base.errors import NothingSelectedError, ScenarioError
from mremapcheck.scenario.library import default_paths
from mremapcheck.scenario.lint import lint, notes
from mremapcheck.scenario.loader import load_paths

if TYPE_CHECKING:
    from mremapcheck.base.errors import Problem
    from mremapcheck.scenario.document import Scenario


def select(paths: Sequence[Path], only: Sequence[str] = ()) -> list[Scenario]:
    """Load the scenarios of ``paths`` (none: the default ones) whose name one of the patterns matches (none: all).

    Raises ScenarioError with everything that is wrong in any of the files but those that hold nothing of a name that is
    wanted, NothingSelectedError where nothing is left.
    """
    loaded = load_paths(list(paths) or default_paths())
    all_errors = [problem for problem in loaded.problems if problem.level == "error"]
    errors = [each for each in all_errors if not only or any(_wanted(name, only) for name in loaded.broken[each.path])]
    if errors:
        raise ScenarioError(errors)
    scenarios = list(loaded.scenarios)
    if not scenarios and all_errors:
        raise ScenarioError(all_errors)
    if not scenarios:
        where = ", ".join(map(str, paths or default_paths()))
        raise NothingSelectedError(
            f"there are no scenarios in {where}",
            "they are .yaml, .yml and .json files; without PATHS the shipped ones run",
        )
    if only:
        chosen = [scenario for scenario in scenarios if _wanted(scenario.name, only)]
        if not chosen and all_errors:
            raise ScenarioError(all_errors)
        if not chosen:
            patterns = " or ".join(f"`{pattern}`" for pattern in only)
            raise NothingSelectedError(f"no scenario's name matches {patterns}", _near(scenarios, only))
        scenarios = chosen
    return scenarios


def _wanted(name: str, only: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in only)


def _near(scenarios: Sequence[Scenario], only: Sequence[str]) -> str:
    from difflib import get_close_matches

    names = [scenario.name for scenario in scenarios]
    words = [pattern.strip("*").lower() for pattern in only if pattern.strip("*")]
    near = [name for name in names if any(word in name for word in words)]
    near = near or [name for word in words for name in get_close_matches(word, names)]
    hint = "`mremapcheck run --list` shows all names; `*` stands for any characters"
    return f"did you mean {', '.join(near[:5])}?" if near else hint


def problems(paths: Sequence[Path]) -> list[Problem]:
    """Return everything that is wrong with the scenarios of ``paths`` (none: the default ones), warnings and notes."""
    loaded = load_paths(list(paths) or default_paths(), doubts=True)
    return sorted(
        [
            *loaded.problems,
            *(problem for scenario in loaded.scenarios for problem in (*lint(scenario), *notes(scenario))),
        ]
    )
