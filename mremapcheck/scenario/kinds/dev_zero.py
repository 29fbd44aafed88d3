"""Memory of /dev/zero: private, anonymous, but of a file that places its mappings itself; shared, as anon-shared is.

A shared mapping has a file of its own, as long as itself. With an offset it therefore ends beyond that file's end.
"""

from __future__ import annotations

import os

from mremapcheck.linux.trouble import Trouble
from mremapcheck.scenario.kinds.anon_shared import KIND as ANON_SHARED
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, Sampling
from mremapcheck.scenario.kinds.opening import map_file


def _open(size: int) -> int:
    try:
        return os.open("/dev/zero", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise Trouble(error.errno or 0, f"/dev/zero cannot be opened: {error.strerror}") from None


KIND = Kind(
    "dev-zero",
    about="/dev/zero; shared it is as anon-shared, but for its offset",
    sharing=("private", "shared"),
    offset=True,
    shared=ANON_SHARED.backing,
    backing=Backing("dev-zero", "dev-zero", anonymous=True, placement="own"),
    marks=("/dev/zero",),
    maker=Maker(map_file, _open, kept=True),
    c=CCode(
        open='open("/dev/zero", O_RDWR)',
        sized=False,
        make="""\
fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
if (fd < 0)
	skip("/dev/zero cannot be opened: %s", strerror(errno));
return fd;""",
    ),
    sampling=Sampling(weight=4, continues=True, enumerated=True),
)
