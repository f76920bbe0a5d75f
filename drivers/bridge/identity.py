"""That what is served is what the station file means: two arms alike are easily mixed up."""

from __future__ import annotations

from drivers.base import DeviceNotFoundError
from drivers.bridge.link import Served


def check(device: str, served: Served, kind: str, known_as: str) -> None:
    """Compares LeRobot's type and id with the station file's; an empty one is not compared.

    Raises:
        DeviceNotFoundError: it is another one.
    """
    for what, found, wanted in (("type", served.type, kind), ("id", served.id, known_as)):
        if wanted and found != wanted:
            raise DeviceNotFoundError(
                device,
                f"LeRobot serves the {what} {found or 'none'!r} there; the station file names "
                f"{wanted!r}.",
                "Check the endpoint and which arm is plugged in where, or correct the file.",
            )
