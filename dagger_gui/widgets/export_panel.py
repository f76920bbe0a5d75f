"""What leaves the workspace: format, query, destination, and what would be lost on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._choice import Choice
from dagger_gui.widgets.findings import Findings
from dagger_gui.widgets.path_field import PathField


@dataclass(frozen=True)
class Export:
    """What is to be exported.

    Attributes:
        format: name of the format.
        query: what of, in the query language; empty for everything.
        destination: path of the file or folder.
    """

    format: str = ""
    query: str = ""
    destination: str = ""


class ExportPanel(QWidget):
    """Edits ``Export``; ``requested`` when it is to be done."""

    valueChanged = Signal(object)  # noqa: N815
    requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._about: Mapping[str, str] = {}
        self._format = Choice("Export as")
        self._words = ElidedLabel(size="small", muted=True, lines=2)
        self._query = QLineEdit()
        self._query.setPlaceholderText("Everything; or such as  round>=2 category=grasp")
        self._query.setAccessibleName("Query")
        self._destination = PathField("Export to", ("save",))
        self._found = ElidedLabel(lines=2)
        self._losses = Findings("What would be lost")
        self._go = KeyButton("Export", strong=True)
        self._arrange()
        self._format.valueChanged.connect(self._chosen)
        self._query.textEdited.connect(self._edited)
        self._query.returnPressed.connect(self._query.clearFocus)
        self._destination.valueChanged.connect(self._edited)
        self._go.clicked.connect(lambda: self.requested.emit(self.value()))
        self.setAccessibleName("Export")

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.grid(3))
        grid.setVerticalSpacing(theme.grid(1.5))
        for row, (word, field) in enumerate(
            (("As", self._format), ("Only", self._query), ("To", self._destination))
        ):
            label = QLabel(word)
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        foot = QHBoxLayout()
        foot.setSpacing(theme.grid(3))
        foot.addWidget(self._found, 1)
        foot.addWidget(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addLayout(grid)
        column.addWidget(self._words)
        column.addWidget(self._losses, 1)
        column.addLayout(foot)

    def setFormats(self, formats: Mapping[str, str]) -> None:
        """Names of the formats, and a line about each."""
        self._about = formats
        self._format.setChoices(tuple(formats))
        self._words.setText(formats.get(self._format.value(), ""))

    def value(self) -> Export:
        """What is written in the fields."""
        query, to = self._query.text().strip(), self._destination.value()
        return Export(self._format.value(), query, to)

    def setValue(self, value: Export) -> None:
        """Fills the fields; told if they differ from what was there."""
        before = self.value()
        self.blockSignals(True)
        self._format.setValue(value.format)
        if self._query.text().strip() != value.query:  # a space at its end is being typed
            self._query.setText(value.query)
        self._destination.setValue(value.destination)
        self.blockSignals(False)
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def clearFound(self, words: str) -> None:
        """While it is looked, or cannot be: ``words`` say so."""
        self._losses.clear()
        self.setFound(words)

    def addLoss(self, text: str, level: str = "notice") -> None:
        """One thing that would be lost, or stays behind."""
        self._losses.add(level, text)

    def setFound(self, words: str) -> None:
        """What would leave, or why nothing can."""
        self._found.setText(words)

    def setMayGo(self, may: bool) -> None:
        """Whether the button does anything."""
        self._go.setEnabled(may)

    def found(self) -> str:
        """The sentence beside the button."""
        return self._found.text()

    def losses(self) -> list[str]:
        """What would be lost."""
        return self._losses.texts()

    def button(self) -> KeyButton:
        """What begins it."""
        return self._go

    def _chosen(self, name: str) -> None:
        self._words.setText(self._about.get(name, ""))
        self._edited()

    def _edited(self, _text: str = "") -> None:
        self.valueChanged.emit(self.value())


def main() -> int:
    """A panel that would export 34 attempts."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        panel = ExportPanel()
        panel.setFormats({"lerobot": "LeRobotDataset v3.0.", "robomimic": "robomimic HDF5."})
        panel.addLoss("Pictures are reduced to 84x84 in obs; as recorded they are in dagger/.")
        panel.setFound("Would write 34 episodes, 12,300 ticks.")
        return panel

    return show(make, 520, 300)


if __name__ == "__main__":
    raise SystemExit(main())
