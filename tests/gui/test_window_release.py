"""Torque off on request in the window: found where the arm cannot be armed, and asked for twice."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dagger_gui.widgets._buttons import KeyButton
from sessions.messages import DeviceState, Refused, Release
from sessions.workspace import Workspace
from tests.gui.bench import Bench

CHORD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
ROBOT = DeviceState("robot", "robot", True)
LEADER = DeviceState("leader", "teleoperator", True)
SUPPORT = Refused("Support the arm: press again to let it go.", "Without torque it drops.")


@pytest.fixture
def bench(qtbot: QtBot, workspace: Workspace) -> Iterator[Bench]:
    made = Bench(qtbot, workspace)
    both = ("robot", "leader")
    made.state(gate="hold", armed=False, motors=both, holding=both, devices=(ROBOT, LEADER))
    yield made
    made.close()


def release(bench: Bench) -> KeyButton:
    return bench.window.run.controls._release


def said(bench: Bench) -> str:
    notice = bench.window.notices.top()
    return "" if notice is None else notice.text


@pytest.mark.parametrize("gate", ["hold", "fault"])
def test_an_arm_that_cannot_be_armed_or_rested_is_let_go_by_a_key_in_two_presses(
    bench: Bench, gate: str
) -> None:
    bench.state(gate=gate, can_rest=True, engaged=False)
    assert not bench.window.run.controls._rest.isEnabled()
    assert release(bench).isEnabled()
    assert release(bench).key() in ("", "Ctrl+Shift+L")  # no room for it in a narrow window
    assert "Ctrl+Shift+L" in release(bench).toolTip()
    bench.session.replies[Release] = SUPPORT
    bench.press(Qt.Key.Key_L, CHORD)
    bench.until(lambda: said(bench).startswith(SUPPORT.why))
    bench.state(releasing="robot")
    assert release(bench).text() == "Let go"
    assert said(bench).startswith(SUPPORT.why)
    bench.session.replies.clear()
    release(bench).click()
    bench.until(lambda: len(bench.session.asked(Release)) == 2)
    bench.state(holding=("leader",), releasing="")
    assert release(bench).text() == "Release"
    assert "leader" in release(bench).toolTip()
    bench.until(lambda: not said(bench))


def test_a_leader_that_was_let_go_is_said_and_its_row_on_the_station_page_does_it(
    bench: Bench,
) -> None:
    bench.window.show_page("Station")
    table = bench.window.station.devices.table
    at = [row.name for row in table.value()].index("leader")
    button = table._lines[at].restart
    assert button.text() == "Release"
    button.click()
    assert bench.asked(Release) == Release("leader")
    bench.state(releasing="leader")
    assert button.text() == "Let go"
    bench.state(holding=("robot",), releasing="")
    assert said(bench) == "The leader is let go: its torque is off."
    assert not button.isVisible()


def test_nothing_is_said_where_a_leader_lets_go_by_itself(bench: Bench) -> None:
    bench.driving()
    bench.state(gate="human", controller="human", holding=("robot",))
    assert said(bench) == ""
    assert not release(bench).isEnabled()


def test_the_key_is_on_the_sheet(bench: Bench) -> None:
    rows = [row for group in bench.window.key_sheet.value() for row in group.rows]
    assert (("Ctrl+Shift+L",), "Release the motors that hold: press twice") in rows
