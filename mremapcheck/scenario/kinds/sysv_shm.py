"""A System V shared memory segment: shmget(2), shmat(2)."""

from __future__ import annotations

import errno

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
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, MmapSite, Sampling
from mremapcheck.scenario.kinds.placing import protect

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


def _mapping(site: MmapSite) -> Iterator[str]:
    """As ``_attach``: without SHM_EXEC, which a segment of mode 0600 refuses to everybody but root."""
    if site.length == site.object_length:
        yield f"MUST(shmat({site.fd}, {site.at}, SHM_REMAP));"
    else:
        whole = f"{site.letter.lower()}_whole"
        yield f"char *{whole} = shmat({site.fd}, NULL, 0);"
        yield f"MUST({whole});"
        yield f"MUST(syscall(SYS_mremap, {whole}, {site.size}, {site.size}, MREMAP_MAYMOVE | MREMAP_FIXED, {site.at}));"
        yield f"MUST(munmap({whole}, {site.object_size}));"
    yield f"MUST(shmctl({site.fd}, IPC_RMID, NULL));"
    yield from site.protect()


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
    c=CCode(
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
        map="attach(step, fd);\nreturn;",
        functions="""\
/* shmat(2) knows no parts: one is attached at a distance, and moved. */
static void attach(const struct step *step, int segment)
{
	char *start = (char *)(unsigned long)step->address, *place;
	u64 length = objects[step->object].length;
	int whole = length == step->size;

	place = shmat(segment, whole ? start : NULL, whole ? SHM_REMAP : 0);
	shmctl(segment, IPC_RMID, NULL);
	if (place == (void *)-1)
		broken(step, "shmat");
	if (!whole) {
		if (syscall(SYS_mremap, place, step->size, step->size, MAYMOVE | FIXED, start) < 0)
			broken(step, "mremap");
		munmap(place, length);
	}
	if (mprotect(start, step->size, step->prot))
		broken(step, "mprotect");
}
""",
    ),
    sampling=Sampling(weight=4, enumerated=True),
)
