"""The near side of a line: messages to whoever is at its other end, and the certainty that it is still there."""

from __future__ import annotations

import marshal
import os
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.messages import InvalidMessage, read_message

Tick: TypeAlias = Callable[[], None]

#: The variable that says in how many seconds the other end must speak, instead of what is usual.
PATIENCE = "MREMAPCHECK_BOOT_TIMEOUT"
#: Seconds between two looks at whether the other end is still there.
_TICK = 0.5
#: Messages that may wait to be asked for: nobody has more plans than a window holds.
_MOST_FRAMES = 10_000


def patience(usual: float) -> float:
    """Return how many seconds the other end may take until it speaks, where ``usual`` is right for most."""
    try:
        return float(os.environ[PATIENCE])
    except (KeyError, ValueError):
        return usual


class PeerEnded(Exception):  # noqa: N818
    """The other end has gone or does not answer: why in a few words, and the last lines that it said besides.

    ``killed``: somebody or the machine's lack of memory ended it, which is no fault of the other end's.
    """

    def __init__(self, reason: str, log: list[str], killed: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log
        self.killed = killed


class Peer(ABC):
    """Whoever is at the other end; ``who`` is what messages call it."""

    who = "the other side"

    def __init__(self) -> None:
        self._frames: deque[tuple[int, Any]] = deque()
        self._encoder = frames.Encoder(level=6)
        self._trouble: PeerEnded | None = None
        #: Bytes that are still to be written.
        self._out = bytearray()

    def send(self, kind: int, message: Any) -> None:
        """Give it a message; that is on its way when the next one is waited for."""
        self._out += self._encoder.encode(kind, marshal.dumps(message))

    def receive(self, patience: float, tick: Tick) -> tuple[int, Any]:
        """Return its next message (kind, values); raise PeerEnded where none comes within ``patience`` seconds.

        ``tick`` is called now and then meanwhile.
        """
        deadline = time.monotonic() + patience
        progress = None
        overdue = False
        while True:
            while self._frames and self._frames[0][0] == frames.BEAT:
                _, beat = self._frames.popleft()
                if beat != progress:  # who is well but gets nowhere is no better than dead
                    progress, deadline, overdue = beat, time.monotonic() + patience, False
            if self._frames:
                break
            if self._trouble:
                raise self._trouble
            left = deadline - time.monotonic()
            if left <= 0:
                # Who was not listening for long, as on a suspended machine, first hears what was said meanwhile.
                if overdue or not self._pump(0):
                    raise self._silence(patience)
                overdue = True
                continue
            tick()
            if not self._pump(min(left, _TICK)) and self._has_ended():
                while self._pump(0):
                    pass
                if not self._frames:
                    raise self._autopsy()
        kind, values = self._frames.popleft()
        if kind == frames.FAILED:
            raise PeerEnded(f"{self.who}'s program failed: {values[0].strip()}", self.log())
        return kind, values

    @abstractmethod
    def log(self) -> list[str]:
        """Return the last lines that it said besides its messages."""

    @abstractmethod
    def stop(self) -> None:
        """End it."""

    @abstractmethod
    def _pump(self, seconds: float) -> bool:
        """Move bytes for at most so long; tell whether any came."""

    @abstractmethod
    def _has_ended(self) -> bool:
        """Tell whether it has gone, though what it said may not be read yet."""

    @abstractmethod
    def _autopsy(self) -> PeerEnded:
        """Tell how it ended."""

    def _silence(self, patience: float) -> PeerEnded:
        """Tell that it said nothing for so many seconds."""
        return PeerEnded(f"no sign of life for {patience:.0f} s: it hangs", self.log())

    def _broken(self, error: frames.FrameError) -> PeerEnded:
        """Tell that it says something else than messages."""
        return PeerEnded(f"the channel broke: {error}", self.log())

    def _hear(self, decoder: frames.Decoder, data: bytes) -> bool:
        """Take bytes that came; tell whether they brought messages. What is wrong with them counts after those."""
        before = len(self._frames)
        try:
            try:
                found: Iterable[tuple[int, bytes]] = decoder.feed(data)
            except frames.FrameError as error:
                found = error.frames
                self._trouble = self._broken(error)
            for kind, message in found:
                self._frames.append((kind, read_message(kind, message)))
        except InvalidMessage as error:
            self._trouble = PeerEnded(f"{self.who} sent nonsense: {error}", self.log())
        if len(self._frames) > _MOST_FRAMES:
            raise PeerEnded(f"{self.who} sends without end", self.log())
        return len(self._frames) > before
