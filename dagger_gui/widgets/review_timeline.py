"""A recorded attempt as tracks: who drove, how it is labelled, doubt, tags; edges can be dragged.

Edges move by whole ticks. While one is dragged the new rows are only told (``edgesPreviewed``), on
release they are asked for (``edgesChanged``): what is drawn always comes from outside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from dagger_gui import theme
from dagger_gui.widgets import _review_tracks as tracks_
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._painting import clock, draw_focus, draw_text
from dagger_gui.widgets._review_tracks import Bar, Flagged, Layout, Tracks
from dagger_gui.widgets._time_view import WHEEL, TimeView
from sessions.record.marks import Kind, Stretch

__all__ = ["Bar", "Flagged", "ReviewTimeline", "Tracks"]

FIRST, STOP, BOUNDARY = "first", "stop", "boundary"
_NEAR = 1.5  # grid units within which an edge is taken
_EMPTY = "Who drove, what was corrected and how it was tagged shows here."


class ReviewTimeline(Painted):
    """Tracks, cursor and edges of one attempt."""

    valueChanged = Signal(float)  # noqa: N815  the cursor [s]
    viewChanged = Signal(object)  # noqa: N815
    selected = Signal(int)  # identity of an intervention
    edgesPreviewed = Signal(int, int, int)  # noqa: N815  identity, first, stop
    edgesChanged = Signal(int, int, int)  # noqa: N815
    boundaryPreviewed = Signal(int, int)  # noqa: N815  identity, row
    boundaryChanged = Signal(int, int)  # noqa: N815
    dragCancelled = Signal()  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tracks = Tracks()
        self._bars: tuple[Bar, ...] = ()
        self._stretches: tuple[Stretch, ...] = ()
        self._view = TimeView()
        self._left = 0.0
        self._cursor = 0.0
        self._selected: int | None = None
        self._editable = True
        self._drag: tuple[Bar, str] | None = None  # as it was when it was taken, and by what
        self._moved: tuple[int, int, int] | None = None  # its first, stop and boundary now
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Timeline of the attempt")
        self.setAccessibleDescription(
            "Left and Right move the cursor by a frame, plus and minus zoom, 0 shows all."
        )

    # What it shows

    def setAttempt(self, tracks: Tracks) -> None:
        """Shows what was recorded of an attempt, all of it."""
        duration = tracks.time(len(tracks.t))
        if duration != self._view.duration_s or len(tracks.t) != len(self._tracks.t):
            self._view = TimeView.whole(duration if len(tracks.t) else 1.0)
        self._tracks = tracks
        self.update()

    def setBars(self, bars: Sequence[Bar], stretches: Sequence[Stretch]) -> None:
        """Its interventions in time order, and the attempt as runs of one kind."""
        new = (tuple(bars), tuple(stretches))
        if new != (self._bars, self._stretches):
            self._bars, self._stretches = new
            self.update()

    def clear(self) -> None:
        """Back to having no attempt."""
        self._tracks, self._bars, self._stretches, self._drag = Tracks(), (), (), None
        self._selected, self._cursor = None, 0.0
        self.update()

    def setEditable(self, on: bool) -> None:
        """Whether edges can be taken."""
        self._editable = on
        if not on:
            self.cancelDrag()

    def setLeft(self, pixels: float) -> None:
        """Where the tracks begin [px], to line up with the plots; 0 for its own."""
        if pixels != self._left:
            self._left = pixels
            self.update()

    def value(self) -> float:
        """The cursor [s since the attempt began]."""
        return self._cursor

    def setValue(self, seconds: float) -> None:
        """Moves the cursor; tells nobody."""
        if seconds != self._cursor:
            self._cursor = seconds
            self.update()

    def selection(self) -> int | None:
        """Identity of the selected intervention."""
        return self._selected

    def setSelection(self, identity: int | None) -> None:
        """Selects an intervention; tells nobody."""
        if identity != self._selected:
            self._selected = identity
            self.update()

    def view(self) -> TimeView:
        """The part of the attempt on screen."""
        return self._view

    def setView(self, view: TimeView) -> None:
        """Shows a part of the attempt; tells nobody."""
        if view != self._view:
            self._view = view
            self.update()

    def dragging(self) -> bool:
        """Whether an edge is held."""
        return self._drag is not None

    def cancelDrag(self) -> bool:
        """Lets go of an edge without moving it; whether one was held."""
        held, self._drag, self._moved = self._drag is not None, None, None
        if held:
            self.dragCancelled.emit()
            self.update()
        return held

    def place(self) -> Layout:
        """Where the tracks lie."""
        return Layout(self.width(), self._left or theme.grid(20))

    def edgeX(self, identity: int, which: str) -> float:
        """Where the ``first``, ``stop`` or ``boundary`` of an intervention lies [px]."""
        bar = next(b for b in self._bars if b.identity == identity)
        box = self.place().bars
        seconds = self._tracks.time(int(getattr(bar, which)))
        return self._view.x(seconds, box.left(), box.width())

    def sizeHint(self) -> QSize:
        """All tracks high."""
        return QSize(theme.grid(150), round(self.place().height))

    def minimumSizeHint(self) -> QSize:
        """Any width."""
        return QSize(theme.grid(80), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The tracks from top to bottom, the handles and the cursor over them."""
        look, place = theme.current(), self.place()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surface))
        painter.setFont(theme.font("small"))
        tracks, view = self._tracks, self._view
        if not len(tracks.t):
            painter.fillRect(place.bars, QColor(look.sunken))
            painter.setPen(QColor(look.muted))
            draw_text(painter, place.bars.adjusted(theme.grid(2), 0, 0, 0), _EMPTY)
        else:
            out = frozenset(b.identity for b in self._bars if b.discarded)
            tracks_.paint_names(painter, place)
            tracks_.paint_driver(painter, place.driver, tracks, view)
            tracks_.paint_stretches(painter, place.bars, tracks, view, self._stretches, out)
            tracks_.paint_doubt(painter, place.doubt, tracks, view)
            tracks_.paint_ticks(painter, place.ticks, view)
            tracks_.paint_tags(painter, place.tags, tracks, view, self._bars)
            chosen = self._bar(self._selected)
            if chosen is not None:
                tracks_.paint_handles(painter, place.bars, tracks, view, chosen)
            tracks_.paint_flags(painter, place.driver, tracks, view)
            x = view.x(self._cursor, place.bars.left(), place.bars.width())
            if place.bars.left() - 1 <= x <= place.bars.right() + 1:
                tracks_.paint_cursor(painter, place, x, clock(self._cursor))
        if self.hasFocus():
            draw_focus(painter, self.rect())
        painter.end()

    # Hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Takes an edge, selects an intervention, or puts the cursor there."""
        if event.button() != Qt.MouseButton.LeftButton or not len(self._tracks.t):
            return
        edge = self._edge_at(event.position())
        if edge is not None:
            bar, which = edge
            self._drag, self._moved = (bar, which), (bar.first, bar.stop, bar.boundary)
            self.selected.emit(bar.identity)
            return
        seconds = self._seconds(event.position().x())
        row = self._row(seconds)
        for bar in self._bars:
            if bar.first <= row < bar.stop:
                self.selected.emit(bar.identity)
        self._scrub(seconds)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags what was taken; shows by its shape what can be."""
        if self._drag is not None:
            self._drag_to(event.position().x())
        elif event.buttons() & Qt.MouseButton.LeftButton and len(self._tracks.t):
            self._scrub(self._seconds(event.position().x()))
        else:
            over = self._edge_at(event.position()) is not None
            self.setCursor(Qt.CursorShape.SizeHorCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Asks for what was dragged, if it moved."""
        if event.button() != Qt.MouseButton.LeftButton or self._drag is None:
            return
        (bar, which), moved = self._drag, self._moved
        self._drag = self._moved = None
        if moved is None or moved == (bar.first, bar.stop, bar.boundary):
            return
        if which == BOUNDARY:
            self.boundaryChanged.emit(bar.identity, moved[2])
        else:
            self.edgesChanged.emit(bar.identity, moved[0], moved[1])

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms at the pointer; with Shift moves on."""
        notches = (event.angleDelta().y() or event.angleDelta().x()) / 120
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier or event.angleDelta().x():
            self._zoom_to(self._view.move(-notches * self._view.span_s / 10))
        else:
            at = self._seconds(event.position().x())
            self._zoom_to(self._view.zoom(at, WHEEL**notches))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Plus and minus zoom at the cursor, 0 shows all; the rest is the page's."""
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Minus):
            factor = WHEEL if event.key() == Qt.Key.Key_Plus else 1 / WHEEL
            self._zoom_to(self._view.zoom(self._cursor, factor))
        elif event.key() == Qt.Key.Key_0:
            self._zoom_to(TimeView.whole(self._view.duration_s))
        else:
            event.ignore()

    def event(self, event: QEvent) -> bool:
        """Tells a quality flag's sentence under the pointer."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.place().driver
            for box, flag in tracks_.flag_places(place, self._tracks, self._view):
                if box.contains(QPointF(event.pos())):
                    QToolTip.showText(event.globalPos(), flag.text, self)
                    return True
            QToolTip.hideText()
            return True
        return super().event(event)

    # Inside

    def _bar(self, identity: int | None) -> Bar | None:
        return next((b for b in self._bars if b.identity == identity), None)

    def _seconds(self, x: float) -> float:
        box = self.place().bars
        return self._view.seconds(x, box.left(), box.width())

    def _row(self, seconds: float) -> int:
        """The tick nearest to a time."""
        t = self._tracks.t
        right = min(int(np.searchsorted(t, seconds)), len(t) - 1)
        near = right - 1 if right and seconds - t[right - 1] < t[right] - seconds else right
        return int(near)

    def _scrub(self, seconds: float) -> None:
        self.setValue(seconds)
        self.valueChanged.emit(seconds)

    def _zoom_to(self, view: TimeView) -> None:
        if view != self._view and len(self._tracks.t):
            self.setView(view)
            self.viewChanged.emit(view)

    def _edge_at(self, at: QPointF) -> tuple[Bar, str] | None:
        """The edge within reach, the nearest; of the selected intervention first."""
        box = self.place().bars
        if not self._editable or not box.top() <= at.y() <= box.bottom():
            return None
        reach = theme.grid(_NEAR)
        found = []
        for bar in self._bars:
            for which in (FIRST, STOP, BOUNDARY):
                if which == BOUNDARY and bar.boundary < 0:
                    continue
                distance = abs(self.edgeX(bar.identity, which) - at.x())
                if distance <= reach:
                    found.append((bar.identity != self._selected, distance, bar, which))
        if not found:
            return None
        _, _, bar, which = min(found, key=lambda f: f[:2])
        return bar, which

    def _drag_to(self, x: float) -> None:
        assert self._drag is not None
        bar, which = self._drag
        seconds = self._seconds(x)
        row = self._row(seconds)
        low, high = self.room(bar.identity)
        first, stop, boundary = bar.first, bar.stop, bar.boundary
        if which == FIRST:
            first = min(max(row, low), stop - 1)
        elif which == STOP:
            # Beyond the last tick's time there is still the row one past it.
            past = len(self._tracks.t) if seconds >= self._tracks.time(len(self._tracks.t)) else row
            stop = max(min(past, high), first + 1)
        else:
            boundary = min(max(row, first + 1), stop - 1)
        if (first, stop, boundary) == self._moved:
            return
        self._moved = (first, stop, boundary)
        if which == BOUNDARY:
            self.boundaryPreviewed.emit(bar.identity, boundary)
        else:
            self.edgesPreviewed.emit(bar.identity, first, stop)

    def room(self, identity: int) -> tuple[int, int]:
        """The rows between which an intervention's edges can be moved: up to its neighbours."""
        bar = self._bar(identity)
        held = self._drag[0] if self._drag is not None else bar
        if bar is None or held is None:
            return 0, len(self._tracks.t)
        others = [b for b in self._bars if b.identity != identity]
        low = max((b.stop for b in others if b.stop <= held.first), default=0)
        high = min((b.first for b in others if b.first >= held.stop), default=len(self._tracks.t))
        return low, high


def example_tracks() -> tuple[Tracks, list[Bar], list[Stretch]]:
    """An attempt with two corrections, for running alone and for tests."""
    t = np.arange(600) / 50
    who = np.ones(600, np.uint8)
    who[240:250], who[250:360], who[360:370], who[450:500] = 3, 2, 3, 2
    flags = (Flagged(3.1, "Nothing moved for 3.2 s (limit 3 s)."),)
    tracks = Tracks(t, who, (t > 4.2) & (t < 5.1), "success", flags)
    bars = [
        Bar(250, 250, 360, 300, "Grasp", "#CC6677"),
        Bar(450, 450, 500),
    ]
    stretches = [
        Stretch(Kind.POLICY, 0, 200),
        Stretch(Kind.CONTEXT, 200, 250, 250),
        Stretch(Kind.RECOVERY, 250, 300, 250),
        Stretch(Kind.CORRECTION, 300, 360, 250),
        Stretch(Kind.POLICY, 360, 400),
        Stretch(Kind.CONTEXT, 400, 450, 450),
        Stretch(Kind.INTERVENTION, 450, 500, 450),
        Stretch(Kind.POLICY, 500, 600),
    ]
    return tracks, bars, stretches


def main() -> int:
    """Two corrections on an attempt of twelve seconds."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        line = ReviewTimeline()
        tracks, bars, stretches = example_tracks()
        line.setAttempt(tracks)
        line.setBars(bars, stretches)
        line.setSelection(250)
        line.selected.connect(line.setSelection)
        return line

    return show(make, 760, 130)


if __name__ == "__main__":
    raise SystemExit(main())
