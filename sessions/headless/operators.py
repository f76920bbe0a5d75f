"""Who drives without a person: the station's own scripted operator, or an expert from outside."""

from __future__ import annotations

from pathlib import Path

import msgspec

from drivers import registry
from sessions import taxonomy
from sessions.config import Station, Task
from sessions.types import SessionError

EXPERT = "expert"
"""What a station calls the expert that ``--operator`` names."""

_ANYTHING = "other"


class OperatorError(SessionError):
    """Nobody can drive this station without a person; the message says what to do instead."""


def demonstrator(station: Station) -> str:
    """Name of the operator in the station file who acts without a person; empty if none does.

    The selected one comes first, then the others in the station's order.
    """
    named = (station.operator, *station.operators)
    autonomous = (name for name in named if registry.autonomous(station.operators.get(name, {})))
    return next(autonomous, "")


def required(station: Station) -> str:
    """Name of the operator who acts without a person.

    Raises:
        OperatorError: the station is no simulation, or has none.
    """
    if not station.simulated:
        raise OperatorError(
            f"Station {station.name} is no simulation. Record demonstrations on the Run page."
        )
    name = demonstrator(station)
    if not name:
        raise OperatorError(
            f"Station {station.name} has no operator that acts without a person; it has "
            f"{', '.join(station.operators) or 'none'}. Name one with --operator module:Class, or "
            "record demonstrations on the Run page."
        )
    return name


def with_expert(station: Station, expert: str, task: Task, folder: Path | None = None) -> Station:
    """The station with an expert from outside as its one operator without a person.

    Its corrections are tagged with the taxonomy's category for anything, its last if it has none,
    unless the expert says better.

    Args:
        station: a simulated one.
        expert: ``module:Class``.
        task: whose taxonomy.
        folder: where a workspace's own taxonomy may lie.

    Raises:
        OperatorError: the station is no simulation.
        TaxonomyError: the task's taxonomy cannot be read.
    """
    if not station.simulated:
        raise OperatorError(
            f"Station {station.name} is no simulation, and an expert may not move a real arm "
            "unwatched. Name a simulated station with --station."
        )
    categories = taxonomy.load(task.taxonomy, folder).categories
    names = [category.name for category in categories]
    table = {
        "type": "external",
        "expert": expert,
        "tag": _ANYTHING if _ANYTHING in names else names[-1],
    }
    people = {
        name: other
        for name, other in station.operators.items()
        if not registry.autonomous(other) and name != EXPERT
    }
    # The one whom the window's takeover key means stays, if there is any: a person at keys.
    selected = station.operator if station.operator in people else next(iter(people), EXPERT)
    return msgspec.structs.replace(station, operators={**people, EXPERT: table}, operator=selected)
