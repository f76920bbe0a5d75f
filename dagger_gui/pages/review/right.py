"""The Review page's right column: the selected correction, the attempt, and the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.key_groups import first_key
from dagger_gui.pages.review.attempt import Attempt
from dagger_gui.pages.review.library import Found
from dagger_gui.pieces import Card
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._painting import clock
from dagger_gui.widgets.attempt_editor import LABELS, AttemptEditor, AttemptView
from dagger_gui.widgets.correction_editor import CategoryLook, CorrectionEditor, CorrectionView
from drivers.bindings import Bindings
from sessions.messages import EpisodeSummary, Intervention, RecorderState
from sessions.record.marks import driven_rows
from sessions.taxonomy import Category

_OUTCOME_KEYS = {"success": "success", "failure": "failure", "discarded": "discard"}
ALONE = (
    "Open to look at only: the recorder does not run, and only it changes anything. Start the "
    "station."
)
SILENT = "Nothing can be changed now: the recorder does not answer. Restart it on Station (F4)."


class RightColumn(QWidget):
    """Where things are mended; where there is no room for both editors, one at a time.

    Args:
        keys: shown on the buttons.
        parent: Qt owner.
    """

    undo_requested = Signal()
    redo_requested = Signal()

    def __init__(self, keys: Bindings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys = keys
        self.correction, self.attempt = CorrectionEditor(), AttemptEditor()
        self.undo = KeyButton("Undo", first_key(keys, "undo"), dense=True)
        self.redo = KeyButton("Redo", first_key(keys, "redo"), dense=True)
        self._last = ElidedLabel("", size="small", lines=3)
        self._tabs = [KeyButton(words, dense=True) for words in ("Correction", "Attempt")]
        self._tab = 0
        self._compact = False
        self._arrange()
        self._show_keys()
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.show_recorder(None, ALONE)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(2))
        column.addWidget(self._tab_row())
        self._cards: list[Card] = []
        for panel in (self.correction, self.attempt):
            card = Card(margin=2)
            card.body.addWidget(panel)
            column.addWidget(card)
            self._cards.append(card)
        column.addStretch(1)
        back = self._back = Card(margin=2)
        row = QHBoxLayout()
        row.setSpacing(theme.grid(1))
        row.addWidget(self.undo, 1)
        row.addWidget(self.redo, 1)
        back.body.setSpacing(theme.grid(1))
        back.body.addLayout(row)
        back.body.addWidget(self._last)
        column.addWidget(back)

    def _tab_row(self) -> QWidget:
        self._choice, group = QWidget(), QButtonGroup(self)
        row = QHBoxLayout(self._choice)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(1))
        for i, button in enumerate(self._tabs):
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, n=i: self.show_tab(n))
            group.addButton(button)
            row.addWidget(button, 1)
        self._tabs[0].setChecked(True)
        self._choice.hide()
        return self._choice

    def show_tab(self, index: int) -> None:
        """Shows the correction (0) or the attempt (1) where there is no room for both."""
        self._tab = index
        self._tabs[index].setChecked(True)
        for i, card in enumerate(self._cards):
            card.setVisible(not self._compact or i == index)

    def set_read_only(self, why: str) -> None:
        """Greys both editors with the reason; empty takes it back."""
        for panel in (self.correction, self.attempt):
            panel.setEnabled(not why)
            panel.setToolTip(why)
        for button in (self.undo, self.redo):
            button.setLocked(why)

    def focus_note(self) -> None:
        """Puts the keyboard into the correction's note."""
        self.show_tab(0)
        self.correction.focusNote()

    def minimumSizeHint(self) -> QSize:
        """Room for the higher one of both editors."""
        gap = theme.grid(2)
        cards = [card.minimumSizeHint() for card in self._cards]
        rest = [self._tabs[0].sizeHint(), self._back.minimumSizeHint()]
        height = max(c.height() for c in cards) + sum(r.height() + gap for r in rest)
        return QSize(max(c.width() for c in cards), height)

    def event(self, event: QEvent) -> bool:
        """Shows both editors where there is room for what is in them."""
        handled = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._fit()
        return handled

    def _fit(self) -> None:
        gap = theme.grid(2)
        parts = [*self._cards, self._back]
        compact = self.height() < sum(p.minimumSizeHint().height() + gap for p in parts)
        if compact != self._compact:
            self._compact = compact
            self._choice.setVisible(compact)
            self.show_tab(self._tab)

    def _show_keys(self) -> None:
        def both(one: str, other: str) -> str:
            """``Ctrl+[ ]`` for ``Ctrl+[`` and ``Ctrl+]``."""
            first, second = self._key(one), self._key(other)
            held, plus, key = second.rpartition("+")
            alike = bool(plus) and first.startswith(f"{held}+")
            return f"{first} {key if alike else second}".strip()

        self.correction.setKeys(
            discard=self._key("discard_correction"),
            note=self._key("note"),
            start=both("start_earlier", "start_later"),
            end=both("end_earlier", "end_later"),
            boundary=self._key("boundary"),
            split=self._key("split"),
            merge=self._key("merge"),
        )

    def _key(self, action: str) -> str:
        return first_key(self._keys, action)

    # -- shown

    def show_categories(self, categories: Sequence[Category]) -> None:
        """The taxonomy as it is now."""
        self.correction.setCategories(
            [
                CategoryLook(
                    (self._key(f"tag_{c.key}") or str(c.key)) if c.key else "",
                    c.name,
                    c.label,
                    c.colour,
                    c.description,
                )
                for c in categories
            ]
        )

    def show_recorder(self, state: RecorderState | None, why_not: str) -> None:
        """Whether anything can be changed, and what an undo would take back.

        Args:
            state: the recorder's newest state.
            why_not: why nothing can be changed, with the remedy; empty if it can.
        """
        there = not why_not
        self.correction.setEditable(there)
        self.attempt.setEditable(there)
        undo = state.undo_text if there and state is not None else ""
        redo = state.redo_text if there and state is not None else ""
        self.undo.setEnabled(bool(undo))
        self.redo.setEnabled(bool(redo))
        self.redo.setToolTip(f"Redo: {redo}" if redo else "Redo")
        self.undo.setToolTip(f"Undo: {undo}" if undo else "Undo")
        self._last.setMuted(there)
        if not there:
            self._last.setText(why_not)
        elif undo:
            self._last.setText(f"Undo: {undo}.")
        else:
            self._last.setText(f"Nothing to undo. Redo: {redo}." if redo else "Nothing to undo.")

    def words(self) -> str:
        """What an undo would take back, or why nothing can be changed."""
        return self._last.text()

    def show_running(self, running: bool) -> None:
        """While an attempt runs, the outcomes' keys end that one: they are not shown here."""
        keys = {} if running else {o: self._key(a) for o, a in _OUTCOME_KEYS.items()}
        self.attempt.setKeys(keys)

    def show_correction(
        self,
        attempt: Attempt | None,
        interventions: Sequence[Intervention],
        selected: int | None,
        found: Found | None,
        context_s: float,
    ) -> None:
        """The selected one of an attempt's interventions, in time order."""
        at = next((n for n, i in enumerate(interventions) if i.start == selected), None)
        if attempt is None or at is None or found is None:
            self.correction.setValue(None)
            return
        shown = interventions[at]
        t, last = attempt.t, len(attempt.t) - 1
        boundary = float(t[shown.boundary]) if shown.boundary >= 0 else math.nan
        times = (float(t[shown.first]), float(t[min(shown.stop, last)]), boundary)
        own = (attempt.number, shown.start) in found.discarded
        self.correction.setValue(
            CorrectionView(
                identity=shown.start,
                place=f"{at + 1} of {len(interventions)}",
                category=shown.category,
                note=shown.note,
                first=shown.first,
                stop=shown.stop,
                times=times,
                low=interventions[at - 1].stop if at else 0,
                high=interventions[at + 1].first if at + 1 < len(interventions) else len(t),
                context_s=shown.context_s,
                workspace_context_s=context_s,
                discarded=shown.discarded,
                with_attempt=shown.discarded and not own,
                has_next=at + 1 < len(interventions),
                recovered=shown.recovered,
                doubt=shown.doubt,
                driven=len(driven_rows(attempt.steps, shown.first, shown.stop)),
            )
        )

    def show_attempt(self, attempt: Attempt | None, episode: EpisodeSummary | None) -> None:
        """The attempt that is open."""
        if attempt is None or episode is None:
            self.attempt.setValue(None)
            return
        meta = attempt.meta
        what = "demonstration" if episode.demo else f"round {episode.round}"
        told = "" if attempt.frames else "No pictures were recorded. "
        salvaged = f"Salvaged: {attempt.salvaged}" if attempt.salvaged else ""
        self.attempt.setValue(
            AttemptView(
                number=attempt.number,
                fact=f"{what} · {clock(attempt.duration_s)}",
                outcome=episode.outcome,
                note=episode.note,
                stages=meta.stages,
                scores=episode.scores,
                labels={name: getattr(episode, name) for name in LABELS},
                recorded={name: getattr(meta, name) for name in LABELS},
                warning=f"{told}{salvaged}".strip(),
            )
        )
