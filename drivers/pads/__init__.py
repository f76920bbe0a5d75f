"""What the kinds of gamepads are called, how their buttons are labelled, and what suits them.

A kind is a TOML file: those beside this one, and over them those in the folder ``pads`` beside a
workspace's ``bindings.toml``. A new pad is one new file; if SDL does not know it, the file holds
its mapping.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers import binding_files as files
from drivers.base import DeviceConfigError

PAD_MOTIONS = {
    "x": "Forward and back",
    "y": "Left and right",
    "z": "Up and down",
    "roll": "Roll",
    "pitch": "Pitch",
    "yaw": "Turn",
    "gripper_open": "Open the gripper",
    "gripper_close": "Close the gripper",
}
"""What an axis can move: motion name to its words."""

PAD_ACTIONS = {
    "correct": "Correct, while held",
    "shift": "Sticks turn the tool, while held",
    "slow": "Slow, while held",
    "speed": "Next speed",
    "toggle": "Take over or give back",
    "stop": "Soft stop",
    "start": "Reset, arm, start, go on",
    "success": "End as success",
    "failure": "End as failure",
    "discard": "Discard the attempt",
}
"""What a button can do: action name to its words; ``tag:<category>`` comes beside them."""

PAD_AXES = ("leftx", "lefty", "rightx", "righty", "lefttrigger", "righttrigger")
PAD_BUTTONS = (
    *("a", "b", "x", "y", "back", "guide", "start", "leftstick", "rightstick"),
    *("leftshoulder", "rightshoulder", "dpup", "dpdown", "dpleft", "dpright"),
    *("misc1", "paddle1", "paddle2", "paddle3", "paddle4", "touchpad"),
)
"""In the order of SDL_GameControllerButton, so that an index is SDL's number."""

GENERIC = "generic"
_KEYS = ("title", "names", "devices", "mappings", "labels", "gamepad")


@dataclass(frozen=True)
class Preset:
    """One kind of pad.

    Attributes:
        key: the file's name, as ``gamepad.preset`` in bindings.toml says it.
        source: the file.
        title: what the window calls it.
        names: parts of the names of such pads, lower case.
        devices: USB vendors, or vendor and product, as lsusb prints them: ``054c:0ce6``.
        mappings: SDL's mapping strings for such pads that SDL does not know by itself.
        labels: what is printed on each control, by SDL's name.
        gamepad: lines that replace those under [gamepad] in bindings.toml.
    """

    key: str
    source: Path
    title: str
    names: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    mappings: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    gamepad: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PadBindings:
    """What a pad's controls do.

    Attributes:
        dead_zone: part of a stick's throw around its centre that means nothing.
        trigger_dead_zone: part of a trigger's throw at its rest that means nothing.
        expo: exponent of a stick's response, 1 for linear.
        axes: motion to (axis name, sign).
        axes_shifted: the same while the button bound to ``shift`` is held.
        buttons: action to button names.
        preset: key of the kind of pad.
        title: what the window calls that kind.
        labels: what is printed on each control, by SDL's name.
    """

    dead_zone: float
    trigger_dead_zone: float
    expo: float
    axes: dict[str, tuple[str, float]]
    axes_shifted: dict[str, tuple[str, float]]
    buttons: dict[str, tuple[str, ...]]
    preset: str = GENERIC
    title: str = ""
    labels: dict[str, str] = field(default_factory=dict)

    def label(self, control: str) -> str:
        """What is printed on a control; its SDL name where the preset does not say."""
        return self.labels.get(control, control)


def words(action: str) -> str:
    """An action or motion in words."""
    if action.startswith("tag:"):
        return f"Tag {action.removeprefix('tag:')}"
    return PAD_ACTIONS.get(action) or PAD_MOTIONS.get(action, action)


def presets(folder: Path | None = None) -> dict[str, Preset]:
    """Every kind of pad by its key, those of ``folder`` before the packaged ones.

    Raises:
        DeviceConfigError: a file is wrong; says which line and what belongs there.
    """
    found: dict[str, Preset] = {}
    for place in (folder, Path(__file__).parent):
        if place is None or not place.is_dir():
            continue
        for path in sorted(place.glob("*.toml")):
            found.setdefault(path.stem, _preset(path))
    return found


def choose(name: str, guid: str, known: dict[str, Preset], wanted: str = "") -> Preset:
    """The kind of a pad: the one that is wanted, or by product, vendor and name, else generic.

    Args:
        name: what the pad calls itself; empty if there is none.
        guid: SDL's 32 hexadecimal digits; empty if not known.
        known: as ``presets`` gave them.
        wanted: a key, to force that one.

    Raises:
        DeviceConfigError: there is no kind of the wanted key.
    """
    if wanted:
        if wanted not in known:
            raise DeviceConfigError(
                "gamepad.preset", f"There is no pad {wanted!r}.", f"Choose one of: {_list(known)}."
            )
        return known[wanted]
    vendor, product = usb_ids(guid)
    for device in (f"{vendor}:{product}", vendor):
        for preset in known.values():
            if vendor and device in preset.devices:
                return preset
    for preset in known.values():
        if any(part in name.lower() for part in preset.names):
            return preset
    return known[GENERIC]


def usb_ids(guid: str) -> tuple[str, str]:
    """Vendor and product in SDL's GUID, as lsusb prints them; empty if it has none.

    SDL puts them, least byte first, at bytes 4 and 8 (SDL_joystick.h, SDL_GetJoystickGUIDInfo).
    """
    if len(guid) != 32 or guid[12:16] != "0000":
        return "", ""
    vendor, product = guid[10:12] + guid[8:10], guid[18:20] + guid[16:18]
    return ("", "") if vendor == "0000" else (vendor.lower(), product.lower())


def parse(source: Path, table: dict[str, Any], preset: Preset) -> PadBindings:
    """Checks the [gamepad] table of a bindings file, complete, and freezes it.

    Raises:
        DeviceConfigError: an unknown action or control, a button bound twice, a number out of
            range.
    """
    buttons: dict[str, tuple[str, ...]] = {}
    for action, value in table["buttons"].items():
        if action not in PAD_ACTIONS and not action.startswith("tag:"):
            raise files.unknown(
                source, f"gamepad.buttons.{action}", (*PAD_ACTIONS, "tag:<category>")
            )
        buttons[action] = files.texts(source, action, value)
        for button in buttons[action]:
            if button not in PAD_BUTTONS:
                raise files.unknown(source, f"gamepad.buttons.{action} = {button!r}", PAD_BUTTONS)
    files.refuse_twice(source, files.sections("gamepad.buttons", buttons))
    zones = {
        name: files.number(source, f"gamepad.{name}", table[name], 0.0, 0.9)
        for name in ("dead_zone", "trigger_dead_zone")
    }
    return PadBindings(
        **zones,
        expo=files.number(source, "gamepad.expo", table["expo"], 1.0, 4.0),
        axes=_axes(source, "axes", table["axes"]),
        axes_shifted=_axes(source, "axes_shifted", table["axes_shifted"]),
        buttons=buttons,
        preset=preset.key,
        title=preset.title,
        labels=preset.labels,
    )


def _axes(source: Path, section: str, table: dict[str, Any]) -> dict[str, tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for motion, value in table.items():
        where = f"gamepad.{section}.{motion}"
        if motion not in PAD_MOTIONS:
            raise files.unknown(source, where, PAD_MOTIONS)
        for text in files.texts(source, motion, value):
            axis = text.removeprefix("-")
            if axis not in PAD_AXES:
                raise files.unknown(source, f"{where} = {text!r}", PAD_AXES)
            found[motion] = (axis, -1.0 if text.startswith("-") else 1.0)
    return found


def _preset(path: Path) -> Preset:
    tables = files.read(path)
    for key in tables:
        if key not in _KEYS:
            raise files.unknown(path, key, _KEYS)
    for key in ("labels", "gamepad"):
        if not isinstance(tables.get(key, {}), dict):
            raise DeviceConfigError(
                str(path), f"{key} is {tables[key]!r}.", f"Write it as a table, [{key}]."
            )
    labels = tables.get("labels", {})
    for control, label in labels.items():
        if control not in (*PAD_BUTTONS, *PAD_AXES):
            raise files.unknown(path, f"labels.{control}", (*PAD_BUTTONS, *PAD_AXES))
        files.texts(path, f"labels.{control}", label)
    lists = {
        key: files.texts(path, key, tables.get(key, [])) for key in ("names", "devices", "mappings")
    }
    return Preset(
        key=path.stem,
        source=path,
        title=files.texts(path, "title", tables.get("title", path.stem))[0],
        names=tuple(name.lower() for name in lists["names"]),
        devices=tuple(device.lower() for device in lists["devices"]),
        mappings=lists["mappings"],
        labels=labels,
        gamepad=tables.get("gamepad", {}),
    )


def _list(known: dict[str, Preset]) -> str:
    return ", ".join(sorted(known))
