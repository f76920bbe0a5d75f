"""Under the banner of a window that only looks: that it does, why, and how to take over."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel, Painted
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._painting import draw_text


class _Word(Painted):
    """READ-ONLY on the colour of what does not move."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        metrics = self.fontMetrics()
        self.setFixedWidth(metrics.horizontalAdvance("READ-ONLY") + theme.grid(10))
        self.setAccessibleName("Read-only")

    def paintEvent(self, event: QPaintEvent) -> None:
        """The word, and nothing to press."""
        look, painter = theme.current(), QPainter(self)
        painter.fillRect(self.rect(), look.fill("hold"))
        painter.setFont(theme.font("body", bold=True))
        painter.setPen(QColor(look.ink))
        box = QRectF(self.rect()).adjusted(theme.grid(4), 0, 0, 0)
        draw_text(painter, box, "READ-ONLY")
        painter.end()


class ReadOnlyStrip(QWidget):
    """One line; hidden in a window that works."""

    takeOverRequested = Signal()  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._word = _Word()
        self._why = ElidedLabel()
        self._take = KeyButton("Take over", dense=True, strong=True)
        self._take.clicked.connect(self.takeOverRequested)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme.grid(2), 0)
        row.setSpacing(theme.grid(3))
        row.addWidget(self._word)
        row.addWidget(self._why, 1)
        row.addWidget(self._take)
        self.setValue("", free=False)

    def setValue(self, why: str, *, free: bool) -> None:
        """Why this window only looks, empty if it works; whether it could take over now."""
        self.setVisible(bool(why))
        self._why.setText(why)
        self._take.setEnabled(free)
        self._take.setToolTip(
            "Work on this workspace in this window" if free else "The other window must close first"
        )
        self.setAccessibleName(why)

    def value(self) -> str:
        """The sentence; empty in a window that works."""
        return self._why.text()

    def button(self) -> KeyButton:
        """What takes over."""
        return self._take


def main() -> int:
    """A window that may take over."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        strip = ReadOnlyStrip()
        strip.setValue("Opened read-only: the other window has closed.", free=True)
        strip.takeOverRequested.connect(lambda: strip.setValue("", free=False))
        return strip

    return show(make, 900, 60)


if __name__ == "__main__":
    raise SystemExit(main())
