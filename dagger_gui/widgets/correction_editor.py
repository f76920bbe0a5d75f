"""The selected correction: what failed, from where to where, what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.widgets._base import ElidedLabel, Heading
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._category_buttons import CategoryButtons, CategoryLook, example_looks
from dagger_gui.widgets._painting import clock, number

__all__ = ["CategoryLook", "CorrectionEditor", "CorrectionView", "example_looks"]

_SETTLE_MS = 600  # steps of an edge in a row are asked for together
_NONE = "No correction here. PgUp and PgDn go through those of an open attempt."


@dataclass(frozen=True)
class CorrectionView:
    """What the editor shows of a correction.

    Attributes:
        identity: its own, as of ``messages.Intervention.start``.
        place: which of the attempt's it is, such as ``2 of 3``.
        category: name of its category; empty while untagged.
        note: free text.
        first: first row.
        stop: one past the last row.
        times: of ``first``, ``stop`` and the boundary [s]; NaN for none.
        low: the earliest ``first``: up to the neighbour.
        high: the latest ``stop``.
        context_s: length of its own pre-intervention segment [s]; None takes the workspace's.
        workspace_context_s: the workspace's [s].
        discarded: it is left out of training.
        with_attempt: because its attempt is discarded.
        has_next: whether there is another one to merge with.
        recovered: it brought the attempt on.
        doubt: at the takeover, NaN without one.
        driven: how many of its rows the human drove; None for all of them.
    """

    identity: int
    place: str
    category: str
    note: str
    first: int
    stop: int
    times: tuple[float, float, float]
    low: int
    high: int
    context_s: float | None = None
    workspace_context_s: float = 1.0
    discarded: bool = False
    with_attempt: bool = False
    has_next: bool = False
    recovered: bool = True
    doubt: float = float("nan")
    driven: int | None = None


class CorrectionEditor(QWidget):
    """Asks for changes, never makes them: what is shown comes from outside."""

    tagRequested = Signal(str)  # noqa: N815  the category; empty takes it off
    noteRequested = Signal(int, str)  # noqa: N815  identity, text
    discardRequested = Signal(bool)  # noqa: N815
    edgesPreviewed = Signal(int, int, int)  # noqa: N815  identity, first, stop
    edgesRequested = Signal(int, int, int)  # noqa: N815
    boundaryRequested = Signal()  # noqa: N815  at the cursor
    boundaryRemoved = Signal()  # noqa: N815
    contextRequested = Signal(object)  # noqa: N815  [s], None: the workspace's
    splitRequested = Signal()  # noqa: N815  at the cursor
    mergeRequested = Signal()  # noqa: N815  with the next

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: CorrectionView | None = None
        self._editable = True
        self._categories = CategoryButtons()
        self._heading = Heading("Correction")
        self._fact = ElidedLabel("", size="small", muted=True, lines=2)
        self._note = QLineEdit()
        self._discard = KeyButton("Discard", "Del", dense=True)
        self._first, self._stop, self._context = QSpinBox(), QSpinBox(), QDoubleSpinBox()
        self._times = [ElidedLabel("", muted=True) for _ in range(3)]
        self._keys = [ElidedLabel("", size="small", muted=True) for _ in range(2)]
        self._own = KeyButton("Workspace's", dense=True)
        self._boundary = KeyButton("Boundary here", "V", dense=True)
        self._unbound = KeyButton("Remove it", dense=True)
        self._split = KeyButton("Split here", "X", dense=True)
        self._merge = KeyButton("Merge next", dense=True)
        self._stepped = False  # edges are shown that are not asked for yet
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.commitEdges)
        self.setAccessibleName("The selected correction")
        self._dress()
        self._arrange()
        self._connect()
        self.setValue(None)

    # -- built

    def _dress(self) -> None:
        self._note.setMaxLength(200)
        self._note.setAccessibleName("Note on the correction")
        for box, name in ((self._first, "First frame"), (self._stop, "Last frame")):
            box.setAccessibleName(name)
            box.setKeyboardTracking(False)
            box.setSpecialValueText("–")  # at its least, which no correction's frame is
            box.setRange(0, 0)
        self._context.setAccessibleName("Seconds before the correction that belong to it")
        self._context.setKeyboardTracking(False)
        self._context.setRange(0.0, 60.0)
        self._context.setSingleStep(0.1)
        self._context.setDecimals(2)
        self._context.setSuffix(" s")
        self._boundary.setToolTip("Recovery ends and correction begins at the cursor")
        self._own.setToolTip("The length that the workspace gives every correction")
        self._discard.setFixedWidth(self._discard.widthFor("Discard", "Restore"))

    def _arrange(self) -> None:
        gap = theme.grid(1)
        noted = QHBoxLayout()
        noted.setSpacing(gap)
        noted.addWidget(self._note, 1)
        noted.addWidget(self._discard)
        facts = QGridLayout()
        facts.setHorizontalSpacing(theme.grid(2))
        facts.setVerticalSpacing(gap)
        rows = (
            ("Start", self._first, self._times[0], self._keys[0]),
            ("End", self._stop, self._times[1], self._keys[1]),
        )
        for row, (words, box, time, keys) in enumerate(rows):
            facts.addWidget(_name(words, box), row, 0)
            facts.addWidget(box, row, 1)
            facts.addWidget(time, row, 2)
            facts.addWidget(keys, row, 3)
        facts.addWidget(_name("Before", self._context), 2, 0)
        facts.addWidget(self._context, 2, 1)
        facts.addWidget(self._own, 2, 2, 1, 2)
        facts.setColumnStretch(2, 3)
        facts.setColumnStretch(3, 2)
        bound = QHBoxLayout()
        bound.setSpacing(gap)
        bound.addWidget(self._boundary, 3)
        bound.addWidget(self._unbound, 2)
        shaped = QHBoxLayout()
        shaped.setSpacing(gap)
        shaped.addWidget(self._split, 1)
        shaped.addWidget(self._merge, 1)
        self._merge.setToolTip("Make one of this correction and the next")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addWidget(self._heading)
        column.addWidget(self._fact)
        column.addWidget(self._categories)
        for layout in (noted, facts):
            column.addLayout(layout)
        column.addWidget(self._times[2])
        for layout in (bound, shaped):
            column.addLayout(layout)

    def _connect(self) -> None:
        self._categories.chosen.connect(self.tag)
        self._note.editingFinished.connect(self._noted)
        self._note.returnPressed.connect(self._note.clearFocus)
        self._discard.clicked.connect(self.discard)
        for box in (self._first, self._stop):
            box.valueChanged.connect(lambda _row: self._typed())
        self._context.valueChanged.connect(lambda seconds: self.contextRequested.emit(seconds))
        self._own.clicked.connect(lambda: self.contextRequested.emit(None))
        self._boundary.clicked.connect(self.boundaryRequested)
        self._unbound.clicked.connect(self.boundaryRemoved)
        self._split.clicked.connect(self.splitRequested)
        self._merge.clicked.connect(self.mergeRequested)

    # -- shown

    def setCategories(self, categories: Sequence[CategoryLook]) -> None:
        """The taxonomy, in its order."""
        self._categories.setCategories(categories)
        self._show()

    def categories(self) -> CategoryButtons:
        """Their buttons."""
        return self._categories

    def setKeys(self, **keys: str) -> None:
        """Keys by act: discard, note, start, end, boundary, split, merge."""
        self._discard.setKey(keys.get("discard", ""))
        self._discard.setFixedWidth(self._discard.widthFor("Discard", "Restore"))
        self._boundary.setKey(keys.get("boundary", ""))
        self._split.setKey(keys.get("split", ""))
        self._merge.setKey(keys.get("merge", ""))
        self._keys[0].setText(keys.get("start", ""))
        self._keys[1].setText(keys.get("end", ""))
        note = keys.get("note", "")
        self._note.setPlaceholderText(f"Note ({note})" if note else "Note")

    def setEditable(self, on: bool) -> None:
        """Whether anything can be changed now."""
        if on != self._editable:
            self._editable = on
            self._show()

    def setValue(self, view: CorrectionView | None) -> None:
        """Shows a correction; None for none."""
        if view is None or self._view is None or view.identity != self._view.identity:
            # What was begun belongs to the one that was shown, and is asked for as its own.
            self.commitEdges()
            self._noted()
        self._view = view
        self._show()

    def value(self) -> CorrectionView | None:
        """What is shown."""
        return self._view

    # -- acts

    def tag(self, category: str) -> bool:
        """Asks for a category; the same again takes it off. Whether there was one to tag."""
        view = self._view
        self._show()
        if view is None or not self._editable:
            return False
        self.tagRequested.emit("" if view.category == category else category)
        return True

    def tagNumber(self, key: int | str) -> bool:
        """Asks for the category on a key; whether there is such a category and correction."""
        found = next((c for c in self._categories.looks() if c.key == str(key)), None)
        return found is not None and self.tag(found.name)

    def discard(self) -> None:
        """Asks to leave the correction out of training, or to take it back in."""
        view = self._view
        if view is not None and self._editable and not view.with_attempt:
            self.discardRequested.emit(not view.discarded)

    def focusNote(self) -> None:
        """Puts the keyboard into the note."""
        if self._note.isEnabled():
            self._note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def nudge(self, start: int, end: int) -> None:
        """Moves the edges by frames; asked for when no further nudge comes."""
        if self._view is None or not self._editable:
            return
        for box, by in ((self._first, start), (self._stop, end)):
            if by:
                box.setValue(box.value() + by)

    def commitEdges(self) -> None:
        """Asks now for the edges that were stepped to."""
        stepped, self._stepped = self._stepped, False
        self._settle.stop()
        if stepped and self._view is not None:
            identity = self._view.identity
            self.edgesRequested.emit(identity, *self._edges())

    def stepping(self) -> bool:
        """Whether edges were stepped to that are not asked for yet."""
        return self._stepped

    def dropEdges(self) -> None:
        """Forgets the edges that were stepped to and not asked for yet."""
        self._settle.stop()
        self._stepped = False
        self._show()

    # -- inside

    def _edges(self) -> tuple[int, int]:
        """First row and one past the last; shown are the first and the last frame, from 1."""
        return self._first.value() - 1, self._stop.value()

    def _typed(self) -> None:
        first, stop = self._edges()
        self._first.setMaximum(stop)
        self._stop.setMinimum(first + 1)
        self._stepped = True
        self._settle.start()
        if self._view is not None:
            self.edgesPreviewed.emit(self._view.identity, first, stop)

    def _noted(self) -> None:
        # Return and the loss of focus that follows it both come here: one of them is enough.
        if self._view is not None and self._note.isModified():
            self._note.setModified(False)
            if self._note.text().strip() != self._view.note:
                self.noteRequested.emit(self._view.identity, self._note.text().strip())

    def _show(self) -> None:
        view = self._view
        on = view is not None and self._editable
        self._categories.setValue(view.category if view is not None else "", on=on)
        self._heading.setFact(view.place if view is not None else "")
        self._fact.setText(_words(view) if view is not None else _NONE)
        for widget in (
            self._note,
            self._first,
            self._stop,
            self._context,
            self._boundary,
            self._split,
        ):
            widget.setEnabled(on)
        self._discard.setEnabled(on and view is not None and not view.with_attempt)
        self._discard.setText("Restore" if view is not None and view.discarded else "Discard")
        if not (self._note.hasFocus() and self._note.isModified()):
            self._note.setText(view.note if view is not None else "")
        self._merge.setEnabled(on and view is not None and view.has_next)
        self._own.setEnabled(on and view is not None and view.context_s is not None)
        bound = view is not None and view.times[2] == view.times[2]
        self._unbound.setEnabled(on and bound)
        self._show_numbers(view)

    def _show_numbers(self, view: CorrectionView | None) -> None:
        first, stop, boundary = view.times if view is not None else (float("nan"),) * 3
        self._times[0].setText(clock(first) if view is not None else "")
        self._times[1].setText(clock(stop) if view is not None else "")
        words = "No boundary of recovery yet"
        if boundary == boundary:
            recovery, rest = number(boundary - first, 1), number(stop - boundary, 1)
            words = f"Recovery {recovery} s, correction {rest} s"
        self._times[2].setText(words if view is not None else "")
        if view is None:
            with QSignalBlocker(self._first), QSignalBlocker(self._stop):
                self._first.setRange(0, 0)
                self._stop.setRange(0, 0)
            return
        if not self._stepped:
            with QSignalBlocker(self._first), QSignalBlocker(self._stop):
                self._first.setRange(view.low + 1, view.stop)
                self._stop.setRange(view.first + 1, view.high)
                self._first.setValue(view.first + 1)
                self._stop.setValue(view.stop)
        with QSignalBlocker(self._context):
            own = view.context_s
            self._context.setValue(view.workspace_context_s if own is None else own)
        self._own.setText(f"Workspace's {view.workspace_context_s:g} s")


def _words(view: CorrectionView) -> str:
    parts = [f"{number(view.times[1] - view.times[0], 1)} s", f"doubt {number(view.doubt, 3)}"]
    rows = view.stop - view.first
    if view.driven is not None and view.driven < rows:
        human = (view.times[1] - view.times[0]) * view.driven / rows
        parts.append(f"the human drove {number(human, 1)} s of it, the rest is not learned from")
    if view.with_attempt:
        parts.append("discarded with its attempt")
    elif view.discarded:
        parts.append("discarded: not learned from")
    elif not view.recovered:
        parts.append("did not recover: not learned from")
    return " · ".join(parts)


def _name(words: str, buddy: QWidget) -> Words:
    label = Words(words)
    label.setBuddy(buddy)
    return label


def main() -> int:
    """One correction."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        editor = CorrectionEditor()
        editor.setCategories(example_looks())
        editor.setKeys(
            discard="Del", note="M", start="[ ]", end="Ctrl [ ]", boundary="V", split="X"
        )
        times = (4.02, 7.22, 5.1)
        editor.setValue(
            CorrectionView(199, "1 of 2", "grasp", "", 199, 360, times, 0, 600, has_next=True)
        )
        return editor

    return show(make, 300, 420)


if __name__ == "__main__":
    raise SystemExit(main())
