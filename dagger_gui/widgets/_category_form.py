"""One failure category as a form: what is wrong stands under the field it is wrong in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._swatches import Swatches
from sessions.taxonomy import Category

_TOP = "none: it stands at the top"
_FIELDS = ("Label", "Name", "Key", "Colour", "Description", "Part of")


class CategoryForm(QWidget):
    """Edits one ``Category``; ``valueChanged`` as it is typed, whether right or wrong."""

    valueChanged = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._category = Category(label="", colour="#888888")
        self._label, self._name, self._description = QLineEdit(), QLineEdit(), QLineEdit()
        self._label.setMaxLength(40)
        self._name.setMaxLength(40)
        self._description.setMaxLength(200)
        self._description.setPlaceholderText("When to choose it, one sentence")
        self._keys = QButtonGroup(self)
        self._colour = Swatches()
        self._parent = QComboBox()
        self._errors = {name: Words(size="small", role="fault", wrap=True) for name in _FIELDS}
        self._aliases = Words(size="small", role="muted", wrap=True)
        self._arrange()
        for line in (self._label, self._name, self._description):
            line.textEdited.connect(self._edited)
            line.returnPressed.connect(line.clearFocus)
        self._keys.idClicked.connect(self._edited)
        self._colour.valueChanged.connect(self._edited)
        self._parent.activated.connect(self._edited)

    def _arrange(self) -> None:
        digits = QWidget()
        row = QHBoxLayout(digits)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(0.5))
        for key in range(10):
            button = KeyButton(str(key) if key else "–", dense=True)
            button.setCheckable(True)
            button.setAccessibleName(f"Key {key}" if key else "No key")
            self._keys.addButton(button, key)
            row.addWidget(button)
        row.addStretch()
        fields = (self._label, self._name, digits, self._colour, self._description, self._parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.grid(3))
        grid.setVerticalSpacing(theme.grid(0.5))
        for i, (name, field) in enumerate(zip(_FIELDS, fields, strict=True)):
            field.setAccessibleName(name)
            grid.addWidget(Words(name), 2 * i, 0)
            grid.addWidget(field, 2 * i, 1)
            grid.addWidget(self._errors[name], 2 * i + 1, 1)
            grid.setRowMinimumHeight(2 * i + 1, theme.grid(1))
            self._errors[name].hide()
        grid.addWidget(self._aliases, 2 * len(_FIELDS), 1)
        grid.setColumnStretch(1, 1)

    def setValue(
        self, category: Category, taken: Mapping[int, str], parents: Sequence[Category]
    ) -> None:
        """Fills the form; tells nobody.

        Args:
            category: what is edited.
            taken: by digit, the label of the category that has it.
            parents: those that it could be part of.
        """
        self._category = category
        for line, text in (
            (self._label, category.label),
            (self._name, category.name),
            (self._description, category.description),
        ):
            if line.text() != text:
                line.setText(text)
                line.setCursorPosition(0)  # the beginning of what is too long is seen
        for key in range(10):
            button = self._keys.button(key)
            owner = taken.get(key, "")
            button.setEnabled(not owner)
            button.setToolTip(f"{owner} has it" if owner else "")
        self._keys.button(category.key).setChecked(True)
        self._colour.setValue(category.colour)
        also = ", ".join(category.aliases)
        self._aliases.setText(f"Data tagged {also} is read as this one." if also else "")
        self._parent.clear()
        self._parent.addItem(_TOP, "")
        for parent in parents:
            self._parent.addItem(parent.label, parent.name)
        self._parent.setCurrentIndex(max(0, self._parent.findData(category.parent)))
        self.setErrors({})

    def value(self) -> Category:
        """What the fields say, right or wrong; aliases as they were."""
        return msgspec.structs.replace(
            self._category,
            label=self._label.text().strip(),
            name=self._name.text().strip(),
            description=self._description.text().strip(),
            key=max(0, self._keys.checkedId()),
            colour=self._colour.value() or self._category.colour,
            parent=str(self._parent.currentData() or ""),
        )

    def setName(self, name: str) -> None:
        """Writes another name into the form; tells nobody."""
        if name != self._name.text():
            self._name.setText(name)

    def setErrors(self, errors: Mapping[str, str]) -> None:
        """Says by field what is wrong; fields that are not named are right."""
        for name, words in self._errors.items():
            words.setText(errors.get(name, ""))
            words.setVisible(name in errors)

    def error(self, field: str) -> str:
        """What stands under a field."""
        return self._errors[field].text()

    def labelField(self) -> QLineEdit:
        """Where its label is written."""
        return self._label

    def nameField(self) -> QLineEdit:
        """Where its name in the data is written."""
        return self._name

    def keyButton(self, key: int) -> KeyButton:
        """The button of a digit, 0 for none."""
        button = self._keys.button(key)
        assert isinstance(button, KeyButton)
        return button

    def colours(self) -> Swatches:
        """The palette."""
        return self._colour

    def _edited(self, _value: object = None) -> None:
        self.valueChanged.emit(self.value())
