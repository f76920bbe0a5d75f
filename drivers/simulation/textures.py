"""Draws the table's wood grain, so that no image file has to be shipped."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drivers.base import Floats

_LIGHT = np.array([0.76, 0.60, 0.44])
_DARK = np.array([0.58, 0.42, 0.285])


def wood(height: int, width: int, planks: int = 6, seed: int = 3) -> NDArray[np.uint8]:
    """A table top of planks that run along the image's rows, shape (height, width, 3), RGB."""
    random = np.random.default_rng(seed)
    image = np.empty((height, width, 3))
    edges = np.linspace(0, height, planks + 1).astype(int)
    for top, bottom in pairwise(edges.tolist()):
        grain = _grain(bottom - top, width, random)
        tone = random.uniform(-0.10, 0.10)
        mix = np.clip(grain + tone, 0.0, 1.0)[..., None]
        plank = _LIGHT * (1 - mix) + _DARK * mix
        plank[0] *= 0.72
        plank[-1] *= 0.86
        image[top:bottom] = plank
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def _grain(height: int, width: int, random: np.random.Generator) -> Floats:
    """Long soft streaks, shape (height, width), 0 light to 1 dark."""
    x = np.linspace(0.0, 1.0, width)
    y = np.linspace(0.0, 1.0, height)[:, None]
    bend = sum(
        random.uniform(0.02, 0.08)
        * np.sin(2 * np.pi * (random.uniform(0.3, 1.6) * x + random.uniform()))
        for _ in range(3)
    )
    rings = np.zeros((height, width))
    for frequency, weight in ((5, 0.40), (13, 0.25), (31, 0.15)):
        phase = random.uniform(0, 2 * np.pi)
        rings += weight * np.sin(2 * np.pi * frequency * (y + bend) * 0.5 + phase + 3 * bend)
    speckle = random.normal(0.0, 1.0, (height, width // 16)).repeat(16, axis=1)
    kernel = np.ones(48) / 48
    streaks = np.stack([np.convolve(row, kernel, "same") for row in speckle])
    grain: Floats = 0.42 + 0.22 * rings + 0.28 * streaks
    return grain
