"""The WidowX 250 S as ALOHA's leader: six joints, two motors in shoulder and elbow, a trigger.

Seven XM430-W350 and two XL430-W250. Its motors carry it, so it mirrors the arm by default; what it
takes to hold its own weight is more than a printed leader needs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.dynamixel.description import GripperDescription
from drivers.registry import DeviceContext
from drivers.robots import viperx_300s
from drivers.teleoperators._leader import Leader
from drivers.teleoperators._leading import LeaderConfig, leader

DESCRIPTION = replace(
    viperx_300s.DESCRIPTION,
    kind="WidowX 250 S",
    gripper=GripperDescription(
        id=9, closed="Squeeze the handles until they touch", open="Open the handles all the way"
    ),
)
"""The ViperX' smaller sister, servo for servo."""


@dataclass(frozen=True)
class Config(LeaderConfig):
    """What the station file may say; see ``LeaderConfig``."""

    takeover: str = "mirror"
    power: float = 0.35


def create(name: str, config: Config, context: DeviceContext) -> Leader:
    """Builds the leader without touching it; see ``drivers.registry``.

    Raises:
        DeviceConfigError: a value that makes no sense.
    """
    return leader(name, config, DESCRIPTION.names, context)
