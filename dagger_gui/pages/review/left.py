"""The Review page's left column: a filter, and what it finds: attempts, corrections, flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.key_groups import first_key
from dagger_gui.pages.review.library import Found, Key
from dagger_gui.pieces import Card
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._painting import clock
from dagger_gui.widgets._record_view import RecordView
from dagger_gui.widgets.correction_list import CorrectionList
from dagger_gui.widgets.episode_list import EpisodeList, EpisodeRow
from dagger_gui.widgets.filter_line import FilterLine
from dagger_gui.widgets.flag_list import FlagList, FlagRow
from dagger_gui.wording import percent
from drivers.bindings import Bindings
from sessions.messages import Intervention
from sessions.record.query import FIELDS, Group, Selection

_TABS = ("Attempts", "Corrections", "Quality")
_READING = "Reading the workspace …"
_NOTHING = "The filter finds none. Widen it, or empty it to see everything."


class LeftColumn(QWidget):
    """Where an attempt is chosen.

    Args:
        keys: shown on the buttons.
        parent: Qt owner.
    """

    attempt_chosen = Signal(int)
    correction_chosen = Signal(object)  # (episode, identity)
    flag_chosen = Signal(int, int)  # episode, tick
    untagged_requested = Signal()

    def __init__(self, keys: Bindings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._found: Found | None = None
        self._recording = 0
        self.filter = FilterLine()
        self.filter.setKey(first_key(keys, "find"))
        self.attempts, self.corrections, self.flags = EpisodeList(), CorrectionList(), FlagList()
        self.next = KeyButton("Next untagged", first_key(keys, "next_untagged"))
        self._tabs = [KeyButton(name, dense=True) for name in _TABS]
        self._stack = QStackedWidget()
        self._correct = first_key(keys, "correct")
        self._arrange()
        self._connect()
        for view in self._views():
            view.setEmptyText(_READING)
        self.show_tab(0)

    def _arrange(self) -> None:
        card = Card(margin=2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)
        tabs = QHBoxLayout()
        tabs.setSpacing(theme.grid(1))
        group = QButtonGroup(self)
        for i, button in enumerate(self._tabs):
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, n=i: self.show_tab(n))
            group.addButton(button)
            tabs.addWidget(button)
        for view in self._views():
            self._stack.addWidget(view)
        card.body.addWidget(self.filter)
        card.body.addLayout(tabs)
        card.body.addWidget(self._stack, 1)
        card.body.addWidget(self.next)

    def _connect(self) -> None:
        self.attempts.valueChanged.connect(self._attempt)
        self.corrections.valueChanged.connect(self._correction)
        self.flags.flagChosen.connect(self.flag_chosen)
        self.next.clicked.connect(self.untagged_requested)

    def _views(self) -> tuple[RecordView, ...]:
        return (self.attempts, self.corrections, self.flags)

    def _attempt(self, number: int | None) -> None:
        if number is not None:
            self.attempt_chosen.emit(number)

    def _correction(self, key: Key | None) -> None:
        if key is not None:
            self.correction_chosen.emit(key)

    def show_tab(self, index: int) -> None:
        """Shows attempts (0), corrections (1) or quality (2)."""
        self._tabs[index].setChecked(True)
        self._stack.setCurrentIndex(index)

    def tab(self) -> int:
        """Which is shown."""
        return self._stack.currentIndex()

    def step(self, rows: int) -> None:
        """Chooses that many rows further down in the list on screen."""
        self._views()[self.tab()].step(rows)

    # -- shown

    def show_found(self, found: Found) -> None:
        """What the filter finds."""
        self._found = found
        self.filter.setWords(FIELDS, found.values)
        self.filter.setFound(
            in_words(found.selection) if found.episodes else "Nothing recorded yet."
        )
        colours = {c.name: c.colour for c in found.categories}
        self.corrections.setCategories({c.name: c.label for c in found.categories}, colours)
        self.corrections.setInterventions(_newest_first(found.selection))
        flags = _flags(found)
        self.flags.setFlags(flags)
        self._show_attempts()
        self._tabs[2].setText(f"{_TABS[2]} {len(flags)}" if flags else _TABS[2])
        self._tabs[0].setToolTip(shares(found.selection.by("outcome")))
        self._tabs[1].setToolTip(shares(found.selection.by_category()))
        waiting = len(found.untagged)
        self.next.setEnabled(waiting > 0)
        left = "1 left" if waiting == 1 else f"{waiting} left"
        none = "Every correction is tagged" if found.corrected else "No correction to tag yet"
        self.next.setText(f"Next untagged · {left}" if waiting else none)
        self._say_empty(found)

    def show_recording(self, number: int) -> None:
        """Which attempt is being recorded now; 0 for none."""
        if number != self._recording:
            self._recording = number
            if self._found is not None:
                self._show_attempts()

    def show_only(self, query: str) -> None:
        """What training is told to learn from; empty for everything."""
        self.filter.setOnly(query)

    def select(self, number: int, key: Key | None) -> None:
        """Marks what is open; tells nobody."""
        self.attempts.setValue(number)
        self.corrections.setValue(key)

    def _show_attempts(self) -> None:
        assert self._found is not None
        found, rows = self._found, []
        if self._recording and self._recording not in found.episodes:
            rows.append(EpisodeRow(self._recording, recording=True))
        for e in reversed(found.selection.episodes):
            rows.append(
                EpisodeRow(
                    number=e.episode,
                    round=e.round,
                    outcome=e.outcome,
                    duration_s=e.duration_s,
                    operator=e.operator,
                    corrections=e.interventions,
                    untagged=found.waiting.get(e.episode, 0),
                    flags=len(e.flags),
                    demo=e.demo,
                )
            )
        self.attempts.setEpisodes(rows)

    def _say_empty(self, found: Found) -> None:
        first = (
            f"No attempts yet. Record one on the Run page (F1): hold {self._correct} to correct."
        )
        none = f"No corrections yet. When the policy goes wrong, hold {self._correct}."
        self.attempts.setEmptyText(_NOTHING if found.episodes else first)
        self.corrections.setEmptyText(_NOTHING if found.interventions else none)
        flagged = any(e.flags for e in found.episodes.values())
        good = "Nothing is worth a look: no attempt has a quality flag."
        self.flags.setEmptyText(_NOTHING if flagged else good)


def shares(groups: Sequence[Group]) -> str:
    """A line a group: how many, how long in all, which part of all."""
    return "\n".join(
        f"{g.name}: {g.count}, {clock(g.seconds, tenths=False)}, {percent(g.share)}" for g in groups
    )


def in_words(selection: Selection) -> str:
    """``34 attempts (2 discarded), 51 corrections, 02:13 of corrections``."""
    attempts = [e for e in selection.episodes if not e.demo]
    demos = len(selection.episodes) - len(attempts)
    corrections = selection.interventions
    if not selection.episodes:
        return "Nothing is found."
    length = sum(i.duration_s for i in corrections)
    parts = [
        _count(len(attempts), "attempt") + _discarded(e.outcome == "discarded" for e in attempts),
        _count(demos, "demonstration") if demos else "",
        _count(len(corrections), "correction") + _discarded(i.discarded for i in corrections),
        f"{clock(length, tenths=False)} of corrections" if corrections else "",
    ]
    return ", ".join(filter(None, parts))


def _discarded(which: Iterable[bool]) -> str:
    """How many of what was counted were thrown away; empty for none."""
    number = sum(which)
    return f" ({number} discarded)" if number else ""


def _newest_first(selection: Selection) -> list[Intervention]:
    return sorted(selection.interventions, key=lambda i: (-i.episode, -i.first))


def _flags(found: Found) -> list[FlagRow]:
    rows = [FlagRow(0, -1, 0.0, "problem", problem) for problem in found.problems]
    for episode in reversed(found.selection.episodes):
        rows += [FlagRow(episode.episode, f.row, f.t, f.kind, f.text) for f in episode.flags]
    return rows


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
