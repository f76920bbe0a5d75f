"""A legend of one row: bars for lines and shades, or samples of the curves themselves."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from pyqtgraph.graphicsItems.LegendItem import ItemSample
from PySide6.QtCore import QRectF
from PySide6.QtGui import QBrush, QColor, QPainter
from PySide6.QtWidgets import QSizePolicy

from dagger_gui import theme


class Swatch(ItemSample):  # type: ignore[misc]
    """A bar of ``height`` px in a legend."""

    def __init__(self, fill: QColor | QBrush, height: float, *, dashed: bool = False) -> None:
        super().__init__(self)
        self._fill, self._height, self._dashed = QBrush(fill), height, dashed
        self.setFixedWidth(theme.grid(3))

    def paint(self, painter: QPainter, *args: Any) -> None:
        """The bar, in the middle."""
        top = round((self.rect().height() - self._height) / 2)
        width = self.rect().width()
        part = width / 3 if self._dashed else width
        painter.fillRect(QRectF(0, top, part, self._height), self._fill)
        painter.fillRect(QRectF(width - part, top, part, self._height), self._fill)

    def mouseClickEvent(self, event: Any) -> None:
        """Hides nothing: what is drawn is part of the picture."""
        event.ignore()


class Legend(pg.LegendItem):  # type: ignore[misc]
    """One row, where it is put."""

    def __init__(self, columns: int, left: float = 0.0, gap: float = 3.0) -> None:
        size = f"{theme.font('small').pointSizeF()}pt"
        colour = theme.current().muted
        super().__init__(
            colCount=columns,
            frame=False,
            horSpacing=theme.grid(1),
            labelTextSize=size,
            labelTextColor=colour,
        )
        self.layout.setContentsMargins(left, 0, 0, theme.grid(1))
        for column in range(1, 2 * columns - 1, 2):
            self.layout.setColumnSpacing(column, theme.grid(gap))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(0)  # it never widens the plots

    def resizeEvent(self, event: Any) -> None:
        """Leaves out what has no room."""
        super().resizeEvent(event)
        self.layout.activate()
        for sample, label in self.items:
            fits = label.geometry().right() <= self.width() + 1
            sample.setOpacity(fits)
            label.setOpacity(fits)

    def mouseDragEvent(self, event: Any) -> None:
        """Stays where it is."""
        event.ignore()

    def hoverEvent(self, event: Any) -> None:
        """Takes no drags."""
