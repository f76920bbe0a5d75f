"""What the plots and the timeline of an attempt have in common: one time axis with one cursor."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._time_view import WHEEL, TimeView


class TimeAxis(Painted):
    """A cursor in an attempt of which all or a part is on screen.

    Drag to scrub; the wheel zooms at the pointer, with Shift it moves on; plus and minus zoom at
    the cursor, 0 shows all. A subclass says where its axis lies and whether there is anything.
    """

    valueChanged = Signal(float)  # noqa: N815  the cursor [s]
    viewChanged = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = TimeView()
        self._cursor = 0.0

    def axisRect(self) -> QRectF:
        """Where the time runs from left to right [px]."""
        raise NotImplementedError

    def hasAttempt(self) -> bool:
        """Whether an attempt is shown."""
        raise NotImplementedError

    def value(self) -> float:
        """The cursor [s since the attempt began]."""
        return self._cursor

    def setValue(self, seconds: float) -> None:
        """Moves the cursor; tells nobody."""
        if seconds != self._cursor:
            self._cursor = seconds
            self.update()

    def view(self) -> TimeView:
        """The part of the attempt on screen."""
        return self._view

    def setView(self, view: TimeView) -> None:
        """Shows a part of the attempt; tells nobody."""
        if view != self._view:
            self._view = view
            self.restyle()

    def zoom(self, notches: float) -> None:
        """Shows less (more with negative ``notches``) of the attempt, the cursor in it."""
        here = self._cursor
        if not self._view.start_s <= here <= self._view.stop_s:
            here = (self._view.start_s + self._view.stop_s) / 2
        self.changeView(self._view.zoom(here, WHEEL**notches))

    def showAll(self) -> None:
        """The whole attempt again."""
        self.changeView(TimeView.whole(self._view.duration_s))

    def changeView(self, view: TimeView) -> None:
        """Shows a part of the attempt and says so."""
        if view != self._view and self.hasAttempt():
            self.setView(view)
            self.viewChanged.emit(view)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms at the pointer; with Shift moves on."""
        notches = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or event.angleDelta().x():
            self.changeView(self._view.move(-notches * self._view.span_s / 10))
        else:
            at = self.secondsAt(event.position().x())
            self.changeView(self._view.zoom(at, WHEEL**notches))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Plus and minus zoom at the cursor, 0 shows all; the rest is the page's."""
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            self.zoom(1 if event.key() == Qt.Key.Key_Plus else -1)
        elif event.key() == Qt.Key.Key_0:
            self.showAll()
        else:
            event.ignore()

    def xOf(self, seconds: float) -> float:
        """Where a time lies [px]."""
        area = self.axisRect()
        return self._view.x(seconds, area.left(), area.width())

    def secondsAt(self, x: float) -> float:
        """The time at a place [px], within the attempt."""
        area = self.axisRect()
        return self._view.seconds(x, area.left(), area.width())

    def scrub(self, seconds: float) -> None:
        """Moves the cursor and says so."""
        if self.hasAttempt():
            self.setValue(seconds)
            self.valueChanged.emit(seconds)
