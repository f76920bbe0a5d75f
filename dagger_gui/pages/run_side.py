"""The Run page's right column: this round's corrections with their tags, the rounds in short."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.commands import Commands
from dagger_gui.key_groups import first_key
from dagger_gui.pieces import Card
from dagger_gui.round_desk import CORRECTIONS_A_ROUND, RoundDesk
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.rounds_panel import RoundsPanel
from dagger_gui.widgets.tagging_panel import Category, TaggingPanel
from drivers.bindings import Bindings
from sessions import taxonomy
from sessions.messages import (
    DiscardIntervention,
    Note,
    RecorderState,
    Tag,
)
from sessions.types import SessionError


class SideColumn(QWidget):
    """Tagging above, rounds below.

    Args:
        model: the session.
        commands: undo and redo.
        desk: rounds and training.
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
        self._model, self._desk, self._keys = model, desk, keys
        self.tagging, self.rounds = TaggingPanel(), RoundsPanel()
        self._taxonomy = ""  # which categories are shown, as the recorder names them
        self._labels = self._categories(keys)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(2))
        for panel, stretch in ((self.tagging, 8), (self.rounds, 3)):
            card = Card(margin=2)
            card.body.addWidget(panel)
            column.addWidget(card, stretch)
        self._show_keys(keys)
        self._connect(commands)

    def label(self, category: str) -> str:
        """What a category is called on screen; empty for none."""
        return self._labels.get(category, category)

    def _categories(self, keys: Bindings) -> dict[str, str]:
        workspace = self._model.workspace
        try:
            found = taxonomy.load(workspace.task.taxonomy, workspace.root)
        except SessionError:
            # A torn file of the workspace's own must not keep the arm from being used; the
            # recorder reports it as its problem.
            found = taxonomy.load("manipulation")
        self.tagging.setCategories(
            [
                Category(first_key(keys, f"tag_{c.key}") or str(c.key), c.name, c.label)
                for c in found.categories
            ]
        )
        self._numbers = {c.key: c.name for c in found.categories}
        return {c.name: c.label for c in found.categories}

    def tag_number(self, number: int) -> None:
        """Tags the selected correction, or the newest, with the category of a digit."""
        if number in self._numbers and not self.tagging.tag(self._numbers[number]):
            self._desk.said.emit("There is no correction to tag yet.", "hold")

    def _show_keys(self, keys: Bindings) -> None:
        self.tagging.setKeys(
            discard=first_key(keys, "discard_correction"),
            undo=first_key(keys, "undo"),
            redo=first_key(keys, "redo"),
            note=first_key(keys, "note"),
        )
        correct = first_key(keys, "correct")
        self.tagging.setEmptyText(
            f"No corrections yet.\nWhen the policy goes wrong, hold {correct}."
        )
        self.rounds.setRetrainKey(first_key(keys, "retrain"))

    def _connect(self, commands: Commands) -> None:
        send = self._model.send
        self.tagging.tagRequested.connect(lambda e, s, c: send("recorder", Tag(e, s, c)))
        self.tagging.noteRequested.connect(lambda e, s, text: send("recorder", Note(e, s, text)))
        self.tagging.discardRequested.connect(
            lambda e, s, out: send("recorder", DiscardIntervention(e, s, out))
        )
        self.tagging.undoRequested.connect(commands.undo)
        self.tagging.redoRequested.connect(commands.redo)
        self.rounds.retrainRequested.connect(self._desk.retrain)
        self.rounds.cancelRequested.connect(commands.cancel_training)
        self._desk.changed.connect(self._show_rounds)
        self._model.read_only_changed.connect(self.tagging.setReadOnly)
        self._model.read_only_changed.connect(self.rounds.training().setReadOnly)
        self._model.recorder_changed.connect(self._show_recorder)
        self._model.training_changed.connect(lambda _progress: self._show_training())
        self._model.supervisor_changed.connect(lambda _state: self._show_training())

    def _show_recorder(self, state: RecorderState) -> None:
        if state.taxonomy != self._taxonomy:
            self._taxonomy = state.taxonomy
            self._labels = self._categories(self._keys)
        self.tagging.setInterventions(state.interventions)
        self.tagging.setUndo(state.can_undo, state.can_redo)

    def _show_rounds(self) -> None:
        running = self._desk.running()
        tally = self._desk.tally()
        self.rounds.setRound(
            running, tally.counted, CORRECTIONS_A_ROUND, tally.not_recovered, tally.waiting
        )
        self.rounds.setRounds(self._desk.points())
        self.rounds.setPlan(self._desk.plan(), self._desk.why_not())

    def _show_training(self) -> None:
        progress = self._desk.progress()
        over = not self._desk.training() and (progress is None or progress.stage != "failed")
        self.rounds.setProgress(None if over else progress)
