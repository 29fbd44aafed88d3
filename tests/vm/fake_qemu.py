"""Stands in for QEMU: runs the guest's own program in a process of this machine, or fails in one of QEMU's ways.

FAKE_QEMU says what it does: serve, serve-serial, refuse, no-nvme, panic, halt, hang, garbage, die (be killed at boot),
plain (restart, unless booted plainly), traceback (restart because the guest's program could not begin), or a lie;
or ``WAY@STEPS``: serve, but for a plan with so many steps panic, oops, warn, kasan, hang, exit, be killed, fail, or
(worker) have a worker that dies of SIGSEGV in it. ``xTIMES`` behind it: in the first TIMES guests only. ``kvm=WAY``
before it is for KVM.
"""

from __future__ import annotations

import marshal
import os
import re
import signal
import sys
import time
from pathlib import Path

from mremapcheck.executors.live.runner import Runner
from mremapcheck.executors.live.wire import Plan
from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.server import Server, WorkerSlot
from mremapcheck.executors.vm import guest_setup
from mremapcheck.executors.vm.guest import Guest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mremapcheck.executors.live.wire import Observation

OOPS = [
    "BUG: unable to handle page fault for address: ffffffffdeadbeef",
    "Oops: 0000 [#1]",
    "RIP: 0010:move_vma+0x1/0x2",
]
KASAN = ["BUG: KASAN: slab-use-after-free in move_vma+0x1/0x2", "Read of size 8 at addr ffff888004a2b010"]
WARN = ["------------[ cut here ]------------", "WARNING: CPU: 0 PID: 7 at mm/mremap.c:512 move_vma+0x1/0x2"]
PANIC = (
    "[    1.234567] Linux version 6.17.13\n[    2.000000] calling init\n[    2.345678] Kernel panic - not syncing: {}\n"
)

TRACEBACK = (
    '[    2.0] Run /usr/bin/python3 as init process\nTraceback (most recent call last):\n  File "/start.pyc", line 1\n'
    "ModuleNotFoundError: No module named 'collections.abc'\n[    2.3] reboot: Restarting system\n"
)
#: What a guest may send that no guest of ours would: a message of another shape, or of no kind at all, one that claims
#: four gigabytes, a cut off one, an answer before the greeting, greetings without end.
LIES = ("shape", "kind", "oversized", "claims", "cut", "early", "endless")


def lie(line: int, way: str) -> None:
    encode = frames.Encoder().encode
    hello = marshal.dumps({"release": "6.17", "version": "#1", "channel": "virtio", "disk": True})
    sent = {
        "shape": lambda: encode(frames.HELLO, marshal.dumps(["hello"])),
        "kind": lambda: encode(99, hello),
        "oversized": lambda: frames.MAGIC + b"\x10\xff\xff\xff\xff" + bytes(100),
        "claims": lambda: encode(frames.HELLO, b"[\xff\xff\xff\x7f"),
        "cut": lambda: encode(frames.HELLO, hello)[:-3],
        "early": lambda: encode(frames.RESULTS, marshal.dumps(([], []))),
        "endless": lambda: b"".join(encode(frames.HELLO, hello) for _ in range(20_000)),
    }[way]()
    while sent:
        sent = sent[os.write(line, sent) :]
    if way == "cut":
        sys.exit(0)
    time.sleep(1000)


class Log:
    """A kernel log that says what it is told to."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def read(self) -> list[str]:
        lines, self.lines = self.lines, []
        return lines


class Fake(Server):
    """The guest's end of the line, with a trap for one plan."""

    def __init__(self, channel: guest_setup.Channel, console: int, way: str, steps: int) -> None:
        encoder = frames.Encoder()
        channel.write(encoder.encode(frames.HELLO, marshal.dumps(guest_setup.describe(channel, disk=True))))
        self._words = Log()
        guest = Guest()
        guest._log = self._words  # type: ignore[assignment]
        super().__init__(channel, encoder, 2, guest)
        self._console = console
        self._way = way
        self._trap = steps

    def _begin(self, slot: WorkerSlot) -> None:
        before = slot.batch
        super()._begin(slot)
        if slot.batch is not before and any(len(marshal.loads(task.plan)[-1]) == self._trap for task in slot.batch):
            self._spring(self._way)

    def _spring(self, way: str) -> None:
        if way == "panic":
            os.write(self._console, PANIC.format("Fatal exception").encode())
            os._exit(0)
        elif way == "exit":
            os._exit(0)
        elif way == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif way == "hang":
            Path(f"{os.environ['FAKE_QEMU_LOG']}.{os.getpid()}-hangs").touch()
            time.sleep(1000)
        elif way == "fail":
            raise RuntimeError("the guest's own bug")
        else:
            self._words.lines = {"oops": OOPS, "kasan": KASAN}.get(way, WARN)


def let_workers_die(trap: int) -> None:
    """Let a plan with so many steps kill the worker that is at it."""
    run = Runner.run

    def run_or_die(runner: Runner, plan: Plan) -> tuple[Observation, bool]:
        if len(plan.steps) == trap:
            runner._progress[0] = trap - 1
            os.kill(os.getpid(), signal.SIGSEGV)
        return run(runner, plan)

    Runner.run = run_or_die  # type: ignore[method-assign,assignment]


def option(name: str) -> list[str]:
    return [after for word, after in zip(sys.argv, sys.argv[1:], strict=False) if word == name]


def descriptor(name: str) -> int:
    return next(int(text.rpartition("=")[2]) for text in option("-chardev") if f"id={name}," in text)


def what_to_do() -> str:
    words = os.environ["FAKE_QEMU"].split()
    if option("-accel") == ["kvm"]:
        return next(word[4:] for word in words if word.startswith("kvm="))
    return words[-1]


def main() -> None:
    way = _this_time(what_to_do())
    with Path(os.environ["FAKE_QEMU_LOG"]).open("a") as log:
        log.write(f"{os.getpid()} {' '.join(sys.argv[1:])}\n")
    console = descriptor("console")
    if way == "refuse":
        print("qemu: -cpu host: not in this house", file=sys.stderr)
        sys.exit(1)
    if way == "no-nvme" and any("nvme" in text for text in option("-device")):
        print("qemu: -device nvme,drive=disk: 'nvme' is not a valid device model name", file=sys.stderr)
        sys.exit(1)
    if way == "plain" and not any("ignore_loglevel" in text for text in option("-append")):
        sys.exit(0)
    if way == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if way == "panic":
        os.write(console, PANIC.format("VFS: Unable to mount root fs").encode())
        sys.exit(0)
    if way == "traceback":
        os.write(console, TRACEBACK.encode())
        sys.exit(0)
    if way == "halt":
        os.write(console, b"\nZSTD-compressed data is corrupt\n\n -- System halted\n")
    if way in ("halt", "hang"):
        time.sleep(1000)
    line = descriptor("serial" if way == "serve-serial" else "virtio")
    if way == "garbage":
        os.write(line, b"MR" * (1 << 20))
        time.sleep(1000)
    if way in LIES:
        lie(line, way)
    way, _, steps = way.partition("@")
    guest_setup.write = _write
    guest_setup.be_a_user_of_its_own = _do_nothing
    trap = int(steps or -1)
    if way == "worker":
        let_workers_die(trap)
        trap = -1
    guest = Fake(guest_setup.Channel("virtio", line), console, way, trap)
    try:
        guest.serve()
    except RuntimeError as error:
        guest.fail(str(error))


def _this_time(way: str) -> str:
    """Return what to do without the number of times: serve, when it has been done so often."""
    found = re.fullmatch(r"(.*?)(?:x([0-9]+))?", way)
    assert found is not None
    way, times = found.groups()
    if times is None:
        return way
    counter = Path(os.environ["FAKE_QEMU_LOG"] + ".count")
    count = int(counter.read_text()) if counter.exists() else 0
    counter.write_text(str(count + 1))
    return way if count < int(times) else "serve"


def _do_nothing() -> None:
    """Stay the user that runs the tests."""


def _write(path: str, text: str) -> None:
    """Change nothing on this machine."""


if __name__ == "__main__":
    main()
