"""Renders the station's cameras off screen, in the thread that made the renderer."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.base import DeviceConfigError, DeviceNotFoundError, Floats, Image
from drivers.simulation.engine import mujoco
from drivers.simulation.names import CAMERA_NAMES, IMAGE_HEIGHT, IMAGE_WIDTH
from drivers.simulation.shadows import TableShadows


class SceneRenderer:
    """An off-screen OpenGL context for one model.

    Args:
        model: the compiled ``mujoco.MjModel``.

    Raises:
        DeviceNotFoundError: no OpenGL can be had on this machine.
    """

    def __init__(self, model: Any) -> None:
        try:
            self._renderer = mujoco.Renderer(model, IMAGE_HEIGHT, IMAGE_WIDTH)
        except (ImportError, AttributeError, RuntimeError, OSError) as error:
            raise DeviceNotFoundError(
                "simulated camera",
                f"No off-screen OpenGL ({error}).",
                "Install one: apt-get install libegl1 libgl1-mesa-dri (or libosmesa6).",
            ) from error
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 0
        self._option.geomgroup[1:3] = 1
        self._shadows = TableShadows(model, "key")
        self._buffer = np.empty((IMAGE_HEIGHT, IMAGE_WIDTH, 3), dtype=np.uint8)

    def render(self, data: Any, camera: str) -> Image:
        """One camera's view of ``data``, shape (480, 640, 3), RGB, a new array.

        Raises:
            DeviceConfigError: the scene has no such camera.
        """
        if camera not in CAMERA_NAMES:
            raise DeviceConfigError(
                camera,
                "The simulated scene has no camera of this name.",
                f"Name it one of: {', '.join(CAMERA_NAMES)}.",
            )
        self._renderer.update_scene(data, camera, self._option)
        self._shadows.add(data, self._renderer.scene)
        image: Image = self._renderer.render(out=self._buffer).copy()
        return image

    def close(self) -> None:
        """Frees the OpenGL context."""
        self._renderer.close()


class Onlooker:
    """Renders a world that another thread moves, from copies of what is visible.

    The OpenGL context is made at the first frame, in the thread that renders.

    Args:
        model: the world's ``mujoco.MjModel``; only read.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._data = mujoco.MjData(model)
        self._renderer: SceneRenderer | None = None

    def render(self, seen: Floats, camera: str) -> Image:
        """One camera's view of what ``visible`` copied, shape (480, 640, 3), RGB.

        Raises:
            DeviceNotFoundError: no OpenGL can be had on this machine.
            DeviceConfigError: the scene has no such camera.
        """
        if self._renderer is None:
            self._renderer = SceneRenderer(self._model)
        self._data.qpos[:] = seen[: self._model.nq]
        self._data.mocap_pos[:] = seen[self._model.nq :].reshape(-1, 3)
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        return self._renderer.render(self._data, camera)

    def close(self) -> None:
        """Frees the OpenGL context."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


def visible(data: Any) -> Floats:
    """A copy of all that a camera can see in ``data``, shape (N,)."""
    return np.concatenate([data.qpos, data.mocap_pos.ravel()])
