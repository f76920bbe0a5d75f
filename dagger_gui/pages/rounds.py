"""The Rounds page: is it better, what the next round will be made of, and the way back."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QProgressBar,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.commands import Commands
from dagger_gui.key_groups import first_key
from dagger_gui.pieces import Card, RowTable, Words
from dagger_gui.round_desk import TRIALS, RoundDesk, success
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.rounds_chart import RoundsChart
from dagger_gui.widgets.training_options import TrainingOptions, TrainingOptionsEditor
from dagger_gui.widgets.training_view import TrainingView
from dagger_gui.wording import duration, percent
from drivers.bindings import Bindings
from sessions.learn.rounds import RoundSummary

_HEADS = (
    "Round",
    "Learned from",
    "Corrected",
    "Success, 95 % interval",
    "By human",
    "Human time",
    "Training",
)
_FIGURES = (2, 4, 5, 6)
_SPARE = (6, 5, 4)  # columns that go first where there is no room for all


class RoundsPage(QWidget):
    """Table, chart, training, measuring.

    Args:
        model: the session.
        commands: cancelling a training.
        desk: rounds, training and measuring.
        keys: shown on the buttons.
        parent: Qt owner.
    """

    def __init__(
        self,
        model: SessionModel,
        commands: Commands,
        desk: RoundDesk,
        keys: Bindings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._desk = model, desk
        self.table = RowTable(_HEADS)
        self.chart = RoundsChart()
        self.options = TrainingOptionsEditor()
        self.training = TrainingView()
        self.plan, self.why = Words(role="muted", wrap=True), Words(role="muted", wrap=True)
        self.retrain = KeyButton("RETRAIN", first_key(keys, "retrain"), role="training")
        self.everything = KeyButton("Learn from everything")
        self.activate = KeyButton("Run this policy")
        self.measure = KeyButton(f"Measure, {TRIALS} trials")
        self.stop_measuring = KeyButton("Cancel")
        self.measuring, self.measured = QProgressBar(), Words(role="muted")
        self._lay_out()
        self._connect(commands)
        self._show()

    def selected(self) -> int | None:
        """The round chosen in the table."""
        row = self.table.currentRow()
        summaries = self._desk.summaries
        return summaries[row].index if 0 <= row < len(summaries) else None

    def select(self, index: int | None) -> None:
        """Chooses a round in table and chart."""
        for row, summary in enumerate(self._desk.summaries):
            if summary.index == index and row != self.table.currentRow():
                self.table.selectRow(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shows as many columns as fit; success by round is never one that goes."""
        super().resizeEvent(event)
        self._fit_table()

    # -- layout

    def _lay_out(self) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(theme.grid(2))
        left.addWidget(self._table_card(), 3)
        chart = Card("Success by round")
        chart.body.addWidget(self.chart, 1)
        left.addWidget(chart, 3)
        right.addWidget(self._training_card(), 1)
        right.addWidget(self._measuring_card())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        row.addLayout(left, 7)
        row.addLayout(right, 4)

    def _table_card(self) -> Card:
        card = Card("Rounds")
        table = self.table
        table.setAccessibleName("Rounds")
        head = table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        for column in range(len(_HEADS)):
            name = table.horizontalHeaderItem(column)
            if name is not None:
                name.setTextAlignment(_side(column))
        card.body.addWidget(table, 1)
        card.body.addWidget(self.why)
        acts = QHBoxLayout()
        acts.setSpacing(theme.grid(2))
        acts.addWidget(self.activate)
        acts.addWidget(self.measure)
        acts.addStretch()
        card.body.addLayout(acts)
        return card

    def _fit_table(self) -> None:
        head = self.table.horizontalHeader()
        room = self.table.viewport().width()
        asked = {
            column: max(head.sectionSizeHint(column), self.table.sizeHintForColumn(column))
            for column in range(len(_HEADS))
        }
        for column in _SPARE:
            self.table.setColumnHidden(column, sum(asked.values()) > room)
            if self.table.isColumnHidden(column):
                asked.pop(column)

    def _training_card(self) -> Card:
        card = Card("Next round")
        card.body.addWidget(self.options)
        card.body.addWidget(self.plan)
        row = QHBoxLayout()
        row.addWidget(self.everything)
        row.addStretch()
        row.addWidget(self.retrain)
        card.body.addLayout(row)
        card.body.addWidget(self.training, 1)
        return card

    def _measuring_card(self) -> Card:
        card = Card("Measuring")
        self.measuring.setTextVisible(False)
        self.measuring.setAccessibleName("Progress of the measurement")
        self.measured.setWordWrap(True)
        self.measured.setMinimumHeight(2 * self.measured.fontMetrics().lineSpacing())
        colour = theme.current().fills["policy"]  # trials are the policy's own, not training
        self.measuring.setStyleSheet(f"QProgressBar::chunk {{ background: {colour}; }}")
        card.body.addWidget(self.measured)
        row = QHBoxLayout()
        row.setSpacing(theme.grid(2))
        row.addWidget(self.measuring, 1)
        row.addWidget(self.stop_measuring)
        card.body.addLayout(row)
        return card

    def _connect(self, commands: Commands) -> None:
        desk = self._desk
        self.options.setValue(desk.options)
        self.options.valueChanged.connect(self._set_options)
        self.retrain.clicked.connect(desk.retrain)
        self.everything.clicked.connect(desk.everything_asked)
        self.training.cancelRequested.connect(commands.cancel_training)
        self.training.closeRequested.connect(self.training.clear)
        self.activate.clicked.connect(lambda: self._with_selected(desk.activate))
        self.measure.clicked.connect(lambda: self._with_selected(desk.measure))
        self.stop_measuring.clicked.connect(desk.cancel_measuring)
        self.table.itemSelectionChanged.connect(self._show_acts)
        self.chart.valueChanged.connect(self.select)
        desk.changed.connect(self._show)
        desk.measuring_changed.connect(self._show_measuring)
        self._model.training_changed.connect(lambda _progress: self._show_training())
        self._model.supervisor_changed.connect(lambda _state: self._show_training())
        self._model.read_only_changed.connect(self._lock)
        self._model.control_changed.connect(lambda _state: self._show_acts())

    def _lock(self, why: str) -> None:
        """Greys what a window that only looks cannot do."""
        for button in (self.activate, self.measure, self.stop_measuring):
            button.setLocked(why)
        self.training.setReadOnly(why)
        self.options.setEnabled(not why)
        self.options.setToolTip(why)

    def _with_selected(self, act: object) -> None:
        index = self.selected()
        if index is not None and callable(act):
            act(index)

    def _set_options(self, options: TrainingOptions) -> None:
        self._desk.set_options(options)

    # -- what is shown

    def _show(self) -> None:
        summaries = self._desk.summaries
        before = self.selected()
        self.table.setRowCount(len(summaries))
        for row, summary in enumerate(summaries):
            for column, text in enumerate(self._cells(summary)):
                self._put(row, column, text, bold=summary.running)
        if summaries and self.table.currentRow() < 0:
            self.table.selectRow(len(summaries) - 1)
        elif before is not None:
            self.select(before)
        self._fit_table()
        self.chart.setRounds(self._desk.points())
        why_not = self._desk.why_not()
        query = self._desk.query
        only = f" It is set to learn only from {query}." if query else ""
        self.plan.setText(f"{why_not}{only}" if why_not else self._desk.plan())
        self.everything.setVisible(bool(query))
        self.retrain.setEnabled(not why_not)
        self._show_acts()
        self._show_measuring()

    def _cells(self, summary: RoundSummary) -> tuple[str, ...]:
        found = success(summary)
        text = "not measured yet"
        if found.n:
            what = "trials" if summary.trials is not None else "alone"
            text = (
                f"{found.k}/{found.n} {what}: {percent(found.rate)} "
                f"({100 * found.low:.0f}–{100 * found.high:.0f})"
            )
        learned = f"+ {summary.trained_corrections} corrections"
        return (
            f"{summary.index}, runs" if summary.running else str(summary.index),
            learned if summary.index else "demonstrations",
            str(self._desk.corrections(summary.index)),
            text,
            percent(summary.intervention_share),
            duration(summary.human_s),
            duration(summary.train_s),
        )

    def _put(self, row: int, column: int, text: str, *, bold: bool) -> None:
        item = self.table.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(_side(column))
            self.table.setItem(row, column, item)
        item.setText(text)
        item.setFont(theme.font("body", bold=bold))

    def _show_acts(self) -> None:
        index = self.selected()
        running = self._desk.running()
        attempt = self._model.control is not None and self._model.control.attempt != 0
        self.activate.setEnabled(index is not None and index != running and not attempt)
        simulated = self._model.workspace.station.simulated
        self.measure.setEnabled(simulated and index is not None and not self._desk.is_measuring())
        self.why.setText(self._sentence(index, running, attempt=attempt))

    def _sentence(self, index: int | None, running: int, *, attempt: bool) -> str:
        summary = next((s for s in self._desk.summaries if s.index == index), None)
        if summary is None:
            return "No round yet. The first launch makes the base policy."
        learned = f"It learned from {summary.trained_corrections} corrections."
        warnings = " ".join(summary.warnings)
        if index == running:
            way = "This policy runs now."
        elif attempt:
            way = "End the attempt before another policy is loaded."
        else:
            way = "Run this policy goes back to it, or forward again; nothing is lost."
        return " ".join(part for part in (way, learned if index else "", warnings) if part)

    def _show_training(self) -> None:
        progress = self._desk.progress()
        if progress is not None and progress != self.training.value():
            self.training.setProgress(progress)

    def _show_measuring(self) -> None:
        desk = self._desk
        progress = desk.measuring
        busy = desk.is_measuring()
        self.stop_measuring.setEnabled(busy)
        if busy and progress is None:
            self.measuring.setRange(0, 0)
            self.measured.setText(f"Round {desk.measured_round()}: starting …")
        elif busy and progress is not None:
            self.measuring.setRange(0, max(1, progress.steps))
            self.measuring.setValue(progress.step)
            left = f" About {duration(progress.eta_s)} left." if progress.eta_s > 0 else ""
            self.measured.setText(f"Round {progress.round}: {progress.text}{left}")
        else:
            self.measuring.setRange(0, 1)
            self.measuring.setValue(0)
            self.measured.setText(
                f"Measure runs {TRIALS} trials of a round's policy in simulation, the same start "
                "poses for each, without a human and beside everything else."
                if self._model.workspace.station.simulated
                else "A real arm is measured by its attempts: mark each as success or failure."
            )
        self.measure.setEnabled(
            self._model.workspace.station.simulated and self.selected() is not None and not busy
        )


def _side(column: int) -> Qt.AlignmentFlag:
    """Figures to the right, words to the left."""
    right = column in _FIGURES
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
