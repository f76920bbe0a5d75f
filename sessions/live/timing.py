"""How well the loop keeps its time: deadlines, late ticks, period errors."""

from __future__ import annotations

import time

import numpy as np

from drivers.base import Floats


class Timing:
    """Absolute deadlines and what became of them.

    Args:
        dt: control period [s].
        window: ticks the statistics look back.

    Attributes:
        ticks: ticks so far.
        late: ticks that began later than one period after their deadline.
        deadline: when the next tick is due, monotonic [s]; NaN before the first.
        work_s: how long the previous tick's work took [s].
        devices: entered around every call of a robot or an operator's device.
    """

    def __init__(self, dt: float, window: int = 1000) -> None:
        self.dt = dt
        self.ticks = 0
        self.late = 0
        self.deadline = float("nan")
        self.work_s = 0.0
        self._window = window
        self._previous = float("nan")
        self._periods = np.full(window, np.nan)
        self.devices = Stopwatch(window)

    def begin(self, now: float) -> float:
        """A tick begins at ``now``; returns the deadline it had and sets the next one.

        After a lateness of more than a period the deadlines move on by whole periods: ticks that
        did not happen are not made up for in a burst.
        """
        due = now if np.isnan(self.deadline) else self.deadline
        if now - due > self.dt:
            self.late += 1
        self._periods[self.ticks % self._window] = now - self._previous
        self._previous = now
        self.ticks += 1
        behind = max(0, int((now - due) / self.dt))
        self.deadline = due + (behind + 1) * self.dt
        return due

    def end(self, now: float) -> None:
        """The tick's work ended at ``now``."""
        self.work_s = now - self._previous
        self.devices.lap()

    def measured_hz(self) -> float:
        """Rate over the last ticks [Hz]; NaN before two ticks."""
        known = self._known()
        return float(1.0 / known.mean()) if len(known) and known.mean() > 0 else float("nan")

    def period_p99_s(self) -> float:
        """The 99th percentile of the period's absolute error [s]; NaN before two ticks."""
        known = self._known()
        if not len(known):
            return float("nan")
        return float(np.percentile(np.abs(known - self.dt), 99.0))

    def _known(self) -> Floats:
        known: Floats = self._periods[np.isfinite(self._periods)]
        return known


class Stopwatch:
    """Adds up what a tick spends in some of its parts, on the processor's own clock.

    Used as a context manager, any number of times a tick; never inside itself.

    Args:
        window: ticks the statistics look back.
    """

    def __init__(self, window: int = 1000) -> None:
        self._laps = np.full(window, np.nan)
        self._count = 0
        self._sum_s = self._began = 0.0

    def __enter__(self) -> None:
        """Begins to count."""
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """Stops counting."""
        self._sum_s += time.perf_counter() - self._began

    def lap(self) -> None:
        """The tick is over."""
        self._laps[self._count % len(self._laps)] = self._sum_s
        self._count += 1
        self._sum_s = 0.0

    def p99_s(self) -> float:
        """The 99th percentile of a tick's sum [s]; NaN before the first."""
        known = self._laps[np.isfinite(self._laps)]
        return float(np.percentile(known, 99.0)) if len(known) else float("nan")
