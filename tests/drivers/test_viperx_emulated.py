"""The real driver before the simulated scene: what only a simulation knows, and its reset."""

import contextlib
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from drivers.base import DeviceConfigError, DriverError, SceneReset, SelfStoppedError
from drivers.registry import DeviceContext, create, processes, world
from drivers.robots.simulated_viperx import SimulatedViperX
from drivers.simulation.names import ENVIRONMENT_NAMES
from drivers.simulation.world import World
from tests.fakes.emulated_follower import PATIENT
from tests.waiting import PATIENCE_S

TABLE = {"type": "viperx_emulated", "stale_s": 5.0, **PATIENT}


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runtime")
    with contextlib.ExitStack() as stack:
        for process in processes(TABLE, folder):
            command = [sys.executable, "-m", process.module, *process.arguments]
            started = stack.enter_context(subprocess.Popen(command))
            stack.callback(started.terminate)
        yield folder


@pytest.fixture
def robot(runtime):
    made = create("robots", "robot", TABLE, DeviceContext(runtime=runtime))
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            made.connect()
            made.get_observation()
            break
        except DriverError:
            made.disconnect()
            assert time.monotonic() < deadline, "the emulation did not answer"
            time.sleep(0.05)
    yield made
    made.disconnect()


def test_servos_say_where_the_arm_is_and_the_world_where_the_cube_is(robot):
    assert isinstance(robot, SceneReset)
    robot.reset_scene(11)
    state = robot.get_observation()
    expected = World(11)
    np.testing.assert_allclose(state.position, expected.state().position, atol=0.02)
    known = [ENVIRONMENT_NAMES.index(name) for name in ("cube_x", "cube_y", "tray_x", "tray_y")]
    np.testing.assert_allclose(
        state.environment_state[known], expected.environment()[known], atol=1e-3
    )
    assert state.stage >= 0
    assert not state.success


def test_after_a_reset_the_arm_stays_in_the_new_pose_and_goes_on_from_there(robot):
    robot.reset_scene(1)
    robot.engage()
    goal = robot.get_observation().position
    goal[0] += 0.6
    deadline = time.monotonic() + PATIENCE_S
    while abs(robot.get_observation().position[0] - goal[0]) > 0.05:
        robot.send_action(goal)
        assert time.monotonic() < deadline
        time.sleep(0.01)
    robot.reset_scene(2)
    start = World(2).state().position
    for _ in range(30):
        state = robot.get_observation()
        assert np.abs(state.position - start)[:6].max() < 0.05, "it ran back to its old goal"
        time.sleep(0.01)
    assert robot.engaged
    robot.send_action(state.position)


def test_a_reset_engages_nothing_that_was_not(robot):
    robot.engage()
    robot.release()
    robot.reset_scene(3)
    assert not robot.engaged
    with pytest.raises(SelfStoppedError):
        robot.send_action(robot.get_observation().position)


def test_in_lockstep_it_is_the_simulated_arm_on_the_world_that_is_given():
    made = world(TABLE, seed=4)
    try:
        robot = create("robots", "robot", TABLE, DeviceContext(world=made))
        assert isinstance(robot, SimulatedViperX)
        assert made.seed == 4
    finally:
        made.close()


def test_it_needs_the_world_and_the_emulation_beside_it(tmp_path):
    needed = processes({"type": "viperx_emulated", "paced": True}, tmp_path)
    assert [process.name for process in needed] == ["world", "emulation"]
    assert needed[1].arguments[-1] == "--paced"
    with pytest.raises(DeviceConfigError, match="no simulated world"):
        create("robots", "robot", {"type": "viperx_emulated"}, DeviceContext())


def test_a_stop_may_come_while_the_scene_is_put_back(robot):
    robot.engage()
    resets = threading.Thread(target=lambda: [robot.reset_scene(seed) for seed in range(6)])
    resets.start()
    while resets.is_alive():
        robot.stop()
        robot.get_observation()
        time.sleep(0.002)
    resets.join()
    assert robot.engaged
    robot.send_action(robot.get_observation().position)
