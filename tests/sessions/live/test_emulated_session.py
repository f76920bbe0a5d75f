"""A whole session on emulated servos: the real driver, every process, cables pulled and plugged."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from drivers.emulation.control import ask
from drivers.ring import RingReader
from drivers.robots.viperx_300s import REST
from sessions import stations
from sessions.messages import (
    Arm,
    EndAttempt,
    Pause,
    Reconnect,
    Rest,
    RestartProcess,
    SelectOperator,
    Suspend,
    TakeOver,
)
from tests.sessions.live.session import LiveSession, gone, space_with_policy, stop

pytestmark = [pytest.mark.alone, pytest.mark.timeout(170)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSession]:
    station = stations.load("viperx-emulated")
    space = space_with_policy(
        tmp_path_factory.mktemp("emulated") / "space",
        robot={**station.robot, "stale_s": 2.0, "watchdog_ms": 1000, "patience_s": 1.5},
        operators={
            "keyboard": station.operators["keyboard"],
            "leader": {**station.operators["leader"], "patience_s": 1.5},
        },
        operator="leader",
    )
    with LiveSession(space) as live:
        live.wait_ready()
        yield live


@pytest.fixture(autouse=True)
def _calm(session: LiveSession) -> Iterator[None]:
    yield
    if session.supervisor.poll() is not None:
        return
    ask(session.runtime, "follower", "well")
    session.until(lambda: session.device("robot").ok or session.control.reason == "self_stopped")
    if session.control.attempt:
        session.do(EndAttempt("discarded"))
    session.until(lambda: not session.control.attempt)


def arm_when_it_can(session: LiveSession) -> None:
    def armed() -> bool:
        if not session.control.armed:
            session.ask("control", Arm())
        return session.control.armed

    session.until(armed)


def world_position(session: LiveSession) -> np.ndarray:
    reader = RingReader(session.runtime / "world-state.ring")
    try:
        record = reader.latest()
        assert record is not None
        return np.array(record["position"])
    finally:
        reader.close()


def test_world_and_servos_are_started_in_order_before_all_others(session: LiveSession) -> None:
    assert [p.name for p in session.processes()][:2] == ["world", "emulation"]
    assert session.device("robot").ok
    assert session.device("leader").ok
    assert "bus" in session.device("robot").figures
    assert session.control.engaged is False  # nobody armed it yet
    assert session.control.can_rest


def test_an_attempt_is_driven_by_policy_and_leader_and_the_arm_is_sent_to_rest(
    session: LiveSession,
) -> None:
    session.do(SelectOperator("leader"))
    session.start()
    assert session.control.engaged
    session.do(TakeOver("leader", time.monotonic()))
    session.until(lambda: session.control.controller == "human")
    session.do(EndAttempt("failure"))
    session.until(lambda: not session.control.attempt)
    session.do(Rest())
    session.until(lambda: session.control.gate == "parking")
    assert "goes to its rest pose" in session.control.reason_text
    session.until(lambda: session.control.engaged is False)
    assert session.control.reason_text == "The arm rests, its torque is off."
    position = session.steps()["position"][-1]
    assert np.abs(position - REST)[:6].max() < 0.3  # let go, it settles


def test_a_pulled_cable_holds_and_two_acts_after_plugging_it_in_the_arm_drives_on(
    session: LiveSession,
) -> None:
    arm_when_it_can(session)
    session.start()
    episode = session.control.attempt
    ask(session.runtime, "follower", "unplug")
    session.until(lambda: session.control.reason == "robot_lost")
    assert session.control.gate == "hold"
    assert not session.control.armed
    assert "the robot is lost" in session.control.reason_text
    assert "lost" in session.refused(Arm())
    ask(session.runtime, "follower", "replug")
    session.do(Reconnect())
    session.until(lambda: session.device("robot").ok)
    assert session.control.reason_text == "The robot was lost, and is back."
    session.do(Arm())
    session.until(lambda: session.control.armed)
    session.resume()
    assert session.control.attempt == episode


def test_an_overloaded_motor_holds_by_name_and_is_armed_again(session: LiveSession) -> None:
    arm_when_it_can(session)
    session.start()
    ask(session.runtime, "follower", "overload=4")
    session.until(lambda: session.control.reason == "self_stopped")
    assert session.control.gate == "hold"
    assert not session.control.armed
    assert "elbow" in session.control.reason_text
    arm_when_it_can(session)  # the first arming restarts the motor
    session.resume()


def test_the_servos_own_watchdog_stops_the_arm_of_a_killed_control_process(
    session: LiveSession,
) -> None:
    arm_when_it_can(session)
    session.start()
    session.kill("control")
    session.until(lambda: session.process("control").restarts >= 1)
    # Whatever it was sent last, it stands still, held by its motors.
    still_t = time.monotonic() + 1.5
    session.until(lambda: time.monotonic() > still_t)
    before = world_position(session)
    later_t = time.monotonic() + 0.3
    session.until(lambda: time.monotonic() > later_t)
    assert np.abs(world_position(session) - before)[:6].max() < 0.01
    session.wait_ready()
    assert not session.control.armed
    assert session.control.engaged


def test_a_killed_emulation_is_a_pulled_cable_that_is_plugged_in_on_request(
    session: LiveSession,
) -> None:
    pid = session.kill("emulation")
    session.until(lambda: session.control.reason == "robot_lost")
    session.until(lambda: not session.process("emulation").running)
    assert "plugs a cable in" in session.process("emulation").text
    session.do(RestartProcess("emulation"), "supervisor")
    session.until(lambda: session.device("robot").ok and session.device("leader").ok)
    assert session.process("emulation").pid != pid
    arm_when_it_can(session)


def test_a_suspended_control_process_parks_the_arm_and_frees_its_port(
    session: LiveSession,
) -> None:
    arm_when_it_can(session)
    session.do(Pause())
    session.do(Suspend("control"), "supervisor")
    session.until(lambda: session.process("control").suspended)
    session.until(lambda: session.control.gate == "parking")  # and it is told on the way
    session.until(lambda: not session.process("control").running)
    assert "torque on 0;" in ask(session.runtime, "follower", "status")
    session.do(RestartProcess("control"), "supervisor")
    session.wait_ready()
    assert session.control.engaged is False


def test_everything_stops_in_order_with_the_arm_at_rest(session: LiveSession) -> None:
    arm_when_it_can(session)
    pids = session.pids()
    assert stop(session) == 0
    assert all(gone(pid) for pid in pids)
    assert not list(session.runtime.glob("*.tty"))
