"""Reads the tables of a bindings file and refuses what is wrong in them, in words.

Every function takes the file as ``source``, so that a message can name it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from drivers.base import DeviceConfigError


def read(path: Path) -> dict[str, Any]:
    """The file's tables.

    Raises:
        DeviceConfigError: it cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DeviceConfigError(
            str(path), f"The bindings cannot be read: {error}.", "Correct or remove the file."
        ) from error


def merge(source: Path, base: dict[str, Any], over: dict[str, Any], where: str = "") -> None:
    """Puts the lines of ``over`` into ``base``, in place.

    Args:
        source: the file that ``over`` was read from.
        base: tables that are complete.
        over: tables that may say less, and nothing unknown.
        where: the tables' path in the file, with a dot at its end.

    Raises:
        DeviceConfigError: an unknown line, or a table where a value belongs.
    """
    for key, value in over.items():
        tag = key.startswith("tag:") and where in ("gamepad.buttons.", "pedal.")
        # Motions an axis table leaves out by default may be added; anything else must be known.
        if key not in base and not where.startswith("gamepad.axes") and not tag:
            raise unknown(source, f"{where}{key}", base)
        if isinstance(base.get(key), dict) != isinstance(value, dict):
            raise DeviceConfigError(
                str(source), f"{where}{key} is {value!r}.", "Write it as in the default file."
            )
        if isinstance(value, dict):
            merge(source, base[key], value, f"{where}{key}.")
        else:
            base[key] = value


def number(source: Path, where: str, value: Any, lowest: float, highest: float) -> float:
    """A number within its limits.

    Raises:
        DeviceConfigError: it is none, or outside; says the limits.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DeviceConfigError(str(source), f"{where} is {value!r}.", "Give a number.")
    if not lowest <= value <= highest:
        raise DeviceConfigError(
            str(source), f"{where} is {value:g}.", f"Give {lowest:g} to {highest:g}."
        )
    return float(value)


def texts(source: Path, where: str, value: Any) -> tuple[str, ...]:
    """A name, or a list of names.

    Raises:
        DeviceConfigError: it is something else.
    """
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) and text for text in found):
        raise DeviceConfigError(
            str(source), f"{where} is {value!r}.", "Give a name in quotes, or a list of names."
        )
    return tuple(found)


def sections(section: str, table: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The table with its section before each name, for ``refuse_twice``."""
    return {f"{section}.{action}": names for action, names in table.items()}


def refuse_twice(source: Path, table: dict[str, tuple[str, ...]]) -> None:
    """Lets no key or button mean two things.

    Raises:
        DeviceConfigError: one does; names both.
    """
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


def unknown(source: Path, what: str, choices: Iterable[str]) -> DeviceConfigError:
    """The error for a name that nobody knows, with those that are known."""
    return DeviceConfigError(
        str(source), f"Unknown {what}.", f"Choose one of: {', '.join(choices)}."
    )
