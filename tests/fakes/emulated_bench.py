"""A whole bench on emulated servos in this process: a ViperX, a GELLO, and made cameras."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.dynamixel import calibration as calibrations
from drivers.emulation.arms import BUILDS, Build
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.hands import Leading
from drivers.emulation.requests import EmulatedArm
from drivers.emulation.servo import Servo
from sessions.checking.benches import Bench, bench
from tests.waiting import until

STATION = """\
# Our bench.
name = "Bench 7"
rate_hz = 20.0
operator = "leader"

[robot]
type = "viperx_300s"           # the one by the window
port = "emulated:robot"        # found on Monday
patience_s = 5.0
watchdog_ms = 2540

[cameras.top]
type = "synthetic"

[operators.leader]
type = "gello"
port = "emulated:leader"

[operators.keyboard]
type = "keyboard"
"""
KINDS = {"robot": "viperx_300s", "leader": "gello"}
HAND_TICKS_S = 3_000.0
"""Fast, and less than half a turn between two looks of somebody who is late."""


@dataclass
class EmulatedStation:
    """What is plugged in, and the folders around it.

    Attributes:
        file: the station file.
        runtime: folder of the emulated ports.
        workspace: where its workspace would be.
        arms: the arms by name.
    """

    file: Path
    runtime: Path
    workspace: Path
    arms: dict[str, EmulatedArm]

    @property
    def bench(self) -> Bench:
        return bench(str(self.file), self.workspace)

    def say(self, text: str) -> None:
        """Rewrites the station file."""
        self.file.write_text(text)

    def ask(self, arm: str, request: str) -> str:
        return self.arms[arm].ask(request)

    def at(self, arm: str, joint: str) -> float:
        """Where a joint is [rad, gripper 0..1]."""
        emulated = self.arms[arm]
        axis = emulated.build.names.index(joint)
        scale = emulated.build.scale()
        ticks = emulated.bus.physics.present(axis).position
        return float((ticks - scale.zero[axis]) / scale.per_unit[axis])

    def pose(self, arm: str, **joints: float) -> None:
        """A hand brings joints to angles, all at once, and keeps them there."""
        emulated = self.arms[arm]
        scale = emulated.build.scale()
        with emulated.bus.lock:
            for name, value in joints.items():
                axis = emulated.build.names.index(name)
                target = scale.zero[axis] + value * scale.per_unit[axis]
                emulated.bus.physics.hand(axis, Leading(float(target), HAND_TICKS_S))
        until(
            lambda: all(abs(self.at(arm, name) - value) < 0.01 for name, value in joints.items()),
            f"bringing {arm} to {joints}",
        )


@contextlib.contextmanager
def emulated_station(folder: Path) -> Iterator[EmulatedStation]:
    """The bench, calibrated, its servos set up as they should be."""
    runtime, workspace = folder / "runtime", folder / "workspace"
    runtime.mkdir()
    file = folder / "bench.toml"
    file.write_text(STATION)
    with contextlib.ExitStack() as stack:
        arms = {}
        for name, kind in KINDS.items():
            build = BUILDS[kind]
            calibrations.write(workspace / "calibration" / f"{name}.toml", build.calibration(name))
            arms[name] = EmulatedArm(name, build, stack.enter_context(_bus(build, runtime / name)))
        yield EmulatedStation(file, runtime, workspace, arms)


def write(servo: Servo, register: str, value: int) -> None:
    """Writes a register as if by the maker's tool."""
    place = servo.model.registers[register]
    assert servo.write(place.address, place.encode(value)) == 0


def _bus(build: Build, link: Path) -> EmulatedBus:
    physics = build.free()
    servos = build.servos(physics, fresh=False)
    return EmulatedBus(servos, physics, link.with_suffix(".tty"))
