"""Imports what others wrote: from what is installed, or from the folder the program runs in."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

from drivers.base import DeviceConfigError

EXTRAS = {"gymnasium": "gym", "gym_pusht": "gym", "gym_aloha": "aloha"}
"""By package, the extra of dagger-gui that brings it."""


def imported(device: str, name: str) -> ModuleType:
    """The module ``name``, such as ``gym_pusht`` or ``experts.reach``.

    Args:
        device: whose it is, for messages.
        name: dotted; looked for among what is installed, then in the current folder.

    Raises:
        DeviceConfigError: there is none, something that it imports is missing, or it fails.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise _missing(device, name, error.name or name, here) from error
    except Exception as error:  # whatever other people's code raises
        raise DeviceConfigError(
            device,
            f"Importing {name} failed: {type(error).__name__}: {error}.",
            f'Try it by hand: python -c "import {name}".',
        ) from error


def _missing(device: str, name: str, absent: str, here: str) -> DeviceConfigError:
    package = absent.partition(".")[0]
    if package in EXTRAS:
        return DeviceConfigError(
            device,
            f"The package {package} is not installed.",
            f"Install it: pip install 'dagger-gui[{EXTRAS[package]}]'.",
        )
    if absent == name or name.startswith(f"{absent}."):
        return DeviceConfigError(
            device,
            f"There is no module {name}, neither installed nor in {here}.",
            "Check its name, or start the program in the folder where it lies.",
        )
    return DeviceConfigError(
        device,
        f"{name} needs the package {package}, which is not installed.",
        f"Install it: pip install {package}.",
    )
