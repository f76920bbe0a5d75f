"""Jogs the tool by keys held in the window.

The window owns the keys and sends which motions are held; this device lives in the control
process and is told by ``set_keys``. The gate is the window's too (commands TakeOver, GiveBack).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drivers.base import DeviceConfigError, OperatorInput, TeleoperatorView
from drivers.bindings import MOTIONS, Speed, load
from drivers.registry import DeviceContext
from drivers.teleoperators._jog import Jog, Jogging, Wish

_EXPIRY_S = 0.5
"""The window repeats held keys four times a second; after two silent beats nothing is held."""


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        joint_speed_rad_s: the fastest joint's speed while jogging [rad/s].
    """

    joint_speed_rad_s: float = 1.2


class Keyboard:
    """The keyboard teleoperator; see ``Teleoperator`` for what each method promises."""

    relative = True

    def __init__(
        self,
        name: str,
        config: Config,
        joint_names: tuple[str, ...],
        bindings: Path | None,
        jog: Jogging | None = None,
    ) -> None:
        self.name = name
        self._jog: Jogging = jog or Jog(name, joint_names, config.joint_speed_rad_s)
        self._bindings = bindings
        self._speed: Speed | None = None
        self._held: frozenset[str] = frozenset()
        self._held_t = float("-inf")

    def connect(self) -> None:
        """Reads the speeds from the bindings; there is no device to open.

        Raises:
            DeviceConfigError: the bindings file is wrong.
        """
        self._speed = load(self._bindings).speed

    def disconnect(self) -> None:
        """Lets go of every key."""
        self._held = frozenset()

    def set_keys(self, held: tuple[str, ...], t: float) -> None:
        """Takes the motions (names of ``drivers.bindings.MOTIONS``) held at ``t``, all of them.

        Args:
            held: motion names; empty when nothing is held or the window lost focus.
            t: when they were, on the clock of ``RobotState.t`` [s].

        Raises:
            DeviceConfigError: a name that is no motion; nothing is held then.
        """
        self._held = frozenset()
        unknown = [motion for motion in held if motion not in MOTIONS]
        if unknown:
            raise DeviceConfigError(
                self.name, f"There is no motion {unknown[0]!r}.", f"Known: {', '.join(MOTIONS)}."
            )
        self._held, self._held_t = frozenset(held), t

    def begin(self, view: TeleoperatorView) -> None:
        """Anchors at what was sent last."""
        self._jog.begin(view)

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """The target that the held keys lead to; None while the human is not in control."""
        if view.state.t - self._held_t > _EXPIRY_S:
            self._held = frozenset()
        return OperatorInput(action=self._jog.advance(self._wish(), view))

    def send_feedback(self, view: TeleoperatorView) -> None:
        """Keys cannot be moved."""

    def _wish(self) -> Wish:
        speed = self._speed
        if not self._held or speed is None:
            return Wish()
        factor = speed.slow if "slow" in self._held else 1.0
        v, w = speed.linear_m_s * factor, speed.angular_rad_s * factor
        return Wish(
            linear=(
                v * self._between("forward", "back"),
                v * self._between("left", "right"),
                v * self._between("up", "down"),
            ),
            angular=(
                w * self._between("roll_right", "roll_left"),
                w * self._between("pitch_down", "pitch_up"),
                w * self._between("yaw_left", "yaw_right"),
            ),
            gripper=speed.gripper_per_s * factor * self._between("gripper_open", "gripper_close"),
        )

    def _between(self, more: str, less: str) -> int:
        return (more in self._held) - (less in self._held)


def create(name: str, config: Config, context: DeviceContext) -> Keyboard:
    """Builds the device; see ``drivers.registry``."""
    return Keyboard(name, config, context.joint_names, context.bindings)
