"""The manual: every topic is there, every example prints what its page says, every command line parses."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer

from mremapcheck.cli.main import COMMANDS, build, call
from mremapcheck.docs import page, topics
from mremapcheck.docs.roff import man_page
from tests.docs.examples import PAGES, agrees, blocks, examples, prepare, run

NAMES = [path.stem for path in PAGES]


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_examples_print_what_the_page_says(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    prepare(text, tmp_path)
    for _, block in blocks(text, "console"):
        for example in examples(block):
            printed = run(example.command, tmp_path)
            assert agrees(example.printed, printed), f"$ {example.command}\n{printed}"


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_command_lines_parse(path: Path) -> None:
    for _, block in blocks(path.read_text(encoding="utf-8"), "sh"):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            found = re.search(r"(?:^|[\s/])mremapcheck (\w.*?)(?: *(?:[|;&#]|\d?>).*)?['\")]*$", line)
            words = shlex.split(found[1]) if found else []
            if words and words[0] in COMMANDS:
                command = typer.main.get_command(build(words[0]))
                command.get_command(None, words[0]).make_context(words[0], words[1:])  # type: ignore[attr-defined]


@pytest.mark.parametrize("topic", topics())
def test_pages_become_man_pages(topic: str) -> None:
    roff = man_page(page(topic), f"mremapcheck-{topic}", 7)
    assert roff.startswith(f".TH MREMAPCHECK-{topic.upper()} 7")
    if shutil.which("groff") is None:
        return
    command = ["groff", "-man", "-Tutf8", "-ww", "-z"]
    done = subprocess.run(command, input=roff, capture_output=True, text=True, check=True)
    assert not done.stderr


def test_help_shows_pages_and_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["help"]) == 0
    listed = capsys.readouterr().out
    assert all(topic in listed for topic in topics())
    assert call(["help", "verdicts"]) == 0
    assert "`partial`" in capsys.readouterr().out
    assert call(["help", "run"]) == 0
    assert "--kernel" in capsys.readouterr().out
    assert call(["help", "nothing"]) == 2


def test_nothing_on_a_page_waits_for_a_part() -> None:
    assert not [topic for topic in topics() if "<!--" in page(topic)]
