"""Scenarios for executors at the far end of a line."""

from __future__ import annotations

from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.loader import load_bytes

TEXT = """
summary: Two pages move
map:
  src: "%s"
  dst: ".."
moves:
  - {old_address: src, old_size: 2p, new_address: dst, flags: MAYMOVE|FIXED}
"""


def loaded(*texts: tuple[str, str]) -> list[Scenario]:
    """Return the scenarios of these texts, each with the name of its file before it."""
    found = [load_bytes(text.encode(), f"{name}.yaml") for name, text in texts]
    assert not [problem for each in found for problem in each.problems]
    return [scenario for each in found for scenario in each.scenarios]


def scenarios(*drawings: str) -> list[Scenario]:
    """Return scenarios with these drawings as their source, named after them."""
    return loaded(*((drawing, TEXT % drawing) for drawing in drawings))
