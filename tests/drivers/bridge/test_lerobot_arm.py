"""The robot driver, at the other end of a real bridge."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from drivers import registry
from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DeviceNotFoundError,
    Monitored,
    Motors,
    SelfStoppedError,
)
from drivers.registry import DeviceContext
from tests.fakes.lerobot_bridge import JOINTS, STATION, bridge
from tests.waiting import until

DEG = "--robot.use_degrees=true"
NORMALIZED = {"elbow_flex": {"lower": -1.0, "upper": 1.0, "unit": "normalized"}}


def arm(endpoint: str, **options):
    table = {**STATION, "endpoint": endpoint, "stale_s": 1.0, **options}
    return registry.create("robots", "robot", table, DeviceContext())


@pytest.fixture
def served(tmp_path):
    # Patient, so that a busy machine running tests is no silent client.
    with bridge(tmp_path, DEG, silence_ms=5000) as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One bridge for all tests that never move the arm."""
    with bridge(tmp_path_factory.mktemp("shared"), DEG, silence_ms=5000) as found:
        yield found


@pytest.fixture
def robot(served):
    robot = arm(served.endpoint)
    robot.connect()
    yield robot
    robot.disconnect()


def test_it_has_motors_and_says_how_it_is(robot):
    assert isinstance(robot, Motors)
    assert isinstance(robot, Monitored)
    health = robot.health()
    assert "LeRobot 0.4.4.shaped, bench_follower blue" in health.text
    assert health.bus_p99_ms > 0


@pytest.mark.parametrize("degrees", ["true", "false"])
def test_an_angle_is_the_same_angle_whatever_lerobot_calls_it(tmp_path, degrees):
    with bridge(tmp_path, f"--robot.use_degrees={degrees}", silence_ms=5000) as served:
        robot = arm(served.endpoint)
        robot.connect()
        try:
            target = np.array([0.5, -0.4, 0.3, 0.0, 0.2, 0.75])
            np.testing.assert_array_equal(robot.send_action(target), target)
            until(
                lambda: np.allclose(robot.get_observation().position, target, atol=1e-6),
                "the arm at its target",
            )
            half_turn = 2048 * 360 / 4095
            asked = served.told()[-1]["goal"]["shoulder_pan"]
            expected = np.degrees(0.5) * (1.0 if degrees == "true" else 200.0 / half_turn)
            assert asked == pytest.approx(expected)
            assert served.told()[-1]["goal"]["gripper"] == pytest.approx(75.0)
        finally:
            robot.disconnect()


def test_velocity_is_told_though_lerobot_measures_none(robot):
    start = robot.get_observation()
    assert (start.velocity == 0).all()
    robot.send_action(start.position + 0.8 * np.eye(6)[0])
    until(lambda: robot.get_observation().velocity[0] > 1.5, "motion")
    until(lambda: abs(robot.get_observation().velocity[0]) < 1e-6, "rest")


def test_what_lerobot_cut_off_is_what_was_sent(tmp_path):
    with bridge(tmp_path, DEG, "--robot.max_relative_target=5", silence_ms=5000) as served:
        robot = arm(served.endpoint)
        robot.connect()
        try:
            sent = robot.send_action(np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.5]))
            assert sent[0] == pytest.approx(np.radians(5.0))
        finally:
            robot.disconnect()


def test_the_stations_limits_count_and_a_shorter_calibrated_range_too(served):
    joints = {**STATION["joints"], "wrist_roll": {"lower": -3.0, "upper": 3.0}}
    robot = arm(served.endpoint, joints=joints)
    robot.connect()
    try:
        sent = robot.send_action(np.array([9.0, -9.0, 0.0, 0.0, 9.0, 9.0]))
        end = np.radians(2048 * 180 / 4095)
        np.testing.assert_allclose(sent, [1.5, -1.5, 0.0, 0.0, end, 1.0])
        (warning,) = robot.health().warnings
        assert "wrist_roll was calibrated from -1.57 to 1.57 rad" in warning
    finally:
        robot.disconnect()


def test_silence_stops_it_and_arming_puts_it_back_into_service(tmp_path):
    with bridge(tmp_path, DEG, silence_ms=300) as served:
        robot = arm(served.endpoint)
        robot.connect()
        try:
            target = robot.get_observation().position + 0.1
            robot.send_action(target)
            until(lambda: len(served.told()) >= 2, "the hold of a robot nobody drives")
            assert np.isfinite(robot.get_observation().position).all()
            with pytest.raises(SelfStoppedError, match=r"silent for 300 ms.*Arm it again"):
                robot.send_action(target)
            robot.engage()
            np.testing.assert_array_equal(robot.send_action(target), target)
        finally:
            robot.disconnect()


def test_a_loop_that_only_looks_is_alive(tmp_path):
    with bridge(tmp_path, DEG, silence_ms=300) as served:
        robot = arm(served.endpoint)
        robot.connect()
        try:
            ended = time.monotonic() + 0.9
            longest = last = 0.0
            while time.monotonic() < ended:
                now = time.monotonic()
                longest, last = max(longest, now - last) if last else 0.0, now
                robot.get_observation()
                time.sleep(0.005)
            # A machine that was too busy to look has been silent in truth.
            assert longest > 0.2 or served.told() == []
        finally:
            robot.disconnect()


def test_torque_goes_on_request_and_comes_back_where_the_arm_is(served, robot):
    robot.release()
    assert robot.engaged is False
    assert served.told("torque")[-1]["on"] is False
    again = arm(served.endpoint)
    robot.disconnect()
    again.connect()
    assert again.engaged is False
    again.engage()
    assert again.engaged is True
    assert served.told("torque")[-1]["on"] is True
    where = again.get_observation().position
    np.testing.assert_allclose(where, robot._reads.state(again._link.newest()).position)
    again.disconnect()


def replugged(served, robot, *, power_lost=False):
    """Its cable is pulled and put back; the arm is connected again."""
    served.unplug()

    def lost() -> bool:
        try:
            robot.get_observation()
        except DeviceLostError:
            return True
        return False

    until(lost, "the loss")
    robot.disconnect()
    if power_lost:
        (served.folder / "torque").unlink()
    served.replug()
    robot.connect()


def test_an_arm_that_was_released_has_no_torque_when_its_cable_is_back_until_it_is_armed(served):
    robot = arm(served.endpoint, stale_s=0.2)
    robot.connect()
    robot.release()
    assert (robot.engaged, robot.holds) == (False, False)
    replugged(served, robot)
    assert (robot.engaged, robot.holds) == (False, False)
    assert not (served.folder / "torque").exists()
    told = len(served.told())
    with pytest.raises(SelfStoppedError, match="not armed"):
        robot.send_action(robot.get_observation().position)
    robot.stop()
    assert len(served.told()) == told, "a goal gives some motors torque"
    robot.engage()
    assert (robot.engaged, robot.holds) == (True, True)
    robot.send_action(robot.get_observation().position)
    robot.disconnect()


@pytest.mark.parametrize("power_lost", [False, True])
def test_an_arm_that_held_holds_when_its_cable_is_back_unless_its_power_was_gone(
    served, power_lost
):
    robot = arm(served.endpoint, stale_s=0.2)
    robot.connect()
    robot.engage()
    replugged(served, robot, power_lost=power_lost)
    held = not power_lost
    assert (robot.engaged, robot.holds) == (held, held)
    assert (served.folder / "torque").exists() is held
    robot.disconnect()


def test_an_arm_without_torque_gets_none_by_being_served(tmp_path):
    with bridge(tmp_path, DEG, silence_ms=5000, held=False) as served:
        robot = arm(served.endpoint)
        robot.connect()
        assert (robot.engaged, robot.holds) == (False, False)
        assert not (tmp_path / "torque").exists()
        robot.disconnect()


def test_an_unplugged_arm_is_lost_by_name_and_comes_back_without_the_bridge_being_restarted(served):
    robot = arm(served.endpoint, stale_s=0.2)
    robot.connect()
    served.unplug()

    def lost() -> bool:
        try:
            robot.get_observation()
        except DeviceLostError as error:
            return "bench_follower blue does not answer: There is no status packet" in str(error)
        return False

    until(lost, "the loss")
    robot.disconnect()
    with pytest.raises(DeviceLostError, match="cannot connect bench_follower blue"):
        robot.connect()
    served.replug()
    robot.connect()
    assert np.isfinite(robot.get_observation().position).all()
    robot.disconnect()


def test_a_bridge_that_dies_is_a_loss_and_a_new_one_is_found(tmp_path):
    with bridge(tmp_path, DEG, silence_ms=5000) as served:
        robot = arm(served.endpoint)
        robot.connect()
        served.process.kill()

        def lost() -> bool:
            try:
                robot.send_action(np.zeros(6))
            except DeviceLostError as error:
                return "serve_lerobot.py" in error.remedy
            return False

        until(lost, "the loss")
    with pytest.raises(DeviceNotFoundError, match="Nothing serves"):
        robot.connect()
    with bridge(tmp_path, DEG, silence_ms=5000):
        robot.connect()
        assert robot.get_observation().position.shape == (6,)
        robot.disconnect()


def test_a_bridge_that_hangs_does_not_stop_the_loop(served, robot):
    os.kill(served.process.pid, signal.SIGSTOP)
    try:
        done = threading.Event()

        def tick() -> None:
            robot.send_action(np.zeros(6))  # gives up waiting for the answer, not for ever
            done.set()

        threading.Thread(target=tick, daemon=True).start()
        assert done.wait(5.0)
    finally:
        os.kill(served.process.pid, signal.SIGCONT)


def test_wheels_stand_still_and_joints_nobody_named_are_asked_about(tmp_path):
    with bridge(tmp_path, DEG, "--robot.wheels=true", silence_ms=5000) as served:
        without = {n: t for n, t in STATION["joints"].items() if n != "wrist_roll"}
        robot = arm(served.endpoint, joints=without)
        with pytest.raises(DeviceConfigError, match=r"no joint for wrist_roll\.pos.*ignored = "):
            robot.connect()
        robot = arm(served.endpoint, joints=without, ignored=["wrist_roll.pos"])
        robot.connect()
        assert robot.send_action(np.full(5, 0.1)).shape == (5,)
        assert served.told()[-1]["goal"]["wrist_roll"] == pytest.approx(0.0)
        robot.disconnect()


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"served": "so101_follower"}, DeviceNotFoundError, "'bench_follower'.*'so101_follower'"),
        ({"id": "green"}, DeviceNotFoundError, "the id 'blue' there.*'green'"),
        ({"joints": {"waist": {"lower": -1, "upper": 1}}}, DeviceConfigError, "'waist.pos'"),
        ({"joints": {**STATION["joints"], **NORMALIZED}}, DeviceConfigError, "use_degrees"),
    ],
)
def test_another_arm_than_the_stations_is_refused_before_it_moves(shared, options, error, sentence):
    robot = arm(shared.endpoint, **options)
    with pytest.raises(error, match=sentence):
        robot.connect()
    assert shared.told() == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"joints": {}}, "no joints"),
        ({"joints": {"pan": {}}}, "joints.pan: lower is nan"),
        ({"joints": {"pan": {"lower": 1.0, "upper": -1.0}}}, "lower < upper"),
        ({"joints": {"pan": {"lowest": 1.0}}}, "Unknown key 'lowest'"),
        ({"rest_pose": [0.0]}, "rest_pose"),
        ({"rest_pose": [9.0] * 6}, "within the limits"),
        ({"poll_hz": 0.0}, "poll_hz"),
        ({"endpoint": "there"}, "no endpoint"),
    ],
)
def test_a_station_file_that_makes_no_sense_is_refused_without_the_arm(options, sentence):
    with pytest.raises(DeviceConfigError, match=sentence):
        arm("127.0.0.1:5577", **options) if "endpoint" not in options else arm(**options)


def test_two_grippers_and_a_pose_of_rest_are_as_good_as_one():
    joints = {
        "left_pan": {"lower": -1.0, "upper": 1.0},
        "left_gripper": {},
        "right_gripper": {"velocity": 1.0},
    }
    robot = arm("127.0.0.1:5577", joints=joints, rest_pose=[0.1, 0.0, 0.0])
    assert robot.limits.openings.tolist() == [False, True, True]
    assert robot.limits.velocity.tolist() == [1.5, 3.0, 1.0]
    assert robot.rest_pose.tolist() == [0.1, 0.0, 0.0]
    assert set(JOINTS) == set(STATION["joints"])
