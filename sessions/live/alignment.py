"""Absolute leaders: how far from the arm one may be, which joint, and which way to move it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drivers.base import Floats, JointLimits

ALIGNED_RAD = 0.1
"""An absolute device this close to the arm in every joint takes over [rad, gripper 0..1]."""

REFUSED_RAD = 0.8
"""One that is further than this in a joint is refused; grippers are not asked [rad]."""


@dataclass(frozen=True)
class Gap:
    """The joint that is furthest from the arm's.

    Attributes:
        joint: its name.
        here: where the device has it [rad, gripper 0..1].
        there: where the arm was sent.
        limit: what would be near enough to begin with.
        near: what would be near enough to take over.
        unit: of all four; empty for a gripper's opening.
    """

    joint: str
    here: float
    there: float
    limit: float
    near: float
    unit: str

    @property
    def apart(self) -> float:
        """How far."""
        return abs(self.there - self.here)

    def amount(self, value: float) -> str:
        """``value`` with the joint's unit."""
        return f"{value:.2f} {self.unit}".strip()

    def way(self, device: str) -> str:
        """Which way to move it, as a sentence."""
        if not self.unit:
            verb = "Open" if self.there > self.here else "Close"
            return f"{verb} the {device}'s {self.joint} from {self.here:.2f} to {self.there:.2f}."
        return (
            f"Turn the {device}'s {self.joint} by {self.there - self.here:+.2f} {self.unit}, "
            f"from {self.here:+.2f} to {self.there:+.2f}."
        )


def worst(
    action: Floats | None, sent: Floats, limits: JointLimits, *, grippers: bool
) -> Gap | None:
    """The joint that is furthest from the arm's; None if the device gives no pose.

    Args:
        action: where the device is, shape (A,).
        sent: what the arm was sent last, shape (A,).
        limits: names and units of the joints.
        grippers: whether openings count; arm and leader may grasp things of another width.
    """
    if action is None or action.shape != sent.shape:
        return None
    openings, near = limits.openings, measure(ALIGNED_RAD, limits)
    apart = np.where(openings & (not grippers), -1.0, np.abs(action - sent) / near)
    at = int(np.argmax(apart))
    return Gap(
        limits.names[at],
        float(action[at]),
        float(sent[at]),
        float(measure(REFUSED_RAD, limits)[at]),
        float(near[at]),
        "" if openings[at] else limits.unit,
    )


def measure(rad: float, limits: JointLimits) -> Floats:
    """An angle as a distance of each component, shape (A,).

    Openings count like radians. Where joints have another unit, or nobody knows it, the same part
    of their range is taken as the angle is of a full turn.
    """
    if limits.unit == "rad":
        return np.full(limits.size, rad)
    part = rad / math.tau * (limits.upper - limits.lower)
    return np.where(limits.openings, rad, part)


def aligned(action: Floats | None, sent: Floats, limits: JointLimits) -> bool:
    """Whether the device is where the arm is, in every joint."""
    if action is None or action.shape != sent.shape:
        return False
    return bool((np.abs(action - sent) <= measure(ALIGNED_RAD, limits)).all())


def beside(led: Floats, sent: Floats, limits: JointLimits) -> Floats:
    """Where a leader's joints lead, at the whole turns nearest to the arm; shape (A,).

    Args:
        led: as ``Leading.led`` gives it: NaN for joints that nothing leads.
        sent: where the arm was sent; what nothing leads stays there.
        limits: names and units of the joints.
    """
    if limits.unit == "rad":
        turns = np.round((led - sent) / math.tau)
        led = np.where(limits.openings, led, led - math.tau * turns)
    return np.where(np.isnan(led), sent, led)


def refusal(
    device: str,
    action: Floats | None,
    sent: Floats,
    limits: JointLimits,
    then: str = "Then take over again.",
) -> tuple[str, str] | None:
    """Why the device may not even begin to take over, and the remedy; None if it may.

    Args:
        device: its name.
        action: where it leads, shape (A,).
        sent: where the arm was sent, shape (A,).
        limits: names and units of the joints.
        then: what is to be done once it was brought nearer.
    """
    gap = worst(action, sent, limits, grippers=False)
    if gap is None or not gap.apart > gap.limit:
        return None
    return (
        f"The {device}'s {gap.joint} is {gap.amount(gap.apart)} from the arm's "
        f"(limit {gap.amount(gap.limit)}).",
        f"{gap.way(device)} {then}",
    )


def sentence(
    device: str, action: Floats | None, sent: Floats, limits: JointLimits
) -> tuple[str, str]:
    """What is said while the device is waited for."""
    gap = worst(action, sent, limits, grippers=True)
    if gap is None:
        return f"Aligning: the {device} gives no pose yet.", "Move it a little."
    return (
        f"Aligning: the {device}'s {gap.joint} is {gap.amount(gap.apart)} from the arm's "
        f"(within {gap.amount(gap.near)} it takes over).",
        f"The arm waits. {gap.way(device)}",
    )
