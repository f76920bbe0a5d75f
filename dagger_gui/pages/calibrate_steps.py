"""The Calibrate view's two panels: the list of steps, and the step that is to be done now."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.widgets.calibration_bars import CalibrationBars, JointSweep
from sessions.checking.views import JointBar, View, standing


class StepsList(QWidget):
    """All steps, with a tick before those done and a pointer at the present one."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.grid(2))
        self._grid.setVerticalSpacing(theme.grid(1.5))
        self._grid.setColumnMinimumWidth(0, theme.grid(4))
        self._grid.setColumnStretch(1, 1)
        self._rows: list[tuple[Words, Words]] = []
        self._shown: tuple[tuple[str, ...], int] = ((), 0)
        self.setAccessibleName("Steps")

    def show_view(self, view: View) -> None:
        """Shows where the calibration is."""
        shown = (view.titles, view.step.number)
        if shown == self._shown:
            return
        self._shown = shown
        while len(self._rows) < len(view.titles):
            mark, title = Words(), Words()
            self._grid.addWidget(mark, len(self._rows), 0)
            self._grid.addWidget(title, len(self._rows), 1)
            self._rows.append((mark, title))
        for i, (mark, title) in enumerate(self._rows):
            there = i < len(view.titles)
            mark.setVisible(there)
            title.setVisible(there)
            if not there:
                continue
            at = i - (view.step.number - 1)
            mark.setText("✓" if at < 0 else "▸" if at == 0 else "·")
            title.setText(view.titles[i])
            for words in (mark, title):
                words.setRole("good" if at < 0 else "" if at == 0 else "muted")
                words.setFont(theme.font("body", bold=at == 0))

    def clear(self) -> None:
        """Shows no steps."""
        self._shown = ((), 0)
        for row in self._rows:
            for words in row:
                words.hide()


class StepPanel(QWidget):
    """What to do now, whether it is done, every joint live, and what came of it."""

    def __init__(self) -> None:
        super().__init__()
        self.title = Words(size="large", bold=True)
        self.instruction = Words(wrap=True)
        self.state = Words(wrap=True)
        self.bars = CalibrationBars()
        self.result = Words(wrap=True)
        self.result.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.result.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, theme.grid(2), 0)
        column.setSpacing(theme.grid(3))
        column.addWidget(self.bars)
        column.addWidget(self.result)
        column.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.viewport().setAutoFillBackground(False)
        area.setWidget(inside)
        inside.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.grid(2))
        # Their lines are there from the start: what is below must not move as words come and go.
        line = self.instruction.fontMetrics().lineSpacing()
        self.instruction.setMinimumHeight(2 * line)
        self.state.setMinimumHeight(2 * line)
        top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        for words in (self.instruction, self.state):
            words.setAlignment(top)
        whole.addWidget(self.title)
        whole.addWidget(self.instruction)
        whole.addWidget(self.state)
        whole.addWidget(area, 1)

    def say(self, title: str, text: str, role: str = "") -> None:
        """A sentence in place of a step."""
        self.title.setText(title)
        self.title.setRole(role)
        self.instruction.setText(text)
        self.state.setText("")
        self.bars.setVisible(False)
        self.result.setText("")

    def show_view(self, view: View) -> None:
        """The step now."""
        step = view.step
        self.title.setText(step.title)
        self.title.setRole("")
        self.instruction.setText(step.instruction)
        wrong = view.problem or step.missing
        self.state.setText(standing(view))
        self.state.setRole("fault" if view.problem else "hold" if wrong else "good")
        self.bars.setVisible(True)
        self.bars.setValue([sweep(bar, step.joint) for bar in view.bars])
        lines = [*view.summary, *(f"Odd: {warning}" for warning in view.warnings)]
        self.result.setText("\n".join(lines))


def sweep(bar: JointBar, joint: str) -> JointSweep:
    """A joint as its bar shows it.

    Args:
        bar: as it came.
        joint: the joint the present step is about; empty for all.
    """
    return JointSweep(
        bar.name,
        bar.now,
        bar.low,
        bar.high,
        bar.lower,
        bar.upper,
        done=bar.done,
        active=bar.name == joint,
    )
