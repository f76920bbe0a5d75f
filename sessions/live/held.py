"""Whose motors hold, and whose go on holding when the session ends: nothing lets go unasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.base import Holding

if TYPE_CHECKING:  # its words are the window's too, which runs no loop
    from sessions.live.parts import Parts

ROBOT = "robot"
"""What the window and the commands call the arm, whatever drives it."""

_REMEDY = (
    "To let go of {it}, start again and press Release twice; or switch {its} power off. "
    "Support {it} then."
)


def with_motors(loop: Parts) -> tuple[str, ...]:
    """The devices whose torque can be taken from here, whether or not they have any."""
    arm = loop.follower.motors is not None
    slots = loop.operators.slots.values()
    leaders = tuple(slot.name for slot in slots if isinstance(slot.device, Holding))
    return (*((ROBOT,) if arm else ()), *leaders)


def holding(loop: Parts) -> tuple[str, ...]:
    """The devices of which any motor has torque, as far as is known: the arm first."""
    follower = loop.follower
    arm = follower.motors is not None and follower.there and not follower.limp
    return (*((ROBOT,) if arm else ()), *loop.operators.holding)


def left_held(loop: Parts) -> tuple[str, ...]:
    """Those that would go on holding if the session ended now; see ``sessions.live.stopping``.

    Not an arm that goes to its rest pose then, or lies there already: that one is let go.
    """
    found = holding(loop)
    return tuple(name for name in found if name != ROBOT or not (_goes_to_rest(loop) or lies(loop)))


def first(left: tuple[str, ...], holds: tuple[str, ...]) -> str:
    """What ``Release`` lets go where no device is named; empty if nothing holds. Pure.

    Args:
        left: as of ``left_held``: an arm that can be sent to rest instead comes after leaders.
        holds: as of ``holding``.
    """
    return next(iter(left or holds), "")


def lies(loop: Parts) -> bool:
    """Whether the arm lies in its rest pose, so that it needs no motors."""
    motors = loop.follower.motors
    if motors is None or motors.rest_pose is None:
        return False
    return loop.parking.lies_at(motors.rest_pose)


def called(name: str) -> str:
    """A device as a sentence names it."""
    return "arm" if name == ROBOT else name


def whose(names: tuple[str, ...]) -> str:
    """``the arm and the leader``; empty for none."""
    words = [f"the {called(name)}" for name in names]
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), *words[-1:]])


def sentence(names: tuple[str, ...]) -> str:
    """What is to be known of those that are left held; empty for none. Pure."""
    if not names:
        return ""
    one = len(names) == 1
    words = whose(names)
    held = "is held by its motors" if one else "are held by their motors"
    remedy = _REMEDY.format(it="it" if one else "them", its="its" if one else "their")
    return f"{words[0].upper()}{words[1:]} {held}, which stay on. {remedy}"


def _goes_to_rest(loop: Parts) -> bool:
    motors = loop.follower.motors
    return loop.helm.gate.armed and motors is not None and motors.rest_pose is not None
