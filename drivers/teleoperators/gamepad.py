"""Jogs the tool by a gamepad, with the gate and the attempt's controls on its buttons.

Any pad SDL knows works, by the same names; one it does not know works with a mapping in a file of
its own (``drivers.pads``). A pad that is pulled is a loss the gate hears of; when it is plugged in
again it goes on, but the hold-to-correct button must be released and pressed again first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from drivers.base import (
    Control,
    DeviceLostError,
    DeviceNotFoundError,
    Health,
    OperatorInput,
    TeleoperatorView,
)
from drivers.bindings import Bindings, load, pad_presets
from drivers.pads import PAD_AXES, PAD_BUTTONS, words
from drivers.registry import DeviceContext
from drivers.teleoperators import _sdl
from drivers.teleoperators._jog import Jog, Jogging, Wish

_EVENTS = ("toggle", "stop", "start", "success", "failure", "discard")
_STICKS = (("leftx", "lefty"), ("rightx", "righty"))
_TRIGGERS = ("lefttrigger", "righttrigger")
_ALWAYS_SHOWN = PAD_BUTTONS[:15]  # what every pad has; paddles and the like only where bound


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
        self,
        name: str,
        config: Config,
        joint_names: tuple[str, ...],
        bindings: Path | None,
        jog: Jogging | None = None,
    ) -> None:
        self.name = name
        self.pad_name = ""
        self._config = config
        self._jog: Jogging = jog or Jog(name, joint_names, config.joint_speed_rad_s)
        self._path = bindings
        self._bindings: Bindings | None = None
        self._pad: _sdl.Pad | None = None
        self._guid = ""
        self._last: _sdl.Reading | None = None
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
        try:
            _sdl.start(_mappings(self._path))
            found = self._matching(_sdl.pads())
            self._bindings = load(self._path, found.name, found.guid)
            self._pad, self.pad_name, self._guid = _sdl.Pad(found.index), found.name, found.guid
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
            self._pad = self._last = None

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

    def health(self) -> Health:
        """Which pad it is, and how fast it moves the arm."""
        if self._pad is None or self._bindings is None:
            return Health()
        return Health(
            f"{self.pad_name}, labelled as {self._bindings.gamepad.title}, "
            f"speed {self._speed(self._bindings) * 100:.0f} %"
        )

    def controls(self) -> tuple[Control, ...]:
        """Sticks, triggers and buttons as at the last poll; empty while no pad is there."""
        bindings, reading = self._bindings, self._last
        if bindings is None or reading is None:
            return ()
        pad = bindings.gamepad
        actions = {button: action for action, names in pad.buttons.items() for button in names}
        shifted = any(button in reading.held for button in pad.buttons.get("shift", ()))
        layer = pad.axes_shifted if shifted else pad.axes
        motions = {axis: motion for motion, (axis, _) in layer.items()}
        found = []
        for axis in PAD_AXES:
            motion = motions.get(axis, "")
            value = round(reading.axes[axis], 3)
            found.append(Control(axis, pad.label(axis), value, motion, words(motion)))
        for button in PAD_BUTTONS:
            action = actions.get(button, "")
            if action or button in _ALWAYS_SHOWN:
                does = words(action)
                if action == "speed":
                    does = f"{does}, now {self._speed(bindings) * 100:.0f} %"
                held = float(button in reading.held)
                found.append(Control(button, pad.label(button), held, action, does))
        return tuple(found)

    def _speed(self, bindings: Bindings) -> float:
        return bindings.speed.levels[self._level % len(bindings.speed.levels)]

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
        self._last = reading
        return reading

    def _matching(self, found: list[_sdl.Found]) -> _sdl.Found:
        """The pad to use: of those that fit, the one that was used before."""
        wanted = self._config.pad.lower()
        fitting = [pad for pad in found if pad.known and wanted in pad.name.lower()]
        if not fitting:
            raise self._not_found(found)
        return next((pad for pad in fitting if pad.guid == self._guid), fitting[0])

    def _wish(
        self, bindings: Bindings, reading: _sdl.Reading, factor: float, shifted: bool
    ) -> Wish:
        pad, speed = bindings.gamepad, bindings.speed
        values = shaped(reading.axes, pad.dead_zone, pad.expo, pad.trigger_dead_zone)
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

    def _not_found(self, found: list[_sdl.Found]) -> DeviceNotFoundError:
        known = [pad.name for pad in found if pad.known]
        if known:
            return DeviceNotFoundError(
                self.name,
                f"No pad has {self._config.pad!r} in its name.",
                f"Plugged in: {', '.join(known)}. Correct pad in station.toml.",
            )
        if found:
            return DeviceNotFoundError(
                self.name,
                f"SDL does not know which button is which on {found[0].name}.",
                "Put its mapping into a file in the workspace's folder pads, made after "
                f"drivers/pads/generic.toml; its GUID is {found[0].guid}.",
            )
        return DeviceNotFoundError(
            self.name, "No gamepad is plugged in.", "Plug one in, or use the keyboard."
        )


def shaped(
    axes: dict[str, float], dead_zone: float, expo: float, trigger_dead_zone: float = 0.05
) -> dict[str, float]:
    """Sticks and triggers with dead zone and expo, each still from -1 to 1.

    The dead zone of a stick is round, so that it does not pull diagonals to the axes, and motion
    begins at zero at its edge.

    Args:
        axes: by SDL name, as ``Reading.axes``.
        dead_zone: part of a stick's throw that means nothing.
        expo: exponent of the response.
        trigger_dead_zone: part of a trigger's throw that means nothing.
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
        beyond = max(axes[name] - trigger_dead_zone, 0.0) / (1.0 - trigger_dead_zone)
        found[name] = beyond**expo
    return found


def _mappings(path: Path | None) -> tuple[str, ...]:
    """SDL's mapping strings of every kind of pad that the workspace knows."""
    return tuple(line for preset in pad_presets(path).values() for line in preset.mappings)


def create(name: str, config: Config, context: DeviceContext) -> Gamepad:
    """Builds the device; see ``drivers.registry``."""
    return Gamepad(name, config, context.joint_names, context.bindings)
