"""The simulated ViperX 300 S: the arm of the simulated world, in lockstep or in real time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drivers.base import DeviceConfigError, Floats, RobotState, checked_action
from drivers.registry import DeviceContext, Process
from drivers.simulation.links import InProcessLink, MappedLink, WorldLink
from drivers.simulation.names import ENVIRONMENT_NAMES, LIMITS


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        stale_s: a state older than this means that the world is lost [s].
    """

    stale_s: float = 0.1


class SimulatedViperX:
    """The arm; a ``Robot`` whose scene software can reset (``SceneReset``).

    Args:
        name: what the station calls it.
        link: the way to the world.
    """

    limits = LIMITS
    environment_names = ENVIRONMENT_NAMES

    def __init__(self, name: str, link: WorldLink) -> None:
        self._name = name
        self._link = link

    def connect(self) -> None:
        """Reaches the world.

        Raises:
            DeviceNotFoundError: no world process is running.
        """
        self._link.open()

    def disconnect(self) -> None:
        """Lets go of the world; the arm holds."""
        self._link.close()

    def get_observation(self) -> RobotState:
        """The newest measurement; never blocks.

        Raises:
            DeviceLostError: the world is gone or its newest state too old.
        """
        return self._link.state()

    def send_action(self, action: Floats) -> Floats:
        """Sets the joint targets, shape (7,), clipped to the joints' limits; returns them.

        Raises:
            InvalidActionError: wrong shape or not finite.
            DeviceLostError: not connected.
        """
        sent = np.clip(checked_action(self._name, action, LIMITS), LIMITS.lower, LIMITS.upper)
        self._link.command(sent)
        return sent

    def stop(self) -> None:
        """Cancels the targets: the arm holds where it is, the gripper keeps its grip."""
        self._link.hold()

    def reset_scene(self, seed: int) -> None:
        """Puts arm, cube and tray to the start that ``seed`` draws; may take up to 1 s.

        Raises:
            DeviceLostError: the world is gone, or did not answer within 1 s.
        """
        self._link.reset(seed)


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
