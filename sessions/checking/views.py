"""What is seen of a calibration by hand, as it travels from the process that has the bus."""

from __future__ import annotations

import math
from collections.abc import Iterable

import msgspec

from drivers.dynamixel.steps import Bar, Step
from sessions.checking.results import Verdict

SUPPORT = "support"
"""Key of the step before the first, where motors still hold the arm."""

_POSES = ("home", "closed", "open")


class JointBar(msgspec.Struct, frozen=True):
    """One joint, live [rad], as ``drivers.dynamixel.steps.Bar``; None where nothing is known."""

    name: str
    now: float | None
    low: float | None
    high: float | None
    lower: float | None
    upper: float | None
    done: bool


class Present(msgspec.Struct, frozen=True):
    """The calibration in force before this one.

    Attributes:
        text: when it was made and whether it still fits, a sentence or two.
        verdict: ``good``, ``note`` (slight differences) or ``bad`` (none, or it does not fit).
        differences: what differs from the servos, a sentence each.
    """

    text: str
    verdict: Verdict
    differences: tuple[str, ...] = ()


class View(msgspec.Struct, frozen=True, tag="view"):
    """What somebody sees who calibrates.

    Attributes:
        device: the arm, as the station calls it.
        kind: what it is.
        step: what is to be done now; of key ``support`` while motors hold the arm.
        titles: of all steps.
        bars: every joint.
        present: the calibration in force before.
        warnings: what is odd about the sweep, after it.
        summary: what came of it, at the last step.
        problem: what is wrong with the bus; empty while all is well.
    """

    device: str
    kind: str
    step: Step
    titles: tuple[str, ...]
    bars: tuple[JointBar, ...]
    present: Present
    warnings: tuple[str, ...] = ()
    summary: tuple[str, ...] = ()
    problem: str = ""


def standing(view: View) -> str:
    """What is wrong or missing, or that one may go on. Pure.

    Whether a pose is the right one nobody knows but the person who holds the arm in it.
    """
    ready = (
        "It holds still. Go on if the pose is right." if view.step.key in _POSES else "That is it."
    )
    return view.problem or view.step.missing or ready


class Saved(msgspec.Struct, frozen=True, tag="saved"):
    """The calibration was saved.

    Attributes:
        file: where.
        text: a sentence.
    """

    file: str
    text: str


def support(device: str, count: int) -> Step:
    """The step before the first: an arm that its motors hold."""
    return Step(
        key=SUPPORT,
        title="Support the arm",
        instruction=(
            f"The motors hold the {device}. Hold it yourself: its motors let go at the next step, "
            "and it drops if nobody does."
        ),
        missing="",
        number=0,
        count=count,
    )


def joint_bars(bars: Iterable[Bar]) -> tuple[JointBar, ...]:
    """Bars without NaN, which JSON does not have."""
    return tuple(
        JointBar(
            bar.name,
            _known(bar.now),
            _known(bar.low),
            _known(bar.high),
            _known(bar.lower),
            _known(bar.upper),
            bar.done,
        )
        for bar in bars
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
