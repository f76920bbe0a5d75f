"""Check and Calibrate in the window: what they show, and that they ask the session for the arm."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import msgspec
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dagger_gui import supervisor_process, theme
from dagger_gui.app import Session
from dagger_gui.pages.calibrate import CalibrateView
from dagger_gui.pages.check import CheckView, check_row
from dagger_gui.pages.check_first import FirstCheckPage, due
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets import calibration_bars, check_table
from dagger_gui.widgets.calibration_bars import CalibrationBars, JointSweep
from dagger_gui.widgets.check_table import CheckRow, CheckTable
from sessions import stations
from sessions.checking import results
from sessions.checking.results import Check
from sessions.messages import Refused, RestartProcess, SelectOperator, Suspend
from sessions.stations import pick_place_task
from sessions.workspace import Workspace, create
from tests.fakes.emulated_bench import STATION
from tests.fakes.session_processes import FakeSession
from tests.sessions.live.session import save_policy

LONG_MS = 90_000


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")


# -- the widgets


def test_lines_come_one_by_one_with_verdict_in_shape_word_and_name(qtbot: QtBot) -> None:
    table = CheckTable()
    qtbot.addWidget(table)
    table.resize(900, 300)
    table.show()
    for row in check_table.example_rows():
        table.addRow(row)
    assert table.value() == check_table.example_rows()
    marks = [line.mark for line in table._lines]
    assert [m.verdict() for m in marks] == ["good", "good", "bad", "note", "good"]
    assert marks[2].accessibleName() == "robot: servos: bad"
    assert table._lines[2].remedy.isVisibleTo(table)
    assert not table._lines[0].remedy.isVisibleTo(table)
    table.setRows(check_table.example_rows()[:1])
    assert [line.mark.isVisibleTo(table) for line in table._lines] == [True] + 4 * [False]


def test_what_is_copied_has_every_line_with_remedy_and_details(qtbot: QtBot) -> None:
    table = CheckTable()
    qtbot.addWidget(table)
    table.addRow(CheckRow("robot: bus", "bad", "Slow.", "Faster.", ("Sync Read.",)))
    assert table.text() == "bad   robot: bus: Slow.\n      > Faster.\n        Sync Read."


@pytest.mark.parametrize("light", ["dark", "light"])
def test_a_joints_bar_says_in_words_what_it_draws(
    qtbot: QtBot, qapp: QApplication, light: Any
) -> None:
    theme.apply(qapp, light)
    bars = CalibrationBars()
    qtbot.addWidget(bars)
    bars.setValue(calibration_bars.example(0.5))
    bars.resize(800, bars.sizeHint().height())
    assert "waist" in bars.accessibleDescription()
    assert "✓ swept" in bars.accessibleDescription()
    assert bars.value()[3].figures() == ("–", "")
    assert JointSweep("elbow", -0.5, -1.0, 0.5).figures() == ("−29°", "−57° to 29°")
    image = bars.grab().toImage()
    row = image.height() * 1 // 8
    green = theme.current().fill("good").rgb()
    assert green in {image.pixel(x, row) for x in range(image.width())}


# -- asking the session for its devices


class Wire:
    """A model, and a session at the other end of its wires that holds the supervisor's lock."""

    def __init__(self, qtbot: QtBot, workspace: Workspace) -> None:
        self.qtbot = qtbot
        self.session = FakeSession(workspace.runtime())
        self.lock = (workspace.runtime() / "supervisor.pid").open("w")
        self.lock.write("4711\n")
        self.lock.flush()
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.model = SessionModel(workspace)
        self.until(lambda: all(map(self.model.there, ("control", "supervisor"))))

    def until(self, condition: Callable[[], object]) -> None:
        def met() -> bool:
            self.session.pump()
            self.model.poll()
            return bool(condition())

        self.qtbot.waitUntil(met)

    def suspend(self, *names: str) -> None:
        """The supervisor has ended these."""
        self.session.set_supervisor(
            processes=tuple(
                msgspec.structs.replace(p, running=p.name not in names, suspended=p.name in names)
                for p in self.session.supervisor.processes
            )
        )

    def close(self) -> None:
        self.model.close()
        self.session.close()
        self.lock.close()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    made = create(tmp_path / "w", stations.load("viperx-emulated"), pick_place_task())
    yield made
    shutil.rmtree(made.runtime(), ignore_errors=True)


@pytest.fixture
def wire(qtbot: QtBot, workspace: Workspace) -> Iterator[Wire]:
    made = Wire(qtbot, workspace)
    yield made
    made.close()


@pytest.fixture
def view(qtbot: QtBot, wire: Wire) -> Iterator[CheckView]:
    made = CheckView(wire.model)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    yield made
    made.close_process()


def test_devices_are_asked_for_before_a_check_and_given_back_after_it(
    wire: Wire, view: CheckView, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(view.process, "start", started.append)
    view.begin.click()
    wire.until(lambda: len(wire.session.asked(Suspend)) == 2)
    assert {command.name for command in wire.session.asked(Suspend)} == {"control", "cameras"}
    assert started == []  # they have their devices still
    assert view.cancel.isVisibleTo(view)
    assert not view.begin.isEnabled()
    wire.suspend("control", "cameras")
    wire.until(lambda: started)
    root, runtime = str(wire.model.workspace.root), str(wire.model.runtime)
    assert started == [["check", root, "--runtime", runtime]]
    view._hear(Check("robot: bus", "good", "Fine."))
    view._hear(results.report("bench", [Check("robot: bus", "good", "Fine.")]))
    view._ended("")
    wire.until(lambda: len(wire.session.asked(RestartProcess)) == 2)
    assert view.verdict.text() == "A session can run"
    assert view.begin.isEnabled()


def test_what_becomes_of_the_arm_is_said_before_its_devices_are_let_go(
    wire: Wire, view: CheckView
) -> None:
    def said(**changes: object) -> str:
        wire.session.set_control(**changes)
        wanted = wire.session.control.sequence
        wire.until(lambda: wire.model.control and wire.model.control.sequence == wanted)
        return view.suspension.words()

    assert said(holding=("robot",), left_held=("robot",)).startswith(
        "The arm stays where it is, held by its motors"
    )
    assert said(left_held=()).startswith("The arm goes to its rest pose, then")
    assert said(holding=()) == "Control lets go of the devices ..."


def test_who_was_chosen_to_correct_still_is_after_a_check(wire: Wire, view: CheckView) -> None:
    names = ("keyboard", "leader")
    wire.session.set_control(operators=names, operator="leader")
    wire.until(lambda: wire.model.control and wire.model.control.operator == "leader")
    view.begin.click()
    wire.until(lambda: len(wire.session.asked(Suspend)) == 2)
    view.cancel.click()
    wire.until(lambda: len(wire.session.asked(RestartProcess)) == 2)
    assert not wire.session.asked(SelectOperator)
    wire.session.set_supervisor(
        processes=tuple(
            msgspec.structs.replace(p, pid=p.pid + 1) for p in wire.session.supervisor.processes
        )
    )
    wire.until(lambda: wire.model.supervisor == wire.session.supervisor)
    wire.session.set_control(operators=names, operator="keyboard")  # as the station has it
    wire.until(lambda: wire.session.asked(SelectOperator) == [SelectOperator("leader")])


def test_no_check_while_an_attempt_runs(wire: Wire, view: CheckView) -> None:
    wire.session.set_control(attempt=14, gate="policy", controller="policy", armed=True)
    wire.until(lambda: wire.model.control and wire.model.control.attempt == 14)
    view.begin.click()
    assert view.table.value()[0].text.startswith("Attempt 14 is running. End it first")
    assert view.begin.isEnabled()
    assert wire.session.asked(Suspend) == []


def test_a_refusal_of_the_supervisor_is_shown_and_nothing_stays_suspended(
    wire: Wire, view: CheckView
) -> None:
    wire.session.replies[Suspend] = Refused("Attempt 3 is running.", "End it first.")
    view.begin.click()
    wire.until(lambda: view.table.value())
    assert view.table.value()[0].text == "Attempt 3 is running. End it first."
    assert not view.running()


def test_giving_up_while_the_arm_goes_to_rest_gives_everything_back(
    wire: Wire, view: CheckView
) -> None:
    view.begin.click()
    wire.until(lambda: wire.session.asked(Suspend))
    view.cancel.click()
    wire.until(lambda: len(wire.session.asked(RestartProcess)) == 2)
    assert view.verdict.text() == "Cancelled"


def test_what_servos_have_wrong_is_set_right_only_by_its_own_button(
    wire: Wire, view: CheckView, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(view.process, "start", started.append)
    assert not view.fix.isVisibleTo(view)
    wrong = Check("robot: settings", "note", "Slow.", "Press Set servos right.", fixable=True)
    view._hear(wrong)
    view._hear(results.report("bench", [wrong]))
    view._ended("")
    assert view.fix.isVisibleTo(view)
    view.fix.click()
    wire.suspend("control", "cameras")
    wire.until(lambda: started)
    assert started[0][-1] == "--fix"


def test_the_last_check_is_there_when_the_view_is_opened(wire: Wire, qtbot: QtBot) -> None:
    bad = Check("robot: servos", "bad", "elbow (servo 4) does not answer.", "Check its cable.")
    results.keep(wire.model.workspace.root, results.report("bench", [bad]))
    view = CheckView(wire.model)
    qtbot.addWidget(view)
    assert view.table.value() == (check_row(bad),)
    assert view.verdict.text() == "One thing must be put right before a session"
    assert "Checked just now" in view.about.text()
    assert view.begin.text() == "Check again"


# -- before the first session


def real(root: Path) -> Workspace:
    """A workspace on real hardware, none of which is plugged in."""
    file = root / "bench.toml"
    file.write_text(STATION.replace("emulated:", "/dev/serial/by-id/absent-"))
    return create(root / "w", stations.load(str(file)), pick_place_task())


def test_a_station_with_hardware_is_checked_before_its_first_session_only(tmp_path: Path) -> None:
    space = real(tmp_path)
    assert due(space)
    results.keep(space.root, results.report("bench", []))
    assert not due(space)
    assert not due(create(tmp_path / "s", stations.simulated_station(), pick_place_task()))


@pytest.mark.alone
def test_the_first_page_checks_by_enter_and_goes_on_whatever_is_found(
    qtbot: QtBot, tmp_path: Path
) -> None:
    model = SessionModel(real(tmp_path))
    page = FirstCheckPage(model)
    qtbot.addWidget(page)
    page.resize(1200, 800)
    page.show()
    quickly(page.check)
    try:
        with qtbot.waitSignal(page.check.finished, timeout=LONG_MS) as heard:
            page.act("next")
        assert heard.args == [False]
        lines = {row.name: row for row in page.check.table.value()}
        assert "no serial port" in lines["robot: port"].text
        assert lines["camera top"].verdict == "good"
        assert results.kept(model.workspace.root) is not None
        with qtbot.waitSignal(page.finished):
            page.go_on.click()
    finally:
        page.stop()
        model.close()
        shutil.rmtree(model.runtime, ignore_errors=True)


# -- everything together


@pytest.fixture
def emulated(workspace: Workspace) -> Iterator[Workspace]:
    save_policy(workspace, 0)
    workspace.set_running_round(0)
    yield workspace
    pid = supervisor_process.running(workspace)
    if pid:
        os.kill(pid, signal.SIGTERM)


def quickly(view: CheckView) -> None:
    """Measures each bus for a moment only."""
    start = view.process.start
    view.process.start = lambda arguments: start([*arguments, "--seconds", "0.3"])  # type: ignore


@pytest.mark.alone
def test_the_emulated_station_is_checked_and_calibrated_in_its_own_session(
    qtbot: QtBot, emulated: Workspace
) -> None:
    ini = str(emulated.root / "window.ini")
    desk = Session(emulated, QSettings(ini, QSettings.Format.IniFormat))
    desk.sounds.on = False
    desk.start()
    window, model = desk.window, desk.model

    def until(condition: Callable[[], object]) -> None:
        qtbot.waitUntil(lambda: bool(condition()), timeout=LONG_MS)

    def connected() -> bool:
        robot = [d for d in model.control.devices if d.name == "robot"] if model.control else []
        return model.there("control") and bool(robot) and robot[0].ok

    until(connected)
    quickly(desk.check)
    window.show_page("Station")
    window.station.show_view(desk.check)
    desk.check.begin.click()
    until(lambda: model.suspended("control") and model.suspended("cameras"))
    assert window.banner.value().suspended
    until(lambda: not desk.check.running())
    lines = {row.name: row for row in desk.check.table.value()}
    # What a busy machine may judge otherwise.
    timed = {"rate", "robot: bus", "leader: bus", "camera top", "camera wrist"}
    assert {n: r.text for n, r in lines.items() if r.verdict == "bad" and n not in timed} == {}
    assert {"robot: bus", "leader: bus", "camera top", "leader and robot", "GPU"} <= set(lines)
    assert lines["robot: settings"].verdict == "good"
    until(connected)

    view: CalibrateView = desk.calibrate
    window.station.show_view(view)
    assert view.device() == "leader"  # the emulated follower comes calibrated
    view.begin.click()
    until(lambda: view._view is not None and view.next.isEnabled())
    QTest.keyClick(window, Qt.Key.Key_Return)  # hands are on the arm
    until(lambda: view._view is not None and view._view.step.joint == "waist")
    assert window.page() == "Station"
    assert "waist is turned by" in view.panel.state.text()
    view.give_up.click()
    until(lambda: not view.running())
    assert view.panel.title.text() == "Given up"
    assert not (emulated.root / "calibration" / "leader.toml").exists()
    until(connected)
    with qtbot.waitSignal(desk.finished, timeout=LONG_MS):
        window.close()
    desk.close()
    window.deleteLater()
