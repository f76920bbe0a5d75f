"""The robot of a world: what it commands and measures goes through a link, nothing else."""

from __future__ import annotations

import numpy as np

from drivers.base import Floats, JointLimits, RobotState, checked_action
from drivers.worlds.links import WorldLink


class WorldRobot:
    """A ``Robot`` whose scene software can reset (``SceneReset``), in lockstep or real time.

    Args:
        name: what the station calls it.
        link: the way to the world.
        limits: of what is commanded.
        environment_names: components of the environment state.
    """

    def __init__(
        self,
        name: str,
        link: WorldLink,
        limits: JointLimits,
        environment_names: tuple[str, ...],
    ) -> None:
        self.limits = limits
        self.environment_names = environment_names
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
        """Sets the targets, shape (A,), clipped to the limits; returns them.

        Raises:
            InvalidActionError: wrong shape or not finite.
            DeviceLostError: not connected.
        """
        wanted = checked_action(self._name, action, self.limits)
        sent = np.clip(wanted, self.limits.lower, self.limits.upper)
        self._link.command(sent)
        return sent

    def stop(self) -> None:
        """Cancels the targets: the arm holds where it is, a gripper keeps its grip."""
        self._link.hold()

    def reset_scene(self, seed: int) -> None:
        """Puts the scene to the start that ``seed`` draws; may take up to 1 s.

        Raises:
            DeviceLostError: the world is gone, or did not answer in time.
        """
        self._link.reset(seed)
