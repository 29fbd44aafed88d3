"""What users write on a command line, mutated: it is understood, or it is refused with a message."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from mremapcheck.scenario.library import shipped
from tests.fuzzing.called import called
from tests.fuzzing.mutate import mutated_text

#: References to models and releases; none of these letters make a scheme, so no mutation asks a real kernel.
_REFERENCES = (
    *("6.17", "v6.17-rc2", "6.16+multi-vma-move", "6.17-multi-vma-move", "6.17.0-8-generic", "next-20250814"),
    *("6.16@arm64-16k", "6.12+d23cb648e365-early-failure", "5.14.0-503.el9.x86_64", "6.17.13+deb13-cloud-amd64"),
)
_NOTATIONS = (
    ("src=AABB.C", "dst=X.....", "B: anon-shared, r", "mremap(src, 6p, 6p, MAYMOVE|FIXED, dst)"),
    ("src=A{600}B", "A: kind memfd, offset 1p, prot r", "mremap(src, 2p, 2p)", "RLIMIT_MEMLOCK: 64K more than in use"),
    ("src=AB align 2M offset 1M", "B: uffd missing", "munmap(src+1p, 1p)", "mremap(src, 0, 4p, MAYMOVE) fails: EINVAL"),
    ("src=AB", "A: advice dontfork, name b", "mmap(src+3p, 2p) = C", "CAP_IPC_LOCK kept", "3 map slots left"),
    ("src=A", "in a forked child", "mprotect(src, 1p, none)", "mremap(src, 0xfffffffffffff001B, 1p, MAYMOVE|0x20)"),
)


def reference(random: Random, folder: Path) -> str:
    """Mutate what names a kernel, or two."""
    first, second = (mutated_text(random, random.choice(_REFERENCES)) for _ in range(2))
    command = random.choice((("compare", _one(), "--kernel", first, second), ("run", _one(), "--kernel", first)))
    return called(*command, "--format", random.choice(("table", "json", "ktap", "junit", "markdown")))[0]


def notation(random: Random, folder: Path) -> str:
    """Mutate a scenario in words."""
    words = list(random.choice(_NOTATIONS))
    for _ in range(random.randint(1, 2)):
        at = random.randrange(len(words))
        words[at] = mutated_text(random, words[at])
    return called("try", "--kernel", random.choice(("6.12", "7.3")), "--", *words)[0]


def _one() -> str:
    return str(next(iter(sorted((shipped() / "shrink").glob("*.yaml")))))


KINDS: dict[str, Callable[[Random, Path], str]] = {each.__name__: each for each in (reference, notation)}
