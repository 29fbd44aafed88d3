"""Imports ``mremapcheck`` from memory: this file's text goes through a command's standard input, before all else.

Whoever reads it has nothing of ours yet, so it imports nothing of ours at the top.
"""

from __future__ import annotations

import sys
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import CodeType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Finder(MetaPathFinder, InspectLoader):
    """Finds the modules of ``sources``: path below the package's folder -> text."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module of ours is; None for any other."""
        return spec_from_loader(fullname, self, origin=self._path(fullname)) if self._path(fullname) else None

    def is_package(self, fullname: str) -> bool:
        """Tell whether it is a package."""
        return self._path(fullname).endswith("/__init__.py")

    def get_source(self, fullname: str) -> str:
        """Return a module's text."""
        return self._sources[self._path(fullname)]

    def get_code(self, fullname: str) -> CodeType:
        """Compile a module; its path is part of tracebacks."""
        return self.source_to_code(self.get_source(fullname), self._path(fullname))

    def files(self, fullname: str) -> list[str]:
        """Return the names of the files of a package, which has no folder."""
        folder = self._path(fullname).rpartition("/")[0]
        return [path.rpartition("/")[2] for path in self._sources if path.rpartition("/")[0] == folder]

    def _path(self, fullname: str) -> str:
        name = fullname.replace(".", "/")
        return next((path for path in (f"{name}.py", f"{name}/__init__.py") if path in self._sources), "")


def start(sources: Mapping[str, str], slots: int, first: str | None) -> None:
    """Have the far side's program serve; see its ``main``. Does not return."""
    sys.meta_path.insert(0, Finder(sources))
    from mremapcheck.executors.via.far_side import main

    main(slots, first)
