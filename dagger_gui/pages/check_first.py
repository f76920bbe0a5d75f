"""What stands before the first session of a station with real hardware: check, and calibrate."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.pages.calibrate import CalibrateView
from dagger_gui.pages.check import CheckView
from dagger_gui.pieces import Words
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets._buttons import KeyButton
from sessions.checking import results
from sessions.workspace import Workspace

_CHECK = "It takes about 15 seconds, moves nothing and gives no motor torque."
_ABOUT = (
    "Before the first session, see that everything is there. Both views are on the Station page "
    "(F4) as well, at any time."
)


class FirstCheckPage(QWidget):
    """Check and Calibrate, and the way on to the session.

    Args:
        model: the session, none of whose processes runs yet.
    """

    finished = Signal()

    def __init__(self, model: SessionModel) -> None:
        super().__init__()
        self.check = CheckView(model, _CHECK)
        self.calibrate = CalibrateView(model)
        self.go_on = KeyButton("Start the session")
        self._stack = QStackedWidget()
        self._tabs = QButtonGroup(self)
        self._buttons: list[QPushButton] = []
        self._passed = False
        head = QHBoxLayout()
        head.setSpacing(theme.grid(2))
        head.addWidget(Words(model.workspace.station.name, "large", bold=True))
        for title, view in (("Check", self.check), ("Calibrate", self.calibrate)):
            button = QPushButton(title)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._tabs.addButton(button, self._stack.addWidget(view))
            self._buttons.append(button)
            head.addWidget(button)
        head.addStretch()
        head.addWidget(self.go_on)
        self._buttons[0].setChecked(True)
        self.check.begin.setKey("Enter")
        column = QVBoxLayout(self)
        gap = theme.grid(4)
        column.setContentsMargins(gap, gap, gap, gap)
        column.setSpacing(theme.grid(2))
        column.addLayout(head)
        column.addWidget(Words(_ABOUT, role="muted", wrap=True))
        column.addWidget(self._stack, 1)
        self._tabs.idClicked.connect(self._stack.setCurrentIndex)
        self.go_on.clicked.connect(self._go_on)
        self.check.finished.connect(self._checked)

    def act(self, action: str) -> None:
        """Enter: begins the check, goes a step on, or starts the session once all is well."""
        if action != "next":
            return
        if self._stack.currentWidget() is self.calibrate:
            self.calibrate.act(action)
        elif not self.check.running():
            if self._passed:
                self._go_on()
            else:
                self.check.start()

    def stop(self) -> None:
        """Ends what runs and waits; for closing the window."""
        self.check.close_process()
        self.calibrate.close_process()

    def _checked(self, passed: bool) -> None:
        self._passed = passed
        self.go_on.setLook(None, strong=passed)
        self.go_on.setKey("Enter" if passed else "")
        self.check.begin.setLook(None, strong=not passed)
        self.check.begin.setKey("" if passed else "Enter")

    def _go_on(self) -> None:
        self.stop()
        self.finished.emit()


def due(workspace: Workspace) -> bool:
    """Whether a workspace is on real hardware and was never checked, nor used."""
    return (
        not workspace.station.simulated
        and results.kept(workspace.root) is None
        and not any(workspace.episodes.glob("*.h5"))
    )
