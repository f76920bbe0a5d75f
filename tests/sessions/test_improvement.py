from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import torch

from sessions.evaluation import trials
from sessions.headless.collecting import correct, demonstrate
from sessions.headless.keeping import Keeper
from sessions.learn.plan import plan_from
from sessions.learn.training import train
from sessions.stations import pick_place_task, simulated_station
from sessions.workers import Workers
from sessions.workspace import create

TRIALS = 20


@pytest.mark.alone
def test_a_round_of_corrections_makes_the_policy_better(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    task = pick_place_task()
    quick = {"steps": 1200, "batch": 128, "members": 3}
    training = msgspec.structs.replace(task.training, options={**task.training.options, **quick})
    task = msgspec.structs.replace(task, training=training)
    workspace = create(tmp_path / "w", simulated_station(), task)
    keeper = Keeper(workspace, "test")
    with Workers(2) as workers:
        demonstrate(workspace, keeper, workers, 0, lambda g: len(g.episodes) >= 10)
        train(workspace, plan_from(workspace, 0))
        workspace.set_running_round(0)
        before = trials(workspace, workspace.policy_folder(0), TRIALS, workers=workers)
        gathered = correct(workspace, keeper, workers, 20_000, 20, ())
        assert gathered.corrections >= 20
        train(workspace, plan_from(workspace, 1))
        after = trials(workspace, workspace.policy_folder(1), TRIALS, workers=workers)
    # On the same start poses: some that failed now succeed, and more than the other way round.
    assert after.success.k >= before.success.k + 3, (before.success.text, after.success.text)
