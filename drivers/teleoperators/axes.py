"""Jogs single components of any robot, by the keys held in the window or by a gamepad.

For robots without kinematics that are known here, such as most of Gymnasium's: arrows and W A S D
(or the left stick) move the first two axes. Gate, events and speeds are those of the keyboard and
the gamepad.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.base import DeviceConfigError
from drivers.bindings import load
from drivers.registry import DeviceContext
from drivers.teleoperators import gamepad, keyboard
from drivers.teleoperators._axes_jog import AxesJog
from drivers.teleoperators.gamepad import Gamepad
from drivers.teleoperators.keyboard import Keyboard

BY = ("keyboard", "gamepad")


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        by: ``keyboard`` or ``gamepad``.
        axes: components that right, forward, up and a roll move; a minus before a name turns it
            round, as for a picture whose y grows downwards.
        speed: at full deflection, as parts of each axis's range a second.
        pad: part of the name of the pad to use, any case; empty for the first one.
    """

    by: str = "keyboard"
    axes: tuple[str, ...] = ()
    speed: float = 0.5
    pad: str = ""


def create(name: str, config: Config, context: DeviceContext) -> Keyboard | Gamepad:
    """Builds the device.

    Raises:
        DeviceConfigError: the robot has no such axis, is not known here, or the bindings file is
            wrong.
    """
    if context.robot is None or config.by not in BY:
        raise DeviceConfigError(
            name,
            f"It is moved by {config.by!r}, and its robot is "
            f"{'not known' if context.robot is None else 'known'}.",
            f"Set by to {' or '.join(BY)}, in a station with a robot.",
        )
    jog = AxesJog(name, context.robot.limits, config.axes, config.speed)
    jog.scaled(load(context.bindings).speed)
    if config.by == "gamepad":
        pad = gamepad.Config(pad=config.pad)
        return Gamepad(name, pad, context.joint_names, context.bindings, jog)
    return Keyboard(name, keyboard.Config(), context.joint_names, context.bindings, jog)
