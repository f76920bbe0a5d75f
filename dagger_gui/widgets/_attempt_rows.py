"""Paints the rows of an attempt's plots: one joint each, and the doubt below them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from dagger_gui import theme
from dagger_gui.widgets._joint_row import CURVES, curve_colour
from dagger_gui.widgets._painting import controller_brush, draw_text, nice_ticks, number, runs
from dagger_gui.widgets._plotting import SHADES
from dagger_gui.widgets._time_view import TimeView
from sessions.types import Controller

Array = NDArray[np.float64]
_MARGIN = 0.06  # of the limits' span, as in the live plots
_DECADES = 1.0  # tau to 10 tau fill the upper half of the doubt's row
_POINTS_A_PIXEL = 3


@dataclass(frozen=True)
class Curves:
    """What is plotted of an attempt.

    Attributes:
        t: since the first tick, shape (T,) [s].
        values: by ``measured``, ``policy`` and ``sent``, each of shape (T, A); NaN leaves gaps.
        doubt: shape (T,), NaN without one.
        tau: the doubt's threshold, NaN without one.
        controller: shape (T,), ``sessions.types.Controller``.
        names: of the joints, A of them.
        units: ``rad``, or empty for a gripper.
        lower: lowest positions, shape (A,).
        upper: highest positions, shape (A,).
    """

    t: Array = field(default_factory=lambda: np.zeros(0))
    values: dict[str, Array] = field(default_factory=dict)
    doubt: Array = field(default_factory=lambda: np.zeros(0))
    tau: float = math.nan
    controller: NDArray[Any] = field(default_factory=lambda: np.zeros(0, np.uint8))
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    lower: Array = field(default_factory=lambda: np.zeros(0))
    upper: Array = field(default_factory=lambda: np.zeros(0))

    def range(self, joint: int) -> tuple[float, float]:
        """From below the lower limit to above the upper one, so that both are edges inside."""
        low, high = float(self.lower[joint]), float(self.upper[joint])
        margin = (high - low) * _MARGIN
        return low - margin, high + margin


def doubt_height(doubt: Array, tau: float) -> Array:
    """Height of doubts in their row, 0 to 1: tau at half, ten times tau at the top; any shape."""
    if not math.isfinite(tau) or tau <= 0:
        known = doubt[np.isfinite(doubt)]
        top = float(known.max()) * 1.1 if len(known) and known.max() > 0 else 1.0
        return np.clip(doubt / top, 0, 1)
    relative = doubt / tau
    with np.errstate(divide="ignore", invalid="ignore"):
        above = 0.5 + 0.5 * np.log10(relative) / _DECADES
    return np.clip(np.where(relative <= 1, relative / 2, above), 0, 1)


def thinned(t: Array, values: Array, columns: int) -> tuple[Array, Array]:
    """As many points as can be told apart: the lowest and highest of each of ``columns``.

    Args:
        t: shape (N,), rising [s].
        values: shape (N,), may hold NaN.
        columns: pixels across.
    """
    if len(t) <= columns * _POINTS_A_PIXEL:
        return t, values
    starts = np.linspace(0, len(t), columns, endpoint=False).astype(np.int64)
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return np.repeat(t[starts], 2), np.column_stack([low, high]).ravel()


def paint_ground(painter: QPainter, box: QRectF, curves: Curves, view: TimeView) -> None:
    """The sunken ground of a row, round seconds, and who drove, other than the policy."""
    look = theme.current()
    painter.fillRect(box, QColor(look.sunken))
    painter.setPen(QPen(QColor(look.line), 1))
    for second in nice_ticks(view.start_s, view.stop_s, 6):
        x = round(view.x(second, box.left(), box.width())) + 0.5
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
    for start, stop, who in runs(curves.controller):
        if who == Controller.POLICY:
            continue
        left = view.x(float(curves.t[start]), box.left(), box.width())
        right = view.x(float(curves.t[min(stop, len(curves.t) - 1)]), box.left(), box.width())
        shade = Controller.HUMAN if who == Controller.DEMO else Controller(who)
        span = QRectF(left, box.top(), right - left, box.height()) & box
        if shade in SHADES and not span.isEmpty():
            painter.fillRect(span, controller_brush(shade, 0.26))


def paint_joint(
    painter: QPainter,
    box: QRectF,
    curves: Curves,
    joint: int,
    view: TimeView,
    limits: tuple[float, float],
    enlarged: bool,
) -> None:
    """One joint's curves between ``limits`` (low and high end of the row)."""
    look, (low, high) = theme.current(), limits
    paint_ground(painter, box, curves, view)
    painter.save()
    painter.setClipRect(box)

    def y(value: float) -> float:
        return box.bottom() - (value - low) / (high - low) * box.height()

    beyond = QColor(look.edge)
    beyond.setAlphaF(0.28)
    painter.setPen(QPen(QColor(look.edge), 1))
    for edge, end in ((float(curves.lower[joint]), low), (float(curves.upper[joint]), high)):
        if low < edge < high:
            painter.fillRect(
                QRectF(QPointF(box.left(), y(edge)), QPointF(box.right(), y(end))), beyond
            )
            painter.drawLine(QPointF(box.left(), y(edge)), QPointF(box.right(), y(edge)))
    if low < 0 < high:
        painter.setPen(QPen(QColor(look.line), 1))
        painter.drawLine(QPointF(box.left(), y(0)), QPointF(box.right(), y(0)))
    for word in reversed(CURVES):
        painter.setPen(QPen(curve_colour(word), 1.5 if enlarged else 1.0))
        values = curves.values[word][:, joint]
        painter.drawPath(_path(box, curves.t, values, view, low, high))
    painter.restore()


def paint_doubt(painter: QPainter, box: QRectF, curves: Curves, view: TimeView) -> None:
    """The doubt's curve, with tau as a dashed line at half height."""
    look = theme.current()
    paint_ground(painter, box, curves, view)
    painter.save()
    painter.setClipRect(box)
    if math.isfinite(curves.tau):
        painter.setPen(QPen(QColor(look.text), 1, Qt.PenStyle.DashLine))
        middle = box.center().y()
        painter.drawLine(QPointF(box.left(), middle), QPointF(box.right(), middle))
    painter.setPen(QPen(look.stroke("policy"), 1.5))
    heights = doubt_height(curves.doubt, curves.tau)
    painter.drawPath(_path(box, curves.t, heights, view, -0.03, 1.03))
    painter.restore()
    words = f"tau {number(curves.tau, 3)}" if math.isfinite(curves.tau) else "no tau yet"
    if not np.isfinite(curves.doubt).any():
        words = "no doubt recorded"
    painter.setFont(theme.font("small"))
    metrics = QFontMetricsF(painter.font())
    width = metrics.horizontalAdvance(words) + theme.grid(2)
    place = QRectF(box.right() - width, box.bottom() - metrics.height(), width, metrics.height())
    ground = QColor(look.sunken)
    ground.setAlphaF(0.85)
    painter.fillRect(place, ground)
    painter.setPen(QColor(look.muted))
    draw_text(painter, place.adjusted(theme.grid(1), 0, 0, 0), words)


def named(name: str, unit: str) -> str:
    """What a row is called, with the unit of its figures."""
    return f"{name.replace('_', ' ')} {unit}".strip()


def values_width(count: int) -> float:
    """How wide ``count`` figures side by side are [px]."""
    cell = QFontMetricsF(theme.font("small")).horizontalAdvance("−0.00")
    return count * cell + (count - 1) * theme.grid(1.5)


def paint_name(painter: QPainter, box: QRectF, name: str, values: list[tuple[str, QColor]]) -> None:
    """A row's name over its figures at the cursor, ending at the right edge of ``box``."""
    look = theme.current()
    painter.setFont(theme.font("small"))
    metrics = QFontMetricsF(painter.font())
    # Set close, so that in low rows the figures are seen to be those of the name above them.
    line, right = metrics.ascent() + 1, Qt.AlignmentFlag.AlignRight
    both = box.height() >= 1.7 * line
    top = max(box.top(), box.center().y() - (line if both else line / 2))
    painter.setPen(QColor(look.muted))
    draw_text(painter, QRectF(box.left(), top, box.width(), line), name, right)
    if not both:
        return
    cell, gap = values_width(1), theme.grid(1.5)
    end = box.right()
    for words, colour in reversed(values):
        painter.setPen(colour)
        width = max(cell, metrics.horizontalAdvance(words))
        draw_text(painter, QRectF(end - width, top + line, width, line), words, right)
        end -= width + gap


def figures(curves: Curves, joint: int, row: int) -> list[tuple[str, QColor]]:
    """Measured, policy and sent value of a joint at a tick, each in its colour."""
    return [(number(float(curves.values[w][row, joint])), curve_colour(w)) for w in CURVES]


def _path(
    box: QRectF, t: Array, values: Array, view: TimeView, low: float, high: float
) -> QPainterPath:
    first = max(0, int(np.searchsorted(t, view.start_s)) - 1)
    stop = int(np.searchsorted(t, view.stop_s)) + 1
    t, values = thinned(t[first:stop], values[first:stop], max(1, int(box.width())))
    x = box.left() + (t - view.start_s) / view.span_s * box.width()
    y = box.bottom() - (values - low) / (high - low) * box.height()
    path: QPainterPath = pg.arrayToQPath(x, y, connect="finite")
    return path
