"""What a curve is drawn through where there are more samples than pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from dagger_gui.widgets._thinning import Thinning

Array = NDArray[np.float64]
samples = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 400), st.integers(1, 3)),
    elements=st.one_of(st.floats(-5, 5), st.just(np.nan)),
)


@given(samples, st.integers(0, 10**9), st.integers(1, 900))
def test_no_peak_is_lost_and_none_is_made_up(values: Array, first: int, pixels: int) -> None:
    drawn = Thinning(len(values), first, pixels).values(values)
    assert drawn.shape[1] == values.shape[1]
    for before, after in zip(values.T, drawn.T, strict=True):
        known = before[np.isfinite(before)]
        assert np.isin(after[np.isfinite(after)], known).all()
        if len(known):
            assert np.nanmin(after) == known.min()
            assert np.nanmax(after) == known.max()
        else:
            assert np.isnan(after).all()


@given(samples, st.integers(0, 10**9), st.integers(1, 900))
def test_it_is_no_more_than_can_be_seen_and_in_order(
    values: Array, first: int, pixels: int
) -> None:
    t = np.linspace(-10, 0, len(values))
    thinning = Thinning(len(values), first, pixels)
    times = thinning.times(t)
    assert len(times) == len(thinning.values(values))
    assert len(times) <= max(len(t), pixels + 4)
    assert (np.diff(times) >= 0).all()
    assert t[0] <= times[0] <= times[-1] <= t[-1]


@pytest.mark.parametrize("moved", [1, 3, 6, 40])
def test_a_curve_that_moves_on_keeps_its_points(moved: int) -> None:
    random = np.random.default_rng(0)
    values, t = random.normal(size=(1300, 2)), np.arange(1300) * 0.01

    def drawn(first: int) -> dict[float, tuple[float, ...]]:
        thinning = Thinning(1000, first, 300)
        times = thinning.times(t[first : first + 1000])
        found = thinning.values(values[first : first + 1000])
        return {float(x): tuple(row) for x, row in zip(times, found, strict=True)}

    before, after = drawn(100), drawn(100 + moved)
    both = sorted(before.keys() & after.keys())[4:-4]
    assert len(both) > 200
    assert all(before[x] == after[x] for x in both)


def test_few_samples_are_drawn_as_they_are() -> None:
    values = np.arange(300.0)[:, None]
    thinning = Thinning(300, 7, 300)
    np.testing.assert_array_equal(thinning.values(values), values)
    np.testing.assert_array_equal(thinning.times(values[:, 0]), values[:, 0])


def test_nothing_is_drawn_of_nothing() -> None:
    thinning = Thinning(0, 5, 300)
    assert thinning.values(np.zeros((0, 3))).shape == (0, 3)
    assert thinning.times(np.zeros(0)).shape == (0,)
