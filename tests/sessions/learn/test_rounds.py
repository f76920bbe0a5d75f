from __future__ import annotations

import math
from pathlib import Path

import pytest

from sessions.learn import rounds
from sessions.learn.rounds import RoundError, RoundRecord, Trials
from sessions.messages import EpisodeSummary, Intervention
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import Workspace, create


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:  # an empty one: rounds are files of their own
    return create(tmp_path / "w", simulated_station(), pick_place_task())


def record(index: int, **changes: object) -> RoundRecord:
    values: dict[str, object] = {
        "index": index,
        "policy": f"round-{index:03d}",
        "parent": index - 1,
        "kind": "bc",
        "share": None,
        "warm_start": False,
        "episodes": (1, 2),
        "corrections": 3,
        "samples": 900,
        "correction_samples": 200,
        "carried_share": 0.22,
        "loss": 0.1,
        "validation": None,
        "train_s": 12.0,
        "created": "2026-01-01T00:00:00+00:00",
    }
    return RoundRecord(**{**values, **changes})  # type: ignore[arg-type]


def attempt(episode: int, round_index: int, outcome: str, human_s: float = 0.0) -> EpisodeSummary:
    return EpisodeSummary(
        episode=episode,
        round=round_index,
        demo=False,
        outcome=outcome,
        duration_s=10.0,
        ticks=500,
        human_s=human_s,
        interventions=int(human_s > 0),
    )


def intervention(episode: int, doubt: float) -> Intervention:
    return Intervention(
        episode=episode,
        start=100,
        t=2.0,
        duration_s=2.0,
        doubt=doubt,
        category="grasp",
        note="",
        running=False,
        recovered=True,
    )


def test_a_round_reads_back_as_it_was_written(workspace: Workspace) -> None:
    rounds.write(workspace, record(2, warnings=("elbow beyond its range.",)))
    assert rounds.read(workspace, 2) == record(2, warnings=("elbow beyond its range.",))


def test_a_measurement_is_stored_beside_what_was_trained(workspace: Workspace) -> None:
    rounds.write(workspace, record(0))
    measured = Trials(7, (True, False, True), {"grasp": 1}, 6.5, 3.0)
    rounds.with_trials(workspace, 0, measured)
    found = rounds.read(workspace, 0)
    assert found.trials == measured
    assert (measured.success.k, measured.success.n) == (2, 3)
    assert found.train_s == 12.0


def test_an_absent_round_is_named_with_those_that_exist(workspace: Workspace) -> None:
    rounds.write(workspace, record(0))
    with pytest.raises(RoundError, match=r"no round 4.*on disk: 0"):
        rounds.read(workspace, 4)


def test_a_torn_round_says_what_to_do(workspace: Workspace) -> None:
    rounds.write(workspace, record(0))
    path = rounds.path_of(workspace, 0)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(RoundError, match="train the round again"):
        rounds.read(workspace, 0)


def test_numbers_are_never_used_twice_even_after_a_crash(workspace: Workspace) -> None:
    assert rounds.next_index(workspace) == 0
    rounds.write(workspace, record(0))
    workspace.policy_folder(3).mkdir()  # renamed, but killed before its round's file
    assert rounds.next_index(workspace) == 4


def test_an_attempt_with_help_is_not_counted_as_the_policys_success(workspace: Workspace) -> None:
    rounds.write(workspace, record(0))
    workspace.set_running_round(0)
    episodes = [
        attempt(3, 0, "success"),
        attempt(4, 0, "success", human_s=2.0),
        attempt(5, 0, "failure"),
        attempt(6, 0, "discarded", human_s=5.0),
        attempt(7, 1, "success"),
    ]
    marks = [intervention(4, 0.3), intervention(6, 9.0)]
    (summary,) = rounds.summaries(workspace, episodes, marks)
    assert (summary.alone.k, summary.alone.n) == (1, 3)
    assert summary.corrections == 1
    assert summary.human_s == 2.0
    assert summary.intervention_share == pytest.approx(2.0 / 30.0)
    assert summary.running
    assert summary.trials is None
    assert summary.trained_corrections == 3


def test_tau_is_learned_from_the_takeovers_of_all_rounds(workspace: Workspace) -> None:
    for index in (0, 1):
        rounds.write(workspace, record(index))
    episodes = [attempt(n, (n - 1) // 2, "success", human_s=1.0) for n in range(1, 5)]
    marks = [intervention(n, float(n)) for n in range(1, 5)]
    first, second = rounds.summaries(workspace, episodes, marks)
    assert first.tau == 2.0
    assert second.tau == 4.0
    assert second.doubts == (3.0, 4.0)


def test_a_round_that_nobody_ran_yet_has_no_figures(workspace: Workspace) -> None:
    rounds.write(workspace, record(0))
    (summary,) = rounds.summaries(workspace, [], [])
    assert summary.alone.n == 0
    assert math.isnan(summary.intervention_share)
    assert math.isnan(summary.tau)
    assert math.isnan(summary.validation)
