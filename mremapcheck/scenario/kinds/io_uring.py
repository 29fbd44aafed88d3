"""The ring of an io_uring: io_uring_setup(2)."""

from __future__ import annotations

import errno

from mremapcheck.linux.files import read_file
from mremapcheck.linux.numbers import IORING_OFF_SQ_RING, MAP_SHARED, SYS_IO_URING_SETUP, SYS_MMAP, SYS_MUNMAP
from mremapcheck.linux.pages import PAGE
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import address, buffer, call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble
from mremapcheck.linux.vm_flags import DONTDUMP, DONTEXPAND, EXEC, IO, MIXEDMAP, PFNMAP
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, MmapSite, Sampling
from mremapcheck.scenario.kinds.placing import ELSEWHERE, leave_one_gap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: The ring with both queues takes 36 bytes for an entry: 16 for each of two completions, 4 for the submission's index.
_ENTRY = 36
_MOST_ENTRIES = 32768

_MISSING = "this kernel is built without io_uring"
_FORBIDDEN = "io_uring is forbidden here: set kernel.io_uring_disabled=0, or lift the seccomp filter"


def _open(size: int) -> int:
    """Set up an io_uring whose ring of queues is at least ``size`` bytes long."""
    entries = max(1, -(-size // _ENTRY))
    if entries > _MOST_ENTRIES:
        raise Trouble(0, f"an io_uring ring has at most {_MOST_ENTRIES * _ENTRY // PAGE} pages")
    entries = 1 << (entries - 1).bit_length()
    parameters = buffer(120)
    fd = call(SYS_IO_URING_SETUP, entries, address(parameters))
    if fd == -1:
        skip = {
            errno.ENOSYS: _MISSING,
            errno.EPERM: _FORBIDDEN,
            errno.ENOMEM: "there is no memory for an io_uring ring: raise RLIMIT_MEMLOCK (ulimit -l)",
        }
        code = last_errno()
        refused = "" if code == errno.EPERM and _disabled() else refusal(SYS_IO_URING_SETUP)
        raise Trouble(code, refused or skip.get(code, ""))
    return fd


def _disabled() -> bool:
    """Tell whether the kernel itself refuses an io_uring."""
    try:
        return int(read_file("/proc/sys/kernel/io_uring_disabled")) != 0
    except OSError:
        return False


def _map(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Map the ring of queues at ``start``; since 6.5 (and 6.1.y) the kernel refuses every address of our choice."""

    def map_ring() -> None:
        place = call(SYS_MMAP, 0, size, prot, MAP_SHARED, fd, IORING_OFF_SQ_RING)
        if place == -1:
            code = last_errno()
            raise Trouble(code, ELSEWHERE if code == errno.ENOMEM else "")
        if place != start:
            call(SYS_MUNMAP, place, size)
            raise Trouble(0, ELSEWHERE)

    leave_one_gap(start, size, map_ring)


def _opening(name: str, length: int, text: str) -> Iterator[str]:
    entries = 1
    while entries * _ENTRY < length:
        entries *= 2
    yield f"char {name}_parameters[120] = {{ 0 }};"
    yield f"int {name} = syscall(425 /* io_uring_setup */, {entries}, {name}_parameters);"
    yield f"MUST({name});"


def _mapping(site: MmapSite) -> Iterator[str]:
    yield f"leave_one_gap({site.at}, {site.size});"
    yield f"MUST(mmap(NULL, {site.size}, {site.prot}, MAP_SHARED, {site.fd}, 0));"
    yield "open_gaps();"


def _backing(flags: int, never: int = 0) -> Backing:
    return Backing("io-uring", "io-uring", placement="own", base_flags=DONTEXPAND | flags, never=never)


KIND = Kind(
    "io-uring",
    about="the ring of an io_uring",
    sharing=("shared",),
    touched=False,
    feature="io-uring",
    backing=_backing(IO | PFNMAP | DONTDUMP),
    became=(
        ("io-uring-pages", _backing(MIXEDMAP)),  # made of pages of their own (3ab1db3c6039, 6.10)
        ("anon-inodes-not-executable", _backing(MIXEDMAP, EXEC)),  # 1ed95281c0c7, 6.16
    ),
    marks=("anon_inode:[io_uring]",),
    maker=Maker(_map, _open, placed=True),
    c=CCode(
        opening=_opening,
        mapping=_mapping,
        snippets=("ring",),
        make=f"""\
unsigned char parameters[120] = {{ 0 }};
unsigned int entries = 1;

while (entries * {_ENTRY} < object->length)   /* bytes of both queues for each entry */
	entries *= 2;
fd = (int)syscall(SYS_io_uring_setup, entries, parameters);
if (fd < 0 && errno == ENOSYS)
	skip("{_MISSING}");
if (fd < 0 && errno == EPERM)
	skip("{_FORBIDDEN}");
if (fd < 0)
	broken(step, "io_uring_setup");
return fd;""",
        map="map_io_uring(step, fd);\nreturn;",
        functions="""\
static void map_io_uring(const struct step *step, int fd)
{
	static struct gaps gaps;
	void *place;
	int error;

	leave_one_gap(step, &gaps);
	place = mmap(NULL, step->size, step->prot, MAP_SHARED, fd, 0);
	error = errno;
	open_gaps(&gaps);
	errno = error;
	if (place == MAP_FAILED)
		broken(step, "mmap");
	if ((u64)(unsigned long)place != step->address)
		skip("the kernel put the io_uring ring where the drawing does not have it");
}
""",
    ),
    sampling=Sampling(weight=0.1, special=True, costly=True, pages=1),
)
