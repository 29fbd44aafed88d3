"""The running Python interpreter, taken apart: what a guest needs of it to run given modules, and where it must lie.

Everything keeps the path that it has here, so that the interpreter finds its library, and the dynamic linker the shared
libraries, by the very rules that they follow on this machine, whatever distribution it is.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mremapcheck
from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.vm.images import elf

#: Imports the modules named by the arguments in a clean interpreter; prints (name, file, is it a package) of all. Where
#: one lies is asked of the finders: a module may have put another one in its place (collections.abc does up to 3.13).
_LIST = """
import sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    __import__(name)
import os
found = [("os", os.__file__, False)]
for name in sorted(sys.modules):
    parent = name.rpartition(".")[0]
    path = getattr(sys.modules.get(parent), "__path__", None)
    if parent and path is None:
        continue
    spec = next(filter(None, (finder.find_spec(name, path) for finder in sys.meta_path)), None)
    if spec:
        found.append((name, spec.origin, spec.submodule_search_locations is not None))
print(found)
"""


@dataclass(frozen=True, slots=True)
class Module:
    """A module of Python source: its dotted name, its file, and whether it is a package."""

    name: str
    file: Path
    package: bool


@dataclass(frozen=True, slots=True)
class InterpreterParts:
    """``executable`` and what it needs: Python modules, shared objects (extension modules and libraries).

    All paths but those of our own modules are those in the guest; ``root`` is where these files lie here. ``same``: the
    interpreter takes what the one that runs here compiles.
    """

    executable: Path
    modules: tuple[Module, ...]
    objects: tuple[Path, ...]
    root: Path = Path("/")
    same: bool = True

    def source(self, path: Path) -> Path:
        """Return where a file of the guest lies here."""
        return self.root / path.relative_to("/")

    @property
    def library_folders(self) -> list[str]:
        """The folders of the shared libraries, for LD_LIBRARY_PATH: a guest has no cache of the dynamic linker."""
        return sorted(
            {str(path.parent) for path in self.objects if ".so" in path.name and path.parent.name != "lib-dynload"}
        )


def executable() -> Path:
    """Return the interpreter itself, outside of any virtual environment; raise ExecutorError where there is none."""
    path = getattr(sys, "_base_executable", None) or sys.executable
    if not path:
        raise ExecutorError("the Python interpreter does not know where it is", "run mremapcheck with a python3 binary")
    return Path(path).resolve()


def package_folder() -> Path:
    """Return the folder that holds the ``mremapcheck`` package."""
    return Path(mremapcheck.__file__).resolve().parent.parent


def take_apart(names: Iterable[str]) -> InterpreterParts:
    """Return what the interpreter needs to import ``names``; raise ExecutorError where that cannot be found out."""
    binary = executable()
    objects: dict[Path, None] = {}
    modules = []
    for module in needed_modules(names):
        if module.file.suffix == ".py":
            modules.append(module)
        elif ".so" in module.file.suffixes:
            objects[module.file] = None
    for library in _libraries([binary, *objects]):
        objects[library] = None
    return InterpreterParts(binary, tuple(dict.fromkeys(modules)), tuple(objects))


def needed_modules(names: Iterable[str]) -> list[Module]:
    """Return the modules that the running interpreter imports for ``names``; one that is built in has no file.

    Raises ExecutorError where that cannot be found out.
    """
    binary = executable()
    command = [str(binary), "-I", "-S", "-B", "-c", _LIST, str(package_folder()), *names]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        detail = getattr(error, "stderr", "") or str(error)
        raise ExecutorError(f"{binary} cannot be packed for a guest: {detail.strip().splitlines()[-1]}") from None
    return [
        Module(name, Path(origin) if origin else Path(), package)
        for name, origin, package in ast.literal_eval(answer.stdout)
    ]


def _libraries(files: Iterable[Path]) -> Iterator[Path]:
    """Ask the dynamic linker for the shared libraries of each file, itself among them."""
    linker = None
    for file in files:
        data = file.read_bytes()
        if not elf.is_dynamic(data):
            continue
        linker = elf.interpreter(data) or linker
        if linker is None:
            raise ExecutorError(f"{file} names no dynamic linker", "use a python3 of the distribution")
        yield Path(linker)
        answer = subprocess.run([linker, "--list", str(file)], capture_output=True, text=True, check=False)
        for line in answer.stdout.splitlines():
            # "libm.so.6 => /lib/libm.so.6 (0x7f...)"; the linker itself and the vDSO have no arrow
            _, arrow, found = line.partition(" => ")
            path = found.rpartition(" (")[0].strip()
            if arrow and path.startswith("/"):
                yield Path(os.path.normpath(path))
