"""Which leader is on the port, which joints it has, and what its table may say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drivers.base import DeviceConfigError, RobotState, TeleoperatorView
from drivers.dynamixel import calibration as calibrations
from drivers.emulation.arms import BUILDS
from drivers.emulation.bus import EmulatedBus
from drivers.registry import DeviceContext, create
from drivers.simulation.names import JOINT_NAMES, LIMITS
from drivers.teleoperators.gello import Config, description
from tests.fakes.emulated_leader import emulated_leader

START = np.array([0.0, -0.36, 0.48, 0.0, 1.46, 0.0, 0.85])
STILL = RobotState(0.0, START, np.zeros(7), np.zeros(7))
DRIVING = TeleoperatorView(STILL, START, "human", True, 0.1, 0.2, 0.02, LIMITS)


def test_a_leader_on_the_followers_port_is_refused_before_anything_is_written(tmp_path):
    follower = BUILDS["viperx_300s"]
    physics = follower.free()
    calibrations.write(tmp_path / "robot.toml", follower.calibration("robot"))
    calibrations.write(tmp_path / "leader.toml", BUILDS["gello"].calibration("leader"))
    table = {"type": "gello", "port": "emulated:robot", "takeover": "mirror"}
    context = DeviceContext(runtime=tmp_path, joint_names=JOINT_NAMES, calibrations=tmp_path)
    with EmulatedBus(follower.servos(physics), physics, tmp_path / "robot.tty") as bus:
        modes = [servo.value("operating_mode") for servo in bus.servos]
        leader = create("teleoperators", "leader", table, context)
        with pytest.raises(DeviceConfigError, match=r"This is the robot .*not the leader.*ports"):
            leader.connect()
        assert not any(servo.torque for servo in bus.servos)
        assert [servo.value("operating_mode") for servo in bus.servos] == modes


def test_a_leader_of_two_joints_and_a_trigger_leads_those_and_says_which_stay(tmp_path):
    gello = BUILDS["gello"]
    small = replace(gello, joints=gello.joints[:2], start=(*gello.start[:2], gello.start[-1]))
    physics = small.free()
    calibrations.write(tmp_path / "small.toml", small.calibration("small"))
    table = {
        "type": "gello",
        "port": "emulated:small",
        "joints": ["waist", "shoulder", "gripper"],
        "leads": {"shoulder": "wrist_angle"},
        "directions": {"shoulder": -1},
    }
    context = DeviceContext(runtime=tmp_path, joint_names=JOINT_NAMES, calibrations=tmp_path)
    with EmulatedBus(small.servos(physics), physics, tmp_path / "small.tty"):
        leader = create("teleoperators", "small", table, context)
        leader.connect()
        leader.begin(DRIVING)
        action = leader.get_action(DRIVING).action
        np.testing.assert_array_equal(action, START)
        assert "leads shoulder, elbow, forearm_roll, wrist_rotate:" in leader.health().warnings[0]
        leader.disconnect()


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"takeover": "grab"}, "takeover is 'grab'. Choose one of: mirror, clutch, align"),
        ({"scale": 0.0}, "scale is 0. Give it a value above 0"),
        ({"takeover": "align", "scale": 2.0}, "cannot be scaled"),
        ({"power": 1.5}, "power is 1.5"),
        ({"mirror_rad_s": -1.0}, "mirror_rad_s is -1"),
        ({"patience_s": 0.0}, "patience_s is 0"),
        ({"joints": ["waist", "waist"]}, "joints has 'waist' at place 2"),
        ({"joints": []}, "joints is empty"),
        ({"joints": ["gripper", "waist"]}, "one trigger at most, last"),
        ({"speed": 3.0}, "Unknown key 'speed'"),
        ({"leads": {"waist": "base"}}, r"leads.waist: the robot has no joint 'base'"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_in_a_sentence(table, says):
    context = DeviceContext(joint_names=JOINT_NAMES)
    with pytest.raises(DeviceConfigError, match=says):
        create("teleoperators", "leader", {"type": "gello", "port": "x", **table}, context)


def test_a_leader_without_calibration_says_how_to_make_one(tmp_path):
    with emulated_leader(tmp_path) as leader:
        other = leader.another(calibration="gone.toml")
        with pytest.raises(DeviceConfigError, match=r"no .*gone.toml.*dagger-gui calibrate"):
            other.connect()
        wrong = leader.another(joints=["waist", "elbow"])
        with pytest.raises(DeviceConfigError, match="this leader has waist, elbow"):
            wrong.connect()


def test_before_the_world_has_joints_every_joint_leads_its_own():
    leader = create("teleoperators", "leader", {"type": "gello", "port": "x"}, DeviceContext())
    assert leader.relative


def test_a_gello_of_any_joints_can_be_described_for_its_calibration():
    described = description(Config(port="", joints=("a", "b", "c")))
    assert described.names == ("a", "b", "c")
    assert described.primary == (1, 2, 3)
    assert description(Config(port="")).gripper is not None
