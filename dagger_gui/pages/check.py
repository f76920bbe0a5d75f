"""The Check view: everything the station names, measured, with a verdict and a remedy a line."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.checking_process import CheckingProcess
from dagger_gui.pieces import Card, Words
from dagger_gui.session_model import SessionModel
from dagger_gui.suspension import Suspension
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.check_table import CheckRow, CheckTable
from sessions.checking import results
from sessions.checking.results import Check, Doing, Failed, Report

_NEEDED = ("control", "cameras")
_ABOUT = (
    "It takes about 15 seconds, moves nothing and gives no motor torque. Control and cameras are "
    "suspended while it runs: an armed arm goes to its rest pose first, a disarmed one stays as it "
    "is."
)
_NOT_YET = "Not checked yet"
_SHARES = 1000


class CheckView(QWidget):
    """Starts a check, shows it line by line, and says what came of it.

    Args:
        model: the session, whose processes are suspended for the check if they run.
        about: what stands there before the first check.
    """

    finished = Signal(bool)  # whether a session can run

    def __init__(self, model: SessionModel, about: str = _ABOUT) -> None:
        super().__init__()
        self._model = model
        self._report: Report | None = None
        self._about_text = about
        self._cancelled = self._fixing = False
        self.process = CheckingProcess(self)
        self.suspension = Suspension(model, self)
        self.table = CheckTable()
        self.verdict = Words(_NOT_YET, "large", bold=True)
        self.about = Words(self._about_text, role="muted", wrap=True)
        self.begin = KeyButton("Check", strong=True)
        self.cancel = KeyButton("Cancel")
        self.fix = KeyButton("Set servos right")
        self.copy = KeyButton("Copy")
        self._bar = QProgressBar()
        self._lay_out()
        self._connect()
        self._show_kept()
        self._show_idle()

    def showEvent(self, event: QShowEvent) -> None:
        """Shows the last check, which may have been made elsewhere since, and how old it is."""
        super().showEvent(event)
        if not self.running():
            self._show_kept()
            self._show_idle()

    def start(self, *, fix: bool = False) -> None:
        """Starts a check, once the session's processes have let go.

        Args:
            fix: set right what is wrong in servos; pressing the button was agreeing to it.
        """
        if self.running():
            return
        self._cancelled, self._fixing = False, fix
        self._report = None
        self.table.setRows(())
        self.table.setFollowing(True)
        self._show_doing(self.suspension.words(), 0.0)
        self.verdict.setText("Checking ...")
        self.verdict.setRole("")
        self._show_running()
        self.suspension.begin(_NEEDED)
        self._show_running()

    def running(self) -> bool:
        """Whether it is at work, or waits for the arm."""
        return self.process.running() or self.suspension.active

    def stop(self) -> None:
        """Gives up and tells the session to go on; a second press lets go of a resting arm."""
        self._cancelled = True
        if self.process.running():
            self.process.cancel()
        elif self.suspension.waiting:
            self.suspension.end()
            self._ended("")

    def close_process(self) -> None:
        """Ends what runs and waits; for closing the window."""
        self.process.stop()

    # -- what comes

    def _run(self) -> None:
        arguments = ["check", str(self._model.workspace.root)]
        if self.suspension.active:
            arguments += ["--runtime", str(self._model.runtime)]
        if self._fixing:
            arguments.append("--fix")
        self.process.start(arguments)
        self._show_running()

    def _hear(self, item: object) -> None:
        if isinstance(item, Check):
            self.table.addRow(check_row(item))
        elif isinstance(item, Doing):
            self._show_doing(f"{item.text} ...", item.share)
        elif isinstance(item, Report):
            self._report = item
        elif isinstance(item, Failed):
            self.table.addRow(CheckRow("check", "bad", item.problem, item.remedy))

    def _ended(self, problem: str) -> None:
        self.suspension.end()
        if problem:
            self.table.addRow(CheckRow("check", "bad", problem))
        if self._report is not None:
            self._show_report(self._report, f"Checked {results.ago(self._report.date)}. ")
            self.table.showWorst()
            self.finished.emit(self._report.passed)
        elif self._cancelled:
            self.verdict.setText("Cancelled")
            self.verdict.setRole("")
            self.about.setText(self._about_text)
        else:
            self.verdict.setText("The check could not be done")
            self.verdict.setRole("fault")
            self.about.setText(self._about_text)
        self._show_idle()

    def _refuse(self, sentence: str) -> None:
        self.verdict.setText(_NOT_YET)
        self.about.setText(self._about_text)
        self.table.setRows((CheckRow("session", "bad", sentence),))
        self._show_idle()

    # -- what is shown

    def _show_kept(self) -> None:
        kept = results.kept(self._model.workspace.root)
        if kept is not None:
            self._report = kept
            self.table.setFollowing(False)
            self.table.setRows([check_row(check) for check in kept.checks])
            self._show_report(kept, f"Checked {results.ago(kept.date)}. ")

    def _show_report(self, report: Report, when: str) -> None:
        bad = sum(check.verdict == "bad" for check in report.checks)
        notes = sum(check.verdict == "note" for check in report.checks)
        things = "One thing" if bad == 1 else f"{bad} things"
        self.verdict.setText(
            f"{things} must be put right before a session" if bad else "A session can run"
        )
        self.verdict.setRole("fault" if bad else "good")
        self.about.setText(
            f"{when}{len(report.checks)} lines: {len(report.checks) - bad - notes} good, {notes} "
            f"worth reading, {bad} bad."
        )

    def _show_doing(self, text: str, share: float) -> None:
        if text:
            self.about.setText(text)
        self._bar.setValue(round(_SHARES * share))

    def _show_running(self) -> None:
        running = self.running()
        self.begin.setEnabled(not running)
        self.cancel.setVisible(running)
        for widget in (self.fix, self.copy):
            widget.setVisible(not running and bool(self.table.value()))
        if not running:
            fixable = self._report is not None and any(c.fixable for c in self._report.checks)
            self.fix.setVisible(fixable)
        self._bar.setVisible(running)

    def _show_idle(self) -> None:
        self.begin.setText("Check again" if self.table.value() else "Check")
        self._show_doing("", 0.0)
        self._show_running()

    # -- putting it together

    def _lay_out(self) -> None:
        card = Card()
        head = QHBoxLayout()
        head.setSpacing(theme.grid(2))
        head.addWidget(self.verdict, 1)
        for button in (self.fix, self.copy, self.cancel, self.begin):
            head.addWidget(button)
        self._bar.setRange(0, _SHARES)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.grid(1.5))
        self._bar.setAccessibleName("Progress of the check")
        # Neutral: the application's progress bars are training's.
        grey = theme.current().fills["hold"]
        self._bar.setStyleSheet(f"QProgressBar::chunk {{ background: {grey}; }}")
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        card.body.addLayout(head)
        card.body.addWidget(self.about)
        card.body.addWidget(self._bar)
        card.body.addWidget(self.table, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(card)
        self.begin.setToolTip(self._about_text)
        self.fix.setToolTip("Latency timer, return delay and baud rate, in the servos that differ.")

    def _connect(self) -> None:
        self._model.read_only_changed.connect(self.begin.setLocked)
        self._model.read_only_changed.connect(self.fix.setLocked)
        self.begin.clicked.connect(lambda: self.start())
        self.fix.clicked.connect(lambda: self.start(fix=True))
        self.cancel.clicked.connect(self.stop)
        self.copy.clicked.connect(lambda: QApplication.clipboard().setText(self.table.text()))
        self.process.said.connect(self._hear)
        self.process.ended.connect(self._ended)
        self.suspension.ready.connect(self._run)
        self.suspension.refused.connect(self._refuse)


def check_row(check: Check) -> CheckRow:
    """A line of a check as the table shows it."""
    return CheckRow(check.name, check.verdict, check.text, check.remedy, check.details)
