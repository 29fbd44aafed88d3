"""What was measured on real kernels, call by call.

Facts are those of the history's fact sheet (S01 ...) and of a survey of callers (X1 ..., mg.., ks..), measured on
5.10.218, 6.1.176, 6.12.107, 6.16.12, 6.17.13, 6.18.12, 7.0.13, 7.1.13, 7.2.12 and 7.3.4.
"""

from __future__ import annotations

from tests.model.facts import advice, destination, files, keeping, merging, parameters, resizing, several, slots
from tests.model.facts.fact import MEASURED, Fact

FACTS: dict[str, Fact] = {
    **parameters.FACTS,
    **destination.FACTS,
    **several.FACTS,
    **resizing.FACTS,
    **keeping.FACTS,
    **merging.FACTS,
    **slots.FACTS,
    **advice.FACTS,
    **files.FACTS,
}

__all__ = ["FACTS", "MEASURED"]
