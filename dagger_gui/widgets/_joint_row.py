"""One row of the joint plots: a joint's curves between its limits, its name and its value."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsRectItem

from dagger_gui import theme
from dagger_gui.widgets._painting import nice_ticks, number
from dagger_gui.widgets._plotting import Axis, TimeRow, coloured, end_at, line_height, pen, text

CURVES = ("measured", "policy", "sent")
_MARGIN = 0.06  # of the limits' span, so that a limit is an edge inside the plot


def curve_colour(word: str) -> QColor:
    """The colour of ``measured``, ``policy`` or ``sent``."""
    look = theme.current()
    if word == "policy":
        return look.stroke("policy")
    return QColor(look.text if word == "measured" else look.muted)


class JointRow(TimeRow):
    """A joint: curves between its limits, its name and value at the left."""

    def __init__(
        self, name: str, unit: str, limits: tuple[float, float], window_s: float, left: float
    ) -> None:
        lower, upper = limits
        margin = (upper - lower) * _MARGIN
        super().__init__(window_s, lower - margin, upper + margin)
        self.setMouseEnabled(x=False, y=True)
        look = theme.current()
        beyond = QColor(look.edge)
        beyond.setAlphaF(0.28)
        for edge, outer in ((lower, -margin), (upper, margin)):
            # Wider than the plot and ending outside it: of its border only the limit is seen.
            band = QGraphicsRectItem(QRectF(-2 * window_s, edge, 3 * window_s, 2 * outer))
            band.setPen(pen(look.edge))
            band.setBrush(beyond)
            self.addItem(band, ignoreBounds=True)
        self.curves = {word: self.curve(curve_colour(word)) for word in reversed(CURVES)}
        self.axis = Axis("left", left)
        self.axis.linkToView(self)
        self._name = text(self.axis, look.muted, name.replace("_", " "))
        self._unit = text(self.axis, look.muted, unit)
        self._value = text(self.axis, look.text)
        self._zoom = text(self, look.muted)
        ground = QColor(look.sunken)
        ground.setAlphaF(0.85)
        self._cursor = pg.TextItem(fill=ground)
        self._cursor.textItem.setFont(theme.font("small"))
        self._cursor.textItem.document().setDocumentMargin(1)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self.enlarge(False)
        self.sigResized.connect(self.showRange)

    def enlarge(self, on: bool) -> None:
        """Room for numbers at the axis and thicker lines, or not."""
        self.axis.setStyle(showValues=on)
        self.axis.setFlag(self.GraphicsItemFlag.ItemHasNoContents, not on)
        for word, curve in self.curves.items():
            curve.setPen(pen(curve_colour(word), 1.5 if on else 1.0))
        self.showRange()

    def showRange(self) -> None:
        """Grid, words and zoom factor for the range and the size on screen."""
        low, high = self.viewRange()[1]
        enlarged, line = self.axis.style["showValues"], line_height()
        ticks = nice_ticks(low, high, 8) if enlarged else [0.0]
        self.drawGrid(ticks)
        self.axis.mark([(tick, number(tick)) for tick in ticks])
        zoom = (self.full[1] - self.full[0]) / (high - low)
        self._zoom.setText(f"×{zoom:.1f}" if zoom > 1.01 else "")
        self._zoom.setPos(theme.grid(1), self.height() - line)
        self._middle = min(self.height() / 2, line * 1.6)
        right = self.axis.width() - theme.grid(2)
        end_at(self._name, right, self._middle - line)
        self._right = end_at(self._unit, right, self._middle)
        self.axis.taken = QRectF(0, self._middle - line, right, 2 * line)
        end_at(self._value, self._right, self._middle)

    def zoomed(self) -> list[float] | None:
        """The range on screen, or None while it is the full one."""
        low, high = self.viewRange()[1]
        span = self.full[1] - self.full[0]
        return [low, high] if (high - low) < span * 0.999 else None

    def showValue(self, value: float) -> None:
        """The newest measured value."""
        self._value.setText(number(value))
        end_at(self._value, self._right, self._middle)

    def placeCursor(self, seconds: float | None) -> None:
        """Puts the values beside a time, or takes them away."""
        self._cursor.setVisible(seconds is not None)
        if seconds is not None:
            on_left = -seconds < self.window * 0.4
            self._cursor.setAnchor((1.03, 0) if on_left else (-0.03, 0))
            self._cursor.setPos(seconds, self.viewRange()[1][1])

    def showCursor(self, values: dict[str, float]) -> None:
        """The values by curve at that time."""
        # Figure spaces keep the columns in place whatever the numbers are.
        cells = (coloured(f"{number(values[w]):\u2007>6}", curve_colour(w)) for w in CURVES)
        self._cursor.setHtml("".join(cells) + coloured(" ", "black"))
