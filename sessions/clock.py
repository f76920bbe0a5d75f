"""The clock is a parameter: wall time with hardware, virtual time in lockstep."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds."""

    def now(self) -> float:
        """Seconds on the one monotonic clock of this machine."""

    def sleep_until(self, t: float) -> None:
        """Returns when ``now() >= t``."""


class WallClock:
    """CLOCK_MONOTONIC, which every process of the machine shares."""

    def now(self) -> float:
        """Seconds since an arbitrary start, the same for all processes."""
        return time.monotonic()

    def sleep_until(self, t: float) -> None:
        """Sleeps; an absolute deadline in the past returns at once."""
        left = t - time.monotonic()
        if left > 0:
            time.sleep(left)


class VirtualClock:
    """Time that passes only when somebody waits for it, taking the world along.

    Args:
        advance: called with the new time before ``sleep_until`` returns (the simulated world's
            step function).
        start: first value of ``now()`` [s].
    """

    def __init__(self, advance: Callable[[float], None] | None = None, start: float = 0.0) -> None:
        self._now = start
        self._advance = advance

    def now(self) -> float:
        """Virtual seconds."""
        return self._now

    def sleep_until(self, t: float) -> None:
        """Jumps to ``t`` and lets the world catch up."""
        if t > self._now:
            self._now = t
            if self._advance is not None:
                self._advance(t)
