"""The simulated world as a process: found, commanded, reset, watched, killed and started again."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest

from drivers.base import DeviceLostError, DeviceNotFoundError
from drivers.registry import DeviceContext, create
from drivers.ring import RingReader
from drivers.simulation.world import World
from drivers.worlds.rings import state_path
from tests.waiting import PATIENCE_S, until

wait_for = partial(until, but=(DeviceNotFoundError, DeviceLostError))
# The bench this runs on is shared: only a dead world is silent for this long.
STALE_S = 1.5

SLOW_TO_SEE = """
import sys, time
from pathlib import Path
from drivers.simulation.world import World
from drivers.worlds.process import serve

class Eye:
    def __init__(self, eye):
        self.eye, self.close, self.seen = eye, eye.close, Path(sys.argv[1], "seen")

    def render(self, visible, camera):
        image = self.eye.render(visible, camera)
        if not self.seen.exists():
            time.sleep(0.3)
            self.seen.write_text(str(time.monotonic()))
        return image

class SlowToSee(World):
    def onlooker(self):
        return Eye(super().onlooker())

serve(SlowToSee(3), Path(sys.argv[1]))
"""


@contextlib.contextmanager
def world_process(runtime, seed=3):
    command = [sys.executable, "-m", "drivers.simulation.process", "--runtime", str(runtime)]
    with subprocess.Popen([*command, "--seed", str(seed)]) as process:
        try:
            yield process
        finally:
            process.kill()


def arm(runtime):
    table = {"type": "simulated_viperx", "stale_s": STALE_S}
    return create("robots", "arm", table, DeviceContext(runtime=runtime))


def connected(robot):
    wait_for(lambda: robot.connect() or True, "connecting")
    return robot


def test_the_arm_obeys_resets_and_holds_when_commands_stop(tmp_path):
    with world_process(tmp_path) as process:
        robot = connected(arm(tmp_path))
        robot.reset_scene(11)
        seen = robot.get_observation()
        expected = World(11).environment()
        assert np.allclose(seen.environment_state[[0, 1, 5, 6]], expected[[0, 1, 5, 6]], atol=1e-6)

        goal = seen.position.copy()
        goal[0] += 0.6

        def arrived():
            robot.send_action(goal)
            return abs(robot.get_observation().position[0] - goal[0]) < 0.02

        wait_for(arrived, "reaching the target")
        robot.send_action(goal + np.array([2.0, 0, 0, 0, 0, 0, 0]))
        # Nobody commands any more: the arm stops long before it is there.
        wait_for(lambda: robot.get_observation().velocity[0] > 0.2, "setting off")
        wait_for(lambda: abs(robot.get_observation().velocity[0]) < 0.05, "holding")
        assert robot.get_observation().position[0] < goal[0] + 1.9
        robot.disconnect()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert list(tmp_path.iterdir()) == [], "a world that ends cleanly leaves nothing behind"


def test_frames_arrive_in_order_with_their_capture_times(tmp_path):
    with world_process(tmp_path):
        table = {"type": "simulated", "latency_s": 0.05}
        cameras = {
            name: create("cameras", name, table, DeviceContext(runtime=tmp_path))
            for name in ("top", "wrist")
        }
        for camera in cameras.values():
            wait_for(lambda camera=camera: camera.connect() or True, "connecting")
            frames = [wait_for(lambda camera=camera: camera.read(0.2), "a frame") for _ in range(4)]
            assert all(time.monotonic() - frame.t >= 0.05 for frame in frames)
            assert all(np.diff([frame.sequence for frame in frames]) >= 1)
            assert all(np.diff([frame.t for frame in frames]) > 0)
            assert frames[0].image.shape == (480, 640, 3)
            assert frames[0].image.std() > 20
            camera.disconnect()
            camera.disconnect()


def test_a_killed_world_is_a_lost_arm_and_a_new_one_is_found_again(tmp_path):
    robot = arm(tmp_path)
    with pytest.raises(DeviceNotFoundError, match="Restart"):
        robot.connect()
    camera = create("cameras", "top", {"type": "simulated"}, DeviceContext(runtime=tmp_path))
    with pytest.raises(DeviceNotFoundError, match="Restart"):
        camera.connect()
    with world_process(tmp_path) as process:
        connected(robot)
        robot.reset_scene(5)
        wait_for(lambda: camera.connect() or True, "connecting")
        wait_for(lambda: camera.read(0.2), "a frame")
        process.kill()
        process.wait(PATIENCE_S)
        with pytest.raises(DeviceLostError, match="limit is 1500 ms"):
            wait_for_loss(robot.get_observation)
        with pytest.raises(DeviceLostError, match="No frame for"):
            wait_for_loss(lambda: camera.read(0.2))
    with world_process(tmp_path, seed=8):
        wait_for(robot.get_observation, "the new world's state")
        robot.reset_scene(9)
        wanted = World(9).environment()
        assert np.allclose(robot.get_observation().environment_state[0], wanted[0], atol=1e-6)
        robot.disconnect()
    camera.disconnect()


def test_a_world_whose_first_picture_takes_long_is_not_there_before_it(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SLOW_TO_SEE, str(tmp_path)]) as process:
        try:
            connected(arm(tmp_path))
            reader = RingReader(state_path(tmp_path))
            first = reader.since(0)[0]["t"][0]
            reader.close()
        finally:
            process.kill()
    assert first >= float((tmp_path / "seen").read_text())


def wait_for_loss(read):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        read()
        time.sleep(0.01)
