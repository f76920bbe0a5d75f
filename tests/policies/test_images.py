import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.base import PolicyError
from policies.images import shrink


@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    down=st.integers(1, 5),
    across=st.integers(1, 5),
    extra=st.tuples(st.integers(0, 11), st.integers(0, 11)),
    value=st.integers(0, 255),
)
def test_a_plain_image_stays_plain_at_any_size(height, width, down, across, extra, value):
    source = np.full(
        (height * down + extra[0] % height, width * across + extra[1] % width, 3), value, np.uint8
    )
    small = shrink(source, height, width)
    assert small.shape == (height, width, 3)
    assert small.dtype == np.uint8
    assert (small == value).all()


def test_an_image_of_the_right_size_is_copied():
    source = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    small = shrink(source, 6, 8)
    np.testing.assert_array_equal(small, source)
    assert not np.shares_memory(small, source)


def test_what_is_where_stays_where_it_is():
    source = np.zeros((480, 640, 3), np.uint8)
    source[:240, 320:] = (10, 20, 30)
    small = shrink(source, 96, 128)
    assert (small[:48, 64:] == (10, 20, 30)).all()
    assert (small[48:] == 0).all()
    assert (small[:, :64] == 0).all()


def test_an_image_that_is_too_small_is_refused_with_both_sizes():
    with pytest.raises(PolicyError, match="8x6 cannot be reduced to 128x96"):
        shrink(np.zeros((6, 8, 3), np.uint8), 96, 128)
