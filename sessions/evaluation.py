"""Measures a policy: trials on its own, from the same start poses for every policy.

In lockstep with the same loop as a live session, faster than real time. Run as a process it stores
the result in the round's file: ``python -m sessions.evaluation WORKSPACE --round N --trials 50``.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from drivers import scheduling
from drivers.base import DriverError
from policies.base import PolicyError
from sessions import lockstep
from sessions.bus import Publisher
from sessions.learn import rounds
from sessions.learn.rounds import Trials
from sessions.messages import TrainingProgress
from sessions.types import Outcome, SessionError
from sessions.workers import Workers
from sessions.workspace import Workspace, open_workspace

SEED = 900_000
"""First seed of the start poses of trials: far from those that attempts are drawn from."""

FAILED = 2


class EvaluationError(SessionError):
    """A policy cannot be measured here; the message says why."""


def trials(
    workspace: Workspace,
    policy: Path,
    count: int,
    seed: int = SEED,
    workers: Workers | None = None,
    report: Callable[[int, int], None] = lambda _done, _succeeded: None,
) -> Trials:
    """Runs ``count`` trials of a policy without a human.

    Args:
        workspace: station and task; the station must be a simulated one.
        policy: checkpoint folder.
        count: number of trials.
        seed: trial i starts from the pose that ``seed + i`` draws.
        workers: where they run; None runs them here.
        report: called after each trial with (trials done, succeeded so far).

    Raises:
        EvaluationError: the station is not simulated, or no trials are asked for.
        PolicyError: the policy cannot be loaded.
    """
    if not workspace.station.simulated:
        raise EvaluationError(
            f"Station {workspace.station.name} is no simulation: its trials are attempts that "
            "somebody watches. Start attempts on the Run page and mark their outcome."
        )
    if count < 1:
        raise EvaluationError(f"{count} trials measure nothing; ask for 20 or more.")
    started = time.monotonic()
    jobs = [
        lockstep.Job(workspace.station, workspace.task, seed + i, policy=str(policy))
        for i in range(count)
    ]
    outcomes: list[bool] = []
    times: list[float] = []
    furthest = dict.fromkeys(workspace.task.stages, 0)
    for attempt in (workers or Workers(1)).map(lockstep.run, jobs):
        done = attempt.outcome is Outcome.SUCCESS
        outcomes.append(done)
        if done:
            times.append(attempt.duration_s)
        elif 0 <= attempt.stage < len(workspace.task.stages):
            furthest[workspace.task.stages[attempt.stage]] += 1
        report(len(outcomes), sum(outcomes))
    return Trials(
        seed=seed,
        outcomes=tuple(outcomes),
        failed_in=furthest,
        mean_success_s=float(np.mean(times)) if times else None,
        seconds=time.monotonic() - started,
    )


def measure(workspace: Workspace, index: int, count: int, seed: int, processes: int) -> Trials:
    """Runs trials of a round's policy, publishing progress, and stores them in its file.

    Publishes ``TrainingProgress`` as process ``evaluation``: ``step`` trials done of ``steps``.

    Raises:
        SessionError: there is no such round, or the station is not simulated.
        PolicyError: its policy cannot be loaded.
    """
    rounds.read(workspace, index)
    publisher = Publisher(workspace.runtime(), "evaluation")
    started = time.monotonic()

    def report(done: int, succeeded: int) -> None:
        elapsed = time.monotonic() - started
        publisher.send(
            TrainingProgress(
                stage="done" if done == count else "measuring",
                step=done,
                steps=count,
                loss=math.nan,
                validation=math.nan,
                elapsed_s=elapsed,
                eta_s=elapsed / done * (count - done),
                round=index,
                text=f"{succeeded} of {done} trials succeeded.",
            )
        )

    try:
        with Workers(processes) as workers:
            found = trials(workspace, workspace.policy_folder(index), count, seed, workers, report)
    finally:
        publisher.close()
    rounds.with_trials(workspace, index, found)
    return found


def main(argv: list[str] | None = None) -> int:
    """Entry of the process; exit status 2 with one sentence if it could not measure."""
    line = argparse.ArgumentParser(prog="python -m sessions.evaluation", description=__doc__)
    line.add_argument("workspace", type=Path)
    line.add_argument("--round", type=int, required=True)
    line.add_argument("--trials", type=int, default=50)
    line.add_argument("--seed", type=int, default=SEED)
    line.add_argument("--processes", type=int, default=2)
    arguments = line.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    scheduling.give_way(10)
    try:
        workspace = open_workspace(arguments.workspace)
        found = measure(
            workspace, arguments.round, arguments.trials, arguments.seed, arguments.processes
        )
    except (SessionError, PolicyError, DriverError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stdout.write(f"Round {arguments.round}: {found.success.text}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
