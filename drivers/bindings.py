"""Which key, pedal or pad control does what: one TOML file, read into frozen structs.

``bindings.toml`` beside this file is the default; what suits the kind of pad (``drivers.pads``) is
merged over it, and over that a workspace's own, line by line. Names of keys are the ones printed on
them (``G``, ``Space``, ``Ctrl+R``); names of pad controls are SDL's, the same for every pad it
knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers import binding_files as files
from drivers import key_names, pads
from drivers.base import DeviceConfigError
from drivers.key_names import key_name
from drivers.pads import PAD_ACTIONS, PAD_AXES, PAD_BUTTONS, PAD_MOTIONS, PadBindings

__all__ = [
    "DEFAULT",
    "MOTIONS",
    "PAD_ACTIONS",
    "PAD_AXES",
    "PAD_BUTTONS",
    "PAD_MOTIONS",
    "PEDAL_ACTIONS",
    "WINDOW_ACTIONS",
    "Bindings",
    "PadBindings",
    "Speed",
    "key_name",
    "load",
]

DEFAULT = Path(__file__).with_name("bindings.toml")

WINDOW_ACTIONS = {
    "correct": "Hold to correct",
    "toggle": "Take over or give back",
    "stop": "Soft stop",
    "next": "Next act: reset, arm, start, resume",
    "pause": "Pause",
    "disarm": "Disarm",
    "rest": "Arm to its rest pose; again: let go at once",
    "release": "Release the motors that hold: press twice",
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
    "find": "Filter the attempts",
    "next_untagged": "Next untagged correction",
    "play": "Play or pause the recording",
    "slower": "Play slower",
    "faster": "Play faster",
    "boundary": "Recovery ends at the cursor",
    "split": "Split the correction at the cursor",
    "merge": "Merge the correction with the next",
    "start_earlier": "Start the correction a frame earlier",
    "start_later": "Start it a frame later",
    "end_earlier": "End it a frame earlier",
    "end_later": "End it a frame later",
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

PEDAL_ACTIONS = tuple(a for a in PAD_ACTIONS if a not in ("shift", "slow", "speed"))
"""What a pedal can do; ``tag:<category>`` comes beside them."""

_CODE = re.compile(r"(KEY|BTN)_[A-Z0-9_]+")


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
class Bindings:
    """All of it.

    Attributes:
        window: action of ``WINDOW_ACTIONS`` to its keys.
        keyboard: motion of ``MOTIONS`` to its keys.
        pedal: action of ``PEDAL_ACTIONS`` to the keys that pedals send, or to Linux's own names
            of them (``KEY_PROG1``).
        speed: how fast a hand moves the tool.
        gamepad: the pad's controls.
    """

    window: dict[str, tuple[str, ...]]
    keyboard: dict[str, tuple[str, ...]]
    pedal: dict[str, tuple[str, ...]]
    speed: Speed
    gamepad: PadBindings


def load(path: Path | None = None, pad: str = "", guid: str = "") -> Bindings:
    """Reads the default bindings, what suits the pad, and over them a workspace's own.

    Args:
        path: the workspace's file; None, or a file that is not there, for the defaults alone.
        pad: the pad's name; empty for any pad.
        guid: SDL's GUID of the pad.

    Raises:
        DeviceConfigError: not TOML; an unknown section, action, key or pad control; a key or
            button bound twice; a number out of range. Names the file, the line's key and the
            choices.
    """
    tables, source = files.read(DEFAULT), DEFAULT
    own: dict[str, Any] = {}
    if path is not None and path.exists():
        source, own = path, files.read(path)
    known = pad_presets(path)
    preset = _preset(source, own, known, pad, guid)
    # What a kind of pad leaves out, the packaged generic one says.
    tables["gamepad"] = {**pads.presets()[pads.GENERIC].gamepad, **tables["gamepad"]}
    files.merge(preset.source, tables, {"gamepad": preset.gamepad})
    files.merge(source, tables, own)
    window = _keys(source, "window", tables["window"], WINDOW_ACTIONS)
    keyboard = _keys(source, "keyboard", tables["keyboard"], MOTIONS)
    files.refuse_twice(
        source, {**files.sections("window", window), **files.sections("keyboard", keyboard)}
    )
    return Bindings(
        window,
        keyboard,
        _pedal(source, tables["pedal"]),
        _speed(source, tables["speed"]),
        pads.parse(source, tables["gamepad"], preset),
    )


def pad_presets(path: Path | None) -> dict[str, pads.Preset]:
    """Every kind of pad that a workspace with this bindings file knows.

    Raises:
        DeviceConfigError: a pad's file is wrong.
    """
    return pads.presets(None if path is None else path.parent / "pads")


def _preset(
    source: Path, own: dict[str, Any], known: dict[str, pads.Preset], pad: str, guid: str
) -> pads.Preset:
    table = own.get("gamepad", {})
    wanted = table.get("preset", "") if isinstance(table, dict) else ""
    if not isinstance(wanted, str):
        raise DeviceConfigError(
            str(source), f"gamepad.preset is {wanted!r}.", "Give a name in quotes."
        )
    try:
        return pads.choose(pad, guid, known, wanted)
    except DeviceConfigError as error:
        if not wanted:
            raise
        raise DeviceConfigError(
            str(source), f"gamepad.preset: {error.problem}", error.remedy
        ) from None


def _keys(
    source: Path, section: str, table: dict[str, Any], known: dict[str, str]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for action, value in table.items():
        if action not in known:
            raise files.unknown(source, f"{section}.{action}", known)
        names = files.texts(source, action, value)
        found[action] = tuple(_key(source, f"{section}.{action}", text) for text in names)
    return found


def _key(source: Path, where: str, text: str, more: str = "with Ctrl+, Alt+ or Shift+") -> str:
    try:
        return key_name(text)
    except ValueError as error:
        remedy = f"Choose {key_names.CHOICES}, {more} before it."
        raise DeviceConfigError(str(source), f"{where}: {error}.", remedy) from None


def _pedal(source: Path, table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for action, value in table.items():
        where = f"pedal.{action}"
        found[action] = tuple(
            text if _CODE.fullmatch(text) else _key(source, where, text, "with nothing")
            for text in files.texts(source, action, value)
        )
        chord = next((key for key in found[action] if "+" in key.removesuffix("+")), "")
        if chord:
            raise DeviceConfigError(
                str(source), f"{where} is {chord}.", "Give a single key: a pedal sends one."
            )
    files.refuse_twice(source, files.sections("pedal", found))
    return found


def _speed(source: Path, table: dict[str, Any]) -> Speed:
    levels = table["levels"]
    if not isinstance(levels, list) or not levels:
        raise DeviceConfigError(
            str(source), f"speed.levels is {levels!r}.", "Give a list of factors up to 1."
        )
    return Speed(
        files.number(source, "speed.linear_m_s", table["linear_m_s"], 0.001, 1.0),
        files.number(source, "speed.angular_rad_s", table["angular_rad_s"], 0.01, 5.0),
        files.number(source, "speed.gripper_per_s", table["gripper_per_s"], 0.05, 10.0),
        files.number(source, "speed.slow", table["slow"], 0.01, 1.0),
        tuple(files.number(source, "speed.levels", level, 0.01, 1.0) for level in levels),
    )
