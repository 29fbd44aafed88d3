"""Text files, compressed or not."""

from __future__ import annotations

import io
import lzma
from pathlib import Path
from typing import IO


def open_text(path: Path, mode: str) -> IO[str]:
    """Open a file for ``r`` or ``w``; one whose name ends in .xz is compressed. Raises OSError."""
    if path.suffix == ".xz":
        return io.TextIOWrapper(lzma.LZMAFile(path, mode), encoding="utf-8")
    return path.open(mode, encoding="utf-8")
