"""Try inputs by the thousand: ``python -m tests.fuzzing [KIND...] --count 100000 --seed 7 --jobs 2``.

Ends with a table of what each kind ended in, the longest that one took (seconds of processor time) and the most memory
that a process had; exit code 1 where anything was a bug, took more than two seconds, or more than 300 MB.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tabulate import tabulate

from tests.fuzzing.kinds import KINDS, attempt

_PIECE = 200
_MOST_SECONDS, _MOST_MEGABYTES = 2.0, 300


@dataclass(slots=True)
class Tally:
    """What the inputs of one kind ended in; ``bad`` are the numbers of those that ended badly, and how."""

    words: Counter[str] = field(default_factory=Counter)
    bad: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0
    megabytes: int = 0

    def add(self, other: Tally) -> None:
        """Take another part of the same kind in."""
        self.words += other.words
        self.bad += other.bad
        self.seconds = max(self.seconds, other.seconds)
        self.megabytes = max(self.megabytes, other.megabytes)


def _piece(kind: str, seed: str, first: int, count: int) -> Tally:
    tally = Tally()
    folder = Path(tempfile.mkdtemp(prefix="mremapcheck-fuzzing-"))
    place = folder / "input"
    try:
        place.mkdir()
        for number in range(first, first + count):
            ending = attempt(kind, seed, number, place)
            if any(place.iterdir()):  # most kinds write no file
                shutil.rmtree(place)
                place.mkdir()
            tally.words[ending.word] += 1
            tally.seconds = max(tally.seconds, ending.seconds)
            if ending.bug:
                tally.bad.append((number, ending.bug))
            elif ending.seconds > _MOST_SECONDS:
                tally.bad.append((number, f"took {ending.seconds:.1f} s"))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tally.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return tally


def _pieces(first: int, count: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + count, _PIECE):
        yield start, min(_PIECE, first + count - start)


def main() -> int:
    """Try them, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzzing", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all unless said")
    parser.add_argument("--count", type=int, default=1000, help="inputs of each kind")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    if unknown := set(args.kinds) - KINDS.keys():
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    rows = []
    bad = 0
    for kind in args.kinds or KINDS:
        tally = Tally()
        # A pool of its own, so that the memory is this kind's.
        with ProcessPoolExecutor(args.jobs) as pool:
            starts, counts = zip(*_pieces(args.first, args.count), strict=True)
            for part in pool.map(_piece, itertools.repeat(kind), itertools.repeat(args.seed), starts, counts):
                for number, why in part.bad:
                    print(f"{kind} --seed {args.seed!r} --first {number}: {why}", flush=True)
                tally.add(part)
        too_much = tally.megabytes > _MOST_MEGABYTES
        bad += len(tally.bad) + too_much
        ended = ", ".join(f"{count:,} {word}" for word, count in tally.words.most_common())
        rows.append([kind, f"{tally.words.total():,}", ended, f"{tally.seconds:.2f}", tally.megabytes])
        print(f"{kind}: {ended}", file=sys.stderr, flush=True)
    print(tabulate(rows, ["kind", "tried", "ended in", "longest (s)", "memory (MB)"], disable_numparse=True))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
