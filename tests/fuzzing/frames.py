"""What a guest may send: frames mutated, cut off, out of order, and messages of another shape."""

from __future__ import annotations

import marshal
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.messages import InvalidMessage, read_message
from tests.fuzzing import hostile
from tests.fuzzing.mutate import mutated_bytes

_MESSAGES: tuple[tuple[int, Any], ...] = (
    (frames.HELLO, {"release": "6.17.1", "version": "#1 SMP", "channel": "virtio", "disk": True}),
    (frames.RESULTS, (0, [marshal.dumps((1, 2)), marshal.dumps(("x", "y"))], ["a line"])),
    (frames.DIED, (3, (11, 2), [])),
    (frames.BEAT, [1, 2]),
    (frames.FAILED, ("it broke",)),
)
_JUNK: tuple[Any, ...] = (None, True, -1, 2**70, 1.5, "", "x", b"", b"\xff", (), [], {}, (1,), [(1, 2)], {"release": 1})


def _junk(random: Random, value: Any, depth: int = 0) -> Any:
    """Return a message of which some part is something else."""
    if random.random() < 0.25:
        return random.choice((*_JUNK, hostile.text(random).encode("utf-8", "replace").decode()))
    if isinstance(value, tuple):
        return tuple(_junk(random, item, depth + 1) for item in value[: random.randint(0, len(value) + 2)])
    if isinstance(value, list):
        return [_junk(random, item, depth + 1) for item in value] * random.randint(0, 2)
    if isinstance(value, dict):
        return {key: _junk(random, item) for key, item in value.items() if random.random() < 0.9}
    return value


def frame(random: Random, folder: Path) -> str:
    """Send a few messages, perhaps of another shape, through a channel that may change them."""
    encoder = frames.Encoder()
    sent = bytearray()
    for _ in range(random.randint(1, 4)):
        kind, message = random.choice(_MESSAGES)
        if random.random() < 0.5:
            message = _junk(random, message)
        data = marshal.dumps(message)
        if random.random() < 0.3:
            data = mutated_bytes(random, data)
        sent += encoder.encode(random.choice((kind, kind, random.randrange(256))), data)
    if random.random() < 0.5:
        sent = bytearray(mutated_bytes(random, bytes(sent)))
    decoder = frames.Decoder()
    read = 0
    try:
        while sent:
            count = random.randint(1, 200)
            for kind, data in decoder.feed(bytes(sent[:count])):
                read_message(kind, data)
                read += 1
            del sent[:count]
    except (frames.FrameError, InvalidMessage) as error:
        assert str(error)
        return "refused"
    return "read" if read else "waited for more"


KINDS: dict[str, Callable[[Random, Path], str]] = {"frame": frame}
