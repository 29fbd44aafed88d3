"""The manual: every topic is there, every example prints what its page says, every command line parses."""

from __future__ import annotations

import re
import shlex
import subprocess
from itertools import takewhile
from pathlib import Path

import pytest
import typer

from mremapcheck.cli.main import COMMANDS, build, call
from mremapcheck.cli.reference import PARTS, man_pages, topic_man_page, topic_page
from mremapcheck.compare.matrix import default_kernels
from mremapcheck.docs import filled, topics
from mremapcheck.executors.references import open_executor
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.scenario.operations import MREMAP_DONTUNMAP, MREMAP_FIXED, Mremap
from tests import shipped
from tests.docs.examples import MAN, PAGES, ROOT, agrees, blocks, contents, examples, prepare, run
from tests.test_layers import LEVELS
from tests.tools import tool

NAMES = [path.stem for path in PAGES]


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_examples_print_what_the_page_says(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    prepare(text, tmp_path)
    for _, block in blocks(text, "console"):
        for example in examples(block):
            printed = run(example.command, tmp_path)
            assert agrees(example.printed, printed), f"$ {example.command}\n{printed}"


def _words(line: str) -> list[str]:
    """Return the words of a command up to where another begins, or the quotes end that it stands in."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    try:
        return list(takewhile(lambda word: word[:1] not in tuple("|&;<>"), lexer))
    except ValueError:
        return _words(line[: line.rindex("'")])


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_command_lines_parse(path: Path) -> None:
    for _, block in blocks(path.read_text(encoding="utf-8"), "sh"):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            found = re.search(r"(?:^|[\s/])mremapcheck (\w.*)$", line)
            words = _words(found[1]) if found else []
            if words and words[0] in COMMANDS:
                command = typer.main.get_command(build(words[0]))
                command.get_command(None, words[0]).make_context(words[0], words[1:])  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", PAGES, ids=NAMES)
def test_parts_in_the_files_are_those_of_today(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == filled(text, PARTS), "`python -m tests.docs.examples` writes them"


def test_man_pages_are_those_of_the_manual() -> None:
    """After a page or a definition has changed, ``python -m tests.docs.examples`` makes them anew."""
    shipped = {str(path.relative_to(MAN)): path.read_text(encoding="utf-8") for path in MAN.glob("man*/*")}
    assert shipped == dict(man_pages())


@pytest.mark.parametrize("topic", topics())
def test_man_pages_are_well_formed(topic: str) -> None:
    roff = topic_man_page(topic)
    assert roff.startswith(".TH MREMAPCHECK")
    assert not re.search(r"<!-- [a-z-]+ -->", topic_page(topic)), "a part without its end"
    command = [tool("groff"), "-man", "-Tutf8", "-ww", "-z", "-k"]
    done = subprocess.run(command, input=roff, capture_output=True, text=True, check=True)
    assert not done.stderr


def test_commands_with_all_their_options_are_in_the_manual() -> None:
    text = topic_page("commands")
    for name in COMMANDS:
        command = typer.main.get_command(build(name)).get_command(None, name)  # type: ignore[attr-defined]
        section = text.partition(f"### mremapcheck {name}\n")[2].partition("\n### ")[0]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        dashed = {option for option in options if option.startswith("-")} - {"--help", "-h"}
        assert not [option for option in dashed if not re.search(rf"[`, ]{option}[`, ]", section)]


def test_help_shows_pages_and_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["help"]) == 0
    listed = capsys.readouterr().out
    assert all(topic in listed for topic in topics())
    assert max(map(len, listed.splitlines())) < 80
    assert call(["help", "verdicts"]) == 0
    assert "`partial`" in capsys.readouterr().out
    assert call(["help", "run"]) == 0
    assert "--kernel" in capsys.readouterr().out
    assert call(["help", "nothing"]) == 2


def test_every_topic_of_the_contract_is_there() -> None:
    contract = "scenario kernels verdicts classes bisect ci allocators reimplementers faults platforms contributing"
    assert set(contract.split()) <= set(topics())


def test_the_readme_links_every_page() -> None:
    assert contents() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_pages_name_only_topics_and_commands_that_are_there() -> None:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"mremapcheck help ([a-z]+)", text)
        assert set(named) <= {*topics(), *COMMANDS}
        assert not [name for name in re.findall(r"`mremapcheck ([a-z]+)[ `]", text) if name not in COMMANDS]


def test_ranges_hold_as_the_manual_says() -> None:
    section = topic_page("scenario").partition("## Ranges")[2]
    rows = re.findall(r"^\| `([^|]+)` \| ([^|]*) \| ([^|]*) \|$", section, re.MULTILINE)
    assert len(rows) > 5
    for ranges, *sides in rows:
        inside, outside = ([KernelVersion.parse(text) for text in side.split(", ") if text] for side in sides)
        for kernels in map(KernelRange.parse, ranges.split("`, `")):
            assert all(version in kernels for version in inside), ranges
            assert not any(version in kernels for version in outside), ranges


def test_packages_are_told_as_they_are() -> None:
    rows = topic_page("contributing").partition("| package |")[2].partition("\n\n")[0]
    told = set(re.findall(r"^\| `([a-z]+)/`", rows, re.MULTILINE)) | set(re.findall(r"`, `([a-z]+)/` \|", rows))
    assert told == {package for level in LEVELS for package in level}


def test_a_failing_call_without_fixed_has_changed_nothing() -> None:
    """That is what the page for allocators promises."""
    scenarios = shipped.scenarios()
    plain = [scenario for scenario in scenarios if any(map(_is_plain, scenario.script))]
    assert len(plain) > 50
    for reference in (kernel for kernel in default_kernels() if "rc" not in kernel):
        with open_executor(reference) as executor:
            for scenario, execution in zip(plain, executor.run(plain), strict=True):
                moves = [step for step in scenario.script if isinstance(step, Mremap)]
                seen = execution.outcome.moves if execution.outcome else ()
                changed = [move for step, move in zip(moves, seen, strict=False) if _is_plain(step) and move.errno]
                assert all(move.verdict == "refused" for move in changed), f"{reference}: {scenario.name}"


def _is_plain(step: object) -> bool:
    return isinstance(step, Mremap) and not step.flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)
