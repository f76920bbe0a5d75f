"""A follower's real driver on emulated servos in this process: a bench of viperx_300s and koch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.dynamixel import calibration as calibrations
from drivers.emulation.arms import BUILDS
from drivers.emulation.bus import EmulatedBus
from drivers.registry import DeviceContext, create
from drivers.robots._dynamixel import DynamixelRobot

BUILD_OF = {"viperx_300s": "viperx_300s", "koch": "koch_follower"}
# Only a dead arm is silent for so long, and only a dead host, on a bench that is shared.
PATIENT = {"patience_s": 5.0, "watchdog_ms": 2540}


@dataclass
class EmulatedFollower:
    """A follower that is not yet connected, and what it will find on its port."""

    device: DynamixelRobot
    emulated: EmulatedBus
    calibrations: Path


@contextlib.contextmanager
def emulated_follower(folder: Path, kind: str, **table: Any) -> Iterator[EmulatedFollower]:
    """A calibrated arm of this kind on ``emulated:robot``; more keys of its table may be given."""
    build = BUILDS[BUILD_OF[kind]]
    physics = build.free()
    made = folder / "calibration"
    calibrations.write(made / "robot.toml", build.calibration("robot"))
    with EmulatedBus(build.servos(physics), physics, folder / "robot.tty") as emulated:
        device = create(
            "robots",
            "robot",
            {"type": kind, "port": "emulated:robot", **PATIENT, **table},
            DeviceContext(runtime=folder, calibrations=made),
        )
        try:
            yield EmulatedFollower(device, emulated, made)
        finally:
            device.disconnect()
