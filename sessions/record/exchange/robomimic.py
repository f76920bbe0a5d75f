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

import errno
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from sessions.record import layout
from sessions.record.exchange import _leftover, _robomimic_writing
from sessions.record.exchange._robomimic_reading import OWN, counts, incoming
from sessions.record.exchange._robomimic_writing import IMAGE
from sessions.record.exchange.base import Counts, ExchangeError, Job, Outgoing

__all__ = ["SUFFIX", "counts", "export", "incoming", "losses"]

SUFFIX = ".hdf5"


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
    """Writes one HDF5 file; goes on with one that was stopped or killed, attempt by attempt.

    Args:
        outgoing: what leaves; what turns out to be torn is passed over and named there.
        destination: the file; it appears under this name when it is whole.
        job: progress and cancelling.

    Returns:
        What was found on reading it again.

    Raises:
        CancelledError: it was cancelled; a later call with the same selection goes on.
        ExchangeError: the file exists, nothing leaves, or it was not read back as written.
        OSError: the destination's folder cannot be made.
    """
    job = job or Job()
    outgoing.check_any()
    part = _leftover.begun(destination, outgoing)
    whole = part / "whole.hdf5"
    try:
        scale = _scale(outgoing, job)
        written = _demos(part, outgoing, scale, job)
        frames = _join(whole, written, outgoing, scale, job)
        found = counts(whole)
        wrong = replace(outgoing.counts, frames=frames).differences(found)
        if wrong:
            raise ExchangeError(f"{part}: not read back as written: {'; '.join(wrong)}.")
        whole.replace(destination)
    except (OSError, RuntimeError, KeyError) as error:
        number = getattr(error, "errno", None) or errno.EIO
        full = number in (errno.ENOSPC, errno.EDQUOT)
        remedy = "Free some space." if full else f"Delete {part}, then export again."
        raise ExchangeError(
            f"{part} cannot be written ({os.strerror(number)}). {remedy}"
        ) from error
    shutil.rmtree(part, ignore_errors=True)
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
    outgoing.check_any()
    assert low is not None
    assert high is not None
    return np.stack([low, np.maximum(high, low + 1e-6)])


def _demos(part: Path, outgoing: Outgoing, scale: NDArray[np.float64], job: Job) -> list[Path]:
    """Writes those episodes that are not written yet; the files of all."""
    found: list[Path] = []
    metas = {e.meta.episode: e.meta for e in outgoing.catalogue.entries()}
    for done, summary in enumerate(outgoing.episodes):
        job.check()
        job.report(done, len(outgoing), f"attempt {summary.episode}")
        path, uid = part / f"{len(found):06d}.hdf5", layout.identity(metas[summary.episode])
        with outgoing.passing_over(summary):
            if not _robomimic_writing.is_written(path, uid, scale):
                leaving = outgoing.read(summary)
                _robomimic_writing.write(path, leaving, outgoing.categories, scale)
            found.append(path)
    outgoing.check_any()
    return found


def _join(
    whole: Path, written: list[Path], outgoing: Outgoing, scale: NDArray[np.float64], job: Job
) -> dict[str, int]:
    """Puts the attempts into one file, made anew; the pictures in it by camera."""
    frames: dict[str, int] = {}
    total = 0
    with h5py.File(whole, "w") as file:
        data = file.create_group("data")
        data.attrs["selection"], data.attrs["action_range"] = outgoing.fingerprint, scale
        for number, path in enumerate(written):
            job.check()
            job.report(number, len(written), "putting the attempts together")
            with h5py.File(path, "r") as one:
                one.copy(_robomimic_writing.DEMO, data, f"demo_{number}")
            demo = data[f"demo_{number}"]
            total += int(demo.attrs["num_samples"])
            for camera, count in json.loads(demo.attrs["pictures"]).items():
                frames[camera] = frames.get(camera, 0) + count
        data.attrs["total"] = total
        data.attrs["env_args"] = json.dumps(
            {"env_name": outgoing.workspace.task.name, "env_type": -1, "env_kwargs": {}}
        )
        for key, names in _masks(outgoing).items():
            file.create_dataset(f"mask/{key}", data=np.array(names, dtype="S"))
    return frames


def _masks(outgoing: Outgoing) -> dict[str, list[str]]:
    """Names of the demonstrations by what they have in common."""
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
    return masks
