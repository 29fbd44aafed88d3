"""What is there, asked of paths that users give: one that cannot be looked up is not there, on every Python.

Before 3.14 ``Path.exists`` and its like raise PermissionError where a folder on the way may not be searched.
"""

from __future__ import annotations

import os
from pathlib import Path


def is_there(path: str | Path) -> bool:
    """Tell whether a path leads anywhere."""
    return os.path.exists(path)  # noqa: PTH110


def is_folder(path: str | Path) -> bool:
    """Tell whether a path leads to a folder."""
    return os.path.isdir(path)  # noqa: PTH112
