"""station.toml and task.toml, read into frozen structs that refuse unknown keys."""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tomli_w

from sessions.config_words import sentence
from sessions.types import SessionError

T = TypeVar("T", bound=msgspec.Struct)

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,31}")
"""Names become rings, folders and files."""

_FLOOR_M = 1.0
"""No arm that is known here reaches further: a floor beyond would keep nothing from it [m]."""

_LONGEST_HOLD_S = 10.0
"""What may be older than this is not watched at all [s]."""


class ConfigError(SessionError):
    """A configuration file is absent or wrong; the message names file, key and expectation."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Tightens the robot's own limits; None keeps the robot's. On by default, never off.

    Attributes:
        velocity_rad_s: highest speed of every arm joint [rad/s].
        acceleration_rad_s2: highest acceleration of every arm joint [rad/s^2].
        gripper_per_s: highest gripper speed [1/s].
        low_pass_hz: cut-off of the first-order low-pass on targets [Hz]; 0 turns only this off.
        floor_m: the tool may not go below this height above the base plane, -1 to 1 [m].
    """

    velocity_rad_s: float = 1.5
    acceleration_rad_s2: float = 12.0
    gripper_per_s: float = 3.0
    low_pass_hz: float = 8.0
    floor_m: float = 0.005

    def __post_init__(self) -> None:
        """Checks what types alone do not say: ``nan`` and ``inf`` are TOML and bound nothing."""
        for name in ("velocity_rad_s", "acceleration_rad_s2", "gripper_per_s"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ValueError(
                    f"{name} is {getattr(self, name):g}; it must be more than 0, and finite"
                )
        if not 0.0 <= self.low_pass_hz < math.inf:
            raise ValueError(
                f"low_pass_hz is {self.low_pass_hz:g}; it must be 0 (off) or more, and finite"
            )
        if not -_FLOOR_M <= self.floor_m <= _FLOOR_M:
            raise ValueError(
                f"floor_m is {self.floor_m:g}; it must be from {-_FLOOR_M:g} to {_FLOOR_M:g} m"
            )


class Holds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How old things may be before the arm holds, each at most 10 [s]."""

    camera_s: float = 0.2
    policy_s: float = 0.3
    window_s: float = 1.0
    recorder_s: float = 2.0
    robot_s: float = 0.1

    def __post_init__(self) -> None:
        """Checks what types alone do not say."""
        for name in self.__struct_fields__:
            if not 0.0 < getattr(self, name) <= _LONGEST_HOLD_S:
                raise ValueError(
                    f"{name} is {getattr(self, name):g} s; "
                    f"it must be more than 0 and at most {_LONGEST_HOLD_S:g} s"
                )


class Station(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bench: its devices and limits. Device tables are checked by the device's own file."""

    name: str
    robot: dict[str, Any]
    rate_hz: float = 50.0
    cameras: dict[str, dict[str, Any]] = {}
    operators: dict[str, dict[str, Any]] = {}
    operator: str = "keyboard"
    simulated: bool = False
    policy_server: str = ""  # tcp:// endpoint of a server elsewhere; empty: one is started here
    limits: Limits = Limits()
    holds: Holds = Holds()

    def __post_init__(self) -> None:
        """Checks what types alone do not say."""
        if not 1.0 <= self.rate_hz <= 200.0:
            raise ValueError(f"rate_hz is {self.rate_hz:g}; it must be from 1 to 200")
        for name in (*self.cameras, *self.operators):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name; use letters, digits, _ and -")
        if self.operators and self.operator not in self.operators:
            raise ValueError(
                f"operator is {self.operator!r}; choose one of {', '.join(self.operators)}"
            )


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a round's training runs.

    Attributes:
        kind: file name in ``policies/`` of the policy to train.
        share: part of the training mass that corrections get; None leaves their natural share.
        warm_start: go on from the running policy instead of from scratch.
        recovered_only: learn only from interventions that brought the attempt on.
        options: the policy's own options (layers, members, steps ...), checked by its file.
    """

    kind: str = "bc"
    share: float | None = None
    warm_start: bool = False
    recovered_only: bool = True
    options: dict[str, Any] = {}


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be learned.

    Attributes:
        name: one line shown in the window's title.
        stages: names of the stages a simulation or rubric judges, in order.
        taxonomy: file name in ``sessions/taxonomies`` (or in the workspace) of failure categories.
        attempt_s: an attempt that runs longer is offered to end as a failure [s].
        demonstrations: scripted demonstrations that make the base policy at first launch.
        context_s: length of the pre-intervention segment before each takeover [s]: what the policy
            did when it was about to fail (Sirius takes 15 steps).
        training: how rounds are trained.
    """

    name: str
    stages: tuple[str, ...] = ("approach", "grasp", "transport", "placement")
    taxonomy: str = "manipulation"
    attempt_s: float = 20.0
    demonstrations: int = 12
    context_s: float = 1.0
    training: Training = Training()

    def __post_init__(self) -> None:
        """Checks what types alone do not say."""
        if not _NAME.fullmatch(self.taxonomy):
            raise ValueError(f"taxonomy is {self.taxonomy!r}; give a file name without .toml")
        if not 0.0 <= self.context_s <= 60.0:
            raise ValueError(f"context_s is {self.context_s:g}; it must be from 0 to 60")


def read_station(path: Path) -> Station:
    """Reads a station file.

    Raises:
        ConfigError: absent, not TOML, unknown key, wrong type or value.
    """
    return _read(path, Station)


def read_task(path: Path) -> Task:
    """Reads a task file.

    Raises:
        ConfigError: absent, not TOML, unknown key, wrong type or value.
    """
    return _read(path, Task)


def write(path: Path, config: Station | Task) -> None:
    """Writes a configuration as TOML; keys that are None are left out."""
    plain = _without_none(msgspec.to_builtins(config))
    path.write_text(tomli_w.dumps(plain), encoding="utf-8")


def _read(path: Path, kind: type[T]) -> T:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no text: byte {error.start} is not UTF-8.") from error
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{path}: {sentence(kind, plain, str(error))}") from error


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_none(v) for v in value]
    return value
