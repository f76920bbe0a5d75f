"""The mirror: it follows the processes, outlives them, and never lets an old command through."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from dagger_gui.session_model import SessionModel
from dagger_gui.step_history import StepHistory, spans
from sessions.messages import Arm, Keys, Refused, StartAttempt
from sessions.stations import pick_place_task, simulated_station
from sessions.types import Controller, step_dtype
from sessions.workspace import Workspace, create
from tests.fakes.session_processes import JOINTS, FakeSession


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = create(tmp_path / "w", simulated_station(), pick_place_task())
    yield made
    shutil.rmtree(made.runtime(), ignore_errors=True)


@pytest.fixture
def session(workspace: Workspace) -> Iterator[FakeSession]:
    fake = FakeSession(workspace.runtime())
    yield fake
    fake.close()


@pytest.fixture
def model(qtbot: QtBot, workspace: Workspace) -> Iterator[SessionModel]:
    mirror = SessionModel(workspace)
    yield mirror
    mirror.close()


def connect(qtbot: QtBot, model: SessionModel, session: FakeSession) -> None:
    def known() -> bool:
        session.pump()
        model.poll()
        return all(model.there(name) for name in ("control", "recorder", "supervisor"))

    qtbot.waitUntil(known)


def settle(qtbot: QtBot, model: SessionModel, session: FakeSession, condition: object) -> None:
    def met() -> bool:
        session.pump()
        model.poll()
        return bool(condition())  # type: ignore[operator]

    qtbot.waitUntil(met)


def test_connecting_brings_the_whole_state(
    qtbot: QtBot, model: SessionModel, session: FakeSession
) -> None:
    session.set_control(attempt=14, gate="policy", armed=True)
    connect(qtbot, model, session)
    assert model.control is not None
    assert (model.control.attempt, model.control.gate) == (14, "policy")
    assert model.recorder is not None
    assert model.recorder.saved == 13


def test_steps_and_frames_come_through_the_rings(
    qtbot: QtBot, model: SessionModel, session: FakeSession
) -> None:
    session.set_control(attempt=3, gate="policy", controller="policy")
    connect(qtbot, model, session)
    settle(qtbot, model, session, lambda: model.steps is not None and len(model.steps.recent) > 20)
    assert model.joint_names == JOINTS
    frame = model.new_frame("top")
    assert frame is not None
    assert frame["image"].shape == (480, 640, 3)
    assert model.new_frame("top") is None, "the same frame is not copied twice"


def test_a_ring_that_was_replaced_is_followed(
    qtbot: QtBot, model: SessionModel, session: FakeSession, workspace: Workspace
) -> None:
    connect(qtbot, model, session)
    settle(qtbot, model, session, lambda: model.steps is not None and len(model.steps.recent) > 5)
    first = model.steps
    session.close()
    again = FakeSession(workspace.runtime())
    try:
        settle(qtbot, model, again, lambda: model.steps is not first)
        settle(qtbot, model, again, lambda: model.steps and len(model.steps.recent) > 5)
    finally:
        again.close()


def test_a_refusal_reaches_the_operator_word_by_word(
    qtbot: QtBot, model: SessionModel, session: FakeSession
) -> None:
    connect(qtbot, model, session)
    session.replies[Arm] = Refused("The robot is lost.", "Check its cable.")
    heard: list[tuple[str, str]] = []
    model.refused.connect(lambda why, remedy: heard.append((why, remedy)))
    model.send("control", Arm())
    settle(qtbot, model, session, lambda: heard)
    assert heard == [("The robot is lost.", "Check its cable.")]


def test_nothing_started_in_vain_starts_later(
    qtbot: QtBot, model: SessionModel, session: FakeSession
) -> None:
    connect(qtbot, model, session)
    session.dead.add("control")
    qtbot.waitUntil(lambda: not _polled(model, "control"), timeout=4000)
    refused: list[str] = []
    model.refused.connect(lambda why, remedy: refused.append(why))
    assert not model.send("control", StartAttempt())
    assert refused == ["The control process does not answer."]
    session.dead.clear()
    connect(qtbot, model, session)
    assert session.asked(StartAttempt) == []


def test_held_motion_keys_are_repeated_until_released(
    qtbot: QtBot, model: SessionModel, session: FakeSession
) -> None:
    connect(qtbot, model, session)
    model.hold_motion_keys(("x_forward",))
    settle(qtbot, model, session, lambda: len(session.asked(Keys)) >= 3)
    model.hold_motion_keys(())
    settle(qtbot, model, session, lambda: session.asked(Keys)[-1].held == ())


def test_the_history_keeps_ten_seconds_and_the_attempt() -> None:
    dtype = step_dtype(7, 0, 1)
    history = StepHistory(dtype, 50.0)
    steps = np.zeros(3000, dtype)
    steps["t"] = np.arange(3000) / 50
    steps["attempt"][500:2500] = 9
    steps["controller"][500:2500] = Controller.POLICY
    steps["controller"][1000:1200] = Controller.HUMAN
    for start in range(0, 3000, 7):
        history.append(steps[start : start + 7])
    assert history.recent["t"][0] == pytest.approx(steps["t"][-1] - 10, abs=0.03)
    assert history.recent["t"][-1] == steps["t"][-1]
    outline = history.outline
    assert len(outline) == 2000
    found = spans(outline["t"], outline["controller"])
    assert [label for _, _, label in found] == [
        Controller.POLICY,
        Controller.HUMAN,
        Controller.POLICY,
    ]
    assert found[1][0] == pytest.approx(20.0)
    assert found[1][1] == pytest.approx(24.0)


def _polled(model: SessionModel, process: str) -> bool:
    model.poll()
    return model.there(process)
