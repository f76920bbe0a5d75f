"""What comes into the workspace: format, source, what would come, and what would not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QWidget

from dagger_gui.widgets._choice import Choice
from dagger_gui.widgets._exchange_panel import ExchangePanel
from dagger_gui.widgets.path_field import PathField

UNKNOWN = "as they are"
"""The unit of joints of which nobody knows what they are measured in."""


@dataclass(frozen=True)
class Import:
    """What is to be imported.

    Attributes:
        format: name of the format; ``workspace`` merges another workspace.
        source: path of the file or folder.
        despite: what has other joints or another rate comes in as well.
        units: what joints are measured in where files do not say it; empty keeps the values.
    """

    format: str = ""
    source: str = ""
    despite: bool = False
    units: str = ""


class ImportPanel(ExchangePanel):
    """Edits ``Import``; ``requested`` when it is to be done."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Import from", "What would differ", "Import", parent)
        self._may = False
        self._of_units: Mapping[str, tuple[str, ...]] = {}
        self._source = PathField("Import from", ("file", "folder"))
        self._units = Choice("Joints in the files are in")
        self._units.setToolTip(
            "<p>Another's LeRobotDataset does not say it. Degrees become rad, grippers of 0 to 100 "
            "become 0 to 1. What is not known keeps its values, of unknown unit.</p>"
        )
        self._despite = QCheckBox("Bring it in all the same")
        self._despite.hide()
        self._arrange((("From", self._source), ("Joints in", self._units)), (self._despite,))
        self._source.valueChanged.connect(self._edited)
        self._units.valueChanged.connect(self._edited)
        self._despite.toggled.connect(lambda _on: self._show_may())
        self.setAccessibleName("Import or merge")
        self._show_format()

    def setUnits(self, units: Mapping[str, tuple[str, ...]]) -> None:
        """By format whose files do not say what joints are measured in, what it may be."""
        self._of_units = units
        self._show_format()

    def value(self) -> Import:
        """What is written in the fields."""
        despite = self._despite.isVisibleTo(self) and self._despite.isChecked()
        name, units = self._format.value(), self._units.value()
        asked = name in self._of_units and units != UNKNOWN
        return Import(name, self._source.value(), despite, units if asked else "")

    def setValue(self, value: Import) -> None:
        """Fills the fields; told if they differ from what was there."""
        before = self.value()
        self.blockSignals(True)
        self._format.setValue(value.format)
        self._source.setValue(value.source)
        self._show_format()
        self._units.setValue(value.units or UNKNOWN)
        self.blockSignals(False)
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def clearFound(self, words: str) -> None:
        """While it is looked, or cannot be: ``words`` say so."""
        self._despite.setChecked(False)
        self._despite.hide()
        super().clearFound(words)

    def addFound(self, text: str, level: str = "notice") -> None:
        """One thing worth saying first; what ``differs`` has to be accepted by hand."""
        super().addFound(text, level)
        if level == "differs":
            self._despite.show()
            self._show_may()

    def setMayGo(self, may: bool) -> None:
        """Whether there is something to bring in and nothing forbids it."""
        self._may = may
        self._show_may()

    def despite(self) -> QCheckBox:
        """What accepts grave differences; there only with them."""
        return self._despite

    def units(self) -> Choice:
        """What joints are measured in; there only where files do not say it."""
        return self._units

    def _show_may(self) -> None:
        accepted = not self._despite.isVisibleTo(self) or self._despite.isChecked()
        self._go.setEnabled(self._may and accepted)

    def _show_format(self) -> None:
        super()._show_format()
        name = self._format.value()
        self._go.setText("Merge" if name == "workspace" else "Import")
        self._source.setMayChoose("file", name != "workspace")
        held, known = self._units.value(), self._of_units.get(name, ())
        if known:
            self._units.setChoices((UNKNOWN, *known))
            self._units.setValue(held if held in known else UNKNOWN)
        self._units.setVisible(bool(known))
        self._labels[self._units].setVisible(bool(known))


def main() -> int:
    """An import that has to be told its units, and lists a conflict."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        panel = ImportPanel()
        panel.setUnits({"lerobot": ("rad", "degrees")})
        panel.setFormats({"lerobot": "LeRobotDataset v3.0.", "workspace": "Another workspace."})
        panel.setFound("Would bring in 4 episodes, 360 ticks.")
        panel.addFound("The rates differ: there 20 Hz, here 50 Hz.", "differs")
        panel.setMayGo(True)
        return panel

    return show(make, 520, 260)


if __name__ == "__main__":
    raise SystemExit(main())
