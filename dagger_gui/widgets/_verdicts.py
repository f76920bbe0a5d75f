"""What tables of verdicts have in common: the mark before each row, and rows that scroll."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QScrollArea, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._painting import draw_shape


class Mark(Painted):
    """A shape and a colour for a verdict: a warning triangle for ``bad``; a table draws the rest.

    Args:
        verdict: at first.
        parent: Qt owner.
    """

    def __init__(self, verdict: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = verdict
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, False)
        self.setFixedSize(theme.grid(4), theme.grid(4))

    def setVerdict(self, verdict: str) -> None:
        """Shows a verdict."""
        if verdict != self._verdict:
            self._verdict = verdict
            self.update()

    def verdict(self) -> str:
        """What it shows."""
        return self._verdict

    def draw(self, painter: QPainter, box: QRectF) -> None:
        """Draws a verdict that is not bad."""
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        """The shape."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self._verdict == "bad":
            draw_shape(painter, box, "warning", theme.current().stroke("fault"))
        else:
            self.draw(painter, box)
        painter.end()


class RowsArea(QScrollArea):
    """Rows that scroll up and down, on the page's own ground."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)

    def setRowsBody(self, body: QWidget) -> None:
        """Takes what holds the rows."""
        self.setWidget(body)
        body.setAutoFillBackground(False)  # the page's ground shows through
