"""``mremapcheck try``."""

from __future__ import annotations

from typing import Annotated

import typer

from mremapcheck.base.text import yaml
from mremapcheck.cli.campaigning import CampaignFormat
from mremapcheck.cli.files import put
from mremapcheck.cli.matrix import MatrixRequest, ask
from mremapcheck.cli.options import AnswerFormat, Color, Colors, kernel_option
from mremapcheck.cli.since import tell
from mremapcheck.scenario.notation import document
from mremapcheck.scenario.parse import parse_document
from mremapcheck.scenario.schema import modeline


def try_(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORDS",
            help="REGION=DRAWING, 'LETTER: attributes', conditions and calls, written as reports write them; "
            "or in braces as files have them: 'B: {kind: memfd, file: m}', 'process: {map_headroom: 3}'.",
        ),
    ],
    kernel: Annotated[
        list[str] | None,
        kernel_option("Only these kernels, repeatable, as `matrix` shows them. Without: the answer of `since`."),
    ] = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print the scenario, to be kept, and run nothing.")] = False,
    output_format: CampaignFormat = AnswerFormat.TABLE,
    color: Colors = Color.AUTO,
) -> int:
    """Ask without a file: what does this call do, on which kernels?

    mremapcheck try src=AABB.C dst=X..... 'B: anon-shared, r' 'mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)'
    """
    plain = document(words)
    scenario = parse_document({"summary": "asked on the command line", **plain}, path="command line", name="try")
    if as_yaml:
        put(f"{modeline()}\n{yaml.document(plain)}", None)
        return 0
    if kernel:
        return ask([scenario], MatrixRequest(kernel, output_format.value, (), color))
    return tell([scenario], (), output_format, color)
