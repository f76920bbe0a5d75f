"""The Koch v1.1 follower through the real SDK: two kinds of servo on one bus."""

import numpy as np
import pytest

from drivers.base import DeviceConfigError, SelfStoppedError
from drivers.dynamixel import calibration as calibrations
from drivers.emulation.arms import KOCH_FOLLOWER, KOCH_LEADER
from drivers.emulation.bus import EmulatedBus
from drivers.registry import DeviceContext, create
from drivers.robots import koch
from tests.fakes.emulated_follower import PATIENT, emulated_follower
from tests.waiting import until


@pytest.fixture
def bench(tmp_path):
    with emulated_follower(tmp_path, "koch") as bench:
        yield bench


def test_its_description_is_that_of_the_arm_it_drives():
    made = KOCH_FOLLOWER.calibration("robot")
    assert koch.DESCRIPTION.names == koch.LIMITS.names == made.names
    assert koch.DESCRIPTION.ids == made.ids


def test_every_joint_goes_where_it_is_sent_whichever_servo_turns_it(bench):
    robot = bench.device
    robot.connect()
    robot.engage()
    goal = np.array([0.5, -0.8, 0.7, 0.4, -0.9, 0.75])

    def there():
        robot.send_action(goal)
        return np.abs(robot.get_observation().position - goal).max() < 0.02

    until(there)
    assert np.isfinite(robot.get_observation().effort).all()


def test_the_joints_far_ends_are_those_of_the_calibration(bench):
    np.testing.assert_allclose(bench.device.limits.upper[:3], [1.8, 1.7, 1.7])


def test_without_a_rest_pose_it_has_none(bench):
    assert bench.device.rest_pose is None


def test_leader_on_the_followers_port_is_told_before_any_torque(tmp_path):
    physics = KOCH_LEADER.free()
    made = tmp_path / "calibration"
    calibrations.write(made / "robot.toml", KOCH_FOLLOWER.calibration("robot"))
    calibrations.write(made / "leader.toml", KOCH_LEADER.calibration("leader"))
    with EmulatedBus(KOCH_LEADER.servos(physics), physics, tmp_path / "robot.tty") as emulated:
        robot = create(
            "robots",
            "robot",
            {"type": "koch", "port": "emulated:robot", **PATIENT},
            DeviceContext(runtime=tmp_path, calibrations=made),
        )
        with pytest.raises(DeviceConfigError, match=r"This is the leader .*6 XL330-M077"):
            robot.connect()
        assert not any(servo.torque for servo in emulated.servos)


def test_a_small_servo_that_shuts_down_is_named(bench):
    robot = bench.device
    robot.connect()
    robot.engage()
    goal = robot.get_observation().position
    with bench.emulated.changing():
        bench.emulated.servo(4).overload()
    said = []

    def stopped():
        try:
            robot.get_observation()
            robot.send_action(goal)
        except SelfStoppedError as error:
            said.append(error)
        return said

    until(stopped)
    assert "wrist_flex (servo 4) has shut down: overload" in said[0].problem
