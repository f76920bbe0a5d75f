"""A pedal beside the device that moves the arm: two handles on one gate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.teleoperators.pedal import Pedal
from sessions.messages import SelectOperator, TakeOver
from sessions.types import GateState, HoldReason
from tests.fakes.pedal_pipe import PedalPipe
from tests.sessions.live.bench import Bench, Hand


@pytest.fixture
def pipe() -> Iterator[PedalPipe]:
    pipe = PedalPipe()
    yield pipe
    pipe.pull()


@pytest.fixture
def pad() -> Hand:
    return Hand()


@pytest.fixture
def bench(pipe: PedalPipe, pad: Hand) -> Iterator[Bench]:
    pedal = Pedal("pedal", pipe.open, None)
    bench = Bench(hands={"pedal": pedal, "pad": pad})  # type: ignore[dict-item]
    bench.do(SelectOperator("pad"))
    bench.start()
    pad.action = bench.last["sent_action"]
    yield bench
    pedal.disconnect()


def test_pressing_takes_over_with_the_selected_device_and_releasing_gives_back(
    bench: Bench, pipe: PedalPipe, pad: Hand
) -> None:
    pipe.press("B")
    bench.run(1)
    assert bench.gate is GateState.HUMAN
    assert bench.state.operator == "pad"
    assert pad.begun == 1
    pipe.release("B")
    bench.run(1)
    assert bench.gate is GateState.POLICY


def test_the_gate_stays_the_humans_until_the_last_handle_is_let_go(
    bench: Bench, pipe: PedalPipe, pad: Hand
) -> None:
    pipe.press("B")
    bench.run(1)
    pad.gate = True
    bench.run(2)
    pad.gate = False
    bench.run(2)
    assert bench.gate is GateState.HUMAN
    pipe.release("B")
    bench.run(1)
    assert bench.gate is GateState.POLICY


def test_a_pedal_pulled_while_it_is_held_holds_the_arm(bench: Bench, pipe: PedalPipe) -> None:
    pipe.press("B")
    bench.run(1)
    pipe.pull()
    bench.run(1)
    assert bench.gate is GateState.HOLD
    assert bench.loop.helm.gate.reason is HoldReason.OPERATOR_LOST
    assert "the pedal is lost. The pedal is unplugged" in bench.state.reason_text


def test_a_pedal_pulled_while_nobody_stands_on_it_disturbs_nobody(
    bench: Bench, pipe: PedalPipe, pad: Hand
) -> None:
    pad.gate = True
    bench.run(1)
    pipe.pull()
    bench.run(2)
    assert bench.gate is GateState.HUMAN
    assert not next(d for d in bench.state.devices if d.name == "pedal").ok


def test_without_the_selected_device_a_pedal_takes_nothing_over(
    bench: Bench, pipe: PedalPipe, pad: Hand
) -> None:
    pad.lost = True
    bench.run(1)
    pipe.press("B")
    bench.run(2)
    assert bench.gate is GateState.HOLD  # the policy waits for whoever could take over from it
    assert not bench.loop.helm.driver


def test_a_pedal_is_nobody_to_select_or_to_drive_with(bench: Bench, pad: Hand) -> None:
    assert bench.state.operators == ("keyboard", "pad")
    assert "keyboard, pad" in bench.refused(SelectOperator("pedal"))
    bench.do(TakeOver("pedal"))
    bench.run(1)
    assert bench.state.operator == "pad"


def test_the_window_is_told_which_keys_are_down(bench: Bench, pipe: PedalPipe) -> None:
    pipe.press("C")  # success
    bench.run(1)
    inputs = next(d for d in bench.state.devices if d.kind == "pedal").inputs
    assert {i.name: (i.value, i.action) for i in inputs}["C"] == (1.0, "success")
    assert bench.state.attempt == 0
