"""Ready-made arms: their servos, as shipped or set up, and what their ticks mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from drivers.base import Floats
from drivers.dynamixel import tables
from drivers.dynamixel.calibration import Calibration, Gripper, Joint, Scale
from drivers.dynamixel.calibration import Servo as Found
from drivers.dynamixel.tables import BAUD_CODES, MODELS
from drivers.emulation.physics import Axis, FreeArm, Physics
from drivers.emulation.servo import Servo

XL330_M077, XL330_M288, XL430_W250 = 1190, 1200, 1060
XM430_W350, XM540_W270 = 1020, 1120
BUILT = "2026-01-01T00:00:00"
"""When every emulated arm was calibrated."""

_LOAD_CONSTANT = 1.0  # N m/A of a motor that has no current sensor


@dataclass(frozen=True)
class Build:
    """One kind of arm.

    Attributes:
        joints: its joints from the base on; ids, directions and zeros are the servos' own.
        gripper: its gripper or trigger.
        models: model number of each servo, by id.
        start: where each joint is when it is switched on [rad], the gripper last [0..1].
        baud: speed of its bus [bit/s].
        falls: whether it sinks to ``start`` without torque.
    """

    joints: tuple[Joint, ...]
    gripper: Gripper
    models: Mapping[int, int]
    start: tuple[float, ...]
    baud: int = 1_000_000
    falls: bool = False

    @property
    def parts(self) -> tuple[Joint | Gripper, ...]:
        """Joints and gripper: one axis each, in this order."""
        return (*self.joints, self.gripper)

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, gripper last."""
        return tuple(part.name for part in self.parts)

    def calibration(self, device: str) -> Calibration:
        """What its ticks mean, as a file in ``calibrations/`` says it."""
        found = [
            Found(
                id=servo.id,
                model=servo.model.number,
                firmware=servo.value("firmware_version"),
                homing_offset=servo.value("homing_offset"),
                drive_mode=servo.value("drive_mode"),
                secondary_id=servo.value("secondary_id"),
                min_position=servo.value("min_position_limit"),
                max_position=servo.value("max_position_limit"),
            )
            for servo in self.servos(FreeArm([Axis()] * len(self.parts)))
        ]
        return Calibration(
            device=device,
            date=BUILT,
            port=f"emulated:{device}",
            joints=self.joints,
            servos=tuple(found),
            gripper=self.gripper,
        )

    def scale(self) -> Scale:
        """Between joint positions and ticks."""
        return Scale.of(self.calibration("arm"))

    def torque_constants(self) -> Floats:
        """What the motor of each axis does for a current, shape (A,) [N m/A]."""
        known = [MODELS[self.models[part.id]].torque_constant for part in self.parts]
        return np.array([constant or _LOAD_CONSTANT for constant in known])

    def servos(self, physics: Physics, *, fresh: bool = True) -> tuple[Servo, ...]:
        """The servos on the axes of ``physics``.

        Args:
            physics: moves them.
            fresh: as their makers ship them; else as an arm that somebody has set up, without
                Return Delay.
        """
        own = self._eeprom() | ({} if fresh else {"return_delay_time": 0})
        made = []
        for axis, part in enumerate(self.parts):
            made.append(Servo(part.id, self.models[part.id], physics, axis, eeprom=own))
            for shadow in part.shadows:
                # The second of a pair faces the first: it turns the other way round.
                eeprom = own | {
                    "secondary_id": part.id,
                    "drive_mode": tables.DRIVE_REVERSED,
                }
                number = self.models[shadow]
                made.append(Servo(shadow, number, physics, axis, mirrored=True, eeprom=eeprom))
        return tuple(made)

    def free(self) -> FreeArm:
        """Physics of its own for it."""
        scale = self.scale()
        ticks = scale.ticks(np.array(self.start), np.zeros(len(self.parts)))
        stops = zip(scale.lowest_ticks, scale.highest_ticks, strict=True)
        return FreeArm(
            [
                Axis(
                    start=float(start),
                    rest=float(start) if self.falls else None,
                    lower=float(low),
                    upper=float(high),
                )
                for start, (low, high) in zip(ticks, stops, strict=True)
            ]
        )

    def _eeprom(self) -> dict[str, int]:
        return {"baud_rate": BAUD_CODES[self.baud]}


# Just inside half a turn: a servo in position mode has no tick for exactly half a turn more.
_HALF_TURN = 3.14


def _interbotix() -> tuple[tuple[Joint, ...], Gripper]:
    """Six joints with doubled shoulder and elbow; some servos count against the joint."""
    joints = (
        Joint("waist", 1, 1, 2048, -_HALF_TURN, _HALF_TURN),
        Joint("shoulder", 2, -1, 2071, -1.85005, 1.25664, (3,)),
        Joint("elbow", 4, 1, 2019, -1.76278, 1.6057, (5,)),
        Joint("forearm_roll", 6, 1, 2048, -_HALF_TURN, _HALF_TURN),
        Joint("wrist_angle", 7, -1, 2048, -1.8675, 2.23402),
        Joint("wrist_rotate", 8, 1, 2048, -_HALF_TURN, _HALF_TURN),
    )
    return joints, Gripper(id=9, closed_ticks=1480, open_ticks=2570)


def _koch() -> tuple[tuple[Joint, ...], Gripper]:
    joints = (
        Joint("shoulder_pan", 1, 1, 2048, -1.8, 1.8),
        Joint("shoulder_lift", 2, -1, 2048, -1.7, 1.7),
        Joint("elbow_flex", 3, 1, 2048, -1.7, 1.7),
        Joint("wrist_flex", 4, 1, 2048, -1.8, 1.8),
        Joint("wrist_roll", 5, 1, 2048, -_HALF_TURN, _HALF_TURN),
    )
    return joints, Gripper(id=6, closed_ticks=1950, open_ticks=2950)


def _gello() -> tuple[tuple[Joint, ...], Gripper]:
    """A printed copy of the ViperX: its horns are screwed on at quarter turns, as they came."""
    joints = (
        Joint("waist", 1, 1, 2048, -_HALF_TURN, _HALF_TURN),
        Joint("shoulder", 2, -1, 3072, -1.85005, 1.25664),
        Joint("elbow", 3, 1, 1024, -1.76278, 1.6057),
        Joint("forearm_roll", 4, -1, 2048, -_HALF_TURN, _HALF_TURN),
        Joint("wrist_angle", 5, 1, 2048, -1.8675, 2.23402),
        Joint("wrist_rotate", 6, -1, 2048, -_HALF_TURN, _HALF_TURN),
    )
    return joints, Gripper(id=7, closed_ticks=2310, open_ticks=1700)


# Where the simulated arm starts too: tool down, gripper open.
_TOOL_DOWN = (0.0, -0.36, 0.48, 0.0, 1.46, 0.0, 0.85)
_FOLDED = (0.0, -1.80, 1.55, 0.0, 0.6, 0.0, 0.5)
_KOCH_FOLDED = (0.0, -1.5, 1.5, 0.0, 0.0, 0.3)

VIPERX_300S = Build(
    *_interbotix(),
    models={i: XM430_W350 if i > 7 else XM540_W270 for i in range(1, 10)},
    start=_FOLDED,
    falls=True,
)
WIDOWX_250S = Build(
    *_interbotix(),
    models={i: XL430_W250 if i > 7 else XM430_W350 for i in range(1, 10)},
    start=_TOOL_DOWN,
)
GELLO = Build(
    *_gello(),
    models={i: XL330_M077 if i == 7 else XL330_M288 for i in range(1, 8)},
    start=_TOOL_DOWN,
)
KOCH_FOLLOWER = Build(
    *_koch(),
    models={i: XL430_W250 if i < 3 else XL330_M288 for i in range(1, 7)},
    start=_KOCH_FOLDED,
    falls=True,
)
KOCH_LEADER = Build(
    *_koch(),
    models=dict.fromkeys(range(1, 7), XL330_M077),
    start=_KOCH_FOLDED,
)
BUILDS: Mapping[str, Build] = MappingProxyType(
    {
        "viperx_300s": VIPERX_300S,
        "widowx_250s": WIDOWX_250S,
        "gello": GELLO,
        "koch_follower": KOCH_FOLLOWER,
        "koch_leader": KOCH_LEADER,
    }
)
"""Every kind of arm, by name."""
