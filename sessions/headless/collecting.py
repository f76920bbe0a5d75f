"""Gathers demonstrations and corrections with an operator that is no person, in lockstep."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from sessions import lockstep
from sessions.headless.keeping import Keeper
from sessions.headless.operators import required
from sessions.types import Outcome, SessionError
from sessions.workers import Workers
from sessions.workspace import Workspace


class CollectingError(SessionError):
    """The scripted operator could not gather what was asked for; the message says what happened."""


@dataclass
class Gathered:
    """What was gathered.

    Attributes:
        episodes: numbers of the episodes written.
        human_s: how long the operator drove [s].
        attempt_s: how long the attempts took in all [s].
        corrections: interventions among them.
        successes: attempts that succeeded.
    """

    episodes: list[int] = field(default_factory=list)
    human_s: float = 0.0
    attempt_s: float = 0.0
    corrections: int = 0
    successes: int = 0

    @property
    def intervention_share(self) -> float:
        """Part of the attempts' time that the operator drove; 0 without attempts."""
        return self.human_s / self.attempt_s if self.attempt_s > 0 else 0.0

    def add(self, number: int, attempt: lockstep.Attempt) -> None:
        """Counts one attempt that was written as episode ``number``."""
        self.episodes.append(number)
        self.human_s += attempt.human_s
        self.attempt_s += attempt.duration_s
        self.corrections += attempt.interventions
        self.successes += attempt.outcome is Outcome.SUCCESS


def demonstrate(
    workspace: Workspace,
    keeper: Keeper,
    workers: Workers,
    seed: int,
    enough: Callable[[Gathered], bool],
    *,
    images: bool = False,
    report: Callable[[Gathered], None] = lambda _: None,
) -> Gathered:
    """Records demonstrations that succeed until ``enough`` says so.

    Args:
        workspace: a simulated station with an operator that acts without a person.
        keeper: writes the episodes.
        workers: where attempts run.
        seed: the i-th attempt starts from the pose that ``seed + i`` draws.
        enough: asked after each success.
        images: record the cameras.
        report: called after each success.

    Raises:
        OperatorError: nobody can drive the station without a person.
        CollectingError: the operator fails far more often than it succeeds.
    """
    operator = required(workspace.station)
    jobs = (
        lockstep.Job(
            workspace.station, workspace.task, seed + i, operator, demo=True, images=images
        )
        for i in itertools.count()
    )
    gathered, failures = Gathered(), 0
    with closing(workers.map(lockstep.run, jobs)) as attempts:
        for attempt in attempts:
            if attempt.outcome is not Outcome.SUCCESS:
                failures += 1
                if failures > 5 + 2 * gathered.successes:
                    raise CollectingError(
                        f"The {operator} operator failed {failures} demonstrations and managed "
                        f"{gathered.successes}. Check attempt_s in task.toml "
                        f"(now {workspace.task.attempt_s:g} s)."
                    )
                continue
            number = keeper.keep(attempt, demo=True, round_index=-1, operator=operator)
            gathered.add(number, attempt)
            report(gathered)
            if enough(gathered):
                break
    return gathered


def correct(
    workspace: Workspace,
    keeper: Keeper,
    workers: Workers,
    seed: int,
    corrections: int,
    doubts: tuple[float, ...],
    *,
    report: Callable[[Gathered], None] = lambda _: None,
) -> Gathered:
    """Runs attempts of the running policy under the operator's eyes.

    Stops with the attempt that brings the number of interventions to ``corrections``, or after
    eight attempts for each of them: a policy that needs no help cannot be corrected.

    Args:
        workspace: its running round's policy drives.
        keeper: writes the episodes.
        workers: where attempts run.
        seed: the i-th attempt starts from the pose that ``seed + i`` draws.
        corrections: interventions wanted.
        doubts: doubts at earlier takeovers, for tau.
        report: called after each attempt.

    Raises:
        OperatorError: nobody can drive the station without a person.
    """
    operator = required(workspace.station)
    running = workspace.running_round()
    policy = str(workspace.policy_folder(running))
    jobs = (
        lockstep.Job(
            workspace.station, workspace.task, seed + i, operator, policy=policy, doubts=doubts
        )
        for i in range(8 * corrections)
    )
    gathered = Gathered()
    with closing(workers.map(lockstep.run, jobs)) as attempts:
        for attempt in attempts:
            number = keeper.keep(attempt, demo=False, round_index=running, operator=operator)
            gathered.add(number, attempt)
            report(gathered)
            if gathered.corrections >= corrections:
                break
    return gathered
