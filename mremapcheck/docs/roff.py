"""A page of the manual as a man page: Markdown to the man(7) macros."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.token import Token

_FONTS = {"strong_open": "\\fB", "strong_close": "\\fR", "em_open": "\\fI", "em_close": "\\fR"}


def man_page(markdown: str, name: str, section: str, others: Sequence[str]) -> str:
    """Return the man page ``name(section)``; the first heading is its NAME line, ``Title: what it answers``.

    ``others`` are pages to see also, as files are named: ``mremapcheck.1``.
    """
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    about = tokens[1].content.partition(": ")[2] or tokens[1].content
    lines = [f'.TH {name.upper()} {section} "" mremapcheck', ".SH NAME", f"{_plain(name)} \\- {_plain(about)}"]
    lines += [".SH DESCRIPTION", *_blocks(tokens[3:])]
    pages = [other.rpartition(".") for other in others]
    lines += [".SH SEE ALSO", ",\n".join(f"\\fB{_plain(page)}\\fR({number})" for page, _, number in pages)]
    return "\n".join(lines) + "\n"


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    cells: list[str] = []
    heads: list[str] = []
    for before, token in zip((None, *tokens), tokens, strict=False):
        if token.type == "inline":
            text = _inline(token.children or ())
            if before is not None and before.type == "heading_open":
                yield f".{'SH' if before.tag == 'h2' else 'SS'} {text.upper() if before.tag == 'h2' else text}"
            elif before is not None and before.type in ("th_open", "td_open"):
                cells.append(text)
            else:
                yield text
        elif token.type == "paragraph_open" and not (before is not None and before.type == "list_item_open"):
            yield ".PP"
        elif token.type == "list_item_open":
            yield ".IP \\(bu 2" if token.markup in "*-" else f".IP {token.info}. 4"
        elif token.type in ("fence", "code_block"):
            yield from (".PP", ".RS 4", ".nf", *(_plain(line) for line in token.content.splitlines()), ".fi", ".RE")
        elif token.type == "tr_close":
            if before is not None and before.type == "th_close":
                heads = cells
            else:
                yield from (".TP", cells[0], _row(heads[1:], cells[1:]))
            cells = []


def _row(heads: Sequence[str], cells: Sequence[str]) -> str:
    """Return all but the first cell of a row: the next as it is, those behind it with the heads of their columns."""
    pairs = [(head, cell) for head, cell in zip(heads, cells, strict=True) if cell]
    named = [f"{head}: {cell}" if head != heads[0] else cell for head, cell in pairs]
    return "; ".join(named) or "\\&"


def _inline(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type == "code_inline":
            parts.append(f"\\fB{_plain(token.content)}\\fR")
        elif token.type == "softbreak":
            parts.append(" ")
        elif token.type == "link_open" and str(token.attrs["href"]).startswith("http"):
            parts.append(f"{_plain(str(token.attrs['href']))} ")
        else:
            parts.append(_FONTS.get(token.type, "") or _plain(token.content))
    text = "".join(parts)
    return f"\\&{text}" if text.startswith((".", "'")) else text


def _plain(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
