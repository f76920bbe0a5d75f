"""An open episode file: each question is answered, or a sentence names the file and the place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np

from sessions.record import hdf5, layout
from sessions.record.growing import GrowingFile
from sessions.record.layout import EpisodeError, EpisodeMeta
from sessions.types import Outcome, step_dtype

_RESTORE = "Restore it from a copy."


@contextlib.contextmanager
def naming(path: Path, place: str) -> Iterator[None]:
    """Turns whatever HDF5 or NumPy says about torn data into a sentence with file and place."""
    try:
        yield
    except EpisodeError:
        raise
    except hdf5.FAULTS as error:
        raise EpisodeError(path, f"It is torn at {place} ({hdf5.reason(error)}).") from error


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The file to read; a ``.part`` up to its last flush.

    Raises:
        EpisodeError: absent, torn, no HDF5, or it leads to another file.
    """
    if not path.exists():
        raise EpisodeError(path, "There is no such episode.")
    what, _ = hdf5.refusal(path)
    if what:
        raise EpisodeError(path, what, _RESTORE)
    # A growing file is opened again after its links were followed: what HDF5 has looked at it
    # remembers, and rows written meanwhile would be missed.
    with _file(path) as file:
        with naming(path, "its links"):
            if leads := hdf5.link_out(file):
                raise ValueError(f"{leads} leads to another file")
        if not path.name.endswith(layout.PART):
            yield file
            return
    with _file(path) as file:
        yield file


@contextlib.contextmanager
def _file(path: Path) -> Iterator[Any]:
    with contextlib.ExitStack() as stack:
        try:
            if path.name.endswith(layout.PART):
                file = h5py.File(stack.enter_context(GrowingFile(path)), "r")
            else:
                file = h5py.File(path, "r", locking="best-effort")
        except hdf5.FAULTS as error:
            raise EpisodeError(path, "It is torn: cut short, or damaged.", _RESTORE) from error
        yield stack.enter_context(file)


def meta_of(path: Path, file: Any) -> EpisodeMeta:
    """What the episode says about itself.

    Raises:
        EpisodeError: foreign, torn, or of a newer layout.
    """
    with naming(path, "the root's attributes"):
        if file.attrs.get("format") != layout.FORMAT:
            raise EpisodeError(path, "It is HDF5, but no episode of this program.")
        version = int(file.attrs["layout"])
        if version > layout.LAYOUT:
            raise EpisodeError(
                path,
                f"It has layout {version}; this program reads up to {layout.LAYOUT}.",
                "Update the program.",
            )
        meta = msgspec.json.decode(str(file.attrs["metadata"]).encode(), type=EpisodeMeta)
    layout.check_names(path, meta)
    return meta


def note_of(path: Path, file: Any) -> str:
    """Why it was salvaged or left over; empty for an ordinary one.

    Raises:
        EpisodeError: torn.
    """
    with naming(path, "the attributes note and problem"):
        return str(file.attrs.get("note", "") or file.attrs.get("problem", ""))


def outcome_of(path: Path, file: Any) -> Outcome:
    """How it ended, as recorded.

    Raises:
        EpisodeError: torn, or it means nothing.
    """
    with naming(path, "the attribute outcome"):
        return Outcome(int(file.attrs.get("outcome", Outcome.RUNNING)))


def committed(path: Path, file: Any, meta: EpisodeMeta) -> tuple[int, dict[str, int]]:
    """(ticks, frames by camera) that are whole; every dataset holds as many, and can be read.

    Raises:
        EpisodeError: torn, or it claims more than the file can hold; names the place.
    """
    with naming(path, "committed"):
        held = file.get("cameras", {})
        if isinstance(held, h5py.Dataset):
            raise ValueError("cameras is no group")
        cameras = [c for c in meta.camera_names if c in held]
        told = file["committed"]
        if told.shape != (1 + len(cameras),) or told.dtype.kind not in "iu":
            raise ValueError(f"{told.shape} numbers for {len(cameras)} cameras")
        numbers = [int(n) for n in told[:]]
        if min(numbers) < 0:
            raise ValueError(f"{numbers} is no count")
        size = path.stat().st_size
    dtype = dtype_of(meta)
    for name in layout.columns(dtype):
        place = layout.dataset_path(name)
        _long_enough(path, file, place, numbers[0], size, dtype[name].shape)
    for camera, count in zip(cameras, numbers[1:], strict=True):
        for column in layout.FRAME_COLUMNS:
            _long_enough(path, file, f"cameras/{camera}/{column}", count, size)
        with naming(path, f"cameras/{camera}"):
            group, end = file["cameras"][camera], 0
            if count:
                end = int(group["offset"][count - 1]) + int(group["size"][count - 1])
        _long_enough(path, file, f"cameras/{camera}/jpeg", end, size)
    return numbers[0], dict(zip(cameras, numbers[1:], strict=True))


def dtype_of(meta: EpisodeMeta) -> np.dtype[Any]:
    """The record of one tick."""
    return step_dtype(len(meta.joint_names), len(meta.environment_names), len(meta.camera_names))


def _long_enough(
    path: Path, file: Any, place: str, count: int, size: int, shape: tuple[int, ...] = ()
) -> None:
    with naming(path, place):
        hdf5.rows(file, place, count, size, shape)
