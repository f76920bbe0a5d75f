"""Closing the window: what its motors go on holding is said while a key can still let it go."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dagger_gui.app import Session
from dagger_gui.leaving import question
from dagger_gui.widgets._buttons import KeyButton
from sessions import runtime_folder
from sessions.messages import EndAttempt, Leftover, Pause, Shutdown
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
    sitting.state(gate="policy", armed=True, left_held=("robot", "leader"))
    sitting.close()
    assert sitting.said() == (
        "The arm and the leader are held by their motors and stay so when this is closed. "
        "To let go, support each and press Ctrl+Shift+L twice: then this closes."
    )
    sitting.until(lambda: sitting.session.asked(Pause))  # the arm does not go on meanwhile
    assert not sitting.session.asked(Shutdown)
    sitting.close()
    sitting.until(lambda: sitting.session.asked(Shutdown))
    sitting.stop()
    sitting.until(lambda: sitting.finished)
    assert sitting.desk.left == ("robot", "leader")


@pytest.mark.parametrize("label", ["Success", "Failure", "Discard"])
def test_a_running_attempt_is_asked_how_it_ended_and_then_the_window_closes(
    sitting: Sitting, label: str
) -> None:
    sitting.state(attempt=14, gate="policy", armed=True, reason="none")
    sitting.close()
    assert sitting.said() == question(14, (), "")
    sitting.until(lambda: sitting.session.asked(Pause))  # the arm does not go on meanwhile
    assert not sitting.session.asked(Shutdown)
    notice = sitting.desk.window.notices.top()
    assert notice is not None
    next(b for b in notice.findChildren(KeyButton) if b.text() == label).click()
    sitting.until(lambda: sitting.session.asked(EndAttempt))
    outcome = {"Success": "success", "Failure": "failure", "Discard": "discarded"}[label]
    assert sitting.session.asked(EndAttempt) == [EndAttempt(outcome)]
    assert not sitting.session.asked(Shutdown), "it waits until the attempt has ended"
    sitting.state(attempt=0, gate="hold", reason="idle")
    sitting.until(lambda: sitting.session.asked(Shutdown))
    sitting.stop()
    sitting.until(lambda: sitting.finished)


def test_an_attempt_without_an_outcome_is_left_by_closing_again(sitting: Sitting) -> None:
    sitting.state(attempt=14, gate="policy", armed=True, reason="none")
    sitting.close()
    assert sitting.said() == question(14, (), "")
    sitting.close()
    sitting.until(lambda: sitting.session.asked(Shutdown))
    assert not sitting.session.asked(EndAttempt)
    # On its way to rest the arm must not be let go because the attempt has been left.
    sitting.state(attempt=0, gate="parking", reason="none")
    sitting.until(lambda: True)
    assert len(sitting.session.asked(Shutdown)) == 1
    sitting.stop()
    sitting.until(lambda: sitting.finished)


def test_a_key_that_ends_the_attempt_answers_too(sitting: Sitting) -> None:
    sitting.state(attempt=14, gate="policy", armed=True, reason="none")
    sitting.close()
    sitting.state(attempt=14, gate="hold", reason="paused")
    QTest.keyClick(sitting.desk.window, Qt.Key.Key_N)
    sitting.until(lambda: sitting.session.asked(EndAttempt))
    sitting.state(attempt=0, reason="idle")
    sitting.until(lambda: sitting.session.asked(Shutdown))


@pytest.mark.parametrize("how", ["driven on", "closed the question"])
def test_whoever_goes_on_with_the_attempt_has_not_closed_the_window(
    sitting: Sitting, how: str
) -> None:
    sitting.state(attempt=14, gate="policy", armed=True, reason="none")
    sitting.close()
    sitting.state(gate="hold", reason="paused")
    if how == "driven on":
        sitting.state(gate="policy", reason="none")
    else:
        QTest.keyClick(sitting.desk.window, Qt.Key.Key_Escape)
    sitting.until(lambda: not sitting.said())
    sitting.state(attempt=14, gate="hold", reason="paused")
    sitting.state(attempt=0, gate="hold", reason="idle")
    sitting.until(lambda: True)
    assert not sitting.session.asked(Shutdown)
    sitting.state(attempt=14, gate="policy", reason="none")
    sitting.close()
    assert sitting.said() == question(14, (), ""), "and is asked anew"


def test_what_was_let_go_meanwhile_keeps_no_window_open(sitting: Sitting) -> None:
    sitting.state(left_held=("robot",))
    sitting.close()
    assert sitting.said() == question(0, ("robot",), "Ctrl+Shift+L")
    sitting.state(left_held=())  # released, as it was told: that was what closing waited for
    sitting.until(lambda: sitting.session.asked(Shutdown))
    sitting.stop()
    sitting.until(lambda: sitting.finished)
    assert sitting.desk.left == ()


def test_an_outcome_and_what_stays_held_are_one_question(sitting: Sitting) -> None:
    sitting.state(attempt=14, gate="policy", armed=True, reason="none", left_held=("leader",))
    sitting.close()
    assert sitting.said() == question(14, ("leader",), "Ctrl+Shift+L")
    sitting.state(attempt=14, gate="hold", reason="paused")
    QTest.keyClick(sitting.desk.window, Qt.Key.Key_Y)
    sitting.state(attempt=0, reason="idle")
    sitting.until(lambda: sitting.session.asked(Shutdown))


def test_what_holds_again_is_told_again(sitting: Sitting) -> None:
    sitting.state(left_held=("leader",))
    sitting.close()
    QTest.keyClick(sitting.desk.window, Qt.Key.Key_Escape)
    sitting.until(lambda: not sitting.said())
    sitting.state(left_held=())
    sitting.state(left_held=("leader",))
    sitting.close()
    assert sitting.said() == question(0, ("leader",), "Ctrl+Shift+L")
    assert not sitting.session.asked(Shutdown)


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


def test_what_stops_because_the_window_closes_raises_no_alarm(sitting: Sitting) -> None:
    window, model = sitting.desk.window, sitting.desk.model
    sitting.state(armed=True, gate="hold", reason="idle")
    sitting.until(lambda: window.banner.word() == "HOLD")
    assert window.run.controls.nextAct() == "start"
    sitting.close()
    sitting.until(lambda: sitting.session.asked(Shutdown))
    assert window.run.controls.nextAct() == "wait", "what would be refused is not offered"
    sitting.session.set_recorder(leftovers=(Leftover("000013.h5.part", 13, 323),))
    wanted = sitting.session.recorder.sequence
    sitting.until(lambda: model.recorder and model.recorder.sequence == wanted)
    assert not any("was not finished" in text for text in window.notices.texts())
    sitting.session.dead.add("control")
    sitting.until(lambda: window.banner.word() == "CLOSING")
    assert "is being restarted" not in window.banner._words.accessibleName()
    sitting.stop()
    sitting.until(lambda: sitting.finished)
