"""The gate, exhaustively: every state, armed or not, every reason, every event."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions.live.gate import BROKEN, DRIVEN, MOVING, RESTING, Event, Gate, transition
from sessions.types import GateState, HoldReason

HOLD, POLICY, ALIGNING, HUMAN, FAULT, PARKING = GateState
R = HoldReason

STILL_REASONS = [reason for reason in R if reason is not R.NONE]
GATES = [
    Gate(state, armed, reason)
    for state, armed in itertools.product(GateState, (False, True))
    for reason in (STILL_REASONS if state in (HOLD, FAULT) else [R.NONE])
]
REACHABLE = [
    gate
    for gate in GATES
    if (gate.armed or gate.state not in MOVING) and not (gate.armed and gate.state is FAULT)
]

IN_ATTEMPT = [reason for reason in STILL_REASONS if reason not in RESTING]


def expected(gate: Gate, event: Event) -> Gate:
    """The specification, written the other way round: event by event."""
    state, armed, reason = gate.state, gate.armed, gate.reason
    moving = state in DRIVEN
    held_attempt = state is HOLD and armed and reason in IN_ATTEMPT
    idle = state is HOLD and armed and reason is R.IDLE
    match event:
        case Event.SOFT_STOP:
            return Gate(FAULT, False, R.SOFT_STOP)
        case Event.ROBOT_LOST | Event.SELF_STOPPED if state is not FAULT:
            return Gate(HOLD, False, R[event.name])
        case Event.CLEAR if state is FAULT:
            return Gate(HOLD, False, R.PAUSED)
        case Event.ARM if state is HOLD and reason in (R.ROBOT_LOST, R.SELF_STOPPED):
            return Gate(HOLD, True, R.PAUSED)
        case Event.ARM if state is HOLD:
            return Gate(HOLD, True, reason)
        case Event.DISARM if state is HOLD:
            return Gate(HOLD, False, reason)
        case Event.DISARM if moving:
            return Gate(HOLD, False, R.PAUSED)
        case Event.REST if state is HOLD and armed and reason in RESTING:
            return Gate(PARKING, True, R.NONE)
        case Event.RESTED if state is PARKING:
            return Gate(HOLD, False, R.IDLE)
        case Event.PAUSE if state is PARKING:
            return Gate(HOLD, armed, R.IDLE)
        case Event.DISARM | Event.WINDOW_LOST | Event.BAD_ACTION | Event.STALLED if (
            state is PARKING
        ):
            return Gate(HOLD, False, R.IDLE)
        case Event.START if idle:
            return Gate(POLICY, True, R.NONE)
        case Event.START_DEMO if idle:
            return Gate(HUMAN, True, R.NONE)
        case Event.START_DEMO_ALIGN if idle:
            return Gate(ALIGNING, True, R.NONE)
        case Event.RESUME if held_attempt:
            return Gate(POLICY, True, R.NONE)
        case Event.TAKE_OVER if held_attempt or state in (POLICY, ALIGNING):
            return Gate(HUMAN, armed, R.NONE)
        case Event.ALIGN if held_attempt or state in (POLICY, HUMAN):
            return Gate(ALIGNING, armed, R.NONE)
        case Event.ALIGNED if state is ALIGNING:
            return Gate(HUMAN, armed, R.NONE)
        case Event.GIVE_BACK if state in (ALIGNING, HUMAN):
            return Gate(POLICY, armed, R.NONE)
        case Event.OPERATOR_LOST if state in (ALIGNING, HUMAN, POLICY):
            return Gate(HOLD, armed, R.OPERATOR_LOST)
        case Event.POLICY_LATE | Event.NO_POLICY if state is POLICY:
            return Gate(HOLD, armed, R[event.name])
        case Event.PAUSE if moving:
            return Gate(HOLD, armed, R.PAUSED)
        case Event.CAMERA_STALE | Event.WINDOW_LOST | Event.BAD_ACTION | Event.STALLED if moving:
            return Gate(HOLD, armed, R[event.name])
        case Event.END if moving or (state is HOLD and reason in IN_ATTEMPT):
            return Gate(HOLD, armed, R.IDLE)
        case Event.RECORDER_LOST if state is HOLD and reason is R.IDLE:
            return Gate(HOLD, armed, R.RECORDER_LOST)
        case Event.RECORDER_BACK if state is HOLD and reason is R.RECORDER_LOST:
            return Gate(HOLD, armed, R.IDLE)
        case Event.LOADING if state is HOLD and reason in RESTING:
            return Gate(HOLD, armed, R.LOADING_POLICY)
        case Event.LOADED if state is HOLD and reason is R.LOADING_POLICY:
            return Gate(HOLD, armed, R.IDLE)
    return gate


@pytest.mark.parametrize("event", list(Event), ids=lambda event: event.name)
def test_every_event_is_defined_in_every_state(event: Event) -> None:
    for gate in GATES:
        assert transition(gate, event) == expected(gate, event), f"{gate} on {event.name}"


events = st.lists(st.sampled_from(list(Event)), max_size=60)


@given(events)
def test_nothing_moves_without_being_armed(sequence: list[Event]) -> None:
    gate = Gate()
    for event in sequence:
        gate = transition(gate, event)
        assert gate.armed or gate.state not in MOVING


@given(events)
def test_a_fault_leaves_only_by_clear_and_disarmed(sequence: list[Event]) -> None:
    gate = Gate()
    for event in sequence:
        before, gate = gate, transition(gate, event)
        if before.state is FAULT and gate.state is not FAULT:
            assert event is Event.CLEAR
            assert gate == Gate(HOLD, False, R.PAUSED)


@given(events)
def test_three_acts_lead_from_a_stop_to_motion_and_never_fewer(sequence: list[Event]) -> None:
    gate = transition(Gate(), Event.SOFT_STOP)
    acts = []
    for event in sequence:
        before, gate = gate, transition(gate, event)
        if event is Event.SOFT_STOP:
            acts = []
        elif gate != before:
            acts.append(event)
        if gate.state in MOVING:
            assert acts.index(Event.CLEAR) < acts.index(Event.ARM) < len(acts) - 1


@given(events)
def test_a_reason_is_given_exactly_where_the_arm_does_not_move(sequence: list[Event]) -> None:
    gate = Gate()
    for event in sequence:
        gate = transition(gate, event)
        assert (gate.reason is R.NONE) == (gate.state in MOVING)
        assert gate in REACHABLE


@given(st.sampled_from(REACHABLE))
def test_soft_stop_latches_from_anywhere(gate: Gate) -> None:
    stopped = transition(gate, Event.SOFT_STOP)
    assert stopped == Gate(FAULT, False, R.SOFT_STOP)
    for event in set(Event) - {Event.CLEAR}:
        assert transition(stopped, event) == stopped


@given(events, st.sampled_from([Event.ROBOT_LOST, Event.SELF_STOPPED]))
def test_two_acts_lead_from_an_arm_that_broke_off_to_motion_and_never_fewer(
    sequence: list[Event], broken: Event
) -> None:
    gate = transition(Gate(POLICY, True, R.NONE), broken)
    assert gate == Gate(HOLD, False, R[broken.name])
    acts: list[Event] = []
    for event in sequence:
        before, gate = gate, transition(gate, event)
        if gate.reason in BROKEN and gate != before:
            acts = []
        elif gate != before:
            acts.append(event)
        if gate.state in MOVING:
            assert acts.index(Event.ARM) < len(acts) - 1


@pytest.mark.parametrize("reason", sorted(BROKEN))
def test_a_broken_off_attempt_goes_on_by_arming_and_resuming(reason: HoldReason) -> None:
    gate = transition(Gate(HOLD, False, reason), Event.RESUME)
    assert gate == Gate(HOLD, False, reason)
    gate = transition(transition(gate, Event.ARM), Event.RESUME)
    assert gate == Gate(POLICY, True, R.NONE)


@given(st.sampled_from(REACHABLE))
def test_only_an_armed_arm_outside_attempts_goes_to_rest(gate: Gate) -> None:
    goes = gate.state is HOLD and gate.armed and gate.reason in RESTING
    assert (transition(gate, Event.REST).state is PARKING) == (goes or gate.state is PARKING)


def test_a_stale_camera_keeps_no_arm_from_its_rest() -> None:
    parking = Gate(PARKING, True, R.NONE)
    assert transition(parking, Event.CAMERA_STALE) == parking
    for event in (Event.TAKE_OVER, Event.ALIGN, Event.START, Event.RESUME, Event.GIVE_BACK):
        assert transition(parking, event) == parking


@given(st.sampled_from(REACHABLE), st.sampled_from(list(Event)))
def test_a_condition_that_lasts_changes_nothing_the_second_time(gate: Gate, event: Event) -> None:
    lasting = {
        Event.ROBOT_LOST,
        Event.SELF_STOPPED,
        Event.SOFT_STOP,
        Event.CAMERA_STALE,
        Event.WINDOW_LOST,
        Event.POLICY_LATE,
        Event.NO_POLICY,
        Event.RECORDER_LOST,
        Event.LOADING,
        Event.OPERATOR_LOST,
        Event.BAD_ACTION,
        Event.STALLED,
    }
    once = transition(gate, event)
    if event in lasting:
        assert transition(once, event) == once


def test_taking_over_needs_one_event_from_policy_and_from_a_held_attempt() -> None:
    assert transition(Gate(POLICY, True, R.NONE), Event.TAKE_OVER).state is HUMAN
    for reason in IN_ATTEMPT:
        assert transition(Gate(HOLD, True, reason), Event.TAKE_OVER).state is HUMAN


@pytest.mark.parametrize("reason", sorted(RESTING))
def test_outside_an_attempt_nobody_takes_over_or_resumes(reason: HoldReason) -> None:
    gate = Gate(HOLD, True, reason)
    for event in (Event.TAKE_OVER, Event.ALIGN, Event.RESUME):
        assert transition(gate, event) == gate
