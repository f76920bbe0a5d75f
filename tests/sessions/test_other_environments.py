"""The packaged stations of other people's environments, where those are installed."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from sessions import lockstep, stations
from sessions.headless.operators import with_expert
from sessions.lockstep import Job
from sessions.types import Controller, Outcome

# Other people's packages warn of what will change in numpy and pygame.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def test_an_expert_solves_pusht_and_the_environment_says_so() -> None:
    pytest.importorskip("gym_pusht")
    task = stations.task("pusht")
    station = with_expert(stations.load("pusht"), "benchmarks.pusht_expert:Expert", task)
    attempt = lockstep.run(Job(station, task, 3, "expert", demo=True, images=True))
    assert attempt.outcome is Outcome.SUCCESS
    assert attempt.limits.names == ("x", "y")
    assert len(attempt.environment_names) == 16
    assert len(attempt.frames["scene"]) == pytest.approx(len(attempt.steps), abs=2)
    # What the expert asks for in pixels is what the environment is told: no limit changes it.
    steps = attempt.steps[attempt.steps["controller"] == Controller.DEMO]
    np.testing.assert_allclose(steps["sent_action"][1:], steps["human_action"][1:], atol=1e-6)


def test_aloha_moves_both_arms_as_it_is_told() -> None:
    pytest.importorskip("gym_aloha")
    task = msgspec.structs.replace(stations.task("aloha-gym"), attempt_s=0.3)
    station = with_expert(stations.load("aloha-gym"), "tests.fakes.resting_expert:Expert", task)
    attempt = lockstep.run(Job(station, task, 3, "expert", demo=True, images=True))
    assert len(attempt.limits.names) == 14
    assert attempt.frames["top"]
    assert np.isfinite(attempt.steps["position"]).all()
