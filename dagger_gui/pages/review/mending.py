"""What is changed of the open attempt: asked of the recorder, shown at once where it moves.

The page never changes anything itself. Edges that are dragged or stepped are shown where the hand
has them until the recorder's answer has come back as an edit.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec
from PySide6.QtCore import QObject, Signal

from dagger_gui.pages.review.attempt import Attempt
from dagger_gui.pages.review.library import Found
from dagger_gui.pages.review.player import Player
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.attempt_editor import AttemptEditor
from dagger_gui.widgets.correction_editor import CorrectionEditor
from dagger_gui.widgets.review_timeline import ReviewTimeline
from sessions.messages import (
    DiscardIntervention,
    Intervention,
    MergeInterventions,
    Message,
    Note,
    Redo,
    SetBoundary,
    SetContext,
    SetEdges,
    SetLabel,
    SetOutcome,
    SetScore,
    SplitIntervention,
    Tag,
    Undo,
)

_PATIENCE_S: Final = 3.0  # an edge that was asked for is shown so long without an answer
_HELD: Final = float("inf")


@dataclass
class _Moved:
    """An intervention's rows as they are dragged, or asked for and not yet answered."""

    first: int
    stop: int
    boundary: int
    since: float = _HELD


class Mending(QObject):
    """The open attempt's interventions as they are shown, and the commands about them.

    Args:
        model: where commands go.
        player: the cursor: splits and boundaries are made there.
        editor: of the selected correction.
        parent: Qt owner.
        clock: monotonic seconds.

    Attributes:
        attempt: the one that is open.
        found: what is recorded.
        selected: identity of the selected correction.
    """

    changed = Signal()  # rows are shown otherwise than before
    said = Signal(str, str)  # (sentence, meaning of the theme)

    def __init__(
        self,
        model: SessionModel,
        player: Player,
        editor: CorrectionEditor,
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._model, self._player, self._editor, self._clock = model, player, editor, clock
        self._moved: dict[int, _Moved] = {}
        self.attempt: Attempt | None = None
        self.found: Found | None = None
        self.selected: int | None = None
        model.refused.connect(lambda _why, _remedy: self.forget_moves())

    def connect_panels(self, line: ReviewTimeline, whole: AttemptEditor) -> None:
        """Takes what is asked for on the timeline and in both editors."""
        edit = self._editor
        line.edgesPreviewed.connect(self._preview_edges)
        edit.edgesPreviewed.connect(self._preview_edges)
        line.edgesChanged.connect(self._ask_edges)
        edit.edgesRequested.connect(self._ask_edges)
        line.boundaryPreviewed.connect(self._preview_boundary)
        line.boundaryChanged.connect(self._ask_boundary)
        line.dragCancelled.connect(self.forget_moves)
        edit.tagRequested.connect(lambda name: self._about_selected(Tag, name))
        edit.noteRequested.connect(lambda identity, text: self._send(Note, identity, text))
        edit.discardRequested.connect(lambda on: self._about_selected(DiscardIntervention, on))
        edit.contextRequested.connect(lambda s: self._about_selected(SetContext, s))
        edit.boundaryRequested.connect(self.boundary)
        edit.boundaryRemoved.connect(lambda: self._about_selected(SetBoundary, -1))
        edit.splitRequested.connect(self.split)
        edit.mergeRequested.connect(self.merge)
        whole.outcomeRequested.connect(self.set_outcome)
        whole.scoreRequested.connect(lambda stage, score: self._send(SetScore, stage, score))
        whole.noteRequested.connect(lambda n, text: self._command(Note(n, -1, text)))
        whole.labelRequested.connect(lambda n, name, t: self._command(SetLabel(n, name, t)))

    # -- what is shown

    def open(self, attempt: Attempt | None) -> None:
        """Another attempt is open; nothing of it is selected or moved."""
        self.attempt, self.selected = attempt, None
        self._moved.clear()

    def take(self, found: Found) -> None:
        """What is recorded now; rows that were asked for and have come are no longer special."""
        self.found = found
        known = found.interventions.get(self.number(), [])
        for identity, moved in [*self._moved.items()]:
            mark = next((i for i in known if i.start == identity), None)
            rows = (moved.first, moved.stop, moved.boundary)
            done = mark is None or (mark.first, mark.stop, mark.boundary) == rows
            if moved.since != _HELD and (done or self._clock() - moved.since > _PATIENCE_S):
                del self._moved[identity]

    def number(self) -> int:
        """Of the open attempt; 0 for none."""
        return self.attempt.number if self.attempt is not None else 0

    def interventions(self) -> list[Intervention]:
        """Those of the open attempt in time order, where the hand has them."""
        if self.attempt is None or self.found is None:
            return []
        known = self.found.interventions.get(self.attempt.number, [])
        return sorted(map(self._as_moved, known), key=lambda i: i.first)

    def selection(self) -> Intervention | None:
        """The selected correction."""
        return next((i for i in self.interventions() if i.start == self.selected), None)

    def why_none(self) -> str:
        """Why no correction is selected, and what to do; said where one is needed."""
        if self.attempt is None:
            return "No attempt is open. Choose one at the left."
        if not self.interventions():
            return "Nobody corrected anything in this attempt."
        return "There is no correction at the cursor. Go to one with PgDn."

    def at(self, row: int) -> int | None:
        """Identity of the correction that a tick is in."""
        return next((i.start for i in self.interventions() if i.first <= row < i.stop), None)

    def _as_moved(self, known: Intervention) -> Intervention:
        moved = self._moved.get(known.start)
        if moved is None or self.attempt is None:
            return known
        t, last = self.attempt.t, len(self.attempt.t) - 1
        begin, end = float(t[moved.first]), float(t[min(moved.stop - 1, last)])
        return msgspec.structs.replace(
            known,
            first=moved.first,
            stop=moved.stop,
            boundary=moved.boundary,
            t=begin,
            duration_s=end - begin,
        )

    # -- edges while they move

    def _preview_edges(self, identity: int, first: int, stop: int) -> None:
        before = next((i for i in self.interventions() if i.start == identity), None)
        if before is not None:
            self._moved[identity] = _Moved(first, stop, before.boundary)
            # The cameras show the edge that moves.
            self._show_edge(first if first != before.first else stop - 1)

    def _preview_boundary(self, identity: int, row: int) -> None:
        before = next((i for i in self.interventions() if i.start == identity), None)
        if before is not None:
            self._moved[identity] = _Moved(before.first, before.stop, row)
            self._show_edge(row)

    def _show_edge(self, row: int) -> None:
        self._player.pause()
        self._player.seek(row)
        self.changed.emit()

    def _ask_edges(self, identity: int, first: int, stop: int) -> None:
        self._wait_for(identity, self._send(SetEdges, identity, first, stop))

    def _ask_boundary(self, identity: int, row: int) -> None:
        self._wait_for(identity, self._send(SetBoundary, identity, row))

    def _wait_for(self, identity: int, sent: bool) -> None:
        if not sent:
            self.forget_moves()
        elif identity in self._moved:
            self._moved[identity].since = self._clock()

    def forget_moves(self) -> None:
        """Back to the rows as they are known: refused, or let go."""
        if self._moved or self._editor.stepping():
            self._moved.clear()
            self._editor.dropEdges()
            self.changed.emit()

    # -- edits

    def set_outcome(self, outcome: str) -> None:
        """Says how the open attempt ended."""
        self._send(SetOutcome, outcome)

    def boundary(self) -> None:
        """Recovery ends and correction begins at the cursor."""
        self._about_selected(SetBoundary, self._player.row)

    def split(self) -> None:
        """Makes two of the selected correction; the second begins at the cursor."""
        self._about_selected(SplitIntervention, self._player.row)

    def merge(self) -> None:
        """Makes one of the selected correction and the next of the attempt."""
        chosen = self.selection()
        after = [i for i in self.interventions() if chosen is not None and i.first > chosen.first]
        if chosen is None:
            self.said.emit(self.why_none(), "hold")
        elif not after:
            self.said.emit("There is no later correction in this attempt to merge with.", "hold")
        else:
            self._about_selected(MergeInterventions, after[0].start)

    def undo(self) -> None:
        """Takes back the last edit, of whatever round."""
        self._editor.commitEdges()
        self._command(Undo(everywhere=True))

    def redo(self) -> None:
        """Makes the edit undone last again."""
        self._command(Redo(everywhere=True))

    def _about_selected(self, kind: type[Message], *values: object) -> None:
        if self.selected is None:
            self.said.emit(self.why_none(), "hold")
        else:
            self._editor.commitEdges()
            self._send(kind, self.selected, *values)

    def _send(self, kind: type[Message], *values: object) -> bool:
        """Sends a command about the open attempt: its number comes first."""
        return self.attempt is not None and self._command(kind(self.attempt.number, *values))

    def _command(self, command: Message) -> bool:
        return self._model.send("recorder", command)
