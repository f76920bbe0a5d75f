"""Opens a ``.part`` whose writer was killed, without changing it and without waiting.

HDF5 marks a file that is being written and will open a marked one only in its reader mode for
growing files, which retries torn metadata for up to an hour, as if the writer could still mend it.
So the file is read through a view in which the mark is gone, and the recorded length is the real
one: torn metadata is then refused at once. The view also keeps HDF5 from recognising a file that
this very process failed to write and holds open.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path

_SUPERBLOCK = 48  # bytes of version 3: signature 8, version, sizes, flags, addresses, checksum
_FLAGS = 11
_END = slice(28, 36)
_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MASK = 0xFFFFFFFF


class GrowingFile(io.RawIOBase):
    """A read-only view of ``path`` as its writer would have left it on closing.

    Raises:
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self._size = path.stat().st_size
        self._head = _closed(self._file.read(_SUPERBLOCK), self._size)
        self._file.seek(0)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As of any file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As of any file."""
        return self._file.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fills ``buffer`` from the current place; what is beyond the end reads as zeros."""
        start = self._file.tell()
        view = memoryview(buffer).cast("B")
        count = 0
        while count < len(view):
            got = self._file.readinto(view[count:])
            if not got:
                break
            count += got
        view[count:] = bytes(len(view) - count)
        if start < len(self._head):
            patch = self._head[start : start + len(view)]
            view[: len(patch)] = patch
        return len(view)

    def close(self) -> None:
        """Closes the file beneath."""
        self._file.close()
        super().close()


def _closed(head: bytes, size: int) -> bytes:
    """The superblock without the mark of a writer and with the file's real length."""
    if len(head) < _SUPERBLOCK or head[:8] != _SIGNATURE or head[8] != 3:
        return head
    if checksum(head[:-4]) != struct.unpack("<I", head[-4:])[0]:
        return head  # torn: HDF5 shall say so
    patched = bytearray(head)
    patched[_FLAGS] = 0
    patched[_END] = struct.pack("<Q", size)
    patched[-4:] = struct.pack("<I", checksum(bytes(patched[:-4])))
    return bytes(patched)


def checksum(data: bytes) -> int:
    """Jenkins' lookup3 hash ("hashlittle", initval 0), HDF5's checksum of metadata.

    Source: burtleburtle.net/bob/c/lookup3.c, 2006; HDF5 file format specification, appendix.
    """
    a = b = c = (0xDEADBEEF + len(data)) & _MASK
    place = 0
    while len(data) - place > 12:
        x, y, z = struct.unpack_from("<III", data, place)
        a, b, c = _mixed((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)
        place += 12
    rest = data[place:]
    if not rest:
        return c
    x, y, z = struct.unpack("<III", rest.ljust(12, b"\0"))
    return _final((a + x) & _MASK, (b + y) & _MASK, (c + z) & _MASK)


def _rotated(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & _MASK


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    for bits in ((4, 6, 8), (16, 19, 4)):
        a = ((a - c) & _MASK) ^ _rotated(c, bits[0])
        c = (c + b) & _MASK
        b = ((b - a) & _MASK) ^ _rotated(a, bits[1])
        a = (a + c) & _MASK
        c = ((c - b) & _MASK) ^ _rotated(b, bits[2])
        b = (b + a) & _MASK
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    c = ((c ^ b) - _rotated(b, 14)) & _MASK
    a = ((a ^ c) - _rotated(c, 11)) & _MASK
    b = ((b ^ a) - _rotated(a, 25)) & _MASK
    c = ((c ^ b) - _rotated(b, 16)) & _MASK
    a = ((a ^ c) - _rotated(c, 4)) & _MASK
    b = ((b ^ a) - _rotated(a, 14)) & _MASK
    return ((c ^ b) - _rotated(b, 24)) & _MASK
