"""The failure categories of a workspace: add, rename, merge, reorder, recolour, see how it looks.

A working copy is edited; nothing is in force before it is saved. What was tagged before stays
readable: a category that is renamed or merged away lives on as another name of what it became.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.pieces import Card
from dagger_gui.widgets import _taxonomy_edits as edits
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._category_form import CategoryForm
from dagger_gui.widgets._category_table import CategoryTable
from dagger_gui.widgets.tagging_panel import Category as Shown
from dagger_gui.widgets.tagging_panel import TaggingPanel
from sessions.messages import Intervention
from sessions.taxonomy import Category, Taxonomy, TaxonomyError, to_toml

_FIELDS = ("label", "name", "key", "colour", "description", "parent")


class TaxonomyEditor(QWidget):
    """Edits a ``Taxonomy``; ``saveRequested`` with the text of its file."""

    valueChanged = Signal(object)  # noqa: N815
    saveRequested = Signal(str)  # noqa: N815
    restoreRequested = Signal()  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        first = (Category(label="Other", colour="#888888", name="other"),)
        self._saved = self._now = Taxonomy("manipulation", "Categories", first)
        self._before: list[Taxonomy] = []
        self._used: Mapping[str, int] = {}
        self._typing: tuple[int, frozenset[str]] = (-1, frozenset())
        self._own_names: set[str] = set()  # written by hand: they follow no label any more
        self._wrong = False
        self._why_not = ""
        self._table, self._form, self._preview = CategoryTable(), CategoryForm(), TaggingPanel()
        self._add = KeyButton("Add", dense=True)
        self._up, self._down = KeyButton("Up", dense=True), KeyButton("Down", dense=True)
        self._delete = KeyButton("Delete", dense=True)
        self._into = QComboBox()
        self._into.setAccessibleName("Merge into")
        self._merge = KeyButton("Merge into", dense=True)
        self._undo = KeyButton("Undo", dense=True)
        self._restore = KeyButton("Bring back the one before", dense=True)
        self._save = KeyButton("Save", strong=True)
        self._words = ElidedLabel(lines=2)
        self._arrange()
        self._connect()
        self.setAccessibleName("Failure categories")
        self._show(0)

    def _arrange(self) -> None:
        left, right, seen = Card("Categories", 2), Card("The chosen one", 2), Card("Preview", 2)
        left.body.addWidget(self._table, 1)
        for buttons in (
            (self._add, self._up, self._down, self._delete),
            (self._merge, self._into),
        ):
            row = QHBoxLayout()
            row.setSpacing(theme.grid(1))
            for button in buttons:
                row.addWidget(button, int(button is self._into))
            if self._into not in buttons:
                row.addStretch()
            left.body.addLayout(row)
        right.body.addWidget(self._form)
        right.body.addStretch()
        self._preview.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        seen.body.addWidget(self._preview, 1)
        cards = QHBoxLayout()
        cards.setSpacing(theme.grid(2))
        for card, share in ((left, 9), (right, 8), (seen, 6)):
            card.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            cards.addWidget(card, share)
        foot = Card(margin=2)
        row = QHBoxLayout()
        row.setSpacing(theme.grid(2))
        row.addWidget(self._words, 1)
        for button in (self._restore, self._undo, self._save):
            row.addWidget(button)
        foot.body.addLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(2))
        column.addLayout(cards, 1)
        column.addWidget(foot)

    def _connect(self) -> None:
        self._table.currentCellChanged.connect(lambda *_cells: self._fill())
        self._form.valueChanged.connect(self._edited)
        self._add.clicked.connect(self.add)
        self._up.clicked.connect(lambda: self.shift(-1))
        self._down.clicked.connect(lambda: self.shift(1))
        self._delete.clicked.connect(self.delete)
        self._merge.clicked.connect(lambda: self.merge(str(self._into.currentData() or "")))
        self._undo.clicked.connect(self.undo)
        self._restore.clicked.connect(self.restoreRequested)
        self._save.clicked.connect(self.save)

    # -- what it shows

    def setValue(self, taxonomy: Taxonomy, used: Mapping[str, int]) -> None:
        """The taxonomy in force; what was edited and not saved is dropped.

        Args:
            taxonomy: the workspace's.
            used: how many interventions are tagged with each name, old names as they are.
        """
        self._saved = self._now = taxonomy
        self._used = dict(used)
        self._before.clear()
        self._own_names.clear()
        self._show(min(max(self._table.currentRow(), 0), len(taxonomy.categories) - 1))

    def setUsed(self, used: Mapping[str, int]) -> None:
        """How many interventions are tagged with each name; what is being edited stays."""
        if dict(used) != self._used:
            self._used = dict(used)
            self._table.setCategories(self._now.categories, self._counts())
            self._show_may()

    def value(self) -> Taxonomy:
        """As edited so far."""
        return self._now

    def edited(self) -> bool:
        """Whether there is anything to save."""
        return self._now != self._saved or self._wrong

    def setMayRestore(self, may: bool) -> None:
        """Whether there is a taxonomy before the one in force."""
        self._restore.setVisible(may)

    def setWhyNot(self, why: str) -> None:
        """Why nothing can be saved now; empty if it can."""
        if why != self._why_not:
            self._why_not = why
            self._show_may()

    def say(self, words: str) -> None:
        """What became of saving."""
        self._words.setText(words)

    def words(self) -> str:
        """The sentence beside the buttons."""
        return self._words.text()

    def form(self) -> CategoryForm:
        """The chosen category's fields."""
        return self._form

    def table(self) -> CategoryTable:
        """The list."""
        return self._table

    def preview(self) -> TaggingPanel:
        """The tagging panel as it will be."""
        return self._preview

    def buttons(self) -> dict[str, KeyButton]:
        """Its buttons by what they do."""
        names = ("add", "up", "down", "delete", "merge", "undo", "restore", "save")
        return {name: getattr(self, f"_{name}") for name in names}

    # -- acts

    def select(self, name: str) -> None:
        """Chooses a category."""
        names = [c.name for c in self._now.categories]
        if name in names:
            self._table.setCurrentCell(names.index(name), 2)

    def add(self) -> None:
        """A new category at the end, with a free key, colour and name."""
        self._take(edits.with_new(self._now), len(self._now.categories))
        self._form.labelField().setFocus()
        self._form.labelField().selectAll()

    def shift(self, rows: int) -> None:
        """Moves the chosen one up or down in the list."""
        row = self._table.currentRow()
        if 0 <= row + rows < len(self._now.categories):
            self._take(edits.moved(self._now, row, row + rows), row + rows)

    def delete(self) -> None:
        """Takes the chosen one out, if nothing is tagged with it."""
        row, last = self._table.currentRow(), len(self._now.categories) - 1
        if not self._counts().get(self._chosen().name, 0) and last > 0:
            self._take(edits.without(self._now, row), min(row, last - 1))

    def merge(self, into: str) -> None:
        """Makes the chosen one part of another: everything tagged with it is the other's."""
        if into and into != self._chosen().name:
            merged = self._now.merged(self._chosen().name, into)
            names = [c.name for c in merged.categories]
            self._take(merged, names.index(into))

    def undo(self) -> None:
        """Takes the last change since saving back; what was typed wrongly goes with its word."""
        typed = self._typing[0] == self._table.currentRow()
        if self._wrong and not typed:
            self._fill()
        elif self._before:
            self._now = self._before.pop()
            self._show(min(self._table.currentRow(), len(self._now.categories) - 1))
            self.valueChanged.emit(self._now)

    def save(self) -> None:
        """Asks to put it in force."""
        if not self._wrong and not self._why_not and self.edited():
            self.saveRequested.emit(to_toml(self._now.title, self._now.categories))

    # -- inside

    def _chosen(self) -> Category:
        return self._now.categories[max(0, self._table.currentRow())]

    def _counts(self) -> dict[str, int]:
        return edits.counts(self._now, self._used)

    def _edited(self, wanted: Category) -> None:
        row = self._table.currentRow()
        wanted = self._named(row, wanted)
        errors = edits.errors(self._now, row, wanted)
        if not errors:
            try:
                self._change(row, wanted)
            except TaxonomyError:
                errors = {"Part of": "It would be part of itself. Choose another one."}
        self._wrong = bool(errors)
        self._form.setErrors(errors)
        self._show_may()

    def _named(self, row: int, wanted: Category) -> Category:
        """With a name after its label, until it has one of its own or is in force."""
        chosen = self._chosen()
        if wanted.name != chosen.name:
            self._own_names.add(wanted.name)
        elif wanted.label != chosen.label and not (
            chosen.name in self._own_names or self._saved.find(chosen.name)
        ):
            name = edits.named_after(wanted.label, self._now, row)
            wanted = msgspec.structs.replace(wanted, name=name)
            self._form.setName(name)
        return wanted

    def _change(self, row: int, wanted: Category) -> None:
        found = edits.changed(self._now, row, wanted, self._saved)
        if found == self._now:
            return
        old, new = self._now.categories[row], found.categories[row]
        fields = frozenset(f for f in _FIELDS if getattr(old, f) != getattr(new, f))
        if "label" in fields:  # a name that follows it is no change of its own
            fields = frozenset(("label",))
        if self._typing != (row, fields):  # a word that is typed is one change, not one a letter
            self._before.append(self._now)
        self._typing = (row, fields)
        self._now = found
        self._table.setCategories(found.categories, self._counts())
        self._show_preview()
        self.valueChanged.emit(found)

    def _take(self, taxonomy: Taxonomy, row: int) -> None:
        self._before.append(self._now)
        self._now = taxonomy
        self._show(row)
        self.valueChanged.emit(taxonomy)

    def _show(self, row: int) -> None:
        self._table.setCategories(self._now.categories, self._counts())
        self._table.setCurrentCell(row, 2)
        self._fill()
        self._show_preview()

    def _fill(self) -> None:
        """The chosen category, in the form."""
        if self._table.currentRow() >= len(self._now.categories):
            return
        chosen = self._chosen()
        others = [c for c in self._now.categories if c is not chosen]
        self._wrong = False
        self._typing = (-1, frozenset())
        self._form.setValue(chosen, {c.key: c.label for c in others if c.key}, others)
        self._into.clear()
        for other in others:
            self._into.addItem(other.label, other.name)
        self._show_may()

    def _show_preview(self) -> None:
        shown = [Shown(str(c.key or ""), c.name, c.label) for c in self._now.categories]
        self._preview.setCategories(shown)
        self._preview.setInterventions(
            [
                Intervention(1, i, 4.0 * i, 2.4, 0.31, c.name, "", False, True)
                for i, c in enumerate(self._now.categories[:4], 1)
            ]
        )
        for child in self._preview.findChildren(QWidget):
            child.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # to be looked at only

    def _show_may(self) -> None:
        chosen, row, last = self._chosen(), self._table.currentRow(), len(self._now.categories) - 1
        uses = self._counts().get(chosen.name, 0)
        self._up.setEnabled(row > 0)
        self._down.setEnabled(row < last)
        self._merge.setEnabled(last > 0)
        self._into.setEnabled(last > 0)
        self._delete.setEnabled(not uses and last > 0)
        many = "1 correction is" if uses == 1 else f"{uses} corrections are"
        self._delete.setToolTip(f"{many} tagged with it: merge it instead" if uses else "")
        self._undo.setEnabled(bool(self._before) or self._wrong)
        self._save.setEnabled(self.edited() and not self._wrong and not self._why_not)
        if self._why_not:
            self.say(self._why_not)
        elif self._wrong:
            self.say("Something is not right yet: it stands under its field.")
        elif self.edited():
            self.say("Edited. Nothing is in force before it is saved.")
        else:
            self.say("In force. What is tagged stays readable whatever you rename or merge.")


def main() -> int:
    """The packaged categories, some of them used."""
    from dagger_gui.widgets._demo import show
    from sessions.taxonomy import load

    def make() -> QWidget:
        editor = TaxonomyEditor()
        editor.setValue(load("manipulation"), {"grasp": 14, "approach": 3})
        editor.saveRequested.connect(lambda _text: editor.setValue(editor.value(), {"grasp": 14}))
        return editor

    return show(make, 1180, 620)


if __name__ == "__main__":
    raise SystemExit(main())
