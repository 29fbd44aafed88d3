"""The program of the guest, its process 1: the far side of the line to the tool, on a machine of its own."""

from __future__ import annotations

import gc
import marshal
import os

from mremapcheck.executors.live import tags
from mremapcheck.executors.remote.frames import HELLO, Encoder
from mremapcheck.executors.remote.server import Environment, Server, told
from mremapcheck.executors.vm import guest_setup
from mremapcheck.executors.vm.kernel_log import KernelLog
from mremapcheck.linux import folders
from mremapcheck.linux.fault_injection import DEBUGFS
from mremapcheck.linux.syscalls import prepare_heap


class Guest(Environment):
    """The whole machine, to do with as one likes."""

    def __init__(self) -> None:
        self._log = KernelLog()

    def set_up(self, huge_pages: int) -> None:
        """Set huge pages aside."""
        guest_setup.reserve_huge_pages(huge_pages)

    def allow_maps(self, most: int) -> None:
        """Set vm.max_map_count."""
        guest_setup.write("/proc/sys/vm/max_map_count", str(most))

    def prepare_worker(self) -> None:
        """Make this process the first to go where memory runs out, a user of its own, and one that runs at once."""
        guest_setup.write("/proc/self/oom_score_adj", "1000")
        guest_setup.be_a_user_of_its_own()
        guest_setup.run_eagerly()

    def complaints(self) -> list[str]:
        """Read the kernel's log; what it says once is said again the next time."""
        lines = self._log.read()
        if lines:
            guest_setup.write(f"{DEBUGFS}/clear_warn_once", "1")
        return lines


def main() -> None:
    """Run as process 1: serve the tool until it hangs up, then end the machine. Does not return."""
    guest_setup.mount_all()
    guest_setup.lift_limits()
    disk = guest_setup.mount_disk()
    if not disk:
        folders.missing[folders.DISK] = guest_setup.NO_DISK
    channel = guest_setup.open_channel()
    encoder = Encoder()
    channel.write(encoder.encode(HELLO, marshal.dumps(guest_setup.describe(channel, disk))))
    server = Server(channel, encoder, os.cpu_count() or 1, Guest())
    guest_setup.run_lazily()
    tags.table()
    prepare_heap()
    gc.disable()
    gc.freeze()
    try:
        server.serve()
    except Exception as error:
        text = told(error)
        guest_setup.say(text)  # the channel may end before it has carried this
        server.fail(text)
    finally:
        if os.getpid() == 1:
            guest_setup.restart()
