"""The page of the first launch: demonstrations and a base policy are made, visibly.

It runs ``python -m sessions.headless first-launch`` as a child and shows what that publishes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QProcess, QTimer, Signal
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.pieces import Card, Words
from dagger_gui.wording import duration
from sessions.messages import TrainingProgress

WHAT_TO_DO_FIRST = "Press Enter to arm, and again to start; hold G when the policy goes wrong."
_STEPS = (
    ("data", "Record demonstrations with the scripted operator"),
    ("training", "Train the base policy on them"),
    ("saving", "Save the policy"),
)
_ABOUT = (
    "This happens once. A scripted operator shows the task, and a first policy learns from it. "
    "It will not be good: correcting it is what comes next."
)
_TERMINATE_MS = 3000
_SHOWN_LOG = 4000


class FirstLaunchPage(QWidget):
    """Progress, time left, cancel, and retry after an error.

    Args:
        workspace: folder of the workspace.
        module: the module that is run; tests name another.
        parent: Qt owner.
    """

    finished = Signal()
    cancelled = Signal()

    def __init__(
        self,
        workspace: Path,
        module: str = "sessions.headless",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._module = module
        self._cancelling = False
        self._log = ""
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self._process.readyRead.connect(self._read_log)
        self._process.finished.connect(self._ended)
        self._process.errorOccurred.connect(self._failed_to_start)
        self._marks = [Words() for _ in _STEPS]
        self._lines = [Words(words) for _, words in _STEPS]
        self._bar = QProgressBar()
        self._text = Words(role="muted", wrap=True)
        self._problem = Words(role="fault", wrap=True)
        self._cancel = QPushButton("Cancel")
        self._retry = QPushButton("Try again  (Enter)")
        self._details = QPushButton("Copy details")
        self._lay_out()
        self._cancel.clicked.connect(self.cancel)
        self._retry.clicked.connect(self.start)
        self._details.clicked.connect(lambda: QApplication.clipboard().setText(self._log))

    def start(self) -> None:
        """Starts, or starts again after an error or a cancel."""
        if self._process.state() != QProcess.ProcessState.NotRunning:
            return
        self._cancelling, self._log = False, ""
        self._show_stage("data")
        self._bar.setRange(0, 0)
        self._text.setText("Starting …")
        self._show_problem("")
        command = ["-m", self._module, "first-launch", str(self._workspace)]
        self._process.start(sys.executable, command)

    def running(self) -> bool:
        """Whether the child still works."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def show_progress(self, progress: TrainingProgress) -> None:
        """Shows what the child published."""
        if not self.running():
            return
        self._show_stage(progress.stage)
        self._bar.setRange(0, max(progress.steps, 1))
        self._bar.setValue(progress.step)
        left = f"about {duration(progress.eta_s)} left" if progress.eta_s > 0 else ""
        self._text.setText("  ·  ".join(part for part in (progress.text, left) if part))

    def cancel(self) -> None:
        """Stops the child; what it had recorded is kept, and nothing half-trained is used."""
        if not self.running():
            return
        self._cancelling = True
        self._text.setText("Cancelling …")
        self._process.terminate()
        QTimer.singleShot(_TERMINATE_MS, self, self._process.kill)

    def stop(self) -> None:
        """Stops the child at once and waits for its end; for closing the window."""
        if self.running():
            self._cancelling = True
            self._process.terminate()
            if not self._process.waitForFinished(_TERMINATE_MS):
                self._process.kill()
                self._process.waitForFinished(_TERMINATE_MS)

    def _lay_out(self) -> None:
        card = Card(margin=8)
        card.setMaximumWidth(theme.grid(180))
        inside = card.body
        inside.addWidget(Words("Preparing the station", "large", bold=True))
        inside.addWidget(Words(_ABOUT, wrap=True))
        inside.addSpacing(theme.grid(2))
        for mark, line in zip(self._marks, self._lines, strict=True):
            mark.setFixedWidth(theme.grid(5))
            row = QHBoxLayout()
            row.setSpacing(0)
            row.addWidget(mark)
            row.addWidget(line, 1)
            inside.addLayout(row)
        inside.addSpacing(theme.grid(2))
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the first launch")
        for widget in (self._bar, self._text, self._problem):
            inside.addWidget(widget)
        self._text.setMinimumHeight(self._text.fontMetrics().height())
        buttons = QHBoxLayout()
        buttons.addWidget(self._details)
        buttons.addStretch()
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._retry)
        inside.addLayout(buttons)
        outside = QVBoxLayout(self)
        outside.addStretch(2)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(card, 4)
        row.addStretch()
        outside.addLayout(row)
        outside.addStretch(3)
        self._show_stage("")
        self._show_problem("")

    def _show_stage(self, stage: str) -> None:
        names = [name for name, _ in _STEPS]
        at = len(names) if stage == "done" else names.index(stage) if stage in names else -1
        for i, (mark, line) in enumerate(zip(self._marks, self._lines, strict=True)):
            mark.setText("✓" if i < at else "▸" if i == at else "·")
            for words in (mark, line):
                words.setRole("" if i == at else "good" if i < at else "muted")

    def _show_problem(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._details.setVisible(bool(sentence) and bool(self._log))
        self._retry.setVisible(bool(sentence))
        self._cancel.setVisible(not sentence)

    def _read_log(self) -> None:
        text = bytes(self._process.readAll().data()).decode(errors="replace")
        self._log = (self._log + text)[-_SHOWN_LOG:]

    def _failed_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._show_problem(
                f"Python could not be started from {sys.executable}. Install the program again."
            )

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_log()
        self._bar.setRange(0, 1)
        if code == 0 and status == QProcess.ExitStatus.NormalExit:
            self._show_stage("done")
            self._bar.setValue(1)
            self._text.setText(f"Done. {WHAT_TO_DO_FIRST}")
            self.finished.emit()
            return
        self._bar.setValue(0)
        self._text.setText("")
        if self._cancelling:
            self._show_problem("Cancelled. The station needs a base policy before it can start.")
            self.cancelled.emit()
        else:
            last = self._log.strip().splitlines()[-1:] or [f"it ended with code {code}"]
            self._show_problem(
                f"The preparation stopped: {last[0]}. Try again; what is already recorded is kept."
            )
