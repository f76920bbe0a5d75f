"""The next deliberate act, big, and the other acts of an attempt beside it.

After a stop it takes three acts to move again: reset, arm, start; after the arm was lost two: arm,
start. The big button always holds the one that is next, so that Enter, Enter, Enter is the way
back, each press a decision.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets import _attempt_acts as acts
from dagger_gui.widgets._attempt_acts import Act, Situation, next_act
from dagger_gui.widgets._buttons import KeyButton

__all__ = ["AttemptControls", "Situation", "next_act"]

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
_SHORT: dict[Act, str] = {"start": "Start"}
_SHORTEST: dict[Act, str] = {**_SHORT, "reconnect": "Connect"}
_DEMO, _SHORT_DEMO = "Demonstrate", "Demo"
_CLOSE = 0.75  # between buttons where there is little room


class AttemptControls(QWidget):
    """One row of buttons with fixed places; what cannot be done now is greyed, never hidden."""

    resetRequested = Signal()  # noqa: N815
    reconnectRequested = Signal()  # noqa: N815
    restRequested = Signal()  # noqa: N815
    releaseRequested = Signal()  # noqa: N815
    armRequested = Signal()  # noqa: N815
    disarmRequested = Signal()  # noqa: N815
    startRequested = Signal(bool)  # noqa: N815
    pauseRequested = Signal()  # noqa: N815
    resumeRequested = Signal()  # noqa: N815
    takeOverRequested = Signal()  # noqa: N815
    giveBackRequested = Signal()  # noqa: N815
    outcomeRequested = Signal(str)  # noqa: N815
    refused = Signal(str)  # why there is nothing to do for Enter, one sentence

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = Situation()
        self._narrow = self._tight = False
        self._chords: dict[KeyButton, str] = {}  # of rare acts, shown where there is room
        self._asked: dict[tuple[bool, bool], dict[KeyButton, int]] = {}  # see _widths
        self._keys = {"next": "Enter", "pause": "H"}
        self._next = KeyButton("Wait", "Enter", size="large", strong=True)
        self._take = KeyButton("Take over", "T", shape="human")
        self._success = KeyButton("Success", "Y")
        self._failure = KeyButton("Failure", "N")
        self._discard = KeyButton("Discard", "⌫")
        self._demo = KeyButton(_DEMO)
        self._disarm = KeyButton("Disarm")
        self._rest = KeyButton("Rest")
        self._release = KeyButton("Release")
        self._next.clicked.connect(self._clicked)
        self._take.clicked.connect(self._toggle)
        # Bound methods, not lambdas: a lambda would keep this widget alive for ever.
        self._success.clicked.connect(self._succeed)
        self._failure.clicked.connect(self._fail)
        self._discard.clicked.connect(self._throw_away)
        self._outcomes = dict(
            zip(acts.OUTCOMES, (self._success, self._failure, self._discard), strict=True)
        )
        self._demo.clicked.connect(self._demonstrate)
        self._disarm.clicked.connect(self.disarmRequested)
        self._rest.clicked.connect(self.restRequested)
        self._release.clicked.connect(self.releaseRequested)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        row.addWidget(self._next)
        row.addWidget(self._take)
        for button in (self._success, self._failure, self._discard):
            row.addWidget(button)
        row.addStretch(1)
        for button in (self._demo, self._disarm, self._rest, self._release):
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
            **keys: for next, pause, toggle, success, failure, discard, demo, disarm, rest, release.

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
            "release": self._release,
        }
        for action, key in keys.items():
            if action in self._keys:
                self._keys[action] = key
            else:
                buttons[action].setKey(key)
            if action in ("demo", "disarm", "rest", "release"):
                self._chords[buttons[action]] = key
        self._asked.clear()
        self._show()
        self._fit()

    def nextAct(self) -> Act:
        """The act on the big button."""
        return next_act(self._value)

    def trigger(self) -> bool:
        """Does the next act (Enter); whether there was one to do, else says what it waits for.

        Pausing has a key of its own: one Enter too many must not stop what it just started.
        """
        act = self.nextAct()
        why = acts.why_waits(self._value) if act == "wait" else ""
        if why:
            self.refused.emit(why)
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
            self._asked.clear()
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Says less where there is less room, keys and places kept."""
        super().resizeEvent(event)
        narrow = self.width() < self._width(narrow=False)
        tight = self.width() < self._width(narrow=True)
        if (narrow, tight) != (self._narrow, self._tight):
            self._narrow, self._tight = narrow, tight
            self._show()
            self._fit()

    def minimumSizeHint(self) -> QSize:
        """What the shortest words ask for."""
        return QSize(self._width(narrow=True, tight=True), super().minimumSizeHint().height())

    def _labels(self, narrow: bool, tight: bool) -> dict[Act, str]:
        return {**_LABELS, **(_SHORTEST if tight else _SHORT if narrow else {})}

    def _words(self, narrow: bool, tight: bool) -> dict[KeyButton, tuple[str, ...]]:
        """The longest texts that each button will ever show: nothing moves when they change."""
        labels = self._labels(narrow, tight)
        return {
            **{button: (button.text(),) for button in self._outcomes.values()},
            self._next: tuple(labels.values()),
            self._take: ("Take over", "Give back"),
            self._demo: (_SHORT_DEMO if tight else _DEMO,),
            self._disarm: ("Disarm",),
            self._rest: ("Rest", "Let go"),
            self._release: ("Release", "Let go"),
        }

    def _widths(self, narrow: bool, tight: bool) -> dict[KeyButton, int]:
        """What each button asks for [px]; measured once for keys and font."""
        if (narrow, tight) not in self._asked:
            self._asked[narrow, tight] = self._measured(narrow, tight)
        return self._asked[narrow, tight]

    def _measured(self, narrow: bool, tight: bool) -> dict[KeyButton, int]:
        widths = {}
        for button, words in self._words(narrow, tight).items():
            key = button.key()
            if button is self._next:
                button.setKey(max(self._keys.values(), key=len))
            elif button in self._chords:
                button.setKey("" if narrow else self._chords[button])
            widths[button] = button.widthFor(*words)
            button.setKey(key)
        return widths

    def _width(self, narrow: bool, tight: bool = False) -> int:
        """What the row asks for [px]; the outcomes stand a little apart."""
        widths = self._widths(narrow, tight).values()
        return sum(widths) + len(widths) * theme.grid(_CLOSE if narrow else 2)

    def _fit(self) -> None:
        for button, width in self._widths(self._narrow, self._tight).items():
            button.setFixedWidth(width)
        self._row.setSpacing(theme.grid(_CLOSE if self._narrow else 2))
        height = self._next.sizeHint().height()
        for button in self.findChildren(KeyButton):
            button.setFixedHeight(height)
        self.setFixedHeight(height)
        self.updateGeometry()

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
        means = acts.why_waits(value) or _MEANS[act]
        self._next.setText(self._labels(self._narrow, self._tight)[act])
        self._next.setKey(self._keys["pause" if act == "pause" else "next"])
        # While the policy drives, the loud thing is the banner: pausing is there, but quiet.
        self._next.setLook(None, strong=act not in ("pause", "wait"))
        self._next.setEnabled(act != "wait")
        self._next.setMeaning(means)
        human = value.gate in ("human", "aligning")
        self._take.setText("Give back" if human else "Take over")
        self._take.setLook("human" if human else None, shape="policy" if human else "human")
        self._may(
            self._take,
            acts.why_not_take(value),
            "The policy drives on." if human else "You drive with the selected device.",
        )
        self._demo.setText(_SHORT_DEMO if self._tight else _DEMO)
        self._may(self._demo, acts.why_not_demonstrate(value), "Starts a demonstration.")
        self._may(self._disarm, acts.why_not_disarm(value), "Forbids motion until you arm again.")
        self._show_outcomes()
        self._show_rest()

    def _may(self, button: KeyButton, why_not: str, means: str) -> None:
        """Greys what would be refused, with the reason in the place of what it means."""
        chord = self._chords.get(button, "")
        button.setKey("" if self._narrow and chord else chord or button.key())
        button.setEnabled(not why_not)
        hidden = f" ({chord})" if self._narrow and chord else ""
        button.setMeaning(f"{why_not or means}{hidden}")

    def _show_outcomes(self) -> None:
        value = self._value
        for outcome, button in self._outcomes.items():
            word = "discarded" if outcome == "discarded" else outcome
            means = f"Ends the attempt as {word}."
            if not value.running:
                means = f"Marks attempt {value.last} as {word}."
            self._may(button, acts.why_not_end(value, outcome), means)

    def _show_rest(self) -> None:
        """The only buttons that some stations never have: their motors are not switched here."""
        going = self._value.gate == "parking"
        drops = going or not self._value.can_rest
        self._rest.setVisible(self._value.torque != "none")
        self._rest.setText("Let go" if going else "Rest")
        self._may(
            self._rest,
            acts.why_not_rest(self._value),
            "Torque off at once: the arm drops. Support it."
            if drops
            else "Sends the arm to its rest pose, slowly, then puts its torque off.",
        )
        asked = bool(self._value.releasing)
        self._release.setVisible(self._value.motors)
        self._release.setText("Let go" if asked else "Release")
        self._release.setLook(None, strong=asked)
        self._may(self._release, acts.why_not_release(self._value), acts.release_means(self._value))


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
