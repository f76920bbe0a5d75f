"""Renders the station's cameras off screen, in the thread that made the renderer."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.base import DeviceConfigError, DeviceNotFoundError, Image
from drivers.simulation.engine import mujoco
from drivers.simulation.names import CAMERA_NAMES, IMAGE_HEIGHT, IMAGE_WIDTH


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
        self._option.geomgroup[1] = 1
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
        image: Image = self._renderer.render(out=self._buffer).copy()
        return image

    def close(self) -> None:
        """Frees the OpenGL context."""
        self._renderer.close()
