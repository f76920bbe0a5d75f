"""Finds a device by name: the file's name is the key.

``robots/simulated_viperx.py`` is ``type = "simulated_viperx"`` in a station file. A device file
offers two names: ``Config``, a frozen dataclass of what the station file may say about it, and
``create(name, config, context)``, which builds the device without touching hardware.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.base import DeviceConfigError

KINDS = ("robots", "teleoperators", "cameras")


@dataclass(frozen=True)
class DeviceContext:
    """What a device may need from its surroundings.

    Attributes:
        runtime: the private runtime folder where rings are mapped; None in lockstep.
        world: the simulated world to drive in-process in lockstep; None otherwise.
        joint_names: joints of the station's robot, for teleoperators.
        bindings: the workspace's file of keys and buttons; None for the packaged default.
        calibrations: folder of ``<device>.toml``; None where no device needs one.
        rate_hz: the station's control rate, for robots that keep step with it; 0 if unknown.
        robot: the station's robot, for teleoperators that ask it more than its joints' names.
    """

    runtime: Path | None = None
    world: Any = None
    joint_names: tuple[str, ...] = ()
    bindings: Path | None = None
    calibrations: Path | None = None
    rate_hz: float = 0.0
    robot: Any = None


@dataclass(frozen=True)
class Process:
    """A process that a robot needs beside it in real time, such as the world it lives in.

    Attributes:
        name: what the bus and the window call it.
        module: what is run with ``python -m``.
        arguments: its command line.
    """

    name: str
    module: str
    arguments: tuple[str, ...]


def names(kind: str) -> tuple[str, ...]:
    """The device types of one kind (``robots``, ``teleoperators``, ``cameras``), sorted."""
    package = importlib.import_module(f"drivers.{kind}")
    found = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    return tuple(sorted(found))


def create(kind: str, name: str, table: dict[str, Any], context: DeviceContext) -> Any:
    """Builds the device that a station file's table describes.

    Args:
        kind: ``robots``, ``teleoperators`` or ``cameras``.
        name: what the station calls it, used in messages.
        table: the station file's table, its ``type`` among the keys.
        context: the device's surroundings.

    Raises:
        DeviceConfigError: unknown type or key, or a value of the wrong type, with the choices.
    """
    module, config = device_file(kind, name, table, context.rate_hz)
    return module.create(name, config, context)


def processes(table: dict[str, Any], runtime: Path, rate_hz: float = 0.0) -> tuple[Process, ...]:
    """What must run in real time beside the robot that a station file's table describes.

    A robot's file says so by ``processes(config, runtime)``; most need nothing. A robot whose
    ``Config`` has a ``rate_hz`` finds the station's control rate there.

    Raises:
        DeviceConfigError: as ``create``.
    """
    module, config = device_file("robots", "robot", table, rate_hz)
    found: tuple[Process, ...] = (
        module.processes(config, runtime) if hasattr(module, "processes") else ()
    )
    return found


def world(table: dict[str, Any], seed: int, rate_hz: float = 0.0) -> Any:
    """The world of a simulated robot, in this process, for lockstep; see ``drivers.worlds``.

    A robot's file says so by ``world(config, seed)``. A robot whose ``Config`` has a ``rate_hz``
    finds the station's control rate there.

    Raises:
        DeviceConfigError: as ``create``, or the robot is no simulation.
    """
    module, config = device_file("robots", "robot", table, rate_hz)
    if not hasattr(module, "world"):
        raise DeviceConfigError(
            "robot",
            f"A robot of type {table.get('type')!r} lives in real time only.",
            "Use a simulated station for this.",
        )
    return module.world(config, seed)


def autonomous(table: dict[str, Any]) -> bool:
    """Whether the teleoperator of a station file's table acts without a person.

    A teleoperator's file says so by ``AUTONOMOUS = True``.
    """
    wanted = table.get("type")
    if wanted not in names("teleoperators"):
        return False
    module = importlib.import_module(f"drivers.teleoperators.{wanted}")
    return bool(getattr(module, "AUTONOMOUS", False))


def device_file(
    kind: str, name: str, table: dict[str, Any], rate_hz: float = 0.0
) -> tuple[types.ModuleType, Any]:
    """The file of a device's type, and its ``Config`` filled from the station file's table.

    Raises:
        DeviceConfigError: as ``create``.
    """
    options = dict(table)
    wanted = options.pop("type", None)
    if wanted not in names(kind):
        raise DeviceConfigError(
            name,
            f"There is no {kind[:-1]} of type {wanted!r}." if wanted else "It names no type.",
            f"Choose one of: {', '.join(names(kind))}.",
        )
    module = importlib.import_module(f"drivers.{kind}.{wanted}")
    keeps_step = any(f.name == "rate_hz" for f in dataclasses.fields(module.Config))
    if kind == "robots" and keeps_step and rate_hz > 0:
        options.setdefault("rate_hz", rate_hz)
    return module, parsed(name, module.Config, options)


def parsed(name: str, config: type[Any], options: dict[str, Any]) -> Any:
    """Fills the frozen dataclass ``config`` from ``options``.

    Raises:
        DeviceConfigError: an unknown or missing key, or a value of the wrong type.
    """
    fields = {f.name: f for f in dataclasses.fields(config)}
    hints = typing.get_type_hints(config)
    values: dict[str, Any] = {}
    for key, value in options.items():
        if key not in fields:
            raise DeviceConfigError(
                name, f"Unknown key {key!r}.", f"Known keys: {', '.join(sorted(fields)) or 'none'}."
            )
        values[key] = _converted(name, key, value, hints[key])
    required = [
        key
        for key, f in fields.items()
        if f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
        and key not in values
    ]
    if required:
        raise DeviceConfigError(
            name, f"Missing key {required[0]!r}.", "Add it to the device's table."
        )
    return config(**values)


def _list(name: str, key: str, values: list[Any], hints: tuple[Any, ...]) -> tuple[Any, ...]:
    """A list whose every entry is of the type that is asked for."""
    if len(hints) == 2 and hints[1] is Ellipsis:
        hints = (hints[0],) * len(values)
    if len(values) != len(hints):
        raise DeviceConfigError(name, f"{key} has {len(values)} values.", f"Give it {len(hints)}.")
    return tuple(
        _converted(name, f"{key}[{i}]", value, hint)
        for i, (value, hint) in enumerate(zip(values, hints, strict=True))
    )


_WORDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    str: "text in quotes",
    bool: "true or false",
    dict: "a table",
    tuple: "a list",
    list: "a list",
}


def _worded(kind: type) -> str:
    return _WORDS.get(kind, f"a {kind.__name__}")


def _converted(name: str, key: str, value: Any, hint: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        choices = typing.get_args(hint)
        if value is None and type(None) in choices:
            return None
        hint = next(c for c in choices if c is not type(None))
        origin = typing.get_origin(hint)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is tuple and isinstance(value, list):
        return _list(name, key, value, typing.get_args(hint))
    expected = origin or hint
    if isinstance(expected, type) and (
        not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool)
    ):
        raise DeviceConfigError(
            name,
            f"{key} is {value!r}, which is {_worded(type(value))}.",
            f"Give it {_worded(expected)}.",
        )
    return value
