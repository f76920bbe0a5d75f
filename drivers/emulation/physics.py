"""What servos turn: axes that have a place and a speed, and obey what is asked of them.

Positions are mechanical ticks of the axis, continuous over turns; 4,096 are one turn. Which way a
servo counts them is the servo's business.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from drivers.emulation.hands import Hand


@dataclass(frozen=True)
class Drive:
    """What a servo wants of its axis.

    Attributes:
        kind: ``off`` (no torque), ``position``, ``velocity`` or ``current``.
        target: ticks, ticks/s or mA, by ``kind``.
        velocity: highest speed on the way [ticks/s].
        acceleration: highest acceleration on the way [ticks/s^2].
        current: highest current it may use to get there [mA].
    """

    kind: str = "off"
    target: float = 0.0
    velocity: float = math.inf
    acceleration: float = math.inf
    current: float = math.inf


@dataclass(frozen=True)
class Present:
    """What an axis does.

    Attributes:
        position: mechanical ticks.
        velocity: ticks/s.
        current: mA that the motor draws, positive where it pushes towards higher ticks.
    """

    position: float
    velocity: float
    current: float


OFF = Drive()


class Physics(Protocol):
    """Axes behind servos. Called by the thread that serves the bus only.

    Attributes:
        powered: False while the servos have no power: then they do not answer.
    """

    powered: bool

    def advance(self, now: float) -> None:
        """Moves everything to the time ``now``, monotonic clock [s]; never blocks."""

    def drive(self, axis: int, drive: Drive) -> None:
        """What the servo of ``axis`` wants from now on."""

    def present(self, axis: int) -> Present:
        """What ``axis`` does, as of the last ``advance``."""

    def hand(self, axis: int, hand: Hand | None) -> None:
        """Lets a hand move the axis, or take itself away (None)."""


@dataclass
class Profile:
    """A setpoint that goes to a target within a speed and an acceleration, as a servo's does.

    Attributes:
        position: where the setpoint is [ticks].
        velocity: how fast it moves [ticks/s].
    """

    position: float
    velocity: float = 0.0

    def approach(self, target: float, velocity: float, acceleration: float, dt: float) -> None:
        """One step towards ``target`` that can still stop there."""
        left = target - self.position
        # Half a step of braking is lost to the discrete time: 0.9 keeps it from overshooting.
        brake = math.sqrt(2.0 * acceleration * abs(left)) * 0.9
        wanted = math.copysign(min(velocity, brake, abs(left) / dt), left)
        self.chase(wanted, acceleration, dt)
        if abs(target - self.position) < 0.5 and abs(self.velocity) <= acceleration * dt:
            self.position, self.velocity = target, 0.0

    def chase(self, velocity: float, acceleration: float, dt: float) -> None:
        """One step towards a speed."""
        most = acceleration * dt
        self.velocity += min(most, max(-most, velocity - self.velocity))
        self.position += self.velocity * dt


@dataclass(frozen=True)
class Axis:
    """How an axis behaves by itself.

    Attributes:
        start: where it is at first [ticks].
        velocity: highest speed of its motor [ticks/s].
        acceleration: highest acceleration of its motor [ticks/s^2].
        rest: where it falls to without torque [ticks]; None if it stays where it is left.
        sag: how fast it falls there [ticks/s].
        lower: end stop [ticks].
        upper: end stop [ticks].
        stall: current that holds a joint against a hand [mA].
    """

    start: float = 2048.0
    velocity: float = 3_000.0
    acceleration: float = 30_000.0
    rest: float | None = None
    sag: float = 400.0
    lower: float = -math.inf
    upper: float = math.inf
    stall: float = 1_000.0


YIELD_MA = 400.0
"""A servo that may use less current than this gives way to a hand [mA]."""

_STEP_S = 0.002
_LONGEST_S = 0.25
_FRICTION_PER_S = 8.0
_TICKS_S2_PER_MA = 120.0


class FreeArm:
    """An arm of its own: each axis follows its servo, a hand, or lies where it was left.

    Args:
        axes: one for each axis of the arm.
    """

    powered = True

    def __init__(self, axes: Sequence[Axis]) -> None:
        self.axes = tuple(axes)
        self._motion = [Profile(axis.start) for axis in self.axes]
        self._current = [0.0] * len(self.axes)
        self._drives = [OFF] * len(self.axes)
        self._hands: list[Hand | None] = [None] * len(self.axes)
        self._now: float | None = None

    def advance(self, now: float) -> None:
        """Moves every axis to ``now``; after a long pause it goes on from now."""
        start = now if self._now is None else max(self._now, now - _LONGEST_S)
        steps = max(1, math.ceil((now - start) / _STEP_S))
        dt = (now - start) / steps
        self._now = now
        if dt <= 0:
            return
        for step in range(1, steps + 1):
            for axis in range(len(self.axes)):
                self._step(axis, start + step * dt, dt)

    def drive(self, axis: int, drive: Drive) -> None:
        """What the servo of ``axis`` wants from now on."""
        self._drives[axis] = drive

    def present(self, axis: int) -> Present:
        """What ``axis`` does."""
        motion = self._motion[axis]
        return Present(motion.position, motion.velocity, self._current[axis])

    def hand(self, axis: int, hand: Hand | None) -> None:
        """Lets a hand move the axis, or take itself away."""
        self._hands[axis] = hand

    def _step(self, index: int, now: float, dt: float) -> None:
        axis, drive, hand = self.axes[index], self._drives[index], self._hands[index]
        motion = self._motion[index]
        self._current[index] = 0.0
        gives_way = drive.kind in ("off", "current") or drive.current < YIELD_MA
        if hand is not None and gives_way:
            before = motion.position
            motion.position = hand.moved(before, now, dt)
            motion.velocity = (motion.position - before) / dt
            self._current[index] = self._resistance(drive, motion.position)
        elif drive.kind == "position":
            fast = min(drive.velocity, axis.velocity)
            motion.approach(drive.target, fast, min(drive.acceleration, axis.acceleration), dt)
            self._current[index] = self._effort(index, hand, now, dt)
        elif drive.kind == "velocity":
            fast = min(axis.velocity, max(-axis.velocity, drive.target))
            motion.chase(fast, min(drive.acceleration, axis.acceleration), dt)
        elif drive.kind == "current":
            push = drive.target * _TICKS_S2_PER_MA - _FRICTION_PER_S * motion.velocity
            fast = motion.velocity + push * dt
            motion.chase(min(axis.velocity, max(-axis.velocity, fast)), axis.acceleration, dt)
            self._current[index] = drive.target
        else:
            self._fall(axis, motion, dt)
        if not axis.lower <= motion.position <= axis.upper:
            motion.position = min(axis.upper, max(axis.lower, motion.position))
            motion.velocity = 0.0

    def _resistance(self, drive: Drive, position: float) -> float:
        if drive.kind == "current":
            return drive.target
        if drive.kind != "position":
            return 0.0
        # A position servo at its current limit is a spring that has become soft.
        return min(drive.current, max(-drive.current, 4.0 * (drive.target - position)))

    def _effort(self, index: int, hand: Hand | None, now: float, dt: float) -> float:
        """What a stiff servo draws: a little to move, all it has against a hand."""
        axis, motion = self.axes[index], self._motion[index]
        if hand is None:
            return 0.05 * axis.stall * motion.velocity / axis.velocity
        pull = hand.moved(motion.position, now, dt) - motion.position
        return 0.0 if abs(pull) < 1.0 else -math.copysign(axis.stall, pull)

    @staticmethod
    def _fall(axis: Axis, motion: Profile, dt: float) -> None:
        if axis.rest is None:
            motion.chase(0.0, axis.acceleration, dt)
        else:
            motion.approach(axis.rest, axis.sag, axis.acceleration, dt)
