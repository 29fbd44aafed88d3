"""Which changes a kernel has and lacks, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from mremapcheck.report.blocks import change_text
from mremapcheck.report.style import WIDTH

if TYPE_CHECKING:
    from mremapcheck.compare.identify import Identity


def identity_lines(identity: Identity, verbose: bool = False) -> Iterator[str]:
    """Yield what a kernel is; with ``verbose`` every change by name, else only those its version does not tell."""
    kernel = identity.kernel
    unlike = identity.differing_from_nearest
    alike = "in every scenario" if not unlike else f"in all but {unlike} scenario{'s' if unlike > 1 else ''}"
    yield f"{kernel.reference}: {kernel.release}"
    yield f"  nearest release   {identity.nearest}, {alike} ({identity.compared} compared, {identity.skipped} skipped)"
    told = f"has {len(identity.has)}, lacks {len(identity.lacks)}, cannot tell {len(identity.untold)}"
    yield f"  changes           {told}"
    version = kernel.version
    if identity.promised is None:
        yield f"  promised          nothing is known of version {version}"
    elif identity.as_promised:
        yield f"  promised          all that version {version} promises, and nothing else"
    elif identity.gained or identity.lost:
        yield f"  promised          not what version {version} promises:"
        yield from _cited("has as well", identity.gained)
        yield from _cited("lacks", identity.lost)
    else:
        yield f"  promised          all that version {version} promises, as far as changes are known"
    if identity.left_out:
        yield from _named("left out", identity.left_out)
        yield "                    nothing here can use them: mostly the kernel's configuration"
    if identity.unexplained:
        yield from _named("unexplained", identity.unexplained)
        yield "                    no set of known changes does this: the model or a vendor's own change"
    if verbose:
        yield ""
        yield from _cited("has", identity.has)
        yield from _cited("lacks", identity.lacks)
        yield from _cited("cannot tell", identity.untold)


def presence_lines(identity: Identity, changes: Iterable[str]) -> Iterator[str]:
    """Yield whether a kernel has each of these changes, and whether its version promises it."""
    yield f"{identity.kernel.reference}: {identity.kernel.release}"
    for id_ in changes:
        seen = "has" if id_ in identity.has else "lacks" if id_ in identity.lacks else "cannot tell"
        if identity.promised is None:
            promised = "nothing is known of its version"
        else:
            promised = f"its version {'promises' if id_ in identity.promised else 'does not promise'} it"
        yield f"  {seen:<12} {id_} ({promised})"
        yield from wrap(change_text(id_), WIDTH, initial_indent=" " * 15, subsequent_indent=" " * 15)


def _cited(title: str, ids: Sequence[str]) -> Iterator[str]:
    for id_ in ids:
        yield f"    {title:<12} {id_}"
        yield from wrap(change_text(id_), WIDTH, initial_indent=" " * 17, subsequent_indent=" " * 17)


def _named(title: str, names: Sequence[str]) -> Iterator[str]:
    indent = " " * 20
    yield from wrap(", ".join(names), WIDTH, initial_indent=f"  {title:<18}", subsequent_indent=indent)
