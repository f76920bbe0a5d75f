"""What comes into the workspace: format, source, what would come, and what would not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._choice import Choice
from dagger_gui.widgets.findings import Findings
from dagger_gui.widgets.path_field import PathField


@dataclass(frozen=True)
class Import:
    """What is to be imported.

    Attributes:
        format: name of the format; ``workspace`` merges another workspace.
        source: path of the file or folder.
        despite: what has other joints or another rate comes in as well.
    """

    format: str = ""
    source: str = ""
    despite: bool = False


class ImportPanel(QWidget):
    """Edits ``Import``; ``requested`` when it is to be done."""

    valueChanged = Signal(object)  # noqa: N815
    requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._about: Mapping[str, str] = {}
        self._may = False
        self._format = Choice("Import from")
        self._words = ElidedLabel(size="small", muted=True, lines=2)
        self._source = PathField("Import from", ("file", "folder"))
        self._found = ElidedLabel(lines=2)
        self._conflicts = Findings("What would differ")
        self._despite = QCheckBox("Bring it in all the same")
        self._despite.hide()
        self._go = KeyButton("Import", strong=True)
        self._arrange()
        self._format.valueChanged.connect(self._chosen)
        self._source.valueChanged.connect(self._edited)
        self._despite.toggled.connect(lambda _on: self._show_may())
        self._go.clicked.connect(lambda: self.requested.emit(self.value()))
        self.setAccessibleName("Import or merge")

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.grid(3))
        grid.setVerticalSpacing(theme.grid(1.5))
        for row, (word, field) in enumerate((("As", self._format), ("From", self._source))):
            label = QLabel(word)
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        foot = QHBoxLayout()
        foot.setSpacing(theme.grid(3))
        foot.addWidget(self._found, 1)
        foot.addWidget(self._despite)
        foot.addWidget(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addLayout(grid)
        column.addWidget(self._words)
        column.addWidget(self._conflicts, 1)
        column.addLayout(foot)

    def setFormats(self, formats: Mapping[str, str]) -> None:
        """Names of the formats, and a line about each."""
        self._about = formats
        self._format.setChoices(tuple(formats))
        self._show_format()

    def value(self) -> Import:
        """What is written in the fields."""
        despite = self._despite.isVisibleTo(self) and self._despite.isChecked()
        return Import(self._format.value(), self._source.value(), despite)

    def setValue(self, value: Import) -> None:
        """Fills the fields; told if they differ from what was there."""
        before = self.value()
        self.blockSignals(True)
        self._format.setValue(value.format)
        self._source.setValue(value.source)
        self.blockSignals(False)
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def clearFound(self, words: str) -> None:
        """While it is looked, or cannot be: ``words`` say so."""
        self._conflicts.clear()
        self._despite.setChecked(False)
        self._despite.hide()
        self.setFound(words)

    def addConflict(self, text: str, *, grave: bool) -> None:
        """One thing that differs; a grave one has to be accepted by hand."""
        self._conflicts.add("differs" if grave else "notice", text)
        if grave:
            self._despite.show()
            self._show_may()

    def setFound(self, words: str) -> None:
        """What would come in, or why nothing can."""
        self._found.setText(words)

    def setMayGo(self, may: bool) -> None:
        """Whether there is something to bring in and nothing forbids it."""
        self._may = may
        self._show_may()

    def found(self) -> str:
        """The sentence beside the button."""
        return self._found.text()

    def conflicts(self) -> list[str]:
        """What would differ."""
        return self._conflicts.texts()

    def button(self) -> KeyButton:
        """What begins it."""
        return self._go

    def despite(self) -> QCheckBox:
        """What accepts grave differences; there only with them."""
        return self._despite

    def _show_may(self) -> None:
        accepted = not self._despite.isVisibleTo(self) or self._despite.isChecked()
        self._go.setEnabled(self._may and accepted)

    def _show_format(self) -> None:
        name = self._format.value()
        self._words.setText(self._about.get(name, ""))
        self._go.setText("Merge" if name == "workspace" else "Import")
        self._source.setMayChoose("file", name != "workspace")

    def _chosen(self, _name: str) -> None:
        self._show_format()
        self._edited()

    def _edited(self, _text: str = "") -> None:
        self.valueChanged.emit(self.value())


def main() -> int:
    """A merge that lists a conflict."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        panel = ImportPanel()
        panel.setFormats({"robomimic": "robomimic HDF5.", "workspace": "Another workspace."})
        panel.setFound("Would bring in 4 episodes, 360 ticks.")
        panel.addConflict("The rates differ: there 20 Hz, here 50 Hz.", grave=True)
        panel.setMayGo(True)
        return panel

    return show(make, 520, 260)


if __name__ == "__main__":
    raise SystemExit(main())
