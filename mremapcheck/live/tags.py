"""The tags that touching writes: 8 bytes that say who wrote the page, and which page of the letter's mapping it was."""

from __future__ import annotations

import struct

SIZE = 8
_MAGIC = 0x6D
#: The scratch file of a worker begins with the tags of these letters' first pages, ready to be copied.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PAGES = 512


def encode(letter: str, first: int, pages: int) -> bytes:
    """Return the tags of consecutive pages of one letter."""
    low = _MAGIC | ord(letter) << 8
    return struct.pack(f"<{pages}Q", *(low | page << 32 for page in range(first, first + pages)))


def decode(data: bytes) -> list[tuple[str, int] | None]:
    """Return (letter, page) for each 8 bytes, None where they are no tag."""
    return [
        (chr(word >> 8 & 0xFFFFFF), word >> 32) if word & 0xFF == _MAGIC else None
        for (word,) in struct.iter_unpack("<Q", data)
    ]


def table() -> bytes:
    """Return what the scratch file begins with."""
    return b"".join(encode(letter, 0, PAGES) for letter in LETTERS)


def place(letter: str, first: int, pages: int) -> int | None:
    """Return where the table has these tags, in bytes; None where it has not."""
    index = LETTERS.find(letter)
    if index < 0 or first + pages > PAGES:
        return None
    return (index * PAGES + first) * SIZE
