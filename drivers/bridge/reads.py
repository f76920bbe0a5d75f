"""LeRobot's numbers as states, with the velocity that most of its arms do not measure."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from drivers.base import Floats, RobotState
from drivers.bridge.served import Sample, Served
from drivers.bridge.units import Joint, scale

_SLOPE_S = 0.05
"""Positions over this time make the velocity of a robot that does not measure it [s]."""


class Reads:
    """Turns LeRobot's values into states.

    Args:
        name: what the station calls the robot.
        joints: the station file's.
        served: what LeRobot measures.
    """

    def __init__(self, name: str, joints: dict[str, Joint], served: Served) -> None:
        names = [feature.name for feature in served.reads]
        self._positions = scale(name, joints, served.reads, "measures")
        keys = [names[i].removesuffix(".pos") for i in self._positions.index]
        self._speeds = _places(names, [f"{key}.vel" for key in keys])
        self._torques = _places(names, [f"{key}.torque" for key in keys])
        self._lately: deque[tuple[float, Floats]] = deque()

    def state(self, sample: Sample) -> RobotState:
        """The state that a measurement says."""
        position = self._positions.ours(sample.values)
        slope = self._slope(sample.t, position)
        if self._speeds is not None:
            slope = self._positions.factor * sample.values[self._speeds]
        effort = np.zeros_like(position)
        if self._torques is not None:
            effort = sample.values[self._torques]
        return RobotState(sample.t, position, slope, effort)

    def _slope(self, t: float, position: Floats) -> Floats:
        """Velocity from the positions of the last moments, shape (A,)."""
        if not self._lately or t > self._lately[-1][0]:
            self._lately.append((t, position.copy()))
        while len(self._lately) > 2 and t - self._lately[1][0] >= _SLOPE_S:
            self._lately.popleft()
        first_t, first = self._lately[0]
        if t - first_t < _SLOPE_S / 10:
            return np.zeros_like(position)
        return (position - first) / (t - first_t)


def _places(names: list[str], wanted: list[str]) -> np.ndarray[Any, np.dtype[np.int64]] | None:
    """Where they are among the names; None unless all of them are there."""
    if not set(wanted) <= set(names):
        return None
    return np.array([names.index(name) for name in wanted], np.int64)
