"""The Koch v1.1 follower: five joints and a gripper; two XL430 and four XL330."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drivers.base import JointLimits
from drivers.dynamixel.description import ArmDescription, GripperDescription, JointDescription
from drivers.registry import DeviceContext
from drivers.robots._dynamixel import BusConfig, DynamixelRobot, on_bus

_JOINTS = {
    "shoulder_pan": ("Turn the arm to the left, seen from above", math.pi),
    "shoulder_lift": ("Lean the upper arm forward", 2.1),
    "elbow_flex": ("Lower the forearm", 2.1),
    "wrist_flex": ("Tilt the gripper down", 2.1),
    "wrist_roll": ("Turn the gripper clockwise, seen from the elbow", math.pi),
}
DESCRIPTION = ArmDescription(
    kind="Koch v1.1",
    home=(
        "Put the upper arm upright, the forearm level and pointing straight forward, and the "
        "gripper in line with it, its moving jaw on the right"
    ),
    joints=tuple(
        JointDescription(name=name, id=i, positive=positive, lower=-far, upper=far)
        for i, (name, (positive, far)) in enumerate(_JOINTS.items(), start=1)
    ),
    gripper=GripperDescription(id=6, closed="Close the gripper until its jaws touch"),
)

_FARTHEST = np.array([far for _, far in _JOINTS.values()])
# How far: what no build exceeds, the sweep tells the rest. How fast: well below the unloaded
# 6 rad/s of its XL430, which lift the whole arm.
LIMITS = JointLimits(
    names=DESCRIPTION.names,
    lower=np.array([*-_FARTHEST, 0.0]),
    upper=np.array([*_FARTHEST, 1.0]),
    velocity=np.array([3.14] * 5 + [4.0]),
    acceleration=np.array([25.0] * 5 + [40.0]),
)


@dataclass(frozen=True, kw_only=True)
class Config(BusConfig):
    """What the station file may say; see ``BusConfig``."""


def create(name: str, config: Config, context: DeviceContext) -> DynamixelRobot:
    """Builds the driver without touching the arm.

    Raises:
        DeviceConfigError: a value that makes no sense.
    """
    return on_bus(name, LIMITS, config, context)
