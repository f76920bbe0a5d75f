"""Measured, policy and sent values of every joint over the last seconds, one row a joint.

One QPainter pass over everything instead of a graphics scene with a curve item each: at 21 curves
of 500 points that took a quarter of pyqtgraph's time here, and rows, names and values line up to
the pixel. The ground (names, grid, limits) is kept as a picture until size, theme or scale change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._joint_scales import JointScales
from dagger_gui.widgets._painting import (
    controller_brush,
    draw_curve,
    draw_text,
    nice_ticks,
    number,
    runs,
    thinned,
)

Array = NDArray[np.float64]
_RIGHT = Qt.AlignmentFlag.AlignRight
_CURVES = ("sent", "policy", "measured")  # in drawing order: what was measured lies on top


class JointPlots(Painted):
    """Rows of curves with fixed ranges; wheel zooms a joint, a double click enlarges it."""

    valueChanged = Signal(dict)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scales = JointScales()
        self._window = 10.0
        self._t: Array = np.zeros(0)
        self._data: dict[str, Array] = {}
        self._controller: NDArray[Any] = np.zeros(0, np.uint8)
        self._ground: QPixmap | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Joint plots")
        self.setAccessibleDescription(
            "Measured, policy and sent values over the last seconds. Arrow keys choose a joint to "
            "enlarge, plus and minus zoom, 0 goes back to the joint's limits, Escape shows all."
        )

    # What it shows

    def setJoints(
        self,
        names: Sequence[str],
        lower: Sequence[float] | Array,
        upper: Sequence[float] | Array,
        window_s: float = 10.0,
    ) -> None:
        """Names and limits, each of length A [rad; the last is the gripper, 0..1]."""
        self._scales.set_joints(tuple(names), np.asarray(lower), np.asarray(upper))
        self._window = window_s
        self.clear()
        self.restyle()

    def setData(
        self, t: Array, measured: Array, policy: Array, sent: Array, controller: NDArray[Any]
    ) -> None:
        """Everything for one frame of display; hidden, it costs nothing.

        Args:
            t: shape (N,), seconds before now, rising and <= 0.
            measured: shape (N, A).
            policy: shape (N, A), NaN where there was no proposal.
            sent: shape (N, A), NaN where nothing was sent.
            controller: shape (N,), ``sessions.types.Controller``.

        Raises:
            ValueError: the shapes do not agree with each other or with ``setJoints``.
        """
        shape = (len(t), len(self._scales.names))
        for word, values in (("measured", measured), ("policy", policy), ("sent", sent)):
            if values.shape != shape:
                raise ValueError(f"{word} has shape {values.shape}, not {shape}.")
        self._t, self._controller = t, controller
        self._data = {"measured": measured, "policy": policy, "sent": sent}
        if self.isVisible():
            self.update()

    def clear(self) -> None:
        """Takes the curves off."""
        self._t, self._data = np.zeros(0), {}
        self._controller = np.zeros(0, np.uint8)
        self.update()

    # How it shows it, remembered by the window

    def value(self) -> dict[str, Any]:
        """``{"enlarged": joint name or None, "zoom": {joint: [low, high]}}``."""
        return self._scales.value()

    def setValue(self, value: dict[str, Any]) -> None:
        """Restores what ``value`` gave; joints that are not there are left out."""
        if self._scales.set_value(value):
            self._changed()

    def enlarge(self, name: str | None) -> None:
        """Shows one joint at full height, or all of them (None)."""
        if self._scales.enlarge(name):
            self._changed()

    def resetScales(self) -> None:
        """Every joint back to its limits."""
        if self._scales.reset():
            self._changed()

    def _changed(self) -> None:
        self.restyle()
        self.valueChanged.emit(self.value())

    # Geometry

    def _names_width(self) -> float:
        small = QFontMetricsF(theme.font("small"))
        widest = max((small.horizontalAdvance(_words(n)) for n in self._scales.names), default=0.0)
        return max(widest, small.horizontalAdvance("−0.000 rad")) + theme.grid(3)

    def _head(self) -> float:
        return QFontMetricsF(theme.font("small")).height() + theme.grid(2)

    def _foot(self) -> float:
        return QFontMetricsF(theme.font("small")).height() + theme.grid(1)

    def rowRect(self, name: str) -> QRectF:
        """The plot area of a joint; empty while another one is enlarged."""
        shown = self._scales.shown()
        if name not in shown:
            return QRectF()
        height = (self.height() - self._head() - self._foot()) / len(shown)
        top = self._head() + shown.index(name) * height
        left = self._names_width()
        bottom = round(top + height) - 1
        return QRectF(left, round(top), self.width() - left - theme.grid(1), bottom - round(top))

    def _joint_at(self, y: float) -> str | None:
        for name in self._scales.shown():
            row = self.rowRect(name)
            if row.top() <= y <= row.bottom() + 1:
                return name
        return None

    def sizeHint(self) -> QSize:
        """Two lines of text a row."""
        return QSize(theme.grid(105), theme.grid(11 * max(4, len(self._scales.names)) + 12))

    def minimumSizeHint(self) -> QSize:
        """Names over values, nothing cut."""
        return QSize(theme.grid(60), theme.grid(8.5 * max(4, len(self._scales.names)) + 12))

    # Painting

    def restyle(self) -> None:
        """The ground is drawn again at the next paint."""
        self._ground = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The ground has the widget's size."""
        self._ground = None
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, spans, curves, values."""
        if self._ground is None:
            self._ground = self._draw_ground()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground)
        if not self._scales.names:
            painter.end()
            return
        spans = [(start, stop, who) for start, stop, who in runs(self._controller) if who != 1]
        for name in self._scales.shown():
            self._paint_row(painter, name, spans)
        if self._pointer is not None:
            self._paint_cursor(painter, self._pointer)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.current().text), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_row(self, painter: QPainter, name: str, spans: list[tuple[int, int, int]]) -> None:
        row = self.rowRect(name)
        joint = self._scales.names.index(name)
        painter.save()
        painter.setClipRect(row)
        x = self._x(row, self._t) if len(self._t) else self._t
        painter.setPen(Qt.PenStyle.NoPen)
        for start, stop, who in spans:
            end = x[stop] if stop < len(x) else x[-1]
            painter.setBrush(controller_brush(who, 0.26))
            painter.drawRect(QRectF(x[start], row.top(), end - x[start], row.height()))
        big = self._scales.enlarged is not None
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = self._scales.range(name)
        for word in _CURVES:
            values = self._data.get(word)
            if values is None:
                continue
            painter.setPen(QPen(_curve_colour(word), 1.5 if big else 1))
            y = row.bottom() - (values[:, joint] - low) / (high - low) * row.height()
            draw_curve(painter, *thinned(x, y, round(row.width())))
        painter.restore()
        self._paint_value(painter, name, joint, row)

    def _paint_value(self, painter: QPainter, name: str, joint: int, row: QRectF) -> None:
        values = self._data.get("measured")
        text = number(float(values[-1, joint]), 2) if values is not None and len(values) else "–"
        small = theme.font("small")
        painter.setFont(small)
        painter.setPen(QColor(theme.current().text))
        height = QFontMetricsF(small).height()
        middle = min(row.center().y(), row.top() + height * 1.6)
        unit = QFontMetricsF(small).horizontalAdvance(" rad")
        right = row.left() - theme.grid(2)
        line = QRectF(0, middle, right, height)
        draw_text(painter, line.adjusted(0, 0, -unit, 0), text, _RIGHT)

    def _paint_cursor(self, painter: QPainter, pointer: QPointF) -> None:
        look = theme.current()
        first = self.rowRect(self._scales.shown()[0])
        if not first.left() <= pointer.x() <= first.right() or not len(self._t):
            return
        seconds = (pointer.x() - first.left()) / first.width() * self._window - self._window
        at = min(int(np.searchsorted(self._t, seconds)), len(self._t) - 1)
        painter.setPen(QPen(QColor(look.muted), 1))
        x = round(pointer.x()) + 0.5
        painter.drawLine(QPointF(x, first.top()), QPointF(x, self.height() - self._foot()))
        painter.setFont(theme.font("small"))
        metrics = QFontMetricsF(painter.font())
        width = metrics.horizontalAdvance("−0.000") + theme.grid(1)
        for name in self._scales.shown():
            row = self.rowRect(name)
            joint = self._scales.names.index(name)
            on_left = pointer.x() + 3 * width + theme.grid(2) > row.right()
            left = x - 3 * width - theme.grid(1) if on_left else x + theme.grid(1)
            box = QRectF(left, row.top() + 1, 3 * width, metrics.height())
            ground = QColor(look.sunken)
            ground.setAlphaF(0.85)
            painter.fillRect(box, ground)
            for i, word in enumerate(("measured", "policy", "sent")):
                painter.setPen(_curve_colour(word))
                cell = QRectF(left + i * width, box.top(), width - 3, box.height())
                draw_text(painter, cell, number(float(self._data[word][at, joint])), _RIGHT)
        foot = QRectF(x - 40, self.height() - self._foot(), 80, self._foot())
        painter.fillRect(foot, QColor(look.surface))
        painter.setPen(QColor(look.text))
        draw_text(painter, foot, f"{number(seconds, 1)} s", Qt.AlignmentFlag.AlignHCenter)

    def _x(self, row: QRectF, t: Array) -> Array:
        return np.asarray(row.left() + (t + self._window) / self._window * row.width())

    def _draw_ground(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        ground = QPixmap(self.size() * ratio)
        ground.setDevicePixelRatio(ratio)
        look = theme.current()
        ground.fill(QColor(look.surface))
        painter = QPainter(ground)
        painter.setFont(theme.font("small"))
        if not self._scales.names:
            painter.setPen(QColor(look.muted))
            words = "No joints yet. Start the station to see what the arm does."
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(self.rect()), flags, words)
            painter.end()
            return ground
        for name in self._scales.shown():
            self._ground_row(painter, name)
        self._ground_legend(painter)
        self._ground_time(painter)
        painter.end()
        return ground

    def _ground_row(self, painter: QPainter, name: str) -> None:
        look = theme.current()
        row = self.rowRect(name)
        painter.fillRect(row, QColor(look.sunken))
        low, high = self._scales.range(name)

        def y(value: float) -> float:
            return round(row.bottom() - (value - low) / (high - low) * row.height()) + 0.5

        painter.setPen(QPen(QColor(look.line), 1))
        for second in nice_ticks(-self._window, 0, 5):
            at = round(float(self._x(row, np.array(second)))) + 0.5
            painter.drawLine(QPointF(at, row.top()), QPointF(at, row.bottom()))
        ticks = nice_ticks(low, high, 8) if self._scales.enlarged else [0.0]
        for tick in ticks:
            if low < tick < high:
                painter.drawLine(QPointF(row.left(), y(tick)), QPointF(row.right(), y(tick)))
        joint = self._scales.names.index(name)
        beyond = QColor(look.edge)
        beyond.setAlphaF(0.28)
        for limit, outer in (
            (self._scales.lower[joint], row.bottom()),
            (self._scales.upper[joint], row.top()),
        ):
            if low <= limit <= high:
                edge = y(limit)
                painter.fillRect(
                    QRectF(row.left(), min(edge, outer), row.width(), abs(edge - outer)), beyond
                )
                painter.setPen(QPen(QColor(look.edge), 1))
                painter.drawLine(QPointF(row.left(), edge), QPointF(row.right(), edge))
        self._ground_name(painter, name, row, ticks, y)

    def _ground_name(
        self, painter: QPainter, name: str, row: QRectF, ticks: list[float], y: Any
    ) -> None:
        look = theme.current()
        metrics = QFontMetricsF(painter.font())
        height = metrics.height()
        middle = min(row.center().y(), row.top() + height * 1.6)
        right = row.left() - theme.grid(2)
        painter.setPen(QColor(look.muted))
        words = _words(name)
        draw_text(painter, QRectF(0, middle - height, right, height), words, _RIGHT)
        unit = "" if self._scales.is_gripper(name) else " rad"
        draw_text(painter, QRectF(0, middle, right, height), unit, _RIGHT)
        zoom = self._scales.factor(name)
        if zoom > 1.01:
            mark = QRectF(row.left() + theme.grid(1), row.bottom() - height, 60, height)
            draw_text(painter, mark, f"×{zoom:.1f}")
        if self._scales.enlarged:
            for tick in ticks:
                line = QRectF(0, y(tick) - height / 2, right, height)
                if line.top() > middle + height and line.bottom() < row.bottom() + height / 2:
                    draw_text(painter, line, number(tick), _RIGHT)

    def _ground_legend(self, painter: QPainter) -> None:
        look = theme.current()
        metrics = QFontMetricsF(painter.font())
        x = self._names_width()
        height = self._head() - theme.grid(1)
        for word in ("measured", "policy", "sent"):
            painter.setPen(QPen(_curve_colour(word), 2))
            painter.drawLine(QPointF(x, height / 2), QPointF(x + theme.grid(4), height / 2))
            x += theme.grid(5)
            painter.setPen(QColor(look.muted))
            width = metrics.horizontalAdvance(word)
            draw_text(painter, QRectF(x, 0, width + 1, height), word)
            x += width + theme.grid(4)
        for who, word in ((2, "human"), (3, "handover"), (0, "hold")):
            width = metrics.horizontalAdvance(word)
            if x + theme.grid(4) + width > self.width():
                break
            box = QRectF(x, height / 2 - theme.grid(1), theme.grid(3), theme.grid(2))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(controller_brush(who, 0.5))
            painter.drawRect(box)
            x += theme.grid(4)
            painter.setPen(QColor(look.muted))
            draw_text(painter, QRectF(x, 0, width + 1, height), word)
            x += width + theme.grid(4)

    def _ground_time(self, painter: QPainter) -> None:
        last = self.rowRect(self._scales.shown()[-1])
        top = self.height() - self._foot()
        painter.setPen(QColor(theme.current().muted))
        for second in nice_ticks(-self._window, 0, 5):
            at = float(self._x(last, np.array(second)))
            box = QRectF(at - 30, top, 60, self._foot())
            align = Qt.AlignmentFlag.AlignHCenter
            words = number(second, 0)
            if second == 0:
                box, align, words = QRectF(at - 60, top, 60, self._foot()), _RIGHT, "now"
            elif math.isclose(second, -self._window):
                box, align = QRectF(at, top, 60, self._foot()), Qt.AlignmentFlag.AlignLeft
                words += " s"
            draw_text(painter, box, words, align)

    # Hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Values at the cursor."""
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """No cursor, no values."""
        self._pointer = None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enlarges the joint under the cursor, or shows all again."""
        self.enlarge(None if self._scales.enlarged else self._joint_at(event.position().y()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms the joint under the cursor around the value under the cursor."""
        name = self._joint_at(event.position().y())
        if name is None or event.angleDelta().y() == 0:
            return
        row = self.rowRect(name)
        fraction = (row.bottom() - event.position().y()) / max(1.0, row.height())
        if self._scales.zoom(name, 0.8 ** (event.angleDelta().y() / 120), fraction):
            self._changed()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a joint, plus and minus zoom it, 0 resets, Escape shows all."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._scales.names:
            self.enlarge(self._scales.neighbour(1 if key == Qt.Key.Key_Down else -1))
        elif key == Qt.Key.Key_Escape and self._scales.enlarged:
            self.enlarge(None)
        elif key == Qt.Key.Key_0:
            self.resetScales()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus) and self._scales.enlarged:
            factor = 0.8 if key == Qt.Key.Key_Plus else 1.25
            if self._scales.zoom(self._scales.enlarged, factor, 0.5):
                self._changed()
        else:
            super().keyPressEvent(event)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _curve_colour(word: str) -> QColor:
    look = theme.current()
    if word == "policy":
        return look.stroke("policy")
    return QColor(look.text if word == "measured" else look.edge)
