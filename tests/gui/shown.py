"""Shows a widget alone, presses it, and looks at what it painted."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dagger_gui.widgets._buttons import KeyButton

W = TypeVar("W", bound=QWidget)


def shown(qtbot: QtBot, widget: W, width: int, height: int) -> W:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def button(parent: QWidget, text: str) -> KeyButton:
    return next(b for b in parent.findChildren(KeyButton) if b.text() == text)


def press(qtbot: QtBot, parent: QWidget, text: str) -> None:
    qtbot.mouseClick(button(parent, text), Qt.MouseButton.LeftButton)


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def colour_at(image: QImage, x: float, y: float) -> str:
    return image.pixelColor(round(x), round(y)).name()


def holds(image: QImage, colour: str) -> bool:
    """Whether any pixel of every second row has exactly this colour."""
    wanted = QColor(colour).rgb()
    return any(
        image.pixel(x, y) == wanted
        for y in range(0, image.height(), 2)
        for x in range(image.width())
    )
