from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.executors.remote.frames import MAGIC, Decoder, Encoder, FrameError

FRAMES = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=300)), max_size=8)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


@given(FRAMES, st.lists(st.integers(0, 5000), max_size=10), st.sampled_from([1, 6]))
def test_frames_arrive_however_the_bytes_are_cut(
    frames: list[tuple[int, bytes]], places: list[int], level: int
) -> None:
    encoder, decoder = Encoder(level), Decoder()
    stream = b"".join(encoder.encode(kind, data) for kind, data in frames)
    assert [frame for piece in cut(stream, places) for frame in decoder.feed(piece)] == frames


@given(FRAMES, st.binary(max_size=200).filter(lambda noise: MAGIC not in noise and noise[-1:] != MAGIC[:1]))
def test_noise_before_the_first_frame_is_skipped(frames: list[tuple[int, bytes]], noise: bytes) -> None:
    encoder = Encoder()
    stream = noise + b"".join(encoder.encode(kind, data) for kind, data in frames)
    assert Decoder().feed(stream) == frames


@given(FRAMES.filter(bool), st.data())
def test_damage_is_never_taken_for_a_message(frames: list[tuple[int, bytes]], data: st.DataObject) -> None:
    encoder = Encoder()
    stream = bytearray(b"".join(encoder.encode(kind, message) for kind, message in frames))
    at = data.draw(st.integers(0, len(stream) - 1))
    stream[at] ^= data.draw(st.integers(1, 255))
    decoder = Decoder()
    try:
        arrived = decoder.feed(bytes(stream))
    except FrameError:
        return
    assert arrived == frames[: len(arrived)], "what arrives is what was sent, up to the damage"
    assert len(arrived) < len(frames)


def test_a_lost_frame_is_noticed() -> None:
    encoder, decoder = Encoder(), Decoder()
    first, _, third = (encoder.encode(1, b"") for _ in range(3))
    assert decoder.feed(first) == [(1, b"")]
    with pytest.raises(FrameError):
        decoder.feed(third)


def test_a_frame_may_not_claim_to_be_huge() -> None:
    with pytest.raises(FrameError, match="a frame of"):
        Decoder().feed(MAGIC + b"\x01" + b"\xff" * 8)


def test_noise_without_end_is_given_up() -> None:
    decoder = Decoder()
    with pytest.raises(FrameError, match="noise"):
        for _ in range(100):
            decoder.feed(b"x" * 65536)


def test_messages_that_resemble_each_other_are_small() -> None:
    encoder = Encoder()
    message = bytes(range(256)) * 4
    first, second = encoder.encode(1, message), encoder.encode(1, message)
    assert len(second) < len(first) / 4
