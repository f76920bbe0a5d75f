"""Training beside the session, with the real trainer: the arm goes on, the round goes up."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec
import pytest

from sessions import config
from sessions.headless.collecting import demonstrate
from sessions.headless.keeping import Keeper
from sessions.messages import (
    CancelTraining,
    EndAttempt,
    StartTraining,
    SupervisorState,
    TrainingProgress,
)
from sessions.workers import Workers
from tests.sessions.live.session import LiveSession, problem, space_with_policy

pytestmark = [pytest.mark.alone, pytest.mark.timeout(170)]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSession]:
    space = space_with_policy(tmp_path_factory.mktemp("training") / "space")
    keeper = Keeper(space, "demonstrations")
    with Workers(1) as workers:
        demonstrate(space, keeper, workers, 0, lambda gathered: gathered.successes >= 2)
    with LiveSession(space) as live:
        live.wait_ready()
        yield live


def set_steps(session: LiveSession, steps: int) -> None:
    """How long a training takes, in gradient steps."""
    task = session.space.task
    training = msgspec.structs.replace(
        task.training, options={"steps": steps, "hidden": 32, "members": 2}
    )
    path = session.space.root / "task.toml"
    config.write(path, msgspec.structs.replace(task, training=training))


def training(session: LiveSession) -> bool:
    state = session.newest(SupervisorState)
    return state is not None and state.training


def test_a_round_is_trained_while_the_policy_drives_and_runs_once_the_arm_holds(
    session: LiveSession,
) -> None:
    set_steps(session, 60)
    session.start()
    session.do(StartTraining(share=0.5), "supervisor")
    session.until(lambda: training(session))
    assert "being trained already" in session.refused(StartTraining(), "supervisor")
    pid = session.process("trainer").pid
    session.until(lambda: os.getpriority(os.PRIO_PROCESS, pid) == 19)
    session.until(lambda: not training(session), 120)
    assert session.process("trainer").exit_code == 0, session.log.read_text()
    assert session.control.round == 0  # the attempt is finished with the policy it began with
    assert session.control.gate == "policy"
    session.do(EndAttempt("failure"))
    session.until(lambda: session.control.round == 1)
    session.until(lambda: session.space.running_round() == 1)
    assert session.control.policy == "round-001"
    stages = [p.stage for p in session.heard(TrainingProgress)]
    assert stages[-1] == "done"


def test_a_cancelled_training_changes_nothing(session: LiveSession) -> None:
    set_steps(session, 1_000_000)
    running = session.space.running_round()
    since = len(session.events)
    session.do(StartTraining(), "supervisor")
    session.until(lambda: any(p.step > 0 for p in session.heard(TrainingProgress, since)), 60)
    session.do(CancelTraining(), "supervisor")
    session.until(lambda: not training(session))
    assert session.heard(TrainingProgress, since)[-1].stage == "cancelled"
    assert problem(session) == ""
    assert session.space.running_round() == running
    assert not session.space.policy_folder(running + 1).exists()
    assert "No training" in session.refused(CancelTraining(), "supervisor")


def test_a_training_that_fails_says_why_and_changes_nothing(session: LiveSession) -> None:
    running = session.space.running_round()
    session.do(StartTraining(kind="nonsense"), "supervisor")
    session.until(lambda: "was not trained" in problem(session), 60)
    assert "nonsense" in problem(session)
    assert session.control.round == running
