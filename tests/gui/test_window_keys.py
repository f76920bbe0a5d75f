"""Keys: one press is one press, a lost focus is a release, and Space stops from anywhere."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QSpinBox, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from dagger_gui.keys import KeyRouter
from drivers import bindings


class Bench:
    """A window with a button, a text field and a number, and what the router said."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        self.window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button = QPushButton("Press me")
        self.note, self.number = QLineEdit(), QSpinBox()
        layout = QVBoxLayout(self.window)
        for widget in (self.button, self.note, self.number):
            layout.addWidget(widget)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)
        keys = bindings.load()
        self.router = KeyRouter(keys.window, keys.keyboard, self.window)
        self.said: list[str] = []
        self.moving: tuple[str, ...] = ()
        self.router.pressed.connect(lambda name, t: self.said.append(f"+{name}"))
        self.router.released.connect(lambda name, t: self.said.append(f"-{name}"))
        self.router.motion_changed.connect(self._moved)

    def focus(self, widget: QWidget) -> QWidget:
        self.window.activateWindow()
        widget.setFocus()
        return QApplication.focusWidget() or self.window

    def _moved(self, held: tuple[str, ...]) -> None:
        self.moving = held


@pytest.fixture
def bench(qtbot: QtBot) -> Bench:
    return Bench(qtbot)


def test_space_stops_with_a_button_a_number_or_a_field_in_focus(bench: Bench) -> None:
    clicked: list[int] = []
    bench.button.clicked.connect(lambda: clicked.append(1))
    for widget in (bench.button, bench.number, bench.note, bench.window):
        QTest.keyClick(bench.focus(widget), Qt.Key.Key_Space)
    assert bench.said == ["+stop", "-stop"] * 4
    assert clicked == []
    assert bench.note.text() == ""


def test_space_types_only_where_nothing_can_move(bench: Bench) -> None:
    bench.router.space_types = True
    QTest.keyClick(bench.focus(bench.note), Qt.Key.Key_Space)
    assert bench.note.text() == " "
    assert bench.said == []
    QTest.keyClick(bench.focus(bench.button), Qt.Key.Key_Space)
    assert bench.said == ["+stop", "-stop"]


def test_a_key_that_repeats_is_one_press(bench: Bench) -> None:
    QTest.keyPress(bench.window, Qt.Key.Key_G)
    for _ in range(5):
        for kind in (QEvent.Type.KeyRelease, QEvent.Type.KeyPress):
            event = QKeyEvent(kind, Qt.Key.Key_G, Qt.KeyboardModifier.NoModifier, "g", True)
            QApplication.sendEvent(bench.window, event)
    assert bench.said == ["+correct"]
    QTest.keyRelease(bench.window, Qt.Key.Key_G)
    assert bench.said == ["+correct", "-correct"]


def test_losing_the_focus_releases_everything(bench: Bench) -> None:
    QTest.keyPress(bench.window, Qt.Key.Key_G)
    QTest.keyPress(bench.window, Qt.Key.Key_W)
    assert bench.moving == ("forward",)
    QApplication.sendEvent(bench.window, QEvent(QEvent.Type.WindowDeactivate))
    assert bench.said == ["+correct", "-correct"]
    assert bench.moving == ()
    QTest.keyRelease(bench.window, Qt.Key.Key_G)
    assert bench.said == ["+correct", "-correct"], "the late key-up says nothing twice"


def test_any_number_of_motion_keys_is_held_and_shift_goes_slow(bench: Bench) -> None:
    QTest.keyPress(bench.window, Qt.Key.Key_W)
    QTest.keyPress(bench.window, Qt.Key.Key_Shift)
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.keyPress(bench.window, Qt.Key.Key_A, shift)
    assert bench.moving == ("forward", "slow", "left")
    QTest.keyRelease(bench.window, Qt.Key.Key_W, shift)
    QTest.keyRelease(bench.window, Qt.Key.Key_Shift)
    QTest.keyRelease(bench.window, Qt.Key.Key_A)
    assert bench.moving == ()


def test_typing_a_note_neither_moves_nor_takes_over(bench: Bench) -> None:
    QTest.keyClicks(bench.focus(bench.note), "wg1")
    assert bench.note.text() == "wg1"
    assert bench.said == []
    assert bench.moving == ()


def test_enter_presses_the_button_that_has_the_focus_and_is_the_next_act_elsewhere(
    bench: Bench,
) -> None:
    clicked: list[int] = []
    bench.button.clicked.connect(lambda: clicked.append(1))
    QTest.keyClick(bench.focus(bench.window), Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is bench.button
    QTest.keyClick(bench.button, Qt.Key.Key_Return)
    assert len(clicked) == 1
    assert bench.said == []
    bench.button.clearFocus()
    QTest.keyClick(bench.window, Qt.Key.Key_Return)
    assert bench.said == ["+next", "-next"]
    QTest.keyClick(bench.focus(bench.number), Qt.Key.Key_Return)
    assert bench.said == ["+next", "-next"], "Enter in a number only takes the number"


def test_enter_presses_no_button_that_the_focus_came_to_by_itself(bench: Bench) -> None:
    clicked: list[int] = []
    bench.button.clicked.connect(lambda: clicked.append(1))
    bench.focus(bench.note)
    bench.button.setFocus(Qt.FocusReason.TabFocusReason)  # as Qt does when a button is disabled
    QTest.keyClick(bench.button, Qt.Key.Key_Return)
    assert clicked == []
    assert bench.said == ["+next", "-next"]


@pytest.mark.parametrize(
    ("key", "modifiers", "text", "action"),
    [
        (Qt.Key.Key_Question, Qt.KeyboardModifier.ShiftModifier, "?", "keys"),
        (Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier, "", "retrain"),
        (Qt.Key.Key_F4, Qt.KeyboardModifier.NoModifier, "", "page_station"),
        (Qt.Key.Key_Z, Qt.KeyboardModifier.ShiftModifier, "Z", "redo"),
        (Qt.Key.Key_3, Qt.KeyboardModifier.KeypadModifier, "3", "tag_3"),
        (Qt.Key.Key_Backspace, Qt.KeyboardModifier.NoModifier, "\b", "discard"),
    ],
)
def test_every_action_is_reached_by_its_key(
    bench: Bench, key: Qt.Key, modifiers: Qt.KeyboardModifier, text: str, action: str
) -> None:
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(bench.window, QKeyEvent(kind, key, modifiers, text))
    assert bench.said == [f"+{action}", f"-{action}"]


def test_the_enter_that_ends_a_note_is_no_act_however_long_it_is_held(
    bench: Bench, qtbot: QtBot
) -> None:
    bench.note.returnPressed.connect(bench.note.clearFocus)
    bench.router.settle_ms = 30
    QTest.keyPress(bench.focus(bench.note), Qt.Key.Key_Return)
    for _ in range(3):  # X11 repeats it as releases and presses
        QTest.keyRelease(bench.focus(bench.window), Qt.Key.Key_Return)
        QTest.keyPress(bench.window, Qt.Key.Key_Return)
    QTest.keyRelease(bench.window, Qt.Key.Key_Return)
    assert bench.said == []
    qtbot.wait(80)
    QTest.keyClick(bench.window, Qt.Key.Key_Return)
    assert bench.said == ["+next"]


def test_a_held_key_that_comes_as_releases_and_presses_is_one_press(
    bench: Bench, qtbot: QtBot
) -> None:
    bench.router.settle_ms = 30
    target = bench.focus(bench.window)
    QTest.keyPress(target, Qt.Key.Key_G)
    QTest.keyPress(target, Qt.Key.Key_W)
    for _ in range(5):
        for key in (Qt.Key.Key_G, Qt.Key.Key_W):
            QTest.keyRelease(target, key)
            QTest.keyPress(target, key)
    assert bench.said == ["+correct"]
    assert bench.moving == ("forward",)
    QTest.keyRelease(target, Qt.Key.Key_G)
    QTest.keyRelease(target, Qt.Key.Key_W)
    qtbot.waitUntil(lambda: bench.said == ["+correct", "-correct"] and bench.moving == ())
    QTest.keyPress(target, Qt.Key.Key_G)
    QTest.keyRelease(target, Qt.Key.Key_G)
    bench.router.release_all()
    assert bench.said[2:] == ["+correct", "-correct"]
