"""LeRobot itself, in its own environment, on emulated Koch arms: what the stand-in promises is so.

Runs where ``LEROBOT_PYTHON`` names the Python of an environment that has ``lerobot[dynamixel]``.
"""

import os
import subprocess

import numpy as np
import pytest

from drivers import registry
from drivers.base import DeviceLostError, RobotState, TeleoperatorView
from drivers.emulation.arms import KOCH_FOLLOWER, KOCH_LEADER
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.hands import Leading
from drivers.registry import DeviceContext
from tests.fakes.lerobot_bridge import JOINTS, command, running
from tests.waiting import until

PYTHON = os.environ.get("LEROBOT_PYTHON", "")
pytestmark = pytest.mark.skipif(not PYTHON, reason="LEROBOT_PYTHON names no LeRobot")

RANGES = {"shoulder_pan": (0, 4095), "wrist_roll": (0, 4095), "gripper": (1950, 2950)}
BODY = (1000, 3096)
CALIBRATE = """
import sys, pathlib, importlib
kind, port, folder = sys.argv[1:]
package = "robots" if kind == "follower" else "teleoperators"
module = importlib.import_module(f"lerobot.{package}.koch_{kind}")
name = f"Koch{kind.title()}"
folder = pathlib.Path(folder)
config = getattr(module, name + "Config")(port=port, id="bench", calibration_dir=folder)
arm = getattr(module, name)(config)
arm.bus.connect()
found = arm.bus.read_calibration()
ranges = RANGES
for motor, calibration in found.items():
    calibration.range_min, calibration.range_max = ranges.get(motor, BODY)
arm.bus.disable_torque()
arm.bus.write_calibration(found)
arm.calibration = found
arm._save_calibration()
arm.bus.disconnect()
""".replace("RANGES", repr(RANGES)).replace("BODY", repr(BODY))


@pytest.fixture
def served(tmp_path):
    """Serves an emulated Koch through LeRobot; gives its bus and the bridge."""
    stack = []

    def serve(kind, build, *options):
        folder = tmp_path / kind
        folder.mkdir()
        bus = EmulatedBus(build.servos(physics := build.free()), physics, folder / "arm.tty")
        bus.start()
        stack.append(bus.close)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment["HF_HOME"] = str(folder)
        subprocess.run(
            [PYTHON, "-c", CALIBRATE, kind, str(folder / "arm.tty"), str(folder)],
            check=True,
            env=environment,
            cwd=folder,
            timeout=120,
        )
        served_as = "robot" if kind == "follower" else "teleop"
        endpoint = f"unix:{folder}/bridge.sock"
        line = command(
            endpoint,
            f"--{served_as}.type=koch_{kind}",
            f"--{served_as}.id=bench",
            f"--{served_as}.port={folder / 'arm.tty'}",
            f"--{served_as}.calibration_dir={folder}",
            *options,
            python=PYTHON,
        )
        bridge = running(line, folder, endpoint, environment)
        found = bridge.__enter__()
        stack.append(lambda: bridge.__exit__(None, None, None))
        return bus, found

    yield serve
    for close in reversed(stack):
        close()


def station(endpoint: str) -> dict:
    joints = {name: {"lower": -1.5, "upper": 1.5} for name in JOINTS[:-1]}
    return {
        "type": "lerobot",
        "endpoint": endpoint,
        "served": "koch_follower",
        "id": "bench",
        "joints": {**joints, "gripper": {}},
        "stale_s": 0.5,
    }


def angle(bus, device: int) -> float:
    """What a body servo measures, in LeRobot's degrees, as rad."""
    with bus.lock:
        return np.radians(
            (bus.servo(device).value("present_position") - sum(BODY) / 2) * 360 / 4095
        )


@pytest.mark.timeout(180)
@pytest.mark.parametrize("degrees", ["true", "false"])
def test_a_koch_follower_goes_where_it_is_sent_and_holds_when_nobody_drives(served, degrees):
    bus, bridge = served("follower", KOCH_FOLLOWER, f"--robot.use_degrees={degrees}")
    robot = registry.create("robots", "robot", station(bridge.endpoint), DeviceContext())
    robot.connect()
    try:
        with bus.lock:
            assert not any(servo.torque for servo in bus.servos), "nobody armed it"
        robot.engage()
        start = robot.get_observation().position
        assert start[1] == pytest.approx(angle(bus, 2), abs=0.01)
        target = np.array([0.4, 1.0, 1.1, 0.2, -0.3, 0.8])

        def there() -> bool:
            step = robot.get_observation().position
            sent = robot.send_action(step + np.clip(target - step, -0.1, 0.1))
            assert np.isfinite(sent).all()
            return np.allclose(step, target, atol=0.03)

        until(there, "the arm at its target")
        assert angle(bus, 3) == pytest.approx(target[2], abs=0.03)
        health = robot.health()
        assert "koch_follower bench" in health.text
        robot.send_action(target + 0.5 * np.eye(6)[0])
        robot.stop()
        where = robot.get_observation().position[0]
        until(lambda: abs(robot.get_observation().velocity[0]) < 0.02, "rest")
        assert abs(robot.get_observation().position[0] - where) < 0.2
        robot.release()
        with bus.lock:
            assert not any(servo.torque for servo in bus.servos)
        robot.engage()
        with bus.lock:
            assert all(servo.torque for servo in bus.servos)
    finally:
        robot.disconnect()


@pytest.mark.timeout(180)
def test_a_pulled_cable_is_a_loss_and_comes_back_by_connecting_again(served):
    bus, bridge = served("follower", KOCH_FOLLOWER, "--robot.use_degrees=true")
    robot = registry.create("robots", "robot", station(bridge.endpoint), DeviceContext())
    robot.connect()
    bus.unplug()

    def raises() -> bool:
        try:
            robot.get_observation()
        except DeviceLostError:
            return True
        return False

    until(raises, "the loss")
    bus.replug()

    def back() -> bool:
        try:
            robot.disconnect()
            robot.connect()
        except DeviceLostError:
            return False
        return True

    until(back, "the arm back", seconds=60)
    with bus.lock:
        assert not any(servo.torque for servo in bus.servos), "nobody armed it"
    assert np.isfinite(robot.get_observation().position).all()
    robot.disconnect()


@pytest.mark.timeout(180)
def test_a_koch_leader_leads_by_clutch(served):
    bus, bridge = served("leader", KOCH_LEADER)
    table = {"type": "lerobot", "endpoint": bridge.endpoint, "stale_s": 0.5}
    context = DeviceContext(joint_names=JOINTS)
    device = registry.create("teleoperators", "leader", table, context)
    device.connect()
    try:
        arm = np.array([0.2, 0.1, -0.1, 0.0, 0.0, 0.5])
        nan = float("nan")

        def view(controller: str) -> TeleoperatorView:
            state = RobotState(0.0, arm, np.zeros(6), np.zeros(6))
            return TeleoperatorView(state, arm.copy(), controller, True, nan, nan, 0.02)

        # LeRobot has its trigger spring back to half open.
        until(lambda: abs(device._pose()[-1] - 0.5) < 0.01, "the trigger at rest")
        device.begin(view("policy"))
        np.testing.assert_allclose(device.get_action(view("human")).action, arm, atol=0.02)
        before = angle(bus, 3)
        with bus.changing():
            at = bus.physics.present(2).position
            bus.physics.hand(2, Leading(at - 200))  # a hand moves the elbow
        moved = []

        def follows() -> bool:
            moved[:] = [device.get_action(view("human")).action[2] - arm[2]]
            return abs(moved[0]) > 0.25

        until(follows, "the motion of the leader")
        assert moved[0] == pytest.approx(angle(bus, 3) - before, abs=0.03)
    finally:
        device.disconnect()
