"""Jogs the tool by a gamepad, with the gate and the attempt's controls on its buttons.

Any pad SDL knows works, by the same names. A pad that is pulled is a loss the gate hears of; when
it is plugged in again it goes on, but the hold-to-correct button must be released and pressed
again first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from drivers.base import DeviceLostError, DeviceNotFoundError, OperatorInput, TeleoperatorView
from drivers.bindings import Bindings, load
from drivers.registry import DeviceContext
from drivers.teleoperators import _sdl
from drivers.teleoperators._jog import Jog, Wish

_EVENTS = ("toggle", "stop", "start", "success", "failure", "discard")
_STICKS = (("leftx", "lefty"), ("rightx", "righty"))
_TRIGGERS = ("lefttrigger", "righttrigger")
_TRIGGER_DEAD_ZONE = 0.05


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        pad: part of the name of the pad to use, any case; empty for the first one.
        joint_speed_rad_s: the fastest joint's speed while jogging [rad/s].
    """

    pad: str = ""
    joint_speed_rad_s: float = 1.2


class Gamepad:
    """The gamepad teleoperator; see ``Teleoperator`` for what each method promises."""

    relative = True

    def __init__(
        self, name: str, config: Config, joint_names: tuple[str, ...], bindings: Path | None
    ) -> None:
        self.name = name
        self.pad_name = ""
        self._config = config
        self._jog = Jog(name, joint_names, config.joint_speed_rad_s)
        self._path = bindings
        self._bindings: Bindings | None = None
        self._pad: _sdl.Pad | None = None
        self._level = -1
        self._gate_released = False

    def connect(self) -> None:
        """Opens the pad. After a failure a further call is cheap, so it may be retried.

        Raises:
            DeviceNotFoundError: no pad, none of that name, or none that SDL knows.
            DeviceConfigError: the bindings file is wrong.
        """
        if self._pad is not None:
            return
        if self._bindings is None:
            self._bindings = load(self._path)
        try:
            _sdl.start()
            known, unknown = _sdl.pads()
            wanted = self._config.pad.lower()
            match = next(((i, name) for i, name in known if wanted in name.lower()), None)
            if match is None:
                raise self._not_found([name for _, name in known], unknown)
            self._pad, self.pad_name = _sdl.Pad(match[0]), match[1]
        except RuntimeError as error:
            raise DeviceNotFoundError(
                self.name,
                f"The gamepad cannot be opened: {error}.",
                "Check that you may read /dev/input, then plug it in again.",
            ) from error
        self._gate_released = False

    def disconnect(self) -> None:
        """Lets the pad go."""
        if self._pad is not None:
            self._pad.close()
            self._pad = None

    def begin(self, view: TeleoperatorView) -> None:
        """Anchors at what was sent last."""
        self._jog.begin(view)

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """Reads the pad: the target while the human is in control, the gate, and presses.

        Raises:
            DeviceLostError: the pad is unplugged; raised at every poll until it is back.
        """
        reading = self._reading()
        bindings = self._bindings
        assert bindings is not None
        buttons = bindings.gamepad.buttons

        def down(action: str) -> bool:
            return any(button in reading.held for button in buttons.get(action, ()))

        gate = down("correct")
        self._gate_released = self._gate_released or not gate
        pressed = [
            action for button in reading.pressed for action in buttons if button in buttons[action]
        ]
        levels = bindings.speed.levels
        self._level = (self._level + pressed.count("speed")) % len(levels)
        factor = levels[self._level] * (bindings.speed.slow if down("slow") else 1.0)
        wish = self._wish(bindings, reading, factor, down("shift"))
        return OperatorInput(
            action=self._jog.advance(wish, view),
            gate=gate and self._gate_released,
            events=tuple(a for a in pressed if a in _EVENTS or a.startswith("tag:")),
        )

    def send_feedback(self, view: TeleoperatorView) -> None:
        """Sticks cannot be moved."""

    def _reading(self) -> _sdl.Reading:
        if self._pad is None:
            try:
                self.connect()
            except DeviceNotFoundError as error:
                raise self._lost() from error
        assert self._pad is not None
        reading = self._pad.read()
        if reading is None:
            self.disconnect()
            raise self._lost()
        return reading

    def _wish(
        self, bindings: Bindings, reading: _sdl.Reading, factor: float, shifted: bool
    ) -> Wish:
        pad, speed = bindings.gamepad, bindings.speed
        values = shaped(reading.axes, pad.dead_zone, pad.expo)
        layer = pad.axes_shifted if shifted else pad.axes

        def at(motion: str) -> float:
            axis, sign = layer.get(motion, ("", 0.0))
            return sign * values.get(axis, 0.0) * factor

        v, w = speed.linear_m_s, speed.angular_rad_s
        return Wish(
            linear=(v * at("x"), v * at("y"), v * at("z")),
            angular=(w * at("roll"), w * at("pitch"), w * at("yaw")),
            gripper=speed.gripper_per_s * (at("gripper_open") - at("gripper_close")),
        )

    def _lost(self) -> DeviceLostError:
        which = self.pad_name or "The pad"
        return DeviceLostError(
            self.name,
            f"{which} is unplugged.",
            "Plug it in again, let go of its buttons, then take over again.",
        )

    def _not_found(self, known: list[str], unknown: list[str]) -> DeviceNotFoundError:
        if known:
            return DeviceNotFoundError(
                self.name,
                f"No pad has {self._config.pad!r} in its name.",
                f"Plugged in: {', '.join(known)}. Correct pad in station.toml.",
            )
        if unknown:
            return DeviceNotFoundError(
                self.name,
                f"There is no mapping of buttons for {', '.join(unknown)}.",
                "Put its mapping into the environment variable SDL_GAMECONTROLLERCONFIG.",
            )
        return DeviceNotFoundError(
            self.name, "No gamepad is plugged in.", "Plug one in, or use the keyboard."
        )


def shaped(axes: dict[str, float], dead_zone: float, expo: float) -> dict[str, float]:
    """Sticks and triggers with dead zone and expo, each still from -1 to 1.

    The dead zone of a stick is round, so that it does not pull diagonals to the axes, and motion
    begins at zero at its edge.

    Args:
        axes: by SDL name, as ``Reading.axes``.
        dead_zone: part of the throw that means nothing.
        expo: exponent of the response.
    """
    found = {}
    for names in _STICKS:
        x, y = axes[names[0]], axes[names[1]]
        throw = math.hypot(x, y)
        gain = 0.0
        if throw > dead_zone:
            gain = (min((throw - dead_zone) / (1.0 - dead_zone), 1.0) ** expo) / throw
        found[names[0]], found[names[1]] = x * gain, y * gain
    for name in _TRIGGERS:
        beyond = max(axes[name] - _TRIGGER_DEAD_ZONE, 0.0) / (1.0 - _TRIGGER_DEAD_ZONE)
        found[name] = beyond**expo
    return found


def create(name: str, config: Config, context: DeviceContext) -> Gamepad:
    """Builds the device; see ``drivers.registry``."""
    return Gamepad(name, config, context.joint_names, context.bindings)
