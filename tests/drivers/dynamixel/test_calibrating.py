"""A calibration from the first pose to the file, by a hand that is only numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import DeviceLostError
from drivers.dynamixel.calibrating import MARGIN_RAD, Calibrating
from drivers.dynamixel.calibration import Scale
from drivers.emulation.arms import GELLO, KOCH_FOLLOWER, VIPERX_300S
from drivers.robots import koch, viperx_300s
from drivers.teleoperators import gello

TURN = 4096
RAD = TURN / (2 * math.pi)


class Hand:
    """An arm without torque, its joints where the hand puts them; servos count within a turn."""

    def __init__(self, calibration, wraps=True):
        self.calibration = calibration
        self.scale = Scale.of(calibration)
        self.position = np.zeros(len(calibration.names))
        self.wraps = wraps
        self.silent = set()
        self.unplugged = False

    def read(self):
        if self.unplugged:
            raise DeviceLostError("robot", "The connection broke.", "Check its cable.")
        ticks = np.round(self.scale.zero + self.position * self.scale.per_unit).astype(int)
        if self.wraps:
            ticks %= TURN
        found = dict(zip(self.calibration.primary, ticks.tolist(), strict=True))
        return {i: t for i, t in found.items() if i not in self.silent}

    def move(self, name, to, machine):
        row = self.calibration.names.index(name)
        for position in np.linspace(self.position[row], to, 12):
            self.position[row] = position
            machine.poll()

    def rest(self, machine):
        for _ in range(6):
            machine.poll()


def begun(arm=VIPERX_300S, description=viperx_300s.DESCRIPTION, **options):
    hand = Hand(arm.calibration("robot"), **options)
    machine = Calibrating("robot", description, hand.read, hand.calibration.servos, "usb-FTDI-1")
    return hand, machine


def go_through(hand, machine, part=1.0):
    """A person who does what each step says."""
    hand.rest(machine)
    while machine.step.key != "summary":
        step = machine.step
        if step.key == "direction":
            hand.move(step.joint, math.radians(30), machine)
        elif step.key == "sweep":
            for joint in hand.calibration.joints:
                hand.move(joint.name, part * joint.lower, machine)
                hand.move(joint.name, part * joint.upper, machine)
                hand.move(joint.name, 0.0, machine)
        elif step.key in ("closed", "open"):
            hand.move("gripper", float(step.key == "open"), machine)
            hand.rest(machine)
        assert machine.step.missing == ""
        assert machine.next()
        if step.key == "direction":
            hand.move(step.joint, 0.0, machine)


@pytest.mark.parametrize("wraps", [True, False])
def test_a_person_who_follows_the_steps_gets_the_arms_own_calibration(wraps):
    hand, machine = begun(wraps=wraps)
    go_through(hand, machine)
    made, true = machine.result(), hand.calibration
    assert made.names == true.names
    assert made.ids == true.ids
    assert made.servos == true.servos
    assert made.port == "usb-FTDI-1"
    for joint, wanted in zip(made.joints, true.joints, strict=True):
        assert joint.direction == wanted.direction
        assert joint.homing_ticks == pytest.approx(wanted.homing_ticks, abs=1)
        assert joint.lower == pytest.approx(wanted.lower + MARGIN_RAD, abs=0.01)
        assert joint.upper == pytest.approx(wanted.upper - MARGIN_RAD, abs=0.01)
    assert made.gripper.closed_ticks == pytest.approx(true.gripper.closed_ticks, abs=1)
    assert made.gripper.open_ticks == pytest.approx(true.gripper.open_ticks, abs=1)
    assert machine.warnings() == ()
    assert len(machine.summary()) == len(made.names)


@settings(max_examples=40)
@given(offsets=st.lists(st.integers(-9000, 9000), min_size=7, max_size=7), wraps=st.booleans())
def test_wherever_servos_are_mounted_readings_mean_the_same_angles(offsets, wraps):
    hand, machine = begun(GELLO, gello.DESCRIPTION, wraps=wraps)
    hand.scale.zero[:] += offsets
    go_through(hand, machine)
    scale = Scale.of(machine.result())
    hand.position = np.array([0.3, -0.4, 0.5, 0.6, -0.7, 0.8, 0.25])
    read = np.array(list(hand.read().values()), dtype=float)
    found = scale.positions(read, scale.turns(read))
    np.testing.assert_allclose(found, hand.position, atol=0.004)
    assert (scale.lowest_ticks + scale.highest_ticks >= 0).all()
    assert (scale.lowest_ticks + scale.highest_ticks < 2 * TURN).all()


def test_nothing_goes_on_before_it_is_there_and_what_is_missing_is_said():
    hand, machine = begun()
    hand.silent = {4}
    hand.rest(machine)
    assert "Servo 4 has not answered yet" in machine.step.missing
    assert not machine.next()
    hand.silent = set()
    hand.rest(machine)
    hand.move("elbow", 0.5, machine)
    assert machine.step.missing == "elbow is moving. Hold it still."
    hand.move("elbow", 0.0, machine)
    hand.rest(machine)
    assert machine.next()
    assert machine.step.joint == "waist"
    hand.move("waist", 0.1, machine)
    assert machine.step.missing == "waist is turned by 6°; at least 15° are needed."
    assert not machine.next()


def at(key, hand, machine):
    """Follows the steps up to ``key``."""
    hand.rest(machine)
    while machine.step.key != key:
        if machine.step.key == "direction":
            hand.move(machine.step.joint, 0.6, machine)
            name = machine.step.joint
            assert machine.next()
            hand.move(name, 0.0, machine)
        elif machine.step.key == "sweep":
            for joint in hand.calibration.joints:
                hand.move(joint.name, joint.lower, machine)
                hand.move(joint.name, joint.upper, machine)
                hand.move(joint.name, 0.0, machine)
            assert machine.next()
        else:
            hand.rest(machine)
            assert machine.next()


def test_a_joint_that_was_not_swept_is_named_and_bars_show_how_far_each_is():
    hand, machine = begun(KOCH_FOLLOWER, koch.DESCRIPTION)
    at("sweep", hand, machine)
    hand.move("shoulder_pan", 1.7, machine)
    hand.move("shoulder_pan", -1.7, machine)
    assert machine.step.missing.startswith("shoulder_lift was moved through 0°")
    bars = {bar.name: bar for bar in machine.bars()}
    assert bars["shoulder_pan"].low == pytest.approx(-1.7, abs=0.01)
    assert bars["shoulder_pan"].high == pytest.approx(1.7, abs=0.01)
    assert bars["shoulder_pan"].now == pytest.approx(-1.7, abs=0.01)
    assert not bars["shoulder_lift"].done
    assert bars["shoulder_lift"].upper == pytest.approx(2.1)


def test_a_range_that_was_hardly_swept_can_be_saved_and_is_warned_of():
    hand, machine = begun()
    go_through(hand, machine, part=0.3)
    warnings = machine.warnings()
    assert len(warnings) == 6
    assert warnings[0].startswith("waist was moved through 108° of 252°")
    assert machine.result().joints[0].upper < 1.0


def test_a_home_pose_that_was_not_met_shows_when_the_range_cannot_be():
    hand, machine = begun()
    hand.position[1] = -2.9  # leaning on something, far from upright
    at("sweep", hand, machine)
    for joint in hand.calibration.joints:
        hand.move(joint.name, 1.3, machine)
        hand.move(joint.name, 0.8, machine)
    assert "outside what it can do: go back" in machine.step.missing
    assert not machine.next()


def test_going_back_takes_a_step_anew():
    hand, machine = begun()
    hand.rest(machine)
    assert not machine.back()
    assert machine.next()
    hand.move("waist", -0.6, machine)
    assert machine.next(), "turned the wrong way round"
    assert machine.back()
    assert machine.step.joint == "waist"
    hand.move("waist", 0.6, machine)
    at("sweep", hand, machine)
    hand.move("waist", 3.0, machine)
    machine.back()
    hand.move("wrist_rotate", 0.6, machine)
    assert machine.next()
    waist = machine.bars()[0]
    assert (waist.low, waist.high) == (waist.now, waist.now), "the sweep began anew"


def test_a_gripper_that_was_not_opened_is_noticed():
    hand, machine = begun()
    at("open", hand, machine)
    hand.rest(machine)
    assert "0 ticks from closed" in machine.step.missing
    with pytest.raises(ValueError, match="not at its end"):
        machine.result()


def test_steps_are_numbered_and_say_what_to_do():
    hand, machine = begun()
    first = machine.step
    assert (first.number, first.count) == (1, 11)
    assert first.instruction.startswith("Put the upper arm upright")
    at("direction", hand, machine)
    assert machine.step.title == "Direction of waist"
    assert machine.step.instruction.startswith("Turn the arm to the left, seen from above, by")
    at("closed", hand, machine)
    assert machine.step.instruction.startswith("Close the gripper until its fingers touch.")
    assert (machine.step.number, machine.step.title) == (9, "Gripper closed")


def test_an_arm_that_is_unplugged_meanwhile_says_so_and_loses_nothing():
    hand, machine = begun()
    hand.rest(machine)
    machine.next()
    before = repr((machine.step, machine.bars()))
    hand.unplugged = True
    with pytest.raises(DeviceLostError):
        machine.poll()
    assert repr((machine.step, machine.bars())) == before
