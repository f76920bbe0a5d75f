"""The Calibrate view: an arm's steps at the left; what to do, and a live bar a joint, beside."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QWidget

from dagger_gui import theme
from dagger_gui.checking_process import CheckingProcess
from dagger_gui.pages.calibrate_steps import StepPanel, StepsList
from dagger_gui.pieces import Card, Words
from dagger_gui.session_model import SessionModel
from dagger_gui.suspension import Suspension
from dagger_gui.widgets._buttons import KeyButton
from drivers.base import DriverError
from drivers.dynamixel import calibration as calibrations
from sessions.checking.arms import ArmSite, arms
from sessions.checking.results import Failed, ago
from sessions.checking.views import SUPPORT, Saved, View

_ABOUT = (
    "About three minutes. The torque is off the whole time: hold the arm. Its present calibration "
    "stays as it is until you save."
)
_FINDING = "Looking for the arm's servos ..."
_NONE = (
    "This station has no arm that is calibrated here. Arms that LeRobot drives are calibrated by "
    "LeRobot: docs/lerobot.md."
)


class CalibrateView(QWidget):
    """Chooses an arm, takes a person through its calibration, and saves it.

    Args:
        model: the session, whose control process is suspended meanwhile if it runs.
    """

    def __init__(self, model: SessionModel) -> None:
        super().__init__()
        self._model = model
        self._sites = _sites(model)
        self._view: View | None = None
        self._saved = self._quitting = False
        self.process = CheckingProcess(self)
        self.suspension = Suspension(model, self)
        self.steps = StepsList()
        self.panel = StepPanel()
        self.present = Words(role="muted", wrap=True)
        self.begin = KeyButton("Begin", strong=True)
        self.give_up = KeyButton("Give up")
        self.back = KeyButton("Back")
        self.next = KeyButton("Next", "Enter", strong=True)
        self._arms = QButtonGroup(self)
        self._buttons: list[QPushButton] = []
        self._lay_out()
        self._connect()
        self._show_idle()

    def device(self) -> str:
        """The arm that is chosen; empty where there is none."""
        at = self._arms.checkedId()
        return self._sites[at].name if 0 <= at < len(self._sites) else ""

    def choose(self, device: str) -> None:
        """Chooses an arm, while none is being calibrated."""
        for i, site in enumerate(self._sites):
            if site.name == device and not self.running():
                self._arms.button(i).setChecked(True)
                self._show_idle()

    def running(self) -> bool:
        """Whether an arm is being calibrated, or waited for."""
        return self.process.running() or self.suspension.active

    def start(self) -> None:
        """Begins with the arm that is chosen, once control has let go of it."""
        if self.running() or not self.device():
            return
        self._view, self._saved, self._quitting = None, False, False
        self.panel.say("Calibrating", self.suspension.words())
        self._show_running()
        self.suspension.begin(("control",))
        self._show_running()

    def act(self, action: str) -> bool:
        """Takes the window's Enter while an arm is calibrated: hands are on it; else False."""
        if action != "next" or not self.process.running():
            return False
        self.forward()
        return True

    def forward(self) -> None:
        """Next step, or saves at the last; nothing while something is missing."""
        if self._view is not None and self.next.isEnabled():
            self.process.send("save" if self._view.step.key == "summary" else "next")

    def stop(self) -> None:
        """Gives up: the calibration there is stays."""
        self._quitting = True
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
        arguments = ["calibrate", str(self._model.workspace.root), self.device()]
        if self.suspension.active:
            arguments += ["--runtime", str(self._model.runtime)]
        self.panel.say("Calibrating", _FINDING)
        self.process.start(arguments)
        self._show_running()

    def _hear(self, item: object) -> None:
        if isinstance(item, View):
            self._view = item
            self.steps.show_view(item)
            self.panel.show_view(item)
            self._show_present(item)
            self._show_next(item)
        elif isinstance(item, Saved):
            self._saved = True
            self.panel.say("Saved", f"{item.text} It counts from the next connection on.", "good")
        elif isinstance(item, Failed):
            self._quitting = True
            self.panel.say("It cannot be calibrated", f"{item.problem} {item.remedy}", "fault")

    def _ended(self, problem: str) -> None:
        self.suspension.end()
        told = self._saved or problem
        if problem:
            self.panel.say("It cannot be calibrated", problem, "fault")
        elif self._quitting and self._view is not None and not told:
            self.panel.say("Given up", "The calibration that was there is as it was.")
        self._view = None
        self.steps.clear()
        self._show_present_file()
        self._show_running()

    def _refuse(self, sentence: str) -> None:
        self.panel.say("Not now", sentence, "fault")
        self._show_running()

    # -- what is shown

    def _show_idle(self) -> None:
        self._show_present_file()
        if self._sites:
            self.panel.say(f"Calibrate the {self.device()}", _ABOUT)
        else:
            self.panel.say("Nothing to calibrate", _NONE)
        self._show_running()

    def _show_present_file(self) -> None:
        at = self._arms.checkedId()
        if not 0 <= at < len(self._sites):
            self.present.setText("")
            return
        site = _again(self._model, self._sites[at])
        try:
            made = calibrations.read(site.calibration, site.name)
        except DriverError as error:
            self.present.setText(error.problem)
            return
        when = "came with the arm"
        if site.calibration == site.own:
            when = f"was made {ago(made.date)} ({made.date[:10]})"
        self.present.setText(f"The present calibration {when}.")

    def _show_present(self, view: View) -> None:
        said = "\n".join((view.present.text, *(f"• {d}" for d in view.present.differences)))
        if said != self.present.text():
            self.present.setText(said)

    def _show_next(self, view: View) -> None:
        last = view.step.key == "summary"
        self.next.setText("Save" if last else "Let go" if view.step.key == SUPPORT else "Next")
        self.next.setEnabled(not view.step.missing and not view.problem)
        self.back.setEnabled(view.step.number > 1)

    def _show_running(self) -> None:
        running = self.running()
        for button in self._buttons:
            button.setEnabled(not running)
        self.begin.setVisible(not running and bool(self._sites))
        self.begin.setText("Begin again" if self._saved else "Begin")
        for widget in (self.give_up, self.back, self.next):
            widget.setVisible(running)
        if self._view is None:
            self.back.setEnabled(False)
            self.next.setEnabled(False)

    # -- putting it together

    def _lay_out(self) -> None:
        left, right = Card("Arm"), Card()
        for i, site in enumerate(self._sites):
            button = QPushButton(f"{site.name}: {site.description.kind}")
            button.setCheckable(True)
            button.setChecked(i == 0)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._arms.addButton(button, i)
            self._buttons.append(button)
            left.body.addWidget(button)
        left.body.addWidget(self.present)
        left.body.addSpacing(theme.grid(2))
        left.body.addWidget(self.steps)
        left.body.addStretch()
        left.setFixedWidth(theme.grid(72))
        right.body.addWidget(self.panel, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.grid(2))
        row.addWidget(self.give_up)
        row.addStretch()
        for button in (self.back, self.next, self.begin):
            row.addWidget(button)
        right.body.addLayout(row)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.grid(2))
        whole.addWidget(left)
        whole.addWidget(right, 1)
        width = self.next.widthFor("Next", "Save", "Let go")
        self.next.setMinimumWidth(width)

    def _connect(self) -> None:
        self._arms.idClicked.connect(lambda _id: self._show_idle())
        self._model.read_only_changed.connect(self.begin.setLocked)
        self.begin.clicked.connect(self.start)
        self.give_up.clicked.connect(self.stop)
        self.back.clicked.connect(lambda: self.process.send("back"))
        self.next.clicked.connect(self.forward)
        self.process.said.connect(self._hear)
        self.process.ended.connect(self._ended)
        self.suspension.ready.connect(self._run)
        self.suspension.refused.connect(self._refuse)


def _sites(model: SessionModel) -> tuple[ArmSite, ...]:
    """The arms that can be calibrated; none where the station file is wrong, which Check says."""
    space = model.workspace
    try:
        found = arms(space.station, space.root / "calibration")
    except DriverError:
        return ()
    return tuple(site for site in found if site.own is not None)


def _again(model: SessionModel, site: ArmSite) -> ArmSite:
    """The same arm as its files are now: a calibration made since is in force."""
    return next((now for now in _sites(model) if now.name == site.name), site)
