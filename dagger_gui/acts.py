"""What Enter does: the next deliberate act, read off the control process's state.

Reset, then arm, then start are three acts, one press each; a held key that repeats is one press.
"""

from __future__ import annotations

from dataclasses import dataclass

from sessions.messages import Arm, ClearFault, ControlState, Message, Resume, StartAttempt


@dataclass(frozen=True)
class Act:
    """One deliberate act.

    Attributes:
        name: what the button and the hint call it.
        command: what is sent to the control process.
    """

    name: str
    command: Message


def next_act(state: ControlState | None) -> Act | None:
    """The act that Enter does now; None while nothing waits for one (the arm is being driven)."""
    if state is None:
        return None
    if state.gate == "fault":
        return Act("Reset", ClearFault())
    if not state.armed:
        return Act("Arm", Arm())
    if state.attempt == 0:
        return Act("Start attempt", StartAttempt())
    if state.gate == "hold":
        return Act("Resume", Resume())
    return None


def arm_is_live(state: ControlState | None) -> bool:
    """Whether the arm may move: nothing modal may open and Space stops even while typing."""
    return state is not None and state.armed and state.gate != "fault"
