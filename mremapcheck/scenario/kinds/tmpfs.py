"""A regular file on tmpfs."""

from __future__ import annotations

from mremapcheck.linux.folders import TMPFS
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.opening import map_file, open_in

_MISSING = "no writable folder on tmpfs: mount one on /dev/shm, or set TMPDIR to one"


def _open(size: int) -> int:
    return open_in(TMPFS, size, _MISSING)


KIND = Kind(
    "tmpfs",
    about="a file on tmpfs",
    sharing=("shared", "private"),
    file=True,
    regular=True,
    offset=True,
    feature="tmpfs",
    backing=Backing("tmpfs", "shmem", placement="shmem"),
    maker=Maker(map_file, _open, sized=True),
    c=CCode(
        open='open("/dev/shm", O_TMPFILE | O_RDWR, 0600)',
        make=f'fd = open_in_folder("tmpfs", tmpfs, "{_MISSING}");',
    ),
    sampling=Sampling(weight=2, uffd=("missing", "minor"), enumerated=True),
)
