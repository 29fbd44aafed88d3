"""What a shell completes: kernels, scenarios, changes and images by name. Files it completes by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import typer

from mremapcheck.linux.platforms import PLATFORMS


def references(incomplete: str) -> list[str]:
    """Return kernel references that begin so: the running one, the model's, known images, the scheme of commands.

    Behind a ``+`` stand changes, and platforms behind an ``@``.
    """
    kernel, at, platform = incomplete.rpartition("@")
    if at and not kernel.startswith("via:"):
        return [f"{kernel}@{each}" for each in _beginning(PLATFORMS, platform)]
    base, plus, change = incomplete.rpartition("+")
    changed = [f"{base}+{each}" for each in change_ids(change)] if plus else []
    return [*_beginning(_references(), incomplete), *changed]


def versions(incomplete: str) -> list[str]:
    """Return releases that begin so, of which there is a model."""
    return _beginning(_versions(), incomplete)


def further_references(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the same where a path may stand, but another kernel as well: ``compare --kernel 6.16 6.17``."""
    from mremapcheck.cli.command import PairCommand, RowCommand

    command: object = ctx.command
    given = len(ctx.params.get("kernel") or ())
    fits = given == 1 if isinstance(command, PairCommand) else given > 0 and isinstance(command, RowCommand)
    return references(incomplete) if fits and incomplete and not ctx.params.get("paths") else []


def scenario_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of scenarios that begin so: those of the paths on the line, or else the ones that would run."""
    from mremapcheck.scenario.library import default_paths
    from mremapcheck.scenario.loader import load_paths

    paths = list(ctx.params.get("paths") or ()) or default_paths()
    return _beginning((scenario.name for scenario in load_paths(paths).scenarios), incomplete)


def change_ids(incomplete: str) -> list[str]:
    """Return the ids of changes that begin so."""
    from mremapcheck.executors.model.registry import CHANGES

    return _beginning((change.id for change in CHANGES), incomplete)


def schema_names(incomplete: str) -> list[str]:
    """Return what there is a JSON Schema of that begins so."""
    from mremapcheck.report.schema import NAMES

    return _beginning(["scenario", *NAMES], incomplete)


def topic_names(incomplete: str) -> list[str]:
    """Return the pages of the manual, and the commands, that begin so."""
    from mremapcheck.cli.main import COMMANDS
    from mremapcheck.docs import topics

    return _beginning([*topics(), *COMMANDS], incomplete)


def image_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the names of known kernel images that begin so, where an image is named."""
    from mremapcheck.executors.vm.images.known import all_known

    if str(getattr(ctx.params.get("action"), "value", ctx.params.get("action"))) not in ("remove", "path"):
        return []
    return _beginning((known.name for known in all_known()), incomplete)


def _versions() -> list[str]:
    from mremapcheck.executors.model.registry import CHANGES, NEWEST, OLDEST
    from mremapcheck.linux.versions.releases import releases

    return [str(each) for each in sorted({*releases(OLDEST, NEWEST), NEWEST, *(change.release for change in CHANGES)})]


def _references() -> Iterator[str]:
    from mremapcheck.executors.vm.images.known import ALL, all_known

    yield "live"
    yield from _versions()
    names = [known.name for known in all_known()]
    yield from (f"vm:{name}" for name in [*names, *([ALL] if names else [])])
    yield "via:"


def _beginning(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
