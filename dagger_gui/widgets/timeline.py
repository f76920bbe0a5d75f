"""The attempt as one bar: who was in control when, the tags, and a cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._painting import (
    clock,
    controller_brush,
    controller_role,
    controller_word,
    draw_focus,
    draw_text,
    nice_ticks,
)
from sessions.types import Controller

_LENGTHS = (5, 10, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450, 600)


@dataclass(frozen=True)
class Span:
    """A stretch with one controller (``sessions.types.Controller``), in s since the start."""

    start_s: float
    stop_s: float
    controller: int


@dataclass(frozen=True)
class Mark:
    """A flag on the timeline: what an intervention was tagged as; empty for untagged."""

    t_s: float
    text: str


class Timeline(Painted):
    """Spans, flags and cursor on a scale that only ever grows by whole steps."""

    valueChanged = Signal(object)  # noqa: N815
    spanActivated = Signal(int)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans: tuple[Span, ...] = ()
        self._marks: tuple[Mark, ...] = ()
        self._elapsed = 0.0
        self._expected = 20.0
        self._running = False
        self._cursor: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Timeline of the attempt")
        self.setAccessibleDescription("Left and right move the cursor, Home goes back to now.")

    def setAttempt(
        self,
        spans: Sequence[Span],
        marks: Sequence[Mark] = (),
        elapsed_s: float = 0.0,
        expected_s: float = 20.0,
        running: bool = True,
    ) -> None:
        """Shows an attempt, running or the last one.

        Args:
            spans: in order, without gaps.
            marks: flags, in any order.
            elapsed_s: how far it has come [s].
            expected_s: its usual or permitted length [s]; the scale is at least this long.
            running: whether it goes on.
        """
        new = (tuple(spans), tuple(marks), elapsed_s, expected_s, running)
        old = (self._spans, self._marks, self._elapsed, self._expected, self._running)
        if new != old:
            self._spans, self._marks, self._elapsed, self._expected, self._running = new
            self.update()

    def clear(self) -> None:
        """Back to having no attempt."""
        self._spans, self._marks, self._elapsed, self._cursor = (), (), 0.0, None
        self.update()

    def value(self) -> float | None:
        """The cursor [s since the start]; None follows now."""
        return self._cursor

    def setValue(self, cursor_s: float | None) -> None:
        """Moves the cursor; it stays within the attempt."""
        if cursor_s is not None:
            cursor_s = min(max(0.0, cursor_s), max(0.0, self._elapsed))
        if cursor_s != self._cursor:
            self._cursor = cursor_s
            self.valueChanged.emit(cursor_s)
            self.update()

    def scaleLength(self) -> float:
        """Length of the axis [s]."""
        need = max(self._expected, self._elapsed, 1.0)
        return next((float(n) for n in _LENGTHS if n >= need), math.ceil(need / 300) * 300.0)

    def sizeHint(self) -> QSize:
        """Flags, bar, ticks."""
        return QSize(theme.grid(200), self._line() * 3 + theme.grid(3))

    def minimumSizeHint(self) -> QSize:
        """Any width."""
        return QSize(theme.grid(60), self.sizeHint().height())

    def barRect(self) -> QRectF:
        """Where the spans lie."""
        line = self._line()
        side = theme.grid(2)
        return QRectF(side, line + theme.grid(1), self.width() - 2 * side, line + theme.grid(0.5))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ticks, spans, flags, cursor."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surface))
        bar = self.barRect()
        painter.fillRect(bar, QColor(look.sunken))
        painter.setFont(theme.font("small"))
        self._paint_ticks(painter, bar)
        if self._spans:
            for span in self._spans:
                self._paint_span(painter, bar, span)
            self._paint_marks(painter, bar)
            self._paint_cursor(painter, bar)
        else:
            painter.setPen(QColor(look.muted))
            words = "No attempt yet. When one runs, this shows who drove when."
            draw_text(painter, bar.adjusted(theme.grid(2), 0, 0, 0), words)
        if self.hasFocus():
            draw_focus(painter, self.rect())
        painter.end()

    def _line(self) -> int:
        return round(QFontMetricsF(theme.font("small")).height())

    def _x(self, bar: QRectF, seconds: float) -> float:
        return bar.left() + seconds / self.scaleLength() * bar.width()

    def _paint_ticks(self, painter: QPainter, bar: QRectF) -> None:
        look = theme.current()
        for second in nice_ticks(0, self.scaleLength(), 8):
            x = self._x(bar, second)
            painter.setPen(QColor(look.edge))
            painter.drawLine(
                QPointF(round(x) + 0.5, bar.bottom()), QPointF(round(x) + 0.5, bar.bottom() + 3)
            )
            painter.setPen(QColor(look.muted))
            words = clock(second, tenths=False)
            box = QRectF(x - 40, bar.bottom() + 3, 80, self._line())
            align = Qt.AlignmentFlag.AlignHCenter
            if x - 20 < bar.left():
                box, align = box.translated(40, 0), Qt.AlignmentFlag.AlignLeft
            elif x + 20 > bar.right():
                box, align = box.translated(-40, 0), Qt.AlignmentFlag.AlignRight
            draw_text(painter, box, words, align)

    def _paint_span(self, painter: QPainter, bar: QRectF, span: Span) -> None:
        look = theme.current()
        left, right = self._x(bar, span.start_s), self._x(bar, span.stop_s)
        box = QRectF(left, bar.top(), max(1.0, right - left), bar.height())
        if span.controller == Controller.HANDOVER:
            painter.fillRect(box, look.tint(controller_role(span.controller), 0.35))
        painter.fillRect(box, controller_brush(span.controller))
        words = controller_word(span.controller)
        width = QFontMetricsF(painter.font()).horizontalAdvance(words)
        if box.width() > width + theme.grid(2) and span.controller != Controller.HANDOVER:
            painter.setPen(QColor(look.ink))
            draw_text(painter, box.adjusted(theme.grid(1), 0, 0, 0), words)

    def _paint_marks(self, painter: QPainter, bar: QRectF) -> None:
        look = theme.current()
        metrics = QFontMetricsF(painter.font())
        free = -math.inf
        for mark in sorted(self._marks, key=lambda m: m.t_s):
            x = round(self._x(bar, mark.t_s))
            words = mark.text or "untagged !"
            width = metrics.horizontalAdvance(words) + theme.grid(1.5)
            painter.setPen(QPen(QColor(look.text), 1))
            painter.drawLine(QPointF(x + 0.5, 0), QPointF(x + 0.5, bar.top() + 2))
            if x < free:
                continue  # its words would lie on its neighbour's; the line stays
            left = min(float(x), bar.right() - width)
            box = QRectF(left, 0, width, self._line())
            if mark.text:
                painter.setPen(QColor(look.text))
            else:
                painter.fillRect(box, QColor(look.text))
                painter.setPen(QColor(look.surface))
            draw_text(painter, box.adjusted(theme.grid(0.75), 0, 0, 0), words)
            free = left + width + theme.grid(1)

    def _paint_cursor(self, painter: QPainter, bar: QRectF) -> None:
        look = theme.current()
        at = self._elapsed if self._cursor is None else self._cursor
        x = round(self._x(bar, at)) + 0.5
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(look.text), 2))
        painter.drawLine(QPointF(x, bar.top() - 1), QPointF(x, bar.bottom() + 2))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(look.text))
        foot = bar.bottom() + 2
        painter.drawPolygon(
            QPolygonF([QPointF(x, foot - 2), QPointF(x - 4, foot + 4), QPointF(x + 4, foot + 4)])
        )
        if self._cursor is None:
            return
        words = clock(at)
        width = QFontMetricsF(painter.font()).horizontalAdvance(words) + theme.grid(2)
        left = min(max(bar.left(), x - width / 2), bar.right() - width)
        box = QRectF(left, foot + 3, width, self._line())
        painter.fillRect(box, QColor(look.text))
        painter.setPen(QColor(look.surface))
        draw_text(painter, box, words, Qt.AlignmentFlag.AlignHCenter)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Puts the cursor there; a span under it is told."""
        if event.button() != Qt.MouseButton.LeftButton or not self._spans:
            return
        seconds = self._seconds_at(event.position().x())
        self.setValue(seconds)
        for i, span in enumerate(self._spans):
            if span.start_s <= seconds < span.stop_s:
                self.spanActivated.emit(i)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags the cursor."""
        if event.buttons() & Qt.MouseButton.LeftButton and self._spans:
            self.setValue(self._seconds_at(event.position().x()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to following now."""
        self.setValue(None)

    def _seconds_at(self, x: float) -> float:
        bar = self.barRect()
        return (x - bar.left()) / bar.width() * self.scaleLength()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right by a tenth of a second, with Shift by one; Home follows now."""
        step = 1.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0.1
        at = self._elapsed if self._cursor is None else self._cursor
        if event.key() == Qt.Key.Key_Left:
            self.setValue(at - step)
        elif event.key() == Qt.Key.Key_Right:
            self.setValue(at + step)
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_Escape) and self._cursor is not None:
            self.setValue(None)
        else:
            super().keyPressEvent(event)


def main() -> int:
    """An attempt that runs, with one correction."""
    from dagger_gui.widgets._demo import show

    def tick(widget: QWidget, now: float) -> None:
        assert isinstance(widget, Timeline)
        t = now % 25
        edges = (
            (0, 6, 1),
            (6, 6.4, 3),
            (6.4, 10, 2),
            (10, 10.4, 3),
            (10.4, 14, 1),
            (14, 16, 0),
            (16, 25, 1),
        )
        spans = [Span(a, min(b, t), who) for a, b, who in edges if a < t]
        widget.setAttempt(spans, [Mark(6.4, "grasp")] if t > 8 else [Mark(6.4, "")], t)

    return show(Timeline, 900, 90, tick)


if __name__ == "__main__":
    raise SystemExit(main())
