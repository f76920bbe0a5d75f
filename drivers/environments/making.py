"""Makes a Gymnasium environment, or says in one sentence why it cannot be had."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
from typing import Any

from drivers.base import DeviceConfigError
from drivers.environments.settings import Config
from drivers.importing import EXTRAS, imported

_CLOSEST = 3


def made(device: str, config: Config) -> Any:
    """The environment, with pictures if it can render, and without a time limit of its own.

    How long an attempt may take is the task's to say.

    Raises:
        DeviceConfigError: gymnasium or the environment's package is absent, the id is unknown, its
            arguments are wrong, or its action space is not a Box.
    """
    gymnasium = imported(device, "gymnasium")
    # How MuJoCo renders without a screen is chosen before anything imports it.
    imported(device, "drivers.simulation.engine")
    module = config.module or _namespace(config.id)
    if module:
        imported(device, module)
    environment = _make(device, config, gymnasium)
    space = environment.action_space
    if not isinstance(space, gymnasium.spaces.Box):
        environment.close()
        raise DeviceConfigError(
            device,
            f"The action space of {config.id} is {space}, not a Box.",
            "Choose an environment with continuous actions, or wrap it into one.",
        )
    return environment


def _make(device: str, config: Config, gymnasium: Any) -> Any:
    options = {"render_mode": "rgb_array", **config.kwargs}
    # Without the checker: it warns of what is not ours to change, and costs time at each step.
    fixed = {"max_episode_steps": -1, "disable_env_checker": True}
    try:
        if "render_mode" not in config.kwargs and not _renders(gymnasium.spec(config.id)):
            del options["render_mode"]
        return gymnasium.make(config.id, **{**fixed, **options})
    except gymnasium.error.DependencyNotInstalled as error:
        raise DeviceConfigError(
            device, f"{config.id} lacks a package: {error}.", "Install it as it says."
        ) from error
    except gymnasium.error.Error as error:
        known = list(gymnasium.registry)
        close = difflib.get_close_matches(config.id, known, _CLOSEST, 0.5)
        namespace = config.id.partition("/")[0] if "/" in config.id else ""
        remedy = f"Did you mean {', '.join(close)}?" if close else "Check the id."
        if not config.module and namespace and namespace not in _namespaces(known):
            remedy = (
                f"Install the package that has {namespace}, or name the module that registers it "
                "as module in station.toml."
            )
        raise DeviceConfigError(
            device, f"Gymnasium knows no environment {config.id!r}.", remedy
        ) from error
    except Exception as error:  # whatever other people's code raises
        raise DeviceConfigError(
            device,
            f"{config.id} cannot be made with {options}: {type(error).__name__}: {error}.",
            "Correct kwargs in the robot's table of station.toml.",
        ) from error


def _renders(spec: Any) -> bool:
    """Whether the environment's class says that it renders arrays; assumed where it is unknown."""
    entry = spec.entry_point
    if isinstance(entry, str):
        module, _, name = entry.partition(":")
        entry = getattr(importlib.import_module(module), name, None)
    modes = (getattr(entry, "metadata", None) or {}).get("render_modes")
    return modes is None or "rgb_array" in modes


def _namespace(identifier: str) -> str:
    """The module that an id's namespace is, if it is one: ``gym_pusht/PushT-v0`` is in gym_pusht.

    The packages known to the program count even if absent, so that their extra can be named.
    """
    name = identifier.partition("/")[0] if "/" in identifier else ""
    if name in EXTRAS:
        return name
    try:
        return name if name and importlib.util.find_spec(name) is not None else ""
    except (ImportError, ValueError):
        return ""


def _namespaces(ids: list[str]) -> set[str]:
    return {identifier.partition("/")[0] for identifier in ids if "/" in identifier}
