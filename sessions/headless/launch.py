"""The first launch: from an empty folder to a base policy, with progress anybody can read."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

from sessions.headless.collecting import Gathered, demonstrate
from sessions.headless.keeping import Keeper
from sessions.learn import rounds
from sessions.learn.plan import plan_from
from sessions.learn.training import train
from sessions.messages import TrainingProgress
from sessions.record.catalogue import Catalogue
from sessions.stations import pick_place_task, simulated_station
from sessions.types import CancelledError
from sessions.workers import Workers
from sessions.workspace import Workspace, create

SEED = 0


def first_launch(
    root: Path,
    report: Callable[[TrainingProgress], None],
    processes: int = 2,
    cancelled: Callable[[], bool] = lambda: False,
) -> Workspace:
    """Makes the workspace, gathers demonstrations with images, trains the base policy.

    What an interrupted launch has recorded is kept and counted. Where a base policy is there
    already nothing is done.

    Args:
        root: folder of the workspace; made if it is absent.
        report: called with the progress; its stage is data, training, saving or done.
        processes: attempts that run at once.
        cancelled: asked between demonstrations and before each gradient step.

    Raises:
        CancelledError: ``cancelled`` said so; whole demonstrations stay.
        SessionError: the folder cannot be written, or the station is no simulation.
        PolicyError: the task's options of the policy are wrong.
    """
    workspace = create(root, simulated_station(), pick_place_task())
    if workspace.running_round() >= 0:
        return workspace
    if 0 not in rounds.indices(workspace):
        _demonstrate(workspace, report, processes, cancelled)
        _clear_unfinished(workspace)
        train(workspace, plan_from(workspace, 0), report, cancelled)
    workspace.set_running_round(0)
    return workspace


def _demonstrate(
    workspace: Workspace,
    report: Callable[[TrainingProgress], None],
    processes: int,
    cancelled: Callable[[], bool],
) -> None:
    known = [e for e in Catalogue(workspace).episodes() if e.demo and e.outcome == "success"]
    wanted = workspace.task.demonstrations
    missing = wanted - len(known)
    if missing <= 0:
        return
    started = time.monotonic()

    def tell(gathered: Gathered) -> None:
        elapsed = time.monotonic() - started
        done = len(gathered.episodes)
        report(
            TrainingProgress(
                stage="data",
                step=len(known) + done,
                steps=wanted,
                loss=math.nan,
                validation=math.nan,
                elapsed_s=elapsed,
                eta_s=elapsed / done * (missing - done) if done else math.nan,
                round=0,
                text=f"The scripted operator shows the task: {len(known) + done} of {wanted}.",
            )
        )
        if cancelled():
            raise CancelledError("Cancelled. The demonstrations recorded so far are kept.")

    tell(Gathered())
    with Workers(processes, cancelled) as workers:
        demonstrate(
            workspace,
            Keeper(workspace, "first launch"),
            workers,
            SEED + 1000 * len(known),
            lambda gathered: len(gathered.episodes) >= missing,
            images=True,
            report=tell,
        )


def _clear_unfinished(workspace: Workspace) -> None:
    """A kill between the policy's rename and its round's file leaves a folder nobody knows of."""
    folder = workspace.policy_folder(0)
    if folder.exists():
        aside = folder.with_name(f"{folder.name}.unfinished-{time.time_ns()}")
        folder.rename(aside)
