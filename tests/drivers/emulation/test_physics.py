"""An arm of its own: it obeys its servos, a hand, or gravity, within what motors can do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.emulation.hands import Leading, Turning, Waving
from drivers.emulation.physics import OFF, YIELD_MA, Axis, Drive, FreeArm, Profile

DT = 0.005


def moved(arm, seconds, now=100.0):
    """The path of axis 0 over a time."""
    arm.advance(now)
    path = [arm.present(0)]
    for _ in range(round(seconds / DT)):
        now += DT
        arm.advance(now)
        path.append(arm.present(0))
    return path


@given(
    st.floats(-4000, 4000),
    st.floats(100, 5000),
    st.floats(500, 50000),
)
def test_a_setpoint_arrives_without_overshoot_inside_its_limits(target, velocity, acceleration):
    profile = Profile(0.0)
    dt = 0.002
    before = 0.0
    for _ in range(60_000):
        profile.approach(target, velocity, acceleration, dt)
        assert abs(profile.velocity) <= velocity * 1.001
        assert abs(profile.velocity - before) <= acceleration * dt * 1.001 or (
            profile.position == target
        )
        assert abs(profile.position) <= abs(target) + 0.5
        before = profile.velocity
        if profile.position == target:
            return
    raise AssertionError(f"{profile} never reached {target}")


def test_a_driven_axis_never_exceeds_its_motor():
    arm = FreeArm([Axis(velocity=1_000.0, acceleration=5_000.0)])
    arm.drive(0, Drive("position", 4_000.0))
    path = moved(arm, 4.0)
    assert max(p.velocity for p in path) == pytest.approx(1_000.0, rel=0.01)
    assert path[-1].position == 4_000.0
    assert path[-1].velocity == 0.0


def test_without_torque_it_stays_or_sinks_as_it_is_built():
    light, heavy = FreeArm([Axis(start=3000.0)]), FreeArm([Axis(start=3000.0, rest=1000.0)])
    assert moved(light, 1.0)[-1].position == 3000.0
    path = moved(heavy, 6.0)
    assert path[-1].position == 1000.0
    assert max(abs(p.velocity) for p in path) <= 401.0


@pytest.mark.parametrize(
    ("drive", "gives_way"),
    [
        (OFF, True),
        (Drive("position", 2048.0), False),
        (Drive("position", 2048.0, current=YIELD_MA / 4), True),
        (Drive("position", 2048.0, current=YIELD_MA * 2), False),
        (Drive("current", 0.0), True),
    ],
)
def test_a_hand_moves_what_gives_way_and_loads_what_does_not(drive, gives_way):
    arm = FreeArm([Axis()])
    arm.drive(0, drive)
    arm.hand(0, Leading(2600.0))
    last = moved(arm, 1.5)[-1]
    assert last.position == (2600.0 if gives_way else 2048.0)
    if gives_way and drive.kind == "position":
        assert last.current == -YIELD_MA / 4, "pulls back with all it may"
    if not gives_way:
        assert last.current == -1000.0
    arm.hand(0, None)
    back = moved(arm, 2.0, now=200.0)[-1].position
    assert back == (2048.0 if drive.kind == "position" else last.position)


def test_hands_turn_and_wave_and_end_stops_stop_them():
    arm = FreeArm([Axis(lower=1900.0, upper=3000.0)])
    arm.hand(0, Turning(800.0))
    path = moved(arm, 2.0)
    assert path[len(path) // 4].velocity == pytest.approx(800.0)
    assert path[-1].position == 3000.0
    arm.hand(0, Waving(2400.0, 300.0, 1.0, since=200.0))
    ticks = [p.position for p in moved(arm, 3.0, now=200.0)][200:]
    assert min(ticks) == pytest.approx(2100.0, abs=5.0)
    assert max(ticks) == pytest.approx(2700.0, abs=5.0)


def test_a_machine_that_slept_does_not_catch_up():
    arm = FreeArm([Axis()])
    arm.hand(0, Turning(100.0))
    arm.advance(0.0)
    arm.advance(1000.0)
    assert arm.present(0).position < 2048.0 + 100.0
