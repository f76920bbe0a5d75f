"""Any Gymnasium environment with continuous actions and pictures, as a robot.

In lockstep the environment lives in this process, in real time in one of its own
(``drivers.worlds.process``). ``drivers/environments/settings.py`` says what a station file may say;
the station's control rate is the environment's.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from drivers.base import DeviceConfigError, Floats, Health, RobotState
from drivers.environments.layout import Layout
from drivers.environments.settings import Config
from drivers.registry import DeviceContext, Process
from drivers.worlds.links import InProcessLink, MappedLink, WorldLink
from drivers.worlds.robot import WorldRobot
from drivers.worlds.shape import Shape, described

__all__ = ["Config", "GymnasiumRobot", "create", "processes", "world"]


class GymnasiumRobot(WorldRobot):
    """The environment, seen as an arm.

    Args:
        name: what the station calls it.
        link: the way to the environment.
        shape: what it looks like.

    Attributes:
        environment_id: such as ``gym_pusht/PushT-v0``.
        action_low: lowest action in the environment's own units, shape (A,).
        action_high: highest likewise.
    """

    def __init__(self, name: str, link: WorldLink, shape: Shape) -> None:
        super().__init__(name, link, shape.limits, shape.environment_names)
        facts = shape.facts
        self.environment_id = str(facts["id"])
        delta = facts["delta"]
        self._delta = None if delta is None else np.array(delta, dtype=np.float64)
        self.action_low = np.array(facts["low"]) if delta is not None else shape.limits.lower
        self.action_high = np.array(facts["high"]) if delta is not None else shape.limits.upper
        self._layout = Layout.from_json(facts["layout"])
        self._period_s = float(facts["period_s"])

    def observation(self, state: RobotState) -> Any:
        """The environment's own observation; in real time without pictures, rebuilt from ``state``.

        Args:
            state: the newest measurement.
        """
        if isinstance(self._link, InProcessLink):
            return self._link.world.observation  # type: ignore[attr-defined]
        return self._layout.joined(state.position, state.environment_state)

    def target(self, action: Floats, state: RobotState) -> Floats:
        """The absolute target of an action in the environment's units, shape (A,)."""
        return action if self._delta is None else state.position + action * self._delta

    def health(self) -> Health:
        """How long a step takes, and whether that is too long for real time; never blocks."""
        work_s = getattr(self._link, "work_s", float("nan"))
        if not np.isfinite(work_s):
            return Health()
        text = f"{work_s * 1000:.0f} ms a step of {self._period_s * 1000:.0f} ms"
        if work_s <= self._period_s:
            return Health(text)
        slow = (
            f"The environment takes {work_s * 1000:.0f} ms a step and has "
            f"{self._period_s * 1000:.0f} ms: it runs slower than real time. Lower rate_hz or the "
            "size of its pictures, or use dagger-gui simulate, which waits for it."
        )
        return Health(text, (slow,))


def create(name: str, config: Config, context: DeviceContext) -> GymnasiumRobot:
    """Builds the robot for an environment in this process, or for the world process.

    Raises:
        DeviceConfigError: the context has neither a world nor a runtime folder, or there can be no
            such environment.
    """
    if context.world is not None:
        return GymnasiumRobot(name, InProcessLink(context.world), Shape.of(context.world))
    if context.runtime is None:
        raise DeviceConfigError(
            name, "There is no simulated world here.", "Set simulated = true in station.toml."
        )
    shape = described(name, _table(config), context.runtime)
    link = MappedLink(
        name, context.runtime, shape.limits.names, config.stale_s, reset_s=config.reset_s
    )
    return GymnasiumRobot(name, link, shape)


def processes(config: Config, runtime: Path) -> tuple[Process, ...]:
    """The environment in real time, which gives the pictures too."""
    arguments = ("--runtime", str(runtime), "--robot", json.dumps(_table(config)))
    return (Process("world", "drivers.worlds.process", arguments),)


def world(config: Config, seed: int) -> Any:
    """The environment in this process; see ``drivers.environments.world.EnvironmentWorld``."""
    from drivers.environments.world import EnvironmentWorld

    return EnvironmentWorld("robot", config, seed)


def _table(config: Config) -> dict[str, Any]:
    return {"type": "gymnasium", **asdict(config)}
