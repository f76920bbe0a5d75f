"""The attempt that is open: how it ended, how far each stage got, whose it is, a note."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.theme import Role
from dagger_gui.widgets._base import ElidedLabel, Heading
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.stage_scores import StageScores

LABELS = ("operator", "session", "environment", "object")
_OUTCOMES: dict[str, tuple[str, Role]] = {
    "success": ("Success", "good"),
    "failure": ("Failure", "fault"),
    "discarded": ("Discard", "hold"),
}


@dataclass(frozen=True)
class AttemptView:
    """What the editor shows of an attempt.

    Attributes:
        number: of the episode.
        fact: what it is, in a few words.
        outcome: ``success``, ``failure`` or ``discarded``.
        note: free text.
        stages: of the task, in order.
        scores: 0 to 3 by stage.
        labels: operator, session, environment and object as they are now.
        recorded: the same as they were recorded.
        warning: what should be known of it, such as why it was salvaged.
    """

    number: int
    fact: str
    outcome: str
    note: str = ""
    stages: tuple[str, ...] = ()
    scores: Mapping[str, int] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] = field(default_factory=dict)
    warning: str = ""


class AttemptEditor(QWidget):
    """Asks for changes, never makes them: what is shown comes from outside."""

    outcomeRequested = Signal(str)  # noqa: N815
    scoreRequested = Signal(str, object)  # noqa: N815  stage, 0 to 3 or None
    noteRequested = Signal(int, str)  # noqa: N815  number, text
    labelRequested = Signal(int, str, str)  # noqa: N815  number, name, text; empty: as recorded

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: AttemptView | None = None
        self._editable = True
        self._heading = Heading("Attempt")
        self._fact = ElidedLabel("", size="small", muted=True, lines=2)
        self._outcomes = {
            name: KeyButton(words, dense=True) for name, (words, _) in _OUTCOMES.items()
        }
        self._scores = StageScores()
        self._note = QLineEdit()
        self._labels = {name: QLineEdit() for name in LABELS}
        self.setAccessibleName("The attempt")
        self._arrange()
        self._connect()
        self.setValue(None)

    def _arrange(self) -> None:
        gap = theme.grid(1)
        ended = QHBoxLayout()
        ended.setSpacing(gap)
        for name, button in self._outcomes.items():
            button.setCheckable(True)
            button.setAccessibleName(f"Outcome {name}")
            ended.addWidget(button, 1)
        self._note.setMaxLength(500)
        self._note.setPlaceholderText("Note on the attempt")
        self._note.setAccessibleName("Note on the attempt")
        labels = QGridLayout()
        labels.setSpacing(gap)
        for i, (name, field_) in enumerate(self._labels.items()):
            field_.setMaxLength(80)
            field_.setAccessibleName(name.capitalize())
            labels.addWidget(
                ElidedLabel(name.capitalize(), size="small", muted=True), i // 2 * 2, i % 2
            )
            labels.addWidget(field_, i // 2 * 2 + 1, i % 2)
            labels.setColumnStretch(i % 2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addWidget(self._heading)
        column.addWidget(self._fact)
        column.addLayout(ended)
        column.addWidget(self._scores)
        column.addWidget(self._note)
        column.addLayout(labels)

    def _connect(self) -> None:
        for name, button in self._outcomes.items():
            button.clicked.connect(lambda _=False, n=name: self._ask_outcome(n))
        self._scores.scoreRequested.connect(self.scoreRequested)
        self._note.editingFinished.connect(self._noted)
        self._note.returnPressed.connect(self._note.clearFocus)
        for name, field_ in self._labels.items():
            field_.editingFinished.connect(lambda n=name: self._labelled(n))
            field_.returnPressed.connect(field_.clearFocus)

    def setKeys(self, keys: Mapping[str, str]) -> None:
        """Keys of the outcomes; empty where a key means something else now."""
        for name, button in self._outcomes.items():
            button.setKey(keys.get(name, ""))

    def setEditable(self, on: bool) -> None:
        """Whether anything can be changed now."""
        if on != self._editable:
            self._editable = on
            self._show()

    def setValue(self, view: AttemptView | None) -> None:
        """Shows an attempt; None for none."""
        if view is None or self._view is None or view.number != self._view.number:
            # What was typed belongs to the one that was shown.
            self._noted()
            for name in self._labels:
                self._labelled(name)
        self._view = view
        self._show()

    def value(self) -> AttemptView | None:
        """What is shown."""
        return self._view

    def scores(self) -> StageScores:
        """The stages' buttons."""
        return self._scores

    def outcome(self, name: str) -> KeyButton:
        """The button of an outcome."""
        return self._outcomes[name]

    def label(self, name: str) -> QLineEdit:
        """The field of a label."""
        return self._labels[name]

    def _ask_outcome(self, name: str) -> None:
        self._show()
        if self._view is not None and self._view.outcome != name:
            self.outcomeRequested.emit(name)

    def _noted(self) -> None:
        if self._view is not None and self._note.isModified():
            self._note.setModified(False)
            if self._note.text().strip() != self._view.note:
                self.noteRequested.emit(self._view.number, self._note.text().strip())

    def _labelled(self, name: str) -> None:
        field_, view = self._labels[name], self._view
        if view is not None and field_.isModified():
            field_.setModified(False)
            if field_.text().strip() != view.labels.get(name, ""):
                self.labelRequested.emit(view.number, name, field_.text().strip())

    def _show(self) -> None:
        view = self._view
        on = view is not None and self._editable
        self._heading.setTitle(f"Attempt {view.number}" if view is not None else "Attempt")
        self._heading.setFact(view.fact if view is not None else "")
        self._fact.setText(view.warning if view is not None else "")
        self._fact.setVisible(bool(self._fact.text()))
        for name, button in self._outcomes.items():
            chosen = view is not None and view.outcome == name
            button.setChecked(chosen)
            button.setLook(_OUTCOMES[name][1] if chosen and on else None)
            button.setEnabled(on)
        self._scores.setStages(view.stages if view is not None else ())
        self._scores.setScores(view.scores if view is not None else {})
        self._scores.setEnabled(on)
        for field_, text in self._texts(view):
            field_.setEnabled(on)
            if not (field_.hasFocus() and field_.isModified()):
                field_.setText(text)
        for name, field_ in self._labels.items():
            recorded = view.recorded.get(name, "") if view is not None else ""
            field_.setPlaceholderText(recorded or "none")
            field_.setToolTip(f"Recorded as {recorded or 'nothing'}; empty goes back to that.")

    def _texts(self, view: AttemptView | None) -> list[tuple[QLineEdit, str]]:
        note = view.note if view is not None else ""
        told = view.labels if view is not None else {}
        return [(self._note, note), *((f, told.get(n, "")) for n, f in self._labels.items())]


def example_attempt() -> AttemptView:
    """An attempt, for running alone and for tests."""
    return AttemptView(
        14,
        "round 3 · 00:23",
        "success",
        stages=("approach", "grasp", "transport", "placement"),
        scores={"approach": 3, "grasp": 2},
        labels={"operator": "keyboard", "session": "20261120T2303", "object": "red cube"},
        recorded={"operator": "keyboard", "session": "20261120T2303"},
    )


def main() -> int:
    """One attempt."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        editor = AttemptEditor()
        editor.setValue(example_attempt())
        return editor

    return show(make, 300, 380)


if __name__ == "__main__":
    raise SystemExit(main())
