"""A camera's figures, from frames at moments that a test chooses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.base import Frame
from sessions.live.metering import Meter

IMAGE = np.zeros((2, 2, 3), np.uint8)


def fed(
    meter: Meter, fps: float, duration_s: float, latency_s: float = 0.03, start: float = 0.0
) -> float:
    """Frames at a steady rate; returns when the last one came."""
    now = start
    for i in range(round(duration_s * fps) + 1):
        now = start + i / fps
        meter.take(Frame(now - latency_s, i, IMAGE), now)
    return now


def test_rate_latency_and_age_are_those_of_the_frames() -> None:
    meter = Meter(0.2)
    meter.begin()
    now = fed(meter, 30.0, 5.0)
    assert meter.fps(now) == pytest.approx(30.0)
    assert meter.latency_s == pytest.approx(0.03)
    assert meter.age_s(now + 0.1) == pytest.approx(0.13)
    assert (meter.dropped, meter.late) == (0, 0)
    assert meter.lateness() == meter.slowness(now, 30.0) == ""


def test_before_the_first_picture_nothing_is_claimed() -> None:
    meter = Meter(0.2)
    meter.begin()
    assert meter.fps(5.0) == 0.0
    assert math.isnan(meter.latency_s)
    assert math.isnan(meter.age_s(5.0))
    assert meter.lateness() == meter.slowness(5.0, 30.0) == ""


def test_a_camera_that_falls_silent_has_no_rate() -> None:
    meter = Meter(0.2)
    meter.begin()
    now = fed(meter, 30.0, 3.0)
    assert meter.fps(now + 3.0) == 0.0


def test_half_the_rate_is_said_once_the_camera_has_settled() -> None:
    meter = Meter(0.2)
    meter.begin()
    assert meter.slowness(fed(meter, 15.0, 2.0), 30.0) == ""
    now = fed(meter, 15.0, 3.0, start=2.0)
    assert "It gives 15.0 of 30 pictures a second. Give it more light" in meter.slowness(now, 30.0)


def test_late_pictures_are_counted_and_said_until_they_come_in_time_again() -> None:
    meter = Meter(0.2)
    meter.begin()
    now = fed(meter, 10.0, 1.0, latency_s=0.25)
    assert meter.late == 11
    assert "250 ms old when they come (limit 200 ms)" in meter.lateness()
    meter.take(Frame(now + 0.07, 99, IMAGE), now + 0.1)
    assert meter.lateness() == ""


def test_gaps_in_the_count_are_drops_but_a_count_that_begins_anew_is_not() -> None:
    meter = Meter(0.2)
    meter.begin()
    for sequence in (5, 6, 9):
        meter.take(Frame(0.0, sequence, IMAGE), 0.0)
    assert meter.dropped == 2
    meter.begin()
    meter.take(Frame(0.0, 400, IMAGE), 0.0)
    meter.take(Frame(0.0, 401, IMAGE), 0.0)
    assert meter.dropped == 2
