"""Which joints are shown over which range: the memory behind the joint plots, without painting."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_MARGIN = 0.06  # of the limits' span, so that a limit is an edge inside the plot
_SMALLEST = 0.01  # of the limits' span


class JointScales:
    """Ranges, zooms and the enlarged joint."""

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.lower: NDArray[np.float64] = np.zeros(0)
        self.upper: NDArray[np.float64] = np.zeros(0)
        self.enlarged: str | None = None
        self._zoom: dict[str, tuple[float, float]] = {}

    def set_joints(
        self, names: tuple[str, ...], lower: NDArray[np.float64], upper: NDArray[np.float64]
    ) -> None:
        """Replaces the joints; zooms of joints that are still there stay.

        Raises:
            ValueError: as many limits as names are needed, each lower below its upper.
        """
        if not len(names) == len(lower) == len(upper):
            raise ValueError(
                f"{len(names)} joints, {len(lower)} lower and {len(upper)} upper limits."
            )
        if not (lower < upper).all():
            bad = names[int(np.argmin(lower < upper))]
            raise ValueError(f"The lower limit of {bad} is not below its upper limit.")
        self.names, self.lower, self.upper = names, lower, upper
        self._zoom = {n: z for n, z in self._zoom.items() if n in names}
        if self.enlarged not in names:
            self.enlarged = None

    def is_gripper(self, name: str) -> bool:
        """Whether this is the last joint, the one without a unit."""
        return bool(self.names) and name == self.names[-1]

    def shown(self) -> tuple[str, ...]:
        """The joints on screen, top to bottom."""
        return (self.enlarged,) if self.enlarged else self.names

    def limits(self, name: str) -> tuple[float, float]:
        """The range that shows both limits as edges."""
        joint = self.names.index(name)
        low, high = float(self.lower[joint]), float(self.upper[joint])
        margin = (high - low) * _MARGIN
        return low - margin, high + margin

    def range(self, name: str) -> tuple[float, float]:
        """The range on screen."""
        return self._zoom.get(name) or self.limits(name)

    def factor(self, name: str) -> float:
        """How far a joint is zoomed in; 1 shows its limits."""
        full, seen = self.limits(name), self.range(name)
        return (full[1] - full[0]) / (seen[1] - seen[0])

    def zoom(self, name: str, factor: float, fraction: float) -> bool:
        """Scales the range by ``factor`` around the point at ``fraction`` of it; whether it did."""
        low, high = self.range(name)
        full_low, full_high = self.limits(name)
        span = max((high - low) * factor, (full_high - full_low) * _SMALLEST)
        anchor = low + (high - low) * fraction
        low, high = anchor - span * fraction, anchor + span * (1 - fraction)
        low, high = max(low, full_low), min(high, full_high)
        before = self._zoom.get(name)
        if span >= full_high - full_low or (low, high) == (full_low, full_high):
            self._zoom.pop(name, None)
        else:
            self._zoom[name] = (low, high)
        return self._zoom.get(name) != before

    def enlarge(self, name: str | None) -> bool:
        """Chooses the one joint shown; whether that changed anything."""
        if name == self.enlarged or (name is not None and name not in self.names):
            return False
        self.enlarged = name
        return True

    def neighbour(self, step: int) -> str:
        """The joint ``step`` rows on from the enlarged one, round the end."""
        if self.enlarged is None:
            return self.names[0 if step > 0 else -1]
        return self.names[(self.names.index(self.enlarged) + step) % len(self.names)]

    def reset(self) -> bool:
        """All joints back to their limits; whether any was zoomed."""
        had = bool(self._zoom)
        self._zoom.clear()
        return had

    def value(self) -> dict[str, Any]:
        """What to remember, as JSON-like data."""
        return {"enlarged": self.enlarged, "zoom": {n: list(z) for n, z in self._zoom.items()}}

    def set_value(self, value: dict[str, Any]) -> bool:
        """Restores what ``value`` gave, leaving out what does not fit; whether anything changed."""
        before = self.value()
        enlarged = value.get("enlarged")
        self.enlarged = enlarged if enlarged in self.names else None
        self._zoom = {}
        for name, (low, high) in dict(value.get("zoom", {})).items():
            if name in self.names and low < high:
                self._zoom[name] = (float(low), float(high))
        return self.value() != before
