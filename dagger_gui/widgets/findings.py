"""Sentences that long work had to say, the grave ones in their colour and with their word."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import STYLE_EVENTS

_WORDS = {"bad": "Damaged: ", "differs": "Differs: ", "repaired": "Repaired: "}
_ROLES: dict[str, theme.Role] = {"bad": "fault", "differs": "fault", "repaired": "good"}
_LEVEL = Qt.ItemDataRole.UserRole


class Findings(QListWidget):
    """A list that only tells; the text can be copied (Ctrl+C)."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setWordWrap(True)
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.setSpacing(theme.grid(0.25))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.viewport().setAutoFillBackground(False)

    def sizeHint(self) -> QSize:
        """Four lines."""
        return QSize(theme.grid(60), theme.grid(22))

    def minimumSizeHint(self) -> QSize:
        """Two lines."""
        return QSize(theme.grid(20), theme.grid(11))

    def add(self, level: str, text: str) -> None:
        """One more sentence: ``level`` is notice, bad, differs, repaired or good."""
        item = QListWidgetItem(f"{_WORDS.get(level, '')}{text}")
        item.setData(_LEVEL, level)
        self.addItem(item)
        self._dress(item)

    def texts(self) -> list[str]:
        """What is on screen, in order."""
        return [self.item(i).text() for i in range(self.count())]

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of a new theme."""
        super().changeEvent(event)
        if event.type() in STYLE_EVENTS:
            for i in range(self.count()):
                self._dress(self.item(i))

    def _dress(self, item: QListWidgetItem) -> None:
        look, role = theme.current(), _ROLES.get(str(item.data(_LEVEL)))
        item.setForeground(look.stroke(role) if role else QColor(look.text))


def main() -> int:
    """One sentence of each kind."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        found = Findings("What was found")
        found.add("notice", "000007.h5: It has no checksum. Run verify with --repair.")
        found.add("bad", "000002.h5: It ends after 1,204 of 1,800 ticks.")
        found.add("repaired", "edits.jsonl: A line that a crash tore was cut off.")
        return found

    return show(make, 520, 160)


if __name__ == "__main__":
    raise SystemExit(main())
