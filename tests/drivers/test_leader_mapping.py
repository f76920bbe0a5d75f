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
from drivers.teleoperators._absolute import Absolute
from drivers.teleoperators._mapping import (
    STRAY_RAD,
    Clutch,
    JointMap,
    Ramp,
    joint_map,
    nearest_turn,
)

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


# Aligned


@settings(max_examples=60)
@given(poses(), arrays(float, SIZE, elements=st.floats(-0.1, 0.1)), walks)
def test_an_aligned_leader_moves_the_arm_only_the_way_it_moves_itself(sent, apart, walk):
    absolute = Absolute(LIMITS.openings)
    led = sent + apart
    absolute.begin(sent, led, drives=True)
    before = absolute.target(led, sent, None)
    np.testing.assert_allclose(before, sent, atol=1e-12)
    for motion in walk:
        tremble = led + 0.009 * np.sign(motion)
        np.testing.assert_allclose(
            (absolute.target(tremble, sent, None) - before)[:-1], (tremble - led)[:-1], atol=0.006
        )
        led = led + motion
        target = absolute.target(led, sent, None)
        moved = (target - before) * np.sign(motion)
        assert (moved >= -0.006).all()
        before = target


def test_what_is_left_at_an_aligned_takeover_fades_with_the_leaders_motion():
    absolute = Absolute(LIMITS.openings)
    sent = np.full(SIZE, 0.5)
    led = sent - 0.08
    absolute.begin(sent, led, drives=True)
    for step in (0.1, 0.2, 0.3):
        target = absolute.target(led - step, sent, None)
    np.testing.assert_allclose(target, led - 0.3)


def test_a_leader_that_is_being_brought_to_the_arm_says_where_it_is():
    absolute = Absolute(LIMITS.openings)
    sent = np.full(SIZE, 0.5)
    absolute.begin(sent, sent + 0.3, drives=False)
    np.testing.assert_allclose(absolute.target(sent + 0.3, sent, None), sent + 0.3)


# Mirroring


WIDE = (np.array([-math.pi] * (SIZE - 1) + [0.0]), np.array([math.pi] * (SIZE - 1) + [1.0]))


@given(
    arrays(float, SIZE, elements=st.floats(-12, 12)),
    arrays(float, SIZE, elements=st.floats(-3, 3)),
)
def test_a_leader_that_turns_all_round_is_always_brought_to_an_equal_angle(wanted, place):
    wanted[-1] = abs(wanted[-1]) / 12
    pose, behind = mapped().within_reach(wanted, place, *WIDE)
    assert behind == ()
    assert (pose >= WIDE[0]).all()
    assert (pose <= WIDE[1]).all()
    turns = (pose - wanted)[:-1] / (2 * math.pi)
    assert (np.abs(turns - np.round(turns)) * 2 * math.pi <= STRAY_RAD + EPS).all()
    assert pose[-1] == wanted[-1]


def test_a_leader_at_the_end_of_its_reach_does_not_swing_round_for_a_little():
    wanted = np.zeros(SIZE)
    wanted[0] = math.pi + 0.1
    at_end, at_other_end = np.zeros(SIZE), np.zeros(SIZE)
    at_end[0], at_other_end[0] = 3.1, -3.1
    chart = mapped()
    assert chart.within_reach(wanted, at_end, *WIDE)[0][0] == math.pi
    assert chart.within_reach(wanted, at_other_end, *WIDE)[0][0] == pytest.approx(0.1 - math.pi)


def test_a_joint_out_of_reach_at_any_turn_goes_to_the_nearer_end_and_is_named():
    chart, wanted = mapped(), np.zeros(SIZE)
    wanted[1], wanted[2] = 2.5, np.nan
    lower, upper = WIDE[0].copy(), WIDE[1].copy()
    lower[1], upper[1] = -1.8, 1.2
    pose, behind = chart.within_reach(wanted, np.zeros(SIZE), lower, upper)
    assert behind == ("shoulder",)
    assert pose[1] == 1.2
    assert np.isnan(pose[2])


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
