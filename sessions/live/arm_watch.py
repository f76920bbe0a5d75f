"""The loop's look at its arm: lost, back, stopped by itself, at rest; and how all devices are."""

from __future__ import annotations

from sessions.live import motors
from sessions.live.gate import Event
from sessions.live.holds import robot_lost, self_stopped
from sessions.live.parts import Parts
from sessions.types import HoldReason


def observe(loop: Parts, now: float) -> None:
    """Takes the arm's newest measurement, and holds if there is none.

    All devices that can be are asked first, each on its own line, so that they answer together.
    """
    follower = loop.follower
    if not loop.attempts.busy:
        follower.ask()
    loop.operators.ask()
    if loop.attempts.busy:
        return  # a scene being put back may not answer for a moment
    before, found = follower.lost, follower.found
    follower.observe(now)
    if follower.found and not found and loop.helm.gate.reason is HoldReason.ROBOT_LOST:
        loop.helm.apply(Event.END)  # an arm that came up after the loop: nothing was lost
    judge(loop)
    if (before is None) != (follower.lost is None):
        loop.helm.version += 1


def judge(loop: Parts) -> None:
    """Holds, disarmed, where the arm is lost or refuses to move; a stop outlasts both."""
    lost, stopped = loop.follower.lost, loop.follower.stopped
    if lost is not None:
        trouble = robot_lost(lost)
    elif stopped is not None:
        trouble = self_stopped(stopped)
    else:
        return
    if not loop.helm.apply(trouble.event, trouble):
        loop.helm.retell(trouble)


def look_whether_it_rests(loop: Parts) -> None:
    """Puts the torque off where the arm lies by itself, or says what keeps it from there."""
    if loop.parking.arrived:
        motors.let_go(loop, Event.RESTED, "The arm rests, its torque is off.")
    elif loop.parking.late:
        loop.helm.apply(Event.DISARM)
        loop.helm.say(
            f"The arm did not reach its rest pose: {loop.parking.obstacle()}.",
            "Clear its way, arm it and send it to rest again; or support it and release it.",
        )


def ask_how_they_are(loop: Parts) -> None:
    """Reads the devices' own figures and warnings; a few times a second is enough."""
    robot, others = loop.follower.look(), loop.operators.look()
    if robot or others:
        loop.helm.version += 1
