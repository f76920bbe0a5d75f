"""Readings with holes in them: no jump, nothing old, and the right thing said when it is lost."""

import math

import numpy as np
import pytest

from drivers.base import DeviceLostError
from drivers.dynamixel.measuring import Measuring
from drivers.emulation.arms import KOCH_FOLLOWER, VIPERX_300S

ARM = VIPERX_300S.calibration("robot")
IDS = ARM.primary
PERIOD_S = 0.01
CENTRE = dict.fromkeys(IDS, 2048)


def measuring(many_turns=False, start=None, **options):
    made = Measuring("robot", ARM, **options)
    made.start(start or CENTRE, 0.0, many_turns=dict.fromkeys(IDS, many_turns))
    return made


def answers(ticks=2048, without=(), **others):
    values = {servo_id: (0, 0, ticks) for servo_id in IDS if servo_id not in without}
    return values | {int(key[1:]): value for key, value in others.items()}


def test_a_joint_that_misses_readings_keeps_its_value_and_the_others_go_on():
    arm = measuring()
    arm.update(answers(2100), 0.01)
    state = arm.update(answers(2200, without=(4,)), 0.02)
    expected = Measuring("robot", ARM).scale
    before = expected.positions(np.full(7, 2100.0), np.zeros(7))
    now = expected.positions(np.full(7, 2200.0), np.zeros(7))
    assert state.position[2] == pytest.approx(before[2])
    np.testing.assert_allclose(np.delete(state.position, [2, 6]), np.delete(now, [2, 6]))
    assert state.t == 0.02


def test_one_joint_silent_for_too_long_is_lost_by_name():
    arm = measuring()
    for tick in range(1, 7):
        arm.update(answers(without=(4,)), tick * PERIOD_S)
    with pytest.raises(DeviceLostError, match=r"elbow \(servo 4\) has not answered for 70 ms") as e:
        arm.update(answers(without=(4,)), 0.07)
    assert "cable to the motor before it" in e.value.remedy


def test_one_packet_lost_after_a_long_pause_is_no_loss():
    arm = measuring()
    arm.update(answers(without=(4,)), 5.0)
    with pytest.raises(DeviceLostError, match="elbow"):
        arm.update(answers(without=(4,)), 5.01)


def test_all_silent_once_is_nothing_and_for_longer_is_an_arm_without_power():
    arm = measuring()
    arm.update(answers(2100), 0.01)
    state = arm.update({}, 0.02)
    assert state.t == 0.01, "nothing new was measured"
    arm.update(answers(2100), 0.03)
    arm.update({}, 0.05)
    with pytest.raises(DeviceLostError, match="None of its servos answers") as caught:
        arm.update({}, 0.07)
    assert "power is on" in caught.value.remedy


def test_a_servo_that_restarts_unasked_is_noticed_by_its_jump():
    arm = measuring(many_turns=True)
    with pytest.raises(DeviceLostError, match=r"shoulder \(servo 2\) jumped by 4096 ticks"):
        arm.update(answers(_2=(0, 0, 2048 + 4096)), 0.01)


def test_a_servo_that_is_being_restarted_may_be_silent_and_forget_its_turns():
    arm = measuring(many_turns=True, start=CENTRE | {2: 2048 + 4096})
    before = arm.state().position
    arm.pardon((2, 3), 1.0)
    for tick in range(1, 50):
        arm.update(answers(without=(2,)), tick * PERIOD_S)
    state = arm.update(answers(), 0.6)
    np.testing.assert_allclose(state.position, before)
    arm.update(answers(without=(2,)), 1.05)
    with pytest.raises(DeviceLostError, match="shoulder"):
        arm.update(answers(without=(2,)), 1.07)


def test_turns_are_looked_for_only_where_servos_count_them():
    off = dict.fromkeys(IDS, 2048 + 4096)
    counted = measuring(many_turns=True, start=off)
    assert (counted.turns == 1).all()
    assert (measuring(start=off).turns == 0).all()


def test_speed_and_effort_come_in_the_joints_own_direction_and_units():
    arm = measuring()
    state = arm.update(answers(_2=(100, 50, 2048), _1=(100, 50, 2048)), 0.01)
    rad_s = 50 * 0.229 * 2 * math.pi / 60
    assert state.velocity[0] == pytest.approx(rad_s)
    assert state.velocity[1] == pytest.approx(-rad_s), "the shoulder counts against its angle"
    one_motor = 100 * 2.69e-3 * 10.6 / 4.4
    assert state.effort[0] == pytest.approx(one_motor)
    assert state.effort[1] == pytest.approx(-2 * one_motor), "two motors share the load"


def test_a_motor_without_current_sensor_gives_its_load_as_torque():
    koch = KOCH_FOLLOWER.calibration("robot")
    arm = Measuring("robot", koch)
    ids = koch.primary
    arm.start(dict.fromkeys(ids, 2048), 0.0, many_turns=dict.fromkeys(ids, False))
    state = arm.update(dict.fromkeys(ids, (500, 0, 2048)), 0.01)
    assert state.effort[0] == pytest.approx(0.5 * 1.5)


def test_the_gripper_is_never_measured_beyond_0_and_1():
    arm = measuring()
    assert arm.update(answers(_9=(0, 0, 1400)), 0.01).position[-1] == 0.0
    assert arm.update(answers(_9=(0, 0, 2700)), 0.02).position[-1] == 1.0
