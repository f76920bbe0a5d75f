"""An environment in a process of its own: described, found, stepped, watched, killed."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError
from drivers.registry import DeviceContext, create
from tests.drivers.environments.parts import process, robot_at, wait_for, world
from tests.waiting import PATIENCE_S


def test_its_names_and_limits_are_known_before_it_runs(tmp_path):
    made = world()
    robot = robot_at(tmp_path)
    assert robot.limits.names == made.limits.names
    np.testing.assert_array_equal(robot.limits.velocity, made.limits.velocity)
    assert robot.environment_names == made.environment_names
    assert (tmp_path / "world.json").exists()
    with pytest.raises(DeviceNotFoundError, match="Restart"):
        robot.connect()
    made.close()


def test_what_cannot_be_made_is_refused_in_the_same_words_as_in_lockstep(tmp_path):
    with pytest.raises(DeviceConfigError, match="Did you mean reach/Reach-v0"):
        robot_at(tmp_path, id="reach/Rech-v0")
    with process(tmp_path, id="reach/Button-v0") as failed:
        _, said = failed.communicate(timeout=PATIENCE_S)
        assert failed.returncode == 1
    assert "not a Box" in said
    assert "Traceback" not in said


def test_in_real_time_it_moves_a_step_for_each_command_and_shows_it(tmp_path):
    with process(tmp_path, kwargs={"observes": "pixels"}) as running:
        robot = robot_at(tmp_path, kwargs={"observes": "pixels"})
        wait_for(lambda: robot.connect() or True, "connecting")
        robot.reset_scene(11)
        expected = world(seed=11)
        start = robot.get_observation()
        np.testing.assert_array_equal(start.position, expected.state().position)
        np.testing.assert_array_equal(start.environment_state, expected.state().environment_state)
        seen = robot.observation(start)
        assert set(seen) == {"agent_pos", "scene"}
        np.testing.assert_allclose(seen["scene"]["goal"], expected.observation["scene"]["goal"])

        camera = create("cameras", "scene", {"type": "simulated"}, DeviceContext(runtime=tmp_path))
        wait_for(lambda: camera.connect() or True, "connecting the camera")
        assert (camera.height, camera.width) == (64, 64)
        still = wait_for(lambda: camera.read(0.2), "a picture")

        goal = np.array([-0.3, 0.0])
        robot.send_action(goal)
        expected.command(goal)
        expected.step_to(1.0)
        there = expected.state().position
        wait_for(lambda: np.allclose(robot.get_observation().position, there), "one step")

        def arrived():
            robot.send_action(goal)
            return np.allclose(robot.get_observation().position, goal)

        wait_for(arrived, "arriving")
        wait_for(lambda: not np.array_equal(camera.read(0.2).image, still.image), "a new picture")
        wait_for(lambda: "ms a step" in robot.health().text, "its pace")
        assert robot.health().warnings == ()
        robot.disconnect()
        camera.disconnect()
        expected.close()
        running.terminate()
        assert running.wait(PATIENCE_S) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["world.json"]


def test_an_environment_that_fails_is_a_lost_robot_and_says_why(tmp_path):
    with process(tmp_path, id="reach/Breaking-v0", stale_s=0.5) as running:
        robot = robot_at(tmp_path, id="reach/Breaking-v0", stale_s=0.5)
        wait_for(lambda: robot.connect() or True, "connecting")

        def breaks():
            robot.send_action(np.zeros(2))
            return running.poll() is not None

        wait_for(breaks, "failing")
        _, said = running.communicate(timeout=PATIENCE_S)
        assert "Breaking-v0 failed: ValueError: the plane is full" in said

        def lost():
            try:
                robot.get_observation()
            except DeviceLostError as error:
                return "Start the simulated world again" in error.remedy
            return False

        wait_for(lost, "losing it")
        robot.disconnect()


def test_the_rings_of_another_world_are_refused(tmp_path):
    with process(tmp_path):
        robot = robot_at(tmp_path)
        wait_for(lambda: robot.connect() or True, "connecting")
        robot.disconnect()
        other = create(
            "robots", "arm", {"type": "simulated_viperx"}, DeviceContext(runtime=tmp_path)
        )
        with pytest.raises(DeviceNotFoundError, match="moves x, y; this station moves waist"):
            other.connect()


def test_a_camera_that_the_environment_lacks_is_named_with_those_it_has(tmp_path):
    with process(tmp_path):
        robot = robot_at(tmp_path)
        wait_for(lambda: robot.connect() or True, "connecting")
        camera = create("cameras", "top", {"type": "simulated"}, DeviceContext(runtime=tmp_path))
        with pytest.raises(DeviceNotFoundError, match="Set source to one of: scene"):
            camera.connect()
        robot.disconnect()
