"""A recorded attempt as tracks: who drove, how it is labelled, doubt, tags; edges can be dragged.

Edges move by whole ticks. While one is dragged the new rows are only told (``edgesPreviewed``), on
release they are asked for (``edgesChanged``): what is drawn always comes from outside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from dagger_gui import theme
from dagger_gui.widgets import _review_tracks as tracks_
from dagger_gui.widgets._painting import clock, draw_focus, draw_text
from dagger_gui.widgets._review_tracks import Bar, Flagged, Layout, Tracks, example_tracks
from dagger_gui.widgets._time_axis import TimeAxis
from dagger_gui.widgets._time_view import TimeView
from dagger_gui.widgets._zoom_buttons import ZoomButtons
from sessions.record.marks import Stretch

__all__ = ["Bar", "Flagged", "ReviewTimeline", "Tracks", "example_tracks"]

FIRST, STOP, BOUNDARY = "first", "stop", "boundary"
_NEAR = 1.5  # grid units within which an edge is taken
_EMPTY = "Who drove, what was corrected and how it was tagged shows here."


class ReviewTimeline(TimeAxis):
    """Tracks, cursor and edges of one attempt."""

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
        self._left = 0.0
        self._selected: int | None = None
        self._editable = True
        self._drag: tuple[Bar, str] | None = None  # as it was when it was taken, and by what
        self._moved: tuple[int, int, int] | None = None  # its first, stop and boundary now
        self._zoom = ZoomButtons(self)
        self._zoom.zoomRequested.connect(self.zoom)
        self._zoom.fitRequested.connect(self.showSelection)
        self._zoom.allRequested.connect(self.showAll)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Timeline of the attempt")
        self.setAccessibleDescription(
            "Left and Right move the cursor by a frame, plus and minus zoom, 0 shows all. A double "
            "click on a correction shows it as large as fits."
        )

    # What it shows

    def setAttempt(self, tracks: Tracks) -> None:
        """Shows what was recorded of an attempt, all of it."""
        duration = tracks.time(len(tracks.t))
        if duration != self._view.duration_s or len(tracks.t) != len(self._tracks.t):
            self._view = TimeView.whole(duration if len(tracks.t) else 1.0)
        self._tracks = tracks
        self.restyle()

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
        self.restyle()

    def setEditable(self, on: bool) -> None:
        """Whether edges can be taken."""
        self._editable = on
        if not on:
            self.cancelDrag()

    def setLeft(self, pixels: float) -> None:
        """Where the tracks begin [px], to line up with the plots; 0 for its own."""
        if pixels != self._left:
            self._left = pixels
            self._lay_zoom()
            self.update()

    def selection(self) -> int | None:
        """Identity of the selected intervention."""
        return self._selected

    def setSelection(self, identity: int | None) -> None:
        """Selects an intervention; tells nobody."""
        if identity != self._selected:
            self._selected = identity
            self.restyle()

    def showSelection(self) -> None:
        """Shows the selected intervention as large as fits, with some of what is around it."""
        bar = self._bar(self._selected)
        if bar is not None:
            times = self._tracks.time(bar.first), self._tracks.time(bar.stop)
            self.changeView(self._view.around(*times))

    def zoomButtons(self) -> ZoomButtons:
        """What zooms by the mouse."""
        return self._zoom

    def restyle(self) -> None:
        """Paints anew, and shows what can be zoomed to."""
        there, zoomed = self.hasAttempt(), self._view.zoomed
        self._zoom.setVisible(there)
        self._zoom.show_state(there=there, zoomed=zoomed, selected=self._selected is not None)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lays the zoom's buttons beside the time."""
        super().resizeEvent(event)
        self._lay_zoom()

    def _lay_zoom(self) -> None:
        box = self.place().ticks.adjusted(0, theme.grid(1), 0, 0)  # below the last track's name
        self._zoom.lay(QRectF(0, box.top(), box.left() - theme.grid(2), box.height()))

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
        return self.xOf(self._tracks.time(int(getattr(bar, which))))

    def axisRect(self) -> QRectF:
        """Of every track from left to right."""
        return self.place().bars

    def hasAttempt(self) -> bool:
        """Whether an attempt is shown."""
        return bool(len(self._tracks.t))

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
            x = self.xOf(self._cursor)
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
        seconds = self.secondsAt(event.position().x())
        row = self._row(seconds)
        for bar in self._bars:
            if bar.first <= row < bar.stop:
                self.selected.emit(bar.identity)
        self.scrub(seconds)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Shows the correction under the pointer as large as fits; anywhere else, everything."""
        if event.button() != Qt.MouseButton.LeftButton or not self.hasAttempt():
            return
        self.cancelDrag()
        row = self._row(self.secondsAt(event.position().x()))
        if any(bar.first <= row < bar.stop for bar in self._bars) and not self._view.zoomed:
            self.showSelection()
        else:
            self.showAll()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drags what was taken; shows by its shape what can be."""
        if self._drag is not None:
            self._drag_to(event.position().x())
        elif event.buttons() & Qt.MouseButton.LeftButton and len(self._tracks.t):
            self.scrub(self.secondsAt(event.position().x()))
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

    def _row(self, seconds: float) -> int:
        """The tick nearest to a time."""
        t = self._tracks.t
        right = min(int(np.searchsorted(t, seconds)), len(t) - 1)
        near = right - 1 if right and seconds - t[right - 1] < t[right] - seconds else right
        return int(near)

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
        seconds = self.secondsAt(x)
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
