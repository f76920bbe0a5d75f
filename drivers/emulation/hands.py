"""A person's hand on an emulated arm: it holds a joint somewhere, moves it, or waves it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol


class Hand(Protocol):
    """Something that moves an axis against no more than a light resistance."""

    def moved(self, position: float, now: float, dt: float) -> float:
        """Where the axis at ``position`` [ticks] is after ``dt`` [s], at the time ``now``."""


@dataclass(frozen=True)
class Leading:
    """Takes the axis to a place and keeps it there.

    Attributes:
        target: where [ticks].
        velocity: how fast [ticks/s].
    """

    target: float
    velocity: float = 1_000.0

    def moved(self, position: float, now: float, dt: float) -> float:
        """One step nearer."""
        left = self.target - position
        return position + math.copysign(min(abs(left), self.velocity * dt), left)


@dataclass(frozen=True)
class Turning:
    """Turns the axis evenly.

    Attributes:
        velocity: how fast, and which way [ticks/s].
    """

    velocity: float

    def moved(self, position: float, now: float, dt: float) -> float:
        """One step further."""
        return position + self.velocity * dt


@dataclass(frozen=True)
class Waving:
    """Waves the axis about a place, as a sine.

    Attributes:
        centre: the middle [ticks].
        amplitude: how far to each side [ticks].
        period: of one wave [s].
        since: when it began, monotonic clock [s].
        velocity: how fast it goes to where the wave begins [ticks/s].
    """

    centre: float
    amplitude: float
    period: float
    since: float
    velocity: float = 3_000.0

    def moved(self, position: float, now: float, dt: float) -> float:
        """Where the wave is, as soon as the hand has caught up with it."""
        phase = 2.0 * math.pi * (now - self.since) / self.period
        left = self.centre + self.amplitude * math.sin(phase) - position
        return position + math.copysign(min(abs(left), self.velocity * dt), left)
