"""When the other end counts as silent."""

from __future__ import annotations

import marshal
from itertools import count

import pytest

from mremapcheck.executors.remote import frames, peer
from mremapcheck.executors.remote.peer import Peer, PeerEnded


class Said(Peer):
    """Said this much at once, and no more, or goes on with what is no message."""

    def __init__(self, data: bytes, endless: bool = False) -> None:
        super().__init__()
        self._decoder = frames.Decoder()
        self._data = data
        self._endless = endless

    def log(self) -> list[str]:
        return []

    def stop(self) -> None:
        pass

    def _pump(self, seconds: float) -> bool:
        data, self._data = self._data, b""
        return self._hear(self._decoder, data) if data else self._endless

    def _has_ended(self) -> bool:
        return False

    def _autopsy(self) -> PeerEnded:
        raise AssertionError


class Suspended:
    """A clock of which nobody sees a moment for an hour."""

    def __init__(self) -> None:
        self.monotonic = count(0.0, 3600.0).__next__


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "time", Suspended())


def test_what_was_said_meanwhile_is_heard() -> None:
    said = Said(frames.Encoder().encode(frames.FAILED, marshal.dumps(("it failed",))))
    with pytest.raises(PeerEnded, match="program failed: it failed"):
        said.receive(10, lambda: None)


@pytest.mark.parametrize("endless", [False, True], ids=["silence", "chatter"])
def test_nothing_was_said(endless: bool) -> None:
    with pytest.raises(PeerEnded, match="no sign of life for 10 s: it hangs"):
        Said(b"", endless).receive(10, lambda: None)
