"""Which acts of an attempt are possible, and why the others are not: pure, as the buttons show it.

A button that looks live is carried out, one that would be refused is greyed and says why: this
table follows the refusals of ``sessions.live.commands``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Act = Literal["reset", "reconnect", "arm", "start", "resume", "pause", "wait"]
Torque = Literal["none", "off", "on"]

OUTCOMES: Final = ("success", "failure", "discarded")
_SILENT = "The control process does not answer."
_STOPPED = "The arm was stopped. Reset it first."
_UNARMED = "The arm is not armed. Arm it first."
_NO_ATTEMPT = "No attempt is running. Start one first."


@dataclass(frozen=True)
class Situation:
    """What decides which acts are possible.

    Attributes:
        connected: the control process answers.
        gate: ``hold``, ``policy``, ``aligning``, ``human``, ``parking`` or ``fault``.
        armed: motion is allowed.
        running: an attempt is being recorded.
        demo: the running attempt is a demonstration.
        still: what forbids motion now whoever drives, one sentence; empty if nothing does.
        blocked: why no attempt can start now, one sentence; empty if it can.
        no_policy: why the policy cannot drive, one sentence; empty if it can.
        no_hand: why nobody can take over, one sentence; empty if somebody can.
        unattended: why the policy may not drive for want of somebody to take over; empty if it
            may, as in a station that names no device.
        lost: the arm does not answer.
        torque: whether any motor holds the arm; ``none`` if they cannot be switched from here.
        can_rest: the arm knows a pose to rest in.
        motors: something here has motors that can be let go, the arm or a leader.
        holding: what releasing would let go, ``arm`` or a leader's name; empty if nothing holds.
        releasing: what the next press lets go, because it was asked for just now; or empty.
        last: number of the attempt that ended last, 0 without one.
        outcome: how that one ended.
        read_only: why this window does nothing, one sentence; empty in one that works.
    """

    connected: bool = False
    gate: str = "hold"
    armed: bool = False
    running: bool = False
    demo: bool = False
    still: str = ""
    blocked: str = ""
    no_policy: str = ""
    no_hand: str = ""
    unattended: str = ""
    lost: bool = False
    torque: Torque = "none"
    can_rest: bool = True
    motors: bool = False
    holding: str = ""
    releasing: str = ""
    last: int = 0
    outcome: str = ""
    read_only: str = ""


def next_act(situation: Situation) -> Act:
    """The one act that comes next."""
    if not situation.connected or situation.read_only:
        return "wait"
    if situation.gate == "fault":
        return "reset"
    if situation.lost:
        return "reconnect"
    if situation.gate == "parking":
        return "pause"
    if not situation.armed:
        return "arm"
    if situation.gate != "hold":
        return "pause"
    return "wait" if why_waits(situation) else "resume" if situation.running else "start"


def why_waits(situation: Situation) -> str:
    """What the next act waits for, one sentence; empty where there is one to do."""
    common = _never(situation)
    if common or not situation.armed or situation.gate != "hold":
        return common
    alone = situation.no_policy or situation.unattended
    if not situation.running:
        return situation.blocked or situation.still or alone
    return situation.still or (situation.no_hand if situation.demo else alone)


def why_not_take(situation: Situation) -> str:
    """Why nobody can take over, or give back, now; empty if it can be done."""
    common = _never(situation) or _stands(situation)
    if common:
        return common
    if not situation.running:
        return _NO_ATTEMPT
    if situation.demo:
        return "You demonstrate: there is no policy to give back to."
    if situation.gate in ("human", "aligning"):
        return ""
    return situation.no_hand or (situation.still if situation.gate == "hold" else "")


def why_not_end(situation: Situation, outcome: str) -> str:
    """Why an attempt cannot be given an outcome: the running one, or else the last."""
    if _never(situation):
        return _never(situation)
    if situation.running:
        return ""
    if not situation.last:
        return "There is no attempt to mark yet."
    if situation.outcome == outcome:
        word = "discarded" if outcome == "discarded" else f"marked as {outcome}"
        return f"Attempt {situation.last} is {word}."
    return ""


def why_not_demonstrate(situation: Situation) -> str:
    """Why no demonstration can start now; empty if one can."""
    common = _never(situation) or _stands(situation)
    if common:
        return common
    if situation.running:
        return "An attempt is running. End it first: success, failure or discard."
    if situation.gate == "parking":
        return "The arm is on its way to rest. Pause it first, or let it rest."
    return situation.blocked or situation.still or situation.no_hand


def why_not_disarm(situation: Situation) -> str:
    """Why disarming changes nothing now; empty if it does."""
    return _never(situation) or ("" if situation.armed else "The arm is not armed.")


def why_not_rest(situation: Situation) -> str:
    """Why the arm cannot be sent to rest, or be let go, now; empty if it can."""
    if _never(situation):
        return _never(situation)
    if situation.lost:
        return "The arm does not answer."
    if situation.torque != "on":
        return "The arm's torque is off already."
    if situation.gate == "parking":
        return ""
    if situation.running:
        return "An attempt is running. End it first: success, failure or discard."
    if not situation.can_rest:
        return ""  # it is let go where it is, if asked twice
    return _stands(situation)


def why_not_release(situation: Situation) -> str:
    """Why nothing can be let go now; empty if something can, where it is asked for twice."""
    if _never(situation):
        return _never(situation)
    if not situation.holding:
        return "The arm does not answer." if situation.lost else "No motor holds anything."
    if situation.gate in ("policy", "human", "aligning"):
        return "The arm is being driven. Pause or stop it first."
    if situation.gate == "parking":
        return "The arm is on its way to rest. Let go drops it at once."
    return ""


def release_means(situation: Situation) -> str:
    """What a press lets go now, and what becomes of it."""
    what = situation.releasing or situation.holding or "arm"
    if situation.releasing:
        return f"Support the {what}: press again to let it go."
    return f"Takes the torque of the {what} where it is: it drops. Asks you to press again."


def _never(situation: Situation) -> str:
    """What is in the way of everything."""
    return situation.read_only or ("" if situation.connected else _SILENT)


def _stands(situation: Situation) -> str:
    """Why the arm may not move at all."""
    if situation.gate == "fault":
        return _STOPPED
    return "" if situation.armed else _UNARMED
