"""Less of the attempt, more of it, or just the selected correction: the zoom that can be seen."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtWidgets import QWidget

from dagger_gui import theme
from dagger_gui.widgets._buttons import KeyButton

_FIT, _ALL = "Correction", "Whole"


class ZoomButtons(QWidget):
    """Three small buttons that are laid where there is room for them."""

    zoomRequested = Signal(int)  # noqa: N815  notches
    fitRequested = Signal()  # noqa: N815  the selected correction
    allRequested = Signal()  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._out, self._in = KeyButton("−", dense=True), KeyButton("+", dense=True)
        self._fit = KeyButton(_FIT, dense=True, size="small")
        for button, words, key in (
            (self._out, "Show more of the attempt", "−"),
            (self._in, "Show less of the attempt, larger", "+"),
        ):
            button.setMeaning(f"{words} ({key}, or the wheel)")
            button.setAccessibleName(words)
        self._out.clicked.connect(lambda: self.zoomRequested.emit(-2))
        self._in.clicked.connect(lambda: self.zoomRequested.emit(2))
        self._fit.clicked.connect(self._asked)
        for button in self.buttons():
            button.setParent(self)
        self.show_state(there=False, zoomed=False, selected=False)

    def buttons(self) -> tuple[KeyButton, KeyButton, KeyButton]:
        """Out, in, and to the correction or back."""
        return self._out, self._in, self._fit

    def show_state(self, *, there: bool, zoomed: bool, selected: bool) -> None:
        """What can be asked for.

        Args:
            there: an attempt is shown.
            zoomed: only a part of it.
            selected: one of its corrections is selected.
        """
        self._out.setEnabled(there and zoomed)
        self._in.setEnabled(there)
        self._fit.setEnabled(there and (zoomed or selected))
        self._fit.setText(_ALL if zoomed else _FIT)
        self._fit.setMeaning(
            "Show the whole attempt (0)"
            if zoomed
            else "Show the selected correction as large as fits (or double-click it)"
        )

    def lay(self, box: QRectF) -> None:
        """Takes a place [px]."""
        self.setGeometry(box.toAlignedRect())
        side, gap, height = theme.grid(5.5), theme.grid(0.5), self.height()
        self._out.setGeometry(0, 0, side, height)
        self._in.setGeometry(side + gap, 0, side, height)
        left = 2 * (side + gap)
        self._fit.setGeometry(left, 0, max(0, self.width() - left), height)

    def _asked(self) -> None:
        (self.allRequested if self._fit.text() == _ALL else self.fitRequested).emit()
