"""A leader made of software, spoken to through the real SDK, with its calibration on disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from drivers.dynamixel import calibration as calibrations
from drivers.emulation.arms import BUILDS, Build
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.requests import EmulatedArm
from drivers.registry import DeviceContext, create
from drivers.simulation.names import JOINT_NAMES
from drivers.teleoperators._leader import Leader

KOCH_LEADS = {
    "shoulder_pan": "waist",
    "shoulder_lift": "shoulder",
    "elbow_flex": "elbow",
    "wrist_flex": "wrist_angle",
    "wrist_roll": "wrist_rotate",
}

KOCH_START = np.array([0.0, -0.36, 0.48, 1.46, 0.0, 0.85])
"""Where the simulated arm starts, in the joints that a Koch has."""


PATIENT = {"patience_s": 2.0}
"""So that a machine that is busy elsewhere does not lose the leader."""


@dataclass
class Bench:
    """One leader on its bus, and what a person may do to it."""

    device: Leader
    arm: EmulatedArm
    context: DeviceContext
    name: str

    @property
    def bus(self) -> EmulatedBus:
        return self.arm.bus

    def torque(self) -> int:
        """How many of its motors hold."""
        with self.bus.lock:
            return sum(servo.torque for servo in self.bus.servos)

    def position(self) -> np.ndarray:
        """Where its joints are, by their mechanics and not by its bus."""
        build = self.arm.build
        with self.bus.lock:
            axes = range(len(build.parts))
            ticks = [self.bus.physics.present(axis).position for axis in axes]
        return build.scale().positions(np.array(ticks), np.zeros(len(ticks)))

    def another(self, **table: Any) -> Leader:
        """The driver of the same leader, set up otherwise."""
        return made(self.context, self.name, {**PATIENT, **table})


def made(context: DeviceContext, name: str, table: dict[str, Any]) -> Leader:
    leads = {"leads": KOCH_LEADS} if name == "koch_leader" else {}
    full = {"type": name, "port": f"emulated:{name}", **leads, **table}
    return create("teleoperators", name, full, context)


@contextlib.contextmanager
def emulated_leader(
    folder: Path, kind: str = "gello", *, start: np.ndarray | None = None, **table: Any
) -> Iterator[Bench]:
    """A leader that nobody has connected yet.

    Args:
        folder: for its port and its calibration.
        kind: its type, and its name.
        start: where its joints are at first [rad, trigger 0..1]; where the simulated arm starts
            if None.
        table: what the station file says of it.
    """
    build: Build = BUILDS[kind]
    if start is None and kind == "koch_leader":
        start = KOCH_START
    if start is not None:
        build = replace(build, start=tuple(start.tolist()))
    physics = build.free()
    bus = EmulatedBus(build.servos(physics), physics, folder / f"{kind}.tty")
    calibrations.write(folder / f"{kind}.toml", build.calibration(kind))
    context = DeviceContext(runtime=folder, joint_names=JOINT_NAMES, calibrations=folder)
    with bus:
        device = made(context, kind, {**PATIENT, **table})
        try:
            yield Bench(device, EmulatedArm(kind, build, bus), context, kind)
        finally:
            device.disconnect()
