"""Made-up attempts whose every value can be told from its tick alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions import workspace
from sessions.config import Station, Task
from sessions.record.layout import EpisodeMeta
from sessions.types import Controller, step_dtype
from sessions.workspace import Workspace

JOINTS = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate", "gripper")
ENVIRONMENT = ("cube_x", "cube_y", "cube_z")
CAMERAS = ("top", "wrist")
DTYPE = step_dtype(len(JOINTS), len(ENVIRONMENT), len(CAMERAS))
RATE = 50.0


def meta(episode: int = 1, **changes: Any) -> EpisodeMeta:
    facts: dict[str, Any] = {
        "round": 2,
        "policy": "round-002",
        "operator": "keyboard",
        "seed": 17,
        "session": "20250101T120000",
        "environment": "bench",
        "object": "cube",
        "station": "simulated",
        "task": "cube to tray",
        "stages": ("approach", "grasp"),
        "joint_names": JOINTS,
        "environment_names": ENVIRONMENT,
        "camera_names": CAMERAS,
        "rate_hz": RATE,
        "started_wall": "2025-01-01T12:00:00.000+00:00",
    }
    return EpisodeMeta(episode, **{**facts, **changes})


def steps(
    first: int, count: int, attempt: int = 1, dtype: np.dtype[Any] = DTYPE, t0: float = 100.0
) -> NDArray[Any]:
    """``count`` ticks from ``first``; every field a function of tick and attempt."""
    made = np.zeros(count, dtype)
    tick = np.arange(first, first + count)
    for place, name in enumerate(dtype.names or ()):
        shape = dtype[name].shape
        value = (tick * 31 + place * 7 + attempt) % 97
        spread = value.reshape(-1, *(1 for _ in shape)) + np.zeros((count, *shape))
        made[name] = spread + np.arange(int(np.prod(shape))).reshape(shape) / 8
    made["tick"], made["attempt"] = tick, attempt
    made["t"] = t0 + tick / RATE
    made["deadline"] = made["t"]
    made["controller"] = Controller.POLICY
    made["stage"], made["success"] = 0, 0
    made["doubt"] = (tick % 10) / 10
    made["policy_action"][tick % 5 == 0] = np.nan
    made["human_action"][tick % 3 == 0] = np.nan
    if made["frame_t"].shape[1]:
        made["frame_t"] = np.floor(made["t"] * 30)[:, None] / 30
    return made


def picture(camera: str, number: int, size: int = 3000) -> bytes:
    """Bytes that stand for a JPEG and can be told from camera and number."""
    seed = hashlib.sha256(f"{camera} {number}".encode()).digest()
    return (seed * (size // len(seed) + 1))[: size - number % 40]


def image(number: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    """A smooth RGB image whose mean tells ``number``."""
    ramp = np.linspace(0, 40, width, dtype=np.uint8)
    made = np.broadcast_to(ramp[None, :, None], (height, width, 3)).copy()
    made[..., 0] += np.uint8(number % 200)
    return made


def made_workspace(root: Path, **task: Any) -> Workspace:
    """A workspace whose running round is 2."""
    station = Station(name="simulated", robot={"type": "none"}, rate_hz=RATE, simulated=True)
    space = workspace.create(root, station, Task(name="cube to tray", **task))
    space.set_running_round(2)
    return space
