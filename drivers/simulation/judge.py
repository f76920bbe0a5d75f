"""Judges a simulated attempt: which stage it is in, and whether the task is done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drivers.base import Floats
from drivers.simulation.names import (
    CUBE_M,
    STAGES,
    SUCCESS_S,
    TRAY_FLOOR_M,
    TRAY_INNER_M,
    TRAY_RIM_M,
)

APPROACH, GRASP, TRANSPORT, PLACEMENT = range(len(STAGES))

_GRIP_MEMORY_S = 0.1
_LIFTED_M = 0.015
_NEAR_M, _FAR_M = 0.03, 0.08
_LOW_M, _HIGH_M = 0.06, 0.11
_STILL_M_S = 0.03


@dataclass(frozen=True)
class Scene:
    """What the judge looks at.

    Attributes:
        tool: point between the finger tips, shape (3,) [m].
        cube: centre of the cube, shape (3,) [m].
        cube_speed: its linear speed [m/s].
        tray: centre of the tray on the table, shape (3,) [m].
        gripped: whether both fingers touch the cube.
        touched: whether any finger touches it.
    """

    tool: Floats
    cube: Floats
    cube_speed: float
    tray: Floats
    gripped: bool
    touched: bool


class Judge:
    """Keeps the stage and success of one attempt. Stages go back when the cube is lost."""

    def __init__(self) -> None:
        self.stage = APPROACH
        self.success = False
        self._since_grip_s = np.inf
        self._resting_s = 0.0

    def update(self, scene: Scene, dt: float) -> None:
        """Takes note of what the scene looks like ``dt`` seconds after the last time."""
        self._since_grip_s = 0.0 if scene.gripped else self._since_grip_s + dt
        self._resting_s = self._resting_s + dt if at_rest_in_tray(scene) else 0.0
        # Success latches: the attempt is over then, whatever the arm does on its way home.
        self.success = self.success or self._resting_s >= SUCCESS_S
        self.stage = self._stage(scene)

    def _stage(self, scene: Scene) -> int:
        held = self._since_grip_s < _GRIP_MEMORY_S
        lifted = scene.cube[2] > CUBE_M / 2 + _LIFTED_M
        if over_tray(scene.cube, scene.tray) and (held or not lifted):
            return PLACEMENT
        if held and lifted:
            return TRANSPORT
        across = float(np.hypot(*(scene.tool[:2] - scene.cube[:2])))
        above = float(scene.tool[2] - scene.cube[2])
        if across < _NEAR_M and above < _LOW_M:
            return GRASP
        if self.stage == GRASP and across < _FAR_M and above < _HIGH_M:
            return GRASP
        return APPROACH


def over_tray(cube: Floats, tray: Floats) -> bool:
    """Whether the cube's centre is above the tray's inside."""
    return bool(np.all(np.abs(cube[:2] - tray[:2]) < TRAY_INNER_M))


def at_rest_in_tray(scene: Scene) -> bool:
    """Whether the cube lies still in the tray and the gripper has let go of it."""
    low = scene.cube[2] < TRAY_FLOOR_M + CUBE_M / 2 + TRAY_RIM_M / 2
    still = scene.cube_speed < _STILL_M_S
    return over_tray(scene.cube, scene.tray) and low and still and not scene.touched
