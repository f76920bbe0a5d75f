"""What the export and the import panel share: fields, what was found, and the button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._choice import Choice
from dagger_gui.widgets.findings import Findings


class ExchangePanel(QWidget):
    """A format and its fields over what a dry run found; ``requested`` when it is to be done.

    Args:
        name: of the format's field, for screen readers.
        findings: name of the list of what was found.
        go: what the button says.
        parent: Qt owner.
    """

    valueChanged = Signal(object)  # noqa: N815
    requested = Signal(object)

    def __init__(self, name: str, findings: str, go: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._about: Mapping[str, str] = {}
        self._format = Choice(name)
        self._words = ElidedLabel(size="small", muted=True, lines=2)
        self._found = ElidedLabel(lines=2)
        self._findings = Findings(findings)
        self._go = KeyButton(go, strong=True)
        self._labels: dict[QWidget, QLabel] = {}
        self._format.valueChanged.connect(self._chosen)
        self._go.clicked.connect(lambda: self.requested.emit(self.value()))

    def value(self) -> object:
        """What is written in the fields."""
        raise NotImplementedError

    def setFormats(self, formats: Mapping[str, str]) -> None:
        """Names of the formats, and a line about each."""
        self._about = formats
        self._format.setChoices(tuple(formats))
        self._show_format()

    def clearFound(self, words: str) -> None:
        """While it is looked, or cannot be: ``words`` say so."""
        self._findings.clear()
        self.setFound(words)

    def addFound(self, text: str, level: str = "notice") -> None:
        """One thing worth saying first; levels as of ``Findings.add``."""
        self._findings.add(level, text)

    def setFound(self, words: str) -> None:
        """What would be done, or why nothing can."""
        self._found.setText(words)

    def setMayGo(self, may: bool) -> None:
        """Whether the button does anything."""
        self._go.setEnabled(may)

    def found(self) -> str:
        """The sentence beside the button."""
        return self._found.text()

    def findings(self) -> list[str]:
        """What is worth saying first."""
        return self._findings.texts()

    def button(self) -> KeyButton:
        """What begins it."""
        return self._go

    def _arrange(self, rows: Sequence[tuple[str, QWidget]], beside: Sequence[QWidget] = ()) -> None:
        """Fields with their words, the list, and the sentence with what is beside the button."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.grid(3))
        grid.setVerticalSpacing(theme.grid(1.5))
        for row, (word, field) in enumerate((("As", self._format), *rows)):
            label = QLabel(word)
            label.setBuddy(field)
            self._labels[field] = label
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        foot = QHBoxLayout()
        foot.setSpacing(theme.grid(3))
        foot.addWidget(self._found, 1)
        for widget in (*beside, self._go):
            foot.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addLayout(grid)
        column.addWidget(self._words)
        column.addWidget(self._findings, 1)
        column.addLayout(foot)

    def _show_format(self) -> None:
        self._words.setText(self._about.get(self._format.value(), ""))

    def _chosen(self, _name: str) -> None:
        self._show_format()
        self._edited()

    def _edited(self, _text: str = "") -> None:
        self.valueChanged.emit(self.value())
