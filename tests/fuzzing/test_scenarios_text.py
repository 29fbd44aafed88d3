"""A scenario whose every text is hostile, through each command that writes another language."""

from __future__ import annotations

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import pytest
from markdown_it import MarkdownIt

from mremapcheck.cli.main import call
from tests.fuzzing import hostile

#: What the issue that asked for this began with: the comment ends by a joined line, and the rest is compiled.
SPLICED = "a *\\\n/\n__attribute__((constructor)) static void evil(void){}\n/\\\n*"


def _file(folder: Path, text: str) -> str:
    """Write a scenario that has the text wherever text is free, and hostile ASCII where that is asked for."""
    document = {
        "summary": (text[:190] or "x").strip() or "x",
        "about": text.strip() or "x",
        "cite": [text[:190].strip() or "x"],
        "map": {"src": "AA", "dst": ".."},
        "vmas": {"A": {"name": '*/??/evil"'.replace('"', "'")}},
        "moves": [{"old_address": "src", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
        "expect": [{"kernel": "*", "errno": "EFAULT"}],
    }
    path = folder / "case.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return str(path)


def _texts() -> list[str]:
    whole = (hostile.text(Random(f"scenario {number}")) for number in range(400))
    return [SPLICED, *[text for text in whole if hostile.EVIL in text and not re.search("[\ud800-\udfff]", text)][:40]]


@pytest.mark.parametrize("command", [["export", "--c"], ["pack"]])
def test_nothing_of_it_is_compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    sources = []
    for number, text in enumerate(_texts()):
        assert call([*command, _file(tmp_path, text)]) == 0
        source = tmp_path / f"{number}.c"
        source.write_text(capsys.readouterr().out, encoding="utf-8")
        sources.append(source)
    for dialect in (["-std=c11", "-trigraphs", "-D_GNU_SOURCE"], ["-std=gnu17"]):
        for source in sources:
            done = subprocess.run(["cc", *dialect, "-E", "-P", source], capture_output=True, text=True, check=True)
            code = re.sub(r'"(?:[^"\\\n]|\\.)*"', "", done.stdout)
            assert hostile.EVIL not in code
    subprocess.run(["cc", "-std=gnu17", "-fsyntax-only", "-Wcomment", "-Werror", *sources[:8]], check=True)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen |= {tag, *(name for name, _ in attrs)}
        assert not any((value or "").startswith("javascript:") for _, value in attrs)


def test_nothing_of_it_is_markup_or_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parse = MarkdownIt("commonmark", {"html": True}).enable("table").parse
    plain = _file(tmp_path, "A mapping that is moved")
    assert call(["catalogue", "--format", "html", plain]) == 0
    tags = _Tags()
    tags.feed(capsys.readouterr().out)
    for text in _texts():
        path = _file(tmp_path, text)
        assert call(["catalogue", "--format", "html", path]) == 0
        found = _Tags()
        found.feed(capsys.readouterr().out)
        assert found.seen <= tags.seen
        for arguments in (["catalogue", path], ["run", "--kernel", "6.17", "--format", "markdown", path]):
            assert call(arguments) in (0, 1)
            kinds = {
                child.type
                for token in parse(capsys.readouterr().out)
                for child in [token, *(token.children or [])]
                if child.type not in ("html_inline",) or child.content != "<br>"
            }
            assert not kinds & {"html_inline", "html_block", "image"}
        for look in ("table", "ktap", "junit"):
            assert call(["run", "--kernel", "6.17", "--color", "always", "--format", look, path]) == 1
            said = re.sub(r"\x1b\[(?:0|1|2|32|33|31;1)m", "", capsys.readouterr().out)
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]", said)
            assert look != "ktap" or len(re.findall(r"(?m)^(?:not )?ok ", said)) == 1
