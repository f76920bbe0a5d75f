"""The simulated ViperX 300 S: the arm of the simulated world, in lockstep or in real time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.base import DeviceConfigError
from drivers.registry import DeviceContext, Process
from drivers.simulation.links import MappedLink
from drivers.simulation.names import ENVIRONMENT_NAMES, LIMITS
from drivers.worlds.links import InProcessLink, WorldLink
from drivers.worlds.robot import WorldRobot


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        stale_s: a state older than this means that the world is lost [s].
    """

    stale_s: float = 0.1


class SimulatedViperX(WorldRobot):
    """The arm; a ``Robot`` whose scene software can reset (``SceneReset``).

    Args:
        name: what the station calls it.
        link: the way to the world.
    """

    def __init__(self, name: str, link: WorldLink) -> None:
        super().__init__(name, link, LIMITS, ENVIRONMENT_NAMES)


def create(name: str, config: Config, context: DeviceContext) -> SimulatedViperX:
    """Builds the arm for a world in this process, or for the world process.

    Raises:
        DeviceConfigError: the context has neither a world nor a runtime folder.
    """
    if context.world is not None:
        return SimulatedViperX(name, InProcessLink(context.world))
    if context.runtime is None:
        raise DeviceConfigError(
            name, "There is no simulated world here.", "Set simulated = true in station.toml."
        )
    return SimulatedViperX(name, MappedLink(name, context.runtime, config.stale_s))


def processes(config: Config, runtime: Path) -> tuple[Process, ...]:
    """The world in real time, which renders the cameras too."""
    return (Process("world", "drivers.simulation.process", ("--runtime", str(runtime))),)


def world(config: Config, seed: int) -> Any:
    """The world in this process; see ``drivers.simulation.world.World``."""
    from drivers.simulation.world import World

    return World(seed)
