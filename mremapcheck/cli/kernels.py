"""``mremapcheck kernels``: the kernel images that ``vm:`` references name."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mremapcheck.cli.completion import image_names
from mremapcheck.cli.listing import print_document, print_lines
from mremapcheck.cli.options import ListFormat, Listing, option
from mremapcheck.executors.vm.images import known
from mremapcheck.executors.vm.images.image import open_image
from mremapcheck.executors.vm.images.known import all_known, boot_of

if TYPE_CHECKING:
    from mremapcheck.executors.vm.images.known import KnownKernel


class Action(str, Enum):
    """What to do with the known kernels."""

    LIST = "list"
    ADD = "add"
    FETCH = "fetch"
    REMOVE = "remove"
    PATH = "path"


def kernels(
    action: Annotated[
        Action,
        typer.Argument(
            metavar="[list|add|fetch|remove|path]",
            show_default=False,
            help="list them (the default); add PATH; fetch VERSION...; remove NAME...; print the path of NAME's image.",
        ),
    ] = Action.LIST,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PATH|VERSION|NAME]...",
            autocompletion=image_names,
            show_default=False,
            help="add: a bzImage, Image, vmlinux, build tree, folder, .deb or .rpm. "
            "fetch: versions such as 6.17, 6.17.13 or 6.17@arm64.",
        ),
    ] = None,
    name: Annotated[str, option("--name", "NAME", "add: the name to know it by.")] = "",
    update: Annotated[bool, typer.Option("--update", help="fetch: get new lists of packages first.")] = False,
    output_format: Listing = ListFormat.TABLE,
) -> int:
    """Manage the kernel images that vm: references name: vm:6.17 is the newest known 6.17.y.

    They are kept in the user's cache folder. `fetch` gets Debian's kernels through this machine's package manager
    configuration, without root.
    """
    words = what or []
    _check(action, words, name)
    if action is Action.LIST:
        found = all_known()
        if output_format is ListFormat.JSON:
            return print_document("kernels", {"kernels": [_facts(known) for known in found]})
        markdown = output_format is ListFormat.MARKDOWN
        return print_lines(_table(found, markdown), clipped=not markdown)
    lines = {Action.ADD: _add, Action.FETCH: _fetch, Action.REMOVE: _remove, Action.PATH: _path}[action]
    for text in lines(words, name, update):
        print_lines([text])
    return 0


def _check(action: Action, words: list[str], name: str) -> None:
    wants = {
        Action.ADD: "one PATH",
        Action.FETCH: "versions such as 6.17",
        Action.REMOVE: "names",
        Action.PATH: "one NAME",
    }
    single = action in (Action.ADD, Action.PATH)
    if action is Action.LIST and words:
        raise typer.BadParameter("`kernels list` takes no names")
    if action is not Action.LIST and (not words or (single and len(words) > 1)):
        raise typer.BadParameter(f"`kernels {action.value}` takes {wants[action]}")
    if name and action is not Action.ADD:
        raise typer.BadParameter("--name is for `kernels add`")


def _add(words: list[str], name: str, update: bool) -> Any:
    path = Path(words[0]).expanduser()
    image = open_image(path)
    added = known.add(image, name, str(path.resolve()))
    yield f"added {added.name}: Linux {added.version}, now vm:{added.name}"


def _fetch(words: list[str], name: str, update: bool) -> Any:
    from mremapcheck.executors.vm.images.fetch import fetch

    for fetched in fetch(words, update):
        what = "fetched" if fetched.new else "already here:"
        yield f"{what} {fetched.known.name}: Linux {fetched.known.version}, from {fetched.known.origin}"


def _remove(words: list[str], name: str, update: bool) -> Any:
    for word in words:
        yield f"removed {known.remove(word).name}"


def _path(words: list[str], name: str, update: bool) -> Any:
    yield known.get(words[0]).path


def _facts(known: KnownKernel) -> dict[str, Any]:
    boot = boot_of(known.digest)
    return {
        "name": known.name,
        "version": str(known.version),
        "platform": known.platform.name,
        "release": known.release,
        "origin": known.origin,
        "path": str(known.path),
        "booted": dict(boot) or None,
    }


def _table(found: list[KnownKernel], markdown: bool) -> list[str]:
    if not found:
        return [
            "no kernels are known yet: `mremapcheck kernels fetch 6.12 6.17` gets some,",
            "`kernels add PATH` takes yours",
        ]
    from tabulate import tabulate

    from mremapcheck.base.text.markdown import text

    rows: list[list[str]] = []
    for kernel in found:
        boot = boot_of(kernel.digest)
        told = "seconds" in boot and "accelerator" in boot
        booted = f"in {boot['seconds']} s ({boot['accelerator'].upper()})" if told else "not yet"
        rows.append([f"vm:{kernel.name}", str(kernel.version), kernel.platform.name, booted, kernel.origin])
    headers = ["reference", "version", "platform", "booted", "from"]
    rows = [[text(cell) for cell in row] for row in rows] if markdown else rows
    return tabulate(rows, headers, tablefmt="github" if markdown else "plain", disable_numparse=True).splitlines()
