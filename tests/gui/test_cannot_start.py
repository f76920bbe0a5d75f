"""A station file that asks for what cannot be: the banner says what, instead of waiting."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from dagger_gui import supervisor_process
from dagger_gui.app import Session
from sessions.messages import ProcessState
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import Workspace, create
from tests.gui.bench import Bench

pytestmark = pytest.mark.usefixtures("dressed")
BAD_KEY = "leader: leads names 'bass'. Choose one of: waist, shoulder."
TRIED = "Correct station.toml (Station page, F4): it is tried again by itself."


def space(folder: Path, **robot: object) -> Workspace:
    station = simulated_station()
    table = {**station.robot, **robot}
    made = create(folder, msgspec.structs.replace(station, robot=table), pick_place_task())
    made.set_running_round(0)
    return made


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    workspace = space(tmp_path / "w")
    made = Bench(qtbot, workspace)
    yield made
    made.close()
    shutil.rmtree(workspace.runtime_path(), ignore_errors=True)


def process(name: str, refusal: str) -> ProcessState:
    return ProcessState(name, False, 0, 78, 3, f"{refusal} It is tried again.", refusal=refusal)


def supervised(bench: Bench, *processes: ProcessState) -> None:
    bench.session.set_supervisor(processes=processes)
    wanted = bench.session.supervisor.sequence
    bench.until(lambda: bench.model.supervisor and bench.model.supervisor.sequence == wanted)
    bench.window.refresh(bench.model.clock())


@pytest.mark.parametrize("came_up_before", [False, True])
def test_why_the_control_process_cannot_run_stands_in_the_banner_until_it_does(
    bench: Bench, came_up_before: bool
) -> None:
    bench.session.dead.add("control")
    bench.until(lambda: not bench.model.there("control"))
    if not came_up_before:
        bench.model.control = None
    supervised(bench, process("control", BAD_KEY))
    banner = bench.window.banner
    assert banner.word() == "CANNOT START"
    reason, choices = BAD_KEY.split(". ")
    assert banner.value().reason == f"{reason}."
    assert banner.value().remedy == f"{TRIED} {choices}"
    bench.session.dead.clear()
    supervised(bench, msgspec.structs.replace(process("control", ""), running=True))
    bench.state(reason_text="The arm is not armed.")
    bench.window.refresh(bench.model.clock())
    assert banner.word() == "HOLD"


def test_why_another_process_cannot_run_is_a_notice_that_goes_with_its_cause(bench: Bench) -> None:
    supervised(bench, process("cameras", "top: Unknown key 'fbs'."))
    said = "The cameras process cannot start: top: Unknown key 'fbs'."
    assert bench.window.notices.texts() == [said]
    supervised(bench, process("cameras", ""))
    assert bench.window.notices.texts() == []


def test_a_wrong_robot_is_told_before_anything_is_started(qtbot: QtBot, tmp_path: Path) -> None:
    workspace = space(tmp_path / "w", powr=1.0)
    ini = str(workspace.root / "window.ini")
    desk = Session(workspace, QSettings(ini, QSettings.Format.IniFormat))
    desk.sounds.on = False
    try:
        desk.start()
        qtbot.waitUntil(lambda: desk.window.banner.word() == "CANNOT START")
        shown = desk.window.banner.value()
        assert shown.reason == "robot: Unknown key 'powr'."
        assert "then close this window and start it again. Known keys: " in shown.remedy
        assert not supervisor_process.running(workspace)
        desk.window.show_page("Review")  # what was recorded can be looked at all the same
        assert desk.window.page() == "Review"
    finally:
        with qtbot.waitSignal(desk.finished):
            desk.window.close()
        desk.close()
        desk.window.deleteLater()
