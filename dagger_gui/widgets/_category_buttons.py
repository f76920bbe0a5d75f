"""The failure categories as buttons, two in a row where their names fit, none of them cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._buttons import KeyButton


@dataclass(frozen=True)
class CategoryLook:
    """A failure category as its button shows it."""

    key: str
    name: str
    label: str
    colour: str
    description: str = ""


class _CategoryButton(KeyButton):
    """A category's button with its colour down the left edge."""

    def __init__(self, look: CategoryLook) -> None:
        super().__init__(look.label, look.key, dense=True)
        self._colour = look.colour
        self.setCheckable(True)
        # It never widens the column: a name too long for a whole row is whole in the tool tip.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Tag as {look.label}")
        self.setToolTip(f"{look.label} ({look.key}). {look.description}".strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The button, and its colour."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setOpacity(1.0 if self.isEnabled() else 0.35)
        inside = QRectF(self.rect()).adjusted(2, 2, -2, -2)
        painter.fillRect(
            QRectF(inside.left(), inside.top(), theme.grid(1), inside.height()),
            QColor(self._colour),
        )
        painter.end()


class CategoryButtons(QWidget):
    """One button a category, in the taxonomy's order; what is chosen comes from outside."""

    chosen = Signal(str)  # the category's name

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._looks: tuple[CategoryLook, ...] = ()
        self._buttons: list[_CategoryButton] = []
        self._wide: tuple[bool, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.grid(1))
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)

    def looks(self) -> tuple[CategoryLook, ...]:
        """The categories shown."""
        return self._looks

    def buttons(self) -> list[KeyButton]:
        """Their buttons, in the same order."""
        return list(self._buttons)

    def setCategories(self, looks: Sequence[CategoryLook]) -> None:
        """The taxonomy, in its order; the same again is free."""
        if tuple(looks) == self._looks:
            return
        self._looks = tuple(looks)
        for button in self._buttons:
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = []
        for look in self._looks:
            button = _CategoryButton(look)
            button.clicked.connect(lambda _=False, n=look.name: self.chosen.emit(n))
            self._buttons.append(button)
        self._wide = ()
        self._place()

    def setValue(self, category: str, *, on: bool) -> None:
        """Which one is chosen (empty: none), and whether another one can be."""
        for look, button in zip(self._looks, self._buttons, strict=True):
            button.setEnabled(on)
            button.setChecked(bool(category) and look.name == category)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Names that do not fit into half a row get a whole one."""
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        """The names' widths follow the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._place()

    def _place(self) -> None:
        half = (self.width() - self._grid.spacing()) / 2
        wide = tuple(button.sizeHint().width() > half for button in self._buttons)
        if wide == self._wide:
            return
        self._wide = wide
        row = column = 0
        for button, whole in zip(self._buttons, wide, strict=True):
            if whole and column:
                row, column = row + 1, 0
            self._grid.addWidget(button, row, column, 1, 2 if whole else 1)
            row, column = (row + 1, 0) if whole or column else (row, 1)


def example_looks() -> tuple[CategoryLook, ...]:
    """The packaged categories, for running alone and for tests."""
    colours = ("#0072B2", "#CC6677", "#AA4499", "#117733", "#882255", "#999933", "#888888")
    names = ("Approach", "Grasp", "Transport", "Placement", "Recovery", "Hardware", "Other")
    pairs = zip(names, colours, strict=True)
    return tuple(CategoryLook(str(i + 1), n.lower(), n, c) for i, (n, c) in enumerate(pairs))
