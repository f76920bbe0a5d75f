"""The real window on the real processes: it drives, dies, comes back, and goes in order."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dagger_gui import supervisor_process, theme
from dagger_gui.app import Session
from dagger_gui.leaving import question
from dagger_gui.widgets._buttons import KeyButton
from drivers.robots.viperx_300s import REST
from sessions import stations
from sessions.config import Training
from sessions.record.storage import read_episode
from sessions.stations import pick_place_task, simulated_station
from sessions.types import Outcome
from sessions.workspace import Workspace, create
from tests.sessions.live.session import space_with_policy

pytestmark = pytest.mark.alone
Key = Qt.Key
LONG_MS = 60_000


class Desk:
    """An operator at the real window."""

    def __init__(self, qtbot: QtBot, workspace: Workspace) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not application.styleSheet():
            theme.apply(application, "dark")
        ini = str(workspace.root / "window.ini")
        self.session = Session(workspace, QSettings(ini, QSettings.Format.IniFormat))
        self.session.sounds.on = False
        self.qtbot, self.window, self.model = qtbot, self.session.window, self.session.model
        self.session.start()
        self.window.activateWindow()

    def until(self, condition: Callable[[], Any]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=LONG_MS)

    def shows(self, word: str) -> None:
        self.until(lambda: self.window.banner.word() == word)

    def sees(self) -> bool:
        cameras = self.model.cameras
        return cameras is not None and all(camera.fps > 0 for camera in cameras.cameras)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.window, key)

    def leave(self) -> None:
        with self.qtbot.waitSignal(self.session.finished, timeout=LONG_MS):
            self.window.close()
        self.forget()

    def forget(self) -> None:
        self.session.close()
        self.window.deleteLater()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    space = space_with_policy(tmp_path / "w")
    yield space
    _end(space)


def _end(space: Workspace) -> None:
    pid = supervisor_process.running(space)
    if pid:
        os.kill(pid, signal.SIGTERM)
    shutil.rmtree(space.runtime(), ignore_errors=True)


def _window_elsewhere(space: Workspace) -> subprocess.Popen[bytes]:
    code = "import sys, pathlib; from dagger_gui import app; app.main(pathlib.Path(sys.argv[1]))"
    return subprocess.Popen([sys.executable, "-c", code, str(space.root)])


def test_a_killed_window_leaves_everything_running_and_the_next_one_takes_it_up(
    qtbot: QtBot, workspace: Workspace
) -> None:
    first = _window_elsewhere(workspace)
    qtbot.waitUntil(lambda: supervisor_process.running(workspace) > 0, timeout=LONG_MS)
    supervisor = supervisor_process.running(workspace)
    first.kill()
    first.wait()
    desk = Desk(qtbot, workspace)
    desk.until(lambda: desk.model.there("control") and desk.model.there("recorder"))
    assert supervisor_process.running(workspace) == supervisor

    # Arm and start, one press each, as soon as arm, policy and cameras are there.
    desk.until(lambda: desk.window.run.controls.nextAct() == "arm")
    desk.press(Key.Key_Return)
    desk.until(lambda: desk.model.control and desk.model.control.armed)
    desk.until(lambda: desk.model.control.reason == "idle" and desk.model.control.policy)
    desk.until(desk.sees)
    desk.press(Key.Key_Return)
    desk.shows("POLICY")

    # Hold G: the human; the focus goes: a release.
    QTest.keyPress(desk.window, Key.Key_G)
    desk.shows("HUMAN")
    QTest.keyPress(desk.window, Key.Key_W)
    desk.until(lambda: desk.model.recorder and desk.model.recorder.interventions)
    desk.press(Key.Key_2)
    desk.until(lambda: desk.model.recorder.interventions[-1].category == "grasp")
    QApplication.sendEvent(desk.window, QEvent(QEvent.Type.WindowDeactivate))
    desk.until(lambda: desk.window.banner.word() in ("POLICY", "HANDING BACK"))
    assert desk.window.router.held() == ()

    # Space stops, from another page too.
    desk.press(Key.Key_F4)
    desk.press(Key.Key_Space)
    desk.shows("STOPPED")
    assert desk.model.control is not None
    assert not desk.model.control.armed

    # Closing asks how the attempt ended, and closes with the answer.
    desk.window.close()
    notice = desk.window.notices.top()
    assert notice is not None
    assert notice.text == question(1, (), "")
    with qtbot.waitSignal(desk.session.finished, timeout=LONG_MS):
        next(b for b in notice.findChildren(KeyButton) if b.text() == "Failure").click()
    desk.forget()
    assert supervisor_process.running(workspace) == 0
    assert not workspace.runtime_path().exists()
    assert read_episode(workspace.episodes / "000001.h5").outcome is Outcome.FAILURE


def test_closed_in_the_middle_of_an_attempt_the_arm_goes_to_rest_and_is_let_go_there(
    qtbot: QtBot, tmp_path: Path
) -> None:
    station = stations.load("viperx-emulated")
    patient = {"stale_s": 2.0, "watchdog_ms": 1000, "patience_s": 1.5}
    space = space_with_policy(
        tmp_path / "w",
        robot={**station.robot, **patient},
        operators={"keyboard": station.operators["keyboard"]},
        operator="keyboard",
    )
    desk = Desk(qtbot, space)
    try:
        desk.until(lambda: desk.window.run.controls.nextAct() == "arm")
        desk.press(Key.Key_Return)
        desk.until(lambda: desk.window.run.controls.nextAct() == "start")
        desk.until(desk.sees)
        desk.press(Key.Key_Return)
        desk.until(lambda: desk.model.control is not None and desk.model.control.attempt)
        desk.window.close()
        notice = desk.window.notices.top()
        assert notice is not None
        assert notice.text == question(1, (), "")
        desk.leave()  # closed again
        steps = desk.model.steps
        assert steps is not None
        assert np.abs(steps.recent["position"][-1] - REST)[:6].max() < 0.3
        assert desk.session.left == ()
        assert (space.episodes / "000001.h5.part").exists()
    finally:
        _end(space)


def test_the_first_launch_makes_a_station_that_runs_out_of_an_empty_folder(
    qtbot: QtBot, tmp_path: Path
) -> None:
    training = Training(
        options={"steps": 20, "warm_steps": 10, "batch": 16, "hidden": 16, "members": 2}
    )
    task = msgspec.structs.replace(pick_place_task(), demonstrations=1, training=training)
    space = create(tmp_path / "new", simulated_station(), task)
    desk = Desk(qtbot, space)
    try:
        assert desk.window.first_launch.isVisible()
        assert desk.window.first_launch.running()
        desk.until(lambda: desk.window.banner.isVisible())
        assert any("Press Enter" in text for text in desk.window.notices.texts())
        desk.until(lambda: desk.model.there("control"))
        assert desk.model.workspace.running_round() == 0
    finally:
        desk.leave()
        _end(space)


def test_a_cancelled_first_launch_can_be_tried_again(qtbot: QtBot, tmp_path: Path) -> None:
    space = create(tmp_path / "new", simulated_station(), pick_place_task())
    desk = Desk(qtbot, space)
    page = desk.window.first_launch
    try:
        desk.until(page.running)
        page._cancel.click()
        desk.until(lambda: not page.running())
        assert page._retry.isVisible()
        assert "Cancelled" in page._problem.text()
        desk.press(Key.Key_Return)
        desk.until(page.running)
        assert not page._retry.isVisible()
    finally:
        desk.leave()
        _end(space)
