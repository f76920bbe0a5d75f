"""An arm that holds in part, or was stopped by its watchdog, stays so until somebody acts."""

from __future__ import annotations

import pytest

from drivers.base import Holding, SelfStoppedError
from drivers.dynamixel.tables import WATCHDOG_TRIPPED
from tests.fakes.emulated_follower import emulated_follower
from tests.waiting import until


def torque(bench):
    with bench.emulated.lock:
        return sum(servo.torque for servo in bench.emulated.servos)


def watchdogs(bench):
    with bench.emulated.lock:
        return {servo.value("bus_watchdog") for servo in bench.emulated.servos}


@pytest.fixture
def bench(tmp_path):
    with emulated_follower(tmp_path, "viperx_300s") as made:
        made.device.connect()
        yield made


def test_an_arm_of_which_one_motor_is_limp_is_not_engaged_and_holds_until_all_are_let_go(bench):
    robot = bench.device
    assert isinstance(robot, Holding)
    assert (robot.engaged, robot.holds) == (False, False)
    robot.engage()
    assert (robot.engaged, robot.holds) == (True, True)
    robot.disconnect()
    with bench.emulated.lock:
        bench.emulated.servo(6).boot()
    robot.connect()
    assert (robot.engaged, robot.holds) == (False, True)
    robot.release()
    assert torque(bench) == 0
    assert (robot.engaged, robot.holds) == (False, False)


def test_what_a_watchdog_has_stopped_is_told_by_the_next_connection_too(tmp_path):
    with emulated_follower(tmp_path, "viperx_300s", watchdog_ms=80) as bench:
        robot = bench.device
        robot.connect()
        robot.engage()
        until(lambda: watchdogs(bench) == {WATCHDOG_TRIPPED})
        robot.disconnect()
        assert watchdogs(bench) == {WATCHDOG_TRIPPED}
        robot.connect()
        with pytest.raises(SelfStoppedError, match="stopped itself"):
            robot.send_action(robot.get_observation().position)
        robot.engage()
        robot.send_action(robot.get_observation().position)
        robot.disconnect()
        assert watchdogs(bench) == {0}, "nobody is to stop an arm that was left holding"
        assert torque(bench) == len(bench.emulated.servos)
