"""The end of the control process: slow down, hold, rest pose, torque off, in bounded time.

An armed arm is brought to its rest pose, slowly, and let go there. One that was disarmed or stopped
is not moved: nothing moves unarmed. It is let go if it lies in its rest pose already, and is held
by its motors otherwise, because without them it would drop; so is a leader that mirrored. Being
asked to end a second time lets go of the arm at once.
"""

from __future__ import annotations

from collections.abc import Callable

from sessions.live import held, motors
from sessions.live.gate import Event
from sessions.live.parts import Parts
from sessions.messages import Rest
from sessions.types import GateState

SLOW_S = 1.0
"""So long an arm may take to slow down [s]."""


def bring_to_rest(loop: Parts, tick: Callable[[], None], hurried: Callable[[], bool]) -> str:
    """Ends all motion in order.

    Args:
        loop: the loop.
        tick: waits for the next tick and carries it out.
        hurried: whether the process has been asked to end a second time.

    Returns:
        what is to be known of the arm and leaders that are left; empty if none hangs on motors.
    """
    rests = loop.helm.gate.armed
    loop.watch.needs_window = False  # whoever ends the process is there
    loop.helm.apply(Event.PAUSE)
    _wait(loop, tick, lambda: hurried() or not loop.follower.limiter.moving, SLOW_S)
    loop.attempts.abandon()
    loop.helm.apply(Event.END)
    if not _held(loop):
        loop.helm.apply(Event.DISARM)
        return held.sentence(held.left_held(loop))
    if rests and _can_rest(loop) and not hurried():
        motors.rest(loop, Rest())
        _wait(loop, tick, lambda: hurried() or not _parking(loop), loop.parking.bound_s())
    loop.helm.apply(Event.DISARM)
    if _held(loop) and (hurried() or held.lies(loop)):
        motors.let_go(loop, Event.DISARM, motors.LET_GO)
    return held.sentence(held.left_held(loop))


def _wait(
    loop: Parts, tick: Callable[[], None], over: Callable[[], bool], longest_s: float
) -> None:
    deadline = loop.clock.now() + longest_s
    while not over() and loop.clock.now() < deadline:
        tick()


def _held(loop: Parts) -> bool:
    """Whether the arm answers and hangs on its motors, on some of them at least."""
    return held.ROBOT in held.holding(loop)


def _can_rest(loop: Parts) -> bool:
    found = loop.follower.motors
    return found is not None and found.rest_pose is not None


def _parking(loop: Parts) -> bool:
    return loop.helm.gate.state is GateState.PARKING
