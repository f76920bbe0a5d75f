"""Every hold: it comes when it must, says why with value, limit and remedy, and stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drivers.base import DeviceLostError
from policies.base import LinkStatus, Observation, PolicySpec
from policies.inline import InlinePolicy
from sessions.live.commands import too_late
from sessions.live.loop import LoopOptions
from sessions.messages import (
    Arm,
    ClearFault,
    Disarm,
    EndAttempt,
    Heartbeat,
    Keys,
    Message,
    Pause,
    ResetScene,
    Resume,
    SoftStop,
    StartAttempt,
    TakeOver,
)
from sessions.types import Controller, GateState, HoldReason
from tests.sessions.live.bench import Bench, Hand, Lens, Puppet


class Silent(InlinePolicy):
    """A link whose server can fall silent."""

    def __init__(self, puppet: Puppet) -> None:
        super().__init__(puppet)
        self.silent = False
        self.other: PolicySpec | None = None

    def request(self, observation: Observation, tick: int, epoch: int) -> bool:
        return not self.silent and super().request(observation, tick, epoch)

    def status(self) -> LinkStatus:
        status = replace(super().status(), alive=not self.silent)
        return status if self.other is None else replace(status, spec=self.other)


def at_rest(bench: Bench) -> bool:
    sent = bench.record()["sent_action"][-10:]
    return bool((sent == sent[0]).all())


def swing(bench: Bench) -> None:
    bench.puppet.answer = lambda position: position + 0.3


def test_a_stale_camera_holds_and_says_which_how_old_and_what_to_do() -> None:
    lens = Lens(("top", "wrist"))
    bench = Bench(lens=lens)
    swing(bench)
    bench.start()
    lens.ages["wrist"] = 0.25
    bench.run(1)
    assert bench.gate is GateState.HOLD
    assert bench.last["reason"] == HoldReason.CAMERA_STALE
    state = bench.state
    assert state.reason_text == (
        "Holding: the wrist camera's picture is 250 ms old (limit 200 ms)."
    )
    assert state.remedy == "Check its cable and what else this computer does, then press Enter."
    bench.run(60)
    assert at_rest(bench)
    assert "250 ms" in bench.refused(Resume())
    assert "250 ms" in bench.refused(TakeOver())
    lens.ages["wrist"] = 0.03
    bench.run(20)
    assert bench.gate is GateState.HOLD  # it never goes on by itself
    assert bench.state.remedy == "That is over. Press Enter to go on."
    bench.do(Resume())
    bench.run(1)
    assert bench.gate is GateState.POLICY


def test_a_camera_that_gave_no_picture_yet_lets_no_attempt_start() -> None:
    lens = Lens(("top",))
    lens.ages["top"] = float("nan")
    bench = Bench(lens=lens)
    bench.do(Arm())
    bench.run(1)
    assert "top camera has given no picture" in bench.refused(StartAttempt())
    assert bench.state.reason_text == "Not ready: the top camera has given no picture yet."


def test_a_silent_policy_holds_before_its_last_chunk_runs_out_of_date() -> None:
    puppet = Puppet(replace(Puppet().spec, horizon=50))
    link = Silent(puppet)
    bench = Bench(puppet, link)
    swing(bench)
    bench.start()
    link.silent = True
    silent_t = bench.clock.now()
    bench.until(lambda: bench.gate is GateState.HOLD)
    assert bench.clock.now() - silent_t <= 0.3 + 0.05
    assert bench.last["reason"] == HoldReason.POLICY_LATE
    assert "policy" in bench.state.reason_text
    assert "limit 300 ms" in bench.state.reason_text
    assert "server does not answer" in bench.state.reason_text
    bench.run(60)
    assert at_rest(bench)
    link.silent = False
    bench.run(10)
    bench.do(Resume())
    bench.run(30)
    assert bench.controller is Controller.POLICY


def test_a_request_that_was_not_taken_is_made_again_with_the_next_tick() -> None:
    puppet = Puppet()
    link = Silent(puppet)
    bench = Bench(puppet, link)
    bench.start()
    link.silent = True
    bench.run(8)
    asked = puppet.calls
    link.silent = False
    bench.run(2)
    assert puppet.calls == asked + 1


@pytest.mark.parametrize(
    "spec",
    [
        replace(Puppet().spec, environment_names=("kettle_x",)),
        replace(Puppet().spec, joint_names=("shoulder",)),
    ],
)
def test_a_policy_for_another_station_that_somebody_loads_holds_and_is_asked_nothing(
    spec: PolicySpec,
) -> None:
    puppet = Puppet()
    link = Silent(puppet)
    bench = Bench(puppet, link)
    bench.start()
    link.other = spec
    bench.until(lambda: bench.gate is GateState.HOLD)
    assert bench.last["reason"] == HoldReason.NO_POLICY
    assert "does not belong here" in bench.state.reason_text
    assert "(F3)" in bench.state.remedy
    assert "kettle_x" in bench.refused(Resume()) or "shoulder" in bench.refused(Resume())
    assert not next(d for d in bench.state.devices if d.name == "policy").ok
    link.other = None
    bench.run(6)
    bench.do(Resume())
    bench.run(2)
    assert bench.gate is GateState.POLICY


def test_another_checkpoint_than_the_one_that_was_chosen_does_not_drive() -> None:
    puppet = Puppet()
    link = InlinePolicy(puppet, path="round-001")
    bench = Bench(puppet, link)
    bench.start()
    other = InlinePolicy(puppet, path="round-007")
    link.status = other.status  # type: ignore[method-assign]
    bench.until(lambda: bench.gate is GateState.HOLD)
    assert "it is round-007, not round-001" in bench.state.reason_text


def test_a_lost_window_holds_until_it_is_back_and_the_operator_says_so() -> None:
    bench = Bench(options=LoopOptions(needs_window=True))
    bench.do(Arm())
    bench.run(1)
    assert "window" in bench.refused(StartAttempt())

    def beat(ticks: int) -> None:
        for _ in range(ticks):
            bench.do(Heartbeat())
            bench.run(1)

    beat(2)
    bench.do(StartAttempt())
    beat(10)
    assert bench.gate is GateState.POLICY
    bench.until(lambda: bench.gate is GateState.HOLD)
    assert bench.last["reason"] == HoldReason.WINDOW_LOST
    assert "the window was silent for 1.0 s (limit 1 s)" in bench.state.reason_text
    beat(20)
    assert bench.gate is GateState.HOLD
    bench.do(Resume())
    beat(1)
    assert bench.gate is GateState.POLICY


def test_without_a_recorder_no_attempt_starts_and_a_running_one_goes_on() -> None:
    bench = Bench(options=LoopOptions(needs_recorder=True))
    watch = bench.loop.watch
    bench.do(Arm())
    bench.run(1)
    assert bench.state.reason == "recorder_lost"
    assert "recorder" in bench.refused(StartAttempt())
    watch.recorder_t = bench.clock.now()
    bench.run(1)
    assert bench.state.reason == "idle"
    bench.do(StartAttempt())
    bench.run(200)  # 4 s without a word of the recorder, limit 2 s
    assert bench.gate is GateState.POLICY
    bench.do(EndAttempt("failure"))
    bench.run(2)
    assert "the recorder has been silent for" in bench.state.reason_text
    assert "limit 2 s" in bench.refused(StartAttempt())
    watch.recorder_t = bench.clock.now()
    watch.refusal = "Only 12 MB are free."
    bench.run(1)
    assert "12 MB" in bench.refused(StartAttempt())


def test_a_lost_pad_holds_and_says_so() -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.gate = True
    bench.run(5)
    hand.lost = True
    bench.run(1)
    assert bench.last["reason"] == HoldReason.OPERATOR_LOST
    assert "The hand was unplugged" in bench.state.reason_text
    assert bench.state.remedy == "The keyboard can take over. Press Enter to go on."
    shown = {device.name: device for device in bench.state.devices}
    assert not shown["pad"].ok
    assert "not there" in bench.refused(TakeOver("pad"))
    hand.lost = False
    bench.run(70)  # tried again once a second
    assert {d.name: d.ok for d in bench.state.devices}["pad"]
    assert bench.gate is GateState.HOLD  # its gate is still held: that is no new press
    bench.do(Resume())
    hand.gate = False
    bench.run(2)
    assert bench.gate is GateState.POLICY


def test_a_lost_pad_that_was_not_driving_disturbs_nobody() -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.lost = True
    bench.run(5)
    assert bench.gate is GateState.POLICY


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_action_that_is_no_number_holds_and_names_the_joint(bad: float) -> None:
    bench = Bench()
    bench.start()
    chunk = np.tile(bench.last["position"], (16, 1))
    chunk[:, 2] = bad
    bench.puppet.answer = lambda position: chunk
    bench.run(8)
    assert bench.last["reason"] == HoldReason.BAD_ACTION
    assert "policy" in bench.state.reason_text
    assert "elbow" in bench.state.reason_text
    assert np.isfinite(bench.last["sent_action"]).all()
    bench.puppet.answer = lambda position: position
    bench.do(Resume())
    bench.run(30)
    assert bench.controller is Controller.POLICY


def test_a_chunk_for_another_arm_holds() -> None:
    bench = Bench()
    bench.start()
    bench.puppet.answer = lambda position: np.zeros((16, 6))
    bench.run(8)
    assert bench.last["reason"] == HoldReason.BAD_ACTION
    assert "(16, 6)" in bench.state.reason_text


def test_a_humans_action_that_is_no_number_holds_too() -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.gate, hand.action = True, np.full(7, np.nan)
    bench.run(1)
    assert bench.last["reason"] == HoldReason.BAD_ACTION
    assert "pad" in bench.state.reason_text


def test_a_lost_arm_is_a_hold_to_come_back_from_by_two_acts() -> None:
    bench = Bench()
    swing(bench)
    bench.start()
    bench.arm.pulled = True
    bench.run(1)
    assert bench.gate is GateState.HOLD
    assert not bench.last["armed"]
    assert bench.state.reason == "robot_lost"
    assert bench.state.reason_text == "Holding: the robot is lost. The arm does not answer."
    assert "Check its cable. It connects again by itself" in bench.state.remedy
    assert "The robot is lost" in bench.refused(Arm())
    bench.run(40)
    bench.arm.pulled = False
    bench.run(60)  # it is tried again once a second
    assert bench.state.reason_text == "The robot was lost, and is back."
    assert bench.state.remedy == (
        "Look at the arm, then press Enter to arm. It had been lost: The arm does not answer."
    )
    bench.run(20)
    assert bench.gate is GateState.HOLD  # it never goes on by itself
    assert "not armed" in bench.refused(Resume())
    for act in (Arm(), Resume()):
        assert bench.gate is not GateState.POLICY
        bench.do(act)
        bench.run(1)
    assert bench.gate is GateState.POLICY
    assert bench.state.attempt == 1  # the same attempt goes on
    assert (bench.largest_step() <= bench.step_limit() + 1e-9).all()


def test_an_arm_that_comes_up_after_the_loop_needs_no_reset_but_arming() -> None:
    bench = Bench(pulled=True)
    assert bench.state.reason == "robot_lost"  # before the first tick
    bench.run(5)
    assert bench.state.reason == "robot_lost"
    assert bench.refused(Arm())
    bench.arm.pulled = False
    bench.until(lambda: bench.state.reason == "idle")
    assert not bench.state.armed
    assert "not armed" in bench.refused(StartAttempt())
    bench.start()
    assert bench.controller is Controller.POLICY


def test_soft_stop_cancels_the_target_and_latches() -> None:
    bench = Bench()
    swing(bench)
    bench.start()
    assert np.abs(bench.last["velocity"]).max() > 0.1
    bench.do(SoftStop())
    assert bench.arm.stops == 1
    bench.run(60)
    assert bench.gate is GateState.FAULT
    assert np.abs(bench.last["velocity"][:6]).max() < 0.05
    assert "Reset" in bench.refused(TakeOver())
    assert "Reset" in bench.refused(StartAttempt()) or "running" in bench.refused(StartAttempt())
    assert bench.refused(Arm())
    bench.do(ClearFault())
    bench.run(2)
    assert "not armed" in bench.refused(Resume())


def test_a_loop_that_stood_still_holds_where_the_arm_has_stopped_itself() -> None:
    bench = Bench()
    swing(bench)
    bench.start()
    bench.clock.sleep_until(bench.loop.deadline + 0.2)
    bench.loop.tick()
    assert bench.gate is GateState.POLICY  # late, but the arm was still following
    bench.clock.sleep_until(bench.loop.deadline + 0.4)
    bench.loop.tick()
    assert bench.last["reason"] == HoldReason.STALLED
    assert "stood still for 0.4 s (limit 0.25 s)" in bench.state.reason_text
    assert bench.state.remedy.endswith("then press Enter.")
    assert np.allclose(bench.last["sent_action"][:6], bench.last["position"][:6], atol=1e-9)
    bench.run(60)
    assert bench.gate is GateState.HOLD
    bench.do(Resume())
    bench.run(1)
    assert bench.gate is GateState.POLICY


def test_an_arm_armed_again_while_it_comes_to_rest_does_not_jump() -> None:
    bench = Bench()
    bench.puppet.answer = lambda position: position + np.array([1, 0, 0, 0, 0, 0, 0])
    bench.start()
    bench.do(Disarm())
    bench.run(1)
    bench.do(Arm())
    bench.run(10)
    assert (bench.largest_step() <= bench.step_limit() + 1e-9).all()


def test_a_scene_that_was_put_back_too_late_does_not_draw_the_arm_to_its_old_pose() -> None:
    bench = Bench()
    bench.start()
    bench.puppet.answer = lambda position: position + 0.2
    bench.run(60)
    bench.do(EndAttempt("failure"))
    bench.run(30)
    put_back = bench.arm.reset_scene

    def too_late(seed: int) -> None:
        put_back(seed)
        raise DeviceLostError("robot", "The scene was not reset within 1 s.", "Try again.")

    bench.arm.reset_scene = too_late
    bench.do(ResetScene(seed=3))
    bench.run(1)
    start = bench.last["position"].copy()
    bench.run(20)
    assert "not reset" in bench.state.reason_text
    assert np.abs(bench.last["position"] - start).max() < 0.02


def test_a_pause_while_the_scene_is_put_back_withdraws_the_start() -> None:
    bench = Bench()
    bench.do(Arm())
    bench.run(1)
    bench.do(StartAttempt())
    bench.do(Pause())
    bench.run(5)
    assert bench.state.attempt == 0
    assert bench.gate is GateState.HOLD


@pytest.mark.parametrize(
    "command",
    [Arm(), ClearFault(), StartAttempt(), TakeOver(), Resume(), Heartbeat(), Keys(("up",))],
)
def test_what_leads_to_motion_is_refused_when_it_waited_too_long(command: Message) -> None:
    assert too_late(command, 0.9) is None
    refused = too_late(command, 3.2)
    assert refused is not None
    assert "3.2 s late (limit 1 s)" in refused.why


@pytest.mark.parametrize("command", [SoftStop(), Disarm(), Pause(), EndAttempt("failure"), Keys()])
def test_what_stops_is_carried_out_however_late_it_comes(command: Message) -> None:
    assert too_late(command, 60.0) is None


def test_disarming_holds_and_an_arm_at_rest_is_not_commanded_any_more() -> None:
    bench = Bench()
    swing(bench)
    bench.start()
    bench.do(Disarm())
    bench.run(60)
    assert bench.gate is GateState.HOLD
    assert not bench.last["armed"]
    assert at_rest(bench)


def test_pause_holds_inside_the_attempt_and_resume_goes_on() -> None:
    bench = Bench()
    bench.start()
    bench.do(Pause())
    bench.run(5)
    assert bench.controller is Controller.HOLD
    assert bench.last["attempt"] == 1
    bench.do(Resume())
    bench.run(1)
    assert bench.controller is Controller.HANDOVER


def test_a_hold_ramps_down_within_the_limits() -> None:
    bench = Bench()
    bench.puppet.answer = lambda position: position + np.array([1, 0, 0, 0, 0, 0, 0])
    bench.start()
    moving = bench.steps[-1]["sent_action"] - bench.steps[-2]["sent_action"]
    assert np.abs(moving).max() > 0.01
    bench.do(Pause())
    start = len(bench.steps) - 1
    bench.run(30)
    steps = np.diff(bench.record()["sent_action"][start - 1 :], axis=0)
    change = bench.loop.follower.limiter.limits.acceleration * bench.loop.timing.dt**2
    assert (np.abs(np.diff(steps, axis=0)) <= change + 1e-9).all()
    assert (steps[-1] == 0).all()


def test_without_a_policy_only_demonstrations_start() -> None:
    bench = Bench(link=InlinePolicy(None))
    bench.do(Arm())
    bench.run(1)
    assert "No policy is loaded" in bench.refused(StartAttempt())
    bench.do(StartAttempt(demo=True))
    bench.run(3)
    assert bench.controller is Controller.DEMO


@pytest.mark.parametrize("command", [TakeOver(), Resume(), EndAttempt("success")])
def test_outside_an_attempt_commands_are_refused_in_words(command: Message) -> None:
    bench = Bench()
    bench.do(Arm())
    bench.run(1)
    assert "No attempt is running" in bench.refused(command)
