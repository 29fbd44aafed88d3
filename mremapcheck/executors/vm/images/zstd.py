"""zstd through the shared library that package managers depend on: Python has its own only since 3.14."""

from __future__ import annotations

import ctypes
import ctypes.util
import io

#: How a frame begins.
MAGIC = b"\x28\xb5\x2f\xfd"
_CHUNK = 1 << 20


class ZstdMissingError(RuntimeError):
    """libzstd is not on this machine."""


class _Buffer(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("position", ctypes.c_size_t))


def load() -> ctypes.CDLL:
    """Return libzstd; raise ZstdMissingError."""
    for name in ("libzstd.so.1", ctypes.util.find_library("zstd")):
        if name:
            try:
                library = ctypes.CDLL(name)
            except OSError:
                continue
            library.ZSTD_createDStream.restype = ctypes.c_void_p
            library.ZSTD_decompressStream.restype = ctypes.c_size_t
            library.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
            library.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]
            library.ZSTD_isError.argtypes = [ctypes.c_size_t]
            library.ZSTD_findFrameCompressedSize.restype = ctypes.c_size_t
            library.ZSTD_findFrameCompressedSize.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
            library.ZSTD_decompress.restype = ctypes.c_size_t
            library.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
            return library
    raise ZstdMissingError("libzstd is not installed")


def unpack_frame(packed: bytes, size: int) -> bytearray:
    """Return the first frame of ``packed``, at most ``size`` bytes of it, in one go.

    Raises ZstdMissingError, and OSError for broken data.
    """
    library = load()
    out = bytearray(size)
    frame = library.ZSTD_findFrameCompressedSize(packed, len(packed))
    if library.ZSTD_isError(frame):
        raise OSError("broken zstd data")
    done = library.ZSTD_decompress((ctypes.c_char * size).from_buffer(out), size, packed, frame)
    if library.ZSTD_isError(done):
        raise OSError("broken zstd data")
    del out[done:]
    return out


class ZstdReader(io.RawIOBase):
    """The unpacked bytes of a zstd frame (or several), as a file to read once from start to end.

    Raises ZstdMissingError when made, OSError when read for broken data. What follows the last frame is ignored.
    """

    def __init__(self, packed: bytes) -> None:
        self._library = load()
        self._stream = self._library.ZSTD_createDStream()
        self._packed = ctypes.create_string_buffer(packed, len(packed))
        self._input = _Buffer(ctypes.addressof(self._packed), len(packed), 0)
        self._space = ctypes.create_string_buffer(_CHUNK)
        self._ready = memoryview(b"")
        self._left = 1

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer`` with the next bytes; return how many, 0 at the end."""
        if not self._ready:
            self._ready = memoryview(self._more())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        """Give the library's memory back."""
        if not self.closed:
            self._library.ZSTD_freeDStream(self._stream)
        super().close()

    def _more(self) -> bytes:
        while True:
            if self._left == 0 and not self._starts_frame():
                return b""
            before = self._input.position
            out = _Buffer(ctypes.addressof(self._space), _CHUNK, 0)
            self._left = self._library.ZSTD_decompressStream(
                self._stream, ctypes.addressof(out), ctypes.addressof(self._input)
            )
            if self._library.ZSTD_isError(self._left):
                raise OSError("broken zstd data")
            if out.position:
                return ctypes.string_at(self._space, out.position)
            if self._input.position == before:
                if self._left:
                    raise OSError("zstd data ends too early")
                return b""

    def _starts_frame(self) -> bool:
        at = self._input.position
        return at + 4 <= self._input.size and ctypes.string_at(self._input.data + at, 4) == MAGIC
