"""What a person sees of a calibration: the step to take now, and a bar for each joint."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.dynamixel.description import ArmDescription, JointDescription


@dataclass(frozen=True)
class Step:
    """What is to be done now.

    Attributes:
        key: ``home``, ``direction``, ``sweep``, ``closed``, ``open`` or ``summary``.
        title: a few words.
        instruction: what the person is to do, in sentences.
        missing: why ``next`` would not go on yet, a sentence; empty if it would.
        number: from 1.
        count: of how many.
        joint: the joint it is about; empty if it is about all.
    """

    key: str
    title: str
    instruction: str
    missing: str
    number: int
    count: int
    joint: str = ""


@dataclass(frozen=True)
class Bar:
    """One joint, live. Angles are from the home pose until the calibration is complete.

    Attributes:
        name: the joint.
        now: its angle [rad]; NaN before the first reading.
        low: the lowest seen in the sweep [rad]; NaN before the sweep.
        high: the highest seen in the sweep [rad]; NaN before the sweep.
        lower: lowest it may ever have [rad]; NaN if unknown.
        upper: highest it may ever have [rad]; NaN if unknown.
        done: whether enough of its range was seen.
    """

    name: str
    now: float
    low: float
    high: float
    lower: float
    upper: float
    done: bool


def words(arm: ArmDescription, key: str, joint: JointDescription | None) -> tuple[str, str]:
    """Title and instruction of a step.

    Args:
        arm: what kind of arm it is.
        key: as in ``Step``.
        joint: the joint that a ``direction`` is about.
    """
    if key == "home":
        return "Home pose", f"{arm.home}. Hold it still."
    if key == "direction" and joint is not None:
        text = f"{joint.positive}, by about 30°, and leave it there."
        return f"Direction of {joint.name}", text
    if key == "sweep":
        return "Range", "Move every joint gently through its whole range, one after another."
    if arm.gripper is not None and key in ("closed", "open"):
        what = arm.gripper.closed if key == "closed" else arm.gripper.open
        return f"{arm.gripper.name.capitalize()} {key}", f"{what}. Hold it still."
    return "Summary", "Look through the ranges, then save."
