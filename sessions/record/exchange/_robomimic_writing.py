"""Writes one demonstration of a robomimic file: what robomimic trains on, and all as recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import jpeg
from sessions.record.exchange._robomimic_reading import OWN
from sessions.record.exchange.base import KINDS, Leaving, pictures
from sessions.record.layout import EpisodeError
from sessions.record.marks import Kind
from sessions.types import Outcome

DEMO = "demo"
"""Group of the demonstration within its own file."""

IMAGE = 84
"""Pixels a side of ``obs/<camera>_image``, robomimic's own size."""

_DEMO, _ROBOT, _INTERVENTION, _CONTEXT = -1, 0, 1, -10
_CHUNK = 1 << 18  # bytes in a chunk of a pool of pictures
_BLOCK = 64  # pictures in memory at a time


def write(
    path: Path, episode: Leaving, categories: tuple[str, ...], scale: NDArray[np.float64]
) -> None:
    """Writes one demonstration into a file of its own, which has its name once it is whole.

    Args:
        path: the file, replaced if there.
        episode: what leaves.
        categories: by their numbers.
        scale: lowest and highest action of each joint, shape (2, A).

    Raises:
        EpisodeError: it is torn.
        OSError: it cannot be written.
    """
    temporary = path.with_name(f"{path.name}.new")
    with h5py.File(temporary, "w") as file:
        demo = file.create_group(DEMO)
        _fill(demo, episode, categories, scale)
        file.attrs["uid"], file.attrs["scale"] = episode.identity, scale
    with temporary.open("rb") as whole:  # its name is a promise, also after a power cut
        os.fsync(whole.fileno())
    temporary.replace(path)


def is_written(path: Path, uid: str, scale: NDArray[np.float64]) -> bool:
    """Whether a stopped export has written this episode whole, with the same scale."""
    if not path.is_file():
        return False
    try:
        with h5py.File(path, "r") as file:
            return file.attrs["uid"] == uid and np.array_equal(file.attrs["scale"], scale)
    except (OSError, RuntimeError, KeyError):  # a power cut tore it
        return False


def _fill(
    demo: Any, episode: Leaving, categories: tuple[str, ...], scale: NDArray[np.float64]
) -> None:
    steps = episode.data.steps
    demo.attrs["num_samples"] = len(steps)
    demo["actions"] = 2.0 * (steps["sent_action"] - scale[0]) / (scale[1] - scale[0]) - 1.0
    demo["actions_abs"] = steps["sent_action"]
    demo["rewards"] = _last(steps, episode.data.outcome is Outcome.SUCCESS)
    demo["dones"] = _last(steps, True)
    demo["states"] = np.concatenate(
        [steps["position"], steps["velocity"], steps["environment_state"]], axis=1
    )
    modes = _modes(episode)
    demo["action_modes"] = np.where(modes == _CONTEXT, _ROBOT, modes)
    demo["intv_labels"] = modes
    demo["category"] = episode.category
    _observations(demo.create_group("obs"), steps)
    _observations(demo.create_group("next_obs"), steps[_following(len(steps))])
    for camera in episode.data.frames:
        _image(demo, camera, episode)
    _own(demo.create_group(OWN), episode)
    demo.attrs["interventions"] = len(episode.interventions)
    demo.attrs["categories"] = json.dumps(categories)
    demo.attrs["complete"] = True
    taken = {camera: len(index.t) for camera, index in episode.data.frames.items()}
    demo.attrs["pictures"] = json.dumps(taken)


def _following(count: int) -> NDArray[np.int64]:
    """Each row's next one; the last's is itself."""
    return np.minimum(np.arange(count) + 1, count - 1)


def _last(steps: NDArray[Any], value: bool) -> NDArray[np.int64]:
    found = np.zeros(len(steps), np.int64)
    found[-1:] = value
    return found


def _modes(episode: Leaving) -> NDArray[np.int64]:
    """Shape (T,): what Sirius calls each tick."""
    if episode.summary.demo:
        return np.full(len(episode.kind), _DEMO, np.int64)
    context = episode.kind == KINDS.index(Kind.CONTEXT)
    modes = np.where(episode.intervention, _INTERVENTION, _ROBOT)
    return np.where(context, _CONTEXT, modes).astype(np.int64)


def _observations(group: Any, steps: NDArray[Any]) -> None:
    group["position"] = steps["position"]
    group["velocity"] = steps["velocity"]
    group["effort"] = steps["effort"]
    if steps["environment_state"].shape[1]:
        group["object"] = steps["environment_state"]


def _image(demo: Any, camera: str, episode: Leaving) -> None:
    """``obs/<camera>_image``: the newest picture each tick knew, reduced."""
    rows = np.maximum(episode.data.frame_rows(camera), 0)
    count = len(episode.data.frames[camera].t)
    if not count:
        return
    small = np.zeros((count, IMAGE, IMAGE, 3), np.uint8)
    for i, data in pictures(episode, camera):
        try:
            small[i] = _square(jpeg.decode_reduced(data, IMAGE, IMAGE))
        except ValueError as error:
            where = f"Picture {i} of {camera} is torn ({error})."
            raise EpisodeError(episode.data.path, where) from error
    for place, index in (("obs", rows), ("next_obs", rows[_following(len(rows))])):
        demo[place].create_dataset(
            f"{camera}_image", data=small[index], chunks=(1, IMAGE, IMAGE, 3), compression="lzf"
        )


def _square(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a picture at robomimic's size, shape (84, 84, 3)."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    middle = np.ascontiguousarray(image[top : top + side, left : left + side])
    return jpeg.resized(middle, IMAGE, IMAGE)


def _own(group: Any, episode: Leaving) -> None:
    """Everything as recorded."""
    data = episode.data
    group.attrs["metadata"] = msgspec.json.encode(data.meta).decode()
    group.attrs["uid"] = episode.identity
    group.attrs["note"] = data.note
    group.attrs["outcome"] = data.outcome.name.lower()
    group.attrs["edits"] = msgspec.json.encode(episode.edits).decode()
    for field in data.steps.dtype.names or ():
        if data.steps[field].size:
            group[f"steps/{field}"] = data.steps[field]
    for camera, index in data.frames.items():
        place = group.create_group(f"cameras/{camera}")
        place["t"], place["sequence"] = index.t, index.sequence
        place["received_t"], place["flags"] = index.received_t, index.flags
        place["size"] = _pool(place, pictures(episode, camera))


def _pool(place: Any, shown: Iterator[tuple[int, bytes]]) -> NDArray[np.int64]:
    """Writes pictures one behind another, few in memory at a time; how long each is."""
    pool = place.create_dataset("jpeg", (0,), np.uint8, maxshape=(None,), chunks=(_CHUNK,))
    sizes: list[int] = []
    waiting: list[bytes] = []

    def write() -> None:
        block = np.frombuffer(b"".join(waiting), np.uint8)
        pool.resize(len(pool) + len(block), axis=0)
        pool[len(pool) - len(block) :] = block
        waiting.clear()

    for i, picture in shown:
        waiting.append(picture)
        sizes.append(len(picture))
        if i % _BLOCK == _BLOCK - 1:
            write()
    if waiting:
        write()
    return np.array(sizes, np.int64)
