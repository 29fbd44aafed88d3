"""The tags that touching writes: 8 bytes that say who wrote the page, and which page of the letter's mapping it was."""

from __future__ import annotations

import struct

SIZE = 8
_MAGIC = 0x6D
#: The scratch file of a worker begins with the tags of these letters' first pages, ready to be copied.
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
PAGES = 512
_table = b""


def encode(letter: str, first: int, pages: int) -> bytes:
    """Return the tags of consecutive pages of one letter."""
    low = _MAGIC | ord(letter) << 8
    return struct.pack(f"<{pages}Q", *range(low | first << 32, low | (first + pages) << 32, 1 << 32))


def decode(data: bytes) -> list[tuple[str, int] | None]:
    """Return (letter, page) for each 8 bytes, None where they are no tag."""
    return [
        (chr(word >> 8 & 0xFFFFFF), word >> 32) if word & 0xFF == _MAGIC else None
        for (word,) in struct.iter_unpack("<Q", data)
    ]


def table() -> bytes:
    """Return what the scratch file begins with; made once, and better before processes are forked than by each."""
    global _table
    if not _table:
        tags = bytearray(encode(LETTERS[0], 0, PAGES))
        for letter in LETTERS:
            tags[1::SIZE] = letter.encode() * PAGES
            _table += tags
    return _table


def place(letter: str, first: int, pages: int) -> int | None:
    """Return where the table has these tags, in bytes; None where it has not."""
    index = LETTERS.find(letter)
    if index < 0 or first + pages > PAGES:
        return None
    return (index * PAGES + first) * SIZE
