"""Writes one episode of a LeRobotDataset into a folder of its own, whole or not there.

So an export that was stopped goes on with the next one; ``_lerobot_closing`` puts them together.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record.exchange import _lerobot_tables as tables
from sessions.record.exchange import _lerobot_video as video
from sessions.record.exchange._lerobot_own import OwnEpisode, Taken
from sessions.record.exchange._lerobot_schema import IMAGES, Schema, columns, even
from sessions.record.exchange._lerobot_stats import Brightness, Stats, of_columns, sampled
from sessions.record.exchange.base import ExchangeError, Job, Leaving
from sessions.record.reader import FrameReader

_DONE = "episode.json"


class Part(msgspec.Struct, frozen=True):
    """One written episode, as the closing needs it.

    Attributes:
        own: what goes into ``meta/dagger``.
        task: index of its task.
        stats: by feature.
        levels: by camera, how often each brightness of each colour was seen, 3 x 256.
        pictures: by camera, how many were looked at for that.
        labels: what ``meta/episodes`` says of it beside LeRobot's own columns.
    """

    own: OwnEpisode
    task: int
    stats: dict[str, Stats]
    levels: dict[str, list[list[int]]]
    pictures: dict[str, int]
    labels: dict[str, str | int | bool]


def data_file(folder: Path) -> Path:
    """The episode's table of LeRobot's columns."""
    return folder / "data.parquet"


def steps_file(folder: Path) -> Path:
    """The episode's ticks as recorded."""
    return folder / "steps.parquet"


def video_file(folder: Path, number: int) -> Path:
    """The episode's video of one camera, by the camera's number."""
    return folder / f"camera-{number}.mp4"


def written(folder: Path) -> Part | None:
    """The episode that is whole in a folder; None if there is none.

    Raises:
        ExchangeError: what says so is torn.
    """
    path = folder / _DONE
    if not path.exists():
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Part)
    except (OSError, msgspec.DecodeError) as error:
        raise ExchangeError(f"{path} is torn ({error}). Delete {folder.parent.parent}.") from error


def write(
    folder: Path, leaving: Leaving, schema: Schema, place: tuple[int, int, int], job: Job
) -> None:
    """Writes one episode.

    Args:
        folder: its own; what a stopped export left in it is thrown away.
        leaving: the episode.
        schema: of the dataset.
        place: its index, the index of its first tick over all episodes, the index of its task.
        job: asked to stop within videos.

    Raises:
        ExchangeError: it has no ticks, or cannot be written.
        EpisodeError: it is torn.
        CancelledError: it was cancelled.
    """
    steps = leaving.data.steps
    if not len(steps):
        raise ExchangeError(
            f"Attempt {leaving.summary.episode} has no ticks, which LeRobot does not know. Leave "
            f"it out: episode!={leaving.summary.episode}."
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    made = columns(leaving, schema, *place)
    tables.write(data_file(folder), made)
    tables.write(steps_file(folder), {name: steps[name] for name in steps.dtype.names or ()})
    seen = {
        camera: _write_video(video_file(folder, number), leaving, camera, schema, job)
        for number, camera in enumerate(schema.cameras)
    }
    part = Part(
        own=_own(leaving, schema),
        task=place[2],
        stats={
            **{IMAGES + camera: brightness.stats() for camera, brightness in seen.items()},
            **of_columns(made),
        },
        levels={camera: brightness.levels.tolist() for camera, brightness in seen.items()},
        pictures={camera: brightness.pictures for camera, brightness in seen.items()},
        labels=_labels(leaving),
    )
    temporary = folder / f"{_DONE}.new"
    temporary.write_bytes(msgspec.json.encode(part))
    temporary.replace(folder / _DONE)


def _write_video(path: Path, leaving: Leaving, camera: str, schema: Schema, job: Job) -> Brightness:
    seen = Brightness()
    chosen = sampled(len(leaving.data.steps))
    size = schema.cameras[camera]

    def shown() -> Iterator[NDArray[np.uint8]]:
        for row, image in enumerate(_pictures(leaving, camera, size)):
            if row in chosen:
                seen.add(image)
            yield image

    video.encode(path, schema.fps, even(size), shown(), job)
    return seen


def _pictures(leaving: Leaving, camera: str, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    """The newest picture each tick knew, of even size; the first one before there was any."""
    if camera not in leaving.data.frames or not len(leaving.data.frames[camera].t):
        black = np.zeros((*even(size), 3), np.uint8)
        yield from (black for _ in leaving.data.steps)
        return
    at, image = -1, np.zeros((*size, 3), np.uint8)
    with FrameReader(leaving.data.path) as reader:
        for row in np.maximum(leaving.data.frame_rows(camera), 0).tolist():
            if row != at:
                at, image = row, reader.image(camera, row)
                if image.shape[:2] != size:
                    raise ExchangeError(
                        f"Attempt {leaving.summary.episode}: a picture of {camera} is "
                        f"{image.shape[1]}x{image.shape[0]}, those before it {size[1]}x{size[0]}. "
                        "A video has one size. Export them apart, by a query."
                    )
                image = np.pad(image, ((0, size[0] % 2), (0, size[1] % 2), (0, 0)), mode="edge")
            yield image


def _own(leaving: Leaving, schema: Schema) -> OwnEpisode:
    return OwnEpisode(
        meta=msgspec.structs.replace(leaving.data.meta, uid=leaving.identity),
        outcome=leaving.data.outcome.name.lower(),
        length=len(leaving.data.steps),
        interventions=len(leaving.interventions),
        edits=leaving.edits,
        cameras={camera: _taken(leaving, camera, schema) for camera in leaving.data.frames},
        note=leaving.data.note,
    )


def _taken(leaving: Leaving, camera: str, schema: Schema) -> Taken:
    """Those pictures of a camera that some tick knew: only they are in the video."""
    index = leaving.data.frames[camera]
    height, width = schema.cameras.get(camera, (0, 0))
    if not len(index.t):
        return Taken(height, width, (), (), ())
    known, row = np.unique(np.maximum(leaving.data.frame_rows(camera), 0), return_index=True)
    return Taken(
        height,
        width,
        tuple(index.t[known].tolist()),
        tuple(index.sequence[known].tolist()),
        tuple(row.tolist()),
        tuple(t if math.isfinite(t) else None for t in index.received_t[known].tolist()),
        tuple(index.flags[known].tolist()),
    )


def _labels(leaving: Leaving) -> dict[str, Any]:
    summary = leaving.summary
    return {
        "outcome": leaving.data.outcome.name.lower(),
        "operator": summary.operator,
        "session": summary.session,
        "environment": summary.environment,
        "object": summary.object,
        "note": summary.note,
        "round": summary.round,
        "policy": leaving.data.meta.policy,
        "demo": summary.demo,
        "interventions": len(leaving.interventions),
        "attempt": summary.episode,
        "uid": leaving.identity,
    }
