"""How much each recorded tick counts in training: the share that corrections get.

General form of IWR's rule (Mandlekar 2020, 2012.06733): a class that makes up share p of the data
and should carry share q of the training mass is weighted by w = q (1 - p) / (p (1 - q)), the rest
by 1. IWR itself is q = 1/2. Published rules that solve for the weight of the *other* class turn
negative once demonstrations outgrow it; this form cannot, and is clamped besides, so that a handful
of corrections never drowns everything else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sessions.types import SessionError

LOWEST = 0.05
HIGHEST = 20.0


def class_weight(natural: float, share: float) -> float:
    """The weight that lifts a class from its natural share to the wanted one, clamped.

    Args:
        natural: p, the part of the samples that belong to the class, in [0, 1].
        share: q, the part of the training mass they should carry, in [0, 1].

    Returns:
        w within [LOWEST, HIGHEST]; 1 where the class is everything or nothing, because no weight
        could change its share.

    Raises:
        SessionError: a share outside [0, 1] or not a number.
    """
    for name, value in (("natural share", natural), ("share", share)):
        if not 0.0 <= value <= 1.0:
            raise SessionError(f"The {name} of corrections is {value}; give a value from 0 to 1.")
    if natural in (0.0, 1.0):
        return 1.0
    below = natural * (1.0 - share)
    if below == 0.0:  # a share of 1, or so rare a class that the product underflows
        return HIGHEST
    weight = share * (1.0 - natural) / below
    return min(HIGHEST, max(LOWEST, weight))


def sample_weights(correction: NDArray[np.bool_], share: float | None) -> NDArray[np.float32]:
    """A weight for every sample, of mean 1, so that the share does not change the step size.

    Args:
        correction: shape (N,), whether a sample comes from an intervention.
        share: the part of the training mass corrections should carry; None leaves their natural
            share, all weights 1.

    Returns:
        Shape (N,).

    Raises:
        SessionError: the share is outside [0, 1].
    """
    weights = np.ones(len(correction), np.float32)
    if share is None or len(correction) == 0:
        return weights
    weights[correction] = class_weight(float(np.mean(correction)), share)
    return weights / np.float32(weights.mean(dtype=np.float64))


def carried_share(correction: NDArray[np.bool_], weights: NDArray[np.float32]) -> float:
    """The part of the training mass that corrections really carry, after clamping."""
    total = float(weights.sum(dtype=np.float64))
    return float(weights[correction].sum(dtype=np.float64)) / total if total > 0 else 0.0
