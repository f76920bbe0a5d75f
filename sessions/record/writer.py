"""Writes one attempt so that a kill at any instant leaves everything up to the last flush.

Three things together make that true. Rows wait in memory and reach HDF5 only inside ``flush``. The
file is in single-writer-multiple-reader mode, whose metadata is written children first, so that
whatever is on disk can be opened. And the counts in ``committed`` are raised by a second flush
after the rows themselves: readers of a ``.part`` believe those counts and nothing beyond.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import checksums, layout
from sessions.record.disk import Syncer, reserve
from sessions.record.layout import EpisodeError, EpisodeMeta
from sessions.types import Outcome
from sessions.workspace import sync_folder

_ROWS = 256  # ticks in a chunk
_FRAMES = 64  # frame facts in a chunk
_POOL = 1 << 18  # bytes in a chunk of a JPEG pool
_SLACK = 4 << 20  # metadata and the unfilled ends of chunks

_broken: dict[Path, Any] = {}
"""Files whose write failed, with their datasets. HDF5 crashes when such a file is closed, and says
so at length when a dataset is, so all are kept open; the process must leave through ``os._exit``
(see ``must_leave_hard``)."""


def must_leave_hard() -> bool:
    """Whether a write failed in this process, so that a normal exit would crash in HDF5."""
    return bool(_broken)


class EpisodeWriter:
    """The one writer of one attempt's ``.part`` file.

    Args:
        folder: the workspace's ``episodes``.
        meta: what the episode says about itself.
        dtype: ``sessions.types.step_dtype`` of the station.
        cameras: names of the cameras whose frames will be added.
        name: file name to write under, where not the usual ``000042.h5.part``.

    Raises:
        EpisodeError: an episode of this number exists, or the file cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        meta: EpisodeMeta,
        dtype: np.dtype[Any],
        cameras: tuple[str, ...] = (),
        name: str = "",
    ) -> None:
        self.meta = meta
        self.final = folder / layout.file_name(meta.episode)
        self.path = folder / (name or layout.file_name(meta.episode, layout.PART))
        layout.check_names(self.path, meta)
        for taken in (self.path, self.final):
            if taken.exists():
                raise EpisodeError(taken, "The file exists already.", "Nothing was overwritten.")
        self.dtype = dtype
        self.cameras = tuple(name for name in meta.camera_names if name in cameras)
        if len(self.cameras) != len(cameras):
            raise EpisodeError(
                self.path, f"Cameras {cameras} are not all among {meta.camera_names}."
            )
        self.rows = 0
        self.frames = dict.fromkeys(self.cameras, 0)
        self._pool = dict.fromkeys(self.cameras, 0)
        self._sets: dict[str, Any] = {}  # open all the while: see _broken
        self._steps: list[NDArray[Any]] = []
        self._pending: dict[str, list[tuple[bytes, tuple[Any, ...]]]] = {
            name: [] for name in self.cameras
        }
        try:
            self._file = h5py.File(self.path, "w", libver="latest", locking="best-effort")
        except OSError as error:
            raise EpisodeError(self.path, f"It cannot be created ({error}).") from error
        self._syncer = Syncer(os.open(self.path, os.O_RDWR))
        self._create()

    def append(self, steps: NDArray[Any]) -> None:
        """Takes ticks, shape (N,) or () of the step dtype; they are written by ``flush``."""
        block = np.atleast_1d(np.asarray(steps, self.dtype)).copy()
        self._steps.append(block)
        self.rows += len(block)

    def add_frame(
        self,
        camera: str,
        t: float,
        jpeg: bytes,
        *,
        sequence: int = 0,
        received_t: float = float("nan"),
        flags: int = 0,
    ) -> None:
        """Takes one encoded frame; it is written by ``flush``.

        Args:
            camera: its name.
            t: capture time, monotonic [s].
            jpeg: the encoded image.
            sequence: the camera's own count.
            received_t: when the camera process had it [s].
            flags: 1 black, 2 frozen.
        """
        facts = (self._pool[camera], len(jpeg), t, received_t, sequence, flags)
        self._pending[camera].append((jpeg, facts))
        self._pool[camera] += len(jpeg)
        self.frames[camera] += 1

    def flush(self, *, sync: bool = True) -> None:
        """Writes what was taken; with ``sync`` begins to make it durable, beside the caller.

        Raises:
            EpisodeError: the disk is full (nothing was written, the file is whole and can be
                closed), or it failed (the file is readable up to the last flush).
        """
        if not self._steps and not any(self._pending.values()):
            return
        self._reserve()
        try:
            for camera, waiting in self._pending.items():
                self._write_frames(camera, waiting)
            self._write_steps()
            self._file.flush()
            self._sets["committed"][:] = [self.rows, *self.frames.values()]
            self._file.flush()
        except (OSError, RuntimeError) as error:
            self._break(error)
        self._steps.clear()
        for waiting in self._pending.values():
            waiting.clear()
        if sync:
            self._syncer.start()

    def finish(self, outcome: Outcome, *, note: str = "") -> Path:
        """Completes, verifies and renames the file; returns its final path.

        Raises:
            EpisodeError: the disk is full or failed, or what was read back differs; the ``.part``
                file stays.
        """
        self.flush(sync=False)
        self._close({"outcome": int(outcome), "note": note})
        self._verify()
        self._summarise()
        if self.final.exists():
            raise EpisodeError(self.final, "The file exists already.", f"Kept {self.path.name}.")
        try:
            self.path.rename(self.final)
            sync_folder(self.final.parent)
        except OSError as error:
            raise EpisodeError(self.path, f"It cannot be renamed ({error.strerror}).") from error
        checksums.begin(self.final)
        return self.final

    def abandon(self, problem: str, outcome: Outcome = Outcome.RUNNING) -> Path:
        """Closes the file as a leftover that says why; returns its path.

        What was taken since the last flush is written if it can be. ``outcome`` is kept for the
        salvage if it is known.
        """
        with contextlib.suppress(EpisodeError):
            self.flush(sync=False)
        if self.path not in _broken:
            self._steps.clear()
            with contextlib.suppress(EpisodeError):
                self._close({"problem": problem, "outcome": int(outcome)})
        return self.path

    def _create(self) -> None:
        file = self._file
        try:
            reserve(os_descriptor(file), 0, _SLACK)
            for field in layout.columns(self.dtype):
                base, shape = self.dtype[field].base, self.dtype[field].shape
                made = file.create_dataset(
                    layout.dataset_path(field),
                    (0, *shape),
                    base,
                    maxshape=(None, *shape),
                    chunks=(_ROWS, *shape),
                )
                made.attrs["unit"] = layout.unit(field, self.meta.unit)
                self._sets[field] = made
            for camera in self.cameras:
                group = file.create_group(f"cameras/{camera}")
                for name, kind in (("jpeg", "u1"), *layout.FRAME_COLUMNS.items()):
                    chunk = _POOL if name == "jpeg" else _FRAMES
                    self._sets[f"{camera}/{name}"] = group.create_dataset(
                        name, (0,), kind, maxshape=(None,), chunks=(chunk,)
                    )
            self._sets["committed"] = file.create_dataset(
                "committed", (1 + len(self.cameras),), "<i8"
            )
            file.attrs["format"] = layout.FORMAT
            file.attrs["layout"] = layout.LAYOUT
            file.attrs["metadata"] = msgspec.json.encode(self.meta).decode()
            file.flush()
            file.swmr_mode = True
        except (OSError, RuntimeError) as error:
            self._break(error)
        sync_folder(self.path.parent)

    def _reserve(self) -> None:
        frames = sum(len(jpeg) for waiting in self._pending.values() for jpeg, _ in waiting)
        need = frames + sum(block.nbytes for block in self._steps) + _SLACK
        try:
            reserve(os_descriptor(self._file), self.path.stat().st_size, need)
        except OSError as error:
            raise EpisodeError(
                self.path, f"{need / 1e6:.1f} MB more cannot be written ({error.strerror})."
            ) from error

    def _write_steps(self) -> None:
        if not self._steps:
            return
        block = np.concatenate(self._steps)
        for field in layout.columns(self.dtype):
            _extend(self._sets[field], self.rows, block[field])

    def _write_frames(self, camera: str, waiting: list[tuple[bytes, tuple[Any, ...]]]) -> None:
        if not waiting:
            return
        pool = np.frombuffer(b"".join(jpeg for jpeg, _ in waiting), np.uint8)
        _extend(self._sets[f"{camera}/jpeg"], self._pool[camera], pool)
        facts = list(zip(*(facts for _, facts in waiting), strict=True))
        for (name, kind), values in zip(layout.FRAME_COLUMNS.items(), facts, strict=True):
            _extend(self._sets[f"{camera}/{name}"], self.frames[camera], np.asarray(values, kind))

    def _close(self, attributes: dict[str, Any]) -> None:
        """Leaves the growing mode, writes the closing attributes and makes the file durable."""
        try:
            self._sets.clear()
            self._file.close()
            with h5py.File(self.path, "r+", libver="latest", locking="best-effort") as file:
                rows = int(file["committed"][0])
                file.attrs.update({**attributes, "num_samples": rows, "total": rows})
            with self.path.open("r+b") as plain:
                plain.truncate(self.path.stat().st_size)  # frees what was reserved beyond the end
                os.fsync(plain.fileno())
            self._syncer.close()
        except (OSError, RuntimeError) as error:
            self._break(error)

    def _summarise(self) -> None:
        """Puts what the index keeps of the file at its end, so that a workspace opens at once.

        Raises:
            EpisodeError: the disk is full or failed.
        """
        from sessions.record import index

        try:
            index.append(self.path)
        except OSError as error:
            self._break(error)

    def _verify(self) -> None:
        from sessions.record.reader import counts

        found = counts(self.path)
        wanted = (self.rows, dict(self.frames))
        if found != wanted:
            raise EpisodeError(
                self.path,
                f"Reading it back gave {found[0]} ticks and frames {found[1]}, "
                f"not {wanted[0]} and {wanted[1]}.",
                "It is kept for salvage.",
            )

    def _break(self, error: Exception) -> None:
        if self._file:
            _broken[self.path] = (self._file, self._sets)
            self._syncer.close()
        raise EpisodeError(
            self.path, f"Writing failed ({error}).", "What was flushed before can be salvaged."
        ) from error


def os_descriptor(file: h5py.File) -> int:
    """The descriptor HDF5 writes through."""
    descriptor: int = file.id.get_vfd_handle()
    return descriptor


def _extend(dataset: Any, size: int, block: NDArray[Any]) -> None:
    dataset.resize(size, axis=0)
    dataset[size - len(block) :] = block
