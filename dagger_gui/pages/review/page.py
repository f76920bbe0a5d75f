"""The Review page: what happened. An attempt on one time cursor, and everything said of it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.commands import untagged
from dagger_gui.pages.review.attempt import Attempt
from dagger_gui.pages.review.keys import ReviewKeys
from dagger_gui.pages.review.left import LeftColumn
from dagger_gui.pages.review.library import Found, Key, Library
from dagger_gui.pages.review.mending import Mending
from dagger_gui.pages.review.middle import MiddleColumn
from dagger_gui.pages.review.pictures import Pictures, Shot
from dagger_gui.pages.review.player import Player
from dagger_gui.pages.review.right import ALONE, SILENT, RightColumn
from dagger_gui.round_desk import RoundDesk
from dagger_gui.session_model import SessionModel
from drivers.bindings import Bindings
from sessions.messages import Intervention, RecorderState

_LOOK_MS: Final = 1000
_BACK_S: Final = 0.5  # while it plays: nearer to a start than this, "previous" is the one before
_CHOOSE = "Choose an attempt at the left to see what the arm did."


class ReviewPage(QWidget):
    """Looks at attempts and mends what is said of them, never at the loop's cost.

    Args:
        model: the session.
        desk: what Retrain is told to learn from.
        keys: the workspace's bindings, shown on the buttons.
        parent: Qt owner.

    Attributes:
        player: the time cursor.
        library: what is recorded.
        mending: the open attempt's interventions and the commands about them.
    """

    said = Signal(str, str)  # (sentence, meaning of the theme)

    def __init__(
        self,
        model: SessionModel,
        desk: RoundDesk,
        keys: Bindings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._desk = model, desk
        self._wanted: tuple[int, int | None, int | None] | None = None  # number, identity, row
        self._arrived = False
        self._why = ""  # why nothing is open, where that is not for want of choosing
        self._only = ""
        self.player = Player(self)
        self.library = Library(model.workspace, self)
        self.pictures = Pictures(self)
        self.left, self.right = LeftColumn(keys), RightColumn(keys)
        self.middle = MiddleColumn(self.player, keys)
        self.mending = Mending(model, self.player, self.right.correction, self)
        self._keys = ReviewKeys(self)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self.library.refresh)
        self._arrange()
        self._connect_reading()
        self._connect_showing()
        self._show_running()

    def close_files(self) -> None:
        """Ends what reads in the background; calling it twice is harmless."""
        self._look.stop()
        self.player.pause()
        self.library.close()
        self.pictures.close()

    # -- built

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        row.addWidget(self.left, 5)
        row.addWidget(self.middle, 11)
        row.addWidget(self.right, 5)

    def _connect_reading(self) -> None:
        self.library.changed.connect(self._take_found)
        self.library.opened.connect(self._take_attempt)
        self.library.failed.connect(self._take_failure)
        self.library.refused.connect(self.left.filter.setError)
        self.pictures.shown.connect(self._take_shot)
        self.left.filter.valueChanged.connect(self.library.filter)
        self.left.filter.onlyRequested.connect(self._learn_only)
        self.left.attempt_chosen.connect(self.open)
        self.left.correction_chosen.connect(lambda key: self.open(key[0], key[1]))
        self.left.flag_chosen.connect(lambda n, row: self.open(n, None, max(row, 0)))
        self.left.untagged_requested.connect(self.next_untagged)
        self._model.recorder_changed.connect(self._take_recorder)
        self._model.read_only_changed.connect(self.right.set_read_only)
        self._model.read_only_changed.connect(lambda _why: self._show_recorder())
        self._model.presence_changed.connect(lambda _name, _there: self._show_recorder())
        self._model.control_changed.connect(lambda _state: self._show_running())

    def _connect_showing(self) -> None:
        self.player.moved.connect(self._follow)
        self.middle.scrubbed.connect(self._scrub)
        self.middle.moved.connect(self.go)
        self.middle.timeline.selected.connect(self.select)
        self.mending.connect_panels(self.middle.timeline, self.right.attempt)
        self.mending.changed.connect(self._show_interventions)
        self.mending.said.connect(self.said)
        self._desk.everything_asked.connect(self.learn_from_everything)
        self.right.undo_requested.connect(self.mending.undo)
        self.right.redo_requested.connect(self.mending.redo)

    # -- opened

    def open(self, number: int, identity: int | None = None, row: int | None = None) -> None:
        """Opens an attempt, at one of its corrections or at a tick."""
        self.right.correction.commitEdges()
        self._wanted, self._why = (number, identity, row), ""
        attempt = self.mending.attempt
        if attempt is not None and attempt.number == number:
            self._arrive()
        else:
            self.library.open(number)

    def attempt(self) -> Attempt | None:
        """The attempt that is open."""
        return self.mending.attempt

    def found(self) -> Found | None:
        """What is recorded, None while it is being read."""
        return self.mending.found

    def select(self, identity: int | None) -> None:
        """Selects a correction of the open attempt."""
        if identity != self.mending.selected:
            self.mending.selected = identity
            self._show_interventions()

    def next_untagged(self) -> bool:
        """Opens the running round's next correction without a category; whether there is one."""
        waiting, attempt = self._waiting(), self.mending.attempt
        if not waiting:
            found = self.mending.found
            some = found is not None and found.corrected
            none = "There is no correction in this round yet."
            words = "Every correction of this round is tagged." if some else none
            self.said.emit(words, "good" if some else "hold")
            return False
        chosen = self.mending.selection()
        here = (0, -1)
        if attempt is not None:
            here = (attempt.number, chosen.first if chosen is not None else -1)
        later = [i for i in waiting if (i.episode, i.first) > here]
        wanted = (later or waiting)[0]
        self.open(wanted.episode, wanted.start)
        return True

    def _waiting(self) -> list[Intervention]:
        """The running round's untagged corrections; the recorder knows of them first."""
        recorder, found = self._model.recorder, self.mending.found
        if recorder is not None and self._model.there("recorder"):
            return [i for i in untagged(recorder) if i.episode != recorder.recording]
        return list(found.untagged) if found is not None else []

    def _take_attempt(self, attempt: Attempt) -> None:
        if self._wanted is None or attempt.number != self._wanted[0]:
            return
        self.mending.open(attempt)
        self.pictures.open(attempt)
        self.middle.show_attempt(attempt)
        self.player.load(attempt.t)
        self._show_episode()
        self._arrive()

    def _arrive(self) -> None:
        """Selects and goes where the one who opened it wanted to."""
        assert self._wanted is not None
        number, identity, row = self._wanted
        interventions = self.mending.interventions()
        found = self.mending.found
        self._arrived = found is not None and number in found.episodes
        chosen = next((i for i in interventions if i.start == identity), None)
        if chosen is not None:
            self.mending.selected = chosen.start
        elif self.mending.selected is None and interventions:
            bare = [i for i in interventions if not (i.category or i.discarded)]
            self.mending.selected = (bare or interventions)[0].start
        self._show_interventions()
        if chosen is not None or row is not None:
            self.player.pause()
            self.player.seek(chosen.first if chosen is not None else row or 0)
        self._ask_picture(self.player.row)
        self.left.select(number, self._key())

    def _key(self) -> Key | None:
        selected = self.mending.selected
        return None if selected is None else (self.mending.number(), selected)

    def _take_failure(self, number: int, sentence: str) -> None:
        if not number:
            self.said.emit(sentence, "fault")
        elif self._wanted is not None and self._wanted[0] == number:
            self._drop(sentence)

    def _drop(self, words: str) -> None:
        self._wanted, self._why = None, words
        self.mending.open(None)
        self.pictures.open(None)
        self.middle.show_attempt(None, words)
        self._show_episode()

    # -- shown

    def _take_found(self, found: Found) -> None:
        before = len(self.mending.interventions())
        self.mending.take(found)
        here = self.mending.at(self.player.row)
        if here is not None and before not in (0, len(self.mending.interventions())):
            self.mending.selected = here  # split or merged: the part that the cursor is in
        self.left.show_found(found)
        self.right.show_categories(found.categories)
        self._show_only()
        number = self.mending.number()
        if number and self._arrived and number not in found.episodes:
            self._drop(f"Attempt {number} is not there any more. {_CHOOSE}")
        elif not number and self._wanted is None:
            none = "Nothing is recorded yet. Record an attempt on the Run page (F1)."
            self.middle.show_attempt(None, self._why or (_CHOOSE if found.episodes else none))
        self._show_episode()
        if number in found.episodes and not self._arrived and self._wanted is not None:
            self._arrive()  # it was opened before anything was known of it

    def _show_episode(self) -> None:
        found = self.mending.found
        episode = found.episodes.get(self.mending.number()) if found is not None else None
        self.middle.show_episode(episode)
        self.right.show_attempt(self.mending.attempt, episode)
        self._show_interventions()

    def _show_interventions(self) -> None:
        mending = self.mending
        interventions = mending.interventions()
        if mending.selected is not None and mending.selection() is None:
            mending.selected = mending.at(self.player.row)  # undone, or merged into another
        context = self._model.workspace.task.context_s
        categories = mending.found.categories if mending.found is not None else ()
        self.middle.show_interventions(interventions, mending.selected, categories, context)
        self.right.show_correction(
            mending.attempt, interventions, mending.selected, mending.found, context
        )
        self.left.select(mending.number(), self._key())

    def _take_recorder(self, state: RecorderState) -> None:
        self.left.show_recording(state.recording)
        self._show_recorder()
        if self.isVisible():
            self.library.refresh()

    def _show_recorder(self) -> None:
        model = self._model
        there, station = model.there("recorder"), model.there("supervisor")
        alone = ALONE if not station else SILENT
        why = model.read_only or ("" if there else alone)
        self.right.show_recorder(model.recorder, why)
        self.middle.timeline.setEditable(not why)

    def _show_running(self) -> None:
        self.right.show_running(self.running())

    def running(self) -> bool:
        """Whether an attempt runs now."""
        state = self._model.control
        return state is not None and state.attempt != 0

    # -- the cursor

    def go(self, where: str) -> None:
        """To the start, the end, a frame or a correction on or back."""
        attempt = self.mending.attempt
        if attempt is None:
            self.said.emit(self.mending.why_none(), "hold")
            return
        steps = {"start": -len(attempt.t), "end": len(attempt.t), "back": -1, "forward": 1}
        if where in steps:
            self.player.step(steps[where])
        else:
            self._jump(1 if where == "next" else -1, attempt)

    def _jump(self, way: int, attempt: Attempt) -> None:
        """To the next or the former correction's first frame; without one it says so."""
        row = self.player.row
        firsts = [i.first for i in self.mending.interventions()]
        near = round(_BACK_S * attempt.meta.rate_hz) if self.player.playing else 0
        there = [f for f in firsts if f > row] if way > 0 else [f for f in firsts if f < row - near]
        if there:
            self.player.seek(min(there) if way > 0 else max(there))
            return
        word = "later" if way > 0 else "earlier"
        none = f"There is no {word} correction in this attempt."
        self.said.emit(none if firsts else self.mending.why_none(), "hold")

    def _scrub(self, seconds: float) -> None:
        if self.mending.attempt is not None:
            self.player.pause()
            self.player.seek(self.mending.attempt.row(seconds))

    def _follow(self, row: int) -> None:
        self.middle.show_row(row)
        self._ask_picture(row)
        if self.middle.timeline.dragging() or self.right.correction.stepping():
            return
        here = self.mending.at(row)
        if here is not None:  # what the cursor is in is what a category's key tags
            self.select(here)

    def _ask_picture(self, row: int) -> None:
        attempt = self.mending.attempt
        if attempt is not None and attempt.frames and len(attempt.t):
            self.pictures.ask(row)

    def _take_shot(self, shot: Shot) -> None:
        if shot.attempt == self.mending.number():
            self.middle.show_shot(shot)

    # -- what training takes

    def learn_from_everything(self) -> None:
        """Training takes everything again."""
        self._learn_only(False)

    def _learn_only(self, on: bool) -> None:
        self._only = self.left.filter.value() if on else ""
        self.library.learn_only(self._only)
        self._show_only()

    def _show_only(self) -> None:
        found = self.mending.found
        chosen = found.only if found is not None else None
        mine = chosen if chosen is not None and chosen.query.text == self._only else None
        self._desk.set_query(self._only, mine)
        self.left.show_only(self._only)

    # -- keys

    def act(self, action: str) -> bool:
        """Does what a bound key means on this page; False if it means nothing of its own here."""
        return self._keys.act(action)

    def press(self, event: QKeyEvent) -> bool:
        """Arrows and their like move the cursor and the lists; whether this key did."""
        return self._keys.press(Qt.Key(event.key()))

    def escape(self) -> bool:
        """Lets go of an edge, or shows everything beside a large camera; whether it did."""
        if self.middle.timeline.cancelDrag():
            return True
        if self.middle.enlarged():
            self.middle.toggle(self.middle.enlarged())
            return True
        return False

    # -- life

    def showEvent(self, event: QShowEvent) -> None:
        """Begins to read what is recorded; looks for news while it is on screen."""
        super().showEvent(event)
        self.library.start()
        self.library.refresh()
        self._look.start()
        self._show_recorder()
        self._show_running()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing plays where nobody looks."""
        super().hideEvent(event)
        self._look.stop()
        self.player.pause()
        self.player.release()
        self.right.correction.commitEdges()

    def changeEvent(self, event: QEvent) -> None:
        """A window that is not in front steps no further."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.player.release()
