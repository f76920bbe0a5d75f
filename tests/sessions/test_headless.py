from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch

from sessions.headless import launch
from sessions.headless.report import ControlArm, Report, RoundReport, success, table, write_report
from sessions.headless.rounds import Settings, simulate
from sessions.learn import rounds
from sessions.messages import TrainingProgress
from sessions.record.catalogue import Catalogue
from sessions.stations import simulated_station
from sessions.types import CancelledError, SessionError
from sessions.workspace import create, open_workspace
from tests.sessions.learn.parts import tiny_task

SETTINGS = Settings(rounds=1, corrections=2, trials=2, seed=3, processes=1)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    root = tmp_path_factory.mktemp("simulated") / "w"
    return root, simulate(root, SETTINGS, task=tiny_task())


def test_the_report_has_the_form_that_was_promised(
    simulated: tuple[Path, Report], tmp_path: Path
) -> None:
    _, report = simulated
    write_report(tmp_path / "out" / "report.json", report)
    found = json.loads((tmp_path / "out" / "report.json").read_text())
    assert set(found) == {"rounds", "control_arm"}
    assert [r["index"] for r in found["rounds"]] == [0, 1]
    for r in found["rounds"]:
        assert set(r) == {
            "index",
            "success",
            "corrections",
            "human_s",
            "intervention_share",
            "train_s",
        }
    for part in (*found["rounds"], found["control_arm"]):
        assert set(part["success"]) == {"k", "n", "rate", "ci95"}
        assert part["success"]["n"] == 2
        low, high = part["success"]["ci95"]
        assert 0 <= low <= part["success"]["rate"] <= high <= 1
    assert set(found["control_arm"]) == {"success", "human_s"}


def test_corrections_were_gathered_and_learned_from(simulated: tuple[Path, Report]) -> None:
    root, report = simulated
    workspace = open_workspace(root)
    base, first = report.rounds
    assert base.corrections == 0
    assert base.human_s > 0
    assert first.corrections >= 2
    assert 0 < first.intervention_share < 1
    assert workspace.running_round() == 1
    record = rounds.read(workspace, 1)
    assert record.correction_samples > 0
    assert record.trials is not None
    catalogue = Catalogue(workspace)
    marks = catalogue.interventions(0)
    assert len(marks) == first.corrections
    assert any(m.category for m in marks)
    attempts = [e for e in catalogue.episodes() if not e.demo]
    assert sum(e.human_s for e in attempts) == pytest.approx(first.human_s, rel=0.02)


def test_the_control_arm_got_at_least_the_operators_time(simulated: tuple[Path, Report]) -> None:
    root, report = simulated
    assert report.control_arm.human_s >= sum(r.human_s for r in report.rounds)
    arm = Catalogue(open_workspace(root / "control-arm")).episodes()
    assert all(e.demo for e in arm)
    assert len(arm) > 3


def test_the_same_seed_gives_the_same_report_but_for_the_seconds(
    simulated: tuple[Path, Report], tmp_path: Path
) -> None:
    again = simulate(tmp_path / "again", SETTINGS, task=tiny_task())

    def without_seconds(report: Report) -> list[RoundReport]:
        return [msgspec.structs.replace(r, train_s=0.0) for r in report.rounds]

    assert without_seconds(again) == without_seconds(simulated[1])
    assert again.control_arm == simulated[1].control_arm


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(SessionError, match="not empty"):
        simulate(tmp_path, SETTINGS)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_table_says_what_each_policy_cost_and_how_good_it_is() -> None:
    report = Report(
        (
            RoundReport(0, success(10, 20), 0, 90.0, 0.0, 11.0),
            RoundReport(1, success(17, 20), 20, 31.4, 0.21, 12.0),
        ),
        ControlArm(success(14, 20), 124.0),
    )
    text = table(report)
    assert "17/20   85 %" in text
    assert "64-95 %" in text
    assert "121 s to the rounds" in text
    assert "124 s of full demonstrations" in text


def test_a_first_launch_that_was_cancelled_goes_on_where_it_stopped(tmp_path: Path) -> None:
    root = tmp_path / "w"
    create(root, simulated_station(), tiny_task())
    heard: list[TrainingProgress] = []
    with pytest.raises(CancelledError):
        launch.first_launch(root, heard.append, 1, cancelled=lambda: len(heard) >= 3)
    assert len(Catalogue(open_workspace(root)).episodes()) == 2
    assert open_workspace(root).running_round() == -1
    heard.clear()
    workspace = launch.first_launch(root, heard.append, 1)
    assert workspace.running_round() == 0
    episodes = Catalogue(workspace).episodes()
    assert len(episodes) == 3
    assert (heard[0].stage, heard[0].step, heard[0].steps) == ("data", 2, 3)
    assert heard[-1].stage == "done"
    data = Catalogue(workspace).read(1)
    assert set(data.frames) == {"top", "wrist"}
    assert all(len(frames.t) > 50 for frames in data.frames.values())
    heard.clear()
    assert launch.first_launch(root, heard.append, 1).running_round() == 0
    assert heard == []


def test_an_error_is_one_sentence_and_exit_status_2(tmp_path: Path) -> None:
    (tmp_path / "workspace.json").write_text("{}")
    command = [sys.executable, "-m", "sessions.headless", "first-launch", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert "is no workspace" in done.stderr
    assert "Traceback" not in done.stderr
