"""One row of the joint plots: a joint's curves between its limits, its name and its value."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QGraphicsRectItem

from dagger_gui import theme
from dagger_gui.theme import Role
from dagger_gui.widgets._painting import nice_ticks, number
from dagger_gui.widgets._plotting import Axis, TimeRow, coloured, end_at, line_height, pen, text

CURVES = ("measured", "policy", "sent")
LEADER = "leader"  # a ghost: where the human's hand is while it does not drive
_DASHES = [5.0, 3.0]
_MARGIN = 0.06  # of the limits' span, so that a limit is an edge inside the plot


def curve_colour(word: str) -> QColor:
    """The colour of ``measured``, ``policy``, ``sent`` or ``leader``."""
    look = theme.current()
    if word == "policy":
        return look.stroke("policy")
    if word == LEADER:
        return look.stroke("human")
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
        words = (LEADER, *reversed(CURVES))
        self.curves = {word: self.curve(curve_colour(word)) for word in words}
        self.axis = Axis("left", left)
        self.axis.linkToView(self)
        self._joint = name.replace("_", " ")
        self._name = text(self.axis, look.muted, self._joint)
        self._unit_word = unit
        self._unit = text(self.axis, look.muted, unit)
        self._value = text(self.axis, look.text)
        self._zoom = text(self, look.muted)
        self._cursor = self._label()
        self.addItem(self._cursor, ignoreBounds=True)
        self._ground = QGraphicsRectItem(self)
        self._ground.setPen(QPen(Qt.PenStyle.NoPen))
        self._ground.setBrush(_over_curves())
        self._hint = text(self._ground, look.text)
        self._ground.hide()
        self.enlarge(False)
        self.sigResized.connect(self.showRange)

    def enlarge(self, on: bool) -> None:
        """Room for numbers at the axis and thicker lines, or not."""
        self.axis.setStyle(showValues=on)
        self.axis.setFlag(self.GraphicsItemFlag.ItemHasNoContents, not on)
        for word, curve in self.curves.items():
            dashes = _DASHES if word == LEADER else None
            curve.setPen(pen(curve_colour(word), 1.5 if on else 1.0, dashes))
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
        self._place_hint()

    def zoomed(self) -> list[float] | None:
        """The range on screen, or None while it is the full one."""
        low, high = self.viewRange()[1]
        span = self.full[1] - self.full[0]
        return [low, high] if (high - low) < span * 0.999 else None

    def showValue(self, value: float) -> None:
        """The newest measured value."""
        self._value.setText(number(value))
        end_at(self._value, self._right, self._middle)

    def showHint(self, missing: float | None, tolerance: float) -> None:
        """How far the leader's joint still is from the arm's, in its unit; None takes it away."""
        self._ground.setVisible(missing is not None)
        if missing is None:
            return
        aligned = abs(missing) <= tolerance
        role: Role = "good" if aligned else "human"
        sign = "+" if missing > 0 else ""
        way = f"{sign}{number(missing, 2)}{self._unit_word}"
        # NaN is beyond any tolerance, and nothing to say: that joint has no leader.
        words = "" if math.isnan(missing) else "aligned" if aligned else f"move {self._joint} {way}"
        self._hint.setText(words)
        if self._hint.boundingRect().width() + theme.grid(2) > self.width():
            self._hint.setText(way)  # the name is beside it
        self._hint.setBrush(theme.current().stroke(role))
        self._ground.setVisible(bool(words))
        self._place_hint()

    def hint(self) -> str:
        """What ``showHint`` says now; empty if nothing."""
        return str(self._hint.text()) if self._ground.isVisible() else ""

    def _place_hint(self) -> None:
        """At the lower left: the cursor's values are above, and the curves are oldest there."""
        gap, size = theme.grid(1), self._hint.boundingRect()
        self._hint.setPos(gap, 0)
        self._ground.setRect(0, 0, size.width() + 2 * gap, size.height())
        zoom = self._zoom.boundingRect().width()
        self._ground.setPos(zoom + gap if zoom else 0.0, self.height() - size.height())

    def _label(self) -> pg.TextItem:
        made = pg.TextItem(fill=_over_curves())
        made.textItem.setFont(theme.font("small"))
        made.textItem.document().setDocumentMargin(1)
        made.hide()
        return made

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
        words = [*CURVES, LEADER] if math.isfinite(values.get(LEADER, math.nan)) else CURVES
        cells = (coloured(f"{number(values[w]):\u2007>6}", curve_colour(w)) for w in words)
        self._cursor.setHtml("".join(cells) + coloured(" ", "black"))


def _over_curves() -> QColor:
    """The ground of words that lie on curves."""
    ground = QColor(theme.current().sunken)
    ground.setAlphaF(0.85)
    return ground
