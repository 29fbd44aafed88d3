"""What a shell completes: the words that a command takes, by the protocol of typer's own shell scripts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from mremapcheck.cli.main import build, call
from mremapcheck.executors.model.registry import CHANGES
from tests.tools import tool


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache with one known kernel."""
    folder = tmp_path / "mremapcheck" / "kernels" / "6.17.13+mine"
    folder.mkdir(parents=True)
    (folder / "kernel").write_bytes(b"MZ")
    facts = {"kind": "bzimage", "release": "6.17.13+mine", "banner": "", "origin": "x", "digest": "0" * 32}
    (folder / "image.json").write_text(json.dumps(facts))
    return tmp_path


def completed(line: str, cache: Path) -> list[str]:
    """Return what bash would offer for the last word of the line."""
    words = line.split(" ")
    shell = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1), "_MREMAPCHECK_COMPLETE": "complete_bash"}
    environment = {**os.environ, **shell, "XDG_CACHE_HOME": str(cache)}
    program = [
        sys.executable,
        "-c",
        "import sys; sys.argv[0] = 'mremapcheck'; from mremapcheck.__main__ import main; main()",
    ]
    done = subprocess.run(program, capture_output=True, text=True, env=environment, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    "line", ["run --kernel ", "compare --kernel 6.16 --kernel ", "matrix --kernel ", "fuzz --against ", "identify "]
)
def test_kernels_are_completed(line: str, cache: Path) -> None:
    offered = completed(f"mremapcheck {line}", cache)
    assert {"live", "5.4", "6.12", "6.17-rc1", "6.17-rc3", "6.17", "vm:6.17.13+mine", "vm:all"} <= {*offered}
    assert offered.index("6.17-rc1") < offered.index("6.17")


def test_platforms_and_schemas(cache: Path) -> None:
    assert completed("mremapcheck run --kernel 6.17@arm64-", cache) == ["6.17@arm64-16k", "6.17@arm64-64k"]
    assert completed("mremapcheck schema fa", cache) == ["faults"]


def test_the_second_of_two_kernels_and_then_files(cache: Path) -> None:
    assert completed("mremapcheck compare --kernel 6.16 6.17-rc", cache) == ["6.17-rc1", "6.17-rc3", "6.17-rc6"]
    assert completed("mremapcheck compare --kernel 6.16 6.17 6.1", cache) == []
    assert "6.18" in completed("mremapcheck matrix --kernel 6.16 6.17 6.1", cache)
    assert completed("mremapcheck run --kernel 6.16 6.1", cache) == []


def test_scenarios_changes_and_images_by_name(cache: Path, tmp_path: Path) -> None:
    assert "uffd-first" in completed("mremapcheck run --only uffd-f", cache)
    (tmp_path / "mine.yaml").write_text(
        'name: so-mine\nsummary: x\nmap: {src: "A"}\nmoves: [{old_address: src, old_size: 1p, flags: MAYMOVE}]\n'
    )
    assert completed(f"mremapcheck run {tmp_path / 'mine.yaml'} --only s", cache) == ["so-mine"]
    assert completed("mremapcheck changes ", cache) == [change.id for change in CHANGES]
    assert completed("mremapcheck kernels remove ", cache) == ["6.17.13+mine"]
    assert completed("mremapcheck kernels path 6", cache) == ["6.17.13+mine"]
    assert completed("mremapcheck kernels add ", cache) == []


def test_changes_where_a_kernel_is_asked_for_them(cache: Path) -> None:
    assert completed("mremapcheck identify live early-f", cache) == ["early-failure"]
    assert completed("mremapcheck run --kernel 6.16+early-f", cache) == ["6.16+early-failure"]
    assert completed("mremapcheck run --kernel 6.16+multi-vma-move+early-f", cache) == [
        "6.16+multi-vma-move+early-failure"
    ]
    assert {"vm:6.17.13+mine", "vm:6.17.13+multi-vma-move"} <= {
        *completed("mremapcheck run --kernel vm:6.17.13+m", cache)
    }


def test_topics_and_versions(cache: Path) -> None:
    assert completed("mremapcheck help verd", cache) == ["verdicts"]
    assert completed("mremapcheck help recor", cache) == ["recording", "record"]
    assert "6.12" in completed("mremapcheck pack --as 6.1", cache)
    assert completed("mremapcheck pack --as li", cache) == []


def test_every_command_that_takes_a_kernel_completes_it() -> None:
    program: Any = typer.main.get_command(build())
    for name, command in program.commands.items():
        for param in command.params:
            if {"--kernel", "--against"} & {*param.opts}:
                offered = [item.value for item in param.shell_complete(command.context_class(command), "6.1")]
                assert "6.12" in offered, name


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["--kernel", "6.17", "@", "arm64-"], ["@arm64-16k", "@arm64-64k"]),
        (["--kernel", "6.17", "@"], ["@x86-64", "@arm64", "@arm64-16k", "@arm64-64k"]),
        (["--kernel", "vm", ":", "6"], ["6.17.13+mine"]),
        (["--kernel", "vm", ":"], ["6.17.13+mine", "all"]),
        (["--kernel", "=", "vm", ":", "6"], ["6.17.13+mine"]),
        (["--kernel", "=", "6.17-r"], ["6.17-rc1", "6.17-rc3", "6.17-rc6"]),
        (["--kernel", "6.17@arm64-"], ["6.17@arm64-16k", "6.17@arm64-64k"]),  # without @ in COMP_WORDBREAKS
        (["--kernel", "vm:6"], ["vm:6.17.13+mine"]),
    ],
)
def test_bash_is_offered_what_it_replaces(words: list[str], offered: list[str], cache: Path) -> None:
    program = cache / "mremapcheck-here"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m mremapcheck "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(_MREMAPCHECK_COMPLETE=source_bash "$0")"\n'
        'COMP_WORDS=(mremapcheck run "$@") COMP_CWORD=$(($# + 1))\n'
        '_mremapcheck_completion "$0"\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        [tool("bash"), "--norc", "-c", script, str(program), *words],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        check=True,
    )
    assert done.stdout.split() == offered, done.stderr


@pytest.mark.parametrize(
    "shell", [{}, {"COMP_WORDS": "mremapcheck\nru"}, {"COMP_CWORD": "-1"}, {"COMP_CWORD": "x" * 5000}]
)
def test_what_bash_does_not_say(shell: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_MREMAPCHECK_COMPLETE": "complete_bash", **shell}.items():
        monkeypatch.setenv(name, value)
    assert call([]) == 0
