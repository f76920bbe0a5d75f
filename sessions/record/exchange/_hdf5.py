"""Foreign HDF5 files: whatever is wrong with one is said in a sentence with file and place."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record.exchange.base import ExchangeError

_FAULTS = (
    *(OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, AttributeError),
    *(ArithmeticError, MemoryError, msgspec.DecodeError),
)
_MOST_BYTES = 1 << 30
MOST_PICTURE = 1 << 28
"""No picture has more bytes."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """An HDF5 file to read.

    Raises:
        ExchangeError: absent, torn or no HDF5 file.
    """
    try:
        file = h5py.File(path, "r")
    except _FAULTS as error:
        raise ExchangeError(f"{path} is absent, torn or no HDF5 file ({error}).") from error
    with file:
        yield file


def whole(dataset: Any) -> NDArray[Any]:
    """All of a dataset of numbers.

    Raises:
        ValueError: it says that it is larger than any attempt; a few bytes can say so.
        TypeError: it is a group, or holds no numbers.
    """
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "biuf":
        raise TypeError(f"{getattr(dataset, 'name', dataset)} holds no numbers")
    if dataset.nbytes > _MOST_BYTES:
        raise ValueError(f"{dataset.name} is {dataset.nbytes / 1e9:.0f} GB, more than any attempt")
    return np.asarray(dataset[()])


def check_pictures(dataset: Any, count: int) -> None:
    """Makes sure that a dataset can be gone through picture by picture.

    Raises:
        ValueError: it has not ``count`` of them, or they are no pictures of uint8, nor JPEGs.
        TypeError: it is a group.
    """
    if not isinstance(dataset, h5py.Dataset):
        raise TypeError(f"{dataset.name} holds no pictures")
    each = dataset.nbytes // max(1, len(dataset))
    sound = dataset.dtype.kind in "iu" and dataset.dtype.itemsize == 1 and dataset.ndim in (2, 4)
    if len(dataset) != count or not sound or each > MOST_PICTURE:
        raise ValueError(
            f"{dataset.name} is {dataset.shape} {dataset.dtype}, not a picture of uint8 for each "
            f"of {count} ticks"
        )


def groups(parent: Any, name: str) -> Any:
    """A group within another one; an empty one if it is absent.

    Raises:
        TypeError: it is no group: going through a dataset might never end.
    """
    found = parent.get(name, {})
    if isinstance(found, h5py.Dataset):
        raise TypeError(f"{found.name} is no group")
    return found


def content(*arrays: NDArray[Any]) -> str:
    """What numbers are known by: files of different data often have the same names."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


@contextlib.contextmanager
def naming(path: Path, place: str) -> Iterator[None]:
    """Turns whatever HDF5 or NumPy says about torn data into a sentence with file and place."""
    try:
        yield
    except _FAULTS as error:
        raise ExchangeError(f"{path} is torn at {place} ({error}).") from error
