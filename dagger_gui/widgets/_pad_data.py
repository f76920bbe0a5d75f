"""What a picture of an operator's controls is made of: plain data."""

from __future__ import annotations

import math
from dataclasses import dataclass

GATES = ("correct", "toggle")
"""Actions that take over."""

SYMBOLS = {"Cross": "✕", "Circle": "○", "Square": "□", "Triangle": "△"}
"""What is printed on a button whose label is its name."""

_ARROWS = {"leftx": " ↔", "lefty": " ↕", "rightx": " ↔", "righty": " ↕"}


@dataclass(frozen=True)
class PadControl:
    """One control; see ``drivers.base.Control`` for what its fields mean."""

    name: str
    label: str
    value: float = 0.0
    action: str = ""
    does: str = ""

    @property
    def held(self) -> bool:
        """Whether a button is down, or a stick or trigger is moved."""
        return abs(self.value) > 0.15

    @property
    def words(self) -> str:
        """What is printed on it, as a list names it: ``Cross ✕``, ``Left stick ↕``."""
        name = f"{self.label} {SYMBOLS.get(self.label, '')}".strip()
        return name[:1].upper() + name[1:] + _ARROWS.get(self.name, "")


@dataclass(frozen=True)
class PadPicture:
    """What is shown.

    Attributes:
        title: which device it is, such as ``gamepad: Xbox Wireless Controller``.
        controls: all of them; with ``leftx`` among them a gamepad is drawn.
        driving: whether a human drives now with what this device gates.
        problem: why it is not there and what to do, instead of a picture.
    """

    title: str = ""
    controls: tuple[PadControl, ...] = ()
    driving: bool = False
    problem: str = ""

    @property
    def gated(self) -> bool:
        """Whether a control that takes over is held."""
        return any(c.held for c in self.controls if c.action in GATES)

    @property
    def is_pad(self) -> bool:
        """Whether it has sticks."""
        return any(c.name == "leftx" for c in self.controls)


def example(elapsed: float = 0.0) -> PadPicture:
    """A made-up Xbox pad whose stick circles and whose bumper is held now and then."""
    held = float(int(elapsed) % 4 == 1)
    spec = [
        PadControl("leftx", "Left stick", math.cos(elapsed), "y", "Left and right"),
        PadControl("lefty", "Left stick", math.sin(elapsed), "x", "Forward and back"),
        PadControl("rightx", "Right stick", 0.0, "yaw", "Turn"),
        PadControl("righty", "Right stick", 0.0, "z", "Up and down"),
        PadControl("lefttrigger", "LT", 0.0, "gripper_open", "Open the gripper"),
        PadControl(
            "righttrigger", "RT", abs(math.sin(elapsed)), "gripper_close", "Close the gripper"
        ),
        PadControl("a", "A", 0.0, "success", "End as success"),
        PadControl("b", "B", 0.0, "discard", "Discard the attempt"),
        PadControl("x", "X", 0.0, "failure", "End as failure"),
        PadControl("y", "Y", 0.0, "toggle", "Take over or give back"),
        PadControl("back", "View", 0.0, "stop", "Soft stop"),
        PadControl("guide", "Xbox"),
        PadControl("start", "Menu", 0.0, "start", "Reset, arm, start, go on"),
        PadControl("leftstick", "LS", 0.0, "slow", "Slow, while held"),
        PadControl("rightstick", "RS", 0.0, "speed", "Next speed, now 100 %"),
        PadControl("leftshoulder", "LB", 0.0, "shift", "Sticks turn the tool, while held"),
        PadControl("rightshoulder", "RB", held, "correct", "Correct, while held"),
        PadControl("dpup", "D-pad up", 0.0, "tag:approach", "Tag approach"),
        PadControl("dpright", "D-pad right", 0.0, "tag:grasp", "Tag grasp"),
        PadControl("dpdown", "D-pad down", 0.0, "tag:transport", "Tag transport"),
        PadControl("dpleft", "D-pad left", 0.0, "tag:placement", "Tag placement"),
    ]
    return PadPicture("gamepad: Xbox Wireless Controller", tuple(spec), driving=bool(held))
