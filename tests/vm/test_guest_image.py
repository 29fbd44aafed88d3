from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.executors.vm import guest_image as module
from mremapcheck.executors.vm import interpreter
from mremapcheck.executors.vm.guest_image import guest_image
from mremapcheck.executors.vm.images import cache
from tests.vm.test_cpio import read


@pytest.fixture(autouse=True)
def _private_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def files() -> list[Path]:
    return sorted(cache.folder("guest").iterdir())


def test_it_holds_the_interpreter_its_library_and_the_program() -> None:
    image = guest_image()
    entries = {name: data for name, _, data, _ in read(image.data)}
    binary = interpreter.executable()
    assert image.init == str(binary)
    assert entries[str(binary).lstrip("/")].startswith(b"\x7fELF")
    assert "opt/mremapcheck/mremapcheck/executors/vm/guest.pyc" in entries
    assert "opt/mremapcheck/mremapcheck/executors/live/runner.pyc" in entries
    names = {name.rpartition("/")[2] for name in entries}
    assert {"os.pyc", "console", "urandom", "disk.img", "start.pyc"} <= names
    assert any(name.startswith("libc.so") for name in names) or any("ld-musl" in name for name in names)
    assert not [name for name in names if name.endswith(".py")], "everything is compiled"
    outsiders = {"typer", "yaml", "rich", "click", "pathlib.pyc", "dataclasses.pyc", "inspect.pyc"}
    if "_colorize.pyc" in names:  # since 3.14 traceback, which is loaded for errors only, brings them along
        outsiders -= {"dataclasses.pyc", "inspect.pyc"}
    assert not outsiders & {part for name in entries for part in name.split("/")}, "what costs every boot time"
    assert len(image.data) < 32 << 20


def test_what_it_holds_runs_without_anything_else(tmp_path: Path) -> None:
    """As an ordinary process cannot change its root, only the library is looked for inside the image."""
    root = tmp_path / "root"
    for name, mode, data, _ in read(guest_image().data):
        path = root / name
        if mode & 0o170000 == 0o100000:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    home = root / interpreter.executable().parent.parent.relative_to("/")
    library = root / Path(os.__file__).resolve().parent.relative_to("/")
    code = "import sys, mremapcheck.executors.vm.guest, traceback, socket, termios"
    code += "; print([m.__file__ for m in sys.modules.values()"
    code += " if getattr(m, '__file__', None)])"
    paths = [str(root / "opt/mremapcheck"), str(library), str(library / "lib-dynload")]
    done = subprocess.run(
        [interpreter.executable(), "-S", "-B", "-c", f"import sys; sys.path[:] = {paths}; {code}"],
        capture_output=True,
        text=True,
        env={"PYTHONHOME": str(home)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(path.startswith(str(root)) for path in eval(done.stdout)), done.stdout


def test_it_is_built_once() -> None:
    first = guest_image()
    stamps = [path.stat().st_mtime_ns for path in files()]
    assert len(stamps) == 2
    assert guest_image() == first
    assert [path.stat().st_mtime_ns for path in files()] == stamps


@pytest.mark.parametrize("damage", ["image", "manifest", "input", "builder", "truncated manifest"])
def test_it_is_built_anew_when_anything_changed(damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = guest_image()
    kept, manifest = files()
    if damage == "image":
        kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    elif damage == "manifest":
        manifest.unlink()
    elif damage == "truncated manifest":
        manifest.write_bytes(manifest.read_bytes()[:50])
    else:
        facts = json.loads(manifest.read_bytes())
        changed = interpreter.__file__ if damage == "builder" else next(iter(facts["inputs"]))
        assert changed in facts["inputs"]
        facts["inputs"][changed] = [0, 0, 0]
        manifest.write_text(json.dumps(facts))
    again = guest_image()
    # The interpreter's own marshal does not always write the same bytes for the same code.
    assert [entry[:2] for entry in read(again.data)] == [entry[:2] for entry in read(first.data)]
    monkeypatch.setattr(module, "take_apart", lambda names: pytest.fail("it is kept again"))
    assert guest_image() == again


def test_it_does_without_a_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(guest_image().data) > 1 << 20


def test_an_interpreter_that_does_not_know_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_base_executable", "", raising=False)
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ExecutorError, match="does not know where it is"):
        guest_image()


def test_an_interpreter_that_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_base_executable", "/bin/false", raising=False)
    with pytest.raises(ExecutorError, match="cannot be packed for a guest"):
        guest_image()
