"""Drawing shared by the widgets: spans, shapes, key caps, ticks, times in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from dagger_gui import theme
from dagger_gui.theme import Role
from sessions.types import Controller

_ROLES: dict[int, Role] = {
    Controller.HOLD: "hold",
    Controller.POLICY: "policy",
    Controller.HUMAN: "human",
    Controller.HANDOVER: "human",
    Controller.DEMO: "human",
}
_WORDS: dict[int, str] = {
    Controller.HOLD: "hold",
    Controller.POLICY: "policy",
    Controller.HUMAN: "human",
    Controller.HANDOVER: "handover",
    Controller.DEMO: "demonstration",
}


def controller_role(controller: int) -> Role:
    """The meaning whose colour a controller is drawn in."""
    return _ROLES.get(controller, "hold")


def controller_word(controller: int) -> str:
    """The word for a controller, lower case."""
    return _WORDS.get(controller, "unknown")


def controller_brush(controller: int, alpha: float = 1.0) -> QBrush:
    """The fill of a span; a handover is hatched, since it is neither policy nor human."""
    colour = theme.current().tint(controller_role(controller), alpha)
    if controller == Controller.HANDOVER:
        colour.setAlphaF(min(1.0, alpha * 1.6))
        return QBrush(colour, Qt.BrushStyle.BDiagPattern)
    return QBrush(colour)


def runs(values: NDArray[Any]) -> Iterator[tuple[int, int, int]]:
    """(start, stop, value) of each run of equal values in an array of shape (N,)."""
    if len(values) == 0:
        return
    edges = [0, *(np.flatnonzero(np.diff(values.astype(np.int16))) + 1).tolist(), len(values)]
    for start, stop in pairwise(edges):
        yield start, stop, int(values[start])


def nice_ticks(low: float, high: float, count: int) -> list[float]:
    """Round values (1, 2, 5 times a power of ten) from ``low`` to ``high``, about ``count``."""
    span = high - low
    if not math.isfinite(span) or span <= 0 or count < 1:
        return []
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 10) for i in range(first, last + 1)]


def clock(seconds: float, *, tenths: bool = True) -> str:
    """``00:12.4``; dashes of the same width when the time is not known."""
    if not math.isfinite(seconds):
        return "--:--.-" if tenths else "--:--"
    seconds = max(0.0, seconds)
    if tenths:
        minutes, rest = divmod(math.floor(seconds * 10 + 1e-6), 600)
        return f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    minutes, rest = divmod(math.floor(seconds), 60)
    return f"{minutes:02d}:{rest:02d}"


def number(value: float, decimals: int = 2, unknown: str = "–") -> str:
    """A figure with a true minus sign, or ``unknown`` for NaN."""
    if not math.isfinite(value):
        return unknown
    return f"{value:.{decimals}f}".replace("-", "−")


def draw_key(painter: QPainter, right: float, middle: float, key: str, colour: QColor) -> float:
    """Draws a key cap that ends at x ``right``, centred on y ``middle``; returns its width."""
    painter.save()
    painter.setFont(theme.font("small"))
    metrics = QFontMetricsF(painter.font())
    height = math.ceil(metrics.height()) + 2
    width = max(height, math.ceil(metrics.horizontalAdvance(key)) + theme.grid(2))
    rect = QRectF(
        round(right - width) + 0.5, round(middle - height / 2) + 0.5, width - 1, height - 1
    )
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    faint = QColor(colour)
    faint.setAlphaF(0.55)
    painter.setPen(QPen(faint, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, 3, 3)
    painter.setPen(colour)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, key)
    painter.restore()
    return float(width)


def draw_shape(painter: QPainter, rect: QRectF, shape: str, colour: QColor) -> None:
    """Draws one of the shapes that say a state without colour.

    ``policy`` a play triangle, ``human`` a head and shoulders, ``hold`` two bars, ``fault`` and
    ``stop`` an octagon, ``handover`` two arrows, ``warning`` a triangle with its mark.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(rect.topLeft())
    side = min(rect.width(), rect.height())
    painter.scale(side / 24.0, side / 24.0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    _SHAPES[shape](painter, colour)
    painter.restore()


def _polygon(*points: tuple[float, float]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in points])


def _policy(painter: QPainter, _colour: QColor) -> None:
    painter.drawPolygon(_polygon((5, 3), (21, 12), (5, 21)))


def _human(painter: QPainter, _colour: QColor) -> None:
    painter.drawEllipse(QRectF(7.5, 2, 9, 9))
    painter.drawChord(QRectF(3, 13, 18, 18), 0, 180 * 16)


def _hold(painter: QPainter, _colour: QColor) -> None:
    painter.drawRect(QRectF(5, 4, 5, 16))
    painter.drawRect(QRectF(14, 4, 5, 16))


def _octagon(painter: QPainter, _colour: QColor) -> None:
    painter.drawPolygon(
        _polygon((8, 2), (16, 2), (22, 8), (22, 16), (16, 22), (8, 22), (2, 16), (2, 8))
    )


def _handover(painter: QPainter, _colour: QColor) -> None:
    painter.drawPolygon(_polygon((2, 8), (13, 8), (13, 4), (21, 9.5), (13, 11), (2, 11)))
    painter.drawPolygon(_polygon((22, 16), (11, 16), (11, 20), (3, 14.5), (11, 13), (22, 13)))


def _warning(painter: QPainter, colour: QColor) -> None:
    painter.drawPolygon(_polygon((12, 2), (23, 21), (1, 21)))
    painter.setBrush(QColor(theme.current().ink if colour.lightnessF() > 0.4 else "#FFFFFF"))
    painter.drawRect(QRectF(10.9, 8.5, 2.2, 6.5))
    painter.drawRect(QRectF(10.9, 16.4, 2.2, 2.2))


_SHAPES = {
    "policy": _policy,
    "human": _human,
    "hold": _hold,
    "fault": _octagon,
    "stop": _octagon,
    "handover": _handover,
    "warning": _warning,
}


def draw_text(
    painter: QPainter,
    rect: QRect | QRectF,
    text: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    """One line, centred vertically, cut with an ellipsis where it does not fit."""
    box = QRectF(rect)
    metrics = QFontMetricsF(painter.font())
    if metrics.horizontalAdvance(text) > box.width():
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.drawText(box, int(align | Qt.AlignmentFlag.AlignVCenter), text)


def draw_focus(painter: QPainter, rect: QRect) -> None:
    """The ring that says where the keyboard is."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(theme.current().text), 2))
    painter.drawRect(QRectF(rect).adjusted(1, 1, -1, -1))
