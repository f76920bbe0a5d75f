"""What leaves the workspace: format, query, destination, and what would be lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QLineEdit, QWidget

from dagger_gui.widgets._exchange_panel import ExchangePanel
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


class ExportPanel(ExchangePanel):
    """Edits ``Export``; ``requested`` when it is to be done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Export as", "What would be lost", "Export", parent)
        self._query = QLineEdit()
        self._query.setPlaceholderText("Everything; or such as  round>=2 category=grasp demo=no")
        self._query.setAccessibleName("Query")
        self._destination = PathField("Export to", ("save",))
        self._arrange((("Only", self._query), ("To", self._destination)))
        self._query.textEdited.connect(self._edited)
        self._query.returnPressed.connect(self._query.clearFocus)
        self._destination.valueChanged.connect(self._edited)
        self.setAccessibleName("Export")

    def setQueryHelp(self, words: str) -> None:
        """What a query is, shown where the pointer rests and read by screen readers."""
        self._query.setToolTip(f"<p>{words}</p>")
        self._query.setAccessibleDescription(words)

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


def main() -> int:
    """A panel that would export 34 attempts."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        panel = ExportPanel()
        panel.setFormats({"lerobot": "LeRobotDataset v3.0.", "robomimic": "robomimic HDF5."})
        panel.addFound("Pictures are reduced to 84x84 in obs; as recorded they are in dagger/.")
        panel.setFound("Would write 34 episodes, 12,300 ticks.")
        return panel

    return show(make, 520, 300)


if __name__ == "__main__":
    raise SystemExit(main())
