"""Checks of what a policy is given, before it reaches a network."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.base import Observation, PolicyError


def floats(observation: Observation, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One named array of an observation, as float32.

    Raises:
        PolicyError: it is absent, of another shape, or holds a value that is not finite.
    """
    array = _present(observation, name, shape)
    if not np.isfinite(array).all():
        index = int(np.argmin(np.isfinite(array)))
        raise PolicyError(
            f"Component {index} of {name} is {array.flat[index]}. Check the device that gives it; "
            "no action was computed."
        )
    return array.astype(np.float32)


def image(observation: Observation, camera: str, height: int, width: int) -> NDArray[np.uint8]:
    """A camera's image of an observation, shape (height, width, 3) uint8.

    Raises:
        PolicyError: it is absent, of another shape, or not uint8.
    """
    name = f"image.{camera}"
    array = _present(observation, name, (height, width, 3))
    if array.dtype != np.uint8:
        raise PolicyError(f"{name} is of type {array.dtype}; give RGB as uint8.")
    return np.ascontiguousarray(array)


def _present(observation: Observation, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    if name not in observation:
        raise PolicyError(
            f"The observation has no {name}; it has {', '.join(sorted(observation)) or 'nothing'}. "
            "Choose a policy that was trained for this station."
        )
    array = np.asarray(observation[name])
    if array.shape != shape:
        raise PolicyError(
            f"{name} has shape {array.shape}; the policy reads {shape}. "
            "Choose a policy that was trained for this station."
        )
    return array
