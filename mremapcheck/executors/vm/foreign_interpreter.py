"""A Python interpreter for another architecture: the distribution's packages, unpacked and taken apart, and never run.

::

    ~/.cache/mremapcheck/interpreters/ARCHITECTURE/3.11/root/      what the packages hold, for a 3.11 that runs here
                                                        version    which Python it is: the same, if there is one
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from subprocess import Popen

from mremapcheck.base.errors import ExecutorError
from mremapcheck.base.progress import Line
from mremapcheck.base.whole_file import write_whole
from mremapcheck.executors.vm.images import cache, elf
from mremapcheck.executors.vm.images.apt import Apt, AptError, Package
from mremapcheck.executors.vm.images.apt_process import complaints, give_up
from mremapcheck.executors.vm.images.packages import unpack_package
from mremapcheck.executors.vm.interpreter import InterpreterParts, Module, needed_modules
from mremapcheck.linux.platforms.platform import Platform

#: Python's parts, and the libraries that they need.
_PATTERN = (
    r"^(python3\.[0-9]+-minimal|libpython3\.[0-9]+-(minimal|stdlib)|libc6|zlib1g|libexpat1|libffi[0-9]+|libzstd1)$"
)
_PYTHON = re.compile(r"python3\.([0-9]+)-minimal")
_OLDEST = 10
#: Lists of packages are good for so many seconds: what is fetched once is kept.
_FRESH = 30 * 86400.0
#: What the interpreter imports before it runs anything.
_FIRST = ("encodings.aliases", "encodings.ascii", "encodings.latin_1", "encodings.utf_8", "io", "os", "zipimport")


def fetch_interpreter(platform: Platform) -> tuple[Path, str]:
    """Return the folder of an interpreter's files and its version (``3.11``), got first if need be.

    Raises MremapcheckError where it cannot be got.
    """
    folder = cache.writable("interpreters", platform.distribution, f"3.{sys.version_info.minor}")
    told = folder / "version"
    if told.exists():
        return folder / "root", told.read_text()
    line = Line(f"Python for {platform.distribution}")
    try:
        apt = Apt(platform.distribution)
        with apt.alone(lambda: line.say("waiting for another mremapcheck that fetches packages")):
            if not apt.is_fresh(_FRESH):
                line.say("getting lists of packages")
                apt.update(line.tick)
            line.say("looking for packages")
            minor, packages = choose(apt.packages(_PATTERN), sys.version_info.minor)
            shutil.rmtree(folder / "root", ignore_errors=True)
            for package in packages:
                line.say(f"getting {package.name}")
                _get(apt, package, folder)
        write_whole(told, f"3.{minor}".encode())
    finally:
        line.clear()
    return folder / "root", f"3.{minor}"


def choose(found: Iterable[Package], own: int) -> tuple[int, list[Package]]:
    """Return which Python 3 it is to be, the nearest to our own, and its packages, the newest of each.

    Raises AptError where there is none that is new enough.
    """
    newest: dict[str, Package] = {}
    for package in found:
        other = newest.get(package.name)
        if other is None or _order(package.version) > _order(other.version):
            newest[package.name] = package
    minors = [int(python[1]) for python in map(_PYTHON.fullmatch, newest) if python]
    minors = [minor for minor in minors if minor >= _OLDEST]
    if not minors:
        raise AptError("the distribution has no Python for guests of this platform", "is the mirror whole?")
    minor = min(minors, key=lambda minor: abs(minor - own))
    foreign = re.compile(rf"(lib)?python3\.(?!{minor}-)")
    return minor, [package for name, package in newest.items() if not foreign.match(name)]


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", version)]


def _get(apt: Apt, package: Package, folder: Path) -> None:
    """Download a package and unpack it into ``root`` in the folder."""
    file = folder / "package.deb"
    file.unlink(missing_ok=True)
    process: Popen[str] = apt.start_download(package, file)
    try:
        _, errors = process.communicate()
    except BaseException:
        give_up(process)
        raise
    if process.returncode != 0 or not file.exists():
        raise AptError(f"{package.name} could not be downloaded: {'; '.join(complaints(errors)) or errors.strip()}")
    with cache.writing(folder):
        unpack_package(file, folder / "root")
        file.unlink()


def take_foreign_apart(names: Iterable[str], platform: Platform) -> InterpreterParts:
    """Return what a platform's interpreter needs to import ``names`` of ours; raise MremapcheckError."""
    root, version = fetch_interpreter(platform)
    binary = Path(f"/usr/bin/python{version}")
    library = Path(f"/usr/lib/python{version}")
    ours = []
    wanted = list(_FIRST)
    for module in needed_modules(names):
        if module.name.partition(".")[0] == "mremapcheck":
            ours.append(module)
        else:
            wanted.append(module.name)
    modules, extensions = _closure(root, library, wanted)
    objects = [*extensions, *_libraries(root, [binary, *extensions])]
    return InterpreterParts(binary, (*ours, *modules), tuple(objects), root, version == f"3.{sys.version_info.minor}")


def _closure(root: Path, library: Path, wanted: list[str]) -> tuple[list[Module], list[Path]]:
    """Return the modules of the standard library that these import at once, and the extension modules."""
    modules: dict[str, Module | None] = {}
    extensions = []
    left = list(wanted)
    while left:
        name = left.pop()
        if name in modules:
            continue
        if "." in name:
            left.append(name.rpartition(".")[0])
        place = library / name.replace(".", "/")
        for file, package in ((place / "__init__.py", True), (place.with_suffix(".py"), False)):
            source = _below(root, file)
            if source.is_file():
                modules[name] = Module(name, file, package)
                left += _imported(source, name if package else name.rpartition(".")[0])
                break
        else:
            modules[name] = None  # it is built in, or there is none
            found = sorted(_below(root, library / "lib-dynload").glob(f"{name}.*.so"))
            extensions += [library / "lib-dynload" / file.name for file in found[:1]]
    return [module for module in modules.values() if module], extensions


def _imported(file: Path, package: str) -> Iterator[str]:
    """Yield what a module imports when it is imported itself, and what may be modules of that."""
    try:
        tree = ast.parse(file.read_bytes())
    except SyntaxError:
        return  # newer than the Python that runs here
    left: list[ast.AST] = list(tree.body)
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            yield name
            yield from (f"{name}.{alias.name}" for alias in node.names)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            left += ast.iter_child_nodes(node)


def _libraries(root: Path, files: Iterable[Path]) -> list[Path]:
    """Return the shared libraries that the files need, and the dynamic linker, where it is looked for."""
    there: dict[str, Path] = {}
    for file in root.rglob("*.so*"):
        there.setdefault(file.name, Path("/") / file.relative_to(root))
    found: dict[Path, None] = {}
    left = list(files)
    while left:
        data = _below(root, left.pop()).read_bytes()
        linker = elf.interpreter(data)
        for name in (*elf.needed(data), *([linker] if linker else [])):
            path = there.get(PurePosixPath(name).name)
            if path is None:
                raise ExecutorError(f"{name} is in none of the packages for guests", "remove the cache's interpreters/")
            if name == linker and str(path) != linker:
                place = _below(root, Path(linker))
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(_below(root, path).read_bytes())
                path = Path(linker)
            if path not in found:
                found[path] = None
                left.append(path)
    return list(found)


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")
