"""When the frames of a camera that makes its own are due: on a grid, whoever reads however late."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_SLACK_S = 1e-6


class Pace:
    """A clock that strikes ``fps`` times a second.

    Args:
        fps: strikes a second.
        latency_s: how long after its strike a frame is there [s].
        world: a simulated world whose virtual time counts, and which nobody may wait for; None
            for the machine's monotonic clock.
    """

    def __init__(self, fps: float, latency_s: float = 0.0, world: Any = None) -> None:
        self._period = 1.0 / fps
        self._latency_s = latency_s
        self._now: Callable[[], float] = time.monotonic if world is None else lambda: float(world.t)
        self._waits = world is None
        self._start = 0.0
        self._next = 0

    def start(self) -> None:
        """Frame 0 is due now."""
        self._start, self._next = self._now(), 0

    def wait(self, timeout_s: float, more_s: float = 0.0) -> tuple[int, float] | None:
        """The next frame: its number and when it was due, or None if it is not there in time.

        Frames that nobody asked for in time are passed over; their numbers are missing.

        Args:
            timeout_s: how long to wait [s]; in virtual time nobody waits.
            more_s: additional latency of this frame [s].
        """
        now = self._now()
        late_s = self._latency_s + more_s
        newest = int((now - late_s - self._start + _SLACK_S) / self._period)
        number = max(self._next, newest)
        due = self._start + number * self._period
        wait_s = due + late_s - now
        if wait_s > _SLACK_S:
            if not self._waits:
                return None
            time.sleep(min(wait_s, max(timeout_s, 0.0)))
            if wait_s > timeout_s:
                return None
        self._next = number + 1
        return number, due

    def elapsed(self) -> float:
        """Time since the start [s]."""
        return self._now() - self._start
