"""The records of /proc/self/smaps: one for each mapping, all nearly alike, and long where little of them matters."""

from __future__ import annotations

_FLAGS = b"VmFlags:"
#: The line before VmFlags where there are protection keys, and how it ends for those that nobody gave one.
_KEY = b"ProtectionKey:"
_NO_KEY = b" 0\n"


class Smaps:
    """How a record is laid out on this kernel, as its first one, in ``sample``, shows.

    ``body`` is how many bytes it has from the end of its first line to VmFlags.
    """

    __slots__ = ("_key", "body")

    def __init__(self, sample: bytes) -> None:
        flags = sample.index(_FLAGS)
        self.body = flags - sample.index(b"\n")
        key = sample.find(_KEY, 0, flags)
        self._key = flags - key if key >= 0 else 0

    def records(self, text: bytes) -> list[tuple[bytes, bytes]]:
        """Return (first line, VmFlags line) of each record; what is between is nearly always as long.

        Where a mapping has another protection key than 0, the line ProtectionKey comes before VmFlags.
        """
        find = text.find
        body = self.body
        key = self._key
        records = []
        start = 0
        size = len(text)
        while start < size:
            end = find(b"\n", start)
            flags = end + body
            if text[flags : flags + 8] != _FLAGS:
                flags = find(_FLAGS, end)
            last = find(b"\n", flags)
            if key and text[flags - len(_NO_KEY) : flags] != _NO_KEY:
                flags -= key
            records.append((text[start:end], text[flags:last]))
            start = last + 1
        return records
