"""Each kind of file that is read, mutated: it is read, or it is refused with a message; anything else is a bug."""

from __future__ import annotations

import contextlib
import functools
import json
import lzma
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.base.text import yaml
from mremapcheck.convert.strace.collect import scenarios
from mremapcheck.executors.judge import judge_all
from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.executors.vm import acceleration
from mremapcheck.executors.vm.images import known
from mremapcheck.executors.vm.images.image import open_image
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.loader import load_bytes
from tests.fuzzing import hostile
from tests.fuzzing.called import REFUSED, called
from tests.fuzzing.mutate import SPELLED, crossed, deep_json, mutated_bytes, mutated_data, respelled
from tests.images import factories
from tests.strace.reading import collect

KERNELS = ("5.10", "6.1", "6.12", "6.16", "6.17-rc1", "6.17", "7.1", "7.3")
_DATA = Path(__file__).parent.parent / "data"


@functools.cache
def _shipped() -> list[Path]:
    return sorted(shipped().rglob("*.yaml"))


@functools.cache
def _documents(path: Path) -> list[Any]:
    return [scenario.document for scenario in load_bytes(path.read_bytes(), str(path)).scenarios]


def _json(random: Random, data: Any, most: int = 3) -> str:
    text = json.dumps(mutated_data(random, data, most))
    if random.random() < 0.02:
        return deep_json(text, random)
    if random.random() < 0.1:
        return mutated_bytes(random, text.encode()).decode("utf-8", "replace")
    return text


@functools.cache
def _words() -> list[str]:
    """Return what scenarios are written with: each word, number and drawing of those that are shipped."""
    text = "\n".join(path.read_text("utf-8") for path in _shipped())
    return sorted(set(re.findall(SPELLED, text)))


def _changed(random: Random) -> tuple[bytes, bool]:
    """Return a shipped scenario that is no longer what it was, and whether it is JSON."""
    path = random.choice(_shipped())
    most = random.choice((1, 1, 1, 3, 6))
    way = random.randrange(4)
    if way == 0:
        return mutated_bytes(random, path.read_bytes(), most), False
    if way == 1:
        return respelled(random, path.read_text("utf-8"), _words(), most).encode(), False
    document = random.choice(_documents(path))
    if way == 2:
        return _json(random, document, most).encode("utf-8", "replace"), True
    other = random.choice(_documents(random.choice(_shipped())))
    return json.dumps(crossed(random, document, other, most)).encode(), True


def scenario(random: Random, folder: Path) -> str:
    """Mutate a shipped scenario, as text or as data; what loads is run by a model, judged and drawn."""
    content, as_json = _changed(random)
    loaded = load_bytes(content, f"{hostile.text(random)}.yaml", as_json)
    for problem in loaded.problems:
        str(problem)
    if not loaded.scenarios:
        return REFUSED
    with ModelExecutor(resolve(random.choice(KERNELS))) as executor:
        for result in judge_all(executor, loaded.scenarios):
            json.dumps(result.to_json())
    return "loaded and run"


def whole(random: Random, folder: Path) -> str:
    """Mutate a shipped scenario, and let commands that write other languages have it."""
    content, as_json = _changed(random)
    path = folder / f"case.{'json' if as_json else 'yaml'}"
    path.write_bytes(content)
    command = random.choice(
        (
            *(("run", "--kernel", "6.17", "--format", look) for look in ("table", "json", "ktap", "junit", "markdown")),
            *(("since",), ("lint",), ("show",), ("export",), ("pack",), ("expect",), ("expect", "--check")),
        )
    )
    return called(*command, str(path))[0]


#: Few, since each is loaded again for every input; of these kernels the first does otherwise with one of them.
_FEW = [str(shipped() / "shrink" / f"{name}.yaml") for name in ("shrink-starts-in-a-hole", "no-op-over-holes")]
_PAIR = ("--kernel", "5.17", "5.18")


@functools.cache
def _recordings() -> list[dict[str, Any]]:
    """Return what kernels did with the few scenarios."""
    names = {Path(path).stem for path in _FEW}
    recordings = []
    for path in sorted((_DATA / "recorded").glob("*.json.xz"))[::6]:
        with lzma.open(path, "rt", encoding="utf-8") as file:
            document = json.load(file)
        document["results"] = [result for result in document["results"] if result["scenario"] in names]
        recordings.append(document)
    return recordings


def recording(random: Random, folder: Path) -> str:
    """Mutate a recording, and compare a model with it in any format."""
    text = _json(random, random.choice(_recordings()), random.choice((1, 1, 3)))
    path = folder / random.choice(("kept.json", "kept.json.xz"))
    content = text.encode("utf-8", "replace")
    if path.suffix == ".xz":
        content = lzma.compress(content, preset=0)
        if random.random() < 0.3:
            content = mutated_bytes(random, content)
    path.write_bytes(content)
    look = random.choice(("table", "json", "ktap", "junit", "markdown"))
    words = ("--kernel", "6.17", f"recorded:{path}", "--format", look, "--color", "always")
    return called("compare", *_FEW, *words)[0]


@functools.cache
def _baseline() -> dict[str, Any]:
    """Return a baseline that accepts what differs in a few scenarios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "baseline.json")
        called("compare", *_FEW, *_PAIR, "--baseline", str(path))
        accepted: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return accepted


def baseline(random: Random, folder: Path) -> str:
    """Mutate what was accepted before, and compare again."""
    path = folder / "baseline.json"
    path.write_bytes(_json(random, _baseline()).encode("utf-8", "replace"))
    look = random.choice(("table", "json", "ktap", "junit", "markdown"))
    return called("compare", *_FEW, *_PAIR, "--baseline", str(path), "--format", look)[0]


@functools.cache
def _state() -> dict[str, Any]:
    """Return the state of a finished campaign with a few groups."""
    with tempfile.TemporaryDirectory() as folder:
        bounds = "mappings=2,pages=1,gap=0,kinds=anon"
        called(
            *("enumerate", "--kernel", "6.16", "--against", "6.17", "--bound", bounds, "--jobs", "1", "--out", folder)
        )
        state: dict[str, Any] = json.loads(Path(folder, "state.json").read_text("utf-8"))
    return state


def state(random: Random, folder: Path) -> str:
    """Mutate the state of a campaign, and go on from it."""
    state = folder / "campaign" / "state.json"
    state.parent.mkdir(exist_ok=True)
    original = _state()
    parts = mutated_data(random, {key: original[key] for key in ("summary", "groups")}, 2)
    whole = random.random() < 0.2 or not isinstance(parts, dict)
    text = _json(random, original) if whole else json.dumps({**original, **parts})
    state.write_bytes(text.encode("utf-8", "replace"))
    code, _ = called(
        *("enumerate", "--kernel", "6.16", "--against", "6.17", "--bound", "mappings=2,pages=1,gap=0,kinds=anon"),
        *("--jobs", "1", "--resume", "--out", str(state.parent), "--format", random.choice(("json", "table"))),
    )
    assert not list(folder.parent.glob("*.yaml"))  # no name leads out of the folder
    return code if code == REFUSED else "taken up"


@functools.cache
def _logs() -> list[bytes]:
    return [path.read_bytes() for path in sorted(_DATA.glob("*.log"))]


def log(random: Random, folder: Path) -> str:
    """Mutate a log of strace; the scenarios of what is left of it load."""
    content = mutated_bytes(random, random.choice(_logs()), 20)
    collection = collect(content.decode("utf-8", "replace").splitlines(keepends=True), "a.log")
    found = scenarios(collection, "a.log", "a")
    for each in found:
        loaded = load_bytes(yaml.document({"name": each.name, **each.document}).encode(), "a.yaml")
        assert loaded.scenarios and not loaded.problems, loaded.problems
    return "scenarios" if found else "no scenario"


@functools.cache
def _images() -> dict[str, list[bytes]]:
    import gzip
    import struct

    kernel = factories.vmlinux()
    packed = [kernel, gzip.compress(kernel), lzma.compress(kernel)]
    images = [factories.bzimage(payload=each + struct.pack("<I", len(kernel))) for each in packed]
    files = {"./boot/vmlinuz-6.17": images[1], "./usr/share/doc/x": b"text" * 100}
    packages = [
        factories.deb(files),
        factories.deb(files, gzip.compress, ".gz"),
        factories.deb(files, lzma.compress, ".xz"),
    ]
    packages += [factories.rpm(files), factories.rpm(files, gzip.compress)]
    return {"image": [*images, kernel, factories.flat()], "package": packages}


def _opened(random: Random, folder: Path, kind: str) -> str:
    path = folder / "kernel"
    path.write_bytes(mutated_bytes(random, random.choice(_images()[kind])))
    try:
        image = open_image(path)
        image.vmlinux()
        with contextlib.suppress(MremapcheckError):
            str(image.version)
    except MremapcheckError as error:
        assert str(error)
        return REFUSED
    return "a kernel"


def image(random: Random, folder: Path) -> str:
    """Mutate a kernel image."""
    return _opened(random, folder, "image")


def package(random: Random, folder: Path) -> str:
    """Mutate a package with a kernel in it."""
    return _opened(random, folder, "package")


_REMEMBERED: dict[str, dict[str, Any]] = {
    "kernels/6.17/image.json": {
        "kind": "bzimage",
        "release": "6.17.1",
        "banner": "(a@b) #1 SMP",
        "origin": "a.deb",
        "digest": "0123456789abcdef0123456789abcdef",
    },
    "boots/0123456789abcdef0123456789abcdef.json": {
        "profile": "fast",
        "accelerator": "tcg",
        "seconds": 5.4,
        "release": "6.17.1",
        "channel": "serial",
        "failures": 1,
    },
    "acceleration.json": {"key": "", "kvm": True},
}


def cache(random: Random, folder: Path) -> str:
    """Mutate what is remembered of kernels; a list of them is given all the same, and nothing is refused."""
    for name, facts in _REMEMBERED.items():
        path = folder / "mremapcheck" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_json(random, facts).encode("utf-8", "replace"))
    with contextlib.ExitStack() as stack:
        stack.enter_context(_environment("XDG_CACHE_HOME", str(folder)))
        found = known.all_known()
        acceleration.known("/nowhere")
        code, _ = called("kernels", "--format", random.choice(("table", "json", "markdown")))
    assert code == "answered", code
    return "remembered" if found else "forgotten"


@contextlib.contextmanager
def _environment(name: str, value: str) -> Any:
    import os

    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


KINDS: dict[str, Callable[[Random, Path], str]] = {
    each.__name__: each for each in (scenario, whole, recording, baseline, state, log, image, package, cache)
}
