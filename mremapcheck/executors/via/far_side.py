"""The program behind the command: greets, and serves until nobody listens any more. Leaves nothing behind.

It runs on somebody's machine, as any Python of any user, so it changes nothing there.
"""

from __future__ import annotations

import binascii
import gc
import marshal
import os
import signal
import struct
import sys
from mmap import PAGESIZE

from mremapcheck.executors.remote.frames import GREETING, Encoder
from mremapcheck.executors.remote.line import Line
from mremapcheck.linux.platforms import HERE, machine
from mremapcheck.linux.uname import build
from mremapcheck.linux.user_space import user_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

#: Seconds after which a tool that asks for nothing has gone, though the network did not say so.
PATIENCE = 900.0


def main(slots: int, first: str | None) -> None:
    """Serve the tool with so many workers, then end this process. Does not return.

    ``first`` is what the tool has to say, in Base64: all of it, as standard input has ended. None: that goes on. Where
    it is empty the tool only wants to be greeted.
    """
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, _end)  # which the first process of a container would not hear by itself
        line = _take_streams(first is None)
        encoder = Encoder()
        line.write(encoder.encode(GREETING, marshal.dumps(_describe())))
        if first != "":
            _serve(line, encoder, slots, binascii.a2b_base64(first or ""))
        status = 0
    except (BrokenPipeError, ConnectionError):
        status = 0  # nobody reads any more
    finally:
        if status:
            sys.excepthook(*sys.exc_info())
        os._exit(status)  # nothing is done at exit: an interactive interpreter would write its history


def _end(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)


def _take_streams(goes_on: bool) -> Line:
    """Return the line; what anybody else reads or prints from here on goes to standard error."""
    source, sink = os.dup(0) if goes_on else -1, os.dup(1)
    os.dup2(2, 0)
    os.dup2(2, 1)
    return Line(source, sink)


def _describe() -> dict[str, Any]:
    release, version = build()
    return {
        "system": os.uname().sysname,
        "release": release,
        "version": version,
        "machine": machine(),
        "page_size": PAGESIZE,
        "bits": 8 * struct.calcsize("P"),
        "user_end": user_end(HERE) if HERE else 0,
        "python": ".".join(map(str, sys.version_info[:3])),
        "interactive": bool(sys.flags.interactive),
    }


def _serve(line: Line, encoder: Encoder, slots: int, first: bytes) -> None:
    # What comes now is made for the machines that the tool knows, which the greeting told it.
    from mremapcheck.executors.live import tags
    from mremapcheck.executors.remote.server import Server, told
    from mremapcheck.linux.numbers import PR_SET_CHILD_SUBREAPER, SYS_PRCTL
    from mremapcheck.linux.syscalls import call, prepare_heap

    call(SYS_PRCTL, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    prepare_heap()
    tags.table()
    gc.disable()
    gc.freeze()
    server = Server(line, encoder, slots, patience=PATIENCE)
    try:
        server.serve(first)
    except OSError:
        raise
    except Exception as error:
        server.fail(told(error))
