"""robomimic HDF5, out and in.

``data/demo_i`` holds what robomimic trains on: ``obs``, ``next_obs``, ``actions`` scaled to [-1, 1]
(with ``actions_abs`` as they were), ``rewards``, ``dones``, ``states``, and per tick
``action_modes`` and ``intv_labels`` as Sirius has them: demonstration -1, robot 0, intervention 1,
pre-intervention -10. ``mask/<key>`` lists demonstrations, successes, rounds and categories. What
robomimic has no place for (both proposals, doubt, controller, gate, true times, every picture as
recorded) is in ``data/demo_i/dagger``, so that a file that left here comes back the same, tick by
tick and picture by picture.

Source of the layout: robomimic's dataset documentation; ``intv_labels`` from Sirius (Liu 2022).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import jpeg
from sessions.record.exchange._robomimic_reading import OWN, counts, demos, incoming
from sessions.record.exchange.base import (
    KINDS,
    Counts,
    ExchangeError,
    Job,
    Leaving,
    Outgoing,
    pictures,
)
from sessions.record.marks import Kind
from sessions.types import Outcome

__all__ = ["SUFFIX", "counts", "export", "incoming", "losses"]

SUFFIX = ".hdf5"
IMAGE = 84  # pixels a side of ``obs/<camera>_image``, robomimic's own size
_DEMO, _ROBOT, _INTERVENTION, _CONTEXT = -1, 0, 1, -10
_PART = ".part"
_CHUNK = 1 << 18  # bytes in a chunk of a pool of pictures
_BLOCK = 64  # pictures in memory at a time


def losses(outgoing: Outgoing) -> list[str]:
    """What a robomimic reader will not see; an import here sees everything."""
    found = [
        "Actions are scaled to [-1, 1]; actions_abs holds them as they were.",
        "Edits are applied, not listed: what was discarded is left out.",
    ]
    if any(outgoing.catalogue.meta(e.episode).camera_names for e in outgoing.episodes[:1]):
        found.append(
            f"Pictures are reduced to {IMAGE}x{IMAGE} in obs; as recorded they are in {OWN}/."
        )
    return found


def export(outgoing: Outgoing, destination: Path, job: Job | None = None) -> Counts:
    """Writes one HDF5 file; goes on with one that was stopped.

    Args:
        outgoing: what leaves.
        destination: the file; it appears under this name when it is whole.
        job: progress and cancelling.

    Returns:
        What was found on reading it again.

    Raises:
        CancelledError: it was cancelled; a later call with the same selection goes on.
        ExchangeError: the file exists, nothing leaves, or it was not read back as written.
        EpisodeError: an episode is torn.
    """
    job = job or Job()
    if destination.exists():
        raise ExchangeError(f"{destination} exists already. Choose another name.")
    if not len(outgoing):
        raise ExchangeError("There is nothing to export. Widen the query.")
    scale = _scale(outgoing, job)
    part = destination.with_name(destination.name + _PART)
    part.parent.mkdir(parents=True, exist_ok=True)
    frames: dict[str, int] = {}
    try:
        with h5py.File(part, "a") as file:
            data = file.require_group("data")
            _check_same(data, outgoing)
            data.attrs["action_range"] = scale
            for done, episode in enumerate(outgoing):
                job.check()
                job.report(done, len(outgoing), f"attempt {episode.summary.episode}")
                _write_demo(data, f"demo_{done}", episode, outgoing.categories, scale)
                for camera, index in episode.data.frames.items():
                    frames[camera] = frames.get(camera, 0) + len(index.t)
                file.flush()
            _close(file, outgoing)
    except (OSError, RuntimeError, KeyError) as error:
        raise ExchangeError(
            f"{part} cannot be written ({error}). Free some space; if an export into it was "
            "killed, delete it."
        ) from error
    found = counts(part)
    wrong = replace(outgoing.counts, frames=frames).differences(found)
    if wrong:
        raise ExchangeError(f"{part}: not read back as written: {'; '.join(wrong)}.")
    part.replace(destination)
    job.report(len(outgoing), len(outgoing), "")
    return found


def _scale(outgoing: Outgoing, job: Job) -> NDArray[np.float64]:
    """Lowest and highest action of each joint over everything that leaves, shape (2, A)."""
    low = high = None
    names: tuple[str, ...] = ()
    for episode in outgoing:
        job.check()
        sent = episode.data.steps["sent_action"]
        if names and names != episode.data.meta.joint_names:
            raise ExchangeError(
                f"Attempt {episode.summary.episode} has joints "
                f"{', '.join(episode.data.meta.joint_names)}, those before it "
                f"{', '.join(names)}. Export them apart, by a query."
            )
        names = episode.data.meta.joint_names
        least, most = np.nanmin(sent, axis=0), np.nanmax(sent, axis=0)
        low = least if low is None else np.fmin(low, least)
        high = most if high is None else np.fmax(high, most)
    assert low is not None
    assert high is not None
    return np.stack([low, np.maximum(high, low + 1e-6)])


def _check_same(data: Any, outgoing: Outgoing) -> None:
    """A stopped export is gone on with only if it was of the same data."""
    mine = outgoing.fingerprint
    if data.attrs.get("selection", mine) != mine:
        raise ExchangeError(
            f"{data.file.filename} is a stopped export of other episodes. Delete it, or choose "
            "another name."
        )
    data.attrs["selection"] = mine


def _write_demo(
    data: Any, name: str, episode: Leaving, categories: tuple[str, ...], scale: NDArray[np.float64]
) -> None:
    if name in data:
        if data[name].attrs.get("complete"):
            return
        del data[name]
    demo = data.create_group(name)
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
        small[i] = _square(jpeg.decode_reduced(data, IMAGE, IMAGE))
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


def _close(file: Any, outgoing: Outgoing) -> None:
    data = file["data"]
    data.attrs["total"] = sum(int(data[n].attrs["num_samples"]) for n in demos(file))
    data.attrs["env_args"] = json.dumps(
        {"env_name": outgoing.workspace.task.name, "env_type": -1, "env_kwargs": {}}
    )
    if "mask" in file:
        del file["mask"]
    masks: dict[str, list[str]] = {}
    found = {i.episode: set[str]() for i in outgoing.selection.interventions}
    for i in outgoing.selection.interventions:
        if i.category and not i.discarded:
            found[i.episode].add(i.category)
    for done, summary in enumerate(outgoing.episodes):
        keys = ["demo" if summary.demo else f"round_{summary.round:03d}", summary.outcome]
        keys += [f"category_{c}" for c in sorted(found.get(summary.episode, ()))]
        keys.append("valid" if summary.episode % 10 == 0 else "train")
        for key in keys:
            masks.setdefault(key, []).append(f"demo_{done}")
    for key, names in masks.items():
        file.create_dataset(f"mask/{key}", data=np.array(names, dtype="S"))
