from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from policies import registry
from policies.base import PolicyError
from policies.registry import load
from sessions.config import Training, write
from sessions.learn import rounds
from sessions.learn.aggregate import gather, with_images
from sessions.learn.plan import plan_from
from sessions.learn.training import range_warnings, train
from sessions.messages import TrainingProgress
from sessions.record.catalogue import Catalogue
from sessions.record.edits import EditLog
from sessions.record.query import parse
from sessions.types import CancelledError, SessionError
from sessions.workspace import Workspace, open_workspace
from tests.sessions.learn.parts import TINY


def weights(workspace: Workspace, index: int) -> dict[str, torch.Tensor]:
    return dict(load(workspace.policy_folder(index)).state_dict())


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def with_training(workspace: Workspace, **changes: object) -> Workspace:
    training = msgspec.structs.replace(Training(options=TINY), **changes)
    task = msgspec.structs.replace(workspace.task, training=training)
    write(workspace.root / "task.toml", task)
    return open_workspace(workspace.root)


def test_a_trained_policy_can_act_and_says_what_it_learned_from(workspace: Workspace) -> None:
    heard: list[TrainingProgress] = []
    record = train(workspace, plan_from(workspace, 0), heard.append)
    policy = load(workspace.policy_folder(0))
    samples = gather(workspace, 8).samples
    actions, doubt = policy.act(
        {
            "position": samples.position[0],
            "velocity": samples.velocity[0],
            "environment_state": samples.environment_state[0],
        }
    )
    assert actions.shape == (8, 7)
    assert np.isfinite(actions).all()
    assert doubt >= 0
    assert record == rounds.read(workspace, 0)
    assert record.episodes == (1, 2, 3, 4, 5, 6)
    metrics = json.loads((workspace.policy_folder(0) / "metrics.json").read_text())
    assert metrics["round"]["episodes"] == [1, 2, 3, 4, 5, 6]
    assert len(metrics["curves"]["loss"]) == len(metrics["curves"]["step"]) > 5
    assert [s["episode"] for s in metrics["spans"]] == [1, 2, 3, 4, 5, 6]
    stages = [p.stage for p in heard]
    assert stages == sorted(stages, key=["data", "training", "saving", "done"].index)
    assert (heard[-2].stage, heard[-1].stage) == ("saving", "done")
    final = [p for p in heard if p.stage == "training"][-1]
    assert final.step == final.steps == 30
    assert final.eta_s == 0.0


def test_the_loss_falls(workspace: Workspace) -> None:
    plan = plan_from(workspace, 0)
    train(workspace, replace(plan, schedule=msgspec.structs.replace(plan.schedule, steps=200)))
    metrics = json.loads((workspace.policy_folder(0) / "metrics.json").read_text())
    assert metrics["curves"]["loss"][-1] < 0.8 * metrics["curves"]["loss"][0]


def test_the_same_plan_makes_the_same_policy(workspace: Workspace) -> None:
    train(workspace, plan_from(workspace, 0, seed=5))
    train(workspace, plan_from(workspace, 1, seed=5))
    train(workspace, plan_from(workspace, 2, seed=6))
    assert same(weights(workspace, 0), weights(workspace, 1))
    assert not same(weights(workspace, 0), weights(workspace, 2))


def test_later_rounds_read_through_the_base_policys_normaliser(workspace: Workspace) -> None:
    train(workspace, plan_from(workspace, 0))
    log = EditLog(workspace.episodes, writable=True)
    log.add("outcome", 0, 3, -1, "discarded")
    train(workspace, plan_from(workspace, 1))
    first, second = (workspace.policy_folder(i) / "normaliser.safetensors" for i in (0, 1))
    assert first.read_bytes() == second.read_bytes()
    assert rounds.read(workspace, 1).episodes == (1, 2, 4, 5, 6)


def test_a_warm_start_goes_on_from_the_running_policy(workspace: Workspace) -> None:
    train(workspace, plan_from(workspace, 0))
    workspace.set_running_round(0)
    plan = plan_from(workspace, 1, warm_start=True)
    slow = msgspec.structs.replace(plan.schedule, learning_rate=1e-9)
    train(workspace, replace(plan, schedule=slow))
    before, after = weights(workspace, 0), weights(workspace, 1)
    assert all(torch.allclose(before[name], after[name], atol=1e-5) for name in before)
    assert rounds.read(workspace, 1).warm_start


def test_without_a_running_policy_a_warm_start_is_from_scratch(workspace: Workspace) -> None:
    assert not plan_from(workspace, 0, warm_start=True).warm_start


@pytest.mark.parametrize("when", [1, 12, 60])
def test_a_cancelled_training_leaves_nothing(workspace: Workspace, when: int) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked >= when

    plan = plan_from(workspace, 0)
    plan = replace(plan, schedule=msgspec.structs.replace(plan.schedule, steps=100))
    with pytest.raises(CancelledError):
        train(workspace, plan, cancelled=cancelled)
    assert list(workspace.policies.iterdir()) == []
    assert rounds.indices(workspace) == []


def test_a_policy_is_never_overwritten(workspace: Workspace) -> None:
    train(workspace, plan_from(workspace, 0))
    with pytest.raises(SessionError, match=r"has a policy already.*next round, 1"):
        train(workspace, plan_from(workspace, 0))


def test_an_unknown_option_is_named(workspace: Workspace) -> None:
    odd = with_training(workspace, options={**TINY, "hiden": 3})
    with pytest.raises(PolicyError, match="hiden"):
        train(odd, plan_from(odd, 0))
    assert list(odd.policies.iterdir()) == []


@pytest.mark.parametrize("options", [{"steps": "many"}, {"steps": 0}, {"batch": -1}])
def test_a_wrong_schedule_names_the_file_to_correct(
    workspace: Workspace, options: dict[str, object]
) -> None:
    odd = with_training(workspace, options=options)
    with pytest.raises(SessionError, match=r"task\.toml"):
        plan_from(odd, 0)


def test_what_the_operator_chose_beats_the_task(workspace: Workspace) -> None:
    asked = with_training(workspace, share=0.3)
    assert plan_from(asked, 0).share == 0.3
    assert plan_from(asked, 0, share=0.5).share == 0.5
    with pytest.raises(SessionError, match=r"1\.5"):
        plan_from(asked, 0, share=1.5)


def test_demonstrations_that_failed_are_not_learned_from(workspace: Workspace) -> None:
    log = EditLog(workspace.episodes, writable=True)
    log.add("outcome", -1, 2, -1, "failure")
    assert 2 not in gather(workspace, 8).samples.episode
    assert 2 in gather(workspace, 8, recovered_only=False).samples.episode


def test_data_beyond_the_normalisers_range_is_warned_of(workspace: Workspace) -> None:
    aggregate = gather(workspace, 8)
    record = train(workspace, plan_from(workspace, 0))
    assert record.warnings == ()
    far = replace(aggregate.samples, position=aggregate.samples.position + 2.0)
    normaliser = load(workspace.policy_folder(0)).normaliser
    (sentence,) = range_warnings(normaliser.out_of_range(far.arrays()))
    assert "position of waist" in sentence or "position of elbow" in sentence
    assert range_warnings(()) == ()


def test_another_kind_of_policy_is_trained_with_its_own_defaults(workspace: Workspace) -> None:
    workspace = with_training(workspace, options={"velocity": True, "steps": 7})
    plan = plan_from(workspace, 0, kind="bc_image")
    assert plan.options == {}
    assert plan.schedule.batch == registry.schedule("bc_image")["batch"]
    assert plan.schedule.steps == registry.schedule("bc_image")["steps"]
    with pytest.raises(PolicyError, match="Choose one of: bc, bc_image"):
        plan_from(workspace, 0, kind="nonsense")


def test_a_policy_that_reads_cameras_needs_recorded_images(workspace: Workspace) -> None:
    aggregate = gather(workspace, 8)
    spec = replace(aggregate.spec, camera_names=("top",), image_height=48, image_width=64)
    with pytest.raises(SessionError, match="without images of top"):
        with_images(workspace, aggregate, spec)
    assert with_images(workspace, aggregate, aggregate.spec) is aggregate.samples


def test_nothing_recorded_yet_is_said_in_words(workspace: Workspace) -> None:
    for episode in Catalogue(workspace).episodes():
        Catalogue(workspace).path(episode.episode).unlink()
    with pytest.raises(SessionError, match="Record a demonstration first"):
        train(workspace, plan_from(workspace, 0))


def test_a_loss_that_is_not_finite_stops_the_training(workspace: Workspace) -> None:
    plan = plan_from(workspace, 0)
    wild = msgspec.structs.replace(plan.schedule, learning_rate=1e30, clip=1e30, steps=60)
    with pytest.raises(SessionError, match="learning rate"):
        train(workspace, replace(plan, schedule=wild))
    assert list(workspace.policies.iterdir()) == []


def test_reading_stops_when_cancelled(workspace: Workspace) -> None:
    calls: Callable[[], bool] = iter([False, True]).__next__
    with pytest.raises(CancelledError):
        gather(workspace, 8, cancelled=calls)


def test_validation_is_told_apart_from_learning(workspace: Workspace) -> None:
    folder: Path = workspace.episodes
    for name in ("000006.h5",):
        (folder / name).rename(folder / "000010.h5")
    # The file's number is its name's; the ticks inside keep the old one.
    samples = gather(workspace, 8).samples
    assert set(samples.episode.tolist()) == {1, 2, 3, 4, 5, 10}
    record = train(workspace, plan_from(workspace, 0))
    assert record.validation is not None
    assert math.isfinite(record.validation)
    assert record.samples == int((samples.episode != 10).sum())


def test_a_query_chooses_what_is_learned_from_and_is_remembered(workspace: Workspace) -> None:
    everything = gather(workspace, 8)
    some = gather(workspace, 8, query=parse("episode<=2"))
    assert set(some.samples.episode.tolist()) == {1, 2} & set(everything.samples.episode.tolist())
    record = train(workspace, plan_from(workspace, 0, query="episode<=3"))
    assert set(record.episodes) <= {1, 2, 3}
    assert record.query == "episode<=3"
    with pytest.raises(SessionError, match="Widen the query"):
        gather(workspace, 8, query=parse("operator=nobody"))
