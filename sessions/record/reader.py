"""Reads an episode, whole or growing; every fault names the file and the place."""

from __future__ import annotations

import contextlib
import operator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.record import hdf5, jpeg, layout
from sessions.record.episode_file import (
    committed,
    dtype_of,
    meta_of,
    naming,
    note_of,
    opened,
    outcome_of,
)
from sessions.record.layout import EpisodeError, EpisodeMeta
from sessions.types import Controller, Outcome


@dataclass(frozen=True)
class FrameIndex:
    """When the frames of one camera were taken. All arrays have shape (N,).

    Attributes:
        t: capture times, monotonic [s].
        received_t: when the camera process had them [s], NaN where it is not known.
        sequence: the camera's own count; a gap is a frame it dropped.
        flags: 1 black, 2 frozen.
    """

    t: NDArray[np.float64]
    received_t: NDArray[np.float64]
    sequence: NDArray[np.int64]
    flags: NDArray[np.uint8]


@dataclass(frozen=True)
class EpisodeData:
    """One attempt in memory, without its images.

    Attributes:
        path: the file.
        meta: what the episode says about itself.
        steps: shape (T,) of ``sessions.types.step_dtype``, every tick.
        outcome: as recorded; edits beside the file may say otherwise (see ``catalogue``).
        frames: by camera.
        note: why it was salvaged, empty for an ordinary episode.
    """

    path: Path
    meta: EpisodeMeta
    steps: NDArray[Any]
    outcome: Outcome
    frames: dict[str, FrameIndex] = field(default_factory=dict)
    note: str = ""

    def frame_rows(self, camera: str) -> NDArray[np.int64]:
        """The newest frame of ``camera`` that each tick knew, shape (T,); -1 before the first."""
        column = self.meta.camera_names.index(camera)
        known = self.steps["frame_t"][:, column]
        found = np.searchsorted(self.frames[camera].t, known, side="right") - 1
        return np.where(np.isnan(known), -1, found).astype(np.int64)


def read_episode(path: Path) -> EpisodeData:
    """Reads everything but the images; a ``.part`` up to its last flush.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """
    with opened(path) as file:
        meta = meta_of(path, file)
        rows, frames = committed(path, file, meta)
        return EpisodeData(
            path=path,
            meta=meta,
            steps=_steps(path, file, meta, rows),
            outcome=outcome_of(path, file),
            frames={name: _frames(path, file, name, n) for name, n in frames.items()},
            note=note_of(path, file),
        )


def read_meta(path: Path) -> EpisodeMeta:
    """Only what the episode says about itself.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """
    with opened(path) as file:
        return meta_of(path, file)


def read_note(path: Path) -> str:
    """Why the episode was salvaged or left over; empty for an ordinary one.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """
    with opened(path) as file:
        meta_of(path, file)
        return note_of(path, file)


def counts(path: Path) -> tuple[int, dict[str, int]]:
    """(ticks, frames by camera) that are whole in the file, checked against every dataset.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """
    with opened(path) as file:
        return committed(path, file, meta_of(path, file))


def read_jpeg(path: Path, camera: str, index: int) -> bytes:
    """One frame as it was encoded; random access.

    Raises:
        EpisodeError: no such camera or frame, or the file is torn there.
    """
    with FrameReader(path) as reader:
        return reader.jpeg(camera, index)


def read_frame(path: Path, camera: str, index: int) -> NDArray[np.uint8]:
    """One frame as RGB, shape (H, W, 3) uint8; random access.

    Raises:
        EpisodeError: no such camera or frame, or the file is torn there.
    """
    with FrameReader(path) as reader:
        return reader.image(camera, index)


class FrameReader:
    """Random access to the images of one episode while it stays open; a context manager.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self._file = stack.enter_context(opened(path))
            _, self._counts = committed(path, self._file, meta_of(path, self._file))
            self._stack = stack.pop_all()
        self._places: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {}

    def jpeg(self, camera: str, index: int) -> bytes:
        """Frame ``index`` of ``camera`` as it was encoded.

        Raises:
            EpisodeError: no such camera or frame, or the file is torn there.
        """
        if camera not in self._counts:
            raise EpisodeError(
                self.path, f"There is no camera {camera!r}.", f"It has {list(self._counts)}."
            )
        count = self._counts[camera]
        if not 0 <= operator.index(index) < count:
            raise EpisodeError(self.path, f"{camera} has frames 0 to {count - 1}, not {index}.")
        with naming(self.path, f"cameras/{camera}, frame {index}"):
            offset, size = self._place(camera)
            start, length = int(offset[index]), int(size[index])
            pool = self._file["cameras"][camera]["jpeg"]
            if start < 0 or not 0 <= length <= min(hdf5.MOST_PICTURE, len(pool) - start):
                raise ValueError(f"bytes {start} to {start + length} of {len(pool)}")
            return bytes(pool[start : start + length])

    def image(self, camera: str, index: int) -> NDArray[np.uint8]:
        """Frame ``index`` of ``camera`` as RGB, shape (H, W, 3) uint8.

        Raises:
            EpisodeError: no such camera or frame, or the file is torn there.
        """
        data = self.jpeg(camera, index)
        with naming(self.path, f"cameras/{camera}, frame {index}"):
            return jpeg.decode(data)

    def close(self) -> None:
        """Closes the file; calling it twice is harmless."""
        self._stack.close()

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _place(self, camera: str) -> tuple[NDArray[Any], NDArray[Any]]:
        if camera not in self._places:
            group, count = self._file["cameras"][camera], self._counts[camera]
            self._places[camera] = (group["offset"][:count], group["size"][:count])
        return self._places[camera]


def _steps(path: Path, file: Any, meta: EpisodeMeta, rows: int) -> NDArray[Any]:
    dtype = dtype_of(meta)
    steps = np.zeros(rows, dtype)
    for name in layout.columns(dtype):
        with naming(path, layout.dataset_path(name)):
            _fill(steps[name], file[layout.dataset_path(name)][:rows])
    with naming(path, "controller"):
        _check_controllers(steps["controller"])
    return steps


def _frames(path: Path, file: Any, camera: str, count: int) -> FrameIndex:
    with naming(path, f"cameras/{camera}"):
        group = file["cameras"][camera]
        columns: dict[str, NDArray[Any]] = {}
        for name in ("t", "received_t", "sequence", "flags"):
            columns[name] = np.zeros(count, layout.FRAME_COLUMNS[name])
            _fill(columns[name], group[name][:count])
        return FrameIndex(**columns)


def _fill(target: NDArray[Any], values: Any) -> None:
    """Copies what was read; refuses another shape, words, and numbers that would be changed."""
    if np.shape(values) != target.shape:
        raise ValueError(f"shape {np.shape(values)} where {target.shape} was written")
    if not np.can_cast(values.dtype, target.dtype, "safe"):
        raise ValueError(f"{values.dtype} where {target.dtype} was written")
    np.copyto(target, values)


def _check_controllers(codes: NDArray[Any]) -> None:
    """Who drove decides what is learned from: an unknown one is no tick of anybody's."""
    unknown = np.flatnonzero(codes > max(Controller))
    if len(unknown):
        row = int(unknown[0])
        raise ValueError(f"row {row} is {codes[row]}; 0 to {max(Controller)} are known")
