"""What went wrong, said in one key: this round's interventions and the failure categories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.widgets._base import Heading
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._intervention_list import (
    InterventionDelegate,
    InterventionModel,
    Key,
    key_of,
)
from sessions.messages import Intervention

_EMPTY = "No corrections yet. When the policy goes wrong, hold G."


@dataclass(frozen=True)
class Category:
    """A failure category: its key, the name that is stored, the words that are shown."""

    key: str
    name: str
    label: str


class TaggingPanel(QWidget):
    """The list above, the categories below; nothing here ever stops the robot."""

    valueChanged = Signal(object)  # noqa: N815
    tagRequested = Signal(int, int, str)  # noqa: N815
    noteRequested = Signal(int, int, str)  # noqa: N815
    discardRequested = Signal(int, int, bool)  # noqa: N815
    undoRequested = Signal()  # noqa: N815
    redoRequested = Signal()  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._categories: tuple[Category, ...] = ()
        self._buttons: list[KeyButton] = []
        self._read_only = ""
        self._model = InterventionModel()
        self._heading = Heading("Corrections")
        self._list = QListView()
        self._delegate = InterventionDelegate(self._list)
        self._empty = QLabel(_EMPTY)
        self._note = QLineEdit()
        self._discard = KeyButton("Discard", "Del", dense=True)
        self._undo = KeyButton("Undo", "Z", dense=True)
        self._redo = KeyButton("Redo", dense=True)
        self._make_list()
        self._arrange()
        self._connect()
        self.setAccessibleName("Corrections and their categories")
        self._refresh()

    def _make_list(self) -> None:
        self._list.setModel(self._model)
        self._list.setItemDelegate(self._delegate)
        self._list.setFrameShape(QListView.Shape.NoFrame)
        self._list.setUniformItemSizes(True)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._list.viewport().setAutoFillBackground(False)
        self._list.setMinimumHeight(theme.grid(10))
        self._list.setAccessibleName("This round's corrections, newest first")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setContentsMargins(*(theme.grid(2),) * 4)
        self._note.setPlaceholderText("Note")
        self._note.setAccessibleName("Note on the selected correction")
        self._note.setMaxLength(200)

    def _arrange(self) -> None:
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._list)
        holder = QWidget()
        holder.setLayout(self._stack)
        holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self._grid = QGridLayout()
        self._grid.setSpacing(theme.grid(1))
        self._undoing = QWidget()
        undoing = QHBoxLayout(self._undoing)
        undoing.setContentsMargins(0, 0, 0, 0)
        undoing.setSpacing(theme.grid(1))
        undoing.addWidget(self._undo, 1)
        undoing.addWidget(self._redo, 1)
        self._grid.addWidget(self._undoing, 0, 1)
        acts = QHBoxLayout()
        acts.setSpacing(theme.grid(1))
        acts.addWidget(self._note, 1)
        acts.addWidget(self._discard)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addWidget(self._heading)
        column.addWidget(holder, 1)
        column.addLayout(self._grid)
        column.addLayout(acts)
        self._discard.setFixedWidth(self._discard.widthFor("Discard", "Restore"))

    def _connect(self) -> None:
        selection = self._list.selectionModel()
        selection.currentChanged.connect(self._selected)
        self._note.editingFinished.connect(self._note_finished)
        self._note.returnPressed.connect(self._note.clearFocus)  # the keys go to the arm again
        self._discard.clicked.connect(self.discardSelected)
        self._undo.clicked.connect(self.undoRequested)
        self._redo.clicked.connect(self.redoRequested)

    # What it shows

    def setCategories(self, categories: Sequence[Category]) -> None:
        """The taxonomy, in the order of its keys."""
        self._categories = tuple(categories)
        self._model.set_labels({c.name: c.label for c in categories})
        for button in self._buttons:
            self._grid.removeWidget(button)
            button.hide()  # it is gone with the next turn of the event loop only
            button.deleteLater()
        self._buttons = []
        for i, category in enumerate(categories):
            button = KeyButton(category.label, category.key, dense=True)
            button.setCheckable(True)
            button.setLocked(self._read_only)
            button.setAccessibleName(f"Tag as {category.label}")
            button.clicked.connect(self._category_clicked)
            self._grid.addWidget(button, i // 2, i % 2)
            self._buttons.append(button)
        # Undo and redo take the cell that an odd number of categories leaves free.
        self._grid.addWidget(self._undoing, len(categories) // 2, 1)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self._refresh()

    def setInterventions(self, items: Sequence[Intervention]) -> None:
        """This round's interventions in any order.

        The selection stays on its intervention. While none is selected by hand, the newest is the
        one that a category key tags.
        """
        before = self.value()
        newest = self._model.items()[0] if self._model.items() else None
        followed = newest is not None and before == key_of(newest) and not self._note.hasFocus()
        self._model.set_items(list(items))
        if followed or before is None or self._model.row(before) < 0:
            before = key_of(self._model.items()[0]) if items else None
        self.setValue(before)
        untagged = sum(1 for i in items if not (i.category or i.discarded or i.running))
        out = sum(1 for i in items if i.discarded)
        facts = ((untagged, "untagged"), (out, "discarded"))
        self._heading.setFact(" · ".join(f"{n} {word}" for n, word in facts if n))
        self._stack.setCurrentIndex(1 if items else 0)
        self._refresh()

    def setUndo(self, can_undo: bool, can_redo: bool) -> None:
        """Whether there is anything to undo or redo."""
        self._undo.setEnabled(can_undo)
        self._redo.setEnabled(can_redo)

    def setReadOnly(self, why: str) -> None:
        """Greys what changes anything, with the reason; the list can still be gone through.

        Args:
            why: one sentence; empty takes it back.
        """
        self._read_only = why
        for button in (*self._buttons, self._discard, self._undo, self._redo):
            button.setLocked(why)
        self._note.setToolTip(why)
        self._refresh()

    def setEmptyText(self, text: str) -> None:
        """What to do while there are no corrections (with the key as it is bound)."""
        self._empty.setText(text)

    def setKeys(
        self, *, discard: str = "Del", undo: str = "Z", redo: str = "", note: str = ""
    ) -> None:
        """The keys shown on the buttons; redo's only in its tool tip, for want of room."""
        self._discard.setKey(discard)
        self._undo.setKey(undo)
        self._redo.setToolTip(f"Redo ({redo})" if redo else "Redo")
        self._note.setPlaceholderText(f"Note ({note})" if note else "Note")
        self._discard.setFixedWidth(self._discard.widthFor("Discard", "Restore"))

    def summary(self) -> str:
        """What stands at the right of the heading."""
        return self._heading.fact()

    # Selection

    def value(self) -> Key | None:
        """(episode, start) of the selected intervention."""
        item = self._item()
        return None if item is None else key_of(item)

    def setValue(self, value: Key | None) -> None:
        """Selects an intervention; one that is not there selects nothing."""
        row = self._model.row(value)
        index = self._model.index(row) if row >= 0 else QModelIndex()
        if index != self._list.currentIndex():
            self._list.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )

    def _item(self) -> Intervention | None:
        row = self._list.currentIndex().row()
        items = self._model.items()
        return items[row] if 0 <= row < len(items) else None

    def _selected(self, _current: QModelIndex, _previous: QModelIndex) -> None:
        self._refresh()
        self.valueChanged.emit(self.value())

    # Acts

    def tag(self, category: str) -> bool:
        """Asks to tag the selected intervention; the same category again takes the tag off.

        Returns:
            whether there was one to tag.
        """
        item = self._item()
        self._refresh()
        if item is None:
            return False
        wanted = "" if item.category == category else category
        self.tagRequested.emit(item.episode, item.start, wanted)
        return True

    def tagNumber(self, key: int | str) -> bool:
        """Tags with the category of that key; whether there is such a category and correction."""
        for category in self._categories:
            if category.key == str(key):
                return self.tag(category.name)
        return False

    def focusNote(self) -> None:
        """Puts the keyboard into the note."""
        if self._note.isEnabled():
            self._note.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def step(self, rows: int) -> None:
        """Selects the correction that many rows further down, as far as the list goes."""
        last = self._model.rowCount() - 1
        row = min(max(self._list.currentIndex().row() + rows, 0), last)
        if row >= 0:
            self.setValue(key_of(self._model.items()[row]))

    def discardSelected(self) -> None:
        """Asks to leave the selected intervention out of training, or to take it back in."""
        item = self._item()
        if item is not None:
            self.discardRequested.emit(item.episode, item.start, not item.discarded)

    def _category_clicked(self) -> None:
        pressed = self.sender()
        for category, button in zip(self._categories, self._buttons, strict=True):
            if button is pressed:
                self.tag(category.name)

    def _note_finished(self) -> None:
        # Return and the loss of focus that follows it both come here: one of them is enough.
        item = self._item()
        if item is None or not self._note.isModified():
            return
        self._note.setModified(False)
        if self._note.text() != item.note:
            self.noteRequested.emit(item.episode, item.start, self._note.text())

    def _refresh(self) -> None:
        item = self._item()
        for category, button in zip(self._categories, self._buttons, strict=True):
            button.setEnabled(item is not None)
            button.setChecked(item is not None and item.category == category.name)
        self._note.setEnabled(item is not None and not self._read_only)
        if not self._note.hasFocus():
            self._note.setText(item.note if item else "")
        self._discard.setEnabled(item is not None)
        self._discard.setText("Restore" if item and item.discarded else "Discard")


def example_categories() -> tuple[Category, ...]:
    """The categories of the packaged taxonomy, for running alone and for tests."""
    labels = ("Approach", "Grasp", "Transport", "Placement", "Recovery", "Hardware", "Other")
    return tuple(Category(str(i + 1), w.lower(), w) for i, w in enumerate(labels))


def main() -> int:
    """A handful of corrections; tagging works on them."""
    from dagger_gui.widgets._demo import show

    items = {
        (n, 100): Intervention(
            n, 100, 3.0 * n, 1.7 + n / 3, 0.05 * n, "grasp" if n % 2 else "", "", False, n != 4
        )
        for n in range(1, 9)
    }

    def make() -> QWidget:
        panel = TaggingPanel()
        panel.setCategories(example_categories())

        def change(episode: int, start: int, **fields: object) -> None:
            for name, value in fields.items():
                setattr(items[(episode, start)], name, value)
            panel.setInterventions([*items.values()])

        panel.tagRequested.connect(lambda e, s, c: change(e, s, category=c))
        panel.noteRequested.connect(lambda e, s, text: change(e, s, note=text))
        panel.discardRequested.connect(lambda e, s, on: change(e, s, discarded=on))
        panel.setInterventions([*items.values()])
        return panel

    return show(make, 320, 520)


if __name__ == "__main__":
    raise SystemExit(main())
