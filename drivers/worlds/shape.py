"""What a world looks like from outside, for those who drive it without having it.

Names, limits and picture sizes of some worlds are known only once they are made, and making one may
take seconds and heavy imports that the control process must not have. So the world's own process
writes them down in the runtime folder; whoever comes first has them asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from drivers.base import DeviceConfigError, DriverError, JointLimits
from drivers.worlds import World

_PATIENCE_S = 60.0
_ARRAYS = ("lower", "upper", "velocity", "acceleration")


@dataclass(frozen=True)
class Shape:
    """What a world looks like.

    Attributes:
        limits: names, limits and unit of what is commanded.
        environment_names: components of the environment state.
        cameras: by name, height and width of each picture.
        facts: what else its robot's driver wants to know; plain JSON values.
    """

    limits: JointLimits
    environment_names: tuple[str, ...]
    cameras: dict[str, tuple[int, int]]
    facts: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World) -> Shape:
        """The shape of a world that is there."""
        return cls(
            world.limits,
            world.environment_names,
            dict(world.cameras),
            getattr(world, "facts", {}),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        limits = self.limits
        return {
            "names": limits.names,
            **{name: getattr(limits, name).tolist() for name in _ARRAYS},
            "unit": limits.unit,
            "environment_names": self.environment_names,
            "cameras": self.cameras,
            "facts": self.facts,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Shape:
        """The inverse of ``to_json``. Raises KeyError, TypeError or ValueError if it is none."""
        arrays = {name: np.array(values[name], dtype=np.float64) for name in _ARRAYS}
        return cls(
            JointLimits(tuple(values["names"]), **arrays, unit=values["unit"]),
            tuple(values["environment_names"]),
            {name: (int(h), int(w)) for name, (h, w) in values["cameras"].items()},
            values["facts"],
        )


def write_shape(runtime: Path, table: dict[str, Any], shape: Shape) -> None:
    """Writes the shape of the world of the robot's ``table`` into the runtime folder."""
    path = _path(runtime)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    temporary.write_text(json.dumps({"robot": table, "shape": shape.to_json()}), encoding="utf-8")
    temporary.replace(path)


def described(device: str, table: dict[str, Any], runtime: Path) -> Shape:
    """The shape of the world of the robot's ``table``; asks a process for it if nobody knows it.

    May take seconds the first time.

    Raises:
        DeviceConfigError: there can be no such world; the world's own reason and remedy.
    """
    plain = json.loads(json.dumps(table))
    known = _read(runtime, plain)
    if known is not None:
        return known
    command = [
        *(sys.executable, "-m", "drivers.worlds.process", "--describe"),
        *("--runtime", str(runtime), "--robot", json.dumps(plain)),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise DeviceConfigError(
            device,
            f"The world was not made within {_PATIENCE_S:g} s.",
            "Make it by hand once, in Python, to see what it waits for.",
        ) from error
    if done.returncode == 0:
        with contextlib.suppress(ValueError, KeyError, TypeError, IndexError):
            # Its own line, the last: other people's packages greet on standard output too.
            return Shape.from_json(json.loads(done.stdout.strip().splitlines()[-1]))
    raise _told(device, done.stderr)


def refusal(error: DriverError) -> str:
    """An error as a line of text that ``described`` reads."""
    return json.dumps({"problem": error.problem, "remedy": error.remedy})


def _told(device: str, text: str) -> DeviceConfigError:
    last = text.strip().splitlines()[-1] if text.strip() else "it said nothing"
    with contextlib.suppress(ValueError, KeyError, TypeError):
        told = json.loads(last)
        return DeviceConfigError(device, told["problem"], told["remedy"])
    return DeviceConfigError(
        device, f"The world cannot be made: {last}.", "Check the robot's table in station.toml."
    )


def _path(runtime: Path) -> Path:
    return runtime / "world.json"


def _read(runtime: Path, table: dict[str, Any]) -> Shape | None:
    try:
        found = json.loads(_path(runtime).read_text(encoding="utf-8"))
        return Shape.from_json(found["shape"]) if found["robot"] == table else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
