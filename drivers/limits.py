"""What may be sent to an arm: position, speed, acceleration, a floor for the tool, a low-pass.

The limiter stands between the gate and the robot and is always on. It knows nothing of who is in
control: whatever target comes in, from a policy, a hand or a hold, the step that goes out is one
the arm can follow, and one from which it can still brake before its limits.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from drivers.base import DeviceConfigError, Floats, JointLimits, checked_action
from drivers.kinematics import Arm

_SETTLED = 1e-5
"""A low-passed target this close to the target is the target [rad]: targets are reached exactly."""

_ROUNDING = 1e-12

_FLOOR_RATE = 12.0
"""Downward speed allowed per metre of height above the floor [1/s] (a control barrier)."""

_FLOOR_TOLERANCE_M = 1e-4

_RESTING_M = 1e-3
"""A tool this far below the floor was put there and is not lifted by itself [m]."""


class Limiter:
    """Turns targets into steps the arm can follow. Deterministic, and never waits.

    Guarantees, for every call of ``apply`` and ``hold`` between two calls of ``reset``:
    a step is at most ``velocity * dt``; two steps in a row differ by at most
    ``acceleration * dt**2`` (unless the floor would be broken through: then braking is harder);
    a position stays within the limits once it is; a constant target is approached without
    overshoot when the arm starts at rest, and is reached exactly.

    Args:
        limits: what the arm may do; use ``tightened`` for a station's own.
        dt: control period [s].
        low_pass_hz: cut-off of the first-order low-pass on targets [Hz]; 0 turns it off.
        floor: the arm's kinematics and the lowest height of its tool [m], or None. The arm's
            joints are the first of ``limits``.

    Raises:
        DeviceConfigError: a period, cut-off, speed or acceleration that makes no sense.
    """

    def __init__(
        self,
        limits: JointLimits,
        dt: float,
        low_pass_hz: float = 8.0,
        floor: tuple[Arm, float] | None = None,
    ) -> None:
        _check(limits, dt, low_pass_hz)
        self.limits = limits
        self.dt = dt
        self._alpha = 1.0 if low_pass_hz == 0 else 1.0 - math.exp(-2 * math.pi * low_pass_hz * dt)
        self._floor = floor
        self._step_limit: list[float] = (limits.velocity * dt).tolist()
        self._change_limit: list[float] = (limits.acceleration * dt * dt).tolist()
        self._bounds = list(zip(limits.lower.tolist(), limits.upper.tolist(), strict=True))
        self.reset(0.5 * (limits.lower + limits.upper))

    @property
    def previous(self) -> Floats:
        """What was sent last, or the pose of the last ``reset``; shape (A,)."""
        return np.array(self._position)

    @property
    def moving(self) -> bool:
        """Whether the last step was not zero: a hold is still braking."""
        return any(self._step)

    def reset(self, position: Floats) -> None:
        """Starts anew, at rest, at the measured pose ``position``, shape (A,).

        A measured pose slightly outside the limits is taken as it is and led back inside.

        Raises:
            InvalidActionError: wrong shape or not finite.
        """
        self._position: list[float] = checked_action("limits", position, self.limits).tolist()
        self._filtered = list(self._position)
        self._step = [0.0] * len(self._position)
        self._height, self._frames = self._look(self._position)

    def apply(self, target: Floats) -> Floats:
        """The next position on the way to ``target``, shape (A,).

        Raises:
            InvalidActionError: wrong shape or not finite; nothing has changed then.
        """
        wanted = checked_action("limits", target, self.limits).tolist()
        steps = []
        for i, (goal, (lower, upper)) in enumerate(zip(wanted, self._bounds, strict=True)):
            inside = min(max(goal, lower), upper)
            gap = inside - self._filtered[i]
            self._filtered[i] = inside if abs(gap) < _SETTLED else inside - (1 - self._alpha) * gap
            steps.append(self._next_step(i, self._filtered[i] - self._position[i]))
        return self._advance(steps)

    def hold(self) -> Floats:
        """The next position of stopping as fast as the acceleration allows, shape (A,).

        Repeated, it comes to rest and then returns the same pose for ever.
        """
        sent = self._advance([self._next_step(i, 0.0) for i in range(len(self._position))])
        self._filtered = list(self._position)
        return sent

    def _next_step(self, i: int, distance: float) -> float:
        """The longest step of joint ``i`` towards ``distance`` from which it can still stop there.

        With ``a`` the largest change of a step, stopping from step ``s`` takes
        ``s + (s - a) + (s - 2a) ...`` in all; the largest ``s`` for which that is at most the
        distance is found in closed form, so that the arm lands exactly on a discrete-time target.
        """
        change, step = self._change_limit[i], self._step[i]
        away = abs(distance)
        whole = math.floor(0.5 * (math.sqrt(1.0 + 8.0 * away / change) - 1.0))
        wanted = (away + 0.5 * change * whole * (whole + 1)) / (whole + 1)
        lowest, highest = self._step_range(i, step)
        return min(max(math.copysign(wanted, distance), lowest), highest)

    def _step_range(self, i: int, step: float) -> tuple[float, float]:
        change, limit = self._change_limit[i], self._step_limit[i]
        return max(step - change, -limit), min(step + change, limit)

    def _advance(self, steps: list[float]) -> Floats:
        position = self._moved(steps)
        height, frames = self._look(position)
        # What does not go down is never refused, so that a tool below the floor can come back.
        if height < min(self._least_height(), self._height - 1e-9):
            self._above_floor(steps, height)
        else:
            self._position, self._step = position, steps
            self._height, self._frames = height, frames
        return np.array(self._position)

    def _moved(self, steps: list[float]) -> list[float]:
        """Where ``steps`` lead: onto a target or limit, never a rounding error beside it."""
        moved = []
        for i, step in enumerate(steps):
            there, target = self._position[i] + step, self._filtered[i]
            lower, upper = self._bounds[i]
            if abs(there - target) < _ROUNDING:
                there = target
            elif lower - _ROUNDING < there < lower:
                there = lower
            elif upper < there < upper + _ROUNDING:
                there = upper
            moved.append(there)
        return moved

    def _look(self, position: list[float]) -> tuple[float, Floats | None]:
        """The tool's height above the floor [m], and the links' frames it follows from."""
        if self._floor is None:
            return math.inf, None
        arm, lowest = self._floor
        frames = arm.frames(np.array(position[: arm.size]))
        return float(frames[-1, 2, 3]) - lowest, frames

    def _least_height(self) -> float:
        """The lowest the tool may be after this tick, relative to the floor [m].

        The closer to the floor, the slower it may fall. A tool that starts below (a resting pose)
        may stay there, not go lower.
        """
        fall = min(_FLOOR_RATE * self.dt, 1.0) * self._height
        return self._height if self._height < -_RESTING_M else self._height - fall

    def _above_floor(self, steps: list[float], height: float) -> None:
        """Bends a step that dives too fast so that the tool slides along the floor instead.

        Braking harder than the acceleration limit is tried only where the floor would be broken
        through otherwise, and standing still where even that does not do.
        """
        assert self._floor is not None
        assert self._frames is not None
        slope = self._floor[0].jacobian_at(self._frames)[2].tolist()
        gain = max(sum(s * s for s in slope), 1e-4)
        hard = min(self._height, -_FLOOR_TOLERANCE_M)
        for gentle in (True, False, False):
            lift = (self._least_height() - height) / gain
            for i, s in enumerate(slope):
                steps[i] = self._permitted(i, steps[i] + s * lift, gentle)
            position = self._moved(steps)
            height, frames = self._look(position)
            if height >= hard:
                self._position, self._step = position, steps
                self._height, self._frames = height, frames
                return
        self._step = [0.0] * len(steps)

    def _permitted(self, i: int, step: float, gentle: bool) -> float:
        """``step`` within speed and acceleration, and short enough to stop before the limits."""
        limit = self._step_limit[i]
        lowest, highest = self._step_range(i, self._step[i]) if gentle else (-limit, limit)
        lower, upper = self._bounds[i]
        if step > 0:
            highest = min(highest, self._next_step(i, upper - self._position[i]))
        else:
            lowest = max(lowest, self._next_step(i, lower - self._position[i]))
        return min(max(step, lowest), highest)


def tightened(
    limits: JointLimits, velocity_rad_s: float, acceleration_rad_s2: float, gripper_per_s: float
) -> JointLimits:
    """A robot's limits with a station's lower ones; never looser than the robot's own.

    Args:
        limits: the robot's. The station's limits in rad say nothing of joints in another unit.
        velocity_rad_s: highest speed of every arm joint [rad/s].
        acceleration_rad_s2: highest acceleration of every arm joint [rad/s^2].
        gripper_per_s: highest speed of a gripper [1/s].
    """
    gripper = limits.openings
    angle = ~gripper & (limits.unit == "rad")
    velocity, acceleration = limits.velocity.copy(), limits.acceleration.copy()
    velocity[angle] = np.minimum(velocity[angle], velocity_rad_s)
    velocity[gripper] = np.minimum(velocity[gripper], gripper_per_s)
    acceleration[angle] = np.minimum(acceleration[angle], acceleration_rad_s2)
    return replace(limits, velocity=velocity, acceleration=acceleration)


def _check(limits: JointLimits, dt: float, low_pass_hz: float) -> None:
    if not dt > 0 or not math.isfinite(dt):
        raise DeviceConfigError("limits", f"The control period is {dt:g} s.", "It must be above 0.")
    if not low_pass_hz >= 0:
        raise DeviceConfigError(
            "limits", f"low_pass_hz is {low_pass_hz:g}.", "Give a cut-off in Hz, or 0 for none."
        )
    for label, values in (("velocity", limits.velocity), ("acceleration", limits.acceleration)):
        if not (np.isfinite(values).all() and (values > 0).all()):
            name = limits.names[int(np.argmin(np.where(np.isfinite(values), values, -np.inf)))]
            raise DeviceConfigError(
                "limits", f"The {label} limit of {name} is not above 0.", "Correct the limits."
            )
    if not (limits.lower < limits.upper).all():
        name = limits.names[int(np.argmax(limits.lower >= limits.upper))]
        raise DeviceConfigError(
            "limits", f"The lower limit of {name} is not below its upper.", "Correct the limits."
        )
