"""Control passes to a person and back: who may take it now, and why another may not."""

from __future__ import annotations

from sessions.live import alignment
from sessions.live.gate import Event
from sessions.live.holds import CHOOSE, Trouble
from sessions.live.parts import Parts
from sessions.messages import Accepted, GiveBack, Message, Refused, TakeOver
from sessions.types import GateState


def take_over(loop: Parts, command: TakeOver) -> Message:
    """The human takes control now, or begins to align an absolute device."""
    name = loop.operators.hand(command.device)
    gate = loop.helm.gate
    refusal = not_movable(loop) or no_operator(loop, name) or too_far(loop, name)
    if refusal is not None:
        return refusal
    if not loop.helm.take_over(name, command.input_t):
        return Refused(f"Nobody can take over in {gate.state.name.lower()}.")
    return Accepted()


def give_back(loop: Parts, command: GiveBack) -> Message:
    """The policy drives on, unless another hand than the one that lets go drives by now."""
    if loop.helm.gate.state not in (GateState.HUMAN, GateState.ALIGNING):
        return Refused("The human is not in control.")
    known = command.device in loop.operators.slots
    another_hand = known and loop.operators.hand(command.device) != loop.helm.driver
    if not another_hand:
        loop.helm.give_back(command.input_t)
    return Accepted()


def not_movable(loop: Parts) -> Refused | None:
    """Why the arm may not be moved now, by whomever; None if it may."""
    gate = loop.helm.gate
    if gate.state is GateState.FAULT:
        return Refused("The arm was stopped.", "Reset it first, then arm.")
    if not gate.armed:
        return Refused("The arm is not armed.", "Arm it first.")
    if loop.attempts.current is None:
        return Refused("No attempt is running.", "Start one first.")
    return None if loop.trouble is None else refused("The arm holds", loop.trouble)


def too_far(loop: Parts, name: str) -> Refused | None:
    """Why an absolute device is too far from the arm to take over; None if it may begin to align.

    One that drives or aligns already is not asked again: the arm waits for it.
    """
    if loop.operators.slots[name].device.relative or loop.helm.driver == name:
        return None
    action, sent = loop.operators.action(name), loop.follower.sent
    words = alignment.refusal(name, action, sent, loop.follower.limiter.limits)
    return None if words is None else Refused(*words)


def too_far_to_start(loop: Parts, name: str) -> Refused | None:
    """Why no demonstration may begin with this device where it is now; None if one may.

    Outside attempts it asks for nothing; its joints say where it is all the same.
    """
    led, sent = loop.operators.led(name), loop.follower.sent
    if loop.operators.slots[name].device.relative or led is None:
        return None
    limits = loop.follower.limiter.limits
    pose = alignment.beside(led, sent, limits)
    words = alignment.refusal(name, pose, sent, limits, "Then start again.")
    return None if words is None else Refused(*words)


def no_operator(loop: Parts, name: str) -> Refused | None:
    """Why this device cannot drive; None if it answers."""
    if not loop.operators.hands:
        return Refused("The station has no operator device.", "Add one to station.toml.")
    if loop.operators.ready(name):
        return None
    problem = loop.operators.slots[name].problem
    if problem is None:
        return Refused(f"The {name} is not connected yet.", "Wait a moment.")
    return Refused(f"The {name} is not there. {problem.problem}", problem.remedy)


def no_hand(loop: Parts) -> Refused | None:
    """Why nobody could take over from the policy, which therefore may not drive.

    With the chosen device, which is the one that the window's keys and the pedals take over with:
    other hands may be there, but nobody stands ready at them. A station that names no device of
    an operator has nobody to wait for.
    """
    name = loop.operators.selected
    if not name or loop.operators.ready(name):
        return None
    problem, others = loop.operators.slots[name].problem, len(loop.operators.hands) > 1
    why = f"Nobody could take over from the policy: the {name} is not there."
    if problem is None:
        return Refused(why, "It is being connected. Wait a moment.")
    another = f" Or choose another device ({CHOOSE})." if others else ""
    return Refused(f"{why} {problem.problem}", f"{problem.remedy}{another}")


def need_a_hand(loop: Parts) -> None:
    """Holds where the policy drives and the device chosen to take over from it is gone."""
    if loop.helm.gate.state is GateState.POLICY and no_hand(loop) is not None:
        name = loop.operators.selected
        loop.helm.apply(Event.OPERATOR_LOST, loop.operators.lost(name))


def press(loop: Parts, device: str, now: float) -> None:
    """A device's own gate closes; too far from the arm it is refused, in words."""
    too_wide = too_far(loop, device)
    if too_wide is None:
        loop.helm.take_over(device, now)
    elif loop.helm.gate.armed and loop.attempts.current is not None:
        loop.refusals.add(too_wide)
        loop.helm.version += 1


def refused(what: str, trouble: Trouble) -> Refused:
    """A refusal for something that forbids motion."""
    return Refused(f"{what}: {trouble.text}.", trouble.remedy)
