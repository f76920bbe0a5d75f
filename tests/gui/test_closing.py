"""Closing the window: what its motors go on holding is said while a key can still let it go."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from dagger_gui.app import Session
from dagger_gui.leaving import before
from sessions import runtime_folder
from sessions.messages import Pause, Shutdown
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import create
from tests.fakes.session_processes import FakeSession

pytestmark = pytest.mark.usefixtures("dressed")


class Sitting:
    """The real window with everything behind it, and processes that a test speaks for."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.space = create(folder, simulated_station(), pick_place_task())
        self.space.set_running_round(0)
        runtime = self.space.runtime()
        self.lock = runtime_folder.locked(runtime / runtime_folder.SUPERVISOR_LOCK)
        self.lock.write(f"{os.getpid()}\n")
        self.lock.flush()
        self.session = FakeSession(runtime)
        ini = str(self.space.root / "window.ini")
        self.desk = Session(self.space, QSettings(ini, QSettings.Format.IniFormat))
        self.desk.sounds.on = False
        self.finished: list[bool] = []
        self.desk.finished.connect(lambda: self.finished.append(True))
        self.desk.start()
        self.until(lambda: self.desk.model.there("control"))

    def until(self, condition: Callable[[], object]) -> None:
        def met() -> bool:
            self.session.pump()
            return bool(condition())

        self.qtbot.waitUntil(met)

    def state(self, **changes: object) -> None:
        self.session.set_control(**changes)
        wanted = self.session.control.sequence
        model = self.desk.model
        self.until(lambda: model.control is not None and model.control.sequence == wanted)

    def close(self) -> None:
        self.desk.window.close()
        self.until(lambda: True)

    def said(self) -> str:
        notice = self.desk.window.notices.top()
        return "" if notice is None else notice.text

    def stop(self) -> None:
        """The supervisor has stopped everything."""
        self.lock.close()

    def end(self) -> None:
        self.stop()
        self.desk._may_wait = False
        self.desk.window.close()
        self.until(lambda: self.finished)
        self.desk.close()
        self.session.close()
        self.desk.window.deleteLater()
        shutil.rmtree(self.space.runtime_path(), ignore_errors=True)


@pytest.fixture
def sitting(qtbot: QtBot, tmp_path: Path) -> Iterator[Sitting]:
    made = Sitting(qtbot, tmp_path / "w")
    yield made
    made.end()


def test_closing_says_what_stays_held_and_how_to_let_it_go_and_closing_again_leaves_it(
    sitting: Sitting,
) -> None:
    sitting.state(attempt=14, gate="policy", armed=True, left_held=("robot", "leader"))
    sitting.close()
    assert sitting.said() == (
        "The arm and the leader are held by their motors and stay so when this is closed. "
        "To let go, support each and press Ctrl+Shift+L twice."
    )
    sitting.until(lambda: sitting.session.asked(Pause))  # the arm does not go on meanwhile
    assert not sitting.session.asked(Shutdown)
    sitting.close()
    sitting.until(lambda: sitting.session.asked(Shutdown))
    sitting.stop()
    sitting.until(lambda: sitting.finished)
    assert sitting.desk.left == ("robot", "leader")


def test_what_was_let_go_meanwhile_keeps_no_window_open(sitting: Sitting) -> None:
    sitting.state(left_held=("robot",))
    sitting.close()
    assert sitting.said() == before(("robot",), "Ctrl+Shift+L")
    sitting.state(left_held=())
    sitting.until(lambda: not sitting.said())
    sitting.close()
    sitting.until(lambda: sitting.session.asked(Shutdown))
    sitting.stop()
    sitting.until(lambda: sitting.finished)
    assert sitting.desk.left == ()


def test_an_arm_that_was_to_rest_and_did_not_keeps_the_window_to_say_so(sitting: Sitting) -> None:
    sitting.state(armed=True, left_held=())
    sitting.close()
    sitting.until(lambda: sitting.session.asked(Shutdown))
    sitting.state(armed=False, left_held=("robot",))
    sitting.stop()
    sitting.until(lambda: "is held by its motors, which stay on" in sitting.said())
    assert sitting.desk.window.isVisible()
    assert not sitting.finished
    sitting.close()
    sitting.until(lambda: sitting.finished)


def test_who_ends_the_process_from_outside_is_not_waited_for(sitting: Sitting) -> None:
    sitting.state(left_held=("leader",))
    sitting.desk.leave()
    sitting.until(lambda: sitting.session.asked(Shutdown))
    sitting.stop()
    sitting.until(lambda: sitting.finished)
    assert sitting.desk.left == ("leader",)
