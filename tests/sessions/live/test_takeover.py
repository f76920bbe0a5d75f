"""Taking over and giving back: at once, without a jump, and without the past snapping back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.base import OperatorInput, TeleoperatorView
from policies.inline import InlinePolicy
from sessions.messages import (
    Arm,
    EndAttempt,
    GiveBack,
    Keys,
    Pause,
    Resume,
    SelectOperator,
    SoftStop,
    StartAttempt,
    TakeOver,
)
from sessions.types import Controller, GateState, doubt_threshold
from tests.sessions.live.bench import Bench, Hand, Motored, Puppet

EPS = 1e-9


def swinging(bench: Bench) -> Puppet:
    """A policy that wants the far ends of the workspace by turns: as rude as one can be."""
    poses = np.array(
        [[1.2, -0.9, 1.0, 0.8, 0.6, 1.0, 1.0], [-1.2, 0.3, -0.4, -0.8, 1.6, -1.0, 0.0]]
    )
    bench.puppet.answer = lambda position: poses[(bench.puppet.calls // 6) % 2]
    return bench.puppet


def test_takeover_by_the_window_is_carried_out_by_the_very_next_tick() -> None:
    bench = Bench()
    swinging(bench)
    bench.start()
    before = len(bench.steps)
    bench.do(Keys(("forward",)))
    bench.do(TakeOver("keyboard", input_t=bench.clock.now()))
    bench.run(1)
    step = bench.steps[before]
    assert step["controller"] == Controller.HUMAN
    assert step["gate"] == GateState.HUMAN
    assert np.isfinite(step["human_action"]).all()
    assert step["input_t"] == bench.steps[before - 1]["t"]
    assert np.isnan(bench.steps[before - 1]["input_t"])


def test_a_takeover_that_comes_while_devices_answer_is_carried_out_by_that_tick() -> None:
    bench = Bench()
    swinging(bench)
    bench.start()
    bench.clock.sleep_until(bench.loop.deadline)
    bench.loop.measure()
    bench.do(TakeOver("keyboard", input_t=bench.clock.now()))
    bench.loop.act()
    assert bench.controller is Controller.HUMAN
    assert np.isfinite(bench.last["human_action"]).all()
    assert bench.last["input_t"] == bench.last["t"]


def test_a_stop_that_comes_while_devices_answer_is_carried_out_by_that_tick() -> None:
    bench = Bench()
    swinging(bench)
    bench.start()
    bench.clock.sleep_until(bench.loop.deadline)
    bench.loop.measure()
    bench.do(SoftStop())
    bench.loop.act()
    assert bench.gate is GateState.FAULT
    assert bench.arm.stops > 0
    stopped = bench.last["sent_action"].copy()
    bench.run(3)
    np.testing.assert_array_equal(bench.last["sent_action"], stopped)


def test_a_devices_gate_takes_over_in_the_tick_that_sees_it() -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.gate, hand.action = True, bench.last["sent_action"] + 0.01
    bench.run(1)
    assert bench.controller is Controller.HUMAN
    assert hand.begun == 1
    assert np.allclose(bench.last["human_action"], hand.action)
    assert bench.state.operator == "pad"
    hand.gate = False
    bench.run(1)
    assert bench.gate is GateState.POLICY


def test_taking_over_without_touching_anything_else_moves_nothing() -> None:
    bench = Bench()
    bench.start()  # the puppet's policy stays where it is
    bench.do(TakeOver())
    sent = bench.last["sent_action"].copy()
    bench.run(50)
    assert bench.controller is Controller.HUMAN
    assert np.abs(bench.last["sent_action"] - sent).max() < 0.02


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 25), min_size=6, max_size=20), st.integers(0, 2**16))
def test_no_step_is_ever_longer_than_the_speed_limit_allows(gaps: list[int], seed: int) -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})
    swinging(bench)
    bench.start()
    random = np.random.default_rng(seed)
    limits = bench.arm.limits
    for i, gap in enumerate(gaps):
        hand.gate = i % 2 == 0
        hand.action = random.uniform(limits.lower, limits.upper)
        bench.run(gap)
    assert (bench.largest_step() <= bench.step_limit() + EPS).all()


def test_hand_back_is_a_handover_from_the_sent_pose_and_then_the_policy() -> None:
    bench = Bench()
    swinging(bench)
    bench.start()
    bench.do(TakeOver())
    bench.run(20)
    start = len(bench.steps)
    bench.do(GiveBack(input_t=bench.clock.now()))
    bench.run(40)
    steps = bench.record()[start:]
    controllers = steps["controller"].tolist()
    blend = controllers.index(Controller.POLICY)
    assert set(controllers[:blend]) == {Controller.HANDOVER}
    assert set(controllers[blend:]) == {Controller.POLICY}
    assert 15 <= blend <= 18  # 0.3 s, and the tick the first answer takes
    first = np.abs(steps["sent_action"][0] - bench.steps[start - 1]["sent_action"])
    assert (first <= 0.3 * bench.step_limit()).all()


def test_nothing_that_was_asked_for_before_a_hand_back_is_ever_executed() -> None:
    puppet = Puppet()
    bench = Bench(puppet, InlinePolicy(puppet, delay_ticks=6))
    puppet.answer = lambda position: np.full(7, 0.5)
    bench.start()
    for _ in range(3):
        bench.do(TakeOver())
        bench.run(3)  # shorter than an answer takes
        puppet.answer = lambda position: np.full(7, 0.1)
        bench.do(GiveBack())
        start = len(bench.steps)
        bench.run(20)
        seen = bench.record()["policy_action"][start:, 0]
        assert np.isnan(seen[:5]).all()  # what was in flight is gone
        assert set(seen[np.isfinite(seen)]) == {0.1}
        puppet.answer = lambda position: np.full(7, 0.5)


def test_the_epoch_goes_up_at_takeover_and_at_hand_back() -> None:
    bench = Bench()
    bench.start()
    epochs = [int(bench.last["epoch"])]
    for command in (TakeOver(), GiveBack()):
        bench.do(command)
        bench.run(2)
        epochs.append(int(bench.last["epoch"]))
    assert epochs == [epochs[0], epochs[0] + 1, epochs[0] + 2]


def test_both_proposals_are_recorded_whoever_drives() -> None:
    hand = Hand()
    hand.action = np.full(7, 0.3)
    bench = Bench(hands={"pad": hand}, operator="keyboard")
    bench.do(SelectOperator("pad"))
    bench.start()
    assert bench.controller is Controller.POLICY
    assert np.allclose(bench.last["human_action"], 0.3)
    hand.gate = True
    bench.run(10)
    assert bench.controller is Controller.HUMAN
    assert np.isfinite(bench.last["policy_action"]).all()


def test_every_device_feels_where_the_arm_was_sent_whoever_drives() -> None:
    hand = Hand()
    bench = Bench(hands={"leader": hand})
    swinging(bench)
    bench.start()
    hand.felt.clear()
    bench.run(3)
    assert [view.controller for view in hand.felt] == ["policy"] * 3
    assert np.array_equal(hand.felt[-1].sent, bench.last["sent_action"])


def test_the_toggle_button_takes_over_and_gives_back() -> None:
    hand = Hand()
    hand.gate = None
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.events = ("toggle",)
    bench.run(1)
    assert bench.gate is GateState.HUMAN
    hand.events = ("toggle",)
    bench.run(1)
    assert bench.gate is GateState.POLICY


def test_the_toggle_of_a_second_device_takes_over_and_does_not_wake_the_policy() -> None:
    one, two = Hand(), Hand()
    bench = Bench(hands={"one": one, "two": two})
    bench.start()
    one.gate = True
    bench.run(2)
    two.gate, two.events = None, ("toggle",)
    bench.run(1)
    assert bench.gate is GateState.HUMAN
    assert bench.state.operator == "two"
    two.events = ("toggle",)
    bench.run(1)
    assert bench.gate is GateState.POLICY


def test_a_second_device_can_take_over_from_the_first_and_only_it_gives_back() -> None:
    one, two = Hand(), Hand()
    bench = Bench(hands={"one": one, "two": two})
    bench.start()
    one.gate = True
    bench.run(1)
    two.gate = True
    bench.run(1)
    assert bench.state.operator == "two"
    one.gate = False
    bench.run(2)
    assert bench.gate is GateState.HUMAN
    two.gate = False
    bench.run(1)
    assert bench.gate is GateState.POLICY


class Anchored(Hand):
    """A relative device as jogs are: what it says is about the pose it was anchored at."""

    def begin(self, view: TeleoperatorView) -> None:
        super().begin(view)
        self.action = view.sent.copy()

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        said = super().get_action(view)
        return replace(said, action=self.action)


def test_a_relative_device_that_takes_over_from_another_speaks_from_its_new_anchor() -> None:
    one, two = Anchored(), Anchored()
    bench = Bench(hands={"one": one, "two": two})
    bench.start()
    two.gate = True
    bench.run(1)
    one.gate = True
    bench.run(1)
    two.gate = False
    bench.run(1)
    assert one.action is not None
    one.action = one.action + 0.2
    bench.run(40)
    two.gate = True  # it still has its old anchor's action when it is polled
    bench.run(1)
    assert bench.state.operator == "two"
    assert np.allclose(bench.last["human_action"], bench.steps[-2]["sent_action"])


def test_a_press_that_comes_between_the_two_readings_of_a_takeover_is_not_lost() -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.begin = lambda view: setattr(hand, "events", ("stop",))  # type: ignore[method-assign]
    hand.gate = True
    bench.run(1)
    assert bench.gate is GateState.HUMAN
    bench.run(1)
    assert bench.gate is GateState.FAULT


def test_an_absolute_device_that_takes_over_from_another_hand_is_aligned_first() -> None:
    hand, leader = Hand(), Hand(relative=False)
    bench = Bench(hands={"pad": hand, "leader": leader})
    bench.start()
    hand.gate, hand.action = True, bench.last["sent_action"]
    bench.run(5)
    pose = bench.last["sent_action"].copy()
    leader.gate, leader.action = True, pose + np.array([0, 0, 0.6, 0, 0, 0, 0])
    bench.run(30)
    assert bench.gate is GateState.ALIGNING
    assert np.abs(bench.last["sent_action"] - pose).max() < 0.01
    leader.action = bench.last["sent_action"] + 0.05
    bench.run(1)
    assert bench.gate is GateState.HUMAN
    bench.do(TakeOver("leader"))  # it drives already: nothing is aligned anew
    assert bench.state.gate == "human"


def test_a_gate_held_through_a_stop_must_be_released_and_pressed_again() -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.gate, hand.action = True, bench.last["sent_action"]
    bench.run(5)
    bench.do(SoftStop())
    bench.run(2)
    assert bench.gate is GateState.FAULT
    hand.events = ("start",)  # reset
    bench.run(1)
    hand.events = ("start",)  # arm
    bench.run(1)
    hand.events = ("start",)  # go on
    bench.run(3)
    assert bench.gate is GateState.POLICY
    hand.gate = False
    bench.run(2)
    hand.gate = True
    bench.run(1)
    assert bench.gate is GateState.HUMAN


def test_an_absolute_device_is_waited_for_and_the_arm_never_moves_to_meet_it() -> None:
    leader = Hand(relative=False)
    bench = Bench(hands={"leader": leader})
    bench.start()
    pose = bench.last["sent_action"].copy()
    leader.gate, leader.action = True, pose + np.array([0, 0, 0.6, 0, 0, 0, 0])
    bench.run(30)
    assert bench.gate is GateState.ALIGNING
    assert bench.controller is Controller.HANDOVER
    assert np.abs(bench.last["sent_action"] - pose).max() < 0.01
    assert "elbow" in bench.state.reason_text
    assert "0.6" in bench.state.reason_text
    leader.action = bench.last["sent_action"] + 0.05
    bench.run(1)
    assert bench.controller is Controller.HUMAN
    assert (bench.largest_step() <= bench.step_limit() + EPS).all()


@pytest.mark.parametrize("by", ["the window", "its own gate", "its own toggle"])
def test_a_leader_too_far_from_the_arm_is_refused_with_the_joint_and_the_way(by: str) -> None:
    leader = Hand(relative=False)
    leader.gate = None if by == "its own toggle" else False
    bench = Bench(hands={"leader": leader})
    bench.start()
    pose = bench.last["sent_action"].copy()
    leader.action = pose + np.array([0.5, 0, -1.24, 0, 0, 0, 0])
    leader.action[-1] = 1.0 - pose[-1]  # what it grasps is another thing
    bench.run(1)
    if by == "the window":
        said = bench.refused(TakeOver("leader"))
    else:
        if by == "its own gate":
            leader.gate = True
        else:
            leader.events = ("toggle",)
        bench.run(1)
        state = bench.state
        assert state.refusals == 1
        said = f"{state.refused} {state.refused_remedy}"
    assert bench.gate is GateState.POLICY
    elbow = bench.last["sent_action"][2]
    assert "The leader's elbow is 1.24 rad from the arm's (limit 0.80 rad)." in said
    assert f"Turn the leader's elbow by +1.24 rad, from {elbow - 1.24:+.2f} to" in said
    assert said.endswith("Then take over again.")
    leader.gate = False
    leader.action = bench.last["sent_action"] + np.array([0, 0, 0.7, 0, 0, 0, 0])
    bench.run(1)
    bench.do(TakeOver("leader"))
    assert bench.state.gate == "aligning"
    assert bench.state.reason_text == (
        "Aligning: the leader's elbow is 0.70 rad from the arm's (within 0.10 rad it takes over)."
    )
    assert "Turn the leader's elbow by -0.70 rad" in bench.state.remedy
    bench.run(2)
    leader.action = bench.last["sent_action"].copy()
    bench.run(1)
    assert bench.gate is GateState.HUMAN


class Jointed(Hand):
    """A leader as it is outside attempts: it asks for nothing, and its joints are somewhere."""

    pose = np.zeros(7)

    def led(self) -> np.ndarray:
        return self.pose


class Still(Motored):
    """An arm whose scene no software puts back: it stays where it is."""

    def __init__(self, robot) -> None:
        super().__init__(robot)
        del self.reset_scene


@pytest.mark.parametrize("arm", [Still, Motored])
def test_no_demonstration_starts_with_a_leader_too_far_from_the_arm(arm) -> None:
    leader = Jointed(relative=False)
    bench = Bench(hands={"leader": leader}, arm=arm)
    bench.do(SelectOperator("leader"))
    bench.do(Arm())
    bench.run(5)
    sent = bench.loop.follower.sent
    leader.pose = sent + np.array([2 * np.pi + 0.95, np.nan, 0, 0, 0, 0, -1])
    if arm is Still:
        said = bench.refused(StartAttempt(demo=True))
    else:  # it is put back with its scene first, and asked then
        bench.do(StartAttempt(demo=True))
        bench.run(5)
        said = f"{bench.state.reason_text} {bench.state.remedy}"
    assert said.startswith("The leader's waist is 0.9")
    assert "rad from the arm's (limit 0.80 rad). Turn the leader's waist by -0.9" in said
    assert said.endswith("Then start again.")
    assert (bench.state.gate, bench.state.attempt) == ("hold", 0)
    leader.pose = bench.loop.follower.sent + 0.5
    bench.do(StartAttempt(demo=True))
    bench.until(lambda: bench.state.attempt > 0)
    assert bench.gate is GateState.ALIGNING


def test_a_leader_is_told_where_the_arm_is_at_every_tick_of_every_state() -> None:
    leader = Hand()
    bench = Bench(hands={"leader": leader})
    told = len(leader.felt)
    for act in (None, Arm(), StartAttempt(), Pause(), SoftStop()):
        if act is not None:
            bench.do(act)
        for _ in range(5):
            bench.run(1)
            told += 1
            assert len(leader.felt) == told
            view = leader.felt[-1]
            assert np.isfinite(view.sent).all()
            assert np.isfinite(view.state.position).all()
            assert view.limits is bench.loop.follower.limiter.limits


class Torn(Hand):
    """A device whose cable breaks in the very moment of the takeover."""

    def begin(self, view: TeleoperatorView) -> None:
        self.lost = True
        raise OSError(19, "No such device")


def test_a_device_that_breaks_off_at_its_takeover_holds_and_says_so() -> None:
    hand = Torn()
    bench = Bench(hands={"pad": hand})
    bench.start()
    hand.gate = True
    bench.run(2)
    assert bench.gate is GateState.HOLD
    assert bench.state.reason == "operator_lost"
    assert "No such device" in bench.state.reason_text


def test_letting_go_of_one_device_does_not_take_control_from_another_hand() -> None:
    hand = Hand()
    bench = Bench(hands={"keyboard": Hand(), "pad": hand})
    bench.start()
    bench.do(TakeOver("keyboard"))
    bench.run(2)
    hand.gate, hand.action = True, bench.last["sent_action"]
    bench.run(2)
    assert bench.loop.helm.driver == "pad"
    bench.do(GiveBack(device="keyboard"))
    bench.run(2)
    assert bench.controller is Controller.HUMAN
    bench.do(GiveBack(device="pad"))
    bench.run(2)
    assert bench.gate is GateState.POLICY


def test_the_doubt_at_each_takeover_makes_tau() -> None:
    bench = Bench()
    doubts = [0.2, 0.4, 0.8, 0.6, 1.0]
    bench.start()
    for doubt in doubts:
        bench.puppet.doubt = doubt
        bench.run(10)
        bench.do(TakeOver())
        bench.run(2)
        bench.do(GiveBack())
        bench.run(10)
    assert bench.loop.helm.doubts == pytest.approx(doubts)
    assert bench.state.tau == pytest.approx(doubt_threshold(doubts))
    assert bench.state.tau == pytest.approx(1.0)  # a quarter of five is one


def test_an_operator_who_acts_by_himself_acts_only_while_he_is_selected() -> None:
    hand = Hand()
    hand.autonomous = True  # type: ignore[attr-defined]
    bench = Bench(hands={"scripted": hand})
    bench.start()
    hand.gate, hand.action = True, bench.last["sent_action"]
    bench.run(5)
    assert bench.gate is GateState.POLICY
    hand.gate = False
    bench.do(SelectOperator("scripted"))
    bench.run(1)
    hand.gate = True
    bench.run(1)
    assert bench.gate is GateState.HUMAN


def test_a_takeover_from_a_hold_and_a_hand_back_lets_the_policy_drive_on() -> None:
    bench = Bench()
    bench.start()
    bench.puppet.answer = lambda position: np.full(7, np.nan)
    bench.run(10)
    assert bench.gate is GateState.HOLD
    bench.do(TakeOver())
    bench.run(5)
    assert bench.controller is Controller.HUMAN
    bench.puppet.answer = lambda position: position
    bench.do(GiveBack())
    bench.run(40)
    assert bench.controller is Controller.POLICY
    bench.do(EndAttempt("failure"))
    bench.run(1)
    assert "No attempt" in bench.refused(TakeOver())
    assert "No attempt" in bench.refused(Resume())
