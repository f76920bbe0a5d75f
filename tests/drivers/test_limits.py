import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import DeviceConfigError, InvalidActionError, JointLimits
from drivers.kinematics import VIPERX_300S
from drivers.limits import Limiter, tightened

ARM = VIPERX_300S
ROBOT = JointLimits(
    names=(*ARM.names, "gripper"),
    lower=np.append(ARM.lower, 0.0),
    upper=np.append(ARM.upper, 1.0),
    velocity=np.array([1.5] * 6 + [3.0]),
    acceleration=np.array([12.0] * 6 + [30.0]),
)
HOME = np.array([0.0, -0.96, 1.16, 0.0, -0.3, 0.0, 0.5])
RATES = st.sampled_from([1.0, 10.0, 50.0, 200.0])
LOW_PASS = st.sampled_from([0.0, 2.0, 8.0])
FLOOR = (ARM, 0.005)
EPSILON = 1e-9


def pose(units: list[float]) -> np.ndarray:
    return ROBOT.lower + np.array(units) * (ROBOT.upper - ROBOT.lower)


inside = st.lists(st.floats(0, 1), min_size=7, max_size=7).map(pose)
anywhere = st.lists(st.floats(-0.5, 1.5), min_size=7, max_size=7).map(pose)
# Each target is pursued for some ticks; None is a hold.
plans = st.lists(st.tuples(st.one_of(st.none(), anywhere), st.integers(1, 25)), max_size=8)


def run(limiter: Limiter, plan):
    for target, ticks in plan:
        for _ in range(ticks):
            yield limiter.hold() if target is None else limiter.apply(target)


def height(position: np.ndarray) -> float:
    return float(ARM.forward(position[:6])[2, 3])


@given(start=inside, plan=plans, rate=RATES, low_pass=LOW_PASS, floor=st.booleans())
@settings(max_examples=150, deadline=None)
def test_no_step_is_ever_longer_than_the_speed_allows(start, plan, rate, low_pass, floor):
    limiter = Limiter(ROBOT, 1 / rate, low_pass, FLOOR if floor else None)
    limiter.reset(start)
    before = start
    for sent in run(limiter, plan):
        assert (np.abs(sent - before) <= ROBOT.velocity / rate + EPSILON).all()
        assert (sent >= ROBOT.lower - EPSILON).all()
        assert (sent <= ROBOT.upper + EPSILON).all()
        np.testing.assert_array_equal(sent, limiter.previous)
        before = sent


@given(start=inside, plan=plans, rate=RATES, low_pass=LOW_PASS)
@settings(max_examples=150, deadline=None)
def test_acceleration_is_bounded_and_still_stops_before_the_limits(start, plan, rate, low_pass):
    limiter = Limiter(ROBOT, 1 / rate, low_pass)
    limiter.reset(start)
    before, speed = start, np.zeros(7)
    for sent in run(limiter, plan):
        change = (sent - before) - speed
        assert (np.abs(change) <= ROBOT.acceleration / rate**2 + EPSILON).all()
        assert (sent >= ROBOT.lower - EPSILON).all()
        assert (sent <= ROBOT.upper + EPSILON).all()
        before, speed = sent, sent - before


@given(start=inside, target=inside, rate=RATES, low_pass=LOW_PASS)
@settings(max_examples=100, deadline=None)
def test_a_target_is_reached_exactly_without_overshoot(start, target, rate, low_pass):
    limiter = Limiter(ROBOT, 1 / rate, low_pass)
    limiter.reset(start)
    direction = np.sign(target - start)
    sent = start
    for _ in range(int(12 * rate) + 50):
        before, sent = sent, limiter.apply(target)
        assert ((target - sent) * direction >= -EPSILON).all()
        assert ((sent - before) * direction >= -EPSILON).all()
    np.testing.assert_array_equal(sent, target)
    np.testing.assert_array_equal(limiter.apply(target), target)
    assert not limiter.moving


@given(start=inside, plan=plans, rate=RATES, low_pass=LOW_PASS, floor=st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_hold_brakes_to_rest_and_then_stays_for_ever(start, plan, rate, low_pass, floor):
    limiter = Limiter(ROBOT, 1 / rate, low_pass, FLOOR if floor else None)
    limiter.reset(start)
    for _ in run(limiter, plan):
        pass
    for _ in range(int(rate * (ROBOT.velocity / ROBOT.acceleration).max()) + 3):
        limiter.hold()
    assert not limiter.moving
    resting = limiter.previous
    np.testing.assert_array_equal(limiter.hold(), resting)
    np.testing.assert_array_equal(limiter.apply(resting), resting)


def test_a_hold_from_full_speed_is_a_ramp_and_not_a_jolt():
    limiter = Limiter(ROBOT, 0.02, 0.0)
    limiter.reset(HOME)
    for _ in range(12):
        limiter.apply(HOME + np.eye(7)[0])
    positions = [limiter.previous[0]] + [limiter.hold()[0] for _ in range(8)]
    steps = np.diff(positions)
    ramp = 1.5 * 0.02 - np.arange(1, 9) * 12 * 0.02**2
    np.testing.assert_allclose(steps, np.maximum(ramp, 0), atol=EPSILON)


@given(start=inside, plan=plans, rate=st.sampled_from([10.0, 50.0, 200.0]))
@settings(max_examples=150, deadline=None)
def test_the_tool_never_goes_through_the_floor(start, plan, rate):
    limiter = Limiter(ROBOT, 1 / rate, 8.0, FLOOR)
    limiter.reset(start)
    lowest = min(height(start), FLOOR[1] - 1e-4)
    for sent in run(limiter, plan):
        assert height(sent) >= lowest - EPSILON
        lowest = min(max(lowest, height(sent)), FLOOR[1] - 1e-4)


@pytest.mark.parametrize("joint", [1, 2, 4])
def test_a_target_below_the_floor_leaves_the_tool_resting_on_it(joint):
    limiter = Limiter(ROBOT, 0.02, 8.0, FLOOR)
    start = np.array([0.3, -0.36, 0.48, 0.0, 1.2, 0.0, 0.5])
    limiter.reset(start)
    target = start.copy()
    target[1] += 0.9
    target[joint] += 0.2
    for _ in range(200):
        sent = limiter.apply(target)
    assert abs(height(sent) - FLOOR[1]) < 1e-3
    still = [limiter.apply(target) for _ in range(50)]
    assert np.ptp(still, axis=0).max() < 2e-3


def test_along_the_floor_sideways_motion_goes_on():
    limiter = Limiter(ROBOT, 0.02, 8.0, FLOOR)
    limiter.reset(np.array([0.0, -0.36, 0.48, 0.0, 1.46, 0.0, 0.5]))
    target = limiter.previous
    target[[0, 1]] += [0.5, 0.6]
    for _ in range(150):
        sent = limiter.apply(target)
    assert sent[0] == pytest.approx(0.5, abs=1e-3)


def test_a_tool_that_rests_below_the_floor_stays_until_it_is_led_up():
    resting = np.array([0.0, 0.9, 0.48, 0.0, 0.3, 0.0, 0.5])
    assert height(resting) < FLOOR[1] - 0.01
    limiter = Limiter(ROBOT, 0.02, 8.0, FLOOR)
    limiter.reset(resting)
    for _ in range(20):
        np.testing.assert_array_equal(limiter.hold(), resting)
    deeper = resting.copy()
    deeper[1] += 0.3
    for _ in range(50):
        assert height(limiter.apply(deeper)) >= height(resting) - 1e-3
    for _ in range(200):
        sent = limiter.apply(HOME)
    np.testing.assert_array_equal(sent, HOME)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_target_that_is_not_finite_is_refused_and_changes_nothing(bad):
    limiter = Limiter(ROBOT, 0.02)
    limiter.reset(HOME)
    limiter.apply(HOME + 0.2)
    before = limiter.previous
    target = HOME.copy()
    target[3] = bad
    with pytest.raises(InvalidActionError, match="forearm_roll"):
        limiter.apply(target)
    with pytest.raises(InvalidActionError, match="shape"):
        limiter.apply(np.zeros(6))
    np.testing.assert_array_equal(limiter.previous, before)
    expected = Limiter(ROBOT, 0.02)
    expected.reset(HOME)
    expected.apply(HOME + 0.2)
    np.testing.assert_array_equal(limiter.apply(HOME), expected.apply(HOME))


def test_a_pose_measured_outside_the_limits_is_led_back_without_a_jump():
    limiter = Limiter(ROBOT, 0.02)
    measured = HOME.copy()
    measured[6] = 1.02
    limiter.reset(measured)
    np.testing.assert_array_equal(limiter.hold(), measured)
    before = measured
    for _ in range(50):
        sent = limiter.apply(measured)
        assert (np.abs(sent - before) <= ROBOT.velocity * 0.02 + EPSILON).all()
        assert sent[6] <= before[6]
        before = sent
    assert sent[6] == 1.0


def test_a_low_pass_smooths_a_shaking_target():
    rough, smooth = Limiter(ROBOT, 0.02, 0.0), Limiter(ROBOT, 0.02, 3.0)
    travelled = []
    for limiter in (rough, smooth):
        limiter.reset(HOME)
        sent = [limiter.apply(HOME + 0.0005 * (-1) ** k) for k in range(100)]
        travelled.append(np.abs(np.diff(sent, axis=0)).sum())
    assert travelled[1] < 0.6 * travelled[0]


def test_a_station_can_only_tighten_what_the_robot_allows():
    tight = tightened(ROBOT, 1.0, 100.0, 5.0)
    np.testing.assert_array_equal(tight.velocity, [1.0] * 6 + [3.0])
    np.testing.assert_array_equal(tight.acceleration, ROBOT.acceleration)
    np.testing.assert_array_equal(ROBOT.velocity, [1.5] * 6 + [3.0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((0.0, 8.0), "period"), ((0.02, -1.0), "low_pass_hz"), ((float("nan"), 8.0), "period")],
)
def test_limits_that_make_no_sense_are_refused(arguments, words):
    with pytest.raises(DeviceConfigError, match=words):
        Limiter(ROBOT, *arguments)


def test_a_speed_limit_of_zero_is_refused_by_joint():
    with pytest.raises(DeviceConfigError, match="velocity limit of waist"):
        Limiter(tightened(ROBOT, 0.0, 1.0, 1.0), 0.02)
