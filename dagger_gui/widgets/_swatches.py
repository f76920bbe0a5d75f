"""Colours to choose from that people who see colours differently can tell apart."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from dagger_gui import theme

PALETTE = {
    "#0072B2": "blue",
    "#CC6677": "rose",
    "#AA4499": "purple",
    "#117733": "green",
    "#882255": "wine",
    "#999933": "olive",
    "#332288": "indigo",
    "#DDCC77": "sand",
    "#44AA99": "teal",
    "#888888": "grey",
}
"""Name of each colour: Paul Tol's muted scheme and a blue (personal.sron.nl/~pault, 2021).

The window's own colours (Okabe-Ito) are not among them: each of those has a meaning already.
"""


class Swatch(QPushButton):
    """One colour; chosen, it has a ring and a dot, so that the choice is no matter of colour."""

    def __init__(self, colour: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colour = colour
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"Colour {name}")
        self.setToolTip(f"{name} ({colour})")

    def sizeHint(self) -> QSize:
        """A square to press."""
        return QSize(theme.grid(6.5), theme.grid(6.5))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The colour, its ring when chosen, a second one with the focus."""
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inset = theme.grid(1)
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.setBrush(QColor(self.colour))
        painter.drawRoundedRect(box, 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.isChecked() or self.hasFocus():
            style = Qt.PenStyle.SolidLine if self.isChecked() else Qt.PenStyle.DotLine
            painter.setPen(QPen(QColor(look.text), 2, style))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 4, 4)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            light = QColor(self.colour).lightnessF() > 0.5
            painter.setBrush(QColor(look.ink) if light else QColor("#FFFFFF"))
            painter.drawEllipse(box.center(), theme.grid(0.75), theme.grid(0.75))
        painter.end()


class Swatches(QWidget):
    """The palette in a row, and the present colour if it is none of it."""

    valueChanged = Signal(str)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._own = Swatch("#000000", "of the file")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(0.5))
        self._all = [*(Swatch(colour, name) for colour, name in PALETTE.items()), self._own]
        for swatch in self._all:
            self._group.addButton(swatch)
            row.addWidget(swatch)
        row.addStretch()
        self._group.buttonClicked.connect(lambda swatch: self.valueChanged.emit(swatch.colour))

    def value(self) -> str:
        """The chosen colour, ``#RRGGBB``."""
        chosen = self._group.checkedButton()
        return chosen.colour if isinstance(chosen, Swatch) else ""

    def setValue(self, colour: str) -> None:
        """Chooses a colour; tells nobody."""
        known = colour.upper() in PALETTE
        self._own.setVisible(not known)
        if not known:
            self._own.colour = colour
            self._own.setToolTip(f"of the file ({colour})")
        wanted = colour.upper() if known else colour
        next(s for s in self._all if s.colour == wanted).setChecked(True)
        self._own.update()

    def swatch(self, colour: str) -> Swatch:
        """The button of a colour of the palette."""
        return next(s for s in self._all if s.colour == colour)
