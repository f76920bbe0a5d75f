"""The window's light, its closing, its names."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QPushButton

from dagger_gui import theme
from tests.gui.bench import Bench, Key, painted_in


def test_dark_and_light_are_one_key_apart_and_remembered(bench: Bench) -> None:
    bench.press(Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert theme.current().name == "light"
    assert bench.window._settings.value("theme") == "light"
    bench.qtbot.waitUntil(lambda: painted_in(bench.window) == {QColor(theme.LIGHT.text).name()})
    bench.press(Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert theme.current().name == "dark"


def test_closing_asks_nothing_and_lets_everything_stop_first(bench: Bench) -> None:
    bench.driving()
    closing: list[bool] = []
    bench.window.closing.connect(lambda: closing.append(True))
    assert not bench.window.close(), "the window waits until everything has stopped"
    assert closing == [True]
    assert QApplication.activeModalWidget() is None
    bench.window.finish_closing()
    assert not bench.window.isVisible()


def test_every_control_has_a_name_for_screen_readers(bench: Bench) -> None:
    for button in bench.window.findChildren(QPushButton):
        assert button.text() or button.accessibleName(), button
