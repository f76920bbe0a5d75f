"""Statistics as LeRobot keeps them of every feature: what its normalisers are made of.

Those of a whole dataset are taken over all its ticks; LeRobot's own merging of episodes averages
quantiles. Of pictures a sample is taken by LeRobot's rule, and counted by brightness.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

QUANTILES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
_LEVELS = np.arange(256)
_SIDE, _LARGE = 150, 300  # pictures larger than this are thinned out to about this [pixels]

Stats = dict[str, Any]


def of_columns(columns: Mapping[str, NDArray[Any]]) -> dict[str, Stats]:
    """Of each column, shape (T,) or (T, n); of those that may be invalid, over the valid ticks."""
    return {
        name: of_column(values, columns.get(f"{name}_valid")) for name, values in columns.items()
    }


def of_column(values: NDArray[Any], valid: NDArray[np.bool_] | None = None) -> Stats:
    """min, max, mean, std, count and quantiles over the ticks, lists of n; NaN is left out."""
    rows = values.reshape(len(values), -1).astype(np.float64)
    known = np.isfinite(rows).all(axis=1)
    known = known if valid is None else known & valid
    rows = rows[known] if known.any() else np.zeros_like(rows[:1])
    quantiles = np.quantile(rows, list(QUANTILES.values()), axis=0)
    return {
        "min": rows.min(axis=0).tolist(),
        "max": rows.max(axis=0).tolist(),
        "mean": rows.mean(axis=0).tolist(),
        "std": rows.std(axis=0).tolist(),
        "count": [len(rows)],
        **{name: q.tolist() for name, q in zip(QUANTILES, quantiles, strict=True)},
    }


def sampled(count: int) -> set[int]:
    """Which of ``count`` pictures are looked at (LeRobot: at least 100, then count ** 0.75)."""
    wanted = max(min(100, count), min(int(count**0.75), 10_000))
    return set(np.round(np.linspace(0, count - 1, wanted)).astype(int).tolist())


class Brightness:
    """Counts the levels of each colour over sampled pictures of one camera."""

    def __init__(self, levels: NDArray[np.int64] | None = None, pictures: int = 0) -> None:
        self.levels = np.zeros((3, 256), np.int64) if levels is None else levels
        self.pictures = pictures

    def add(self, image: NDArray[np.uint8]) -> None:
        """Takes in one RGB picture, shape (H, W, 3)."""
        longest = max(image.shape[:2])
        thinned = image[:: longest // _SIDE, :: longest // _SIDE] if longest >= _LARGE else image
        for colour in range(3):
            self.levels[colour] += np.bincount(thinned[..., colour].ravel(), minlength=256)
        self.pictures += 1

    def stats(self) -> Stats:
        """As LeRobot has them of pictures: in [0, 1], lists of shape (3, 1, 1)."""
        total = np.maximum(self.levels.sum(axis=1), 1)
        reached = np.cumsum(self.levels, axis=1)
        mean = self.levels @ _LEVELS / total
        square = self.levels @ (_LEVELS.astype(np.float64) ** 2) / total
        found = {
            "min": (self.levels > 0).argmax(axis=1),
            "max": 255 - (self.levels[:, ::-1] > 0).argmax(axis=1),
            "mean": mean,
            "std": np.sqrt(np.maximum(square - mean**2, 0.0)),
            **{
                name: (reached >= np.ceil(q * total)[:, None]).argmax(axis=1)
                for name, q in QUANTILES.items()
            },
        }
        shaped = {name: (v / 255.0).reshape(3, 1, 1).tolist() for name, v in found.items()}
        return {**shaped, "count": [self.pictures]}
