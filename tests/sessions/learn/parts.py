"""A small workspace with real scripted demonstrations, and a training that takes a second."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from sessions.config import Task, Training
from sessions.headless.collecting import demonstrate
from sessions.headless.keeping import Keeper
from sessions.stations import pick_place_task, simulated_station
from sessions.workers import Workers
from sessions.workspace import Workspace, create

TINY: dict[str, Any] = {
    "steps": 30,
    "warm_steps": 10,
    "batch": 32,
    "hidden": 16,
    "members": 2,
    "horizon": 8,
}


def tiny_task(**changes: Any) -> Task:
    values = {"demonstrations": 3, "training": Training(options=TINY), **changes}
    return msgspec.structs.replace(pick_place_task(), **values)


def with_demonstrations(root: Path, count: int, **changes: Any) -> Workspace:
    workspace = create(root, simulated_station(), tiny_task(**changes))
    with Workers(1) as workers:
        demonstrate(
            workspace,
            Keeper(workspace, "test"),
            workers,
            0,
            lambda gathered: len(gathered.episodes) >= count,
        )
    return workspace
