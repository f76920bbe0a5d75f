"""Shadows on the table, drawn as flattened copies of what casts them.

A shadow map costs a software renderer twice the whole frame and has ragged edges. One directional
light and one table need none: each geometry is projected along the light onto the table's plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.base import Floats
from drivers.simulation.engine import mujoco
from drivers.simulation.names import TABLE_M, TRAY_FLOOR_M, TRAY_INNER_M

_FLAT = 0.002
_LIFT_M = 0.0004
_STEP_M = 0.00004
_SMALL_M = 0.045
_ON_WOOD = np.array([0.36, 0.265, 0.185, 1.0], dtype=np.float32)
_ON_TRAY = np.array([0.40, 0.41, 0.42, 1.0], dtype=np.float32)


class TableShadows:
    """The shadows that the model's moving parts and its tray throw on the table.

    Args:
        model: the compiled ``mujoco.MjModel``.
        light: name of the directional light that casts them.
    """

    def __init__(self, model: Any, light: str) -> None:
        direction = np.asarray(model.light(light).dir, dtype=np.float64)
        normal = np.array([0.0, 0.0, 1.0])
        self._along: Floats = direction / direction[2]
        flat = np.eye(3) - np.outer(self._along, normal)
        # Not quite flat, or the surface would have no normals to be drawn with.
        self._project: Floats = flat + _FLAT * np.outer(normal, normal)
        self._geoms = np.array(
            [g for g in range(model.ngeom) if _casts(model, g)],
            dtype=np.intp,
        )
        tray = int(model.body("tray").id)
        self._tray = int(model.body("tray").mocapid[0])
        # Long shadows would spill over the rims; those of cube and fingers stay inside.
        small = model.geom_rbound[self._geoms] < _SMALL_M
        self._fits_tray = small & (model.geom_bodyid[self._geoms] != tray)
        self._types = [int(model.geom_type[g]) for g in self._geoms]
        self._sizes = [np.array(model.geom_size[g], dtype=np.float64) for g in self._geoms]

    def add(self, data: Any, scene: Any) -> None:
        """Appends the shadows of ``data`` to an updated ``mujoco.MjvScene``."""
        positions = data.geom_xpos[self._geoms] @ self._project.T
        matrices = self._project @ data.geom_xmat[self._geoms].reshape(-1, 3, 3)
        tray = data.mocap_pos[self._tray]
        in_tray = np.all(np.abs(positions[:, :2] - tray[:2]) < TRAY_INNER_M, axis=1)
        in_tray &= self._fits_tray
        positions[in_tray] += TRAY_FLOOR_M * self._along
        # Each a hair higher than the one before: two in one plane would flicker.
        positions[:, 2] = _LIFT_M + TRAY_FLOOR_M * in_tray + _STEP_M * np.arange(len(self._geoms))
        for i in np.flatnonzero(_on_table(positions)):
            if scene.ngeom >= scene.maxgeom:
                return
            geom = scene.geoms[scene.ngeom]
            colour = _ON_TRAY if in_tray[i] else _ON_WOOD
            mujoco.mjv_initGeom(
                geom, self._types[i], self._sizes[i], positions[i], matrices[i].ravel(), colour
            )
            geom.specular = 0.0
            geom.shininess = 0.0
            scene.ngeom += 1


def _on_table(positions: Floats) -> NDArray[np.bool_]:
    """Which positions, shape (N, 3), lie on the table, shape (N,)."""
    x_low, x_high, y_low, y_high = TABLE_M
    x, y = positions[:, 0], positions[:, 1]
    inside: NDArray[np.bool_] = (x > x_low) & (x < x_high) & (y > y_low) & (y < y_high)
    return inside


def _casts(model: Any, geom: int) -> bool:
    """Whether a geometry is seen, and belongs to the arm, the cube or the tray."""
    return bool(model.geom_group[geom] == 1 and model.geom_bodyid[geom] > 0)
