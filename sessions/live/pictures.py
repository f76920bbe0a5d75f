"""Whether a camera's picture is worth looking at: black, or frozen while the arm moves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.base import Floats
from drivers.ring import RingError, RingReader

BLACK = 1
FROZEN = 2

_BLACK_BELOW = 4.0  # mean of 0..255
_STILL_S = 1.0
_MOVED_RAD = 0.15
_MOVED_SHARE = 0.15 / (2 * np.pi)
"""The same of a robot that is not measured in rad, as a part of each component's range."""

_STRIDE = 16


class PictureJudge:
    """Judges one camera's frames in their order.

    A picture that does not change is frozen only if the arm has moved meanwhile: of a still scene
    a camera without noise rightly gives the same picture again.

    Args:
        runtime: where the step ring is, to know whether the arm moved.
    """

    def __init__(self, runtime: Path) -> None:
        self._path = runtime / "steps.ring"
        self._steps: RingReader | None = None
        self._small: NDArray[np.uint8] | None = None
        self._since = 0.0
        self._pose: Floats | None = None
        self._moved = False

    def flags(self, image: NDArray[np.uint8], now: float) -> int:
        """Flags of a frame, shape (H, W, 3), that came at ``now``."""
        small = image[::_STRIDE, ::_STRIDE].copy()
        found = BLACK if float(small.mean()) < _BLACK_BELOW else 0
        if self._small is None or not np.array_equal(small, self._small):
            self._small, self._since = small, now
            self._pose, self._moved = None, False
            return found
        if now - self._since < _STILL_S:
            return found
        pose = self._position()
        if pose is None:
            return found
        if self._pose is None or self._pose.shape != pose.shape:
            self._pose = pose
        self._moved = self._moved or bool((np.abs(pose - self._pose) > self._much()).any())
        return found | (FROZEN if self._moved else 0)

    def close(self) -> None:
        """Drops the mapping."""
        if self._steps is not None:
            self._steps.close()
            self._steps = None

    def _much(self) -> Floats | float:
        """How far a component must go for the picture to change [rad, or its own unit]."""
        meta = {} if self._steps is None else self._steps.meta
        if meta.get("unit", "rad") == "rad":
            return _MOVED_RAD
        reach: Floats = np.subtract(meta["upper"], meta["lower"])
        return _MOVED_SHARE * reach

    def _position(self) -> Floats | None:
        """The arm's newest measured pose, shape (A,); None while the loop does not run."""
        if self._steps is None or self._steps.replaced():
            self.close()
            try:
                self._steps = RingReader(self._path)
            except RingError:
                return None
        if self._steps.head == 0:
            return None
        return self._steps.read(self._steps.head - 1, lambda step: step["position"].copy())
