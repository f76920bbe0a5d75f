"""Turns a wish of motion of the tool into absolute joint targets, for hands on keys and sticks.

The wish is a twist; the answer is anchored at the pose that was sent last when the human took
over, so that taking over moves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from drivers.base import DeviceConfigError, Floats, TeleoperatorView
from drivers.kinematics import VIPERX_300S, Arm, pose_error, rotation_matrix

_LEASH_SENT_RAD = 0.15
"""How far a target may lead what was sent: about the lag of limits and low-pass at full speed."""

_LEASH_M = 0.03
_LEASH_RAD = 0.25
"""How far the tool's target may lead the tool, for an arm that is blocked or slow: half as much
again as it lags in free motion at full speed, so that turning back works at once."""

_LEASH_JOINT_RAD = 0.4
"""The same for each joint, for an arm that something pushed away."""

_DRIFT_M = 0.005
_DRIFT_RAD = 0.05

HUMAN = ("human", "demo")


@dataclass(frozen=True)
class Wish:
    """What a hand wants of the tool now.

    Attributes:
        linear: velocity, shape (3,) in the base frame [m/s].
        angular: roll, pitch and yaw rates about the tool's own axes, shape (3,) [rad/s].
        gripper: rate of the gripper opening [1/s].
    """

    linear: tuple[float, float, float] = (0.0, 0.0, 0.0)
    angular: tuple[float, float, float] = (0.0, 0.0, 0.0)
    gripper: float = 0.0

    @property
    def still(self) -> bool:
        """Whether the tool is to stay where it is; the gripper may move."""
        return not any(self.linear) and not any(self.angular)


class Jogging(Protocol):
    """What moves as a hand wishes: a tool (``Jog``), or single axes."""

    def begin(self, view: TeleoperatorView) -> None:
        """Anchors at what was sent last."""

    def advance(self, wish: Wish, view: TeleoperatorView) -> Floats | None:
        """The next target, shape (A,); None while the human is not in control."""


class Jog:
    """The state of one jog: where the tool is meant to be.

    Args:
        device: the operator device's name, for messages.
        joint_names: joints of the station's robot, gripper last; empty if not known yet.
        joint_speed_rad_s: the fastest joint's speed; a faster wish is slowed as a whole, so that
            the tool's direction stays.
        arm: the arm's kinematics.

    Raises:
        DeviceConfigError: the station's robot has other joints than the kinematics.
    """

    def __init__(
        self,
        device: str,
        joint_names: tuple[str, ...],
        joint_speed_rad_s: float = 1.2,
        arm: Arm = VIPERX_300S,
    ) -> None:
        if joint_names and joint_names[:-1] != arm.names:
            raise DeviceConfigError(
                device,
                f"The robot's joints are {', '.join(joint_names)}; "
                f"jogging knows {', '.join(arm.names)} and a gripper.",
                'Use an operator of type "axes", or add the arm to drivers/kinematics.py.',
            )
        self._arm = arm
        self._speed = joint_speed_rad_s
        self._target: Floats | None = None
        self._pose: Floats = np.eye(4)
        self._seen_human = False

    @property
    def active(self) -> bool:
        """Whether a human drives through this jog."""
        return self._target is not None

    def begin(self, view: TeleoperatorView) -> None:
        """Anchors at what was sent last."""
        self._target = np.array(view.sent, dtype=np.float64)
        self._pose = self._arm.forward(self._target[: self._arm.size])
        self._seen_human = False

    def advance(self, wish: Wish, view: TeleoperatorView) -> Floats | None:
        """The next target, shape (A,); None while the human is not in control."""
        if self._target is None or self._handed_back(view):
            self._target = None
            return None
        size = self._arm.size
        target = self._target.copy()
        sent, measured = view.sent[:size], view.state.position[:size]
        if not wish.still:
            target[:size] += self._joint_step(wish, measured, view.dt)
        target[:size] = np.clip(target[:size], sent - _LEASH_SENT_RAD, sent + _LEASH_SENT_RAD)
        target[:size] = np.clip(
            target[:size], measured - _LEASH_JOINT_RAD, measured + _LEASH_JOINT_RAD
        )
        if wish.gripper:
            # Not leashed: closing further than the object is wide is what grips it.
            target[size] = min(max(float(target[size]) + wish.gripper * view.dt, 0.0), 1.0)
        self._target = target
        if not wish.still:
            self._settle()
        return target.copy()

    def _handed_back(self, view: TeleoperatorView) -> bool:
        human = view.controller in HUMAN
        ended = self._seen_human and not human
        self._seen_human = self._seen_human or human
        return ended

    def _joint_step(self, wish: Wish, measured: Floats, dt: float) -> Floats:
        assert self._target is not None
        joints = self._target[: self._arm.size]
        there = self._arm.forward(joints)
        lead = pose_error(self._arm.forward(measured), there)
        linear = _short_of(np.array(wish.linear), lead[:3], _LEASH_M)
        angular = _short_of(there[:3, :3] @ np.array(wish.angular), lead[3:], _LEASH_RAD)
        self._pose = self._pose.copy()
        self._pose[:3, 3] += linear * dt
        self._pose[:3, :3] = rotation_matrix(angular * dt) @ self._pose[:3, :3]
        # Aiming at the pose, not only along the twist, keeps straight lines straight.
        step = self._arm.differential(joints, pose_error(there, self._pose), 1)
        fastest = float(np.abs(step).max())
        return step * min(1.0, self._speed * dt / max(fastest, 1e-9))

    def _settle(self) -> None:
        """Lets go of a pose that the arm does not reach, so that the wish cannot pile up."""
        assert self._target is not None
        reached = self._arm.forward(self._target[: self._arm.size])
        error = pose_error(reached, self._pose)
        if (
            float(np.linalg.norm(error[:3])) > _DRIFT_M
            or float(np.linalg.norm(error[3:])) > _DRIFT_RAD
        ):
            self._pose = reached


def _short_of(wish: Floats, lead: Floats, leash: float) -> Floats:
    """``wish`` without what would lengthen a lead that is at the end of its leash already."""
    length = float(np.linalg.norm(lead))
    if length <= leash:
        return wish
    outward = lead / length
    return wish - outward * max(0.0, float(wish @ outward))
