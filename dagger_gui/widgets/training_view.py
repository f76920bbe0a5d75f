"""Training, live: loss and validation curves, how far, how long yet, cancel."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel, Painted
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._painting import clock, draw_curve, draw_text, thinned
from sessions.messages import TrainingProgress

_RIGHT = Qt.AlignmentFlag.AlignRight
_WORDS = {
    "data": "Gathering data",
    "training": "Training",
    "saving": "Saving the policy",
    "done": "Trained",
    "cancelled": "Cancelled: nothing was changed",
    "failed": "Training failed",
}
_OVER = ("done", "cancelled", "failed")
_EMPTY = "The curves appear with the first steps."


class LossPlot(Painted):
    """Loss and validation over the steps, logarithmic."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[float, float, float]] = []  # step, loss, validation
        self._steps = 1
        self._words = _EMPTY
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Loss by training step")

    def add(self, step: int, steps: int, loss: float, validation: float) -> None:
        """One more report; a step that goes back begins a new training."""
        if self._rows and step < self._rows[-1][0]:
            self._rows.clear()
        self._steps = max(1, steps)
        if math.isfinite(loss) or math.isfinite(validation):
            self._rows.append((float(step), loss, validation))
        self.update()

    def rows(self) -> int:
        """How many reports are drawn."""
        return len(self._rows)

    def clear(self, words: str = _EMPTY) -> None:
        """Takes the curves off and says ``words`` in their place."""
        self._rows.clear()
        self._words = words
        self.update()

    def sizeHint(self) -> QSize:
        """Wider than high."""
        return QSize(theme.grid(75), theme.grid(30))

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(theme.grid(40), theme.grid(16))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Axis, curves, and what they are."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surface))
        painter.setFont(theme.font("small"))
        metrics = QFontMetricsF(painter.font())
        head = metrics.height() + theme.grid(1)
        left = metrics.horizontalAdvance("0.0001") + theme.grid(2)
        if self._words != _EMPTY and not self._rows:
            left = head = 0.0
        plot = QRectF(left, head, self.width() - left - 1, self.height() - head - 1)
        painter.fillRect(plot, QColor(look.sunken))
        rows = np.array(self._rows).reshape(-1, 3)
        positive = rows[:, 1:][np.isfinite(rows[:, 1:]) & (rows[:, 1:] > 0)]
        painter.setPen(QColor(look.muted))
        if len(positive) < 2:
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.setFont(theme.font("body"))
            margin = theme.grid(3)
            painter.drawText(plot.adjusted(margin, 0, -margin, 0), flags, self._words)
            painter.setFont(theme.font("small"))
        else:
            low, high = float(np.log10(positive.min())), float(np.log10(positive.max()))
            low, high = low - 0.05, max(high, low + 0.3) + 0.05
            self._paint_axis(painter, plot, low, high)
            self._paint_curves(painter, plot, rows, low, high)
        if self._words == _EMPTY:
            self._paint_legend(painter, plot, head)
        painter.end()

    def _paint_axis(self, painter: QPainter, plot: QRectF, low: float, high: float) -> None:
        look = theme.current()
        height = QFontMetricsF(painter.font()).height()
        free = math.inf
        values = [m * 10.0**p for p in range(-7, 7) for m in (1, 2, 5)]
        for value in values:
            place = math.log10(value)
            if not low <= place <= high:
                continue
            y = round(plot.bottom() - (place - low) / (high - low) * plot.height()) + 0.5
            painter.setPen(QColor(look.line))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            if y > free or y + height / 2 > self.height():
                continue
            painter.setPen(QColor(look.muted))
            box = QRectF(0, y - height / 2, plot.left() - theme.grid(1), height)
            draw_text(painter, box, f"{value:g}", _RIGHT)
            free = y - height * 1.4

    def _paint_curves(
        self, painter: QPainter, plot: QRectF, rows: np.ndarray, low: float, high: float
    ) -> None:
        painter.save()
        painter.setClipRect(plot)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x = plot.left() + rows[:, 0] / self._steps * plot.width()
        for column, pen in ((1, _loss_pen()), (2, _validation_pen())):
            values = np.where(rows[:, column] > 0, rows[:, column], np.nan)
            y = plot.bottom() - (np.log10(values) - low) / (high - low) * plot.height()
            known = np.isfinite(y)  # validation comes every so many reports: join what there is
            painter.setPen(pen)
            draw_curve(painter, *thinned(x[known], y[known], round(plot.width())))
        painter.restore()

    def _paint_legend(self, painter: QPainter, plot: QRectF, head: float) -> None:
        look = theme.current()
        x = plot.left()
        metrics = QFontMetricsF(painter.font())
        newest = self._rows[-1] if self._rows else (0.0, math.nan, math.nan)
        known = [r[2] for r in self._rows if math.isfinite(r[2])]
        for word, value, pen in (
            ("loss", newest[1], _loss_pen()),
            ("validation", known[-1] if known else math.nan, _validation_pen()),
        ):
            painter.setPen(pen)
            y = (head - theme.grid(1)) / 2
            painter.drawLine(QPointF(x, y), QPointF(x + theme.grid(4), y))
            x += theme.grid(5)
            painter.setPen(QColor(look.muted))
            width = metrics.horizontalAdvance(word + " ")
            draw_text(painter, QRectF(x, 0, width, head - theme.grid(1)), word)
            x += width
            painter.setPen(QColor(look.text))
            width = metrics.horizontalAdvance("0.00000") + theme.grid(3)
            text = f"{value:.4f}" if math.isfinite(value) else "–"
            draw_text(painter, QRectF(x, 0, width, head - theme.grid(1)), text)
            x += width


def _loss_pen() -> QPen:
    return QPen(theme.current().stroke("training"), 1.5)


def _validation_pen() -> QPen:
    pen = QPen(QColor(theme.current().text), 1.5)
    pen.setDashPattern([4, 3])
    return pen


class TrainingView(QWidget):
    """Curves over a progress bar, the time left, and cancel.

    Args:
        compact: without the margins it needs as a page of its own.
        parent: Qt parent.
    """

    cancelRequested = Signal()  # noqa: N815
    closeRequested = Signal()  # noqa: N815

    def __init__(self, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: TrainingProgress | None = None
        self._title = ElidedLabel("Not training", bold=True)
        self._text = ElidedLabel(muted=True, lines=1 if compact else 2)
        self._text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._plot = LossPlot()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.grid(2))
        self._bar.setAccessibleName("Training progress")
        self._left = ElidedLabel(muted=True)
        self._cancel = KeyButton("Cancel")
        self._cancel.setFixedWidth(self._cancel.widthFor("Cancel", "Close"))
        self._cancel.clicked.connect(self._clicked)
        foot = QHBoxLayout()
        foot.setSpacing(theme.grid(2))
        foot.addWidget(self._left, 1)
        foot.addWidget(self._cancel)
        column = QVBoxLayout(self)
        margin = 0 if compact else theme.grid(3)
        column.setContentsMargins(margin, margin, margin, margin)
        column.setSpacing(theme.grid(1))
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addWidget(self._plot, 1)
        column.addWidget(self._bar)
        column.addLayout(foot)
        self.setAccessibleName("Training")
        self.clear()

    def value(self) -> TrainingProgress | None:
        """The newest report."""
        return self._progress

    def plot(self) -> LossPlot:
        """The curves."""
        return self._plot

    def setProgress(self, progress: TrainingProgress) -> None:
        """Takes in one report of the trainer; the same again is free."""
        if progress == self._progress:
            return
        if self._progress is None or self._progress.stage in _OVER:
            self._plot.clear()
        self._progress = progress
        if progress.stage == "training":
            self._plot.add(progress.step, progress.steps, progress.loss, progress.validation)
        failed = progress.stage == "failed"
        if failed:
            # What went wrong and what to do is worth more than the curves: it takes their place.
            self._plot.clear(progress.text or "The trainer ended without saying why. Try again.")
        title = _WORDS.get(progress.stage, progress.stage)
        self._title.setText(f"{title} · round {progress.round}")
        self._text.setText("" if failed else progress.text)
        # The bar without a known end runs to and fro by itself: that is Qt's 0 to 0.
        unknown = progress.stage not in _OVER and progress.steps <= 0
        self._bar.setRange(0, 0 if unknown else max(1, progress.steps))
        if not unknown:
            self._bar.setValue(
                max(1, progress.steps) if progress.stage == "done" else progress.step
            )
        self._left.setText(_time_words(progress))
        self._cancel.setText("Close" if progress.stage in _OVER else "Cancel")
        self._cancel.setEnabled(True)

    def _clicked(self) -> None:
        over = self._progress is not None and self._progress.stage in _OVER
        (self.closeRequested if over else self.cancelRequested).emit()

    def clear(self) -> None:
        """Back to not training."""
        self._progress = None
        self._plot.clear()
        self._title.setText("Not training")
        self._text.setText("")
        self._left.setText("")
        self._bar.setRange(0, 1)
        self._bar.setValue(0)
        self._cancel.setText("Cancel")
        self._cancel.setEnabled(False)


def _time_words(progress: TrainingProgress) -> str:
    spent = clock(progress.elapsed_s, tenths=False)
    if progress.stage in _OVER:
        return f"took {spent}"
    left = clock(progress.eta_s, tenths=False) if progress.eta_s > 0 else "--:--"
    steps = f"step {progress.step} of {progress.steps} · " if progress.steps > 0 else ""
    return f"{steps}{left} left"


def example_progress(step: int, steps: int = 600, stage: str = "training") -> TrainingProgress:
    """A made-up report, for running alone and for tests."""
    loss = 0.004 + 0.4 * math.exp(-step / 90) * (1 + 0.15 * math.sin(step * 1.7))
    validation = 0.012 + 0.4 * math.exp(-step / 100) if step % 50 == 0 else math.nan
    text = "12 demonstrations, 20 corrections"
    return TrainingProgress(
        stage, step, steps, loss, validation, step / 20, (steps - step) / 20, 4, text
    )


def main() -> int:
    """A training of twenty seconds, over and over."""
    from dagger_gui.widgets._demo import show

    def tick(widget: QWidget, t: float) -> None:
        assert isinstance(widget, TrainingView)
        step = int(t * 30) % 640
        stage = "data" if step < 10 else "training" if step < 600 else "done"
        widget.setProgress(example_progress(min(step, 600), stage=stage))

    return show(TrainingView, 420, 320, tick)


if __name__ == "__main__":
    raise SystemExit(main())
