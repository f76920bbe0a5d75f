"""A small environment as a robot, in lockstep and in real time."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from drivers import registry
from drivers.base import DriverError
from drivers.registry import DeviceContext
from drivers.robots.gymnasium import GymnasiumRobot
from tests.waiting import until

TABLE: dict[str, Any] = {
    "type": "gymnasium",
    "id": "reach/Reach-v0",
    "module": "tests.fakes.reach_environment",
    "position": "agent_pos",
    "actions": ["x", "y"],
    # Patient, so that a busy machine running tests is no lost arm.
    "stale_s": 5.0,
}
RATE_HZ = 20.0
PERIOD_S = 1.0 / RATE_HZ
wait_for = partial(until, but=(DriverError,))


def world(seed: int = 0, **table: Any) -> Any:
    return registry.world({**TABLE, **table}, seed, RATE_HZ)


def robot_in(made: Any, **table: Any) -> GymnasiumRobot:
    context = DeviceContext(world=made, rate_hz=RATE_HZ)
    robot: GymnasiumRobot = registry.create("robots", "robot", {**TABLE, **table}, context)
    return robot


def robot_at(runtime: Path, **table: Any) -> GymnasiumRobot:
    context = DeviceContext(runtime=runtime, rate_hz=RATE_HZ)
    robot: GymnasiumRobot = registry.create("robots", "robot", {**TABLE, **table}, context)
    return robot


@contextlib.contextmanager
def process(runtime: Path, **table: Any) -> Iterator[subprocess.Popen[str]]:
    """The world process that a station with this robot would have."""
    (wanted,) = registry.processes({**TABLE, **table}, runtime, RATE_HZ)
    command = [sys.executable, "-m", wanted.module, *wanted.arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()
