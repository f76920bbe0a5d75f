"""The way to the rest pose: slow, in a straight line of joints, inside the limiter."""

from __future__ import annotations

import numpy as np

from drivers.base import Floats
from sessions.live.alignment import measure
from sessions.live.follower import Follower

REST_RAD_S = 0.5
"""No joint is sent to rest faster than this [rad/s]."""

REST_GRIPPER_S = 0.5
"""No gripper opens or closes faster than this [1/s]."""

THERE_RAD = 0.15
"""An arm measured this close to its rest pose in every joint is there: servos sag [rad]."""

_STILL_RAD_S = 0.05
_SLACK = 1.2
_SETTLE_S = 3.0


class Parking:
    """One way to the rest pose.

    Args:
        follower: the arm.
        dt: control period [s].
    """

    def __init__(self, follower: Follower, dt: float) -> None:
        self._follower, self._dt = follower, dt
        self._start = self._goal = follower.sent
        self._duration_s = self._elapsed_s = 0.0

    def begin(self, rest_pose: Floats) -> None:
        """Plans the way from what was sent last to ``rest_pose``, shape (A,)."""
        limits = self._follower.limiter.limits
        self._start = self._follower.sent.copy()
        self._goal = np.clip(np.asarray(rest_pose, np.float64), limits.lower, limits.upper)
        slow = np.where(limits.openings, REST_GRIPPER_S, measure(REST_RAD_S, limits))
        speed = np.minimum(slow, limits.velocity)
        self._duration_s = float((np.abs(self._goal - self._start) / speed).max())
        self._elapsed_s = 0.0

    def target(self) -> Floats:
        """Where the arm is to be after this tick, shape (A,)."""
        self._elapsed_s += self._dt
        share = min(1.0, self._elapsed_s / max(self._duration_s, self._dt))
        target: Floats = self._start + share * (self._goal - self._start)
        return target

    @property
    def left_s(self) -> float:
        """How long the way still takes [s]."""
        return max(0.0, self._duration_s - self._elapsed_s)

    @property
    def arrived(self) -> bool:
        """Whether the arm lies in its rest pose, measured, and stands still.

        A gripper may be held open by what it grasps, and is not asked.
        """
        there = self._elapsed_s >= self._duration_s and not self._follower.limiter.moving
        return there and self.lies_at(self._goal)

    def lies_at(self, pose: Floats) -> bool:
        """Whether the arm is measured to stand still at ``pose``, shape (A,), grippers apart."""
        limits, state = self._follower.limiter.limits, self._follower.state
        joints = ~limits.openings
        near = np.abs(state.position - pose) <= measure(THERE_RAD, limits)
        still = np.abs(state.velocity) <= measure(_STILL_RAD_S, limits)
        return bool((near & still)[joints].all())

    @property
    def late(self) -> bool:
        """Whether the arm should have been there long ago: something keeps it from resting."""
        return self._elapsed_s > _SLACK * self._duration_s + _SETTLE_S

    def bound_s(self) -> float:
        """After so long the arm is there or late [s]."""
        return _SLACK * self._duration_s + _SETTLE_S

    def obstacle(self) -> str:
        """Which joint is not there, and how far it is."""
        limits = self._follower.limiter.limits
        there = measure(THERE_RAD, limits)
        apart = np.abs(self._follower.state.position - self._goal)
        at = int(np.argmax(np.where(limits.openings, -1.0, apart / there)))
        return (
            f"its {limits.names[at]} is {apart[at]:.2f} {limits.unit} away "
            f"(limit {there[at]:.2f} {limits.unit})"
        )
