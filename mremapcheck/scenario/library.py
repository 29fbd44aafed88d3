"""The scenarios that come with mremapcheck."""

from __future__ import annotations

from pathlib import Path

import mremapcheck
from mremapcheck.base.paths import is_folder


def default_paths() -> list[Path]:
    """Return what is loaded where no path is given: ``./scenarios/``, or else the shipped scenarios."""
    here = Path("scenarios")
    return [here if is_folder(here) else shipped()]


def shipped() -> Path:
    """Return the folder of the shipped scenarios: within the installed package, or at the top of a checkout."""
    package = Path(mremapcheck.__file__).parent
    installed = package / "scenarios"
    return installed if is_folder(installed) else package.parent / "scenarios"
