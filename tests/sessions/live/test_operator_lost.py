"""The human is the gate: the policy drives only while somebody can take over from it."""

from __future__ import annotations

from sessions.messages import Arm, GiveBack, Pause, Resume, SelectOperator, StartAttempt, TakeOver
from sessions.types import Controller, GateState
from tests.sessions.live.bench import Bench, Hand


def led_bench() -> tuple[Bench, Hand]:
    """A bench whose chosen device is a leader, driven by the policy."""
    leader = Hand()
    bench = Bench(hands={"leader": leader})
    bench.do(SelectOperator("leader"))
    bench.start()
    return bench, leader


def test_the_policy_holds_at_once_when_the_device_that_is_to_take_over_is_lost() -> None:
    bench, leader = led_bench()
    assert bench.gate is GateState.POLICY
    leader.lost = True
    bench.run(1)
    assert bench.gate is GateState.HOLD
    assert bench.last["controller"] == Controller.HOLD
    assert bench.state.reason == "operator_lost"
    assert bench.state.reason_text.startswith("Holding: the leader is lost.")
    assert bench.state.remedy == ("Plug it in again, or choose another (Ctrl+O), then press Enter.")


def test_the_policy_does_not_go_on_before_somebody_can_take_over_again() -> None:
    bench, leader = led_bench()
    leader.lost = True
    bench.run(2)
    refused = bench.refused(Resume())
    assert refused.startswith("Nobody could take over from the policy: the leader is not there.")
    assert refused.endswith("Plug it in. Or choose another device (Ctrl+O).")
    assert bench.gate is GateState.HOLD
    leader.lost = False
    bench.until(lambda: "the leader is back" in bench.state.reason_text)
    bench.run(5)
    assert bench.gate is GateState.HOLD  # it does not go on by itself
    bench.do(Resume())
    bench.run(2)
    assert bench.gate is GateState.POLICY


def test_a_device_lost_while_the_attempt_is_paused_is_named_before_anybody_presses() -> None:
    bench, leader = led_bench()
    bench.do(Pause())
    bench.run(2)
    leader.lost = True
    bench.run(2)
    state = bench.state
    assert state.reason_text.startswith("Holding: paused. Nobody could take over")
    assert "the leader is not there" in state.reason_text
    assert state.remedy == "Plug it in. Or choose another device (Ctrl+O)."
    leader.lost = False
    bench.until(lambda: bench.state.reason_text == "Holding: paused.")


def test_another_device_may_be_chosen_where_one_is_lost() -> None:
    bench, leader = led_bench()
    leader.lost = True
    bench.run(2)
    bench.do(SelectOperator("keyboard"))
    assert "The keyboard can take over." in bench.state.remedy
    bench.do(Resume())
    bench.run(2)
    assert bench.gate is GateState.POLICY
    assert "not there" in bench.refused(SelectOperator("leader"))
    assert bench.state.operator == "keyboard"


def test_no_attempt_of_the_policy_starts_without_a_device_to_take_over_with() -> None:
    leader = Hand()
    leader.lost = True  # before anybody ever saw it
    bench = Bench(hands={"leader": leader})
    bench.do(SelectOperator("leader"))
    bench.do(Arm())
    assert "the leader is not there" in bench.refused(StartAttempt())
    bench.run(1)
    assert bench.state.reason_text.startswith("Not ready. Nobody could take over")
    bench.do(SelectOperator("keyboard"))
    bench.do(StartAttempt())


def test_a_hand_that_gives_back_to_a_policy_without_take_over_leaves_the_arm_holding() -> None:
    bench, leader = led_bench()
    bench.do(TakeOver("keyboard"))
    leader.lost = True
    bench.run(5)
    assert bench.gate is GateState.HUMAN  # the keyboard drives, and is there
    bench.do(GiveBack())
    bench.run(3)
    assert bench.state.reason == "operator_lost"
    assert not {int(step["controller"]) for step in bench.steps[-3:]} & {
        int(Controller.POLICY),
        int(Controller.HANDOVER),
    }
