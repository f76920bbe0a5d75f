"""ACT / ALOHA HDF5, in: one file an episode, or a folder of them.

``/observations/qpos`` and ``qvel`` (T, A), ``/observations/images/<camera>`` (T, H, W, 3) uint8 or
JPEG bytes (``compress`` attribute), ``/action`` (T, A), attribute ``sim``. Every episode is a
demonstration that succeeded: ACT's collection keeps no others. An arm of ALOHA is six joints and a
gripper; two arms make 14 components.

Source of the layout: the ACT code base's ``record_episodes`` (Zhao 2023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.record import jpeg
from sessions.record.exchange._hdf5 import check_pictures, content, groups, naming, opened, whole
from sessions.record.exchange.arriving import Arriving, Each
from sessions.record.exchange.base import ExchangeError
from sessions.record.layout import EpisodeMeta
from sessions.types import Controller, Outcome, step_dtype

RATE = 50.0
"""ALOHA's control rate; the files do not say it [Hz]."""

_JPEG = b"\xff\xd8"  # how one begins
_ARM = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate", "gripper")
_NAMES = {7: _ARM, 14: tuple(f"{side}_{name}" for side in ("left", "right") for name in _ARM)}


def incoming(source: Path) -> tuple[int, Iterator[Arriving]]:
    """The episodes of a file or a folder of ``episode_*.hdf5``: how many, and each.

    Raises:
        ExchangeError: there is no such file in the folder. One that is no ACT file raises in turn.
    """
    paths = [source]
    if source.is_dir():
        paths = sorted(source.glob("episode_*.hdf5"), key=_number)
        if not paths:
            raise ExchangeError(f"{source} holds no episode_*.hdf5. Give a folder of ACT files.")
    return len(paths), Each(_episode, paths)


def _number(path: Path) -> tuple[int, str]:
    digits = path.stem.rpartition("_")[2]
    return (int(digits) if digits.isdecimal() and len(digits) < 19 else 0, path.name)


def _episode(path: Path) -> Arriving:
    with opened(path, first=True) as file, naming(path, "observations"):
        if "observations/qpos" not in file or "action" not in file:
            raise ExchangeError(
                f"{path} has no observations/qpos and action: it is no ACT file. Name another "
                "one, or another format."
            )
        position = whole(file["observations/qpos"]).astype(np.float64)
        velocity = _velocity(file, position)
        action = whole(file["action"]).astype(np.float64)
        images = groups(file, "observations/images")
        cameras = tuple(images)
        for camera in cameras:
            check_pictures(images[camera], len(position))
        simulated = bool(file.attrs.get("sim", False))
    if action.shape != position.shape or position.ndim != 2 or not len(position):
        raise ExchangeError(
            f"{path}: action is {action.shape} where observations/qpos is {position.shape}; both "
            "must be (T, A)."
        )
    width = position.shape[1]
    meta = EpisodeMeta(
        0,
        demo=True,
        operator="leader",
        joint_names=_NAMES.get(width, tuple(f"joint_{i + 1}" for i in range(width))),
        camera_names=cameras,
        rate_hz=RATE,
        station="ALOHA simulation" if simulated else "ALOHA",
        uid=f"act/{path.parent.name}/{path.stem}/{content(position, action)}",
        source="act",
    )
    return Arriving(
        meta,
        _steps(meta, position, velocity, action),
        Outcome.SUCCESS,
        {c: _pictures(path, c) for c in cameras},
    )


def _velocity(file: Any, position: NDArray[np.float64]) -> NDArray[np.float64]:
    if "observations/qvel" in file:
        found = whole(file["observations/qvel"]).astype(np.float64)
        if found.shape != position.shape:
            raise ValueError(f"qvel is {found.shape} where qpos is {position.shape}")
        return found
    still = np.zeros_like(position)
    return np.gradient(position, axis=0) * RATE if len(position) > 1 else still


def _steps(
    meta: EpisodeMeta,
    position: NDArray[np.float64],
    velocity: NDArray[np.float64],
    action: NDArray[np.float64],
) -> NDArray[Any]:
    steps = np.zeros(len(position), step_dtype(position.shape[1], 0, len(meta.camera_names)))
    steps["tick"] = np.arange(len(position))
    steps["t"] = steps["deadline"] = np.arange(len(position)) / RATE
    steps["position"], steps["velocity"] = position, velocity
    steps["sent_action"] = steps["human_action"] = action
    steps["policy_action"] = steps["doubt"] = steps["input_t"] = np.nan
    steps["controller"], steps["stage"] = Controller.DEMO, -1
    steps["frame_t"] = steps["t"][:, None]
    return steps


def _pictures(path: Path, camera: str) -> Callable[[], Iterator[tuple[float, int, bytes]]]:
    place = f"observations/images/{camera}"

    def read() -> Iterator[tuple[float, int, bytes]]:
        with opened(path) as file, naming(path, place):
            for i, image in enumerate(file[place]):
                yield i / RATE, i, _jpeg(image)

    return read


def _jpeg(image: NDArray[Any]) -> bytes:
    if image.ndim != 1:
        return jpeg.encode(np.ascontiguousarray(image))
    # Compressed files pad every picture to the longest one's length.
    data = image.astype(np.uint8, casting="safe").tobytes().rstrip(b"\0")
    if not data.startswith(_JPEG):
        raise ValueError("a row is neither a picture nor a JPEG")
    return data
