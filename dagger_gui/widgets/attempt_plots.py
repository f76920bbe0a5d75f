"""A whole recorded attempt: every joint's curves and the doubt, with one time cursor.

What the live plots show of the last ten seconds, in the same colours, between the same limits. All
but the cursor is painted once into a pixmap: scrubbing draws one line and a few figures.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
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
from dagger_gui.widgets import _attempt_rows as rows
from dagger_gui.widgets._attempt_rows import Curves
from dagger_gui.widgets._joint_row import CURVES, curve_colour
from dagger_gui.widgets._painting import controller_brush, draw_focus, draw_text, number
from dagger_gui.widgets._plotting import SHADES
from dagger_gui.widgets._time_axis import TimeAxis
from dagger_gui.widgets._time_view import WHEEL, TimeView

__all__ = ["AttemptPlots", "Curves"]

DOUBT = "doubt"
_EMPTY = "Choose an attempt at the left to see what the arm did."


class AttemptPlots(TimeAxis):
    """Rows of curves; drag to scrub, wheel to zoom the time, double click to enlarge a joint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves = Curves()
        self._span: tuple[float, float] | None = None
        self._enlarged: str | None = None
        self._zoom: dict[str, tuple[float, float]] = {}
        self._ground: QPixmap | None = None
        self._empty = _EMPTY
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Joint plots of the attempt")
        self.setAccessibleDescription(
            "Up and Down choose a joint to enlarge, plus and minus zoom the time, 0 shows the "
            "whole attempt, Escape shows all joints."
        )

    # What it shows

    def setAttempt(self, curves: Curves) -> None:
        """Shows an attempt, all of it.

        Raises:
            ValueError: shapes that do not agree.
        """
        shape = (len(curves.t), len(curves.names))
        for word in CURVES if len(curves.t) else ():
            if curves.values[word].shape != shape:
                raise ValueError(f"{word} has shape {curves.values[word].shape}, not {shape}.")
        self._curves, self._cursor, self._span = curves, 0.0, None
        self._zoom = {}
        if self._enlarged not in (*curves.names, DOUBT):
            self._enlarged = None
        self._view = TimeView.whole(float(curves.t[-1]) if len(curves.t) else 1.0)
        self._redraw()

    def clear(self) -> None:
        """Back to having no attempt."""
        self.setAttempt(Curves())

    def setEmptyText(self, text: str) -> None:
        """What to say, and to do, while there is no attempt."""
        self._empty = text
        self.update()

    def setSpan(self, span: tuple[float, float] | None) -> None:
        """Lines at the edges of the correction that is being looked at [s]; None for none."""
        if span != self._span:
            self._span = span
            self.update()

    def enlarged(self) -> str | None:
        """The joint (or ``doubt``) that is shown alone."""
        return self._enlarged

    def enlarge(self, name: str | None) -> None:
        """Shows one joint at full height, or all of them (None)."""
        if name is None or name in (*self._curves.names, DOUBT):
            self._enlarged = name
            self._redraw()

    def resetScales(self) -> None:
        """The whole attempt, every joint between its limits."""
        self._zoom = {}
        self._redraw()
        self.showAll()

    # Where things are

    def plotLeft(self) -> float:
        """Where the plot areas begin [px], for what is to line up with them."""
        small, curves = QFontMetricsF(theme.font("small")), self._curves
        names = map(rows.named, curves.names, curves.units)
        widest = max([rows.values_width(len(CURVES)), *map(small.horizontalAdvance, names)])
        return float(math.ceil(widest + theme.grid(3)))

    def rowRect(self, name: str) -> QRectF:
        """The plot area of a joint or of ``doubt``; empty while another one is enlarged."""
        return self._places().get(name, QRectF())

    def sizeHint(self) -> QSize:
        """Two lines of text a row and some air."""
        return QSize(theme.grid(150), theme.grid(10 * max(8, len(self._curves.names) + 1) + 6))

    def minimumSizeHint(self) -> QSize:
        """Rows that can still be told apart."""
        return QSize(theme.grid(80), theme.grid(7 * max(8, len(self._curves.names) + 1) + 6))

    def _places(self) -> dict[str, QRectF]:
        names = [*self._curves.names, DOUBT]
        if self._enlarged is not None:
            names = [self._enlarged]
        top, gap = self._head(), theme.grid(0.75)
        left, width = self.plotLeft(), self.width() - self.plotLeft() - 1
        height = (self.height() - top - gap * (len(names) - 1)) / len(names)
        return {
            name: QRectF(left, round(top + i * (height + gap)), width, round(height))
            for i, name in enumerate(names)
        }

    def _head(self) -> float:
        return float(round(QFontMetricsF(theme.font("small")).height()) + theme.grid(1))

    def axisRect(self) -> QRectF:
        """All plot areas together."""
        places = [*self._places().values()]
        return places[0].united(places[-1])

    def hasAttempt(self) -> bool:
        """Whether an attempt is shown."""
        return bool(len(self._curves.t))

    # How it is drawn

    def restyle(self) -> None:
        """Everything again in the colours of now."""
        self._redraw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything again at the new size."""
        super().resizeEvent(event)
        self._ground = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """What stays, from the pixmap; what moves, on top."""
        look = theme.current()
        painter = QPainter(self)
        if not len(self._curves.t):
            painter.fillRect(self.rect(), QColor(look.surface))
            painter.setPen(QColor(look.muted))
            margin = theme.grid(6)
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(margin, 0, -margin, 0), flags, self._empty)
        else:
            if self._ground is None:
                self._ground = self._painted()
            painter.drawPixmap(0, 0, self._ground)
            self._paint_moving(painter)
        if self.hasFocus():
            draw_focus(painter, self.rect())
        painter.end()

    def _redraw(self) -> None:
        self._ground = None
        self.update()

    def _painted(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        made = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        made.setDevicePixelRatio(ratio)
        made.fill(QColor(theme.current().surface))
        painter = QPainter(made)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_legend(painter)
        curves = self._curves
        for name, box in self._places().items():
            if name == DOUBT:
                rows.paint_doubt(painter, box, curves, self._view)
            else:
                joint = curves.names.index(name)
                limits = self._zoom.get(name, curves.range(joint))
                big = self._enlarged is not None
                rows.paint_joint(painter, box, curves, joint, self._view, limits, big)
        painter.end()
        return made

    def _paint_legend(self, painter: QPainter) -> None:
        painter.setFont(theme.font("small"))
        metrics = QFontMetricsF(painter.font())
        x, line, swatch = self.plotLeft(), metrics.height(), theme.grid(3)
        entries = [(w, curve_colour(w), 2.0) for w in CURVES]
        entries += [(w, controller_brush(c, 0.6), theme.grid(2)) for c, w in SHADES.items()]  # type: ignore[misc]
        for word, fill, height in entries:
            width = swatch + theme.grid(1) + metrics.horizontalAdvance(word)
            if x + width > self.width():
                return
            painter.fillRect(QRectF(x, round((line - height) / 2), swatch, height), fill)
            painter.setPen(QColor(theme.current().muted))
            words = QRectF(x + swatch + theme.grid(1), 0, width, line)
            draw_text(painter, words, word)
            x += width + theme.grid(3)

    def _paint_moving(self, painter: QPainter) -> None:
        look, curves, area = theme.current(), self._curves, self.axisRect()
        row = min(int(np.searchsorted(curves.t, self._cursor + 1e-9, "right")), len(curves.t)) - 1
        row = max(row, 0)
        lines = [(edge, look.stroke("human")) for edge in self._span or ()]
        for seconds, colour in (*lines, (self._cursor, QColor(look.text))):
            x = self.xOf(seconds)
            if area.left() - 0.5 <= x <= area.right() + 0.5:
                painter.setPen(QPen(colour, 1))
                at = round(x) + 0.5
                painter.drawLine(QPointF(at, area.top()), QPointF(at, area.bottom()))
        # Beside the curves and never on them: what is looked at is not covered by its figures.
        for name, box in self._places().items():
            label = QRectF(0, box.top(), box.left() - theme.grid(2), box.height())
            if name == DOUBT:
                figures = [(number(float(curves.doubt[row]), 3), QColor(look.text))]
                rows.paint_name(painter, label, DOUBT, figures)
            else:
                joint = curves.names.index(name)
                words = rows.named(name, curves.units[joint])
                rows.paint_name(painter, label, words, rows.figures(curves, joint, row))

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Puts the cursor there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.scrub(self.secondsAt(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the cursor."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.scrub(self.secondsAt(event.position().x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enlarges the row under the cursor, or shows all again."""
        if self._enlarged is not None:
            self.enlarge(None)
            return
        for name, box in self._places().items():
            if box.top() <= event.position().y() <= box.bottom():
                self.enlarge(name)
                return

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms the time at the cursor; with Shift moves on, with Ctrl zooms the joint."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._zoom_joint(event.position(), WHEEL ** (event.angleDelta().y() / 120))
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and Down choose a joint, plus and minus zoom, 0 resets, Escape shows all."""
        names = [*self._curves.names, DOUBT]
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and len(self._curves.t):
            here = names.index(self._enlarged) if self._enlarged else -1
            step = 1 if key == Qt.Key.Key_Down else -1
            self.enlarge(names[(max(here, 0 if step < 0 else -1) + step) % len(names)])
        elif key == Qt.Key.Key_Escape and self._enlarged:
            self.enlarge(None)
        elif key == Qt.Key.Key_0:
            self.resetScales()
        else:
            super().keyPressEvent(event)

    def _zoom_joint(self, at: QPointF, factor: float) -> None:
        for name, box in self._places().items():
            if name == DOUBT or not box.top() <= at.y() <= box.bottom():
                continue
            full = self._curves.range(self._curves.names.index(name))
            low, high = self._zoom.get(name, full)
            centre = high - (at.y() - box.top()) / box.height() * (high - low)
            low, high = centre + (low - centre) * factor, centre + (high - centre) * factor
            low, high = max(low, full[0]), min(high, full[1])
            if high - low > (full[1] - full[0]) / 100:
                self._zoom[name] = (low, high)
            self._redraw()


def example_curves(ticks: int = 600) -> Curves:
    """An attempt of seven joints with one correction, for running alone and for tests."""
    names = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate", "gripper")
    t = np.arange(ticks) / 50
    human = (t > 5) & (t < 7.5)
    swing = np.sin(t[:, None] * (0.5 + 0.1 * np.arange(7)))
    lower, upper = np.array([-2.0] * 6 + [0.0]), np.array([2.0] * 6 + [1.0])
    measured = lower + (upper - lower) * (0.5 + 0.35 * swing)
    policy = measured + np.where(human, 0.3, 0.05)[:, None]
    values = {"measured": measured, "policy": policy, "sent": measured + 0.02}
    doubt = 0.02 + 0.08 * np.exp(-((t - 4.5) ** 2))
    who = np.where(human, 2, 1).astype(np.uint8)
    units = ("rad",) * 6 + ("",)
    return Curves(t, values, doubt, 0.05, who, names, units, lower, upper)


def main() -> int:
    """A made-up attempt; scrub it, zoom it."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        plots = AttemptPlots()
        plots.setAttempt(example_curves())
        plots.setSpan((5.0, 7.5))
        return plots

    return show(make, 640, 420)


if __name__ == "__main__":
    raise SystemExit(main())
