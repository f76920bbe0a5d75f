"""Shadows on the table, drawn as flattened copies of what casts them.

A shadow map costs a software renderer twice the whole frame and has ragged edges. One directional
light and one table need none: each geometry is projected along the light onto the table's plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.base import Floats
from drivers.simulation.engine import mujoco
from drivers.simulation.names import TABLE_M

_FLAT = 0.002
_LIFT_M = 0.0004
_STEP_M = 0.00004
_COLOUR = np.array([0.36, 0.265, 0.185, 1.0], dtype=np.float32)


class TableShadows:
    """The shadows that the model's moving parts and its tray throw on the table.

    Args:
        model: the compiled ``mujoco.MjModel``.
        light: name of the directional light that casts them.
    """

    def __init__(self, model: Any, light: str) -> None:
        direction = np.asarray(model.light(light).dir, dtype=np.float64)
        normal = np.array([0.0, 0.0, 1.0])
        flat = np.eye(3) - np.outer(direction / direction[2], normal)
        # Not quite flat, or the surface would have no normals to be drawn with.
        self._project: Floats = flat + _FLAT * np.outer(normal, normal)
        self._geoms = np.array(
            [g for g in range(model.ngeom) if _casts(model, g)],
            dtype=np.intp,
        )
        self._types = [int(model.geom_type[g]) for g in self._geoms]
        self._sizes = [np.array(model.geom_size[g], dtype=np.float64) for g in self._geoms]

    def add(self, data: Any, scene: Any) -> None:
        """Appends the shadows of ``data`` to an updated ``mujoco.MjvScene``."""
        positions = data.geom_xpos[self._geoms] @ self._project.T
        matrices = self._project @ data.geom_xmat[self._geoms].reshape(-1, 3, 3)
        # Each a hair lower than the one before, so that where two overlap the depth test keeps
        # only the first and the shadow is nowhere darker than once.
        positions[:, 2] = _LIFT_M + _STEP_M * np.arange(len(self._geoms))
        x_low, x_high, y_low, y_high = TABLE_M
        inside = (
            (positions[:, 0] > x_low)
            & (positions[:, 0] < x_high)
            & (positions[:, 1] > y_low)
            & (positions[:, 1] < y_high)
        )
        for i in np.flatnonzero(inside):
            if scene.ngeom >= scene.maxgeom:
                return
            geom = scene.geoms[scene.ngeom]
            mujoco.mjv_initGeom(
                geom, self._types[i], self._sizes[i], positions[i], matrices[i].ravel(), _COLOUR
            )
            geom.specular = 0.0
            geom.shininess = 0.0
            scene.ngeom += 1


def _casts(model: Any, geom: int) -> bool:
    """Whether a geometry is seen, and belongs to the arm, the cube or the tray."""
    return bool(model.geom_group[geom] == 1 and model.geom_bodyid[geom] > 0)
