"""Training, live: loss and validation curves, how far, how long yet, cancel."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._legend import Legend
from dagger_gui.widgets._painting import clock
from dagger_gui.widgets._plotting import Plots, coloured, pen
from sessions.messages import TrainingProgress

_WORDS = {
    "starting": "Starting the trainer",
    "data": "Gathering data",
    "training": "Training",
    "saving": "Saving the policy",
    "done": "Trained",
    "cancelled": "Cancelled: nothing was changed",
    "failed": "Training failed",
}
OVER = ("done", "cancelled", "failed")
"""Stages after which a trainer says nothing more."""
_EMPTY = "The curves appear with the first steps."


def _ticks(steps: tuple[int, ...]) -> list[tuple[float, str]]:
    values = [step * 10.0**power for power in range(-7, 7) for step in steps]
    return [(math.log10(value), f"{value:g}") for value in values]


class LossPlot(Plots):
    """Loss and validation over the steps, logarithmic."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[float, float, float]] = []  # step, loss, validation
        self._steps = 1
        self._words = _EMPTY
        self.setAccessibleName("Loss by training step")

    def add(self, step: int, steps: int, loss: float, validation: float) -> None:
        """One more report; a step that goes back begins a new training."""
        if self._rows and step < self._rows[-1][0]:
            self._rows.clear()
        self._steps = max(1, steps)
        if math.isfinite(loss) or math.isfinite(validation):
            self._rows.append((float(step), loss, validation))
        self.refresh()

    def rows(self) -> int:
        """How many reports are drawn."""
        return len(self._rows)

    def clear(self, words: str = _EMPTY) -> None:
        """Takes the curves off and says ``words`` in their place."""
        self._rows.clear()
        self._words = words
        self.refresh()

    def sizeHint(self) -> QSize:
        """Wider than high."""
        return QSize(theme.grid(75), theme.grid(30))

    def minimumSizeHint(self) -> QSize:
        """Still readable."""
        return QSize(theme.grid(40), theme.grid(16))

    def build(self) -> None:
        """A legend with the newest values over a logarithmic plot."""
        look, small = theme.current(), QFontMetricsF(theme.font("small"))
        left = math.ceil(small.horizontalAdvance("0.0001")) + theme.grid(2)
        self._plot = pg.PlotItem(enableMenu=False)
        self._plot.hideButtons()
        self._plot.hideAxis("bottom")
        self._plot.setMouseEnabled(x=False, y=False)
        self._plot.setLogMode(y=True)
        self._plot.getViewBox().setBackgroundColor(look.sunken)
        axis = self._plot.getAxis("left")
        axis.setWidth(left)
        axis.setPen(pen(look.line))
        axis.setTextPen(look.muted)
        axis.setStyle(tickFont=theme.font("small"), tickLength=0)
        axis.setGrid(255)
        # Two levels: 2 and 5 of a decade where there is room for them.
        axis.setTicks([_ticks((1,)), _ticks((2, 5))])
        lines = {"loss": pen(look.stroke("training"), 1.5)}
        lines["validation"] = pen(look.text, 1.5, [4, 3])
        self._legend = Legend(len(lines), left)
        self._curves = {w: self._plot.plot(pen=line, antialias=True) for w, line in lines.items()}
        for word, curve in self._curves.items():
            self._legend.addItem(curve, word)
        self.ci.addItem(self._legend, 0, 0)
        self.ci.addItem(self._plot, 1, 0)

    def fill(self) -> None:
        """The curves, and in the legend what they came to."""
        rows = np.array(self._rows).reshape(-1, 3)
        for column, (word, curve) in enumerate(self._curves.items(), 1):
            # Validation comes every so many reports: what there is is joined.
            known = rows[rows[:, column] > 0]
            curve.setData(known[:, 0], known[:, column])
            newest = f"{known[-1, column]:.4f}" if len(known) else "–"
            figure = coloured(f" {newest:\u2007<8}", theme.current().text)
            self._legend.getLabel(curve).setText(word + figure)
        self._plot.setXRange(0, self._steps, padding=0)
        self.words = "" if len(rows) > 1 else self._words
        self._plot.getAxis("left").setStyle(showValues=not self.words)
        self._legend.setVisible(self._words == _EMPTY)
        self._plot.setVisible(self._words == _EMPTY)


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
        size: theme.Size = "small" if compact else "body"
        self._text = ElidedLabel(size=size, muted=True, lines=1 if compact else 2)
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
        self._low = False
        foot = QHBoxLayout()
        foot.setSpacing(theme.grid(2))
        foot.addWidget(self._left, 1)
        foot.addWidget(self._cancel)
        self._column = column = QVBoxLayout(self)
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
        if self._progress is None or self._progress.stage in OVER:
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
        self._say()
        # The bar without a known end runs to and fro by itself: that is Qt's 0 to 0.
        unknown = progress.stage not in OVER and progress.steps <= 0
        self._bar.setRange(0, 0 if unknown else max(1, progress.steps))
        if not unknown:
            self._bar.setValue(
                max(1, progress.steps) if progress.stage == "done" else progress.step
            )
        self._left.setText(_time_words(progress))
        self._cancel.setText("Close" if progress.stage in OVER else "Cancel")
        self._cancel.setEnabled(True)

    def setReadOnly(self, why: str) -> None:
        """Greys Cancel with the reason; empty takes it back."""
        self._cancel.setLocked(why)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for curves there are none."""
        super().resizeEvent(event)
        low = self.height() < self._height(low=False)
        if low != self._low:
            self._low = low
            self._plot.setVisible(not low)
            self._say()

    def minimumSizeHint(self) -> QSize:
        """What it can do with."""
        return QSize(super().minimumSizeHint().width(), self._height(low=True))

    def _height(self, *, low: bool) -> int:
        """What it asks for, without curves or with them [px]."""
        margins, gap = self._column.contentsMargins(), self._column.spacing()
        parts = [self._title, self._text, self._cancel] + ([] if low else [self._plot])
        heights = [part.minimumSizeHint().height() for part in parts] + [self._bar.height()]
        return sum(heights) + gap * (len(heights) - 1) + margins.top() + margins.bottom()

    def _say(self) -> None:
        """The trainer's own words, unless they stand in the place of the curves."""
        progress = self._progress
        beside = progress is not None and (self._low or progress.stage != "failed")
        self._text.setText(progress.text if progress is not None and beside else "")

    def _clicked(self) -> None:
        over = self._progress is not None and self._progress.stage in OVER
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
    if progress.stage in OVER:
        return f"took {spent}" if progress.elapsed_s > 0 else ""
    left = clock(progress.eta_s, tenths=False) if progress.eta_s > 0 else "--:--"
    steps = f"step {progress.step} of {progress.steps} · " if progress.steps > 0 else ""
    return f"{steps}{left} left"


def starting(index: int) -> TrainingProgress:
    """What is known of the training of round ``index`` before its trainer says anything."""
    return TrainingProgress("starting", 0, 0, math.nan, math.nan, 0.0, 0.0, index)


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
