"""Where everything of the joint plots lies, and the ground that is painted once per layout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from dagger_gui import theme
from dagger_gui.widgets._joint_scales import JointScales
from dagger_gui.widgets._painting import controller_brush, draw_text, nice_ticks, number

_RIGHT = Qt.AlignmentFlag.AlignRight
CURVES = ("measured", "policy", "sent")
_SHADES = ((2, "human"), (0, "hold"), (3, "handover"))


def words_of(name: str) -> str:
    """A joint's name as words."""
    return name.replace("_", " ")


def curve_colour(word: str) -> QColor:
    """The colour of ``measured``, ``policy`` or ``sent``."""
    look = theme.current()
    if word == "policy":
        return look.stroke("policy")
    return QColor(look.text if word == "measured" else look.muted)


class JointLayout:
    """Rows of one height under a legend and over a time axis.

    Args:
        scales: which joints over which range.
        size: of the widget [px].
        window_s: length of the time axis [s].
    """

    def __init__(self, scales: JointScales, size: QSize, window_s: float) -> None:
        self.scales = scales
        self.window = window_s
        self.width, self.height = size.width(), size.height()
        small = QFontMetricsF(theme.font("small"))
        self.line = small.height()
        self.head = self.line + theme.grid(2)
        self.foot = self.line + theme.grid(1)
        widest = max((small.horizontalAdvance(words_of(n)) for n in scales.names), default=0.0)
        self.left = math.ceil(max(widest, small.horizontalAdvance("−0.000 rad")) + theme.grid(3))

    def row(self, name: str) -> QRectF:
        """The plot area of a joint; empty while another one is enlarged."""
        shown = self.scales.shown()
        if name not in shown:
            return QRectF()
        height = (self.height - self.head - self.foot) / len(shown)
        top = round(self.head + shown.index(name) * height)
        bottom = round(self.head + (shown.index(name) + 1) * height) - theme.grid(0.75)
        return QRectF(self.left, top, self.width - self.left - theme.grid(1), bottom - top)

    def joint_at(self, y: float) -> str | None:
        """The joint whose row is at height ``y`` [px]."""
        for name in self.scales.shown():
            row = self.row(name)
            if row.top() <= y <= row.bottom() + theme.grid(1):
                return name
        return None

    def x(self, row: QRectF, t: NDArray[Any]) -> NDArray[np.float64]:
        """Where seconds before now, any shape, lie [px]."""
        return np.asarray(row.left() + (t + self.window) / self.window * row.width())

    def y(self, row: QRectF, name: str, value: float) -> float:
        """Where a value of a joint lies, on a pixel's middle [px]."""
        low, high = self.scales.range(name)
        return round(row.bottom() - (value - low) / (high - low) * row.height()) + 0.5

    def name_middle(self, row: QRectF) -> float:
        """The line between a joint's name and its value [px]."""
        return min(row.center().y(), row.top() + self.line * 1.6)


def draw_ground(painter: QPainter, layout: JointLayout) -> None:
    """Rows, limits, names, legend and time axis."""
    for name in layout.scales.shown():
        row = layout.row(name)
        painter.fillRect(row, QColor(theme.current().sunken))
        ticks = _draw_grid(painter, layout, name, row)
        _draw_limits(painter, layout, name, row)
        _draw_name(painter, layout, name, row, ticks)
    _draw_legend(painter, layout)
    _draw_time(painter, layout)


def _draw_grid(painter: QPainter, layout: JointLayout, name: str, row: QRectF) -> list[float]:
    painter.setPen(QPen(QColor(theme.current().line), 1))
    for second in nice_ticks(-layout.window, 0, 5):
        at = round(float(layout.x(row, np.array(second)))) + 0.5
        painter.drawLine(QPointF(at, row.top()), QPointF(at, row.bottom()))
    low, high = layout.scales.range(name)
    ticks = nice_ticks(low, high, 8) if layout.scales.enlarged else [0.0]
    ticks = [t for t in ticks if low < t < high]
    for tick in ticks:
        y = layout.y(row, name, tick)
        painter.drawLine(QPointF(row.left(), y), QPointF(row.right(), y))
    return ticks


def _draw_limits(painter: QPainter, layout: JointLayout, name: str, row: QRectF) -> None:
    look = theme.current()
    low, high = layout.scales.range(name)
    joint = layout.scales.names.index(name)
    beyond = QColor(look.edge)
    beyond.setAlphaF(0.28)
    for limit, outer in (
        (float(layout.scales.lower[joint]), row.bottom()),
        (float(layout.scales.upper[joint]), row.top()),
    ):
        if not low <= limit <= high:
            continue
        edge = layout.y(row, name, limit)
        band = QRectF(row.left(), min(edge, outer), row.width(), abs(edge - outer))
        painter.fillRect(band, beyond)
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.drawLine(QPointF(row.left(), edge), QPointF(row.right(), edge))


def _draw_name(
    painter: QPainter, layout: JointLayout, name: str, row: QRectF, ticks: list[float]
) -> None:
    height, middle = layout.line, layout.name_middle(row)
    right = row.left() - theme.grid(2)
    painter.setPen(QColor(theme.current().muted))
    draw_text(painter, QRectF(0, middle - height, right, height), words_of(name), _RIGHT)
    unit = "" if layout.scales.is_gripper(name) else " rad"
    draw_text(painter, QRectF(0, middle, right, height), unit, _RIGHT)
    zoom = layout.scales.factor(name)
    if zoom > 1.01:
        mark = QRectF(row.left() + theme.grid(1), row.bottom() - height, 60, height)
        draw_text(painter, mark, f"×{zoom:.1f}")
    if not layout.scales.enlarged:
        return
    for tick in ticks:
        line = QRectF(0, layout.y(row, name, tick) - height / 2, right, height)
        if line.top() > middle + height and line.bottom() < row.bottom() + height / 2:
            draw_text(painter, line, number(tick), _RIGHT)


def _draw_legend(painter: QPainter, layout: JointLayout) -> None:
    look = theme.current()
    metrics = QFontMetricsF(painter.font())
    x, height = float(layout.left), layout.head - theme.grid(1)
    for word in CURVES:
        painter.setPen(QPen(curve_colour(word), 2))
        painter.drawLine(QPointF(x, height / 2), QPointF(x + theme.grid(3), height / 2))
        x += theme.grid(4)
        painter.setPen(QColor(look.muted))
        width = metrics.horizontalAdvance(word)
        draw_text(painter, QRectF(x, 0, width + 1, height), word)
        x += width + theme.grid(3)
    for who, word in _SHADES:
        width = metrics.horizontalAdvance(word)
        if x + theme.grid(4) + width > layout.width:
            break
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(controller_brush(who, 0.6))
        painter.drawRect(QRectF(x, height / 2 - theme.grid(1), theme.grid(3), theme.grid(2)))
        x += theme.grid(4)
        painter.setPen(QColor(look.muted))
        draw_text(painter, QRectF(x, 0, width + 1, height), word)
        x += width + theme.grid(3)


def _draw_time(painter: QPainter, layout: JointLayout) -> None:
    row = layout.row(layout.scales.shown()[-1])
    painter.setPen(QColor(theme.current().muted))
    for second in nice_ticks(-layout.window, 0, 5):
        if second == 0 or math.isclose(second, -layout.window):
            continue
        at = float(layout.x(row, np.array(second)))
        box = QRectF(at - 30, layout.height - layout.foot, 60, layout.foot)
        draw_text(painter, box, number(second, 0), Qt.AlignmentFlag.AlignHCenter)
    draw_time_ends(painter, layout)


def draw_time_ends(painter: QPainter, layout: JointLayout) -> None:
    """The two ends of the time axis, with the unit."""
    row = layout.row(layout.scales.shown()[-1])
    box = QRectF(row.left(), layout.height - layout.foot, row.width(), layout.foot)
    draw_text(painter, box, f"{number(-layout.window, 0)} s")
    draw_text(painter, box, "now", _RIGHT)
