"""Reads robomimic HDF5: files that left here as they were, others as far as they can be used."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import hdf5, jpeg, layout
from sessions.record.exchange._hdf5 import (
    check_pictures,
    content,
    groups,
    naming,
    opened,
    size_of,
    whole,
)
from sessions.record.exchange.arriving import Arriving, Each
from sessions.record.exchange.base import Counts, ExchangeError
from sessions.record.labels import Edit
from sessions.record.layout import EpisodeMeta
from sessions.record.reader import FrameIndex
from sessions.types import Controller, Outcome, step_dtype

OWN = "dagger"
"""Group within a demonstration that holds what robomimic has no place for."""

_RATE = 20.0  # robosuite's control frequency, where a file does not say
_DEMO = re.compile(r"demo_[0-9]{1,18}")
_DEMONSTRATED = -1  # in ``action_modes``
_BELOW = 0.5  # an opening in [0, 1] is never so far below zero
_JOINTS, _GRIPPER = "robot0_joint_pos", "robot0_gripper_qpos"


def counts(path: Path) -> Counts:
    """What a file of ours holds, by reading it.

    Raises:
        ExchangeError: it is torn, or no robomimic file.
    """
    episodes = ticks = interventions = 0
    frames: dict[str, int] = {}
    with opened(path) as file, naming(path, "data"):
        for name in demos(file):
            demo = file["data"][name]
            episodes += 1
            ticks += len(demo["actions"])
            interventions += int(demo.attrs.get("interventions", 0))
            for camera, group in groups(demo, f"{OWN}/cameras").items():
                frames[camera] = frames.get(camera, 0) + len(group["t"])
    return Counts(episodes, ticks, frames, interventions)


def incoming(source: Path) -> tuple[int, Iterator[Arriving]]:
    """The episodes of a file: how many, and each.

    A file that left here comes back whole. Any other one needs ``actions_abs`` as wide as its
    ``robot0_joint_pos`` and one gripper: deltas of a tool cannot be turned into joint targets.

    Raises:
        ExchangeError: torn, no robomimic file, or nothing in it can be used; names the place.
    """
    with opened(source, first=True) as file:
        names = demos(file)
        with naming(source, "data"):
            own = bool(names) and OWN in file["data"][names[0]]
    if not names:
        raise ExchangeError(f"{source}: data holds no demo_0. Give a robomimic file.")
    read = _own_episode if own else _foreign_episode
    return len(names), Each(functools.partial(read, source), names)


def demos(file: Any) -> list[str]:
    """Names of the demonstrations in order of their numbers.

    Raises:
        ExchangeError: the file has no group of them.
    """
    with naming(Path(file.filename), "data"):
        names = [n for n in groups(file, "data") if _DEMO.fullmatch(n)]
    return sorted(names, key=lambda n: int(n[5:]))


def _own_episode(source: Path, name: str) -> Arriving:
    place = f"data/{name}/{OWN}"
    with opened(source) as file, naming(source, place):
        group = file[place]
        meta = msgspec.json.decode(str(group.attrs["metadata"]).encode(), type=EpisodeMeta)
        meta = msgspec.structs.replace(meta, uid=str(group.attrs["uid"]))
        fields = step_dtype(
            len(meta.joint_names), len(meta.environment_names), len(meta.camera_names)
        )
        steps = np.zeros(len(whole(group["steps/tick"])), fields)
        for field in layout.columns(fields):
            values = whole(group["steps"][field])
            if values.shape != steps[field].shape:
                raise ValueError(f"{field} is {values.shape}, not {steps[field].shape}")
            np.copyto(steps[field], values, casting="same_kind")
        edits = msgspec.json.decode(str(group.attrs["edits"]).encode(), type=tuple[Edit, ...])
        held = groups(group, "cameras")
        cameras = [c for c in meta.camera_names if c in held]
        return Arriving(
            meta=meta,
            steps=steps,
            outcome=Outcome[str(group.attrs["outcome"]).upper()],
            frames={c: _pictures(source, f"{place}/cameras/{c}") for c in cameras},
            edits=edits,
            known={c: _index(held[c]) for c in cameras if "flags" in held[c]},
            note=str(group.attrs.get("note", "")),
        )


def _index(group: Any) -> FrameIndex:
    """What is known of each picture; files of earlier programs hold less."""
    found = {name: whole(group[name]) for name in ("t", "received_t", "sequence", "flags")}
    if len({v.shape for v in found.values()}) != 1:
        raise ValueError(f"{group.name} has columns of different lengths")
    return FrameIndex(**found)


def _pictures(source: Path, place: str) -> Callable[[], Iterator[tuple[float, int, bytes]]]:
    def read() -> Iterator[tuple[float, int, bytes]]:
        with opened(source) as file, naming(source, place):
            group = file[place]
            times, sequence, size = (whole(group[n]) for n in ("t", "sequence", "size"))
            offset = np.concatenate([[0], np.cumsum(size)])
            if len({len(times), len(sequence), len(size)}) != 1 or not _are_sizes(size):
                raise ValueError("its columns are of different lengths or no lengths")
            pool = hdf5.rows(group, "jpeg", int(offset[-1]), size_of(file), ())
            if offset[-1] != len(pool):
                raise ValueError(f"jpeg has {len(pool)} bytes, not {offset[-1]}")
            for i, t in enumerate(times):
                data: bytes = pool[offset[i] : offset[i + 1]].tobytes()
                yield float(t), int(sequence[i]), data

    return read


def _are_sizes(size: NDArray[Any]) -> bool:
    return size.dtype.kind in "iu" and bool(((size >= 0) & (size <= hdf5.MOST_PICTURE)).all())


def _foreign_episode(source: Path, name: str) -> Arriving:
    place = f"data/{name}"
    with opened(source) as file, naming(source, place):
        demo, observed = file[place], groups(file[place], "obs")
        joints = whole(observed[_JOINTS]).astype(np.float64)
        opening = _opening(whole(observed[_GRIPPER]).astype(np.float64))
        position = np.concatenate([joints, opening[:, None]], axis=1)
        actions = whole(demo["actions_abs"]).astype(np.float64) if "actions_abs" in demo else None
        cameras = tuple(k.removesuffix("_image") for k in observed if k.endswith("_image"))
        for camera in cameras:
            check_pictures(observed[f"{camera}_image"], len(position))
        rate = _rate(file["data"])
        modes = _modes(demo, len(position))
        succeeded = bool(np.max(whole(demo["rewards"])) > 0) if "rewards" in demo else True
    if actions is None or actions.shape != position.shape:
        given = "no actions_abs" if actions is None else f"actions_abs {actions.shape}"
        raise ExchangeError(
            f"{source}, {place}: it has {given} beside joints {position.shape}; absolute joint "
            "targets are needed. Convert the actions before importing."
        )
    meta = EpisodeMeta(
        0,
        demo=modes is None,
        joint_names=(*(f"joint_{i + 1}" for i in range(joints.shape[1])), "gripper"),
        camera_names=cameras,
        rate_hz=rate,
        uid=f"robomimic/{source.stem}/{name}/{content(position, actions)}",
        source="robomimic",
    )
    return Arriving(
        meta,
        _steps(meta, position, _opening_told(actions), modes),
        Outcome.SUCCESS if succeeded else Outcome.FAILURE,
        {c: _images(source, f"{place}/obs/{c}_image", rate) for c in cameras},
    )


def _opening(fingers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two fingers' positions as one opening in [0, 1], scaled to what the episode shows."""
    width = np.abs(fingers).sum(axis=1)
    span = np.ptp(width)
    return (width - width.min()) / span if span > 1e-9 else np.zeros(len(width))


def _opening_told(actions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robosuite tells its gripper -1 to open and 1 to close; here it is the opening in [0, 1]."""
    gripper = actions[:, -1]
    if not gripper.min() < -_BELOW:
        return actions
    return np.column_stack([actions[:, :-1], np.clip((1.0 - gripper) / 2.0, 0.0, 1.0)])


def _modes(demo: Any, count: int) -> NDArray[Any] | None:
    """Shape (T,), who acted; None for a demonstration, which may say so of every tick."""
    if "action_modes" not in demo:
        return None
    modes = whole(demo["action_modes"])
    if modes.shape != (count,):
        raise ValueError(f"action_modes is {modes.shape} for {count} ticks")
    return None if (modes == _DEMONSTRATED).all() else modes


def _rate(data: Any) -> float:
    try:
        kwargs = json.loads(data.attrs["env_args"])["env_kwargs"]
        rate = float(kwargs.get("control_freq", _RATE))
    except (AttributeError, KeyError, ValueError, TypeError, RecursionError):
        return _RATE
    return rate if 0.0 < rate < np.inf else _RATE


def _steps(
    meta: EpisodeMeta,
    position: NDArray[np.float64],
    actions: NDArray[np.float64],
    modes: NDArray[Any] | None,
) -> NDArray[Any]:
    steps = np.zeros(len(position), step_dtype(position.shape[1], 0, len(meta.camera_names)))
    steps["tick"] = np.arange(len(position))
    steps["t"] = steps["deadline"] = np.arange(len(position)) / meta.rate_hz
    steps["position"], steps["sent_action"] = position, actions
    steps["velocity"] = np.gradient(position, axis=0) * meta.rate_hz if len(position) > 1 else 0.0
    steps["policy_action"] = steps["human_action"] = np.nan
    steps["doubt"] = steps["input_t"] = np.nan
    steps["stage"] = -1
    steps["frame_t"] = steps["t"][:, None]
    if modes is None:
        steps["controller"] = Controller.DEMO
        steps["human_action"] = actions
    else:
        human = np.asarray(modes) == 1
        steps["controller"] = np.where(human, Controller.HUMAN, Controller.POLICY)
        steps["human_action"][human] = actions[human]
        steps["policy_action"][~human] = actions[~human]
    return steps


def _images(
    source: Path, place: str, rate: float
) -> Callable[[], Iterator[tuple[float, int, bytes]]]:
    def read() -> Iterator[tuple[float, int, bytes]]:
        with opened(source) as file, naming(source, place):
            for i, image in enumerate(file[place]):
                yield i / rate, i, jpeg.encode(np.ascontiguousarray(image, np.uint8))

    return read
