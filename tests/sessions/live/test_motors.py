"""The arm's own motors: engaged by arming, parked and let go on request, stopped by themselves."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from drivers.base import Health
from drivers.simulation.names import LIMITS
from sessions.live.background import threaded
from sessions.live.loop import LoopOptions
from sessions.live.motors import CONFIRM_S
from sessions.live.parking import REST_RAD_S, THERE_RAD
from sessions.live.stopping import bring_to_rest
from sessions.messages import (
    Arm,
    ClearFault,
    Disarm,
    EndAttempt,
    Heartbeat,
    Message,
    Pause,
    Reconnect,
    Release,
    ResetScene,
    Rest,
    Resume,
    SoftStop,
    StartAttempt,
    TakeOver,
)
from sessions.types import GateState
from tests.sessions.live.bench import Bench, Motored

REST = np.array([0.4, -1.2, 1.3, 0.0, 0.6, 0.0, 0.2])


@pytest.fixture
def bench() -> Bench:
    made = Bench(arm=Motored)
    made.arm.rest_pose = REST.copy()
    return made


def parking(bench: Bench) -> None:
    bench.do(Arm())
    bench.run(1)
    bench.do(Rest())
    bench.run(20)
    assert bench.gate is GateState.PARKING


def test_arming_puts_the_torque_on_before_anything_is_sent(bench: Bench) -> None:
    assert bench.state.engaged is False
    bench.run(10)
    bench.start()
    assert bench.arm.engagements == 1
    assert bench.state.engaged is True
    assert bench.gate is GateState.POLICY


def test_a_motor_that_refuses_refuses_the_arming_by_name_and_cause(bench: Bench) -> None:
    bench.arm.hot = "wrist_angle"
    refused = bench.refused(Arm())
    assert "The arm was not armed: wrist_angle is at 81 °C (limit 80 °C). Wait." in refused
    bench.run(1)
    assert not bench.state.armed
    assert bench.state.reason == "self_stopped"
    bench.arm.hot = ""
    bench.do(Arm())
    bench.run(1)
    assert bench.state.armed
    assert bench.state.reason == "idle"


def test_an_arm_lost_at_the_very_arming_is_not_armed(bench: Bench) -> None:
    bench.arm.pulled = True
    assert "does not answer" in bench.refused(Arm())
    bench.run(1)
    assert bench.state.reason == "robot_lost"
    assert not bench.state.armed


def test_an_arm_that_stops_itself_holds_and_arming_clears_it(bench: Bench) -> None:
    bench.start()
    bench.arm.tripped = True
    bench.run(1)
    assert bench.gate is GateState.HOLD
    state = bench.state
    assert (state.reason, state.armed, state.attempt) == ("self_stopped", False, 1)
    assert state.reason_text == "Holding: the elbow was overloaded."
    assert state.remedy == "Free the arm. Then press Enter to arm."
    shown = next(d for d in state.devices if d.name == "robot")
    assert not shown.ok
    assert "overloaded" in shown.text
    bench.run(20)
    assert "not armed" in bench.refused(Resume())
    bench.do(Arm())
    bench.run(1)
    assert bench.gate is GateState.HOLD
    bench.do(Resume())
    bench.run(1)
    assert bench.gate is GateState.POLICY
    assert (bench.largest_step() <= bench.step_limit() + 1e-9).all()


def test_an_arm_rests_slowly_and_only_then_is_let_go(bench: Bench) -> None:
    bench.do(Arm())
    bench.run(1)
    bench.do(Rest())
    seen: set[str] = set()
    began = len(bench.steps)
    for _ in range(600):
        bench.run(1)
        if bench.gate is not GateState.PARKING:
            break
        assert bench.arm.engaged
        seen.add(bench.state.reason_text)
    assert bench.gate is GateState.HOLD
    assert not bench.arm.engaged
    away = np.abs(bench.last["position"] - REST)[:6]
    assert (away <= THERE_RAD).all()
    speed = np.abs(np.diff(bench.record()["sent_action"][began:-1], axis=0)) / bench.loop.timing.dt
    assert speed[:, :6].max() <= REST_RAD_S * 1.02
    assert any("goes to its rest pose: 2 s" in text for text in seen)
    state = bench.state
    assert (state.armed, state.reason, state.engaged) == (False, "idle", False)
    assert state.reason_text == "The arm rests, its torque is off."
    assert state.remedy == "Press Enter to arm."
    assert (bench.record()["attempt"] == 0).all()


def test_soft_stop_stops_an_arm_on_its_way_to_rest_with_its_torque_on(bench: Bench) -> None:
    parking(bench)
    bench.do(SoftStop())
    bench.run(60)
    assert bench.gate is GateState.FAULT
    assert bench.arm.engaged
    assert np.abs(bench.last["velocity"][:6]).max() < 0.05
    assert "Reset it first" in bench.refused(Rest())


def test_pausing_keeps_the_arm_up_and_armed(bench: Bench) -> None:
    parking(bench)
    bench.do(Pause())
    bench.run(30)
    state = bench.state
    assert (state.gate, state.armed, state.reason, state.engaged) == ("hold", True, "idle", True)
    bench.do(Rest())
    bench.until(lambda: not bench.arm.engaged)


@pytest.mark.parametrize("command", [Rest(), Release()])
def test_a_second_press_on_the_way_lets_go_at_once(bench: Bench, command: Message) -> None:
    parking(bench)
    bench.do(command)
    assert not bench.arm.engaged
    bench.run(1)
    assert bench.gate is GateState.HOLD
    assert bench.state.reason_text == "The arm is let go: its torque is off."
    bench.run(10)
    assert bench.state.reason == "idle"


def test_an_arm_without_a_known_rest_pose_is_let_go_by_two_presses(bench: Bench) -> None:
    bench.arm.rest_pose = None
    bench.do(Arm())
    bench.run(1)
    assert not bench.state.can_rest
    wanted = "Support the arm: press again to let it go. Without torque it drops where it is."
    assert bench.refused(Rest()) == wanted
    bench.run(round((CONFIRM_S + 1.0) * 50))
    assert bench.refused(Rest()) == wanted  # the first press is long forgotten
    assert bench.arm.engaged
    bench.do(Rest())
    assert not bench.arm.engaged
    bench.run(1)
    assert not bench.state.armed


def test_a_stopped_arm_may_be_let_go_by_two_presses(bench: Bench) -> None:
    bench.start()
    bench.do(SoftStop())
    bench.run(5)
    assert "drops" in bench.refused(Release())
    bench.do(Release())
    assert not bench.arm.engaged
    bench.run(1)
    assert bench.gate is GateState.FAULT  # and the stop stays


def test_a_press_from_before_the_arm_moved_lets_nothing_go_after_it(bench: Bench) -> None:
    bench.start()
    bench.do(Pause())
    bench.run(2)
    assert "drops" in bench.refused(Release())
    bench.do(Resume())
    bench.run(3)
    bench.do(Pause())
    bench.run(2)
    assert "drops" in bench.refused(Release())
    assert bench.arm.engaged


def test_an_arm_that_is_driven_is_neither_parked_nor_let_go(bench: Bench) -> None:
    assert "torque is off already" in bench.refused(Rest())
    bench.do(Arm())
    bench.run(1)
    bench.do(Disarm())
    bench.run(1)
    assert "not armed" in bench.refused(Rest())
    bench.start()
    assert "Attempt" in bench.refused(Rest()) or "running" in bench.refused(Rest())
    assert "Pause or stop it first" in bench.refused(Release())
    assert bench.arm.engaged


@pytest.mark.parametrize("command", [StartAttempt(), ResetScene()])
def test_nothing_starts_while_the_arm_goes_to_rest(bench: Bench, command: Message) -> None:
    parking(bench)
    assert "on its way to rest" in bench.refused(command)
    assert "No attempt" in bench.refused(TakeOver())


def test_an_arm_that_cannot_reach_its_rest_pose_is_not_let_go(bench: Bench) -> None:
    sent = bench.arm.send_action

    def blocked(action: np.ndarray) -> np.ndarray:
        sent(np.concatenate([[min(action[0], 0.1)], action[1:]]))
        return action

    bench.arm.send_action = blocked
    bench.do(Arm())
    bench.run(1)
    bench.do(Rest())
    bench.until(lambda: bench.gate is GateState.HOLD and not bench.state.armed, 900)
    assert bench.arm.engaged
    assert "did not reach its rest pose: its waist is 0.3" in bench.state.reason_text
    assert "(limit 0.15 rad)" in bench.state.reason_text


def test_a_lost_window_breaks_the_way_to_rest_off() -> None:
    bench = Bench(arm=Motored, options=LoopOptions(needs_window=True))
    bench.arm.rest_pose = REST
    bench.do(Heartbeat())
    bench.do(Arm())
    bench.run(1)
    bench.do(Rest())
    bench.run(1)
    assert bench.gate is GateState.PARKING
    bench.until(lambda: bench.gate is GateState.HOLD)
    assert bench.arm.engaged
    assert not bench.state.armed
    assert "the window was silent for" in bench.state.reason_text


def test_an_arm_without_torque_is_followed_where_hands_put_it(bench: Bench) -> None:
    bench.run(2)
    bench.world.command(LIMITS.lower * 0.3)
    bench.run(60)
    assert np.allclose(bench.last["sent_action"], bench.last["position"])
    pose = bench.last["position"].copy()
    bench.do(Arm())
    bench.run(1)
    assert np.abs(bench.last["sent_action"] - pose).max() < 0.02


def test_a_robot_without_motors_to_switch_is_armed_and_says_so() -> None:
    bench = Bench()
    assert bench.state.engaged is None
    assert "cannot be switched from here" in bench.refused(Rest())
    bench.start()
    assert bench.gate is GateState.POLICY


# Health


def test_the_arm_is_asked_how_it_is_a_few_times_a_second_and_not_every_tick(bench: Bench) -> None:
    bench.arm.looks = 0
    bench.run(100)
    assert 4 <= bench.arm.looks <= 10
    shown = next(d for d in bench.state.devices if d.name == "robot")
    assert (shown.figures, shown.lost, shown.warnings) == ("bus 1.2 ms", 3, ())


def test_a_new_warning_is_told_at_once(bench: Bench) -> None:
    bench.run(1)
    before = bench.state.sequence
    hot = "wrist_angle is at 68 °C (limit 70 °C). Let it rest."
    bench.arm.said = replace(Health(), warnings=(hot,))
    bench.run(16)
    assert bench.state.sequence > before
    shown = next(d for d in bench.state.devices if d.name == "robot")
    assert shown.ok
    assert shown.warnings == (hot,)


# What drivers let out


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(5, "Input/output error"), "The system says: Input/output error."),
        (ValueError("no such joint"), "Its driver is at fault (ValueError: no such joint)."),
    ],
)
def test_what_no_driver_should_raise_holds_like_a_lost_arm(
    bench: Bench, error: Exception, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.start()
    bench.arm.breaks = error
    bench.run(3)
    state = bench.state
    assert (state.gate, state.reason) == ("hold", "robot_lost")
    shown = next(d for d in state.devices if d.name == "robot")
    assert said in shown.text
    if isinstance(error, ValueError):
        assert capfd.readouterr().err.count("no such joint") <= 2  # once, with its place
    bench.arm.breaks = None
    bench.run(60)
    for act in (Arm(), Resume()):
        bench.do(act)
        bench.run(1)
    assert bench.gate is GateState.POLICY


def test_reconnect_tries_now_and_not_at_the_next_second(bench: Bench) -> None:
    assert "Nothing is lost" in bench.refused(Reconnect())
    assert "no device 'arm'" in bench.refused(Reconnect("arm"))
    bench.arm.pulled = True
    bench.run(5)
    tries = bench.arm.tries
    bench.run(5)
    assert bench.arm.tries == tries
    bench.arm.pulled = False
    bench.do(Reconnect())
    bench.run(1)
    assert bench.arm.tries == tries + 1
    assert bench.state.reason_text == "The robot was lost, and is back."


def test_a_stop_outlasts_a_lost_arm_and_takes_its_three_acts(bench: Bench) -> None:
    bench.start()
    bench.do(SoftStop())
    bench.arm.pulled = True
    bench.run(2)
    assert bench.gate is GateState.FAULT
    assert "and the robot is lost. The arm does not answer." in bench.state.reason_text
    bench.do(ClearFault())
    bench.run(1)
    assert bench.state.reason == "robot_lost"
    bench.arm.pulled = False
    bench.run(60)
    for act in (Arm(), Resume()):
        bench.do(act)
        bench.run(1)
    assert bench.gate is GateState.POLICY


# The end of the process


def end(bench: Bench, *, hurried_after: int = 10_000) -> str:
    ticks = [0]

    def tick() -> None:
        ticks[0] += 1
        assert ticks[0] < 5000
        bench.run(1)

    return bring_to_rest(bench.loop, tick, lambda: ticks[0] >= hurried_after)


def test_an_armed_arm_is_brought_to_rest_when_the_process_ends(bench: Bench) -> None:
    bench.puppet.answer = lambda position: position + 0.3
    bench.start()
    assert end(bench) == ""
    assert not bench.arm.engaged
    assert np.abs(bench.last["position"] - REST)[:6].max() <= THERE_RAD
    steps = bench.record()
    parked = steps["gate"] == GateState.PARKING
    assert parked.any()
    assert (steps["attempt"][parked] == 0).all()  # no part of the attempt that ran
    assert not any(type(event).__name__ == "AttemptEnded" for event in bench.events)


def test_ending_it_twice_lets_go_at_once(bench: Bench) -> None:
    bench.start()
    bench.do(EndAttempt("failure"))
    bench.run(30)
    assert end(bench, hurried_after=10) == ""
    assert not bench.arm.engaged
    assert np.abs(bench.last["position"] - REST)[:6].max() > THERE_RAD


def test_an_arm_that_was_stopped_or_disarmed_is_not_moved_at_the_end(bench: Bench) -> None:
    bench.start()
    bench.do(SoftStop())
    bench.run(60)
    pose = bench.last["position"].copy()
    assert end(bench).startswith("The arm is held by its motors, which stay on.")
    assert bench.arm.engaged
    assert np.abs(bench.last["position"] - pose).max() < 0.02


def test_a_disarmed_arm_that_lies_in_its_rest_pose_is_let_go_at_the_end(bench: Bench) -> None:
    bench.start()
    bench.do(EndAttempt("failure"))
    bench.run(2)
    bench.do(Disarm())
    bench.run(60)
    bench.arm.rest_pose = bench.last["position"].copy()
    assert end(bench) == ""
    assert not bench.arm.engaged


def test_an_arm_without_a_known_rest_pose_is_held_at_the_end(bench: Bench) -> None:
    bench.arm.rest_pose = None
    bench.start()
    assert end(bench).startswith("The arm is held by its motors, which stay on.")
    assert bench.arm.engaged


def test_one_thread_at_a_time_speaks_to_the_arm() -> None:
    """While the scene is put back beside the loop, the loop keeps off the arm's bus."""
    begun, done = threading.Event(), threading.Event()
    bench = Bench(arm=Motored, options=LoopOptions(run=threaded))
    bench.until(lambda: bench.state.reason == "idle")

    def slowly(seed: int) -> None:
        begun.set()  # the world itself is left alone: the test steps it in its own thread
        assert done.wait(20.0)

    bench.arm.reset_scene = slowly
    bench.do(Arm())
    bench.do(ResetScene())
    assert begun.wait(20.0)
    assert "being put back" in bench.refused(Release())
    bench.do(SoftStop())
    bench.run(3)
    assert bench.gate is GateState.FAULT
    assert bench.arm.stops == 0
    bench.do(ClearFault())
    assert "being put back" in bench.refused(Arm())
    bench.do(SoftStop())
    done.set()
    bench.until(lambda: bench.arm.stops == 1, 5000)
