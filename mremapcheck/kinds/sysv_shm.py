"""A System V shared memory segment: shmget(2), shmat(2)."""

from __future__ import annotations

import errno

from mremapcheck.kinds.kind import Backing, C, Draw, Kind, Maker, Site
from mremapcheck.kinds.placing import protect
from mremapcheck.linux.numbers import (
    IPC_CREAT,
    IPC_RMID,
    MREMAP_FIXED,
    MREMAP_MAYMOVE,
    SHM_REMAP,
    SYS_MREMAP,
    SYS_MUNMAP,
    SYS_SHMAT,
    SYS_SHMCTL,
    SYS_SHMGET,
)
from mremapcheck.linux.refusals import refusal
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MISSING = "this kernel is built without System V IPC (CONFIG_SYSVIPC)"


def _open(size: int) -> int:
    segment = call(SYS_SHMGET, 0, size, IPC_CREAT | 0o600)
    if segment == -1:
        code = last_errno()
        raise Trouble(code, refusal(SYS_SHMGET) or (_MISSING if code == errno.ENOSYS else ""))
    return segment


def _remove(segment: int) -> None:
    """Let the segment end with its last attachment."""
    call(SYS_SHMCTL, segment, IPC_RMID, 0)


def _attach(segment: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Attach a segment; a part of one is attached at a distance, and moved: shmat(2) knows no parts."""
    whole = offset == 0 and size == length
    place = call(SYS_SHMAT, segment, start if whole else 0, SHM_REMAP if whole else 0)
    code = last_errno()
    _remove(segment)
    if place == -1:
        raise Trouble(code, refusal(SYS_SHMAT))
    if not whole:
        moved = call(SYS_MREMAP, place + offset, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start)
        code = last_errno()
        call(SYS_MUNMAP, place, length)
        if moved == -1:
            raise Trouble(code)
    protect(start, size, prot)


def _opening(name: str, length: int, text: str) -> Iterator[str]:
    yield f"int {name} = shmget(IPC_PRIVATE, {text}, IPC_CREAT | 0600);"
    yield f"MUST({name});"


def _mapping(site: Site) -> Iterator[str]:
    yield f"MUST(shmat({site.fd}, {site.at}, SHM_REMAP | SHM_EXEC));"
    yield f"MUST(shmctl({site.fd}, IPC_RMID, NULL));"
    if site.access != "rwx":
        yield f"MUST(mprotect({site.at}, {site.size}, {site.prot}));"


KIND = Kind(
    "sysv-shm",
    about="a System V shared memory segment",
    sharing=("shared",),
    file=True,
    feature="sysv-shm",
    backing=Backing("sysv-shm", "sysv-shm", placement="own", has_close=True),
    files="opened",
    marks=("/SYSV",),
    maker=Maker(_attach, _open, _remove),
    c=C(
        opening=_opening,
        mapping=_mapping,
        headers=("sys/shm.h",),
        make=f"""\
fd = shmget(IPC_PRIVATE, object->length, IPC_CREAT | 0600);
if (fd < 0 && errno == ENOSYS)
	skip("{_MISSING}");
if (fd < 0)
	broken(step, "shmget");
return fd;""",
        map="""\
place = shmat(fd, place, SHM_REMAP | 0100000);
shmctl(fd, IPC_RMID, NULL);
if (place == (void *)-1)
	broken(step, "shmat");
if (mprotect(place, step->size, step->prot))
	broken(step, "mprotect");
return;""",
    ),
    draw=Draw(weight=4, enumerated=True),
)
