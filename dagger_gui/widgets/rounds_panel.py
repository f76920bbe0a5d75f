"""The round in short: how many corrections, is it better, and RETRAIN with what it will do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel, Heading, Painted
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.rounds_chart import RoundPoint, RoundsChart, example_rounds
from dagger_gui.widgets.training_view import TrainingView, example_progress
from sessions.messages import TrainingProgress


class CountBar(Painted):
    """How much of the target is reached, as a thin bar in the human's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count, self._target, self._others = 0, 0, 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def setCount(self, count: int, target: int, others: int = 0) -> None:
        """``count`` of ``target``, and paler ``others`` that do not count; target 0: empty."""
        if (count, target, others) != (self._count, self._target, self._others):
            self._count, self._target, self._others = count, target, others
            self.setAccessibleName(f"{count} of {target} corrections")
            self.update()

    def value(self) -> tuple[int, int]:
        """What is filled, and of how many."""
        return self._count, self._target

    def sizeHint(self) -> QSize:
        """One grid step high."""
        return QSize(theme.grid(40), theme.grid(1))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground and part."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().line))
        if self._target > 0:
            part, whole = (
                self.width() * min(1.0, n / self._target)
                for n in (self._count, self._count + self._others)
            )
            full = QRectF(0, 0, part, self.height())
            pale = QRectF(part, self.height() / 2 - 0.5, whole - part, 1)
            painter.fillRect(full, theme.current().fill("human"))
            painter.fillRect(pale, theme.current().fill("human"))
        painter.end()


class RoundsPanel(QWidget):
    """Chart and RETRAIN; while training, its curves in the same place."""

    retrainRequested = Signal()  # noqa: N815
    cancelRequested = Signal()  # noqa: N815
    roundSelected = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = Heading("Round")
        self._count = CountBar()
        self._chart = RoundsChart()
        self._training = TrainingView(compact=True)
        self._plan = ElidedLabel(size="small", muted=True, lines=4)
        self._retrain = KeyButton("RETRAIN", "Ctrl+R", role="training")
        self._why_not = "there are no corrections yet"
        self._busy = False
        self._low = False
        self._arrange()
        self._retrain.clicked.connect(self.retrainRequested)
        self._training.cancelRequested.connect(self.cancelRequested)
        self._training.closeRequested.connect(self._close_training)
        self._chart.valueChanged.connect(self.roundSelected)
        self.setAccessibleName("Rounds")
        self.setPlan("", "No corrections yet: there is nothing new to learn from.")

    def _arrange(self) -> None:
        first = QWidget()
        chart = QVBoxLayout(first)
        chart.setContentsMargins(0, 0, 0, 0)
        chart.setSpacing(theme.grid(1.5))
        chart.addWidget(self._chart, 1)
        foot = QHBoxLayout()
        foot.setSpacing(theme.grid(2))
        foot.addWidget(self._plan, 1)
        foot.addWidget(self._retrain)
        chart.addLayout(foot)
        self._stack = QStackedLayout()
        self._stack.addWidget(first)
        self._stack.addWidget(self._training)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addWidget(self._heading)
        column.addWidget(self._count)
        column.addLayout(self._stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room for a chart there is none; count, plan and RETRAIN stay."""
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """What it can do with."""
        least = super().minimumSizeHint()
        return QSize(least.width(), self._height(low=True))

    def _height(self, *, low: bool) -> int:
        """What it asks for, without a chart or with one [px]."""
        gap = self._column.spacing()
        foot = max(self._plan.sizeHint().height(), self._retrain.sizeHint().height())
        chart = 0 if low else self._chart.minimumSizeHint().height() + gap
        head = self._heading.sizeHint().height() + self._count.sizeHint().height() + 2 * gap
        training = self._training.minimumSizeHint().height()
        return head + max(foot + chart, training)

    def _fit(self) -> None:
        low = self.height() < self._height(low=False)
        if low != self._low:
            self._low = low
            self._chart.setVisible(not low)

    def setRound(
        self, index: int, corrections: int, target: int, not_recovered: int = 0, waiting: int = 0
    ) -> None:
        """The running round and how far it is.

        Args:
            index: its number, -1 before the first.
            corrections: how many of its corrections RETRAIN learns from.
            target: how many it is after, 0 for none set.
            not_recovered: corrections that are left out because they brought nothing on.
            waiting: corrections of the attempt that still runs.
        """
        self._heading.setTitle(f"Round {index}" if index >= 0 else "No round yet")
        facts = [f"{corrections} / {target}" if target else f"{corrections}"]
        facts += [f"{waiting} running"] if waiting else []
        facts += [f"{not_recovered} not recovered"] if not_recovered else []
        facts[-1] += "" if len(facts) > 1 else " corrections"
        self._heading.setFact(" · ".join(facts))
        self._count.setCount(corrections, target, not_recovered + waiting)

    def setRounds(self, rounds: Sequence[RoundPoint]) -> None:
        """The rounds of the chart, in order."""
        self._chart.setRounds(rounds)

    def setPlan(self, plan: str, why_not: str = "") -> None:
        """What RETRAIN will do, in one sentence; ``why_not`` says why it cannot, and greys it."""
        self._why_not = why_not
        self._plan.setText(why_not or plan)
        self._retrain.setEnabled(not why_not)
        self._retrain.setAccessibleDescription(why_not or plan)

    def setProgress(self, progress: TrainingProgress | None) -> None:
        """Shows the training while there is one; None, done or cancelled goes back to the chart.

        A failed training stays in view with its reason until it is closed or the next one comes.
        """
        if progress is not None:
            if progress == self._training.value():
                return  # said already: closed stays closed
            self._training.setProgress(progress)
        self._busy = progress is not None and progress.stage not in ("done", "cancelled")
        self._stack.setCurrentIndex(1 if self._busy else 0)

    def _close_training(self) -> None:
        self.setProgress(None)

    def setRetrainKey(self, key: str) -> None:
        """The key shown on RETRAIN."""
        self._retrain.setKey(key)

    def triggerRetrain(self) -> bool:
        """What the button does; whether it could."""
        if self._why_not or self._busy:
            return False
        self.retrainRequested.emit()
        return True

    def chart(self) -> RoundsChart:
        """The chart."""
        return self._chart

    def training(self) -> TrainingView:
        """The training view."""
        return self._training


def main() -> int:
    """Rounds; RETRAIN starts a made-up training."""
    from dagger_gui.widgets._demo import show

    step: list[int | None] = [None]

    def make() -> QWidget:
        panel = RoundsPanel()
        panel.setRound(3, 12, 20)
        panel.setRounds(example_rounds())
        panel.setPlan("Trains round 4 from scratch on 12 demonstrations and 46 corrections.")
        panel.retrainRequested.connect(lambda: step.__setitem__(0, 0))
        panel.cancelRequested.connect(lambda: step.__setitem__(0, None))
        return panel

    def tick(widget: QWidget, _t: float) -> None:
        assert isinstance(widget, RoundsPanel)
        at = step[0]
        if at is None or at > 600:
            widget.setProgress(None)
            return
        widget.setProgress(example_progress(at))
        step[0] = at + 3

    return show(make, 320, 300, tick)


if __name__ == "__main__":
    raise SystemExit(main())
