"""The Data view: what leaves and comes is told first, done beside the window, and counted after."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from dagger_gui import supervisor_process, theme
from dagger_gui.pages.data import DataView
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.export_panel import Export
from dagger_gui.widgets.import_panel import Import
from sessions.config import write
from sessions.messages import RestartProcess, Suspend
from sessions.record.catalogue import Catalogue
from sessions.record.disk import RecordingError, WorkspaceLock
from sessions.workspace import Workspace, open_workspace
from tests.fakes.session_processes import FakeSession
from tests.gui.test_window_processes import Desk, _end
from tests.sessions.live.session import space_with_policy
from tests.sessions.record.exchange.parts import full_workspace
from tests.sessions.record.exchange.test_lerobot_foreign import foreign
from tests.sessions.record.parts import made_workspace

LONG_MS = 60_000


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return full_workspace(tmp_path_factory.mktemp("recorded") / "w")


class Bench:
    """The view on a workspace, without or with a session."""

    def __init__(self, qtbot: QtBot, space: Workspace, session: FakeSession | None = None) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not application.styleSheet():
            theme.apply(application, "dark")
        self.qtbot, self.session = qtbot, session
        self.model = SessionModel(space)
        self.view = DataView(self.model)
        self.view.resize(1100, 700)
        self.view.show()
        if session is not None:
            self.until(lambda: all(self.model.there(n) for n in ("control", "supervisor")))

    def until(self, condition: Callable[[], Any]) -> None:
        def met() -> bool:
            if self.session is not None:
                self.session.pump()
                self.model.poll()
            return bool(condition())

        self.qtbot.waitUntil(met, timeout=LONG_MS)

    def ended(self) -> str:
        self.until(lambda: not self.view.strip.busy())
        return self.view.strip.words()

    def press(self, button: QWidget) -> None:
        self.until(button.isEnabled)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def close(self) -> None:
        self.view.close_work()
        self.model.close()
        self.view.hide()
        self.view.deleteLater()


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(space: Workspace, session: FakeSession | None = None) -> Bench:
        made.append(Bench(qtbot, space, session))
        return made[-1]

    yield make
    for one in made:
        one.close()
        if one.session is not None:
            one.session.close()
        shutil.rmtree(one.model.runtime, ignore_errors=True)


def _copy(space: Workspace, root: Path) -> Workspace:
    shutil.copytree(space.root, root)
    return open_workspace(root)


def test_an_export_says_first_what_leaves_and_is_lost_and_then_what_was_read_back(
    bench: Callable[..., Bench], recorded: Workspace, tmp_path: Path
) -> None:
    space = _copy(recorded, tmp_path / "here")
    one = bench(space)
    panel = one.view.export
    panel.setValue(Export("robomimic"))
    assert panel.value().destination == str(tmp_path / "here-robomimic.hdf5")
    one.until(lambda: panel.found() == "Would write 3 episodes, 270 ticks, 4 interventions.")
    assert "Left out: 1 discarded attempt." in panel.findings()
    assert any("scaled to [-1, 1]" in loss for loss in panel.findings())

    panel.setValue(Export("robomimic", "colour=red", panel.value().destination))
    one.until(lambda: "There is no field 'colour'" in panel.found())
    assert not panel.button().isEnabled()

    panel.setValue(Export("robomimic", "demo=no", panel.value().destination))
    one.until(lambda: "2 episodes" in panel.found())
    one.press(panel.button())
    assert one.ended().startswith("Done Wrote 2 episodes, 180 ticks")
    assert (tmp_path / "here-robomimic.hdf5").exists()
    assert not one.view.strip.openButton().isHidden()
    assert panel.value().destination == str(tmp_path / "here-robomimic-2.hdf5")


def test_a_merge_with_differences_has_to_be_accepted(
    bench: Callable[..., Bench], recorded: Workspace, tmp_path: Path
) -> None:
    slow = made_workspace(tmp_path / "slow")
    write(slow.root / "station.toml", msgspec.structs.replace(slow.station, rate_hz=20.0))
    slow = open_workspace(slow.root)
    one = bench(slow)
    panel = one.view.bring
    assert panel.found() == "Name a file or a folder."
    panel.setValue(Import("workspace", str(recorded.root)))
    one.until(lambda: panel.found() == "Would bring in 4 episodes, 360 ticks.")
    assert any("Differs: The rates differ" in text for text in panel.findings())
    assert not panel.button().isEnabled()
    panel.despite().setChecked(True)
    one.press(panel.button())
    assert one.ended().startswith("Done Brought in 4 episodes")
    assert len(Catalogue(slow).episodes()) == 4


def test_units_are_asked_where_files_do_not_say_them(
    bench: Callable[..., Bench], tmp_path: Path
) -> None:
    theirs, space = foreign(tmp_path / "so101"), made_workspace(tmp_path / "mine")
    one = bench(space)
    panel = one.view.bring
    panel.setValue(Import("robomimic", ""))
    assert panel.units().isHidden()
    panel.setValue(Import("lerobot", str(theirs)))
    assert not panel.units().isHidden()
    one.until(lambda: any("of unknown unit" in text for text in panel.findings()))
    panel.setValue(Import("lerobot", str(theirs), units="degrees"))
    one.until(lambda: panel.findings() and "unknown unit" not in " ".join(panel.findings()))
    panel.despite().setChecked(True)
    one.press(panel.button())
    assert one.ended().startswith("Done Brought in 2 episodes")
    assert {e.meta.unit for e in Catalogue(space).entries()} == {"rad"}


def test_an_export_that_leaves_damage_behind_is_done_but_not_all(
    bench: Callable[..., Bench], recorded: Workspace, tmp_path: Path
) -> None:
    space = _copy(recorded, tmp_path / "here")
    torn = space.episodes / "000002.h5"
    torn.write_bytes(torn.read_bytes()[:5000])
    one = bench(space)
    one.view.export.setValue(Export("robomimic"))
    one.until(lambda: "1 could not be read" in one.view.export.found())
    assert any("000002.h5" in text for text in one.view.export.findings())
    one.press(one.view.export.button())
    assert one.ended().startswith("Done, but not all Wrote 2 episodes")


def test_verify_lists_damage_and_repair_moves_it_aside(
    bench: Callable[..., Bench], recorded: Workspace, tmp_path: Path
) -> None:
    space = _copy(recorded, tmp_path / "here")
    torn = space.episodes / "000002.h5"
    torn.write_bytes(torn.read_bytes()[:5000])
    one = bench(space)
    one.press(one.view.check.verify)
    assert "Damage found" in one.ended()
    assert any("Damaged: 000002.h5" in text for text in one.view.check.findings.texts())
    one.press(one.view.check.repair)
    assert one.ended().startswith("Done Read 3 episodes")
    assert any("Repaired: 000002.h5" in text for text in one.view.check.findings.texts())
    assert list((space.episodes / "aside").iterdir())


def test_a_repair_beside_a_recorder_is_refused_in_a_sentence(
    bench: Callable[..., Bench], recorded: Workspace, tmp_path: Path
) -> None:
    space = _copy(recorded, tmp_path / "here")
    lock = WorkspaceLock(space.episodes)
    one = bench(space)
    try:
        one.press(one.view.check.repair)
        assert one.ended().startswith("Not done")
        assert "is being recorded into" in one.view.strip.words()
    finally:
        lock.close()


def test_cancelled_work_says_what_is_kept(
    bench: Callable[..., Bench], recorded: Workspace, tmp_path: Path
) -> None:
    space = _copy(recorded, tmp_path / "here")
    one = bench(space)
    one.press(one.view.check.verify)
    one.press(one.view.strip.cancelButton())
    said = one.ended()
    assert said.startswith("Cancelled"), said
    one.press(one.view.check.verify)
    assert one.ended().startswith("Done Read 4 episodes")


def test_the_recorder_steps_aside_between_attempts_only_and_comes_back(
    bench: Callable[..., Bench], recorded: Workspace, tmp_path: Path
) -> None:
    space = made_workspace(tmp_path / "empty")
    session = FakeSession(space.runtime())
    session.set_control(attempt=14, gate="policy", armed=True)
    one = bench(space, session)
    panel, processes = one.view.bring, session.supervisor.processes
    panel.setValue(Import("workspace", str(recorded.root)))
    one.until(lambda: "Would bring in 4" in panel.found())
    assert not panel.button().isEnabled()
    assert "Attempt 14 is being recorded. End it first." in panel.button().toolTip()
    assert not one.view.check.repair.isEnabled()
    assert one.view.check.verify.isEnabled()

    session.set_control(attempt=0, gate="hold")
    one.press(panel.button())
    one.until(lambda: session.asked(Suspend) == [Suspend("recorder")])
    assert not Catalogue(space).episodes(), "nothing is written before the recorder has gone"
    _say_suspended(session, suspended=True)
    assert one.ended().startswith("Done Brought in 4 episodes")
    one.until(lambda: session.asked(RestartProcess) == [RestartProcess("recorder")])

    session.set_supervisor(processes=processes)
    one.until(lambda: not one.model.suspended("recorder"))
    assert one.view.strip.words().startswith("Done Brought in"), "what it came to stays"
    assert not one.view.resume.isVisible()

    one.model.set_read_only("Opened read-only: another window (process 7) works here.")
    assert not one.view.check.repair.isEnabled()
    assert "Opened read-only" in one.view.check.repair.toolTip()


def test_a_recorder_that_a_killed_window_left_suspended_can_be_resumed(
    bench: Callable[..., Bench], tmp_path: Path
) -> None:
    space = made_workspace(tmp_path / "empty")
    session = FakeSession(space.runtime())
    processes = session.supervisor.processes
    _say_suspended(session, suspended=True)
    one = bench(space, session)
    one.until(one.view.resume.isVisible)
    assert "Recording is suspended" in one.view.strip.words()
    one.press(one.view.resume)
    one.until(lambda: session.asked(RestartProcess) == [RestartProcess("recorder")])
    session.set_supervisor(processes=processes)
    one.until(lambda: not one.view.resume.isVisible())


def _say_suspended(session: FakeSession, *, suspended: bool) -> None:
    session.set_supervisor(
        processes=tuple(
            msgspec.structs.replace(p, running=not suspended, suspended=suspended)
            if p.name == "recorder"
            else p
            for p in session.supervisor.processes
        )
    )


@pytest.mark.alone
def test_in_a_real_session_episodes_come_in_while_the_recorder_is_away(
    qtbot: QtBot, recorded: Workspace, tmp_path: Path
) -> None:
    space = space_with_policy(tmp_path / "w")
    desk = Desk(qtbot, space)
    try:
        desk.until(lambda: desk.model.there("recorder") and desk.model.there("control"))
        desk.until(lambda: desk.model.control and desk.model.control.reason == "idle")
        with pytest.raises(RecordingError, match="is being recorded into"):
            WorkspaceLock(space.episodes)
        desk.window.show_page("Station")
        desk.window.station.show_view(desk.session.data)
        panel = desk.session.data.bring
        panel.setValue(Import("workspace", str(recorded.root)))
        desk.until(lambda: "Would bring in 4" in panel.found())
        desk.until(panel.button().isEnabled)
        QTest.mouseClick(panel.button(), Qt.MouseButton.LeftButton)
        desk.until(lambda: not desk.session.data.strip.busy())
        assert desk.session.data.strip.words().startswith("Done Brought in 4 episodes")
        desk.until(lambda: desk.model.recorder and desk.model.recorder.saved == 4)
        assert not desk.model.suspended("recorder")
    finally:
        desk.leave()
        assert supervisor_process.running(space) == 0
        _end(space)
