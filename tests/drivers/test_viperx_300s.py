"""The ViperX 300 S through the real SDK: its table, its calibration, and a host that dies."""

import itertools
import signal
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DeviceNotFoundError,
    InvalidActionError,
    Monitored,
    Motors,
    SelfStoppedError,
)
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel.tables import RAD_PER_TICK
from drivers.emulation.arms import GELLO, VIPERX_300S
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.physics import Axis, FreeArm
from drivers.registry import DeviceContext, create
from drivers.robots import viperx_300s
from drivers.simulation.names import LIMITS
from tests.fakes.emulated_follower import PATIENT, emulated_follower
from tests.waiting import until

WATCHDOG_S = 0.08
STOPS_WITHIN_S = 0.1


@pytest.fixture
def bench(tmp_path):
    with emulated_follower(tmp_path, "viperx_300s") as bench:
        yield bench


def build(context=None, **table):
    table = {"type": "viperx_300s", "port": "emulated:robot", **table}
    return create("robots", "robot", table, context or DeviceContext())


def test_it_says_how_it_is_and_lets_its_motors_be_switched(bench):
    robot = bench.device
    assert isinstance(robot, Motors)
    assert isinstance(robot, Monitored)
    assert robot.health().text == "not connected"
    assert not robot.engaged
    robot.connect()
    assert "bus p99" in robot.health().text
    np.testing.assert_array_equal(robot.rest_pose, viperx_300s.REST)
    robot.engage()
    assert robot.engaged
    robot.release()
    assert not robot.engaged
    robot.disconnect()
    assert not robot.engaged


def test_its_description_is_that_of_the_arm_it_drives():
    made = VIPERX_300S.calibration("robot")
    assert viperx_300s.DESCRIPTION.names == LIMITS.names == made.names
    assert viperx_300s.DESCRIPTION.primary == made.primary
    assert viperx_300s.DESCRIPTION.ids == tuple(sorted(made.ids))


def test_limits_are_the_arms_within_what_was_calibrated(bench):
    assert (bench.device.limits.lower >= LIMITS.lower).all()
    assert bench.device.limits.lower[0] == -3.14
    np.testing.assert_array_equal(bench.device.limits.lower[1:3], LIMITS.lower[1:3])


@pytest.mark.parametrize("said", ["[0.0, 0.1]", "[0, 0, nan, 0, 0, 0, 0]"])
def test_a_rest_pose_that_is_none_is_told_by_its_key_with_the_joints(tmp_path, said):
    pose = [float(value) for value in said.strip("[]").split(",")]
    table = {"type": "viperx_300s", "port": "", "rest_pose": pose}
    with pytest.raises(DeviceConfigError, match=r"rest_pose is \[.*one number for each of waist"):
        create("robots", "robot", table, DeviceContext(calibrations=tmp_path))


def test_an_arm_without_calibration_can_be_built_but_not_connected(tmp_path):
    robot = build(DeviceContext(runtime=tmp_path, calibrations=tmp_path))
    np.testing.assert_array_equal(robot.limits.upper, LIMITS.upper)
    with pytest.raises(DeviceConfigError, match=r"no calibration.*robot.toml.*dagger-gui calib"):
        robot.connect()
    with pytest.raises(DeviceConfigError, match="no folder of calibrations"):
        build().connect()


def test_a_calibration_made_meanwhile_is_used_at_the_next_connection(bench):
    file = bench.calibrations / "robot.toml"
    kept = file.read_text()
    file.write_text("joints = 3")
    with pytest.raises(DeviceConfigError, match=r"robot\.toml"):
        bench.device.connect()
    file.write_text(kept)
    bench.device.connect()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda made: {"joints": made.joints[:-1]}, "has the joints waist, .*; this arm has"),
        (
            lambda made: {
                "joints": (
                    made.joints[0],
                    msgspec.structs.replace(made.joints[1], lower=1.5, upper=1.9),
                    *made.joints[2:],
                )
            },
            r"shoulder goes from 1.50 to 1.90 rad; this arm's goes from -1.85",
        ),
    ],
)
def test_a_calibration_of_another_kind_of_arm_is_refused(bench, change, says):
    made = VIPERX_300S.calibration("robot")
    calibrations.write(
        bench.calibrations / "robot.toml", msgspec.structs.replace(made, **change(made))
    )
    with pytest.raises(DeviceConfigError, match=says):
        bench.device.connect()


@pytest.mark.parametrize(
    ("table", "rate_hz", "says"),
    [
        ({"power": 1.5}, 0, "power is 1.5"),
        ({"watchdog_ms": 90}, 0, "watchdog_ms is 90"),
        ({"watchdog_ms": 0}, 0, "watchdog_ms is 0: nothing would stop the arm.*from 40 to 2540"),
        ({"watchdog_ms": 80}, 20, "watchdog_ms is 80, and at 20 Hz a goal comes every 50 ms"),
        ({"rest_pose": [0.0, 1.0]}, 0, "one number for each of waist"),
        ({"colour": "red"}, 0, "Unknown key 'colour'"),
        ({"baud": "fast"}, 0, "baud is 'fast'"),
    ],
)
def test_a_table_that_makes_no_sense_is_refused_by_key_and_choice(table, rate_hz, says):
    with pytest.raises((DeviceConfigError, InvalidActionError), match=says):
        build(DeviceContext(rate_hz=rate_hz), **table)


def test_a_port_must_be_named_and_be_there(tmp_path):
    with pytest.raises(DeviceConfigError, match="Missing key 'port'"):
        create("robots", "robot", {"type": "viperx_300s"}, DeviceContext())
    calibrations.write(tmp_path / "robot.toml", VIPERX_300S.calibration("robot"))
    context = DeviceContext(runtime=tmp_path, calibrations=tmp_path)
    with pytest.raises(DeviceNotFoundError, match="no serial port"):
        build(context).connect()
    with pytest.raises(DeviceLostError, match="not connected"):
        build(context).get_observation()


def test_a_calibration_elsewhere_can_be_named(tmp_path, bench):
    other = bench.calibrations / "spare arm.toml"
    (bench.calibrations / "robot.toml").rename(other)
    for named in ("spare arm.toml", str(other)):
        robot = build(
            DeviceContext(runtime=tmp_path, calibrations=bench.calibrations),
            calibration=named,
            **PATIENT,
        )
        robot.connect()
        robot.disconnect()


def test_swapped_ports_are_told_before_any_torque(tmp_path):
    physics = GELLO.free()
    made = tmp_path / "calibration"
    calibrations.write(made / "robot.toml", VIPERX_300S.calibration("robot"))
    calibrations.write(made / "gello.toml", GELLO.calibration("gello"))
    with EmulatedBus(GELLO.servos(physics), physics, tmp_path / "robot.tty") as emulated:
        robot = build(DeviceContext(runtime=tmp_path, calibrations=made), **PATIENT)
        with pytest.raises(DeviceConfigError, match=r"This is the gello .*, not the robot") as e:
            robot.connect()
        assert "Swap the ports of gello and robot" in e.value.remedy
        assert not any(servo.torque for servo in emulated.servos)


def test_an_action_beyond_the_limits_of_the_arm_never_reaches_a_servo(bench):
    robot = bench.device
    robot.connect()
    robot.engage()
    robot.send_action(np.array([9.0, 9.0, 9.0, 9.0, 9.0, 9.0, 9.0]))
    robot.get_observation()
    for servo in bench.emulated.servos:
        low, high = (servo.value(f"{end}_position_limit") for end in ("min", "max"))
        assert low <= servo.value("goal_position") <= high
    with pytest.raises(InvalidActionError, match="elbow"):
        robot.send_action(np.array([0.0, 0.0, np.nan, 0.0, 0.0, 0.0, 0.0]))


def test_released_it_takes_no_goals_and_says_so(bench):
    robot = bench.device
    robot.connect()
    robot.engage()
    robot.release()
    with pytest.raises(SelfStoppedError, match=r"The arm is not armed"):
        robot.send_action(robot.get_observation().position)
    robot.stop()


class Logged(FreeArm):
    """An arm that notes where it is and how often it was spoken to, by its own clock."""

    def __init__(self, axes):
        super().__init__(axes)
        self.log = []
        self.spoken_to = lambda: 0

    def advance(self, now):
        super().advance(now)
        self.log.append((now, self.spoken_to(), self.present(0).position))


def test_a_host_that_is_killed_stops_the_arm_within_100_ms(tmp_path):
    made = tmp_path / "calibration"
    calibrations.write(made / "robot.toml", VIPERX_300S.calibration("robot"))
    physics = Logged([Axis(start=100.0), *(Axis() for _ in VIPERX_300S.parts[1:])])
    with EmulatedBus(VIPERX_300S.servos(physics), physics, tmp_path / "robot.tty") as emulated:
        physics.spoken_to = lambda: emulated.heard
        command = [sys.executable, "-m", "tests.fakes.follower_host", "viperx_300s", str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
            try:
                assert host.stdout.readline() == "moving\n"
            finally:
                host.send_signal(signal.SIGKILL)
            until(lambda: emulated.servo(1).value("bus_watchdog") == -1)
            until(lambda: at_rest(physics.log))
        assert all(servo.value("bus_watchdog") == -1 for servo in emulated.servos)
        assert all(servo.torque for servo in emulated.servos), "it holds, it does not drop"
    log = list(physics.log)
    last_word = max(t for (t, n, _), (_, m, _) in itertools.pairwise(log) if m != n)
    silent = [(t, where) for t, _, where in log if t >= last_word]
    rest = silent[-1][1]
    stopped = next(t for t, where in silent if abs(where - rest) < 1.0)
    # The emulator may itself be kept waiting by a busy machine, more than once: as it noted.
    gaps = [b[0] - a[0] for a, b in itertools.pairwise(silent) if b[0] <= stopped + STOPS_WITHIN_S]
    waited = sum(gap for gap in gaps if gap > 0.005)
    assert WATCHDOG_S - 0.01 < stopped - last_word < STOPS_WITHIN_S + waited
    assert rest - silent[0][1] > 50.0, "it was on its way"
    assert rest < 2048 + 2.9 / RAD_PER_TICK, "and did not arrive"


def at_rest(log):
    return abs(log[-1][2] - log[-40][2]) < 0.1 if len(log) > 40 else False
