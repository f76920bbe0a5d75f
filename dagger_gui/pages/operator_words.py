"""What an operator's device without sticks does, and what the person at it does."""

from __future__ import annotations

from typing import Any

from drivers import registry
from drivers.base import DriverError

_TAKEOVERS = {
    "mirror": (
        "Mirror: it follows the arm while the policy drives. Hold it loosely. {hold}, and its "
        "motors let go: it is where the arm is, and the arm goes where you move it."
    ),
    "clutch": (
        "Clutch: it lies free. {hold}, and the arm makes the motions that you make with it, from "
        "wherever both of them are. Give back, bring it nearer and take over again to reach on."
    ),
    "align": (
        "Align: {hold}, then bring it to the arm's pose, which the plots show beside its own. It "
        "takes over once every joint is near."
    ),
}
_AUTONOMOUS = (
    "It needs nobody: it takes over by itself when the policy goes wrong, corrects and gives back. "
    "Watch; Space stops everything."
)
_KEYS = "{hold} and drive with the keys of this window, which ? lists."


def manual(name: str, table: dict[str, Any], key: str) -> str:
    """How one corrects with an operator's device, in a few sentences.

    Args:
        name: what the station calls it.
        table: its table in the station file.
        key: what is held to correct, as printed on it; empty if no key is.
    """
    hold = f"Hold {key}" if key else "Hold the gate"
    if registry.autonomous(table):
        return _AUTONOMOUS
    try:
        _, config = registry.device_file("teleoperators", name, table)
    except DriverError as error:  # the station file was edited since: its check tells
        return str(error)
    return _TAKEOVERS.get(getattr(config, "takeover", ""), _KEYS).format(hold=hold)
