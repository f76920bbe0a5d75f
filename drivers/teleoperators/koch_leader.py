"""The Koch v1.1 leader: five joints and a trigger, six XL330-M077."""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.dynamixel.description import GripperDescription
from drivers.registry import DeviceContext
from drivers.robots import koch
from drivers.teleoperators._leader import Leader
from drivers.teleoperators._leading import LeaderConfig, leader

DESCRIPTION = replace(
    koch.DESCRIPTION,
    kind="Koch v1.1 leader",
    gripper=GripperDescription(
        id=6, closed="Pull the trigger all the way", open="Let the trigger go"
    ),
)
"""Joint for joint the follower's."""


@dataclass(frozen=True)
class Config(LeaderConfig):
    """What the station file may say; see ``LeaderConfig``."""


def create(name: str, config: Config, context: DeviceContext) -> Leader:
    """Builds the leader without touching it; see ``drivers.registry``.

    Raises:
        DeviceConfigError: a value that makes no sense.
    """
    return leader(name, config, DESCRIPTION.names, context)
