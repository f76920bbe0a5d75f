"""The ViperX 300 S: six joints and a gripper, nine Dynamixel servos, two in shoulder and elbow."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.dynamixel.description import ArmDescription, GripperDescription, JointDescription
from drivers.registry import DeviceContext
from drivers.robots._dynamixel import BusConfig, DynamixelRobot, on_bus
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


@dataclass(frozen=True, kw_only=True)
class Config(BusConfig):
    """What the station file may say; see ``BusConfig``."""

    rest_pose: tuple[float, ...] = REST


def create(name: str, config: Config, context: DeviceContext) -> DynamixelRobot:
    """Builds the driver without touching the arm.

    Raises:
        DeviceConfigError: a value that makes no sense.
    """
    return on_bus(name, LIMITS, config, context)
