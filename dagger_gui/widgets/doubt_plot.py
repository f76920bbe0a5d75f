"""The policy's doubt against tau, over the same seconds as the joint plots.

Tau always lies at half height, so that "above or below the dashed line" is read without reading
numbers: linear from 0 to tau below it, logarithmic from tau to ten times tau above it, clipped
there. Without a tau yet, the axis is linear up to the largest doubt seen.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._painting import number
from dagger_gui.widgets._plotting import Axis, Plots, TimeRow, end_at, line_height, pen, text
from dagger_gui.widgets._thinning import Thinning
from sessions.types import Controller

Array = NDArray[np.float64]
_DECADES = 1.0  # tau to 10 tau fill the upper half


class DoubtPlot(Plots):
    """A curve, a dashed line, and the two numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._t: Array = np.zeros(0)
        self._doubt: Array = np.zeros(0)
        self._controller: NDArray[Any] = np.zeros(0, np.uint8)
        self._tau, self._first = math.nan, 0
        self._top = 1e-3
        self._window = 10.0
        self._left = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Doubt of the policy")

    def setWindow(self, seconds: float) -> None:
        """Length of the time axis [s]."""
        self._window = seconds
        self.restyle()

    def setLeft(self, pixels: float) -> None:
        """Where the plot area begins [px], to line up with the joint plots; 0 for its own."""
        if pixels != self._left:
            self._left = pixels
            self.restyle()

    def setData(
        self, t: Array, doubt: Array, tau: float, controller: NDArray[Any], first: int = 0
    ) -> None:
        """One frame of display.

        Args:
            t: shape (N,), seconds before now, rising and <= 0.
            doubt: shape (N,), NaN where there was none.
            tau: the learned threshold, NaN before the first takeover.
            controller: shape (N,), ``sessions.types.Controller``.
            first: running number of the first of the N, see ``Thinning``.

        Raises:
            ValueError: shapes that do not agree.
        """
        if not doubt.shape == t.shape == controller.shape:
            raise ValueError(f"t {t.shape}, doubt {doubt.shape}, controller {controller.shape}.")
        self._t, self._doubt, self._tau, self._controller = t, doubt, tau, controller
        self._first = first
        known = doubt[np.isfinite(doubt)]
        if len(known) and float(known.max()) > self._top:
            # Re-ranged on overflow only, and by steps, so that the axis does not breathe.
            self._top = float(known.max()) * 1.5
        self.refresh()

    def clear(self) -> None:
        """Takes the curve off and forgets the range."""
        self._t, self._doubt = np.zeros(0), np.zeros(0)
        self._controller = np.zeros(0, np.uint8)
        self._tau, self._top = math.nan, 1e-3
        self.refresh()

    def summary(self) -> str:
        """What the numbers say, in words."""
        if not len(self._doubt) or not np.isfinite(self._doubt).any():
            return "appears when a policy runs"
        if not math.isfinite(self._tau):
            return "learned from takeovers"
        newest = float(self._doubt[-1])
        if not math.isfinite(newest):
            return ""
        if newest <= self._tau:
            return "below tau"
        drives = len(self._controller) and self._controller[-1] == Controller.HUMAN
        return "above tau" if drives else "above tau: be ready"

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
        self.settle()
        return QRectF(self._row.sceneBoundingRect())

    def build(self) -> None:
        """A head of words over one row."""
        look, head = theme.current(), self._head()
        small = QFontMetricsF(theme.font("small"))
        left = self._left or math.ceil(small.horizontalAdvance("10 tau")) + theme.grid(4)
        self.ci.layout.setContentsMargins(0, head, theme.grid(1), 1)
        self._row = TimeRow(self._window, -0.02, 1.02)
        self._row.drawGrid([])
        self._curve = self._row.curve(look.stroke("policy"), 1.5)
        self._dashes = pg.InfiniteLine(0.5, angle=0, pen=pen(look.text, 1, [6, 4]))
        self._row.addItem(self._dashes, ignoreBounds=True)
        self._axis = Axis("left", left)
        self._axis.linkToView(self._row)
        self.ci.addItem(self._axis, 0, 0)
        self.ci.addItem(self._row, 0, 1)
        figure = small.horizontalAdvance("00.000") + theme.grid(3)
        self._numbers = [text(self._axis, look.text), text(self._axis, look.text)]
        for words, item in zip(("doubt ", "tau "), self._numbers, strict=True):
            text(self._axis, look.muted, words).setPos(left, -head)
            left += small.horizontalAdvance(words)
            item.setPos(left, -head)
            left += figure
        self._summary = text(self._axis, look.muted)

    def _head(self) -> int:
        return round(line_height()) + theme.grid(2)

    def fill(self) -> None:
        """Curve, spans, tau and words."""
        look, known = theme.current(), math.isfinite(self._tau)
        newest = float(self._doubt[-1]) if len(self._doubt) else math.nan
        width = self._row.width() * self.devicePixelRatioF()
        thinning = Thinning(len(self._t), self._first, width)
        drawn = thinning.values(self._doubt[:, None])[:, 0]
        self._curve.setData(thinning.times(self._t), self.fraction(drawn))
        self._row.setSpans(self._row.spans(self._t, self._controller))
        self._dashes.setVisible(known)
        marks = [(0.0, "0"), (0.5, "tau"), (1.0, "10 tau")]
        if not known:
            marks = [(0.0, "0"), (1.0, number(self._top, 3))] if len(self._doubt) else []
        self._axis.mark(marks)
        for item, value in zip(self._numbers, (newest, self._tau), strict=True):
            item.setText(number(value, 3))
        over = known and newest > self._tau
        self._summary.setFont(theme.font("small", bold=over))
        self._summary.setBrush(QColor(look.text if over else look.muted))
        self._summary.setText(self.summary())
        end_at(self._summary, self.width() - theme.grid(1), -self._head())


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
