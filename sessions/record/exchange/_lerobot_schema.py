"""What a LeRobotDataset v3.0 made here looks like: its features, and each tick's row of them.

LeRobot takes every feature whose name begins with ``observation`` or ``action`` for something a
policy reads or does, so that what is ours (controller, labels, proposals, doubt) has other names.
The schema depends on the station and the failure categories alone: demonstrations and corrections
have the same columns.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.record.exchange.base import KINDS, ExchangeError, Leaving, Outgoing
from sessions.record.layout import EpisodeError, EpisodeMeta
from sessions.record.reader import FrameReader
from sessions.record.storage import counts
from sessions.types import Controller, Outcome

VERSION = "v3.0"
STATE, ACTION = "observation.state", "action"
ENVIRONMENT, IMAGES = "observation.environment_state", "observation.images."
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
OWN = "meta/dagger"
"""Folder of what LeRobot has no place for; it does not look there."""

STEPS_PATH = OWN + "/steps/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
CHUNK_FILES, DATA_MB, VIDEO_MB = 1000, 100, 200

_UNIT = "rad, gripper 0 (closed) to 1"
OPTIONAL = ("policy_action", "human_action", "doubt")
"""Columns that are zero where ``<name>_valid`` is False: a NaN would spoil a whole batch."""


@dataclass(frozen=True)
class Schema:
    """What all episodes of one dataset have in common.

    Attributes:
        fps: ticks a second, a whole number as LeRobot demands.
        rate_hz: the control rate it stands for [Hz].
        joints: names of the components of state and action.
        environment: names of the components of the environment's state.
        cameras: height and width of each camera's pictures as recorded.
        categories: failure categories, by the number in the column.
        tasks: by ``task_index``.
    """

    fps: int
    rate_hz: float
    joints: tuple[str, ...]
    environment: tuple[str, ...]
    cameras: dict[str, tuple[int, int]]
    categories: tuple[str, ...]
    tasks: tuple[str, ...]


def even(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width in the video: yuv420p has half the colours, so both are even."""
    return size[0] + size[0] % 2, size[1] + size[1] % 2


def common(outgoing: Outgoing) -> Schema:
    """The schema of a selection.

    Raises:
        ExchangeError: nothing leaves, or its episodes do not fit into one dataset.
    """
    outgoing.check_any()
    known = {entry.meta.episode: entry.meta for entry in outgoing.catalogue.entries()}
    metas = {e.episode: known[e.episode] for e in outgoing.episodes}
    first = next(iter(metas.values()))
    for number, meta in metas.items():
        _compare(number, first, meta)
    if bad := [c for c in first.camera_names if "/" in c]:
        raise ExchangeError(f"LeRobot allows no / in a name; a camera is called {bad[0]!r}.")
    fps = round(first.rate_hz) if math.isfinite(first.rate_hz) else 0
    if fps < 1:
        raise ExchangeError(
            f"The control rate is {first.rate_hz:g} Hz; LeRobot knows whole numbers from 1."
        )
    tasks = dict.fromkeys(task_of(outgoing, meta) for meta in metas.values())
    return Schema(
        fps=fps,
        rate_hz=first.rate_hz,
        joints=first.joint_names,
        environment=first.environment_names,
        cameras=_cameras(outgoing, first.camera_names),
        categories=outgoing.categories,
        tasks=tuple(tasks),
    )


def task_of(outgoing: Outgoing, meta: EpisodeMeta) -> str:
    """What the episode's task is called, never empty."""
    return meta.task or outgoing.workspace.task.name or "unnamed"


def _compare(number: int, first: EpisodeMeta, meta: EpisodeMeta) -> None:
    for what, mine, theirs in (
        ("joints", first.joint_names, meta.joint_names),
        ("components of the environment's state", first.environment_names, meta.environment_names),
        ("cameras", first.camera_names, meta.camera_names),
        ("control rate [Hz]", (f"{first.rate_hz:g}",), (f"{meta.rate_hz:g}",)),
    ):
        if mine != theirs:
            raise ExchangeError(
                f"Attempt {number} has as {what} {', '.join(theirs) or 'none'}, those before it "
                f"{', '.join(mine) or 'none'}. One dataset has one. Export them apart, by a query."
            )


def _cameras(outgoing: Outgoing, names: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """The size of each camera's first picture; cameras that never took one are left out."""
    found: dict[str, tuple[int, int]] = {}
    for summary in outgoing.episodes:
        if len(found) == len(names):
            break
        path = outgoing.catalogue.path(summary.episode)
        # A torn one is passed over, and named, where it is written.
        with contextlib.suppress(EpisodeError), FrameReader(path) as reader:
            taken = counts(path)[1]
            for name in names:
                if name not in found and taken.get(name):
                    height, width = reader.image(name, 0).shape[:2]
                    found[name] = (height, width)
    return {name: found[name] for name in names if name in found}


def features(schema: Schema) -> dict[str, dict[str, Any]]:
    """``features`` of info.json, in the order of the columns; those of videos come first."""
    joints = list(schema.joints)
    made: dict[str, dict[str, Any]] = {
        IMAGES + name: {
            "dtype": "video",
            "shape": [*even(size), 3],
            "names": ["height", "width", "channels"],
            "info": _video_info(even(size), schema.fps),
        }
        for name, size in schema.cameras.items()
    }
    for name in (STATE, ACTION, "policy_action", "human_action"):
        made[name] = _feature("float32", joints, unit=_UNIT)
    if schema.environment:
        made[ENVIRONMENT] = _feature("float32", list(schema.environment))
    made["velocity"] = _feature("float32", joints, unit="rad/s, gripper 1/s")
    made["effort"] = _feature("float32", joints, unit="N m, gripper N")
    made["doubt"] = _feature("float32")
    for name in OPTIONAL:
        made[f"{name}_valid"] = _feature("bool")
    made["controller"] = _feature("int64", values=[c.name.lower() for c in Controller])
    made["intervention"] = _feature("bool")
    made["kind"] = _feature("int64", values=[str(k) for k in KINDS])
    made["category"] = _feature("int64", values=list(schema.categories))
    made["outcome"] = _feature("int64", values=[o.name.lower() for o in Outcome])
    made["stage"] = _feature("int64")
    made["round"] = _feature("int64")
    made["t"] = _feature("float64", unit="s since the attempt began, measured")
    made["timestamp"] = _feature("float32")
    for name in ("frame_index", "episode_index", "index", "task_index"):
        made[name] = _feature("int64")
    return made


def _feature(dtype: str, names: list[str] | None = None, **info: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"dtype": dtype, "shape": [len(names) if names else 1], "names": names}
    return {**made, "info": info} if info else made


def _video_info(size: tuple[int, int], fps: int) -> dict[str, Any]:
    return {
        "video.height": size[0],
        "video.width": size[1],
        "video.codec": "h264",
        "video.pix_fmt": "yuv420p",
        "is_depth_map": False,
        "video.is_depth_map": False,
        "video.fps": fps,
        "video.channels": 3,
        "has_audio": False,
    }


def columns(
    leaving: Leaving, schema: Schema, episode: int, first: int, task: int
) -> dict[str, NDArray[Any]]:
    """Every feature but the videos, shape (T,) or (T, n), with the dtype that info.json says.

    Args:
        leaving: the episode.
        schema: of the dataset.
        episode: its index there.
        first: index of its first tick over all episodes.
        task: index of its task.
    """
    steps = leaving.data.steps
    row = np.arange(len(steps))
    made: dict[str, NDArray[Any]] = {
        STATE: steps["position"],
        ACTION: steps["sent_action"],
        ENVIRONMENT: steps["environment_state"],
        "velocity": steps["velocity"],
        "effort": steps["effort"],
        "controller": steps["controller"],
        "intervention": leaving.intervention,
        "kind": leaving.kind,
        "category": leaving.category,
        "outcome": np.full(len(steps), int(leaving.data.outcome)),
        "stage": steps["stage"],
        "round": np.full(len(steps), leaving.summary.round),
        "t": steps["t"] - steps["t"][:1],
        "timestamp": row / schema.fps,
        "frame_index": row,
        "episode_index": np.full(len(steps), episode),
        "index": first + row,
        "task_index": np.full(len(steps), task),
    }
    for name in OPTIONAL:
        known = np.isfinite(steps[name].reshape(len(steps), -1)).all(axis=1)
        made[f"{name}_valid"] = known
        made[name] = np.where(known.reshape(-1, *[1] * (steps[name].ndim - 1)), steps[name], 0.0)
    return {
        name: np.ascontiguousarray(made[name], feature["dtype"])
        for name, feature in features(schema).items()
        if feature["dtype"] != "video"
    }
