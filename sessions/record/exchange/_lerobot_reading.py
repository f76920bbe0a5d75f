"""Reads LeRobotDatasets: those that left here as they were, and counts what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import jpeg
from sessions.record.exchange import _lerobot_foreign as foreign
from sessions.record.exchange import _lerobot_tables as tables
from sessions.record.exchange import _lerobot_video as video
from sessions.record.exchange._lerobot_own import FILE, OwnEpisode, Taken
from sessions.record.exchange._lerobot_schema import IMAGES, OWN
from sessions.record.exchange._lerobot_source import Dataset
from sessions.record.exchange.arriving import Arriving, Each
from sessions.record.exchange.base import Counts, ExchangeError, Job
from sessions.record.reader import FrameIndex
from sessions.types import Outcome, step_dtype


def episodes(source: Path, units: str) -> tuple[int, Iterator[Arriving]]:
    """The episodes of a dataset; see ``lerobot.incoming``.

    Raises:
        ExchangeError: torn, no v3.0 dataset, or nothing in it can be used; names the place.
    """
    dataset = Dataset(source)
    if not dataset.own:
        reader = foreign.Reader(dataset, units)
        return len(dataset.rows), Each(reader.episode, dataset.rows)
    own = _own(dataset)
    return len(own), Each(_Reader(dataset).episode, own)


def doubts(source: Path, units: str) -> list[str]:
    """What an import would not settle; see ``lerobot.conflicts``.

    Raises:
        ExchangeError: as of ``episodes``.
    """
    dataset = Dataset(source)
    return [] if dataset.own else foreign.Reader(dataset, units).assumptions()


def counted(root: Path, job: Job) -> Counts:
    """What a dataset of ours holds, by reading all of it.

    Raises:
        ExchangeError: torn, or none of ours.
        CancelledError: it was cancelled.
    """
    dataset = Dataset(root)
    lines = _lines(dataset)
    ticks = 0
    for path in sorted({dataset.data(row) for row in dataset.rows}):
        job.check()
        file = tables.File(path)
        held = [row for row in dataset.rows if dataset.data(row) == path]
        if file.groups != len(held):
            raise ExchangeError(f"{path} has {file.groups} row groups for {len(held)} episodes.")
        for group in range(file.groups):
            ticks += len(file.group(group)["frame_index"])
    exact = 0
    for episode in Each(_Reader(dataset).episode, _own(dataset)):
        job.check()
        exact += len(episode.steps)
    if exact != ticks:
        raise ExchangeError(f"{root} has {ticks} ticks, but {exact} as they were recorded.")
    frames: dict[str, int] = {}
    for camera, key in dataset.cameras.items():
        paths = sorted({dataset.video(row, key)[0] for row in dataset.rows})
        frames[camera] = sum(video.count(path, job) for path in paths)
    return Counts(len(dataset.rows), ticks, frames, sum(line.interventions for line in lines))


def _lines(dataset: Dataset) -> list[OwnEpisode]:
    path = dataset.root / OWN / FILE
    try:
        found = [
            msgspec.json.decode(line, type=OwnEpisode) for line in path.read_bytes().splitlines()
        ]
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExchangeError(f"{path} is torn ({error}).") from error
    lengths = [row.get("length") for row in dataset.rows]
    if [line.length for line in found] != lengths:
        raise ExchangeError(
            f"{path} tells of {len(found)} episodes, {dataset.root}/meta/episodes of others. If "
            f"it was edited, delete {dataset.root / OWN}: it is read as another's then."
        )
    return found


class _Own(NamedTuple):
    row: dict[str, Any]
    line: OwnEpisode
    group: int
    """Row group within its file of ticks."""


def _own(dataset: Dataset) -> list[_Own]:
    before: dict[Path, int] = {}
    found = []
    for row, line in zip(dataset.rows, _lines(dataset), strict=True):
        path = dataset.steps(row)
        found.append(_Own(row, line, before.get(path, 0)))
        before[path] = found[-1].group + 1
    return found


class _Reader:
    """Reads one episode after another, and keeps the file open that they are in."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._file: tables.File | None = None

    def episode(self, own: _Own) -> Arriving:
        """One episode.

        Raises:
            ExchangeError: torn; names the place.
        """
        row, line, group = own
        path = self._dataset.steps(row)
        if self._file is None or self._file.path != path:
            self._file = tables.File(path)
        steps = _steps(path, self._file.group(group), line)
        if line.outcome.upper() not in Outcome.__members__:
            place = self._dataset.root / OWN / FILE
            raise ExchangeError(f"{place}: {line.outcome!r} is no outcome.")
        taken = line.cameras.items()
        return Arriving(
            meta=line.meta,
            steps=steps,
            outcome=Outcome[line.outcome.upper()],
            frames={c: _pictures(self._dataset, row, c, t) for c, t in taken},
            edits=line.edits,
            known=self._known(line),
            note=line.note,
        )

    def _known(self, line: OwnEpisode) -> dict[str, FrameIndex]:
        """What is known of each picture; datasets of earlier programs hold less."""
        whole = {
            c: t
            for c, t in line.cameras.items()
            if len(t.flags) == len(t.t) == len(t.received_t) == len(t.sequence)
        }
        try:
            return {camera: _index(taken) for camera, taken in whole.items()}
        except OverflowError as error:
            place = self._dataset.root / OWN / FILE
            raise ExchangeError(f"{place}: a picture's number is out of range.") from error


def _index(taken: Taken) -> FrameIndex:
    received = [np.nan if t is None else t for t in taken.received_t]
    return FrameIndex(
        np.array(taken.t, np.float64),
        np.array(received, np.float64),
        np.array(taken.sequence, np.int64),
        np.array([flag & 0xFF for flag in taken.flags], np.uint8),
    )


def _steps(path: Path, held: dict[str, NDArray[Any]], line: OwnEpisode) -> NDArray[Any]:
    meta = line.meta
    if len(held.get("tick", ())) != line.length:
        raise ExchangeError(f"{path} has {len(held.get('tick', ()))} ticks, not {line.length}.")
    fields = step_dtype(len(meta.joint_names), len(meta.environment_names), len(meta.camera_names))
    steps = np.zeros(line.length, fields)
    for name in fields.names or ():
        shape = steps[name].shape
        if not steps[name].size:
            continue
        if name not in held or held[name].size != steps[name].size:
            given = held[name].shape if name in held else "absent"
            raise ExchangeError(f"{path}: {name} is {given} where {shape} were written.")
        steps[name] = held[name].reshape(shape)
    return steps


def _pictures(
    dataset: Dataset, row: dict[str, Any], camera: str, taken: Taken
) -> Callable[[], Iterator[tuple[float, int, bytes]]]:
    def read() -> Iterator[tuple[float, int, bytes]]:
        if not taken.row:
            return
        path, begin = dataset.video(row, IMAGES + camera)
        times = [begin + at / dataset.info.fps for at in taken.row]
        shown = video.pictures_at(path, times, 0.5 / dataset.info.fps)
        for t, sequence, image in zip(taken.t, taken.sequence, shown, strict=False):
            cut = np.ascontiguousarray(image[: taken.height, : taken.width])
            yield t, sequence, jpeg.encode(cut)

    return read
