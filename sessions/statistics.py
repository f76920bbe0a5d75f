"""Intervals and small statistics that results are shown with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sessions.types import SessionError

_Z95 = 1.959963984540054  # the 97.5 % point of the standard normal distribution


@dataclass(frozen=True)
class Proportion:
    """k successes in n trials, with its 95 % interval.

    Attributes:
        k: successes.
        n: trials.
        low: lower end of the Wilson 95 % interval, 0 if there was no trial.
        high: upper end, 1 if there was no trial.
    """

    k: int
    n: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Successes per trial, NaN without trials."""
        return self.k / self.n if self.n else float("nan")

    @property
    def text(self) -> str:
        """Such as ``17/20, 85 % (64-95)``."""
        if not self.n:
            return "no trials"
        percent = f"{100 * self.rate:.0f} % ({100 * self.low:.0f}-{100 * self.high:.0f})"
        return f"{self.k}/{self.n}, {percent}"


def wilson(k: int, n: int, z: float = _Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion (Wilson 1927), within [0, 1].

    Args:
        k: successes, 0 to n.
        n: trials; with none the interval is (0, 1).
        z: half-width in standard deviations; the default gives 95 %.

    Raises:
        SessionError: k is not within 0 and n.
    """
    if n < 0 or not 0 <= k <= n:
        raise SessionError(f"{k} successes in {n} trials is impossible; give 0 <= k <= n.")
    if n == 0:
        return 0.0, 1.0
    rate = k / n
    scale = 1.0 + z * z / n
    centre = (rate + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # The ends are exactly 0 and 1 at k = 0 and k = n; rounding would miss them by 1e-17.
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return low, high


def proportion(k: int, n: int) -> Proportion:
    """Successes in trials with the Wilson 95 % interval.

    Raises:
        SessionError: k is not within 0 and n.
    """
    low, high = wilson(k, n)
    return Proportion(k, n, low, high)


def median(values: Sequence[float]) -> float:
    """The median of the finite values; NaN if there are none."""
    known = [v for v in values if math.isfinite(v)]
    return float(np.median(known)) if known else float("nan")
