"""From a leader's joints to the follower's: nothing jumps, nothing is lost beyond a limit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drivers.base import DeviceConfigError, JointLimits
from drivers.simulation.names import JOINT_NAMES, LIMITS
from drivers.teleoperators._mapping import Clutch, JointMap, Ramp, joint_map, nearest_turn

EPS = 1e-9
SIZE = len(JOINT_NAMES)


def mapped(**options) -> JointMap:
    tables = {"leads": {}, "directions": {}, "offsets": {}, **options}
    return joint_map("leader", tables.pop("leader", JOINT_NAMES), JOINT_NAMES, **tables)


def poses(limits: JointLimits = LIMITS):
    span = limits.upper - limits.lower
    return arrays(float, SIZE, elements=st.floats(0, 1)).map(lambda u: limits.lower + u * span)


walks = st.lists(arrays(float, SIZE, elements=st.floats(-0.6, 0.6)), min_size=1, max_size=25)


# Which joint leads which


@given(
    arrays(float, SIZE, elements=st.floats(-3, 3)),
    st.permutations(range(SIZE - 1)),
    arrays(np.int64, SIZE - 1, elements=st.sampled_from([-1, 1])),
    arrays(float, SIZE - 1, elements=st.floats(-2, 2)),
)
def test_a_pose_comes_back_through_any_map(pose, order, signs, offsets):
    arm = JOINT_NAMES[:-1]
    chart = mapped(
        leads={name: arm[i] for name, i in zip(arm, order, strict=True)},
        directions=dict(zip(arm, signs.tolist(), strict=True)),
        offsets=dict(zip(arm, offsets.tolist(), strict=True)),
    )
    np.testing.assert_allclose(chart.to_follower(chart.to_leader(pose)), pose, atol=1e-12)
    for name, i in zip(arm, order, strict=True):
        j = JOINT_NAMES.index(name)
        led = chart.to_follower(pose)[i]
        assert led == pytest.approx(signs[j] * pose[j] + offsets[j])


def test_any_number_of_joints_leads_those_it_has():
    chart = mapped(leader=("base", "trigger", "thumb"), leads=THREE)
    assert chart.unled == ("shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate")
    pose = chart.to_follower(np.array([0.5, 0.25, 9.0]))
    assert pose[0] == 0.5
    assert pose[-1] == 0.25
    assert np.isnan(pose[1:-1]).all()
    back = chart.to_leader(np.arange(float(SIZE)))
    assert back[0] == 0.0
    assert np.isnan(back[2])


THREE = {"base": "waist", "trigger": "gripper", "thumb": ""}


def test_a_trigger_turned_round_is_open_when_it_is_pulled():
    chart = mapped(directions={"gripper": -1})
    pose = np.zeros(SIZE)
    pose[-1] = 0.2
    assert chart.to_follower(pose)[-1] == pytest.approx(0.8)
    assert chart.to_leader(chart.to_follower(pose))[-1] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"leader": ("base",)}, r"the robot has no joint 'base'. It has waist, .*leads"),
        ({"leads": {"waste": "waist"}}, r"leads.waste: the leader has no joint 'waste'"),
        ({"leads": {"waist": "elbow"}}, "waist and elbow both lead elbow"),
        ({"directions": {"waist": 2}}, r"directions.waist is 2. Give 1, or -1"),
        ({"directions": {"waist": True}}, r"directions.waist is True"),
        ({"offsets": {"waist": math.nan}}, r"offsets.waist is nan. Give an angle in rad"),
        ({"offsets": {"gripper": 0.1}}, r"offsets.gripper is 0.1. .*open and closed"),
        ({"leads": dict.fromkeys(JOINT_NAMES, "")}, "leads no joint"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused_in_a_sentence(options, says):
    with pytest.raises(DeviceConfigError, match=says):
        mapped(**options)


# Taking over


@given(poses(), arrays(float, SIZE, elements=st.floats(-9, 9)), st.floats(0.2, 3.0))
def test_taking_over_moves_nothing_however_far_the_leader_is(sent, led, scale):
    clutch = Clutch(LIMITS.openings, scale)
    clutch.begin(sent, led)
    np.testing.assert_array_equal(clutch.target(led, LIMITS), sent)


@settings(max_examples=60)
@given(poses(), walks)
def test_targets_stay_within_limits_and_never_move_more_than_the_hand(sent, walk):
    clutch = Clutch(LIMITS.openings)
    led = np.zeros(SIZE)
    clutch.begin(sent, led)
    before = clutch.target(led, LIMITS)
    for motion in walk:
        led = led + motion
        target = clutch.target(led, LIMITS)
        assert (target >= LIMITS.lower).all()
        assert (target <= LIMITS.upper).all()
        assert (np.abs(target - before) <= np.abs(motion) + EPS).all()
        before = target


@settings(max_examples=60)
@given(poses(), walks, st.floats(0.01, 0.3))
def test_at_a_limit_turning_back_acts_at_once(sent, walk, back):
    clutch = Clutch(LIMITS.openings)
    led = np.zeros(SIZE)
    clutch.begin(sent, led)
    for motion in walk:
        led = led + motion
        target = clutch.target(led, LIMITS)
    at_upper = target >= LIMITS.upper - EPS
    turned = clutch.target(led - back, LIMITS)
    assert (turned[at_upper] <= target[at_upper] - min(back, 0.01) + EPS).all()


@settings(max_examples=60)
@given(poses(), walks, st.floats(0.2, 3.0))
def test_without_a_limit_in_the_way_the_arm_is_where_the_hand_took_it(sent, walk, scale):
    clutch = Clutch(LIMITS.openings, scale)
    led = np.full(SIZE, 0.7)
    clutch.begin(sent, led)
    for motion in walk:
        led = led + motion
        target = clutch.target(led, None)
    wanted = (sent + scale * (led - 0.7))[:-1]
    np.testing.assert_allclose(target[:-1], wanted, atol=1e-9)


def test_a_grip_is_kept_until_the_trigger_has_been_pulled_and_let_go():
    clutch = Clutch(LIMITS.openings)
    sent, led = np.zeros(SIZE), np.zeros(SIZE)
    led[-1] = 1.0  # the trigger hangs open, the gripper holds something
    clutch.begin(sent, led)
    seen = []
    for trigger in (1.0, 0.6, 0.2, 0.5, 0.9):
        led = led.copy()
        led[-1] = trigger
        seen.append(float(clutch.target(led, LIMITS)[-1]))
    assert seen == pytest.approx([0.0, 0.0, 0.0, 0.3, 0.7])


def test_a_joint_without_leader_stays_where_it_was_sent():
    clutch = Clutch(LIMITS.openings)
    sent = np.full(SIZE, 0.3)
    led = np.zeros(SIZE)
    led[2] = np.nan
    clutch.begin(sent, led)
    target = clutch.target(led + 0.1, LIMITS)
    assert target[2] == 0.3
    np.testing.assert_allclose(np.delete(target, 2), 0.4)


def test_an_angle_is_taken_at_the_turn_nearest_to_the_arm():
    angle = np.array([3.1, -3.1, 9.0])
    near = nearest_turn(angle, np.array([-3.0, 3.0, 2.7]))
    np.testing.assert_allclose(near, [3.1 - 2 * math.pi, -3.1 + 2 * math.pi, 9.0 - 2 * math.pi])


# Mirroring


@settings(max_examples=60)
@given(
    arrays(float, SIZE, elements=st.floats(-3, 3)),
    arrays(float, SIZE, elements=st.floats(-3, 3)),
    walks,
)
def test_a_mirrored_goal_moves_by_joint_speed_and_never_leads_far(start, target, walk):
    speed, leash, dt = np.full(SIZE, 1.5), np.full(SIZE, 0.25), 0.03
    ramp = Ramp(speed, leash)
    ramp.begin(start)
    held, before = start, start
    for i, motion in enumerate(walk):
        pushed = i % 3 == 2
        held = held + motion if pushed else before  # a good servo, and a hand now and then
        goal = ramp.advance(target, held, dt)
        assert (np.abs(goal - held) <= leash + EPS).all()
        if not pushed:
            assert (np.abs(goal - before) <= speed * dt + EPS).all()
        before = goal


def test_a_mirrored_goal_arrives():
    ramp = Ramp(np.full(2, 1.0), np.full(2, 0.3))
    goal = np.array([0.0, 1.0])
    ramp.begin(goal)
    target = np.array([0.5, np.nan])
    for _ in range(60):
        goal = ramp.advance(target, goal, 0.01)
    np.testing.assert_allclose(goal, [0.5, 1.0])
