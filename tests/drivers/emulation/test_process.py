"""The emulation as a process beside the real simulated world: the SDK moves the simulated arm."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import numpy as np
import pytest
from dynamixel_sdk import COMM_RX_TIMEOUT, COMM_SUCCESS

from drivers.base import DeviceLostError, DriverError, RobotState
from drivers.dynamixel.tables import RAD_PER_TICK
from drivers.emulation.arms import GELLO, VIPERX_300S
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.control import ask
from drivers.emulation.process import link, main
from drivers.emulation.requests import RequestError
from drivers.emulation.scene import Scene
from drivers.emulation.world import WorldPhysics
from drivers.ring import RingError, RingReader
from drivers.simulation.world import World
from tests.drivers.emulation.parts import Client
from tests.waiting import PATIENCE_S, until

ALL = range(1, 10)
# The bench this runs on is shared: only a dead world is silent for this long.
PATIENT = ("--stale-s", "1.5")


@contextlib.contextmanager
def running(module, runtime, *options):
    command = [sys.executable, "-m", module, "--runtime", str(runtime), *options]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


class Away:
    """The SDK on the port of an arm that another process emulates."""

    def __init__(self, runtime, name, build):
        physics = build.free()
        self.servos = build.servos(physics)
        self.port = str(link(runtime, name))

    def servo(self, device):
        return next(servo for servo in self.servos if servo.id == device)


def client(runtime, name, build):
    until(lambda: link(runtime, name).exists(), f"the {name}'s port")
    return Client(Away(runtime, name, build))


def world_state(runtime):
    try:
        reader = RingReader(runtime / "world-state.ring")
    except RingError:
        return None
    record = reader.latest()
    reader.close()
    return record


def answers(follower):
    return follower.packets.ping(follower.port, 1)[1] == COMM_SUCCESS


def test_the_follower_is_the_simulated_arm_and_has_power_while_the_world_runs(tmp_path):
    with running("drivers.emulation.process", tmp_path, *PATIENT) as process:
        follower = client(tmp_path, "follower", VIPERX_300S)
        leader = client(tmp_path, "leader", GELLO)
        assert follower.packets.ping(follower.port, 1)[1] == COMM_RX_TIMEOUT, "no world, no power"
        assert leader.packets.ping(leader.port, 1)[1] == COMM_SUCCESS
        with running("drivers.simulation.process", tmp_path, "--seed", "3") as world:
            until(lambda: answers(follower), "power")
            check_pose(follower, tmp_path)
            move(follower, tmp_path)
            reset(follower, tmp_path)
            world.kill()
            world.wait(PATIENCE_S)
            until(lambda: not answers(follower), "losing power")
        with running("drivers.simulation.process", tmp_path, "--seed", "4"):
            until(lambda: answers(follower), "power again")
            assert follower.read(1, "torque_enable") == 0
        follower.close()
        leader.close()
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    left = {path.name for path in tmp_path.iterdir()}
    assert not left & {"follower.tty", "leader.tty", "emulation.sock", "world-commands.ring"}


def check_pose(follower, runtime):
    """What the servos say is where the world's joints are, by the packaged calibration."""
    group = follower.group(ALL)

    def agrees():
        if group.txRxPacket() != COMM_SUCCESS:
            return False
        ticks = [group.getData(part.id, 132, 4) for part in VIPERX_300S.parts]
        scale = VIPERX_300S.scale()
        seen = scale.positions(np.array(ticks, float), np.zeros(7))
        return np.allclose(seen, world_state(runtime)["position"], atol=0.01)

    until(agrees, "equal poses")


def move(follower, runtime):
    """A goal moves the joint; torque off keeps a later one from moving it; silence stops it."""
    start = float(world_state(runtime)["position"][0])
    for device in ALL:
        assert follower.write(device, "torque_enable", 1)[0] == COMM_SUCCESS
    ticks = follower.read(1, "present_position")
    assert follower.write(1, "goal_position", ticks + 300) == (COMM_SUCCESS, 0)
    goal = start + 300 * RAD_PER_TICK
    until(lambda: abs(world_state(runtime)["position"][0] - goal) < 0.03, "the goal")
    assert follower.write(1, "torque_enable", 0) == (COMM_SUCCESS, 0)
    assert follower.write(1, "goal_position", ticks) == (COMM_SUCCESS, 0)
    follower.write(6, "goal_position", follower.read(6, "present_position") + 200)
    turned = world_state(runtime)["position"][3] + 200 * RAD_PER_TICK
    until(lambda: abs(world_state(runtime)["position"][3] - turned) < 0.03, "another joint")
    assert abs(world_state(runtime)["position"][0] - goal) < 0.03, "a joint at rest stays"
    assert follower.write(1, "torque_enable", 1) == (COMM_SUCCESS, 0)
    assert follower.write(1, "profile_velocity", 10) == (COMM_SUCCESS, 0)
    assert follower.write(1, "goal_position", 1000) == (COMM_SUCCESS, 0)
    assert follower.write(1, "bus_watchdog", 2) == (COMM_SUCCESS, 0)
    until(lambda: follower.read(1, "bus_watchdog") == -1 or pause(follower), "the watchdog")
    assert follower.read(1, "goal_position") > 1000
    assert follower.write(1, "bus_watchdog", 0) == (COMM_SUCCESS, 0)


def pause(follower):
    """Says nothing for longer than the watchdog waits."""
    follower.packets.ping(follower.port, 99)
    follower.packets.ping(follower.port, 99)
    return False


def reset(follower, runtime):
    assert ask(runtime, "follower", "reset=11") == "The scene is at the start of seed 11."
    assert int(world_state(runtime)["seed"]) == 11
    start = world_state(runtime)["position"].copy()
    for device in (1, 2, 4):
        assert (
            abs(follower.read(device, "goal_position") - follower.read(device, "present_position"))
            < 9
        )
    assert np.allclose(world_state(runtime)["position"], start, atol=0.02), "the arm stays there"
    with pytest.raises(RequestError, match="Move the leader"):
        ask(runtime, "follower", "pose=elbow:0.3")


def test_the_scene_is_seen_and_reset_beside_the_servos(tmp_path):
    scene = Scene("arm", tmp_path, stale_s=PATIENCE_S)
    state = RobotState(0.0, np.zeros(7), np.zeros(7), np.zeros(7))
    with pytest.raises(DeviceLostError, match="Restart"):
        scene.describe(state)
    with pytest.raises(DeviceLostError, match="Start one"):
        scene.reset(1)
    with (
        running("drivers.emulation.process", tmp_path, *PATIENT),
        running("drivers.simulation.process", tmp_path, "--seed", "3"),
    ):
        follower = client(tmp_path, "follower", VIPERX_300S)
        until(lambda: answers(follower), "power")
        scene.reset(11)
        placed = [0, 1, 5, 6]  # cube and tray; the rest moves with the arm
        assert scene.describe(state).environment_state[placed] == pytest.approx(
            World(11).state().environment_state[placed], abs=1e-6
        )
        assert not state.success
        follower.close()
    scene.close()
    scene.close()


def test_a_reset_without_a_world_is_refused(tmp_path):
    physics = WorldPhysics("arm", tmp_path, VIPERX_300S.scale(), VIPERX_300S.torque_constants())
    with EmulatedBus(VIPERX_300S.servos(physics), physics), pytest.raises(DriverError):
        physics.reset(1)


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--runtime", str(tmp_path / "nowhere")])
    assert "nowhere is no folder" in capsys.readouterr().err
