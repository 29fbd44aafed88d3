"""The scenarios that come with the program, as tests use them."""

from __future__ import annotations

from functools import cache

from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.loader import load_paths


@cache
def scenarios(*folders: str) -> tuple[Scenario, ...]:
    """Return those in the folders named, or all of them."""
    loaded = load_paths([shipped() / folder for folder in folders or ("",)])
    assert not loaded.problems
    return loaded.scenarios
