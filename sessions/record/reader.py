"""Reads an episode, whole or growing; every fault names the file and the place."""

from __future__ import annotations

import contextlib
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import jpeg, layout
from sessions.record.growing import GrowingFile
from sessions.record.layout import EpisodeError, EpisodeMeta
from sessions.types import Outcome, step_dtype

_FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError, MemoryError)


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
    with _opened(path) as file:
        meta = _meta(path, file)
        rows, frames = _committed(path, file, meta)
        return EpisodeData(
            path=path,
            meta=meta,
            steps=_steps(path, file, meta, rows),
            outcome=_outcome(path, file),
            frames={name: _frames(path, file, name, n) for name, n in frames.items()},
            note=_note(path, file),
        )


def read_meta(path: Path) -> EpisodeMeta:
    """Only what the episode says about itself.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """
    with _opened(path) as file:
        return _meta(path, file)


def read_note(path: Path) -> str:
    """Why the episode was salvaged or left over; empty for an ordinary one.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """
    with _opened(path) as file:
        _meta(path, file)
        return _note(path, file)


def counts(path: Path) -> tuple[int, dict[str, int]]:
    """(ticks, frames by camera) that are whole in the file, checked against every dataset.

    Raises:
        EpisodeError: absent, torn, foreign, or of a newer layout.
    """
    with _opened(path) as file:
        return _committed(path, file, _meta(path, file))


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
            self._file = stack.enter_context(_opened(path))
            _, self._counts = _committed(path, self._file, _meta(path, self._file))
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
        with _naming(self.path, f"cameras/{camera}, frame {index}"):
            offset, size = self._place(camera)
            start = int(offset[index])
            data: bytes = self._file["cameras"][camera]["jpeg"][start : start + size[index]]
            return bytes(data)

    def image(self, camera: str, index: int) -> NDArray[np.uint8]:
        """Frame ``index`` of ``camera`` as RGB, shape (H, W, 3) uint8.

        Raises:
            EpisodeError: no such camera or frame, or the file is torn there.
        """
        data = self.jpeg(camera, index)
        with _naming(self.path, f"cameras/{camera}, frame {index}"):
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
            group = self._file["cameras"][camera]
            self._places[camera] = (group["offset"][:], group["size"][:])
        return self._places[camera]


@contextlib.contextmanager
def _naming(path: Path, place: str) -> Iterator[None]:
    """Turns whatever HDF5 or NumPy says about torn data into a sentence with file and place."""
    try:
        yield
    except EpisodeError:
        raise
    except _FAULTS as error:
        raise EpisodeError(path, f"It is torn at {place} ({error}).") from error


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if not path.exists():
        raise EpisodeError(path, "There is no such episode.")
    with contextlib.ExitStack() as stack:
        try:
            if path.name.endswith(layout.PART):
                file = h5py.File(stack.enter_context(GrowingFile(path)), "r")
            else:
                file = h5py.File(path, "r", locking="best-effort")
        except _FAULTS as error:
            raise EpisodeError(
                path, f"It is torn or no episode file ({error}).", "Restore it from a copy."
            ) from error
        yield stack.enter_context(file)


def _meta(path: Path, file: Any) -> EpisodeMeta:
    with _naming(path, "the root's attributes"):
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


def _note(path: Path, file: Any) -> str:
    with _naming(path, "the attributes note and problem"):
        return str(file.attrs.get("note", "") or file.attrs.get("problem", ""))


def _outcome(path: Path, file: Any) -> Outcome:
    with _naming(path, "the attribute outcome"):
        return Outcome(int(file.attrs.get("outcome", Outcome.RUNNING)))


def _committed(path: Path, file: Any, meta: EpisodeMeta) -> tuple[int, dict[str, int]]:
    """What the file says is whole, after making sure that every dataset is at least as long."""
    with _naming(path, "committed"):
        numbers = [int(n) for n in file["committed"][:]]
        names = list(file["cameras"]) if "cameras" in file else []
        cameras = [c for c in meta.camera_names if c in names]
        if len(numbers) != 1 + len(cameras) or min(numbers) < 0:
            raise ValueError(f"{numbers} for {len(cameras)} cameras")
    for name in layout.columns(_dtype(meta)):
        _long_enough(path, file, layout.dataset_path(name), numbers[0])
    for camera, count in zip(cameras, numbers[1:], strict=True):
        for column in layout.FRAME_COLUMNS:
            _long_enough(path, file, f"cameras/{camera}/{column}", count)
        if count:
            with _naming(path, f"cameras/{camera}"):
                group = file["cameras"][camera]
                end = int(group["offset"][count - 1]) + int(group["size"][count - 1])
            _long_enough(path, file, f"cameras/{camera}/jpeg", end)
    return numbers[0], dict(zip(cameras, numbers[1:], strict=True))


def _long_enough(path: Path, file: Any, place: str, count: int) -> None:
    with _naming(path, place):
        length = len(file[place])
        if length < count:
            raise ValueError(f"{length} rows where {count} were written")


def _dtype(meta: EpisodeMeta) -> np.dtype[Any]:
    return step_dtype(len(meta.joint_names), len(meta.environment_names), len(meta.camera_names))


def _steps(path: Path, file: Any, meta: EpisodeMeta, rows: int) -> NDArray[Any]:
    dtype = _dtype(meta)
    steps = np.zeros(rows, dtype)
    for name in layout.columns(dtype):
        with _naming(path, layout.dataset_path(name)):
            _fill(steps[name], file[layout.dataset_path(name)][:rows])
    return steps


def _frames(path: Path, file: Any, camera: str, count: int) -> FrameIndex:
    with _naming(path, f"cameras/{camera}"):
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
    np.copyto(target, values, casting="same_kind")
