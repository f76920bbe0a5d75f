"""The policy's doubt against tau, over the same seconds as the joint plots.

Tau always lies at half height, so that "above or below the dashed line" is read without reading
numbers: linear from 0 to tau below it, logarithmic from tau to ten times tau above it, clipped
there. Without a tau yet, the axis is linear up to the largest doubt seen.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
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
_DECADES = 1.0  # tau to 10 tau fill the upper half


class DoubtPlot(Painted):
    """A curve, a dashed line, and the two numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._t: Array = np.zeros(0)
        self._doubt: Array = np.zeros(0)
        self._controller: NDArray[Any] = np.zeros(0, np.uint8)
        self._tau = math.nan
        self._top = 1e-3
        self._window = 10.0
        self._left = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Doubt of the policy")

    def setWindow(self, seconds: float) -> None:
        """Length of the time axis [s]."""
        self._window = seconds
        self.update()

    def setLeft(self, pixels: float) -> None:
        """Where the plot area begins [px], to line up with the joint plots; 0 for its own."""
        self._left = pixels
        self.update()

    def setData(self, t: Array, doubt: Array, tau: float, controller: NDArray[Any]) -> None:
        """One frame of display.

        Args:
            t: shape (N,), seconds before now, rising and <= 0.
            doubt: shape (N,), NaN where there was none.
            tau: the learned threshold, NaN before the first takeover.
            controller: shape (N,), ``sessions.types.Controller``.

        Raises:
            ValueError: shapes that do not agree.
        """
        if not doubt.shape == t.shape == controller.shape:
            raise ValueError(f"t {t.shape}, doubt {doubt.shape}, controller {controller.shape}.")
        self._t, self._doubt, self._tau, self._controller = t, doubt, tau, controller
        known = doubt[np.isfinite(doubt)]
        if len(known) and float(known.max()) > self._top:
            # Re-ranged on overflow only, and by steps, so that the axis does not breathe.
            self._top = float(known.max()) * 1.5
        if self.isVisible():
            self.update()

    def clear(self) -> None:
        """Takes the curve off and forgets the range."""
        self._t, self._doubt = np.zeros(0), np.zeros(0)
        self._controller = np.zeros(0, np.uint8)
        self._tau, self._top = math.nan, 1e-3
        self.update()

    def summary(self) -> str:
        """What the numbers say, in words."""
        if not len(self._doubt) or not np.isfinite(self._doubt).any():
            return "appears when a policy runs"
        if not math.isfinite(self._tau):
            return "learned from takeovers"
        newest = float(self._doubt[-1])
        if not math.isfinite(newest):
            return ""
        return "above tau: be ready" if newest > self._tau else "below tau"

    def fraction(self, doubt: Array) -> Array:
        """Height of doubts in the plot, 0 at the bottom to 1 at the top, shape as given."""
        values = np.asarray(doubt, np.float64)
        if not math.isfinite(self._tau) or self._tau <= 0:
            return np.clip(values / self._top, 0, 1)
        relative = values / self._tau
        with np.errstate(divide="ignore", invalid="ignore"):
            above = 0.5 + 0.5 * np.log10(relative) / _DECADES
        return np.clip(np.where(relative <= 1, relative / 2, above), 0, 1)

    def sizeHint(self) -> QSize:
        """Some six lines of text."""
        return QSize(theme.grid(105), theme.grid(26))

    def minimumSizeHint(self) -> QSize:
        """Head line and a readable curve."""
        return QSize(theme.grid(60), theme.grid(18))

    def plotRect(self) -> QRectF:
        """Where the curve lies."""
        small = QFontMetricsF(theme.font("small"))
        left = self._left or small.horizontalAdvance("10 tau") + theme.grid(4)
        head = small.height() + theme.grid(2)
        return QRectF(
            left, round(head), self.width() - left - theme.grid(1), self.height() - round(head) - 1
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, spans, tau, curve, words."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surface))
        plot = self.plotRect()
        painter.fillRect(plot, QColor(look.sunken))
        self._paint_grid(painter, plot)
        painter.save()
        painter.setClipRect(plot)
        if len(self._t):
            self._paint_curve(painter, plot)
        if math.isfinite(self._tau):
            pen = QPen(QColor(look.text), 1)
            pen.setDashPattern([6, 4])
            painter.setPen(pen)
            middle = round(plot.center().y()) + 0.5
            painter.drawLine(QPointF(plot.left(), middle), QPointF(plot.right(), middle))
        painter.restore()
        self._paint_words(painter, plot)
        painter.end()

    def _paint_grid(self, painter: QPainter, plot: QRectF) -> None:
        look = theme.current()
        painter.setPen(QPen(QColor(look.line), 1))
        for second in nice_ticks(-self._window, 0, 5):
            x = round(plot.left() + (second / self._window + 1) * plot.width()) + 0.5
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
        small = theme.font("small")
        painter.setFont(small)
        painter.setPen(QColor(look.muted))
        height = QFontMetricsF(small).height()
        right = plot.left() - theme.grid(2)
        labels = (
            [(0.0, "0"), (0.5, "tau"), (1.0, "10 tau")]
            if math.isfinite(self._tau)
            else [(0.0, "0"), (1.0, number(self._top, 3))]
            if len(self._doubt)
            else []
        )
        for fraction, words in labels:
            y = plot.bottom() - fraction * plot.height() - height / 2
            y = min(max(y, plot.top() - 2), plot.bottom() - height + 2)
            draw_text(painter, QRectF(0, y, right, height), words, _RIGHT)

    def _paint_curve(self, painter: QPainter, plot: QRectF) -> None:
        look = theme.current()
        x = plot.left() + (self._t / self._window + 1) * plot.width()
        painter.setPen(Qt.PenStyle.NoPen)
        for start, stop, who in runs(self._controller):
            if who == 1:
                continue
            end = x[stop] if stop < len(x) else x[-1]
            painter.setBrush(controller_brush(who, 0.26))
            painter.drawRect(QRectF(x[start], plot.top(), end - x[start], plot.height()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.stroke("policy"), 1.5))
        y = plot.bottom() - 1 - self.fraction(self._doubt) * (plot.height() - 2)
        draw_curve(painter, *thinned(x, y, round(plot.width())))

    def _paint_words(self, painter: QPainter, plot: QRectF) -> None:
        look = theme.current()
        small = theme.font("small")
        metrics = QFontMetricsF(small)
        head = QRectF(plot.left(), 0, plot.width(), plot.top() - theme.grid(1))
        newest = float(self._doubt[-1]) if len(self._doubt) else math.nan
        x = head.left()
        for words, colour, width in (
            ("doubt", look.muted, metrics.horizontalAdvance("doubt ")),
            (number(newest, 3), look.text, metrics.horizontalAdvance("00.000") + theme.grid(3)),
            ("tau", look.muted, metrics.horizontalAdvance("tau ")),
            (number(self._tau, 3), look.text, metrics.horizontalAdvance("00.000") + theme.grid(3)),
        ):
            painter.setFont(small)
            painter.setPen(QColor(colour))
            draw_text(painter, QRectF(x, 0, width, head.height()), words)
            x += width
        over = math.isfinite(self._tau) and newest > self._tau
        painter.setFont(theme.font("small", bold=over))
        painter.setPen(QColor(look.text if over else look.muted))
        rest = QRectF(x, 0, head.right() - x, head.height())
        draw_text(painter, rest, self.summary(), _RIGHT)


def main() -> int:
    """Doubt that wanders over tau and back."""
    from dagger_gui.widgets._demo import show

    def tick(widget: QWidget, now: float) -> None:
        assert isinstance(widget, DoubtPlot)
        t = np.linspace(-10, 0, 500)
        doubt = 0.02 + 0.06 * np.maximum(0, np.sin(now + t)) ** 3
        widget.setData(t, doubt, 0.05, np.where(doubt > 0.06, 2, 1).astype(np.uint8))

    return show(DoubtPlot, 520, 150, tick)


if __name__ == "__main__":
    raise SystemExit(main())
