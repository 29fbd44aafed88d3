"""Text that a stranger may put wherever text is taken, with what each language uses to get out of text."""

from __future__ import annotations

from random import Random

#: In a text that became code this word is code: no program of ours has it.
EVIL = "evil"

_PIECES = (
    # C
    *(
        "*/",
        "/*",
        "//",
        "*\\\n/",
        "*??/\n/",
        "??/",
        "??/\n",
        "\\",
        "\\\n",
        "\\ \n",
        '"',
        "'",
        "\\x",
        "\\101",
        "%n",
        "%:",
    ),
    *(
        "\n#error evil\n",
        "*/ int evil; /*",
        "*\\\n/ int evil; /\\\n*",
        "\n#include <evil.h>\n",
        '" evil "',
        "??'",
        '??/"',
    ),
    # the terminal
    *(
        "\x1b[31m",
        "\x1b[31;1m",
        "\x1b]0;evil\x07",
        "\x9b31m",
        "\x1b",
        "\x07",
        "\x08",
        "\r",
        "\x00",
        "\x7f",
        "\x85",
        "\x0b",
        "\x0c",
    ),
    *("\x1bP0;evil\x1b\\", "\x1b[2J", "\x0e", "\x1c", "\u2028", "\u2029", "\u202e", "\u2066", "\u200b", "\ufeff"),
    # what no encoding, or not every one, can carry
    *("\ud800", "\udcff", "\ufffe", "\uffff", "\xa0", "é", "\U0001f600", "\U0010ffff"),
    # XML and HTML
    *(
        "<evil>",
        "</text>",
        "<script>evil()</script>",
        "<!--",
        "-->",
        "]]>",
        "<![CDATA[",
        "&",
        "&lt;",
        "&#60;",
        "&evil;",
    ),
    *('" onload="evil()', "' evil='", "javascript:evil()", "<?evil?>", "</style>", "</script>"),
    # KTAP
    *(
        "\nok 1 evil",
        "\nnot ok 1 evil",
        "# SKIP evil",
        "#",
        " # TODO",
        "\n1..9",
        "\nKTAP version 1",
        "\nBail out! evil",
    ),
    # Markdown
    *("`", "```", "\n```\nevil", "~~~", "|", "\\|", "**", "__", "_", "*", "[evil](x)", "![evil](x)", "<x@evil>", "~~"),
    *(
        "\n# evil",
        "\n- evil",
        "\n1. evil",
        "1) ",
        "\n===",
        "\n---",
        "> ",
        "    evil",
        "\n\n    evil",
        "[evil]: x",
        "https://evil",
    ),
    *("www.evil", "$evil$", "+", "=", "-", ":-", "!"),
    # YAML
    *(
        ": ",
        " #",
        "\n- evil",
        "\n---\n",
        "\n...\n",
        "%YAML 1.2",
        "!!python/object:evil",
        "&a",
        "*a",
        "{",
        "}",
        "[",
        "]",
        ",",
    ),
    *(
        "? ",
        "@",
        "~",
        "null",
        "true",
        "no",
        "0x10",
        "1e3",
        "1_0",
        "0o7",
        "<<",
        "2001-01-01",
        "1:30",
        ".inf",
        "|\n",
        ">-\n",
    ),
    # words and spaces between them
    *("a", "evil", "A mapping", "6.17-rc1", " ", "  ", "\t", "\n", "\n\n", "\r\n", ""),
)


def text(random: Random) -> str:
    """Return a text of up to a dozen pieces."""
    return "".join(random.choices(_PIECES, k=random.randint(1, 12)))
