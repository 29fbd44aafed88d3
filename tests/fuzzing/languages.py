"""Each language that is written, read back by its own parser or compiler: text has to come out as text."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import yaml as pyyaml
from markdown_it import MarkdownIt

from mremapcheck.base.text import c, html, ktap, markdown, shell, terminal, xml, yaml
from mremapcheck.scenario.plain import read_yaml
from tests.fuzzing import hostile

#: Dialects and compilers' options that make most of what a comment or a literal might hold.
_DIALECTS = (("-std=c11", "-trigraphs"), ("-std=gnu17",), ("-std=c99", "-pedantic"))
_WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-trigraphs")


def c_texts(texts: Sequence[str], dialect: tuple[str, ...] = _DIALECTS[0]) -> None:
    """Compile a program with each text in a comment and in a string; what it says of the strings is what was put in."""
    lines = ["#include <stdio.h>", "#include <string.h>", "int main(void)", "{", "\tint right = 0;"]
    for index, text in enumerate(texts):
        said = text.encode("utf-8", "replace")
        lines += c.comment([text, *text.splitlines()])
        bytes_ = ", ".join(f"(char)0x{byte:02x}" for byte in (*said, 0))
        lines += [
            f"\tstatic const char want_{index}[] = {{ {bytes_} }}; {c.short_comment(text)}",
            f"\tstatic const char is_{index}[] = {c.string(text)};",
            f"\tright += sizeof(is_{index}) == sizeof(want_{index})",
            f"\t\t&& !memcmp(is_{index}, want_{index}, sizeof(is_{index}));",
        ]
    lines += [f'\tprintf("%d\\n", right - {len(texts)});', "\treturn 0;", "}"]
    with tempfile.TemporaryDirectory() as folder:
        source, program = Path(folder, "text.c"), Path(folder, "text")
        source.write_text("\n".join(lines) + "\n", encoding="utf-8")
        done = subprocess.run(
            ["cc", *dialect, *_WARNINGS, "-o", program, source], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "0\n"


def c_many(random: Random) -> None:
    """Compile fifty texts in one of the dialects."""
    c_texts([hostile.text(random) for _ in range(50)], random.choice(_DIALECTS))


def yaml_text(random: Random) -> None:
    """Read a document back by PyYAML, in Python and in C, and by the reader of scenarios."""
    text = hostile.text(random).encode("utf-8", "replace").decode()
    key = hostile.text(random).encode("utf-8", "replace").decode()
    document: dict[str, Any] = {"summary": text, "map": {"src": text}, "vmas": {"A": {"name": text}}}
    document |= {key: [text, 1, True, {key: text}], "moves": [{"a": text, key: key}], "expect": [{key: text}]}
    written = "".join(f"{line}\n" for line in yaml.comment(text)) + yaml.document(document)
    for loader in (pyyaml.SafeLoader, getattr(pyyaml, "CSafeLoader", pyyaml.SafeLoader)):
        assert pyyaml.load(written, loader) == document, written
    (read,), mistake = read_yaml(written)
    assert mistake is None and not read.mistakes and read.data == document, written


def xml_text(random: Random) -> None:
    """Read an attribute and a text back by expat; only what XML does not know is missing."""
    text = hostile.text(random)
    root = ElementTree.Element("a", b=text)
    ElementTree.SubElement(root, "c").text = text
    read = ElementTree.fromstring(xml.document(root).encode("utf-8"))
    known = re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    lines = known.replace("\r\n", "\n").replace("\r", "\n")
    assert [element.tag for element in read.iter()] == ["a", "c"]
    assert (read.get("b") or "").replace("\r", "\n").replace("\n\n", "\n") == known.replace("\r", "\n").replace(
        "\n\n", "\n"
    )
    assert (read[0].text or "") in (lines, known), (read[0].text, known)


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.seen and isinstance(self.seen[-1], list):
            self.seen[-1][0] += data
        else:
            self.seen.append([data])

    def handle_comment(self, data: str) -> None:
        self.seen.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.seen.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.seen.append(("instruction", data))

    def unknown_decl(self, data: str) -> None:
        self.seen.append(("unknown", data))


def html_text(random: Random) -> None:
    """Read an element with an attribute and an address back."""
    text = hostile.text(random)
    parser = _Html()
    parser.feed(f'<p title="{html.escape(text)}"><a href="{html.target(text)}">x{html.escape(text)}</a></p>')
    parser.close()
    shown = terminal.lines(text)
    (tag, attributes), (link, where), (said,), *end = parser.seen
    assert (tag, attributes, link, end) == ("p", {"title": shown}, "a", ["/a", "/p"]), parser.seen
    assert said == f"x{shown}" and re.match(r"https?://|#", where["href"]), parser.seen


_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _words(tokens: Sequence[Any]) -> list[str]:
    """Return the text of each inline token; nothing but text may be in one."""
    said = []
    for token in tokens:
        if token.type == "inline":
            kinds = {child.type for child in token.children}
            assert kinds <= {"text", "text_special"}, (token.content, kinds)
            said.append("".join(child.content for child in token.children))
    return said


def markdown_text(random: Random) -> None:
    """Read text, cells, code, blocks, paragraphs and links back by a parser of CommonMark with GitHub's tables."""
    text = hostile.text(random)
    shown = terminal.one_line(text)
    assert _words(_MARKDOWN.parse(f"x{markdown.text(text)}x")) == [f"x{shown}x"]
    table = [markdown.row([cell, cell]) for cell in ("h", "---", markdown.text(text), markdown.cell_code(text))]
    tokens = _MARKDOWN.parse("\n".join(table))
    cells = [token for token in tokens if token.type == "inline"]
    assert [token.type for token in tokens].count("td_open") == 4 and len(cells) == 6
    assert _words(cells[:4]) == ["h", "h", shown, shown]
    for cell in cells[4:]:
        assert [(child.type, child.content) for child in cell.children or []] == (
            [("code_inline", shown)] if shown else []
        )
    lines = text.split("\n")
    tokens = _MARKDOWN.parse("\n".join(["a", "", *markdown.block(lines, "text"), "", "b"]))
    assert [token.type for token in tokens].count("fence") == 1 and _words(tokens) == ["a", "b"]
    fence = next(token for token in tokens if token.type == "fence")
    assert fence.content == terminal.lines("\n".join(lines)) + "\n"
    tokens = _MARKDOWN.parse(markdown.paragraphs(text))
    assert {token.type for token in tokens} <= {"paragraph_open", "paragraph_close", "inline"}, text
    assert " ".join(" ".join(_words(tokens)).split()) == shown
    (link,) = [token for token in _MARKDOWN.parse("x " + markdown.link(text, text)) if token.type == "inline"]
    for child in link.children or []:
        assert child.type in ("text", "text_special", "link_open", "link_close")
        assert child.type != "link_open" or str(child.attrs["href"]).startswith(("https://", "http://"))


_RESULT = re.compile(r"(?:not )?ok ([0-9]+) ([^#]*?)(?: # (SKIP|ERROR)(.*))?")


def ktap_text(random: Random) -> None:
    """Read a report back by the rules of KTAP: one plan, one result, comments otherwise."""
    text = hostile.text(random)
    report = ["KTAP version 1", "1..1", *ktap.diagnostics(text)]
    report.append(f"ok 1 {ktap.description(text)}{ktap.directive('SKIP', text)}")
    first, plan, *comments, result = "\n".join(report).splitlines()
    assert (first, plan) == ("KTAP version 1", "1..1")
    assert all(line.startswith("#") for line in comments), comments
    found = _RESULT.fullmatch(result)
    assert found is not None and found[1] == "1" and found[3] == "SKIP", result


def shell_many(random: Random) -> None:
    """Have a shell read fifty words, none of which is an option."""
    texts = [hostile.text(random).replace("\0", "").encode("utf-8", "replace").decode() for _ in range(50)]
    texts += [f"-{text}" for text in texts[:5]]
    script = " ".join(["printf", "'%s\\0'", *(shell.word(text) for text in texts)])
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True)
    read = done.stdout.decode().split("\0")[:-1]
    assert not done.stderr and read == [f"./{text}" if text.startswith("-") else text for text in texts]


_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def terminal_text(random: Random) -> None:
    """Find no character that a terminal, or a reader of text, takes for a command; colours only where there may be."""
    text = hostile.text(random)
    for said in (terminal.lines(text), terminal.one_line(text), terminal.quote(text), terminal.excerpt(text)):
        assert _COMMANDS.search(said) is None, said
    assert "\n" not in terminal.one_line(text) + terminal.quote(text)
    colours = "|".join(rf"\x1b\[{code}m" for code in (*terminal.CODES.values(), 0))
    assert _COMMANDS.search(re.sub(colours, "", terminal.painted(text))) is None
    painted = terminal.paint("bad", text)
    assert painted == "" or _COMMANDS.search(painted[len("\x1b[31;1m") : -len("\x1b[0m")]) is None
