"""The child that a plan may fork: it goes on with the plan, and its parent waits for what it saw."""

from __future__ import annotations

import marshal
import os
import signal

from mremapcheck.linux.sandbox import killed
from mremapcheck.linux.trouble import Trouble

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.executors.live.wire import Observation


class InChild(Exception):  # noqa: N818
    """The rest happened in a child, which saw this."""

    def __init__(self, observation: Observation) -> None:
        super().__init__()
        self.observation = observation


def receive(fd: int, child: int) -> Observation:
    """Wait for the child's end and return what it saw; raise Trouble where it saw nothing."""
    data = b""
    while more := os.read(fd, 1 << 16):
        data += more
    os.close(fd)
    status = os.waitpid(child, 0)[1]
    if data and status == 0:
        observation: Observation = marshal.loads(data)
        return observation
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) == signal.SIGSYS:
            raise Trouble(skip=killed("fork and what follows it"))
        raise Trouble(fault=f"the forked child was killed by {signal.Signals(os.WTERMSIG(status)).name}")
    raise Trouble(fault=f"the forked child ended with status {os.WEXITSTATUS(status)}")


def hand_over(fd: int, observation: Observation) -> None:
    """Tell the parent what this child saw; does not return."""
    data = marshal.dumps(observation)
    while data:
        data = data[os.write(fd, data) :]
    os._exit(0)
