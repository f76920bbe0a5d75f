"""Commands about the arm's own motors: arm, rest, release; and reconnecting what is lost.

Torque goes on with arming, and off in a rest pose, or where a person who supports the arm asks for
it twice. A leader's goes on where it mirrors, and off at a takeover, or on the same request. A
robot whose motors cannot be switched from here is armed all the same.
"""

from __future__ import annotations

from drivers.base import DriverError
from sessions.live import held
from sessions.live.gate import MOVING, Event
from sessions.live.held import ROBOT
from sessions.live.parts import Parts
from sessions.messages import Accepted, Arm, Message, Reconnect, Refused, Release, Rest
from sessions.types import GateState

CONFIRM_S = 10.0
"""The second press that lets an arm drop counts for so long after the first [s]."""

NOBODY = ("", float("-inf"))
"""Nothing was asked to be let go."""

LET_GO = "The arm is let go: its torque is off."
"""Said from a release until the next arming."""

_REST_OVER = "Press Enter to arm."


def arm(loop: Parts, command: Arm) -> Message:
    """The second act: motion is allowed, and the arm's torque is on."""
    gate, lost = loop.helm.gate, loop.follower.lost
    if gate.state is GateState.FAULT:
        return Refused("The arm was stopped.", "Reset it first, then arm.")
    if lost is not None:
        return Refused(f"The robot is lost. {lost.problem}", lost.remedy)
    if gate.armed:
        return Accepted()
    if loop.attempts.busy and loop.follower.motors is not None:
        return Refused("The scene is being put back.", "Wait a moment.")
    try:
        loop.follower.engage()
    except DriverError as error:
        return Refused(f"The arm was not armed: {error.problem}", error.remedy)
    loop.notice = ("", "")
    loop.helm.arm()
    return Accepted()


def rest(loop: Parts, command: Rest) -> Message:
    """Sends the arm to its rest pose; on the way there, lets it go."""
    motors = loop.follower.motors
    if loop.helm.gate.state is GateState.PARKING or motors is None or motors.rest_pose is None:
        return release(loop, Release(ROBOT))
    refused = _no_torque(loop) or _not_free(loop)
    if refused is not None:
        return refused
    loop.parking.begin(motors.rest_pose)
    loop.helm.apply(Event.REST)
    return Accepted()


def release(loop: Parts, command: Release) -> Message:
    """Torque off here and now, if it is asked for twice or on the way to rest."""
    found = held.first(held.left_held(loop), held.holding(loop))
    name, gate = command.name or found or ROBOT, loop.helm.gate
    refused = _no_torque(loop) if name == ROBOT else _no_leader(loop, name)
    if refused is not None:
        return refused
    if name != ROBOT or gate.state is not GateState.PARKING:
        if gate.state in MOVING:
            return Refused("The arm is being driven.", "Pause or stop it first.")
        if releasing(loop) != name:
            loop.asked_to_release = (name, loop.clock.now())
            loop.helm.version += 1
            return Refused(
                f"Support the {held.called(name)}: press again to let it go.",
                "Without torque it drops where it is.",
            )
    arm = name == ROBOT
    return (let_go(loop, Event.DISARM, LET_GO) if arm else _let_leader_go(loop, name)) or Accepted()


def releasing(loop: Parts) -> str:
    """The device that the next ``Release`` lets go, because it was asked for just now; or empty."""
    name, asked_t = loop.asked_to_release
    return name if 0.0 <= loop.clock.now() - asked_t <= CONFIRM_S else ""


def let_go(loop: Parts, event: Event, sentence: str) -> Refused | None:
    """Torque off; whatever comes of that, the arm is disarmed.

    Args:
        loop: the loop.
        event: what the gate is told, RESTED or DISARM.
        sentence: what is said of the arm then.

    Returns:
        why the torque is still on; None if it is off.
    """
    loop.asked_to_release = NOBODY
    try:
        loop.follower.release()
    except DriverError as error:
        loop.helm.apply(Event.DISARM)
        return Refused(f"The arm was not let go. {error.problem}", error.remedy)
    loop.helm.apply(event)
    loop.helm.say(sentence, _REST_OVER)
    return None


def reconnect(loop: Parts, command: Reconnect) -> Message:
    """Tries now to reach what is lost."""
    slots = loop.operators.slots
    if command.name not in ("", "robot", *slots):
        known = ", ".join(("robot", *slots))
        return Refused(f"There is no device {command.name!r}.", f"The station has: {known}.")
    robot = command.name in ("", "robot") and loop.follower.lost is not None
    others = [
        slot for slot in slots.values() if command.name in ("", slot.name) and not slot.connected
    ]
    if not robot and not others:
        return Refused("Nothing is lost: every device answers.")
    if robot:
        loop.follower.try_now()
    for slot in others:
        slot.retry_t = float("-inf")
    return Accepted()


def _no_torque(loop: Parts) -> Refused | None:
    """Why there is no torque to put off; None if there is."""
    follower = loop.follower
    if follower.motors is None:
        return Refused(
            "The motors of this robot cannot be switched from here.",
            "Use the robot's own switch, and support the arm.",
        )
    if follower.lost is not None:
        return Refused(f"The robot is lost. {follower.lost.problem}", follower.lost.remedy)
    if follower.limp:
        return Refused("The arm's torque is off already.")
    if loop.attempts.busy:
        return Refused("The scene is being put back.", "Wait a moment.")
    return None


def _no_leader(loop: Parts, name: str) -> Refused | None:
    """Why this operator's device has no torque to put off; None if it has."""
    slots = loop.operators.slots
    if name not in slots:
        known = ", ".join((ROBOT, *slots))
        return Refused(f"There is no device {name!r}.", f"The station has: {known}.")
    if not slots[name].connected:
        return Refused(f"The {name} is not there.", "Plug it in.")
    if name not in loop.operators.holding:
        return Refused(f"No motor of the {name} holds.")
    return None


def _let_leader_go(loop: Parts, name: str) -> Refused | None:
    loop.asked_to_release = NOBODY
    try:
        loop.operators.release(name)
    except DriverError as error:
        return Refused(f"The {name} was not let go. {error.problem}", error.remedy)
    return None


def _not_free(loop: Parts) -> Refused | None:
    """Why the arm may not be sent to its rest pose now; None if it may."""
    attempts, gate = loop.attempts, loop.helm.gate
    if attempts.current is not None or attempts.coming is not None:
        return Refused("An attempt is running.", "End it first: success, failure or discard.")
    if gate.state is GateState.FAULT:
        return Refused("The arm was stopped.", "Reset it first, then arm, then send it to rest.")
    if not gate.armed:
        return Refused("The arm is not armed.", "Arm it first: it moves to its rest pose.")
    return None
