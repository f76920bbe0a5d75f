"""A ring of fixed records in a memory-mapped file: one writer that never waits, any readers.

Each slot carries its sequence number before and after the record (a seqlock): a reader that finds
them different read a slot while it was being written and tries again. Files are mapped instead of
``multiprocessing.shared_memory`` because Python before 3.13 unlinks shared memory that an
unrelated process merely attached.

It lives in ``drivers`` because the simulated world and its arm and cameras share it with
everything above; it is the only transport of bulk data between processes.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

_MAGIC = b"DAGRING1"
_HEADER_BYTES = 4096
_HEAD_OFFSET = 8  # the count of records written so far, uint64
_SPEC_OFFSET = 16  # length of the JSON spec, uint32, then the JSON itself


class RingError(Exception):
    """A ring file is missing, foreign, or of another layout."""


class RingWriter:
    """The one writer of a ring.

    Args:
        path: file to create; an existing one is replaced atomically.
        dtype: structured dtype of a record.
        slots: records kept before the oldest is overwritten.
        meta: JSON-serialisable facts readers may want (names, sizes).

    Raises:
        RingError: the layout cannot be used, or there is no room for the file.
    """

    def __init__(
        self, path: Path, dtype: np.dtype[Any], slots: int, meta: dict[str, Any] | None = None
    ) -> None:
        if slots < 2:
            raise RingError(f"{path}: a ring of {slots} slots cannot be read; use 2 or more.")
        self.path = path
        self.dtype = dtype
        self.slots = slots
        spec = json.dumps({"descr": _descr(dtype), "slots": slots, "meta": meta or {}}).encode()
        if len(spec) > _HEADER_BYTES - _SPEC_OFFSET - 4:
            raise RingError(f"{path}: the ring's description is {len(spec)} bytes, too long.")
        self._slot = _slot_dtype(dtype)
        size = _HEADER_BYTES + slots * self._slot.itemsize
        temporary = path.with_name(path.name + f".{os.getpid()}.new")
        _allocate(temporary, size)
        temporary.chmod(0o600)
        with temporary.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        self._map[_SPEC_OFFSET + 4 : _SPEC_OFFSET + 4 + len(spec)] = spec
        self._map[_SPEC_OFFSET : _SPEC_OFFSET + 4] = len(spec).to_bytes(4, "little")
        self._head = np.frombuffer(self._map, np.uint64, 1, _HEAD_OFFSET)
        self._records = np.frombuffer(self._map, self._slot, slots, _HEADER_BYTES)
        self._map[0:8] = _MAGIC
        temporary.replace(path)
        self._count = 0

    @property
    def count(self) -> int:
        """Records written so far."""
        return self._count

    def slot(self) -> NDArray[Any]:
        """The next record, shape (), to be filled in place; ``commit`` publishes it."""
        slot = self._records[self._count % self.slots]
        slot["before"] = self._count + 1
        view: NDArray[Any] = self._records["record"][
            self._count % self.slots : self._count % self.slots + 1
        ].reshape(())
        return view

    def commit(self) -> int:
        """Publishes the record last filled through ``slot``; returns its index."""
        index = self._count
        self._records["after"][index % self.slots] = index + 1
        self._count += 1
        self._head[0] = self._count
        return index

    def push(self, record: NDArray[Any] | np.void) -> int:
        """Copies one record in; returns its index. Never waits."""
        self.slot()[...] = record
        return self.commit()

    def close(self, *, unlink: bool = False) -> None:
        """Drops the mapping; the file stays unless ``unlink``."""
        del self._head, self._records
        with contextlib.suppress(BufferError):
            self._map.close()
        if unlink:
            self.path.unlink(missing_ok=True)


class RingReader:
    """A reader of a ring; any number may read, and none slows the writer.

    Raises:
        RingError: the file is missing, or is not a ring.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                self.identity = os.fstat(file.fileno()).st_ino
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise RingError(f"{path}: cannot be read ({error}).") from error
        if len(self._map) < _HEADER_BYTES or self._map[0:8] != _MAGIC:
            raise RingError(f"{path}: this is not a ring file.")
        try:
            self._read_spec()
        except (KeyError, TypeError, ValueError) as error:
            raise RingError(f"{path}: this ring file is damaged ({error}).") from error

    def _read_spec(self) -> None:
        length = int.from_bytes(self._map[_SPEC_OFFSET : _SPEC_OFFSET + 4], "little")
        spec = json.loads(self._map[_SPEC_OFFSET + 4 : _SPEC_OFFSET + 4 + length])
        self.dtype = np.dtype([_field(f) for f in spec["descr"]])
        self.slots: int = spec["slots"]
        self.meta: dict[str, Any] = spec["meta"]
        slot = _slot_dtype(self.dtype)
        self._head = np.frombuffer(self._map, np.uint64, 1, _HEAD_OFFSET)
        self._records = np.frombuffer(self._map, slot, self.slots, _HEADER_BYTES)

    @property
    def head(self) -> int:
        """Records written so far; the newest has index ``head - 1``."""
        return int(self._head[0])

    def replaced(self) -> bool:
        """Whether the writer has since created a new file under this name (it restarted)."""
        try:
            return self.path.stat().st_ino != self.identity
        except OSError:
            return True

    def read(self, index: int, select: Callable[[NDArray[Any]], T]) -> T | None:
        """What ``select`` takes out of record ``index``, shape (), without copying the rest.

        ``select`` must return copies, never views: the writer goes on writing.

        Returns:
            its result, or None if the record was overwritten meanwhile or is not yet written.
        """
        if index < 0 or index >= self.head:
            return None
        position = index % self.slots
        if int(self._records["before"][position]) != index + 1:
            return None
        chosen = select(self._records["record"][position : position + 1].reshape(()))
        whole = (
            int(self._records["before"][position])
            == index + 1
            == int(self._records["after"][position])
        )
        return chosen if whole else None

    def get(self, index: int) -> NDArray[Any] | None:
        """A copy of record ``index``, shape (); None if it was overwritten or not yet written."""
        return self.read(index, lambda record: record.copy())

    def latest(self) -> NDArray[Any] | None:
        """A copy of the newest whole record, shape (); None if nothing was written yet."""
        for _ in range(8):
            head = self.head
            if head == 0:
                return None
            record = self.get(head - 1)
            if record is not None:
                return record
        return None

    def since(self, index: int) -> tuple[NDArray[Any], int, int]:
        """Copies every record from ``index`` on.

        Returns:
            (records of shape (N,), the index to ask from next time, how many were lost because
            the writer had already overwritten them).
        """
        head = self.head
        oldest = max(0, head - self.slots + 1)
        start = max(index, oldest)
        if start >= head:
            return np.empty(0, self.dtype), max(index, start), start - index if start > index else 0
        found = []
        lost = start - index
        for i in range(start, head):
            record = self.get(i)
            if record is None:
                lost += 1
            else:
                found.append(record)
        records = np.stack(found) if found else np.empty(0, self.dtype)
        return records, head, lost

    def close(self) -> None:
        """Drops the mapping."""
        del self._head, self._records
        with contextlib.suppress(BufferError):
            self._map.close()


def _allocate(path: Path, size: int) -> None:
    """Makes the file with all its space: writing to a hole on a full disk would be a bus error.

    Raises:
        RingError: there is no room.
    """
    try:
        with path.open("wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.truncate(size)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise RingError(
            f"{path.parent}: {size / 1e6:.1f} MB for a ring cannot be had ({error.strerror}). "
            "Free some space there."
        ) from error


def _slot_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype([("before", "<u8"), ("record", dtype), ("after", "<u8")], align=True)


def _descr(dtype: np.dtype[Any]) -> list[list[Any]]:
    if dtype.fields is None:
        raise RingError("A ring's record must be a structured dtype.")
    out: list[list[Any]] = []
    for name in dtype.names or ():
        base, shape = dtype[name].base, dtype[name].shape
        out.append([name, base.str, list(shape)])
    return out


def _field(entry: list[Any]) -> tuple[str, str] | tuple[str, str, tuple[int, ...]]:
    name, kind, shape = entry
    return (name, kind, tuple(shape)) if shape else (name, kind)
