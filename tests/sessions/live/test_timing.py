"""Deadlines: absolute, never made up for in a burst, and lateness counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.live.timing import Timing


def test_a_punctual_loop_has_no_late_ticks_and_no_error() -> None:
    timing = Timing(0.02)
    for i in range(200):
        assert timing.begin(1.0 + 0.02 * i) == pytest.approx(1.0 + 0.02 * i)
    assert timing.late == 0
    assert timing.measured_hz() == pytest.approx(50.0)
    assert timing.period_p99_s() == pytest.approx(0.0, abs=1e-9)


def test_after_a_long_stall_the_next_deadline_is_in_the_future() -> None:
    timing = Timing(0.02)
    timing.begin(0.0)
    timing.begin(0.5)
    assert timing.late == 1
    assert 0.5 < timing.deadline <= 0.52 + 1e-9
    timing.begin(timing.deadline)
    assert timing.late == 1


@given(st.lists(st.floats(0.0, 0.1), min_size=1, max_size=50))
def test_deadlines_stay_on_the_grid_whatever_the_lateness(delays: list[float]) -> None:
    timing = Timing(0.02)
    timing.begin(0.0)
    for delay in delays:
        now = timing.deadline + delay
        timing.begin(now)
        assert now < timing.deadline + 1e-9
        assert timing.deadline - now <= 0.02 + 1e-9
        periods = timing.deadline / 0.02
        assert np.isclose(periods, round(periods), atol=1e-6)


def test_a_tick_late_by_less_than_a_period_is_not_counted_as_late() -> None:
    timing = Timing(0.02)
    timing.begin(0.0)
    timing.begin(0.035)
    assert timing.late == 0
    timing.begin(0.0805)
    assert timing.late == 1
