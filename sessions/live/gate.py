"""Who is in control, as a pure function: ``transition(gate, event) -> gate``.

The whole of it is one table. What is not in the table changes nothing, so the function is total:
every event is defined in every state, and nothing here looks at a clock or a device. After a stop
three acts lead back to motion, never fewer: FAULT --clear--> HOLD disarmed --arm--> HOLD armed
--start or resume--> POLICY (or HUMAN for a demonstration). An arm that is lost or has stopped
itself holds disarmed, and two acts lead on: arm, then start or resume. A stop outlasts both.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from sessions.types import GateState, HoldReason

HOLD, POLICY, ALIGNING, HUMAN, FAULT, PARKING = GateState

DRIVEN = frozenset({POLICY, ALIGNING, HUMAN})
"""The states in which an attempt is driven on."""

MOVING = DRIVEN | {PARKING}
"""The states in which an action may be sent that moves the arm."""

BROKEN = frozenset({HoldReason.ROBOT_LOST, HoldReason.SELF_STOPPED})
"""The reasons of a HOLD that end with arming: the arm itself could not go on."""

RESTING = frozenset({HoldReason.IDLE, HoldReason.RECORDER_LOST, HoldReason.LOADING_POLICY})
"""The reasons of a HOLD outside any attempt: nobody can take over or resume from these."""


@dataclass(frozen=True)
class Gate:
    """The gate's whole state.

    Attributes:
        state: who is in control.
        armed: whether motion is allowed at all; False again after every fault.
        reason: why it holds or faults; NONE in the moving states.
    """

    state: GateState = HOLD
    armed: bool = False
    reason: HoldReason = HoldReason.IDLE


class Event(Enum):
    """What can happen to the gate. Conditions are the loop's to measure, consequences are here."""

    CLEAR = auto()  # the operator resets a stop: first act
    ARM = auto()  # second act
    DISARM = auto()
    START = auto()  # third act: an attempt begins, the policy drives
    START_DEMO = auto()  # third act: a demonstration begins, the human drives
    START_DEMO_ALIGN = auto()  # the same with an absolute device
    RESUME = auto()  # the operator lets a held attempt go on: third act too
    TAKE_OVER = auto()  # with a relative device: at once
    ALIGN = auto()  # the wish to take over with an absolute device
    ALIGNED = auto()  # the absolute device agrees with the arm
    GIVE_BACK = auto()
    PAUSE = auto()
    END = auto()  # the attempt is over
    REST = auto()  # outside attempts: go slowly to the rest pose
    RESTED = auto()  # the arm is there, and its torque is off
    SOFT_STOP = auto()
    ROBOT_LOST = auto()
    SELF_STOPPED = auto()  # the arm is there but refuses to move
    OPERATOR_LOST = auto()  # the device that drives, or that is chosen to take over
    CAMERA_STALE = auto()
    WINDOW_LOST = auto()
    BAD_ACTION = auto()
    STALLED = auto()
    POLICY_LATE = auto()
    NO_POLICY = auto()
    RECORDER_LOST = auto()  # outside attempts: none may start
    RECORDER_BACK = auto()
    LOADING = auto()  # outside attempts: the policy is being exchanged
    LOADED = auto()


@dataclass(frozen=True)
class _Rule:
    """Where one event leads from one state.

    Attributes:
        state: the next state.
        reason: the next reason.
        armed: the next armed flag; None keeps it.
        needs_arm: applies only while armed.
        only: applies only from these reasons; None for all.
    """

    state: GateState
    reason: HoldReason = HoldReason.NONE
    armed: bool | None = None
    needs_arm: bool = False
    only: frozenset[HoldReason] | None = None


_IN_ATTEMPT = frozenset(HoldReason) - RESTING
_IDLE = frozenset({HoldReason.IDLE})


def _table() -> dict[tuple[GateState, Event], _Rule]:
    rules: dict[tuple[GateState, Event], _Rule] = {
        # The three acts.
        (FAULT, Event.CLEAR): _Rule(HOLD, HoldReason.PAUSED, armed=False),
        (HOLD, Event.START): _Rule(POLICY, needs_arm=True, only=_IDLE),
        (HOLD, Event.START_DEMO): _Rule(HUMAN, needs_arm=True, only=_IDLE),
        (HOLD, Event.START_DEMO_ALIGN): _Rule(ALIGNING, needs_arm=True, only=_IDLE),
        (HOLD, Event.RESUME): _Rule(POLICY, needs_arm=True, only=_IN_ATTEMPT),
        # The human comes and goes.
        (HOLD, Event.TAKE_OVER): _Rule(HUMAN, needs_arm=True, only=_IN_ATTEMPT),
        (HOLD, Event.ALIGN): _Rule(ALIGNING, needs_arm=True, only=_IN_ATTEMPT),
        (POLICY, Event.TAKE_OVER): _Rule(HUMAN),
        (POLICY, Event.ALIGN): _Rule(ALIGNING),
        (ALIGNING, Event.TAKE_OVER): _Rule(HUMAN),
        (ALIGNING, Event.ALIGNED): _Rule(HUMAN),
        (ALIGNING, Event.GIVE_BACK): _Rule(POLICY),
        # Control may pass from hand to hand; an absolute device is aligned then too.
        (HUMAN, Event.ALIGN): _Rule(ALIGNING),
        (HUMAN, Event.GIVE_BACK): _Rule(POLICY),
        (HUMAN, Event.OPERATOR_LOST): _Rule(HOLD, HoldReason.OPERATOR_LOST),
        (ALIGNING, Event.OPERATOR_LOST): _Rule(HOLD, HoldReason.OPERATOR_LOST),
        # The policy cannot drive; a human who drives does not need it.
        (POLICY, Event.POLICY_LATE): _Rule(HOLD, HoldReason.POLICY_LATE),
        (POLICY, Event.NO_POLICY): _Rule(HOLD, HoldReason.NO_POLICY),
        # Nor may it drive where nobody can take over from it.
        (POLICY, Event.OPERATOR_LOST): _Rule(HOLD, HoldReason.OPERATOR_LOST),
        # Outside attempts.
        (HOLD, Event.END): _Rule(HOLD, HoldReason.IDLE, only=_IN_ATTEMPT),
        (HOLD, Event.RECORDER_LOST): _Rule(HOLD, HoldReason.RECORDER_LOST, only=_IDLE),
        (HOLD, Event.RECORDER_BACK): _Rule(
            HOLD, HoldReason.IDLE, only=frozenset({HoldReason.RECORDER_LOST})
        ),
        (HOLD, Event.REST): _Rule(PARKING, needs_arm=True, only=RESTING),
        (PARKING, Event.RESTED): _Rule(HOLD, HoldReason.IDLE, armed=False),
        (PARKING, Event.PAUSE): _Rule(HOLD, HoldReason.IDLE),
        (HOLD, Event.LOADING): _Rule(HOLD, HoldReason.LOADING_POLICY, only=RESTING),
        (HOLD, Event.LOADED): _Rule(
            HOLD, HoldReason.IDLE, only=frozenset({HoldReason.LOADING_POLICY})
        ),
    }
    for state in DRIVEN:
        rules[state, Event.DISARM] = _Rule(HOLD, HoldReason.PAUSED, armed=False)
        rules[state, Event.PAUSE] = _Rule(HOLD, HoldReason.PAUSED)
        rules[state, Event.END] = _Rule(HOLD, HoldReason.IDLE)
        rules[state, Event.CAMERA_STALE] = _Rule(HOLD, HoldReason.CAMERA_STALE)
        rules[state, Event.WINDOW_LOST] = _Rule(HOLD, HoldReason.WINDOW_LOST)
        rules[state, Event.BAD_ACTION] = _Rule(HOLD, HoldReason.BAD_ACTION)
        rules[state, Event.STALLED] = _Rule(HOLD, HoldReason.STALLED)
    # Cameras are not needed on the way to rest; whoever could stop it is.
    for event in (Event.DISARM, Event.WINDOW_LOST, Event.BAD_ACTION, Event.STALLED):
        rules[PARKING, event] = _Rule(HOLD, HoldReason.IDLE, armed=False)
    for state in GateState:
        rules[state, Event.SOFT_STOP] = _Rule(FAULT, HoldReason.SOFT_STOP, armed=False)
    for state in set(GateState) - {FAULT}:
        rules[state, Event.ROBOT_LOST] = _Rule(HOLD, HoldReason.ROBOT_LOST, armed=False)
        rules[state, Event.SELF_STOPPED] = _Rule(HOLD, HoldReason.SELF_STOPPED, armed=False)
    return rules


_TABLE = _table()


def transition(gate: Gate, event: Event) -> Gate:
    """The gate after ``event``; the same gate where the table says nothing.

    Arming and disarming a HOLD keep its reason, so they are the two rules beside the table; what
    broke the arm off is over once it is armed again.
    """
    if gate.state is HOLD and event in (Event.ARM, Event.DISARM):
        over = event is Event.ARM and gate.reason in BROKEN
        return Gate(HOLD, event is Event.ARM, HoldReason.PAUSED if over else gate.reason)
    rule = _TABLE.get((gate.state, event))
    if rule is None or (rule.needs_arm and not gate.armed):
        return gate
    if rule.only is not None and gate.reason not in rule.only:
        return gate
    armed = gate.armed if rule.armed is None else rule.armed
    return Gate(rule.state, armed, rule.reason)
