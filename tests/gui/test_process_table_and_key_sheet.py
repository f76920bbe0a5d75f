"""The table of processes and devices, and the sheet of keys."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.key_sheet import KeySheet, example_groups
from dagger_gui.widgets.process_table import (
    ProcessTable,
    VerdictMark,
    device_rows,
    example_rows,
    process_rows,
)
from sessions.messages import (
    ProcessState,
    SupervisorState,
)
from tests.gui.shown import shown

pytestmark = pytest.mark.usefixtures("dressed")


def test_a_stopped_process_has_its_remedy_and_its_button(qtbot):
    rows = process_rows(
        SupervisorState(
            1,
            (
                ProcessState("control", True, 10, None, 0),
                ProcessState("recorder", False, 0, -9, 2),
                ProcessState("trainer", False, 0, 3, 0, "Stopped."),
            ),
            False,
            3,
        )
    )
    assert [r.verdict for r in rows] == ["good", "bad", "off"]
    assert rows[1].detail == "It ended with code -9. Press Restart."
    table = shown(qtbot, ProcessTable(), 600, 300)
    table.setRows(rows)
    restart = next(
        b for b in table.findChildren(KeyButton) if b.accessibleName() == "Restart recorder"
    )
    with qtbot.waitSignal(table.restartRequested) as told:
        qtbot.mouseClick(restart, Qt.MouseButton.LeftButton)
    assert told.args == ["recorder"]


def test_rows_are_updated_in_place(qtbot):
    table = shown(qtbot, ProcessTable(), 600, 300)
    table.setRows(example_rows())
    before = table.findChildren(VerdictMark)
    good = tuple(r.__class__(r.name, r.group, "good", "runs") for r in example_rows())
    table.setRows(good)
    assert table.findChildren(VerdictMark) == before
    assert {m.verdict() for m in before} == {"good"}


def test_devices_come_with_their_words():
    from sessions.messages import ControlState, DeviceState

    devices = (DeviceState("robot", "simulated", True, "50 Hz"), DeviceState("pad", "pad", False))
    names = ControlState.__struct_fields__
    state = ControlState(**{n: 0 for n in names if n != "devices"}, devices=devices)
    assert [(r.name, r.verdict) for r in device_rows(state)] == [("robot", "good"), ("pad", "bad")]


def test_the_key_sheet_covers_its_parent_and_leaves_on_its_keys(qtbot):
    parent = shown(qtbot, QWidget(), 900, 600)
    sheet = KeySheet(parent)
    sheet.setGroups(example_groups())
    sheet.toggle()
    assert sheet.geometry() == parent.rect()
    parent.resize(1000, 700)
    qtbot.waitUntil(lambda: sheet.size() == parent.size())
    assert not sheet.grab().isNull()
    assert "Space: Soft stop" in sheet.accessibleDescription()
    for leave in (
        lambda: qtbot.keyClick(sheet, Qt.Key.Key_Escape),
        lambda: qtbot.keyClick(sheet, Qt.Key.Key_Question),
        lambda: qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton),
        sheet.toggle,
    ):
        sheet.open()
        with qtbot.waitSignal(sheet.closed):
            leave()
        assert not sheet.isVisible()
