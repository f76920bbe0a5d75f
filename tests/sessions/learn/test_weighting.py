from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.learn.weighting import (
    HIGHEST,
    LOWEST,
    carried_share,
    class_weight,
    sample_weights,
)
from sessions.types import SessionError

shares = st.floats(0.0, 1.0)
inner = st.floats(0.001, 0.999)


@given(shares, shares)
def test_a_weight_is_never_negative_and_never_out_of_its_clamp(p: float, q: float) -> None:
    weight = class_weight(p, q)
    assert LOWEST <= weight <= HIGHEST


@given(inner)
def test_the_natural_share_needs_no_weight(p: float) -> None:
    assert class_weight(p, p) == pytest.approx(1.0)


@given(inner, inner)
def test_the_wanted_share_is_carried_unless_clamped(p: float, q: float) -> None:
    weight = class_weight(p, q)
    if LOWEST < weight < HIGHEST:
        assert p * weight / (p * weight + (1 - p)) == pytest.approx(q)


@given(inner, inner, inner)
def test_a_larger_share_never_weighs_less(p: float, q1: float, q2: float) -> None:
    low, high = sorted((q1, q2))
    assert class_weight(p, low) <= class_weight(p, high)


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.one_of(st.none(), shares))
def test_sample_weights_have_mean_one_and_are_positive(
    labels: list[bool], share: float | None
) -> None:
    weights = sample_weights(np.array(labels), share)
    assert weights.dtype == np.float32
    assert (weights > 0).all()
    assert weights.mean(dtype=np.float64) == pytest.approx(1.0, rel=1e-4)


def test_half_of_the_mass_goes_to_a_fifth_of_the_samples() -> None:
    labels = np.arange(100) < 20
    weights = sample_weights(labels, 0.5)
    assert carried_share(labels, weights) == pytest.approx(0.5)
    assert carried_share(labels, sample_weights(labels, None)) == pytest.approx(0.2)


def test_nothing_but_demonstrations_is_left_alone() -> None:
    assert (sample_weights(np.zeros(7, bool), 0.5) == 1).all()
    assert len(sample_weights(np.zeros(0, bool), 0.5)) == 0


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(SessionError, match="0 to 1"):
        class_weight(0.5, share)
