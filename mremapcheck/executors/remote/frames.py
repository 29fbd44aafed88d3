"""The channel between the tool and a guest: frames with a length and a checksum, on any stream of bytes.

A frame is ``MAGIC kind length checksum data``; the data of all frames of one direction form one compressed stream,
because a serial port takes 50 KB a second under emulation and plans resemble each other. Both ends use this module, so
it imports little. What stands before the first frame (a boot loader's greeting) is skipped; after that, damage or a
missing frame ends the channel.
"""

from __future__ import annotations

import struct
import zlib

MAGIC = b"\xd7\x1bMR"
_HEADER = struct.Struct("<4sBII")
#: No frame is larger, in bytes: what claims to be is noise or an attack on this side's memory.
MOST = 64 << 20
#: Noise that is skipped before a frame, in bytes.
_MOST_NOISE = 1 << 20

# Kinds, to the guest
SET_UP = 1  #: (seconds that a plan may take, huge pages to reserve, how many plans at a time)
PLANS = 2  #: [(number, vm.max_map_count, plan marshalled in format 2)]
# and from the guest
HELLO = 16  #: {"release", "version", "channel", "disk"}
RESULTS = 17  #: ([(number, marshalled observation)], what the kernel said meanwhile)
DIED = 18  #: ([(number, (wait status, step))], what the kernel said): the worker has gone, the guest is well
BEAT = 19  #: [how many plans each busy worker has done]: the guest is well
FAILED = 20  #: (text,): the guest's own program broke down
GREETING = 21  #: from behind a command, instead of HELLO: what ``messages.GREETING`` lists


class FrameError(ValueError):
    """The channel carries something else than frames, or a damaged one; ``frames`` came whole before it."""

    frames: tuple[tuple[int, bytes], ...] = ()


class Encoder:
    """One direction of a channel, the end that writes; ``level`` as zlib's."""

    def __init__(self, level: int = 1) -> None:
        self._stream = zlib.compressobj(level)
        self._count = 0

    def encode(self, kind: int, data: bytes) -> bytes:
        """Return the frame."""
        packed = self._stream.compress(data) + self._stream.flush(zlib.Z_SYNC_FLUSH)
        check = _check(packed, kind, self._count)
        self._count += 1
        return _HEADER.pack(MAGIC, kind, len(packed), check) + packed


class Decoder:
    """The end that reads: bytes as they come, frames as they are complete."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._buffer = bytearray()
        self._noise = 0
        self._count = 0

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take what arrived; return the frames (kind, data) that are complete now. Raises FrameError."""
        self._buffer += data
        frames = []
        try:
            while (frame := self._next()) is not None:
                frames.append(frame)
        except FrameError as error:
            error.frames = tuple(frames)
            raise
        return frames

    def _next(self) -> tuple[int, bytes] | None:
        buffer = self._buffer
        start = buffer.find(MAGIC)
        noise = start if start >= 0 else max(0, len(buffer) - len(MAGIC) + 1)
        if noise:
            self._noise += noise
            if self._noise > _MOST_NOISE or self._count:
                raise FrameError("the channel carries noise")
            del buffer[:noise]
        if start < 0 or len(buffer) < _HEADER.size:
            return None
        _, kind, length, check = _HEADER.unpack_from(buffer)
        if length > MOST:
            raise FrameError(f"a frame of {length} bytes")
        end = _HEADER.size + length
        if len(buffer) < end:
            return None
        packed = bytes(buffer[_HEADER.size : end])
        del buffer[:end]
        if _check(packed, kind, self._count) != check:
            raise FrameError("a frame was damaged on the way")
        self._count += 1
        try:
            data = self._stream.decompress(packed, MOST)
        except zlib.error as error:
            raise FrameError(f"a frame was damaged on the way: {error}") from None
        if self._stream.unconsumed_tail:
            raise FrameError("a frame unpacks to too much")
        return kind, data


def _check(packed: bytes, kind: int, number: int) -> int:
    return zlib.crc32(packed, (number << 8 | kind) & 0xFFFFFFFF)
