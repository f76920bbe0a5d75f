"""Foreign HDF5 files: whatever is wrong with one is said in a sentence with file and place."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sessions.record import hdf5
from sessions.record.exchange.base import ExchangeError

_MOST_BYTES = 1 << 30


@contextlib.contextmanager
def opened(path: Path, *, first: bool = False) -> Iterator[Any]:
    """An HDF5 file to read.

    Args:
        path: it.
        first: look for links that lead out of it as well; once a file is enough.

    Raises:
        ExchangeError: absent, torn or no HDF5 file; says what it is instead.
    """
    what, remedy = hdf5.refusal(path)
    if what:
        raise ExchangeError(f"{path}: {what} {remedy}")
    try:
        file = h5py.File(path, "r", locking="best-effort")
    except hdf5.FAULTS as error:
        raise ExchangeError(
            f"{path}: It is torn: cut short, or damaged. Copy it again from where it came."
        ) from error
    with file:
        if first:
            with naming(path, "its links"):
                if leads := hdf5.link_out(file):
                    raise ValueError(f"{leads} leads to another file")
        yield file


def whole(dataset: Any) -> NDArray[Any]:
    """All of a dataset of numbers.

    Raises:
        ValueError: it is a group, holds no numbers, or says that it is larger than any attempt; a
            few bytes can say so.
    """
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "biuf":
        raise ValueError(f"{getattr(dataset, 'name', dataset)} holds no numbers")
    if dataset.nbytes > _MOST_BYTES:
        raise ValueError(f"{dataset.name} is {dataset.nbytes / 1e9:.0f} GB, more than any attempt")
    _check_within(dataset)
    return np.asarray(dataset[()])


def check_pictures(dataset: Any, count: int) -> None:
    """Makes sure that a dataset can be gone through picture by picture.

    Raises:
        ValueError: it is a group, has not ``count`` of them, or they are no pictures of uint8, nor
            JPEGs.
    """
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{dataset.name} holds no pictures")
    if not dataset.shape:
        raise ValueError(f"{dataset.name} is one number, and no pictures")
    each = dataset.nbytes // max(1, len(dataset))
    sound = dataset.dtype.kind in "iu" and dataset.dtype.itemsize == 1 and dataset.ndim in (2, 4)
    if len(dataset) != count or not sound or each > hdf5.MOST_PICTURE:
        raise ValueError(
            f"{dataset.name} is {dataset.shape} {dataset.dtype}, not a picture of uint8 for each "
            f"of {count} ticks"
        )
    _check_within(dataset)


def groups(parent: Any, name: str) -> Any:
    """A group within another one; an empty one if it is absent.

    Raises:
        ValueError: it is no group: going through a dataset might never end.
    """
    found = parent.get(name, {}) if isinstance(parent, h5py.Group) else parent
    if isinstance(found, h5py.Dataset):
        raise ValueError(f"{found.name} is no group")
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
    except hdf5.FAULTS as error:
        raise ExchangeError(f"{path} is torn at {place} ({hdf5.reason(error)}).") from error


def size_of(file: Any) -> int:
    """Bytes of an open file."""
    return Path(file.filename).stat().st_size


def _check_within(dataset: Any) -> None:
    hdf5.check_within(dataset, dataset.size, size_of(dataset.file))
