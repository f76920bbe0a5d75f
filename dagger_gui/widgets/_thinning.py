"""Which of many samples a curve is drawn through: no more than there are pixels to show them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Thinning:
    """The lowest and the highest sample of every few, in the order of their rise or fall.

    No peak is lost. The few are counted by the samples' running number and not from the first one
    shown, so that a curve that moves on does not flicker.

    Args:
        count: N, how many samples there are.
        first: running number of the first one.
        pixels: what they are to be shown on.
    """

    def __init__(self, count: int, first: int, pixels: float) -> None:
        step = math.ceil(2 * count / max(1.0, pixels))
        self._step = step if step > 2 else 1
        self._lead = first % self._step
        self._few = -(-(self._lead + count) // self._step)

    def times(self, t: Array) -> Array:
        """The times of what ``values`` gives, shape (M,), of those of all samples, shape (N,)."""
        if self._step == 1:
            return t
        starts = np.arange(self._few)[:, None] * self._step - self._lead
        at: Array = t[np.clip(starts + np.array([0, self._step // 2]), 0, len(t) - 1).ravel()]
        return at

    def values(self, samples: Array) -> Array:
        """What is drawn, shape (M, A), of all samples, shape (N, A); NaN only where all are."""
        if self._step == 1:
            return samples
        size = samples.shape[1]
        whole = np.full((self._few * self._step, size), np.nan)
        whole[self._lead : self._lead + len(samples)] = samples
        few = whole.reshape(self._few, self._step, size)
        low, high = np.fmin.reduce(few, axis=1), np.fmax.reduce(few, axis=1)
        falls = few[:, -1] < few[:, 0]
        pairs = np.stack((np.where(falls, high, low), np.where(falls, low, high)), axis=1)
        return np.asarray(pairs.reshape(2 * self._few, size), np.float64)
