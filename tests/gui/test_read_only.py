"""Two windows on one workspace: the second one looks, sends nothing, and can take over."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dagger_gui import cli, supervisor_process, theme
from dagger_gui.app import Session, open_or_create
from dagger_gui.session_model import SessionModel
from dagger_gui.window_lock import WindowLock
from sessions.messages import Arm, Message, SoftStop, Tag
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import LAYOUT, Workspace, create
from tests.fakes.session_processes import FakeSession
from tests.gui.test_window_processes import Desk, _end, _window_elsewhere
from tests.sessions.live.session import space_with_policy

LONG_MS = 60_000


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Workspace]:
    made = create(tmp_path / "w", simulated_station(), pick_place_task())
    made.set_running_round(0)
    yield made
    shutil.rmtree(made.runtime(), ignore_errors=True)


def _holder(space: Workspace) -> subprocess.Popen[bytes]:
    """Another process that has the lock, as a window would."""
    code = (
        "import pathlib, sys, time; from dagger_gui.window_lock import WindowLock\n"
        "lock = WindowLock(pathlib.Path(sys.argv[1])); print(lock.take(), flush=True)\n"
        "time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(space.runtime())], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"True\n"
    return process


def test_the_lock_is_one_windows_and_a_dead_ones_is_free(bare: Workspace) -> None:
    holder = _holder(bare)
    mine = WindowLock(bare.runtime())
    try:
        assert not mine.take()
        assert mine.other() == holder.pid
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        assert mine.other() == 0
        assert mine.take()
        second = WindowLock(bare.runtime())
        assert not second.take()
        assert second.other() == os.getpid()
        mine.close()
        assert second.take()
        second.close()
    finally:
        holder.kill()
        holder.wait()
        mine.close()
        if holder.stdout is not None:
            holder.stdout.close()


def test_a_window_that_only_looks_hears_everything_and_asks_nothing(
    qtbot: QtBot, bare: Workspace
) -> None:
    session = FakeSession(bare.runtime())
    heard: list[Message] = []
    answer = session._answer

    def watched(process: str, command: Message) -> Message:
        heard.append(command)
        return answer(process, command)

    session._answer = watched  # type: ignore[method-assign]
    model = SessionModel(bare)
    model.set_read_only("Opened read-only: another window (process 7) works on this workspace.")
    refused: list[str] = []
    model.refused.connect(lambda why, remedy: refused.append(why))
    try:

        def known() -> bool:
            session.pump()
            model.poll()
            return all(model.there(n) for n in ("control", "recorder", "supervisor"))

        qtbot.waitUntil(known)
        model.hold_motion_keys(("x_forward",))
        assert not model.send("control", Arm())
        assert not model.send("recorder", Tag(1, 0, "grasp"))
        assert refused == [model.read_only] * 2
        beats = time.monotonic() + 0.6  # three heartbeats' time
        qtbot.waitUntil(lambda: known() and time.monotonic() > beats)
        assert heard == []
        assert model.steps is not None
        assert len(model.steps.recent) > 5

        # What is on its screen must stop the arm all the same.
        assert model.send("control", SoftStop())
        qtbot.waitUntil(lambda: known() and any(isinstance(c, SoftStop) for c in heard))

        model.set_read_only("")
        model.hold_motion_keys(())
        assert model.send("control", Arm())
        qtbot.waitUntil(lambda: known() and any(isinstance(c, Arm) for c in heard))
    finally:
        model.close()
        session.close()


def test_a_read_only_window_says_so_and_every_act_is_refused_with_the_reason(
    qtbot: QtBot, bare: Workspace
) -> None:
    holder = _holder(bare)
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    if not application.styleSheet():
        theme.apply(application, "dark")
    ini = QSettings(str(bare.root / "window.ini"), QSettings.Format.IniFormat)
    session = Session(bare, ini)
    session.sounds.on = False
    try:
        session.start()
        why = f"Opened read-only: another window (process {holder.pid}) works on this workspace."
        strip = session.window.read_only
        assert strip.isVisible()
        assert strip.value() == why
        assert not strip.button().isEnabled()
        assert "read-only" in session.window.windowTitle()
        assert not supervisor_process.running(bare), "it starts nothing"
        session.window.act("retrain", 0.0)
        session.window.commands.arm()
        assert why in session.window.notices.texts()

        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        qtbot.waitUntil(strip.button().isEnabled)
        assert "has closed" in strip.value()
    finally:
        with qtbot.waitSignal(session.finished, timeout=LONG_MS):
            session.window.close()
        session.close()
        session.window.deleteLater()
        holder.kill()
        holder.wait()
        if holder.stdout is not None:
            holder.stdout.close()


@pytest.mark.alone
def test_two_real_windows_the_second_looks_and_takes_over_when_the_first_closes(
    qtbot: QtBot, tmp_path: Path
) -> None:
    space = space_with_policy(tmp_path / "w")
    first = _window_elsewhere(space)
    try:
        qtbot.waitUntil(lambda: supervisor_process.running(space) > 0, timeout=LONG_MS)
        desk = Desk(qtbot, space)
        strip = desk.window.read_only
        assert f"(process {first.pid})" in strip.value()
        desk.until(lambda: desk.model.there("control") and desk.model.there("recorder"))
        desk.until(lambda: desk.model.control and desk.model.control.reason == "idle")
        desk.press(Qt.Key.Key_Return)
        desk.until(lambda: strip.value() in desk.window.notices.texts())
        assert desk.model.control is not None
        assert not desk.model.control.armed

        first.terminate()
        first.wait(60)
        desk.until(strip.button().isEnabled)
        assert supervisor_process.running(space) == 0
        taken_t = desk.model.clock()
        QTest.mouseClick(strip.button(), Qt.MouseButton.LeftButton)
        assert not strip.isVisible()
        desk.until(lambda: desk.model.control and desk.model.control.t > taken_t)
        desk.until(lambda: desk.model.control and desk.model.control.reason == "idle")
        desk.until(lambda: desk.window.run.controls.nextAct() == "arm")
        desk.press(Qt.Key.Key_Return)
        desk.until(lambda: desk.model.control and desk.model.control.armed)
        desk.leave()
        assert supervisor_process.running(space) == 0
    finally:
        first.kill()
        first.wait()
        _end(space)


def test_a_newer_workspace_is_refused_by_name_before_a_window_opens_and_an_older_one_opens(
    qtbot: QtBot, bare: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = bare.root / "workspace.json"
    facts.write_text(json.dumps({"layout": LAYOUT + 1, "round": 0}))
    windows = len(QApplication.topLevelWidgets())
    assert cli.main(["run", "--workspace", str(bare.root)]) == 2
    assert capsys.readouterr().err == (
        f"{bare.root} has layout {LAYOUT + 1}; this program reads up to {LAYOUT}. "
        "Update the program.\n"
    )
    assert len(QApplication.topLevelWidgets()) == windows
    facts.write_text(json.dumps({"layout": 0, "round": 0}))
    assert open_or_create(bare.root, "").running_round() == 0
