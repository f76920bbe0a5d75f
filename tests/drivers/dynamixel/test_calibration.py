"""Ticks and radians, and the file that says how one becomes the other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceConfigError
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel.calibration import Calibration, Gripper, Joint, Scale, Servo
from drivers.emulation.arms import BUILDS, VIPERX_300S

HALF = math.pi
JOINTS = st.builds(
    lambda lower, width, direction, zero: Joint(
        "elbow", 1, direction, zero, lower, min(lower + width, HALF)
    ),
    st.floats(-3.0, 2.5),
    st.floats(0.2, 6.0),
    st.sampled_from((1, -1)),
    st.integers(-5000, 9000),
)


def calibration(*joints, gripper=None):
    ids = [
        i for part in (*joints, *((gripper,) if gripper else ())) for i in (part.id, *part.shadows)
    ]
    servos = tuple(Servo(id=i, model=1020) for i in ids)
    return Calibration("arm", "2026-01-01", "usb-1", joints, servos, gripper)


def one(array):
    return float(array[0])


@given(joint=JOINTS, part=st.floats(0.0, 1.0))
def test_an_angle_sent_as_ticks_reads_back_as_the_same_angle(joint, part):
    scale = Scale.of(calibration(joint))
    angle = joint.lower + part * (joint.upper - joint.lower)
    none = np.zeros(1)
    ticks = scale.ticks(np.array([angle]), none)
    assert one(scale.positions(ticks, none)) == pytest.approx(angle, abs=math.pi / 4096 + 1e-9)


@given(joint=JOINTS, part=st.floats(0.02, 0.98), turns=st.integers(-5, 5))
def test_a_servo_that_forgot_whole_turns_reads_the_same_angle(joint, part, turns):
    scale = Scale.of(calibration(joint))
    angle = joint.lower + part * (joint.upper - joint.lower)
    read = np.array([joint.homing_ticks + joint.direction * angle / (2 * math.pi) * 4096])
    read += turns * 4096
    found = scale.turns(read)
    assert one(scale.positions(read, found)) == pytest.approx(angle, abs=1e-9)
    sent = scale.ticks(np.array([angle]), found)
    assert abs(one(sent) - one(read)) <= 0.5 + 1e-6, "a goal is counted in the servo's own turn"


@given(joint=JOINTS, angle=st.floats(-50, 50))
def test_no_goal_leaves_the_calibrated_range(joint, angle):
    scale = Scale.of(calibration(joint))
    ticks = one(scale.ticks(np.array([angle]), np.zeros(1)))
    assert one(scale.lowest_ticks) - 0.5 <= ticks <= one(scale.highest_ticks) + 0.5


@given(
    closed=st.integers(0, 4095),
    way=st.integers(100, 2000),
    sign=st.sampled_from((1, -1)),
    opening=st.floats(0, 1),
)
def test_a_gripper_is_0_closed_and_1_open_whichever_way_it_counts(closed, way, sign, opening):
    gripper = Gripper(id=9, closed_ticks=closed, open_ticks=closed + sign * way)
    scale = Scale.of(calibration(gripper=gripper))
    none = np.zeros(1)
    assert one(scale.positions(np.array([closed]), none)) == 0.0
    assert one(scale.positions(np.array([closed + sign * way]), none)) == 1.0
    ticks = scale.ticks(np.array([opening]), none)
    assert one(scale.positions(ticks, none)) == pytest.approx(opening, abs=0.5 / way + 1e-9)


def test_speed_and_angle_agree_in_direction():
    joint = Joint("elbow", 1, -1, 2048, -1.0, 1.0)
    scale = Scale.of(calibration(joint))
    assert one(scale.rates(np.array([0.7]))) == pytest.approx(-0.7)


@pytest.mark.parametrize("kind", sorted(BUILDS))
def test_a_calibration_survives_its_file(kind, tmp_path):
    made = BUILDS[kind].calibration("left")
    file = tmp_path / "calibration" / "left.toml"
    calibrations.write(file, made)
    assert calibrations.read(file, "left") == made


def test_the_calibration_before_is_kept(tmp_path):
    file = tmp_path / "arm.toml"
    first = VIPERX_300S.calibration("arm")
    calibrations.write(file, first)
    calibrations.write(file, calibration(Joint("elbow", 1, 1, 0, -1.0, 1.0)))
    assert calibrations.read(tmp_path / "arm.toml.bak", "arm") == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arm.toml", "arm.toml.bak"]


def test_shadow_motors_are_known_by_the_joint_they_turn():
    arm = VIPERX_300S.calibration("arm")
    assert arm.names[-1] == "gripper"
    assert arm.primary == (1, 2, 4, 6, 7, 8, 9)
    assert sorted(arm.ids) == list(range(1, 10))
    assert arm.joint_of(2) == "shoulder"
    assert arm.joint_of(3) == "shoulder (second motor)"
    assert arm.joint_of(77) == "servo 77"


JOINT = 'name = "elbow", id = 4, direction = 1, homing_ticks = 2048, lower = -1.0, upper = 1.0'


def text(**changes):
    good = {
        "device": '"arm"',
        "date": '"2026-01-01"',
        "port": '"usb-1"',
        "joints": f"[{{{JOINT}}}]",
        "servos": "[{id = 4, model = 1020}]",
    }
    return "\n".join(f"{key} = {value}" for key, value in (good | changes).items() if value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"colour": '"red"'}, "colour"),
        ({"port": ""}, "port"),
        ({"joints": "3"}, r"joints"),
        ({"joints": f"[{{{JOINT}}}, {{{JOINT}}}]"}, "elbow is given twice"),
        ({"joints": f"[{{{JOINT.replace('= 1,', '= 2,')}}}]"}, "direction of elbow is 2"),
        ({"joints": f"[{{{JOINT.replace('-1.0', '1.5')}}}]"}, "lower must be below upper"),
        ({"joints": f"[{{{JOINT.replace('id = 4', 'id = 254')}}}]"}, "ids go from 0 to 252"),
        ({"joints": f"[{{{JOINT.replace('2048', '20.5')}}}]"}, "homing_ticks"),
        ({"servos": "[]"}, "servo 4 belongs to a joint but has no entry"),
        ({"servos": "[{id = 4, model = 1020}, {id = 4, model = 1020}]"}, "given twice"),
        ({"gripper": "{id = 4, closed_ticks = 1, open_ticks = 900}"}, "servo id 4 is given twice"),
        ({"gripper": "{id = 5, closed_ticks = 9, open_ticks = 9}"}, "they must differ"),
        ({"device": '"unfinished'}, "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_file_key_and_expectation(changes, says, tmp_path):
    file = tmp_path / "arm.toml"
    file.write_text(text(**changes), encoding="utf-8")
    with pytest.raises(DeviceConfigError, match=says) as caught:
        calibrations.read(file, "robot")
    assert str(file) in str(caught.value)
    assert "calibrate" in caught.value.remedy


def test_a_missing_file_says_how_to_make_it(tmp_path):
    with pytest.raises(DeviceConfigError, match=r"no calibration.*dagger-gui calibrate"):
        calibrations.read(tmp_path / "arm.toml", "robot")
    with pytest.raises(DeviceConfigError, match="cannot be read"):
        calibrations.read(tmp_path, "robot")


def test_the_text_that_other_tests_break_is_a_good_one(tmp_path):
    file = tmp_path / "arm.toml"
    file.write_text(text(), encoding="utf-8")
    assert calibrations.read(file, "robot").names == ("elbow",)
