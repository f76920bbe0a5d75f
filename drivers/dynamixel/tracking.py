"""Follows joints that a hand moves: continuous ticks, whether they are still, how far they went."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from drivers.dynamixel.tables import TICKS_PER_TURN

STILL_TICKS = 12
"""A joint that stays within so many ticks over the last readings is held still (1 degree)."""

_RECENT = 5
_HALF_TURN = TICKS_PER_TURN // 2


class Tracking:
    """Some servos' positions as they are read, again and again.

    Args:
        ids: the servos to follow; readings of others are passed over.

    Attributes:
        now: by servo, where it is [ticks], counted on over full turns; those that ever answered.
        swept: by servo, the lowest and highest place since ``sweep`` [ticks].
    """

    def __init__(self, ids: Iterable[int]) -> None:
        self.now: dict[int, int] = {}
        self.swept: dict[int, tuple[int, int]] = {}
        self._recent: dict[int, deque[int]] = {i: deque(maxlen=_RECENT) for i in ids}

    def take(self, reading: Mapping[int, int]) -> None:
        """Takes one reading; servos that are not in it stay where they were."""
        for servo_id, ticks in reading.items():
            if servo_id not in self._recent:
                continue
            before = self.now.get(servo_id, ticks)
            # Without torque a reading wraps at a full turn; no hand turns a joint that fast.
            place = before + (ticks - before + _HALF_TURN) % TICKS_PER_TURN - _HALF_TURN
            self.now[servo_id] = place
            self._recent[servo_id].append(place)
            if servo_id in self.swept:
                low, high = self.swept[servo_id]
                self.swept[servo_id] = (min(low, place), max(high, place))

    def sweep(self) -> None:
        """Begins to note how far each servo goes, anew."""
        self.swept = {servo_id: (place, place) for servo_id, place in self.now.items()}

    def still(self, servo_id: int) -> bool:
        """Whether a servo has not moved over the last readings."""
        recent = self._recent[servo_id]
        return len(recent) == _RECENT and max(recent) - min(recent) <= STILL_TICKS
