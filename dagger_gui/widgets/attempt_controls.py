"""The next deliberate act, big, and the other acts of an attempt beside it.

After a stop it takes three acts to move again: reset, arm, start; after the arm was lost two: arm,
start. The big button always holds the one that is next, so that Enter, Enter, Enter is the way
back, each press a decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._buttons import KeyButton

Act = Literal["reset", "reconnect", "arm", "start", "resume", "pause", "wait"]
Torque = Literal["none", "off", "on"]


@dataclass(frozen=True)
class Situation:
    """What decides which acts are possible.

    Attributes:
        connected: the control process answers.
        gate: ``hold``, ``policy``, ``aligning``, ``human``, ``parking`` or ``fault``.
        armed: motion is allowed.
        running: an attempt is being recorded.
        demo: the running attempt is a demonstration.
        resumable: in HOLD during an attempt, the reason is gone or was the operator's own pause.
        blocked: why no attempt can start now, one sentence; empty if it can.
        lost: the arm does not answer.
        torque: whether the arm's motors hold it up; ``none`` if they cannot be switched from here.
    """

    connected: bool = False
    gate: str = "hold"
    armed: bool = False
    running: bool = False
    demo: bool = False
    resumable: bool = True
    blocked: str = ""
    lost: bool = False
    torque: Torque = "none"


_LABELS: dict[Act, str] = {
    "reset": "Reset",
    "reconnect": "Reconnect",
    "arm": "Arm",
    "start": "Start attempt",
    "resume": "Resume",
    "pause": "Pause",
    "wait": "Wait",
}
_MEANS: dict[Act, str] = {
    "reset": "Clears the stop. The arm stays still.",
    "reconnect": "Tries now to reach the arm. It is tried once a second by itself.",
    "arm": "Allows motion. The arm stays still until you start.",
    "start": "Resets the scene and lets the policy drive.",
    "resume": "Lets the policy drive on.",
    "pause": "The arm holds; the attempt goes on.",
    "wait": "Nothing to do but wait.",
}


def next_act(situation: Situation) -> Act:
    """The one act that comes next."""
    if not situation.connected:
        return "wait"
    if situation.gate == "fault":
        return "reset"
    if situation.lost:
        return "reconnect"
    if situation.gate == "parking":
        return "pause"
    if not situation.armed:
        return "arm"
    if not situation.running:
        return "wait" if situation.blocked else "start"
    if situation.gate == "hold":
        return "resume" if situation.resumable else "wait"
    return "pause"


class AttemptControls(QWidget):
    """One row of buttons with fixed places; what cannot be done now is greyed, never hidden."""

    resetRequested = Signal()  # noqa: N815
    reconnectRequested = Signal()  # noqa: N815
    restRequested = Signal()  # noqa: N815
    armRequested = Signal()  # noqa: N815
    disarmRequested = Signal()  # noqa: N815
    startRequested = Signal(bool)  # noqa: N815
    pauseRequested = Signal()  # noqa: N815
    resumeRequested = Signal()  # noqa: N815
    takeOverRequested = Signal()  # noqa: N815
    giveBackRequested = Signal()  # noqa: N815
    outcomeRequested = Signal(str)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = Situation()
        self._keys = {"next": "Enter", "pause": "H"}
        self._next = KeyButton("Wait", "Enter", size="large", strong=True)
        self._take = KeyButton("Take over", "T", shape="human")
        self._success = KeyButton("Success", "Y")
        self._failure = KeyButton("Failure", "N")
        self._discard = KeyButton("Discard", "⌫")
        self._demo = KeyButton("Demonstrate")
        self._disarm = KeyButton("Disarm")
        self._rest = KeyButton("Rest")
        self._next.clicked.connect(self._clicked)
        self._take.clicked.connect(self._toggle)
        # Bound methods, not lambdas: a lambda would keep this widget alive for ever.
        self._success.clicked.connect(self._succeed)
        self._failure.clicked.connect(self._fail)
        self._discard.clicked.connect(self._throw_away)
        self._demo.clicked.connect(self._demonstrate)
        self._disarm.clicked.connect(self.disarmRequested)
        self._rest.clicked.connect(self.restRequested)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        row.addWidget(self._next)
        row.addWidget(self._take)
        row.addSpacing(theme.grid(2))
        for button in (self._success, self._failure, self._discard):
            row.addWidget(button)
        row.addStretch(1)
        for button in (self._demo, self._disarm, self._rest):
            row.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Attempt")
        self._fit()
        self._show()

    def value(self) -> Situation:
        """What was last set."""
        return self._value

    def setValue(self, value: Situation) -> None:
        """Shows what can be done; the same again is free."""
        if value != self._value:
            self._value = value
            self._show()

    def setKeys(self, **keys: str) -> None:
        """Keys shown, by action.

        Args:
            **keys: for next, pause, toggle, success, failure, discard, demo, disarm, rest.

        Raises:
            KeyError: an action that is not here.
        """
        buttons = {
            "toggle": self._take,
            "success": self._success,
            "failure": self._failure,
            "discard": self._discard,
            "demo": self._demo,
            "disarm": self._disarm,
            "rest": self._rest,
        }
        for action, key in keys.items():
            if action in self._keys:
                self._keys[action] = key
            else:
                buttons[action].setKey(key)
        self._show()
        self._fit()

    def nextAct(self) -> Act:
        """The act on the big button."""
        return next_act(self._value)

    def trigger(self) -> bool:
        """Does the next act (Enter); whether there was one to do.

        Pausing has a key of its own: one Enter too many must not stop what it just started.
        """
        act = self.nextAct()
        if act in ("wait", "pause"):
            return False
        if act == "start":
            self.startRequested.emit(False)
        else:
            {
                "reset": self.resetRequested,
                "reconnect": self.reconnectRequested,
                "arm": self.armRequested,
                "resume": self.resumeRequested,
            }[act].emit()
        return True

    def changeEvent(self, event: QEvent) -> None:
        """Follows the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        # As wide as the longest text each will ever show: nothing moves when the text changes.
        for button, words in (
            (self._next, tuple(_LABELS.values())),
            (self._take, ("Take over", "Give back")),
            (self._rest, ("Rest", "Let go")),
        ):
            key = button.key()
            button.setKey(max(self._keys.values(), key=len) if button is self._next else key)
            button.setFixedWidth(button.widthFor(*words))
            button.setKey(key)
        height = self._next.sizeHint().height()
        for button in self.findChildren(KeyButton):
            button.setFixedHeight(height)
        self.setFixedHeight(height)

    def _clicked(self) -> None:
        if self.nextAct() == "pause":
            self.pauseRequested.emit()
        else:
            self.trigger()

    def _succeed(self) -> None:
        self.outcomeRequested.emit("success")

    def _fail(self) -> None:
        self.outcomeRequested.emit("failure")

    def _throw_away(self) -> None:
        self.outcomeRequested.emit("discarded")

    def _demonstrate(self) -> None:
        self.startRequested.emit(True)

    def _toggle(self) -> None:
        human = self._value.gate in ("human", "aligning")
        (self.giveBackRequested if human else self.takeOverRequested).emit()

    def _show(self) -> None:
        value = self._value
        act = self.nextAct()
        means = value.blocked if act == "wait" and value.blocked else _MEANS[act]
        self._next.setText(_LABELS[act])
        self._next.setKey(self._keys["pause" if act == "pause" else "next"])
        self._next.setEnabled(act != "wait")
        # While the policy drives, the loud thing is the banner: pausing is there, but quiet.
        self._next.setLook(None, strong=act not in ("pause", "wait"))
        self._next.setToolTip(f"{means} ({self._next.key()})")
        self._next.setAccessibleDescription(f"{means} Key {self._next.key()}.")
        live = value.connected and value.armed and value.running and value.gate != "fault"
        human = value.gate in ("human", "aligning")
        self._take.setText("Give back" if human else "Take over")
        self._take.setLook("human" if human else None, shape="policy" if human else "human")
        self._take.setEnabled(live and not value.demo)
        for button in (self._success, self._failure, self._discard):
            button.setEnabled(value.connected and value.running)
        self._demo.setEnabled(act == "start")
        self._disarm.setEnabled(value.connected and value.armed)
        self._show_rest()

    def _show_rest(self) -> None:
        """The only button that some stations never have: their motors are not switched here."""
        value = self._value
        going = value.gate == "parking"
        means = (
            "Torque off at once: the arm drops. Support it."
            if going
            else "Sends the arm to its rest pose, slowly, then puts its torque off."
        )
        self._rest.setVisible(value.torque != "none")
        self._rest.setText("Let go" if going else "Rest")
        self._rest.setToolTip(f"{means} ({self._rest.key()})")
        self._rest.setAccessibleDescription(means)
        free = not value.running and value.gate in ("hold", "parking")
        self._rest.setEnabled(value.connected and value.torque == "on" and free)


def main() -> int:
    """Acts follow each other as they would."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        controls = AttemptControls()
        controls.setValue(Situation(True, "fault"))
        put = controls.setValue
        controls.resetRequested.connect(lambda: put(Situation(True, "hold")))
        controls.armRequested.connect(lambda: put(Situation(True, "hold", True)))
        controls.disarmRequested.connect(lambda: put(Situation(True, "hold")))
        controls.startRequested.connect(
            lambda demo: put(Situation(True, "human" if demo else "policy", True, True, demo))
        )
        controls.pauseRequested.connect(lambda: put(Situation(True, "hold", True, True)))
        controls.resumeRequested.connect(lambda: put(Situation(True, "policy", True, True)))
        controls.takeOverRequested.connect(lambda: put(Situation(True, "human", True, True)))
        controls.giveBackRequested.connect(lambda: put(Situation(True, "policy", True, True)))
        controls.outcomeRequested.connect(lambda _o: put(Situation(True, "hold", True)))
        return controls

    return show(make, 1000, 70)


if __name__ == "__main__":
    raise SystemExit(main())
