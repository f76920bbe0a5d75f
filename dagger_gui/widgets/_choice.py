"""A few choices side by side, of which one is in force."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._buttons import KeyButton


class Choice(QWidget):
    """Buttons in a row; ``valueChanged`` tells the chosen name.

    Args:
        what: what is chosen, for screen readers.
    """

    valueChanged = Signal(str)  # noqa: N815

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what = what
        self._group = QButtonGroup(self)
        self._names: tuple[str, ...] = ()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.grid(1))
        self._row.addStretch()
        self._group.idClicked.connect(lambda index: self.valueChanged.emit(self._names[index]))

    def setChoices(self, names: Sequence[str]) -> None:
        """What there is to choose from; the first one is in force."""
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.deleteLater()
        self._names = tuple(names)
        for i, name in enumerate(names):
            button = KeyButton(name, dense=True)
            button.setCheckable(True)
            button.setChecked(i == 0)
            button.setAccessibleName(f"{self._what}: {name}")
            self._group.addButton(button, i)
            self._row.insertWidget(i, button)

    def value(self) -> str:
        """The name in force; empty without choices."""
        index = self._group.checkedId()
        return self._names[index] if 0 <= index < len(self._names) else ""

    def setValue(self, name: str) -> None:
        """Puts a name in force; one that is no choice changes nothing."""
        if name in self._names and name != self.value():
            self._group.button(self._names.index(name)).setChecked(True)
            self.valueChanged.emit(name)
