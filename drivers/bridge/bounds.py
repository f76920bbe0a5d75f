"""How far and how fast a served robot may go: the station file decides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drivers.base import DeviceConfigError, Floats, JointLimits, openings
from drivers.bridge.units import Joint


@dataclass(frozen=True)
class Highest:
    """What a joint may do that does not say its own.

    Attributes:
        velocity_rad_s: highest speed of a joint [rad/s].
        acceleration_rad_s2: highest acceleration of a joint [rad/s^2].
        gripper_per_s: highest speed of a gripper [1/s].
    """

    velocity_rad_s: float
    acceleration_rad_s2: float
    gripper_per_s: float


def limits(name: str, joints: dict[str, Joint], highest: Highest) -> JointLimits:
    """The limits of a station file's joints.

    Raises:
        DeviceConfigError: there are none, or one of them makes no sense; names the joint.
    """
    if not joints:
        raise DeviceConfigError(
            name, "It has no joints.", "Give each a table, such as [robot.joints.shoulder_pan]."
        )
    grips = openings(tuple(joints))
    rows = []
    for (joint, said), gripper in zip(joints.items(), grips, strict=True):
        speed = highest.gripper_per_s if gripper else highest.velocity_rad_s
        ends = (0.0, 1.0) if gripper else (math.nan, math.nan)
        row = [
            default if math.isnan(value) else value
            for value, default in (
                (said.lower, ends[0]),
                (said.upper, ends[1]),
                (said.velocity, speed),
                (said.acceleration, 10 * speed if gripper else highest.acceleration_rad_s2),
            )
        ]
        if not all(map(math.isfinite, row)) or row[0] >= row[1] or min(row[2:]) <= 0:
            raise DeviceConfigError(
                name,
                f"joints.{joint}: lower is {row[0]:g}, upper {row[1]:g}, velocity {row[2]:g} and "
                f"acceleration {row[3]:g}.",
                "Give lower < upper in rad, and a velocity and acceleration above 0.",
            )
        rows.append(row)
    lower, upper, velocity, acceleration = np.array(rows, dtype=np.float64).T.copy()
    return JointLimits(tuple(joints), lower, upper, velocity, acceleration)


def rest_pose(name: str, said: tuple[float, ...], limits: JointLimits) -> Floats | None:
    """A station file's rest pose, shape (A,); None if it says none.

    Raises:
        DeviceConfigError: another number of values, or one outside the limits.
    """
    if not said:
        return None
    pose = np.array(said, dtype=np.float64)
    if pose.shape != (limits.size,) or not (
        (pose >= limits.lower).all() and (pose <= limits.upper).all()
    ):
        raise DeviceConfigError(
            name,
            f"rest_pose is {list(said)}.",
            f"Give one value within the limits for each of {', '.join(limits.names)}.",
        )
    return pose
