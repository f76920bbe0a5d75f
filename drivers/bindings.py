"""Which key or pad control does what: one TOML file, read into frozen structs.

``bindings.toml`` beside this file is the default; a workspace's own is merged over it, line by
line. Names of keys are the ones printed on them (``G``, ``Space``, ``Ctrl+R``); names of pad
controls are SDL's, the same for every pad it knows.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.base import DeviceConfigError

DEFAULT = Path(__file__).with_name("bindings.toml")

WINDOW_ACTIONS = {
    "correct": "Hold to correct",
    "toggle": "Take over or give back",
    "stop": "Soft stop",
    "next": "Next act: reset, arm, start, resume",
    "pause": "Pause",
    "disarm": "Disarm",
    "success": "End as success",
    "failure": "End as failure",
    "discard": "Discard the attempt",
    **{f"tag_{i}": f"Tag with category {i}" for i in range(1, 10)},
    "note": "Write a note",
    "discard_correction": "Discard the correction, or take it back in",
    "undo": "Undo the last edit",
    "redo": "Redo it",
    "retrain": "Retrain",
    "demonstrate": "Start a demonstration",
    "reset_scene": "Reset the scene",
    "operator": "Next operator device",
    "page_run": "Run page",
    "page_review": "Review page",
    "page_rounds": "Rounds page",
    "page_station": "Station page",
    "theme": "Dark or light",
    "keys": "List of keys",
}
"""What a key of the window can do: action name to the words shown for it."""

MOTIONS = {
    "forward": "Tool forward",
    "back": "Tool back",
    "left": "Tool left",
    "right": "Tool right",
    "up": "Tool up",
    "down": "Tool down",
    "pitch_up": "Pitch up",
    "pitch_down": "Pitch down",
    "yaw_left": "Yaw left",
    "yaw_right": "Yaw right",
    "roll_left": "Roll left",
    "roll_right": "Roll right",
    "gripper_open": "Open the gripper",
    "gripper_close": "Close the gripper",
    "slow": "Slow, while held",
}
"""What a held key can move: motion name (as in the message ``Keys``) to its words."""

PAD_MOTIONS = ("x", "y", "z", "roll", "pitch", "yaw", "gripper_open", "gripper_close")
PAD_ACTIONS = (
    *("correct", "shift", "slow", "speed"),
    *("toggle", "stop", "start", "success", "failure", "discard"),
)
PAD_AXES = ("leftx", "lefty", "rightx", "righty", "lefttrigger", "righttrigger")
PAD_BUTTONS = (
    *("a", "b", "x", "y", "back", "guide", "start", "leftstick", "rightstick"),
    *("leftshoulder", "rightshoulder", "dpup", "dpdown", "dpleft", "dpright"),
)
"""In the order of SDL_GameControllerButton, so that an index is SDL's number."""

_MODIFIERS = ("Ctrl", "Alt", "Shift")
_NAMED_KEYS = (
    *("Space", "Enter", "Backspace", "Tab", "Escape", "Delete", "Insert", "Home", "End"),
    *("PageUp", "PageDown", "Up", "Down", "Left", "Right", "Shift", "Ctrl", "Alt"),
    *(f"F{i}" for i in range(1, 25)),
)
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.;:'/\\[]-=`?!*+"
_ALIASES = {
    **{"return": "Enter", "esc": "Escape", "del": "Delete", "ins": "Insert", "control": "Ctrl"},
    **{"pgup": "PageUp", "pgdown": "PageDown", "comma": ",", "period": "."},
}
_KEYS = {name.lower(): name for name in (*_NAMED_KEYS, *_CHARACTERS)} | _ALIASES


@dataclass(frozen=True)
class Speed:
    """How fast a hand moves the tool at full deflection.

    Attributes:
        linear_m_s: of the tool point [m/s].
        angular_rad_s: of the tool's orientation [rad/s].
        gripper_per_s: of the gripper opening [1/s].
        slow: factor while a slow control is held.
        levels: factors that a pad's speed button steps through; the last is the first in use.
    """

    linear_m_s: float
    angular_rad_s: float
    gripper_per_s: float
    slow: float
    levels: tuple[float, ...]


@dataclass(frozen=True)
class PadBindings:
    """What a pad's controls do.

    Attributes:
        dead_zone: part of a stick's throw around its centre that means nothing.
        expo: exponent of a stick's response, 1 for linear.
        axes: motion to (axis name, sign).
        axes_shifted: the same while the button bound to ``shift`` is held.
        buttons: action to button names.
    """

    dead_zone: float
    expo: float
    axes: dict[str, tuple[str, float]]
    axes_shifted: dict[str, tuple[str, float]]
    buttons: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Bindings:
    """All of it.

    Attributes:
        window: action of ``WINDOW_ACTIONS`` to its keys.
        keyboard: motion of ``MOTIONS`` to its keys.
        speed: how fast a hand moves the tool.
        gamepad: the pad's controls.
    """

    window: dict[str, tuple[str, ...]]
    keyboard: dict[str, tuple[str, ...]]
    speed: Speed
    gamepad: PadBindings

    def window_action(self, key: str) -> str | None:
        """The window action of a key in any spelling; None if it has none."""
        return _owner(self.window, key)

    def motion(self, key: str) -> str | None:
        """The motion of a key in any spelling; None if it has none."""
        return _owner(self.keyboard, key)


def key_name(text: str) -> str:
    """The one spelling of a key: ``ctrl+return`` is ``Ctrl+Enter``.

    Understands the names Qt gives keys in portable text.

    Raises:
        ValueError: there is no such key.
    """
    # The key + itself ends the text, as in "Ctrl++".
    before, last = (text[:-1], "+") if text.endswith("+") else (text, "")
    parts = [part.strip().lower() for part in before.split("+") if part]
    last = last or (parts.pop() if parts else "")
    found = {_KEYS.get(part, "") for part in parts}
    key = _KEYS.get(last)
    if key is None or not found <= set(_MODIFIERS):
        raise ValueError(f"there is no key {text!r}")
    return "+".join([*(m for m in _MODIFIERS if m in found), key])


def load(path: Path | None = None) -> Bindings:
    """Reads the default bindings and, over them, a workspace's own.

    Args:
        path: the workspace's file; None, or a file that is not there, for the defaults alone.

    Raises:
        DeviceConfigError: not TOML; an unknown section, action, key or pad control; a key or
            button bound twice; a number out of range. Names the file, the line's key and the
            choices.
    """
    tables = _read(DEFAULT)
    source = DEFAULT
    if path is not None and path.exists():
        source = path
        _merge(source, tables, _read(path), "")
    window = _keys(source, "window", tables["window"], WINDOW_ACTIONS)
    keyboard = _keys(source, "keyboard", tables["keyboard"], MOTIONS)
    _refuse_twice(source, {**_sections("window", window), **_sections("keyboard", keyboard)})
    return Bindings(window, keyboard, _speed(source, tables["speed"]), _pad(source, tables))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeviceConfigError(
            str(path), f"The bindings cannot be read: {error}.", "Correct or remove the file."
        ) from error


def _merge(source: Path, base: dict[str, Any], over: dict[str, Any], where: str) -> None:
    for key, value in over.items():
        tag = where == "gamepad.buttons." and key.startswith("tag:")
        # Motions an axis table leaves out by default may be added; anything else must be known.
        free = where.startswith("gamepad.axes") or tag
        if key not in base and not free:
            raise _unknown(source, f"{where}{key}", base)
        if isinstance(base.get(key), dict) != isinstance(value, dict):
            raise DeviceConfigError(
                str(source), f"{where}{key} is {value!r}.", "Write it as in the default file."
            )
        if isinstance(value, dict):
            _merge(source, base[key], value, f"{where}{key}.")
        else:
            base[key] = value


def _keys(
    source: Path, section: str, table: dict[str, Any], known: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for action, value in table.items():
        if action not in known:
            raise _unknown(source, f"{section}.{action}", known)
        try:
            found[action] = tuple(key_name(text) for text in _texts(source, action, value))
        except ValueError as error:
            choices = f"{', '.join(_NAMED_KEYS[:18])}, F1 to F24, or one of {_CHARACTERS}"
            raise DeviceConfigError(
                str(source),
                f"{section}.{action}: {error}.",
                f"Choose {choices}, with Ctrl+, Alt+ or Shift+ before it.",
            ) from None
    return found


def _pad(source: Path, tables: dict[str, Any]) -> PadBindings:
    table = tables["gamepad"]
    buttons: dict[str, tuple[str, ...]] = {}
    for action, value in table["buttons"].items():
        if action not in PAD_ACTIONS and not action.startswith("tag:"):
            raise _unknown(source, f"gamepad.buttons.{action}", (*PAD_ACTIONS, "tag:<category>"))
        buttons[action] = tuple(_texts(source, action, value))
        for button in buttons[action]:
            if button not in PAD_BUTTONS:
                raise _unknown(source, f"gamepad.buttons.{action} = {button!r}", PAD_BUTTONS)
    _refuse_twice(source, _sections("gamepad.buttons", buttons))
    return PadBindings(
        _number(source, "gamepad.dead_zone", table["dead_zone"], 0.0, 0.9),
        _number(source, "gamepad.expo", table["expo"], 1.0, 4.0),
        _axes(source, "axes", table["axes"]),
        _axes(source, "axes_shifted", table["axes_shifted"]),
        buttons,
    )


def _axes(source: Path, section: str, table: dict[str, Any]) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for motion, value in table.items():
        where = f"gamepad.{section}.{motion}"
        if motion not in PAD_MOTIONS:
            raise _unknown(source, where, PAD_MOTIONS)
        for text in _texts(source, motion, value):
            axis = text.removeprefix("-")
            if axis not in PAD_AXES:
                raise _unknown(source, f"{where} = {text!r}", PAD_AXES)
            found[motion] = (axis, -1.0 if text.startswith("-") else 1.0)
    return found


def _speed(source: Path, table: dict[str, Any]) -> Speed:
    levels = table["levels"]
    if not isinstance(levels, list) or not levels:
        raise DeviceConfigError(
            str(source), f"speed.levels is {levels!r}.", "Give a list of factors up to 1."
        )
    return Speed(
        _number(source, "speed.linear_m_s", table["linear_m_s"], 0.001, 1.0),
        _number(source, "speed.angular_rad_s", table["angular_rad_s"], 0.01, 5.0),
        _number(source, "speed.gripper_per_s", table["gripper_per_s"], 0.05, 10.0),
        _number(source, "speed.slow", table["slow"], 0.01, 1.0),
        tuple(_number(source, "speed.levels", level, 0.01, 1.0) for level in levels),
    )


def _number(source: Path, where: str, value: Any, lowest: float, highest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DeviceConfigError(str(source), f"{where} is {value!r}.", "Give a number.")
    if not lowest <= value <= highest:
        raise DeviceConfigError(
            str(source), f"{where} is {value:g}.", f"Give {lowest:g} to {highest:g}."
        )
    return float(value)


def _texts(source: Path, action: str, value: Any) -> list[str]:
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text for text in texts):
        raise DeviceConfigError(
            str(source), f"{action} is {value!r}.", "Give a name in quotes, or a list of names."
        )
    return texts


def _sections(section: str, table: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {f"{section}.{action}": names for action, names in table.items()}


def _refuse_twice(source: Path, table: dict[str, tuple[str, ...]]) -> None:
    owners: dict[str, str] = {}
    for action, names in table.items():
        for name in names:
            if name in owners:
                raise DeviceConfigError(
                    str(source),
                    f"{name} is bound to {owners[name]} and to {action}.",
                    "Give one of them another, or [] for none.",
                )
            owners[name] = action


def _owner(table: dict[str, tuple[str, ...]], key: str) -> str | None:
    try:
        name = key_name(key)
    except ValueError:
        return None
    return next((action for action, keys in table.items() if name in keys), None)


def _unknown(source: Path, what: str, choices: Any) -> DeviceConfigError:
    return DeviceConfigError(
        str(source), f"Unknown {what}.", f"Choose one of: {', '.join(choices)}."
    )
