"""The ViperX 300 S: six joints and a gripper, nine Dynamixel servos, two in shoulder and elbow."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.dynamixel.description import ArmDescription, GripperDescription, JointDescription
from drivers.registry import DeviceContext
from drivers.robots._dynamixel import DynamixelRobot, driven, place
from drivers.simulation.names import LIMITS

REST = (0.0, -1.80, 1.55, 0.0, 0.65, 0.0, 0.5)
"""Folded, the forearm on its stand: Interbotix' sleep pose, its shoulder clear of the stop."""

_POSITIVE = {
    "waist": ("Turn the arm to the left, seen from above", 1, ()),
    "shoulder": ("Lean the upper arm forward", 2, (3,)),
    "elbow": ("Lower the forearm", 4, (5,)),
    "forearm_roll": ("Roll the forearm clockwise, seen from the elbow", 6, ()),
    "wrist_angle": ("Tilt the gripper down", 7, ()),
    "wrist_rotate": ("Turn the gripper clockwise, seen from the elbow", 8, ()),
}
DESCRIPTION = ArmDescription(
    kind="ViperX 300 S",
    home=(
        "Put the upper arm upright, the forearm level and pointing straight forward, the gripper "
        "in line with it and its fingers side by side"
    ),
    joints=tuple(
        JointDescription(
            name=name,
            id=servo,
            positive=positive,
            lower=float(LIMITS.lower[row]),
            upper=float(LIMITS.upper[row]),
            shadows=shadows,
        )
        for row, (name, (positive, servo, shadows)) in enumerate(_POSITIVE.items())
    ),
    gripper=GripperDescription(id=9),
)


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        port: device path, stable id, or ``emulated:NAME``.
        baud: bits a second.
        calibration: its file, if that is not ``<name>.toml`` among the workspace's calibrations.
        power: part of the motors' torque that may be used, above 0 to 1.
        grip: part of its current that the gripper's motor may use, above 0 to 1.
        watchdog_ms: the arm stops by itself when it hears nothing for so long, a multiple of 20.
        rest_pose: where it lies by itself without torque [rad, gripper 0..1]; empty for none.
    """

    port: str
    baud: int = 1_000_000
    calibration: str = ""
    power: float = 1.0
    grip: float = 0.3
    watchdog_ms: int = 80
    rest_pose: tuple[float, ...] = REST


def create(name: str, config: Config, context: DeviceContext) -> DynamixelRobot:
    """Builds the driver without touching the arm.

    Raises:
        DeviceConfigError: a value that makes no sense.
    """
    return DynamixelRobot(
        name,
        place(name, config.port, config.baud, config.calibration, context),
        LIMITS,
        driven(name, LIMITS, config.power, config.grip, config.watchdog_ms, context.rate_hz),
        config.rest_pose,
    )
