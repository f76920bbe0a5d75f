"""Experts from outside the project: demonstrations, corrections and trials on another's robot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from dagger_gui import cli
from drivers.base import DeviceConfigError
from sessions import lockstep
from sessions.config import Station, Task, Training, write
from sessions.headless.operators import OperatorError, demonstrator, required, with_expert
from sessions.headless.report import Report
from sessions.headless.rounds import Settings, simulate
from sessions.lockstep import Job
from sessions.record.catalogue import Catalogue
from sessions.stations import simulated_station
from sessions.types import Controller, Outcome
from sessions.workers import Workers
from sessions.workspace import open_workspace
from tests.drivers.environments.parts import TABLE

EXPERT = "tests.fakes.reach_expert:Expert"
TASK = Task(
    name="Go through the opening to the goal",
    stages=(),
    attempt_s=6.0,
    demonstrations=4,
    training=Training(
        options={"hidden": 64, "members": 2, "horizon": 8, "activation": "silu", "noise": 0.03}
    ),
)
PLAIN = Station(
    name="Reach",
    robot=TABLE,
    rate_hz=20.0,
    cameras={"scene": {"type": "simulated"}},
    simulated=True,
)
STATION = with_expert(PLAIN, EXPERT, TASK)


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    torch.set_num_threads(1)


def job(station: Station = STATION, **changes: Any) -> Job:
    return Job(station, TASK, **{"seed": 3, "operator": "expert", "demo": True, **changes})


def broken(name: str) -> Job:
    return job(with_expert(PLAIN, f"tests.fakes.reach_expert:{name}", TASK))


def test_it_demonstrates_and_the_environment_says_that_it_succeeded() -> None:
    attempt = lockstep.run(job(images=True))
    assert attempt.outcome is Outcome.SUCCESS
    assert attempt.limits.names == ("x", "y")
    steps = attempt.steps
    assert (steps["controller"] == Controller.DEMO).all()
    np.testing.assert_allclose(np.diff(steps["t"]), 0.05)
    # One step of the environment for each tick: none was lost, none came twice.
    moved = np.linalg.norm(np.diff(steps["position"], axis=0), axis=1)
    assert (moved > 0.0).all()
    assert moved.max() <= 0.08 + 1e-9
    assert len(attempt.frames["scene"]) == len(steps)


def test_the_same_seed_gives_the_same_ticks_and_another_another_expert() -> None:
    first, again, other = (lockstep.run(job(seed=seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.steps["sent_action"], again.steps["sent_action"])
    assert not np.array_equal(first.steps["sent_action"][:3], other.steps["sent_action"][:3])


def test_the_limits_of_a_station_in_rad_do_not_slow_what_is_not_in_rad() -> None:
    crawling = msgspec.structs.replace(
        STATION.limits, velocity_rad_s=0.01, acceleration_rad_s2=0.01, low_pass_hz=0.0
    )
    station = msgspec.structs.replace(STATION, limits=crawling)
    assert lockstep.run(job(station)).outcome is Outcome.SUCCESS


def test_it_corrects_through_the_gate_and_its_corrections_are_tagged(
    simulated: tuple[Path, Report],
) -> None:
    space = open_workspace(simulated[0])
    assert space.station.operator == "expert"
    catalogue = Catalogue(space)
    marks = catalogue.interventions(0)
    assert len(marks) >= 6
    assert {mark.category for mark in marks} == {"approach"}  # its own tag, not the default
    attempts = [e for e in catalogue.episodes() if not e.demo]
    assert any(0.0 < e.human_s < e.duration_s for e in attempts)
    human = Controller.HUMAN
    steps = catalogue.read(attempts[0].episode).steps
    driven = steps[steps["controller"] == human]
    np.testing.assert_allclose(driven["human_action"], driven["sent_action"], atol=0.5)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    torch.set_num_threads(1)
    root = tmp_path_factory.mktemp("experts") / "w"
    settings = Settings(rounds=1, corrections=10, trials=16, seed=0, processes=1)
    return root, simulate(root, settings, task=TASK, station=PLAIN, operator=EXPERT)


def test_its_corrections_make_the_policy_better_than_the_base(
    simulated: tuple[Path, Report],
) -> None:
    base, corrected = simulated[1].rounds
    assert corrected.corrections >= 10
    assert corrected.success.k > base.success.k


def test_a_policy_that_reads_cameras_learns_from_the_environments_pictures(
    tmp_path: Path,
) -> None:
    options = {"image_height": 16, "image_width": 16, "steps": 20, "warm_steps": 20, "batch": 8}
    seeing = Training(kind="bc_image", options=options)
    task = msgspec.structs.replace(TASK, attempt_s=3.0, demonstrations=2, training=seeing)
    settings = Settings(rounds=1, corrections=1, trials=1, processes=1)
    simulate(tmp_path / "w", settings, task=task, station=PLAIN, operator=EXPERT)
    catalogue = Catalogue(open_workspace(tmp_path / "w"))
    for episode in catalogue.episodes():
        assert len(catalogue.read(episode.episode).frames["scene"].t) > 5


def test_what_an_expert_does_wrong_in_a_worker_process_arrives_as_the_same_sentence() -> None:
    with (
        Workers(2) as workers,
        pytest.raises(DeviceConfigError, match="failed: KeyError: 'cube'") as told,
    ):
        list(workers.map(lockstep.run, [broken("Failing")]))
    assert told.value.remedy.startswith("Correct it there")


@pytest.mark.parametrize(
    ("expert", "message"),
    [
        ("tests.fakes.reach_expert", "names no class. Write module:Class"),
        ("nowhere.at_all:Expert", "There is no module nowhere.at_all, neither installed nor in"),
        ("tests.fakes.reach_expert:Exprt", "has no class Exprt. It has: Expert, Failing"),
        ("tests.fakes.reach_expert:Unready", r"failed: RuntimeError: no licence \(.*line \d+\)"),
        ("tests.fakes.reach_expert:Mute", "has no method __call__"),
    ],
)
def test_an_expert_that_cannot_be_made_is_refused_before_anything_is_written(
    expert: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DeviceConfigError, match=message):
        simulate(tmp_path / "w", Settings(), task=TASK, station=PLAIN, operator=expert)
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("WrongShape", r"of shape \(3,\). It must give 2 finite numbers: x, y"),
        ("NoGate", r"answered array.* It must return \(action, whether"),
        ("GateOfNumbers", "gave 0.7 for whether it wants .* True or False"),
        ("NotFinite", "must give 2 finite numbers"),
        ("Failing", r"failed: KeyError: 'cube' \(.*reach_expert.py, line \d+\). Correct it there"),
    ],
)
def test_an_expert_that_answers_wrongly_ends_the_run_with_the_remedy(
    name: str, message: str
) -> None:
    with pytest.raises(DeviceConfigError, match=message):
        lockstep.run(broken(name))


def test_a_real_station_and_one_without_anybody_are_refused() -> None:
    real = msgspec.structs.replace(PLAIN, simulated=False)
    with pytest.raises(OperatorError, match="may not move a real arm unwatched"):
        with_expert(real, EXPERT, TASK)
    with pytest.raises(OperatorError, match="record demonstrations on the Run page"):
        required(PLAIN)
    assert demonstrator(PLAIN) == ""
    assert required(simulated_station()) == "scripted"


def test_an_expert_may_drive_the_simulated_arm_too(tmp_path: Path) -> None:
    station = with_expert(simulated_station(), "tests.fakes.resting_expert:Expert", TASK)
    assert "scripted" not in station.operators
    assert station.operator == "keyboard"
    short = msgspec.structs.replace(TASK, attempt_s=0.5)
    attempt = lockstep.run(Job(station, short, 1, "expert", demo=True))
    assert attempt.outcome is Outcome.FAILURE
    assert np.abs(attempt.steps["position"] - attempt.steps["position"][0]).max() < 0.05


def test_the_command_line_takes_station_and_operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "reach.toml", PLAIN)
    line = ["simulate", "--workspace", str(tmp_path / "w"), "--station"]
    assert cli.main([*line, str(tmp_path / "reach.toml")]) == 2
    assert "Name one with --operator module:Class" in capsys.readouterr().err
    assert cli.main([*line, "nowhere", "--operator", EXPERT]) == 2
    assert "There is no station 'nowhere'" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_an_expert_is_found_in_the_folder_where_the_program_is_started(tmp_path: Path) -> None:
    (tmp_path / "my_expert.py").write_text("class Expert:\n    pass\n")
    write(tmp_path / "reach.toml", msgspec.structs.replace(PLAIN, robot=_anywhere()))
    command = [sys.executable, "-m", "dagger_gui.cli", "simulate", "--workspace", "w"]
    options = ["--station", "reach.toml", "--operator", "my_expert:Expert"]
    done = subprocess.run(
        [*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "my_expert:Expert has no method reset" in done.stderr
    assert not (tmp_path / "w").exists()


def _anywhere() -> dict[str, Any]:
    """An environment that is found from any folder."""
    return {
        "type": "gymnasium",
        "id": "Pendulum-v1",
        "success": "terminated",
        "kwargs": {},
    }
