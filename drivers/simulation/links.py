"""How the ViperX's driver reaches the simulated world; see ``drivers.worlds.links``."""

from __future__ import annotations

from pathlib import Path

from drivers.simulation.names import JOINT_NAMES
from drivers.worlds import links


class MappedLink(links.MappedLink):
    """The simulated ViperX in the world process, through its rings: seven joints.

    Args:
        device: the arm's name, for messages.
        runtime: folder of the rings.
        stale_s: a state older than this means that the world is lost [s].
    """

    def __init__(self, device: str, runtime: Path, stale_s: float = 0.1) -> None:
        super().__init__(device, runtime, JOINT_NAMES, stale_s)
