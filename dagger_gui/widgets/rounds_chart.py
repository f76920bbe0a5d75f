"""Is it better? Success by round with its interval, the control arm, the human's part of the time.

Never a rate without its interval, and no gain is claimed without the control arm beside it.
"""

from __future__ import annotations

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
from dagger_gui.widgets._painting import draw_focus, draw_text

_RIGHT = Qt.AlignmentFlag.AlignRight
_CENTRE = Qt.AlignmentFlag.AlignHCenter
_ROWS = ("round", "success", "human")


@dataclass(frozen=True)
class Rate:
    """k successes of n trials with a 95 % interval (low and high as fractions)."""

    k: int
    n: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """The part that succeeded; 0 without trials."""
        return self.k / self.n if self.n else 0.0


@dataclass(frozen=True)
class RoundPoint:
    """One round of the chart.

    Attributes:
        index: number of the round, 0 the base policy.
        success: what was measured, None while nothing was.
        control: the same for the control arm (as much operator time in plain demonstrations).
        human_share: part of the round's ticks that a human drove, 0 to 1; None if unknown.
        running: the policy of this round drives now.
    """

    index: int
    success: Rate | None = None
    control: Rate | None = None
    human_share: float | None = None
    running: bool = False


class RoundsChart(Painted):
    """Dots with whiskers from 0 to 100 %; a click or the arrow keys choose a round."""

    valueChanged = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rounds: tuple[RoundPoint, ...] = ()
        self._value: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Success by round")

    def setRounds(self, rounds: Sequence[RoundPoint]) -> None:
        """The rounds, in order."""
        if tuple(rounds) == self._rounds:
            return
        self._rounds = tuple(rounds)
        if self._value not in [r.index for r in rounds]:
            self._value = None
        self.setAccessibleDescription(self.summary())
        self.update()

    def value(self) -> int | None:
        """The chosen round."""
        return self._value

    def setValue(self, index: int | None) -> None:
        """Chooses a round; one that is not there chooses none."""
        if index not in [r.index for r in self._rounds]:
            index = None
        if index != self._value:
            self._value = index
            self.valueChanged.emit(index)
            self.update()

    def summary(self) -> str:
        """The chart in words."""
        return "; ".join(
            f"round {r.index}: {r.success.k} of {r.success.n}, "
            f"{r.success.low:.0%} to {r.success.high:.0%}"
            for r in self._rounds
            if r.success is not None
        )

    def sizeHint(self) -> QSize:
        """Readable beside a list."""
        return QSize(theme.grid(75), theme.grid(40))

    def minimumSizeHint(self) -> QSize:
        """Axis, dots, shares."""
        return QSize(theme.grid(50), theme.grid(36))

    # Geometry

    def _line(self) -> float:
        return QFontMetricsF(theme.font("small")).height()

    def plotRect(self) -> QRectF:
        """Where 0 to 100 % lies."""
        left = QFontMetricsF(theme.font("small")).horizontalAdvance("success") + theme.grid(2)
        foot = (self._line() + theme.grid(1)) * len(_ROWS) + theme.grid(3)
        top = self._line() + theme.grid(1)
        return QRectF(
            round(left),
            round(top),
            self.width() - round(left) - theme.grid(1),
            self.height() - round(top) - round(foot),
        )

    def _slot(self, i: int) -> QRectF:
        plot = self.plotRect()
        # A few rounds do not spread over the whole width: they stay comparable as more come.
        count = max(4, len(self._rounds))
        width = plot.width() / count
        return QRectF(plot.left() + i * width, 0, width, self.height())

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axis, dots, whiskers, shares, words."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surface))
        painter.setFont(theme.font("small"))
        plot = self.plotRect()
        if not self._rounds:
            whole = QRectF(self.rect())
            painter.fillRect(whole, QColor(look.sunken))
            painter.setPen(QColor(look.muted))
            words = "No round measured yet. Let the policy make attempts, and mark how each ends."
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            margin = theme.grid(4)
            painter.setFont(theme.font("body"))
            painter.drawText(whole.adjusted(margin, 0, -margin, 0), flags, words)
            painter.end()
            return
        painter.fillRect(plot, QColor(look.sunken))
        self._paint_axis(painter, plot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_line(painter, plot)
        for i, point in enumerate(self._rounds):
            self._paint_round(painter, plot, i, point)
        self._paint_legend(painter, plot)
        if self.hasFocus():
            draw_focus(painter, self.rect())
        painter.end()

    def _y(self, plot: QRectF, rate: float) -> float:
        return plot.bottom() - 1 - rate * (plot.height() - 2)

    def _paint_axis(self, painter: QPainter, plot: QRectF) -> None:
        look = theme.current()
        height = self._line()
        for percent in (0, 50, 100) if plot.height() < theme.grid(30) else (0, 25, 50, 75, 100):
            y = round(self._y(plot, percent / 100)) + 0.5
            painter.setPen(QColor(look.line))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(QColor(look.muted))
            top = min(max(y - height / 2, 0), plot.bottom() - height / 2)
            box = QRectF(0, top, plot.left() - theme.grid(1), height)
            draw_text(painter, box, f"{percent} %", _RIGHT)
        for i, word in enumerate(_ROWS):
            draw_text(painter, self._cell(plot, i, 0, plot.left() - theme.grid(1)), word, _RIGHT)

    def _cell(self, plot: QRectF, row: int, left: float, width: float) -> QRectF:
        """A cell of the rows under the plot."""
        height = self._line() + theme.grid(1)
        return QRectF(left, plot.bottom() + theme.grid(2) + row * height, width, self._line())

    def _paint_line(self, painter: QPainter, plot: QRectF) -> None:
        points = [
            QPointF(self._slot(i).center().x(), self._y(plot, r.success.rate))
            for i, r in enumerate(self._rounds)
            if r.success is not None
        ]
        painter.setPen(QPen(theme.current().stroke("policy"), 1))
        painter.drawPolyline(QPolygonF(points))

    def _paint_round(self, painter: QPainter, plot: QRectF, i: int, point: RoundPoint) -> None:
        look = theme.current()
        slot = self._slot(i)
        x = round(slot.center().x()) + 0.5
        number_cell, rate_cell, human_cell = (
            self._cell(plot, row, slot.left(), slot.width()) for row in range(len(_ROWS))
        )
        chosen = point.index == self._value
        if chosen or point.running:
            chip = QRectF(0, 0, theme.grid(6), self._line() + 2)
            chip.moveCenter(number_cell.center())
            painter.setPen(QPen(QColor(look.text), 1))
            painter.setBrush(QColor(look.text) if chosen else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(chip, 3, 3)
        painter.setPen(QColor(look.surface if chosen else look.text))
        draw_text(painter, number_cell, str(point.index), _CENTRE)
        if point.control is not None:
            self._paint_control(painter, plot, x + theme.grid(3), point.control)
        if point.success is not None:
            self._paint_success(painter, plot, x, point.success)
        painter.setPen(QColor(look.text))
        painter.setFont(theme.font("small", bold=True))
        success = "–" if point.success is None else f"{point.success.rate * 100:.0f} %"
        draw_text(painter, rate_cell, success, _CENTRE)
        painter.setFont(theme.font("small"))
        human = "–" if point.human_share is None else f"{point.human_share * 100:.0f} %"
        painter.setPen(QColor(look.muted))
        draw_text(painter, human_cell, human, _CENTRE)
        if point.human_share is not None:
            wide = slot.width() - theme.grid(4)
            bar = QRectF(slot.left() + theme.grid(2), human_cell.bottom(), wide, 3)
            painter.fillRect(bar, QColor(look.line))
            bar.setWidth(wide * min(1.0, point.human_share))
            painter.fillRect(bar, look.fill("human"))

    def _paint_success(self, painter: QPainter, plot: QRectF, x: float, rate: Rate) -> None:
        colour = theme.current().stroke("policy")
        painter.setPen(QPen(colour, 2))
        low, high = self._y(plot, rate.low), self._y(plot, rate.high)
        painter.drawLine(QPointF(x, low), QPointF(x, high))
        for y in (low, high):
            painter.drawLine(QPointF(x - 4, y), QPointF(x + 4, y))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x, self._y(plot, rate.rate)), 4.5, 4.5)

    def _paint_control(self, painter: QPainter, plot: QRectF, x: float, rate: Rate) -> None:
        look = theme.current()
        painter.setPen(QPen(QColor(look.muted), 1))
        painter.drawLine(QPointF(x, self._y(plot, rate.low)), QPointF(x, self._y(plot, rate.high)))
        y = self._y(plot, rate.rate)
        painter.setBrush(QColor(look.sunken))
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - 5), QPointF(x + 5, y), QPointF(x, y + 5), QPointF(x - 5, y)])
        )

    def _paint_legend(self, painter: QPainter, plot: QRectF) -> None:
        look = theme.current()
        words = "policy, 95 % interval"
        painter.setPen(QColor(look.muted))
        head = QRectF(plot.left(), 0, plot.width(), self._line())
        metrics = QFontMetricsF(painter.font())
        painter.setBrush(look.stroke("policy"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QPointF(plot.left() + 5, head.center().y()), 4, 4)
        painter.setPen(QColor(look.muted))
        x = plot.left() + theme.grid(3)
        draw_text(painter, QRectF(x, 0, head.right() - x, head.height()), words)
        if not any(r.control for r in self._rounds):
            return
        x += metrics.horizontalAdvance(words) + theme.grid(5)
        y = head.center().y()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(
            QPolygonF([QPointF(x, y - 4), QPointF(x + 4, y), QPointF(x, y + 4), QPointF(x - 4, y)])
        )
        x += theme.grid(2)
        longest = "same time in plain demonstrations"
        room = head.right() - x
        words = longest if metrics.horizontalAdvance(longest) < room else "control arm"
        draw_text(painter, QRectF(x, 0, room, head.height()), words)

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Chooses the round under the cursor; again, none."""
        for i, point in enumerate(self._rounds):
            if self._slot(i).contains(event.position()):
                self.setValue(None if point.index == self._value else point.index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right choose, Escape chooses none."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        indices = [r.index for r in self._rounds]
        if step is not None and indices:
            at = (
                indices.index(self._value) + step
                if self._value in indices
                else (0 if step > 0 else len(indices) - 1)
            )
            self.setValue(indices[min(max(at, 0), len(indices) - 1)])
        elif event.key() == Qt.Key.Key_Escape and self._value is not None:
            self.setValue(None)
        else:
            super().keyPressEvent(event)


def example_rounds() -> tuple[RoundPoint, ...]:
    """Made-up rounds, for running alone and for tests."""
    return (
        RoundPoint(0, Rate(21, 50, 0.29, 0.56), None, 0.0),
        RoundPoint(1, Rate(34, 50, 0.54, 0.79), None, 0.31),
        RoundPoint(2, Rate(43, 50, 0.74, 0.93), None, 0.18),
        RoundPoint(3, Rate(47, 50, 0.84, 0.98), Rate(40, 50, 0.67, 0.89), 0.07, True),
    )


def main() -> int:
    """Four rounds."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        chart = RoundsChart()
        chart.setRounds(example_rounds())
        return chart

    return show(make, 420, 260)


if __name__ == "__main__":
    raise SystemExit(main())
