from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from policies import registry
from policies.normaliser import Normaliser
from sessions import lockstep
from sessions.evaluation import EvaluationError, trials
from sessions.learn.aggregate import gather
from sessions.learn.plan import plan_from
from sessions.learn.training import train
from sessions.lockstep import Job
from sessions.stations import pick_place_task, simulated_station
from sessions.types import Controller, Outcome
from sessions.workspace import Workspace
from tests.sessions.learn.parts import with_demonstrations

STATION, TASK = simulated_station(), pick_place_task()


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = with_demonstrations(tmp_path_factory.mktemp("lockstep") / "w", 3)
    train(made, plan_from(made, 0))
    made.set_running_round(0)
    # Short attempts: what such a policy cannot do it cannot do at once.
    return Workspace(made.root, made.station, msgspec.structs.replace(made.task, attempt_s=4.0))


def job(workspace: Workspace, seed: int, operator: str = "") -> Job:
    policy = str(workspace.policy_folder(0))
    return Job(workspace.station, workspace.task, seed, operator, policy=policy)


def test_a_scripted_demonstration_succeeds_and_is_all_human() -> None:
    attempt = lockstep.run(Job(STATION, TASK, 3, "scripted", demo=True))
    assert attempt.outcome is Outcome.SUCCESS
    assert set(attempt.steps["controller"].tolist()) <= {Controller.DEMO, Controller.HOLD}
    assert attempt.human_s == pytest.approx(attempt.duration_s, rel=0.05)
    assert attempt.interventions == 0
    assert np.diff(attempt.steps["t"]) == pytest.approx(1 / STATION.rate_hz)


def test_the_same_job_gives_the_same_ticks(workspace: Workspace) -> None:
    first, second = (lockstep.run(job(workspace, 11, "scripted")) for _ in range(2))
    assert len(first.steps) == len(second.steps)
    for name in first.steps.dtype.names or ():
        assert np.array_equal(first.steps[name], second.steps[name], equal_nan=True), name
    assert first.tags == second.tags


def test_a_bad_policy_is_taken_over_from_and_the_correction_is_tagged(
    workspace: Workspace,
) -> None:
    attempt = lockstep.run(
        Job(workspace.station, TASK, 5, "scripted", policy=str(workspace.policy_folder(0)))
    )
    assert attempt.interventions >= 1
    assert 0.0 < attempt.human_s < attempt.duration_s
    assert {category for _, category in attempt.tags} <= set(TASK.stages)
    assert attempt.tags
    assert np.isfinite(attempt.steps["doubt"]).any()


def test_alone_a_policy_that_does_not_manage_fails_when_its_time_is_over(
    workspace: Workspace,
) -> None:
    attempt = lockstep.run(job(workspace, 11))
    assert attempt.outcome is Outcome.FAILURE
    assert attempt.duration_s == pytest.approx(workspace.task.attempt_s, abs=0.1)
    assert attempt.human_s == 0.0


def test_frames_are_kept_once_each_and_at_the_cameras_rate(workspace: Workspace) -> None:
    short = msgspec.structs.replace(TASK, attempt_s=0.4)
    attempt = lockstep.run(Job(STATION, short, 0, "scripted", demo=True, images=True))
    assert set(attempt.frames) == {"top", "wrist"}
    for frames in attempt.frames.values():
        assert len({sequence for _, sequence, _ in frames}) == len(frames)
        assert 8 <= len(frames) <= 15
        assert frames[0][2][:2] == b"\xff\xd8"


def test_a_policy_that_reads_cameras_sees_them_in_trials_and_its_corrections_keep_them(
    workspace: Workspace, tmp_path: Path
) -> None:
    aggregate = gather(workspace, 16)
    normaliser = Normaliser.fit(aggregate.samples.arrays(), aggregate.samples.valid)
    spec = replace(aggregate.spec, camera_names=("top", "wrist"))
    registry.create("bc_image", spec, {"image_height": 24, "image_width": 32}, normaliser).save(
        tmp_path / "seeing"
    )
    short = msgspec.structs.replace(TASK, attempt_s=0.6)
    alone = Job(STATION, short, 0, policy=str(tmp_path / "seeing"))
    attempt = lockstep.run(alone)
    assert np.isfinite(attempt.steps["policy_action"]).all(axis=1).mean() > 0.8
    assert attempt.frames == {}
    watched = lockstep.run(replace(alone, operator="scripted"))
    assert set(watched.frames) == {"top", "wrist"}


def test_trials_start_from_the_same_poses_for_every_policy(workspace: Workspace) -> None:
    policy = workspace.policy_folder(0)
    heard: list[tuple[int, int]] = []
    first = trials(workspace, policy, 2, seed=70, report=lambda n, k: heard.append((n, k)))
    again = trials(workspace, policy, 2, seed=70)
    assert first.outcomes == again.outcomes
    assert first.success.n == 2
    assert sum(first.failed_in.values()) + first.success.k == 2
    assert [n for n, _ in heard] == [1, 2]


def test_a_real_station_is_not_measured_without_a_person(workspace: Workspace) -> None:
    real = Workspace(
        workspace.root,
        msgspec.structs.replace(workspace.station, simulated=False),
        workspace.task,
    )
    with pytest.raises(EvaluationError, match="somebody watches"):
        trials(real, Path("nowhere"), 5)
    with pytest.raises(EvaluationError, match="20 or more"):
        trials(workspace, Path("nowhere"), 0)
