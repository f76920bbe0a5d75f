"""pyqtgraph in this window's dress: rows of curves over one axis of seconds before now.

Ranges are fixed, menus off and spans are one path a shade: what is left of a frame is one
``setData`` a curve and its drawing, which keeps 21 curves of 500 points under 3 ms.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QGraphicsPathItem,
    QGraphicsSimpleTextItem,
    QGraphicsView,
    QSizePolicy,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.widgets._base import STYLE_EVENTS
from dagger_gui.widgets._painting import controller_brush, draw_focus, nice_ticks, number, runs
from sessions.types import Controller

SHADES = {Controller.HUMAN: "human", Controller.HOLD: "hold", Controller.HANDOVER: "handover"}


def pen(colour: QColor | str, width: float = 1.0, dashes: list[float] | None = None) -> QPen:
    """A cosmetic pen."""
    made: QPen = pg.mkPen(QColor(colour), width=width, dash=dashes)
    return made


def line_height() -> float:
    """Of small text [px]."""
    return QFontMetricsF(theme.font("small")).height()


def text(parent: Any, colour: QColor | str, words: str = "") -> QGraphicsSimpleTextItem:
    """Small text in a colour; far cheaper to change than pyqtgraph's labels, which are HTML."""
    made = QGraphicsSimpleTextItem(words, parent)
    made.setFont(theme.font("small"))
    made.setBrush(QColor(colour))
    return made


def end_at(item: QGraphicsSimpleTextItem, right: float, top: float) -> float:
    """Moves a text so that it ends at x ``right``; returns where it begins."""
    left = right - item.boundingRect().width()
    item.setPos(left, top)
    return left


def coloured(words: str, colour: QColor | str) -> str:
    """HTML of some words in a colour, their spaces kept."""
    return f"<span style='color:{QColor(colour).name()};white-space:pre'>{words}</span>"


class Plots(pg.GraphicsView):  # type: ignore[misc]
    """A view that is built again whenever theme or font change, with words where it is empty."""

    _stale = _behind = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Not a GraphicsLayoutWidget: that one puts a ``clear`` of its own over the widgets'.
        self.ci = pg.GraphicsLayout()
        self.setCentralItem(self.ci)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.ci.layout.setSpacing(0)
        self.ci.layout.setContentsMargins(0, 0, 0, 0)
        self.words = ""

    def build(self) -> None:
        """Fills the empty layout, in the colours of now."""
        raise NotImplementedError

    def fill(self) -> None:
        """Gives the items their newest data, at the size of now."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Shows new data, now or when it is next on screen."""
        self._behind = True
        if self.isVisible():
            self.settle()

    def restyle(self) -> None:
        """Has everything built again before it is painted or measured.

        Not at once: Qt tells of a new style while it walks through the scene's items.
        """
        self._stale = True
        self.viewport().update()

    def settle(self) -> None:
        """Catches up with style, size and data."""
        built, self._stale = self._stale, False
        behind, self._behind = self._behind, False
        if built:
            self.ci.clear()
            self.setBackground(theme.current().surface)
            self.build()
            super().resizeEvent(None)  # while it was built, its items bounded its size
        self.ci.layout.activate()
        if built or behind:
            self.fill()

    def close(self) -> bool:
        """Hides it, as of any widget; the base would empty the scene under events to come."""
        return QGraphicsView.close(self)

    def changeEvent(self, event: QEvent) -> None:
        """Follows theme and font."""
        super().changeEvent(event)
        if event.type() in STYLE_EVENTS:
            self._stale = True

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Some of what is drawn is in px."""
        super().resizeEvent(event)
        self._behind = True

    def paintEvent(self, event: QPaintEvent) -> None:
        """Settled, and then as its base does it."""
        self.settle()
        super().paintEvent(event)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """The words of an empty plot, and where the keyboard is."""
        whole = self.viewport().rect()
        if self.words:
            margin = theme.grid(3)
            painter.setFont(theme.font("body"))
            painter.setPen(QColor(theme.current().muted))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(whole.adjusted(margin, 0, -margin, 0), flags, self.words)
        if self.hasFocus():
            draw_focus(painter, whole)


class Axis(pg.AxisItem):  # type: ignore[misc]
    """Labels without lines; those at the ends move in, those on ``taken`` are left out."""

    def __init__(self, orientation: str, size: float) -> None:
        muted = theme.current().muted
        super().__init__(orientation, pen=pg.mkPen(None), textPen=muted, maxTickLength=0)
        self.taken = QRectF()
        self.setStyle(tickFont=theme.font("small"), hideOverlappingLabels=1000, tickAlpha=0)
        self.setStyle(tickTextOffset=theme.grid(2) if orientation == "left" else theme.grid(0.5))
        (self.setWidth if orientation == "left" else self.setHeight)(size)

    def mark(self, places: list[tuple[float, str]]) -> None:
        """Labels at these places; the same again are free."""
        if self._tickLevels != [places]:
            self.setTicks([places])

    def generateDrawSpecs(self, painter: QPainter) -> Any:
        """As its base does it, and then to its place."""
        specs = super().generateDrawSpecs(painter)
        if specs is None:
            return None
        axis, ticks, texts = specs
        whole, kept = self.rect(), []
        for rect, flags, words in texts:
            low, high = whole.topLeft(), whole.bottomRight()
            rect.moveLeft(min(max(rect.left(), low.x()), high.x() - rect.width()))
            rect.moveTop(min(max(rect.top(), low.y()), high.y() - rect.height()))
            if not rect.intersects(self.taken):
                kept.append((rect, flags, words))
        return axis, ticks, kept


class TimeAxis(Axis):
    """Seconds before now."""

    def __init__(self, window_s: float) -> None:
        super().__init__("bottom", math.ceil(line_height()) + theme.grid(1))
        self.window = window_s
        self.setRange(-window_s, 0)
        self.point(None)

    def point(self, seconds: float | None) -> None:
        """Makes room for one time in place of the regular ones; None brings them back."""
        ends = {-self.window: f"{number(-self.window, 0)} s", 0.0: "now"}
        marks = {s: number(s, 0) for s in nice_ticks(-self.window, 0, 5)} | ends
        if seconds is not None:
            ends = {s: w for s, w in ends.items() if abs(seconds - s) > self.window / 6}
            marks = ends | {seconds: f"{number(seconds, 1)} s"}
        self.mark(list(marks.items()))


class Curve(pg.GraphicsObject):  # type: ignore[misc]
    """A curve that fills the fixed ranges of its row.

    Not a PlotCurveItem, which spends twice the time of the drawing on options that nobody set.
    """

    def __init__(self, place: QRectF, colour: QColor, width: float) -> None:
        super().__init__()
        self._place, self._pen = place, pen(colour, width)
        self._line: QPolygonF | None = None
        self._pieces = QPainterPath()

    def setPen(self, line: QPen) -> None:
        """Draws it with another pen."""
        self._pen = line
        self.update()

    def setData(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Draws it through these points, both shape (N,); NaN in ``y`` leaves gaps."""
        known = np.isfinite(y)
        self._line, self._pieces = None, QPainterPath()
        if len(y) and known.all():
            self._line = pg.functions.create_qpolygonf(len(x))
            points = pg.functions.ndarray_from_qpolygonf(self._line)
            points[:, 0], points[:, 1] = x, y
        elif known.any():
            self._pieces = pg.arrayToQPath(x, y, connect="finite")
        self.update()

    def boundingRect(self) -> QRectF:
        """Where any of it can be seen."""
        return self._place

    def paint(self, painter: QPainter, *_: object) -> None:
        """One line, or its pieces."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._pen)
        if self._line is not None:
            painter.drawPolyline(self._line)
        elif not self._pieces.isEmpty():
            painter.drawPath(self._pieces)


class TimeRow(pg.ViewBox):  # type: ignore[misc]
    """One plot area over the last ``window_s`` seconds, from ``low`` to ``high``."""

    def __init__(self, window_s: float, low: float, high: float) -> None:
        super().__init__(enableMenu=False, enableMouse=False, defaultPadding=0)
        look = theme.current()
        self.window, self.full = window_s, (low, high)
        self.setBackgroundColor(look.sunken)
        self.setLimits(yMin=low, yMax=high, minYRange=(high - low) / 100)
        self.setRange(xRange=(-window_s, 0), yRange=self.full, padding=0, disableAutoRange=True)
        self._grid = self._path(pen(look.line), Qt.BrushStyle.NoBrush)
        self.addItem(self._grid, ignoreBounds=True)
        # In px and not in seconds and radians, or the hatching would be stretched with them.
        self._spans = {who: self._path(QPen(Qt.PenStyle.NoPen), who) for who in SHADES}

    def _path(self, line: QPen, fill: Any) -> QGraphicsPathItem:
        item = QGraphicsPathItem(self)
        item.setPen(line)
        item.setBrush(controller_brush(fill, 0.26) if fill in SHADES else QBrush(fill))
        item.setZValue(-1000)
        return item

    def drawGrid(self, values: list[float]) -> None:
        """Lines at round seconds and at these values."""
        path = QPainterPath()
        for second in nice_ticks(-self.window, 0, 5):
            path.moveTo(second, self.full[0])
            path.lineTo(second, self.full[1])
        for value in values:
            path.moveTo(-self.window, value)
            path.lineTo(0, value)
        self._grid.setPath(path)

    def curve(self, colour: QColor, width: float = 1.0) -> Curve:
        """A new curve on top; NaN leaves gaps."""
        low, high = self.full
        made = Curve(QRectF(-self.window, low, self.window, high - low), colour, width)
        self.addItem(made, ignoreBounds=True)
        return made

    def setSpans(self, spans: dict[Controller, QPainterPath]) -> None:
        """Shades what ``spans`` gave."""
        for who, item in self._spans.items():
            item.setPath(spans[who])

    def spans(self, t: NDArray[Any], controller: NDArray[Any]) -> dict[Controller, QPainterPath]:
        """Who was in control, other than the policy, for every row of this size; both (N,)."""
        paths = {who: QPainterPath() for who in SHADES}
        x = (t / self.window + 1) * self.width()
        for start, stop, who in runs(controller):
            if who == Controller.POLICY:
                continue
            left, right = float(x[start]), float(x[min(stop, len(x) - 1)])
            shade = Controller.HUMAN if who == Controller.DEMO else Controller(who)
            paths[shade].addRect(left, -1, right - left, self.height() + 2)
        return paths
