"""How a leader behind LeRobot follows the arm, and lets go."""

from __future__ import annotations

import contextlib

import numpy as np

from drivers.base import DriverError, Floats
from drivers.bridge.link import Link
from drivers.bridge.served import Served
from drivers.bridge.units import Scale
from drivers.teleoperators._mapping import Ramp

_LEASH = 0.25
"""How far a mirrored goal may be from the leader [rad, trigger 0..1]: what bounds the pull."""


class Mirror:
    """Drives a leader to where the arm is, at joint speed and on a leash.

    Args:
        link: the way to the leader.
        writes: its joints among its feedback.
        reach: lowest and highest positions of its joints, both shape (L,).
        served: the leader, which may hold already.
        speed_rad_s: highest speed [rad/s, trigger 1/s].

    Attributes:
        holds: whether it has torque, as far as is known.
        reach: as above.
    """

    def __init__(
        self,
        link: Link,
        writes: Scale,
        reach: tuple[Floats, Floats],
        served: Served,
        speed_rad_s: float,
    ) -> None:
        self.reach = reach
        self._link, self._writes, self._size = link, writes, len(served.writes)
        joints = len(writes.index)
        self._ramp = Ramp(np.full(joints, speed_rad_s), np.full(joints, _LEASH))
        self.holds, self._follows = served.holds, False

    def follow(self, wanted: Floats, leader: Floats, dt: float) -> None:
        """One step towards ``wanted``, shape (L,), NaN where a joint may be anywhere."""
        values = np.zeros(self._size)
        if not self._follows:
            self._ramp.begin(leader)
            self._writes.fill(values, leader)  # where it is: torque that comes on moves nothing
            self._link.ask("engage", values, wait_s=0.0)
            self.holds = self._follows = True
            return
        self._writes.fill(values, self._ramp.advance(wanted, leader, dt))
        self._link.ask("write", values, wait_s=0.0)

    def let_go(self) -> None:
        """Torque off by the next transaction; a leader that is gone is noticed by a poll."""
        if not self.holds:
            return
        self.released()
        with contextlib.suppress(DriverError):
            self._link.ask("release", wait_s=0.0)

    def released(self) -> None:
        """Its torque is off."""
        self.holds = self._follows = False
