"""A regular file on a disk's file system whose files may be mapped with huge pages: ext4, xfs, btrfs."""

from __future__ import annotations

from mremapcheck.linux.folders import DISK
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.opening import map_file, open_in

_MISSING = "no writable folder on ext4, xfs or btrfs: set TMPDIR to one"


def _open(size: int) -> int:
    return open_in(DISK, size, _MISSING)


KIND = Kind(
    "file",
    about="a file on ext4, xfs or btrfs",
    sharing=("shared", "private"),
    file=True,
    regular=True,
    offset=True,
    feature="ext4",
    backing=Backing("file", "file", placement="thp"),
    maker=Maker(map_file, _open, sized=True),
    c=CCode(
        name="FILE_ON_DISK",
        open="new_file()",
        snippets=("new_file",),
        remark="The current folder must be on ext4, xfs or btrfs, or /var/tmp if nothing can be written there.",
        make=f'fd = open_in_folder("file", disk, "{_MISSING}");',
    ),
    sampling=Sampling(weight=6, enumerated=True),
)
