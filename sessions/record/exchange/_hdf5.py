"""Foreign HDF5 files: whatever is wrong with one is said in a sentence with file and place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import msgspec

from sessions.record.exchange.base import ExchangeError

_FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, msgspec.DecodeError)


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


@contextlib.contextmanager
def naming(path: Path, place: str) -> Iterator[None]:
    """Turns whatever HDF5 or NumPy says about torn data into a sentence with file and place."""
    try:
        yield
    except _FAULTS as error:
        raise ExchangeError(f"{path} is torn at {place} ({error}).") from error
