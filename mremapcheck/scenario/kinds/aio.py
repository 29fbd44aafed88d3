"""The ring of an aio context: io_setup(2)."""

from __future__ import annotations

import errno
import struct

from mremapcheck.linux.numbers import SYS_IO_SETUP
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import address, buffer, call
from mremapcheck.linux.syscalls import errno as last_errno
from mremapcheck.linux.trouble import Trouble
from mremapcheck.linux.vm_flags import DONTCOPY, DONTEXPAND, EXEC
from mremapcheck.scenario.kinds.kind import Backing, CCode, Kind, Maker, MmapSite, Sampling
from mremapcheck.scenario.kinds.placing import leave_one_gap, protect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_EVENT = 32
_MISSING = "this kernel is built without aio (CONFIG_AIO)"
_TOO_MANY = "too many aio contexts: raise fs.aio-max-nr"
_LONGER = (
    "the kernel made another aio ring than the drawing has: with more processors it is longer, "
    "and elsewhere after `ulimit -s unlimited`"
)


def _map(fd: int, length: int, start: int, size: int, prot: int, sharing: int, offset: int) -> None:
    """Set up an aio context (io_setup(2)) whose ring fills [start, start+size) in bytes, rw at first."""
    events = size // (2 * _EVENT) - 2  # the kernel doubles them and adds two, and a header as long as one event
    context = buffer(struct.pack("Q", 0))

    def set_up() -> None:
        if call(SYS_IO_SETUP, events, address(context)) == -1:
            skip = {
                errno.ENOSYS: _MISSING,
                errno.EAGAIN: _TOO_MANY,
                errno.ENOMEM: _LONGER,
            }
            code = last_errno()
            raise Trouble(code, refusal(SYS_IO_SETUP) or skip.get(code, ""))
        (place,) = struct.unpack_from("Q", context)
        if place != start:
            raise Trouble(0, _LONGER)

    leave_one_gap(start, size, set_up)
    protect(start, size, prot)


def _mapping(site: MmapSite) -> Iterator[str]:
    context = f"{site.letter.lower()}_context"
    yield f"unsigned long {context} = 0;"
    yield f"leave_one_gap({site.at}, {site.size});"
    yield f"MUST(syscall(SYS_io_setup, {site.length // (2 * _EVENT) - 2}, &{context}));"
    yield "open_gaps();"
    yield from site.protect()


KIND = Kind(
    "aio",
    about="the ring of an aio context (io_setup)",
    sharing=("shared",),
    touched=False,
    feature="aio",
    backing=Backing("aio", "aio", base_flags=DONTEXPAND, never=EXEC),
    became=(("aio-not-inherited", Backing("aio", "aio", base_flags=DONTEXPAND | DONTCOPY, never=EXEC)),),
    marks=("/[aio]",),
    maker=Maker(_map, once=True, placed=True),
    c=CCode(
        mapping=_mapping,
        snippets=("ring",),
        map="map_aio(step);\nreturn;",
        functions=f"""\
static void map_aio(const struct step *step)
{{
	static struct gaps gaps;
	unsigned long context = 0;
	long result;
	int error;

	leave_one_gap(step, &gaps);
	result = syscall(SYS_io_setup, step->size / 64 - 2, &context);
	error = errno;
	open_gaps(&gaps);
	if (result && error == ENOSYS)
		skip("{_MISSING}");
	if (result && error == EAGAIN)
		skip("{_TOO_MANY}");
	if (result && error == ENOMEM)
		skip("{_LONGER}");
	errno = error;
	if (result)
		broken(step, "io_setup");
	if (context != step->address)
		skip("{_LONGER}");
	if (mprotect((void *)context, step->size, step->prot))
		broken(step, "mprotect");
}}
""",
    ),
    sampling=Sampling(weight=0.015, special=True, costly=True, pages=1),
)
