"""Targets from where a leader is, once it has been brought to the arm: taking over moves nothing.

Aligned is near, not equal: what is left between the two at takeover would move the arm to meet the
human. So it is kept, and fades with the leader's own motion. Pure: no bus, no clock.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.base import Floats, JointLimits
from drivers.teleoperators._mapping import bounded, nearest_turn

_FADE = 0.5
"""What is left becomes less by this part of the leader's motion: below 1, the arm never goes the
other way than the hand."""

_QUIET = 0.01
"""Less than this is how a leader trembles that nobody moves [rad, opening]."""


class Absolute:
    """Where a leader's pose says that the follower is to be.

    Args:
        grips: shape (A,), which joints are openings in [0, 1].
    """

    def __init__(self, grips: NDArray[np.bool_]) -> None:
        self._grips = grips
        self._pose: Floats | None = None
        self._mark = self._left = np.zeros(len(grips))

    def begin(self, sent: Floats, led: Floats, *, drives: bool) -> None:
        """The human has the leader from now on.

        Args:
            sent: shape (A,), what the follower was sent last.
            led: shape (A,), the leader's pose in follower terms; NaN where no joint leads.
            drives: whether they have the arm too; else the leader is being brought to it.
        """
        pose = self._beside(led, sent, sent)
        self._pose, self._mark = pose, pose
        self._left = sent - pose if drives else np.zeros(len(sent))

    def end(self) -> None:
        """Somebody else drives: the leader is where it is."""
        self._pose, self._left = None, np.zeros(len(self._grips))

    def target(self, led: Floats, sent: Floats, limits: JointLimits | None) -> Floats:
        """The follower's target, shape (A,).

        Args:
            led: as for ``begin``, now.
            sent: as for ``begin``, now; joints that nothing leads stay there.
            limits: the follower's; None knows only that openings are within [0, 1].
        """
        pose = self._beside(led, sent if self._pose is None else self._pose, sent)
        if self._pose is not None:
            self._pose = pose
            mark = np.clip(self._mark, pose - _QUIET, pose + _QUIET)
            less = np.abs(self._left) - _FADE * np.abs(mark - self._mark)
            self._left = np.sign(self._left) * np.maximum(less, 0.0)
            self._mark = mark
        return bounded(pose + self._left, limits, self._grips)

    def _beside(self, led: Floats, near: Floats, sent: Floats) -> Floats:
        """The pose at the turn nearest to ``near``; joints without leader as they were sent."""
        turned = np.where(self._grips, led, nearest_turn(led, near))
        return np.where(np.isnan(led), sent, turned)
