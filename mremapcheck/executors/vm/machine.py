"""One guest: booted, spoken to over the channel, and known to be dead when it is."""

from __future__ import annotations

import re
import selectors
import signal
import socket
import time
from dataclasses import dataclass

from mremapcheck.base.text.terminal import one_line
from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.peer import Peer, PeerEnded, Tick
from mremapcheck.executors.vm.kernel_log import complaint
from mremapcheck.executors.vm.qemu import Qemu, QemuSetup

#: The last bytes of the console that are kept for a message.
_CONSOLE = 1 << 16
_CHUNK = 1 << 16
#: Lines of the console that are shown before and from a panic on.
_BEFORE, _AFTER = 15, 3
_HALTED = b"-- System halted"
_MOST_LINES = 30
#: How Python tells what ended it.
_TRACEBACK = "Traceback (most recent call last)"
_FAILURE = re.compile(r"(?:Fatal Python error: |[A-Za-z_.]+(?:Error|Exception|Interrupt|Exit)(?:: |$))")
_PANIC = re.compile(r"Kernel panic - not syncing: (.*)")
_TIME = re.compile(r"^\[ *[0-9]+\.[0-9]+\] ?(?:\[ *[TC][0-9]+\] )?")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?=]*[A-Za-z]|c)")


@dataclass(frozen=True, slots=True)
class Hello:
    """What a guest says first: its kernel, which channel it found, whether it has a disk; ``seconds`` to get there."""

    release: str
    version: str
    channel: str
    disk: bool
    seconds: float


class Machine(Peer):
    """A virtual machine with the guest's program in it."""

    who = "the guest"

    def __init__(self, binary: str, setup: QemuSetup) -> None:
        super().__init__()
        self._begun = time.monotonic()
        self._qemu = Qemu(binary, setup)
        self._selector = selectors.DefaultSelector()
        self._console = bytearray()
        self._line: socket.socket | None = None
        self._decoders: dict[socket.socket, frames.Decoder] = {}
        for line in (self._qemu.console, self._qemu.serial, self._qemu.virtio):
            line.setblocking(False)
            self._selector.register(line, selectors.EVENT_READ)
        for line in (self._qemu.serial, self._qemu.virtio):
            self._decoders[line] = frames.Decoder()

    def greet(self, patience: float, tick: Tick) -> Hello:
        """Wait until the guest's program speaks, at most ``patience`` seconds; raise PeerEnded."""
        kind, values = self.receive(patience, tick)
        if kind != frames.HELLO:
            raise PeerEnded(f"the guest's first message was of kind {kind}, and no greeting", self.log())
        return Hello(**values, seconds=time.monotonic() - self._begun)

    def log(self) -> list[str]:
        """Return the last lines of the console, without times; from the first complaint on if there is one."""
        lines = self._lines()
        for index, line in enumerate(lines):
            if _TRACEBACK in line:
                return lines[index : index + _MOST_LINES]
            if _PANIC.search(line):
                return complaint(lines[:index]) or lines[max(0, index - _BEFORE) : index + _AFTER]
        return complaint(lines) or lines[-_BEFORE:]

    def _lines(self) -> list[str]:
        text = _ESCAPES.sub("", self._console.decode("utf-8", "replace"))
        lines = [one_line(_TIME.sub("", line.rstrip())) for line in text.splitlines()]
        return [line for line in lines if line]

    def stop(self) -> None:
        """End it."""
        self._selector.close()
        self._qemu.stop()

    def _pump(self, seconds: float) -> bool:
        """Move bytes for at most so long; tell whether any came."""
        if self._line is not None:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
            self._selector.modify(self._line, events)
        came = False
        for key, events in self._selector.select(seconds):
            line = key.fileobj
            assert isinstance(line, socket.socket)
            if events & selectors.EVENT_WRITE:
                self._write(line)
            if events & selectors.EVENT_READ:
                came = self._read(line) or came
        return came

    def _has_ended(self) -> bool:
        return self._qemu.ended() is not None

    def _write(self, line: socket.socket) -> None:
        try:
            sent = line.send(self._out[:_CHUNK])
        except BlockingIOError:
            return
        except ConnectionError:
            sent = len(self._out)  # QEMU has gone: seen soon enough
        del self._out[:sent]

    def _read(self, line: socket.socket) -> bool:
        try:
            data = line.recv(_CHUNK)
        except BlockingIOError:
            return False
        except ConnectionError:
            data = b""
        if not data:
            self._selector.unregister(line)
            if line is self._line:
                self._line = None
            return False
        decoder = self._decoders.get(line)
        if decoder is None:
            self._console += data
            del self._console[:-_CONSOLE]
            if _HALTED in self._console:
                raise PeerEnded("the kernel halted before it began", self.log())
            return True
        if self._hear(decoder, data):
            self._line = line
        return True

    def _autopsy(self) -> PeerEnded:
        status = self._qemu.ended()
        complaint = self._qemu.complaint()
        lines = self._lines()
        if failure := next(filter(_FAILURE.match, reversed(lines)), ""):
            return PeerEnded(f"the guest's program failed: {failure}", self.log())
        if panic := next(filter(None, map(_PANIC.search, lines)), None):
            return PeerEnded(f"the kernel panicked: {panic[1].strip()}", self.log())
        if status is not None and status < 0:
            return PeerEnded(f"QEMU was killed by {signal.Signals(-status).name}", self.log(), killed=True)
        if status and complaint:
            return PeerEnded(f"QEMU gave up: {complaint}", self.log())
        return PeerEnded(f"the guest restarted{_last_words(lines)}", self.log())


def _last_words(lines: list[str]) -> str:
    return f"; the last it said: {lines[-1]}" if lines else " and said nothing"
