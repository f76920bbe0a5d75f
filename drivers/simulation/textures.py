"""Draws the table's wood grain, so that no image file has to be shipped."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drivers.base import Floats

_LIGHT = np.array([0.80, 0.645, 0.48])
_DARK = np.array([0.60, 0.445, 0.31])


def wood(height: int, width: int, planks: int = 8, seed: int = 3) -> NDArray[np.uint8]:
    """A table top of planks that run along the image's rows, shape (height, width, 3), RGB."""
    random = np.random.default_rng(seed)
    image = np.empty((height, width, 3))
    edges = np.linspace(0, height, planks + 1).astype(int)
    for top, bottom in pairwise(edges.tolist()):
        grain = _grain(bottom - top, width, random)
        tone = random.uniform(-0.14, 0.14)
        mix = np.clip(grain + tone, 0.0, 1.0)[..., None]
        plank = _LIGHT * (1 - mix) + _DARK * mix
        plank[0] *= 0.74
        plank[-1] *= 0.90
        image[top:bottom] = plank
    image *= _lamplight(height, width)[..., None]
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def _lamplight(height: int, width: int) -> Floats:
    """Brightness of a table lit from above its middle, shape (height, width).

    Painted on, because a lamp that falls off would need the table cut into many pieces.
    """
    y = np.linspace(-1.0, 1.0, height)[:, None]
    x = np.linspace(-1.0, 1.0, width)
    light: Floats = 1.06 - 0.30 * np.clip(np.hypot(x - 0.12, y), 0.0, 1.2) ** 2
    return light


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
    speckle = (speckle + np.roll(speckle, 1, axis=0) + np.roll(speckle, 2, axis=0)) / 3
    kernel = np.hanning(192) / np.hanning(192).sum()
    streaks = np.stack([np.convolve(row, kernel, "same") for row in speckle])
    grain: Floats = 0.38 + 0.20 * rings + 0.75 * streaks
    return grain
