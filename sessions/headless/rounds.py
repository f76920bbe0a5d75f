"""Whole rounds in lockstep: does correcting make the policy better, and better than demonstrating?

Demonstrations, base policy, then rounds: attempts under the operator's eyes until enough
interventions are gathered, a retraining, a measurement. Beside it a control arm, because a gain
means nothing without one: a policy that got the same operator's time as plain demonstrations.
Every policy is measured from the same start poses. The same seed gives the same report, but for
the seconds that computing took.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from policies import registry
from sessions import lockstep
from sessions.config import Station, Task
from sessions.evaluation import SEED, trials
from sessions.headless.collecting import Gathered, correct, demonstrate
from sessions.headless.keeping import Keeper
from sessions.headless.operators import required, with_expert
from sessions.headless.report import ControlArm, Report, RoundReport, success, table, write_report
from sessions.learn import plan as plans
from sessions.learn import rounds, training
from sessions.learn.rounds import RoundRecord, Trials
from sessions.record.catalogue import Catalogue
from sessions.stations import pick_place_task, simulated_station
from sessions.types import SessionError
from sessions.workers import Workers
from sessions.workspace import Workspace, create

__all__ = ["Report", "Settings", "simulate", "table", "write_report"]

_SEED_STRIDE = 10_000_000
_ROUND_STRIDE = 20_000
_CONTROL = 500_000


@dataclass(frozen=True)
class Settings:
    """What is simulated.

    Attributes:
        rounds: rounds of corrections after the base policy.
        corrections: interventions in each.
        trials: of each policy.
        seed: draws everything; runs of different seeds share nothing.
        processes: attempts that run at once.
        share: part of the training mass that corrections get; None for the task's setting.
        warm_start: train on from the policy before; None for the task's setting.
    """

    rounds: int = 3
    corrections: int = 20
    trials: int = 50
    seed: int = 0
    processes: int = 2
    share: float | None = None
    warm_start: bool | None = None

    @property
    def first(self) -> int:
        """First seed of this run's start poses."""
        return self.seed * _SEED_STRIDE


def simulate(
    root: Path,
    settings: Settings,
    say: Callable[[str], None] = lambda _: None,
    task: Task | None = None,
    station: Station | None = None,
    operator: str = "",
) -> Report:
    """Runs everything in a new workspace and returns what came of it.

    Args:
        root: a folder that is absent or empty.
        settings: what to run.
        say: called with a line for people after each step.
        task: the task and its training; None for the simulated arm's own.
        station: a simulated one; None for the simulated arm.
        operator: expert from outside, ``module:Class``, in place of the station's own.

    Raises:
        SessionError: the folder holds something already, the station is no simulation or nobody
            drives it, or a step failed.
        DriverError: the simulation cannot run here, or the expert cannot be used.
        PolicyError: the task's options of the policy are wrong.
    """
    if root.exists() and any(root.iterdir()):
        raise SessionError(
            f"{root} is not empty. Rounds are simulated from the start: choose a new folder."
        )
    station, task = station or simulated_station(), task or pick_place_task()
    if operator:
        station = with_expert(station, operator, task)
    # Before anything is written: what cannot run leaves no folder behind.
    lockstep.check(station, required(station))
    workspace = create(root, station, task)
    with Workers(settings.processes) as workers:
        run = _Run(workspace, settings, workers, say)
        found = [run.base()]
        for index in range(1, settings.rounds + 1):
            found.append(run.round(index))
        return Report(tuple(found), run.control_arm(sum(r.human_s for r in found)))


class _Run:
    """The steps of one simulation."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        workers: Workers,
        say: Callable[[str], None],
    ) -> None:
        self._workspace = workspace
        self._settings = settings
        self._workers = workers
        self._say = say
        self._keeper = Keeper(workspace, "simulated rounds")
        # A policy that reads cameras learns from pictures, which cost time and space elsewhere.
        self._sees = registry.reads_cameras(workspace.task.training.kind)

    def base(self) -> RoundReport:
        """Demonstrations and the base policy."""
        wanted = self._workspace.task.demonstrations
        gathered = demonstrate(
            self._workspace,
            self._keeper,
            self._workers,
            self._settings.first,
            lambda g: len(g.episodes) >= wanted,
            images=self._sees,
        )
        return self._trained(0, gathered, "demonstrations")

    def round(self, index: int) -> RoundReport:
        """Corrections of the policy before, and the policy they make."""
        gathered = correct(
            self._workspace,
            self._keeper,
            self._workers,
            self._settings.first + index * _ROUND_STRIDE,
            self._settings.corrections,
            tuple(Catalogue(self._workspace).doubts()),
        )
        return self._trained(index, gathered, "attempts")

    def control_arm(self, human_s: float) -> ControlArm:
        """A policy from nothing but demonstrations, given at least ``human_s`` seconds of them."""
        arm = create(
            self._workspace.root / "control-arm", self._workspace.station, self._workspace.task
        )
        shown_s = 0.0
        catalogue = Catalogue(self._workspace)
        for episode in catalogue.episodes():
            if episode.demo:
                path = catalogue.path(episode.episode)
                shutil.copy2(path, arm.episodes / path.name)
                shown_s += episode.human_s
        more = Gathered()
        if shown_s < human_s:
            more = demonstrate(
                arm,
                Keeper(arm, "control arm"),
                self._workers,
                self._settings.first + _CONTROL,
                lambda g: shown_s + g.human_s >= human_s,
                images=self._sees,
            )
        self._train(arm, 0)
        measured = self._measure(arm, 0)
        self._say(f"Control arm: {len(more.episodes)} more demonstrations. {measured.success.text}")
        return ControlArm(
            success(measured.success.k, measured.success.n), round(shown_s + more.human_s, 2)
        )

    def _trained(self, index: int, gathered: Gathered, what: str) -> RoundReport:
        record = self._train(self._workspace, index)
        self._workspace.set_running_round(index)
        measured = self._measure(self._workspace, index)
        corrected = f", {gathered.corrections} corrections" if index else ""
        self._say(
            f"Round {index}: {len(gathered.episodes)} {what} ({gathered.successes} succeeded)"
            f"{corrected}; learned from {record.samples} ticks in {record.train_s:.0f} s. "
            f"{measured.success.text}"
        )
        return RoundReport(
            index=index,
            success=success(measured.success.k, measured.success.n),
            corrections=gathered.corrections if index else 0,
            human_s=round(gathered.human_s, 2),
            intervention_share=round(gathered.intervention_share, 4) if index else 0.0,
            train_s=round(record.train_s, 2),
        )

    def _train(self, workspace: Workspace, index: int) -> RoundRecord:
        plan = plans.plan_from(
            workspace,
            index,
            share=self._settings.share,
            warm_start=self._settings.warm_start,
            seed=self._settings.first + index,
        )
        return training.train(workspace, plan)

    def _measure(self, workspace: Workspace, index: int) -> Trials:
        found = trials(
            workspace,
            workspace.policy_folder(index),
            self._settings.trials,
            self._settings.first + SEED,
            self._workers,
        )
        rounds.with_trials(workspace, index, found)
        return found
