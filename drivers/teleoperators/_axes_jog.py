"""Turns a wish of motion of a tool into motion of single components, for robots of any kind.

The same hands on the same keys and sticks as ``_jog``, but what they move is not a tool of known
kinematics: sideways moves the first axis, forward the second, up the third, a roll the fourth.
"""

from __future__ import annotations

import numpy as np

from drivers.base import DeviceConfigError, Floats, JointLimits, TeleoperatorView
from drivers.bindings import Speed
from drivers.teleoperators._jog import HUMAN, Wish

AXES = 4

_LEASH_SENT = 0.05
_LEASH = 0.10
"""How far a target may lead what was sent, and what is measured, as parts of the range: a robot
that lags or is blocked is not chased, and turning back works at once."""


class AxesJog:
    """The state of one jog: where each component is meant to be.

    Args:
        device: the operator device's name, for messages.
        limits: the robot's.
        axes: names of the components that sideways (right), forward, up and a roll (right) move,
            in this order; a minus before a name turns it round. By default the first that are no
            grippers. Every gripper opens and closes.
        speed: of each axis at full deflection, as parts of its range a second.

    Raises:
        DeviceConfigError: a name that is no component, too many of them, or a speed below 0.
    """

    def __init__(
        self, device: str, limits: JointLimits, axes: tuple[str, ...], speed: float
    ) -> None:
        self._limits = limits
        joints = tuple(n for n, g in zip(limits.names, limits.openings, strict=True) if not g)
        chosen = axes or joints[:AXES]
        for name in chosen:
            if name.removeprefix("-") not in joints:
                raise DeviceConfigError(
                    device,
                    f"axes names {name!r}; the robot has no such axis.",
                    f"Choose of: {', '.join(joints)}; a minus before one turns it round.",
                )
        if len(chosen) > AXES or not speed > 0.0:
            raise DeviceConfigError(
                device,
                f"axes has {len(chosen)} names and speed is {speed:g}.",
                f"Name at most {AXES} axes, and give a speed above 0.",
            )
        self._index = [limits.names.index(name.removeprefix("-")) for name in chosen]
        self._sign = np.array([-1.0 if name.startswith("-") else 1.0 for name in chosen])
        self._range = limits.upper - limits.lower
        self._speed = np.minimum(speed * self._range, limits.velocity)
        self._full = Speed(1.0, 1.0, 1.0, 1.0, (1.0,))
        self._target: Floats | None = None
        self._seen_human = False

    def scaled(self, speed: Speed) -> None:
        """Takes the speeds that a wish has at full deflection, from the bindings."""
        self._full = speed

    def begin(self, view: TeleoperatorView) -> None:
        """Anchors at what was sent last."""
        self._target = np.array(view.sent, dtype=np.float64)
        self._seen_human = False

    def advance(self, wish: Wish, view: TeleoperatorView) -> Floats | None:
        """The next target, shape (A,); None while the human is not in control."""
        if self._target is None or self._handed_back(view):
            self._target = None
            return None
        target = self._target.copy()
        moved = self._index
        step = self._deflection(wish)[: len(moved)] * self._sign
        target[moved] += step * self._speed[moved] * view.dt
        for anchor, leash in ((view.sent, _LEASH_SENT), (view.state.position, _LEASH)):
            slack = leash * self._range
            led = np.clip(target, anchor - slack, anchor + slack)
            # What is not moved stays as it was, wherever it is: nobody asked for it.
            target[moved] = led[moved]
        grip = self._limits.openings
        target[grip] += wish.gripper * view.dt
        self._target = np.clip(target, self._limits.lower, self._limits.upper)
        return self._target.copy()

    def _deflection(self, wish: Wish) -> Floats:
        """Right, forward, up and roll, each from -1 to 1."""
        v, w = self._full.linear_m_s, self._full.angular_rad_s
        forward, left, up = (value / v for value in wish.linear)
        roll, down, turn = (value / w for value in wish.angular)
        # Arrows turn a tool; here they go the way they point, as the letters do.
        wanted: Floats = np.array([-left - turn, forward - down, up, roll])
        return np.clip(wanted, -1.0, 1.0)

    def _handed_back(self, view: TeleoperatorView) -> bool:
        human = view.controller in HUMAN
        ended = self._seen_human and not human
        self._seen_human = self._seen_human or human
        return ended
