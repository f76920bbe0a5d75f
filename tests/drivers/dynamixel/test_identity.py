"""The right arm on the right port, or a sentence that says which arm this is."""

import msgspec
import pytest

from drivers.base import DeviceConfigError
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel import identity
from drivers.emulation.arms import GELLO, KOCH_FOLLOWER, KOCH_LEADER, VIPERX_300S

VIPERX = VIPERX_300S.calibration("robot")
LEADER = GELLO.calibration("gello")


def changed(calibration, servo_id, **values):
    """What would be found if one servo were different."""
    return tuple(
        msgspec.structs.replace(servo, **values) if servo.id == servo_id else servo
        for servo in calibration.servos
    )


def test_an_arm_as_it_was_calibrated_gives_no_finding():
    assert identity.verify("robot", VIPERX, (LEADER,), VIPERX.servos, VIPERX.port) == ()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"model": 1020}, "elbow, servo 4 is an XM430-W350; .* with an XM540-W270"),
        ({"homing_offset": 100}, "elbow, servo 4: its homing offset is 100, .* it is 0"),
        ({"drive_mode": 1}, "its drive mode is 1"),
        ({"secondary_id": 9}, "its secondary id is 9"),
    ],
)
def test_what_makes_every_angle_doubtful_is_refused_by_joint_and_value(values, says):
    with pytest.raises(DeviceConfigError, match=says) as caught:
        identity.verify("robot", VIPERX, (), changed(VIPERX, 4, **values))
    assert "calibrate" in caught.value.remedy


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"firmware": 12}, "has firmware 12"),
        ({"min_position": 700}, "lowest position is 700 ticks"),
        ({"max_position": 3000}, "highest position is 3000 ticks"),
    ],
)
def test_what_changes_no_angle_is_only_told(values, says):
    (sentence,) = identity.verify("robot", VIPERX, (), changed(VIPERX, 4, **values))
    assert says in sentence


def test_a_missing_servo_is_named_with_the_joint_it_turns():
    found = tuple(servo for servo in VIPERX.servos if servo.id not in (5, 7))
    with pytest.raises(DeviceConfigError) as caught:
        identity.verify("robot", VIPERX, (), found)
    assert "elbow (second motor) is missing: servo 5" in caught.value.problem
    assert "wrist_angle is missing: servo 7" in caught.value.problem
    assert "cable" in caught.value.remedy


def test_a_second_motor_that_does_not_follow_the_first_is_refused():
    with pytest.raises(DeviceConfigError, match="servo 3, does not follow servo 2"):
        identity.verify("robot", VIPERX, (), changed(VIPERX, 3, secondary_id=255))


def test_a_servo_that_belongs_to_no_joint_is_told():
    extra = (*VIPERX.servos, msgspec.structs.replace(VIPERX.servos[0], id=30))
    (sentence,) = identity.verify("robot", VIPERX, (), extra)
    assert sentence == "Servo 30 (XM540-W270) belongs to no joint."


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (VIPERX, LEADER),
        (LEADER, VIPERX),
        (KOCH_FOLLOWER.calibration("robot"), KOCH_LEADER.calibration("leader")),
        (KOCH_LEADER.calibration("leader"), KOCH_FOLLOWER.calibration("robot")),
    ],
)
def test_swapped_ports_are_told_by_the_arm_that_is_there(mine, theirs):
    with pytest.raises(DeviceConfigError) as caught:
        identity.verify(mine.device, mine, (theirs,), theirs.servos)
    assert f"This is the {theirs.device} (" in caught.value.problem
    assert f"not the {mine.device}." in caught.value.problem
    assert "Swap the ports" in caught.value.remedy


def test_two_arms_alike_are_told_apart_by_their_adapters():
    left = msgspec.structs.replace(VIPERX, device="left", port="usb-A")
    right = msgspec.structs.replace(VIPERX, device="right", port="usb-B")
    assert identity.verify("left", left, (right,), VIPERX.servos, "usb-A") == ()
    with pytest.raises(DeviceConfigError, match="This is the right"):
        identity.verify("left", left, (right,), VIPERX.servos, "usb-B")
    (sentence,) = identity.verify("left", left, (right,), VIPERX.servos, "usb-C")
    assert "usb-C" in sentence
    assert "Is this the same arm?" in sentence


def test_an_arm_whose_adapter_nobody_knows_is_judged_by_its_servos():
    assert identity.verify("robot", VIPERX, (LEADER,), VIPERX.servos, "") == ()


def test_known_arms_are_the_readable_files_of_others(tmp_path):
    calibrations.write(tmp_path / "robot.toml", VIPERX)
    calibrations.write(tmp_path / "gello.toml", LEADER)
    (tmp_path / "broken.toml").write_text("joints = 3")
    assert identity.known_arms(tmp_path, "robot") == (LEADER,)


def test_an_adapter_is_known_by_its_stable_name_only(tmp_path, monkeypatch):
    folder = tmp_path / "by-id"
    folder.mkdir()
    (tmp_path / "ttyUSB0").touch()
    (folder / "usb-FTDI_A50285BI").symlink_to(tmp_path / "ttyUSB0")
    monkeypatch.setattr("drivers.dynamixel.ports.BY_ID", folder)
    for path in (folder / "usb-FTDI_A50285BI", tmp_path / "ttyUSB0"):
        assert identity.adapter(str(path), str(path)) == "usb-FTDI_A50285BI"
    assert identity.adapter("/dev/ttyUSB7", "/dev/ttyUSB7") == ""
    assert identity.adapter("emulated:left", "/run/left.tty") == "emulated:left"


def test_an_arm_is_described_by_its_servos():
    assert identity.describe(LEADER.servos) == "7 servos: 1 XL330-M077, 6 XL330-M288"
