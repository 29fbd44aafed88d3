"""Pages that madvise gives back and takes away; measured on 5.10.262, 6.1.192, 6.12.118 and 7.3.4."""

from __future__ import annotations

from typing import Any

from tests.model.facts.fact import Fact, same
from tests.model.helpers import F, do, move, scene

FREE = do("madvise", "src", 3, advice="free")
PAGEOUT = do("madvise", "src", 3, advice="pageout")
FORK = do("fork")
WRITE = do("touch", "src+1p", 1, letter="T")
DROPPABLE = {"A": {"kind": "droppable"}}


def on(*advice: dict[str, Any], **drawn: Any) -> Any:
    """Return a scenario of four pages, of which the first three are advised before all of them move."""
    return scene(*advice, move("src", 4, 4, F, "dst"), src="AAAA", dst="....", **drawn)


FACTS: dict[str, Fact] = {
    "freed, and wanted": Fact(on(FREE, PAGEOUT), same("dst moved src=.... dst=___A")),
    "freed, not wanted": Fact(on(FREE), same("dst moved src=.... dst=AAAA")),
    "wanted, not freed": Fact(on(PAGEOUT), same("dst moved src=.... dst=AAAA")),
    "freed and read": Fact(on(FREE, do("read", "src", 3), PAGEOUT), same("dst moved src=.... dst=___A")),
    "freed and written": Fact(on(FREE, WRITE, PAGEOUT), same("dst moved src=.... dst=_T_A")),
    "freed and locked": Fact(
        on(FREE, do("mlock", "src", 2), do("munlock", "src", 2), PAGEOUT), same("dst moved src=.... dst=AA_A")
    ),
    "freed, locked and not writable": Fact(
        on(FREE, do("mlock", "src", 2), do("munlock", "src", 2), PAGEOUT, vmas={"A": {"prot": "r"}}),
        same("dst moved src=.... dst=___A"),
    ),
    "freed and inherited": Fact(on(FREE, FORK, PAGEOUT), same("dst moved src=.... dst=AAAA")),
    "inherited and freed": Fact(on(FORK, FREE, PAGEOUT), same("dst moved src=.... dst=AAAA")),
    "inherited, written, freed": Fact(on(FORK, WRITE, FREE, PAGEOUT), same("dst moved src=.... dst=A_AA")),
    "freed and moved": Fact(
        scene(
            FREE,
            move("src", 4, 4, F, "dst"),
            do("madvise", "dst", 3, advice="pageout"),
            move("dst", 4, 4),
            src="AAAA",
            dst="....",
        ),
        same("dst unchanged src=.... dst=___A"),
    ),
    "droppable": Fact(on(PAGEOUT, vmas=DROPPABLE), {"6.12": "dst moved src=.... dst=___A"}),
    "droppable and written": Fact(on(FREE, WRITE, PAGEOUT, vmas=DROPPABLE), {"6.12": "dst moved src=.... dst=___A"}),
}
