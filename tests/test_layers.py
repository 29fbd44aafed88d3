"""The architecture: packages stand on levels, each uses only lower ones, and no module imports itself by way of others.

Imports inside functions and those that only type checkers see count like all others.
"""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "mremapcheck"

#: From the bottom to the top; a package may import itself and what stands on lower levels.
LEVELS = (
    ("base",),
    ("linux",),
    ("scenario",),
    ("outcome",),
    ("executors",),
    ("compare",),
    ("campaign", "convert", "docs", "report"),
    ("cli",),
)
#: Packages at the bottom of another, and all that they may import besides themselves.
INNER = {
    "mremapcheck.linux.platforms": ("mremapcheck.base",),
    "mremapcheck.linux.versions": ("mremapcheck.base", "mremapcheck.linux.platforms"),
    "mremapcheck.scenario.kinds": ("mremapcheck.base", "mremapcheck.linux"),
}
#: Within ``executors``: who runs scenarios knows the protocol only; ``references`` knows them all.
EXECUTORS = (
    ("protocol", "process_pool"),
    ("live", "model", "judge", "parallel", "recorded", "sweep"),
    ("remote",),
    ("vm", "via"),
    ("references",),
)


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {_name(path): path for path in ROOT.rglob("*.py")}


def imports(module: str) -> set[str]:
    """Return the modules of ours that a module imports anywhere in its text."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else str(node.module) for name in below}
    return found & set(MODULES)


GRAPH = {module: imports(module) for module in MODULES}


def test_no_module_imports_itself_by_way_of_others() -> None:
    try:
        TopologicalSorter(GRAPH).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(
    ("package", "levels"),
    [("mremapcheck", LEVELS), ("mremapcheck.executors", EXECUTORS)],
    ids=["packages", "executors"],
)
def test_packages_use_only_lower_levels(package: str, levels: tuple[tuple[str, ...], ...]) -> None:
    level = {f"{package}.{name}": height for height, names in enumerate(levels) for name in names}
    depth = package.count(".") + 2

    def part(module: str) -> str:
        return ".".join(module.split(".")[:depth])

    inside = [
        module for module in MODULES if module.startswith(f"{package}.") and part(module) != f"{package}.__main__"
    ]
    assert {part(module) for module in inside} == set(level)
    upwards = [
        f"{module} imports {other}"
        for module in inside
        for other in GRAPH[module]
        if part(other) in level and part(other) != part(module) and level[part(other)] >= level[part(module)]
    ]
    assert not upwards


@pytest.mark.parametrize("package", INNER)
def test_inner_packages_use_only_what_is_below_them(package: str) -> None:
    def within(module: str, packages: tuple[str, ...]) -> bool:
        return any(f"{module}.".startswith(f"{each}.") for each in packages)

    inside = [module for module in MODULES if within(module, (package,))]
    assert inside
    assert not [
        f"{module} imports {other}"
        for module in inside
        for other in GRAPH[module]
        if not within(other, (package, *INNER[package]))
    ]
