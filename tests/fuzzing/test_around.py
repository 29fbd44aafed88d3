"""Nothing goes around the functions of ``mremapcheck.base.text``: only there is another language written."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import mremapcheck

ROOT = Path(mremapcheck.__file__).parent
#: What writes a language, by its full name -> the modules that may use it.
WRITERS = {
    "html.escape": {"base/text/html.py"},
    "xml.etree.ElementTree.tostring": {"base/text/xml.py"},
    "xml.sax.saxutils.escape": set[str](),
    "yaml.dump": set(),
    "yaml.safe_dump": set(),
    "sys.stdout.write": {"cli/output.py", "cli/bash.py"},  # the latter what typer has written for bash
    "shlex.quote": {"base/text/shell.py"},
    "shlex.join": set(),
    "print": set(),
}
#: Standard error is for ``tell`` and for the lines of progress, which are no file's words.
STDERR = {"tell", "draw", "hide", "main"}
#: Code that runs in a guest or writes a program of ours for an interpreter: its output is read by us.
OURS = ("live/", "executors/live/", "guest", "interpreter.py")


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what the names of a module stand for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _used(tree: ast.Module) -> Iterator[str]:
    imported = _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            head, dot, rest = _dotted(node).partition(".")
            yield imported.get(head, head) + dot + rest


def test_languages_are_written_in_one_place() -> None:
    found = {
        (name, path)
        for path, tree in _modules()
        for name in set(_used(tree)) & WRITERS.keys()
        if path not in WRITERS[name] and not any(ours in path for ours in OURS)
    }
    assert not found


def test_standard_error_is_written_by_tell_and_by_progress() -> None:
    found = []
    for path, tree in _modules():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name not in STDERR:
                found += [
                    f"{path}:{node.lineno}"
                    for node in ast.walk(function)
                    if isinstance(node, ast.Attribute) and _dotted(node) == "sys.stderr.write"
                ]
    assert not [place for place in found if not any(ours in place for ours in OURS)]


def test_a_comment_in_c_is_never_put_together_by_hand() -> None:
    """No f-string of the exporters has the beginning of a comment and a text from outside in it."""
    found = []
    for path, tree in _modules():
        if "export/" not in path:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                said = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
                for before, inside in pairwise(said):
                    if inside is None and isinstance(before, str) and "/*" in before.rpartition("*/")[2]:
                        found.append(f"{path}:{node.lineno}")
    assert not found
