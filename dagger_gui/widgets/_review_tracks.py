"""The tracks of the Review timeline: what they show, where they lie, how they are painted."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from dagger_gui import theme
from dagger_gui.theme import Role
from dagger_gui.widgets._painting import (
    clock,
    controller_brush,
    controller_word,
    draw_text,
    nice_ticks,
    runs,
)
from dagger_gui.widgets._time_view import TimeView
from sessions.record.marks import Kind, Stretch
from sessions.types import Controller

OUTCOMES: dict[str, Role] = {"success": "good", "failure": "fault", "discarded": "hold"}
_WORDS = {
    Kind.CONTEXT: "before",
    Kind.RECOVERY: "recovery",
    Kind.CORRECTION: "correction",
    Kind.INTERVENTION: "correction",
    Kind.HUMAN: "trimmed",
}
_LEARNED = (Kind.RECOVERY, Kind.CORRECTION, Kind.INTERVENTION)
_LEAST = 2.0  # px


@dataclass(frozen=True)
class Bar:
    """One intervention on the timeline.

    Attributes:
        identity: as of ``messages.Intervention.start``.
        first: first row.
        stop: one past the last row.
        boundary: row at which recovery ends; -1 while nobody said.
        label: its category in words; empty while untagged.
        colour: of the category, ``#RRGGBB``.
        discarded: it is left out of training.
    """

    identity: int
    first: int
    stop: int
    boundary: int = -1
    label: str = ""
    colour: str = ""
    discarded: bool = False


@dataclass(frozen=True)
class Flagged:
    """A quality flag: where, and its sentence."""

    t_s: float
    text: str


@dataclass(frozen=True)
class Tracks:
    """What was recorded of an attempt; edits come beside it.

    Attributes:
        t: since the first tick, shape (T,) [s].
        controller: shape (T,), ``sessions.types.Controller``.
        over: shape (T,), whether the doubt was above tau.
        outcome: ``success``, ``failure`` or ``discarded``.
        flags: what is worth a look.
    """

    t: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    controller: NDArray[Any] = field(default_factory=lambda: np.zeros(0, np.uint8))
    over: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    outcome: str = ""
    flags: tuple[Flagged, ...] = ()

    def time(self, row: int) -> float:
        """Of a tick [s]; one past the last is the last."""
        return float(self.t[min(max(row, 0), len(self.t) - 1)]) if len(self.t) else 0.0


class Layout:
    """Where the tracks lie in a widget ``width`` px wide, their plot area from ``left`` on."""

    def __init__(self, width: float, left: float) -> None:
        line, gap = line_height(), theme.grid(1)
        x, span = left, max(1.0, width - left - 1)
        self.tags = QRectF(x, 0, span, line)
        self.driver = QRectF(x, self.tags.bottom() + gap, span, round(line * 0.8))
        self.bars = QRectF(x, self.driver.bottom() + gap, span, round(line * 1.6))
        self.doubt = QRectF(x, self.bars.bottom() + theme.grid(0.75), span, theme.grid(1.5))
        self.ticks = QRectF(
            x, self.doubt.bottom() + theme.grid(0.5), span, max(line + 3, theme.grid(5))
        )

    @property
    def height(self) -> float:
        """Of all tracks [px]."""
        return self.ticks.bottom() + 1


def line_height() -> float:
    """Of small text [px]."""
    return float(round(QFontMetricsF(theme.font("small")).height()))


def paint_names(painter: QPainter, place: Layout) -> None:
    """What each track is, at the left."""
    painter.setPen(QColor(theme.current().muted))
    right, gap = Qt.AlignmentFlag.AlignRight, theme.grid(2)
    named = ((place.driver, "driver"), (place.bars, "labelled"), (place.doubt, "doubt > tau"))
    for box, words in named:
        height = max(box.height(), line_height())
        at = QRectF(0, box.center().y() - height / 2, box.left() - gap, height)
        draw_text(painter, at, words, right)


def paint_driver(painter: QPainter, box: QRectF, tracks: Tracks, view: TimeView) -> None:
    """Who was in control, as recorded."""
    look = theme.current()
    painter.fillRect(box, QColor(look.sunken))
    for start, stop, who in runs(tracks.controller):
        span = _span(box, view, tracks.time(start), tracks.time(stop))
        if span.isEmpty():
            continue
        if who == Controller.HANDOVER:
            painter.fillRect(span, look.tint("human", 0.35))
        painter.fillRect(span, controller_brush(who))
        if who != Controller.HANDOVER:
            painter.setPen(QColor(look.ink))
            _words(painter, span, controller_word(who))


def paint_stretches(
    painter: QPainter,
    box: QRectF,
    tracks: Tracks,
    view: TimeView,
    stretches: Iterable[Stretch],
    discarded: frozenset[int],
) -> None:
    """What each part is called: before, recovery, correction, cut off, or not the human's."""
    look = theme.current()
    painter.fillRect(box, QColor(look.sunken))
    for stretch in stretches:
        words = _WORDS.get(stretch.kind, str(stretch.kind) if stretch.identity >= 0 else "")
        span = _span(box, view, tracks.time(stretch.first), tracks.time(stretch.stop))
        if not words or span.isEmpty():
            continue
        span.setWidth(max(span.width(), _LEAST))  # a slip of a hand is seen as well
        out = stretch.identity in discarded
        painter.setOpacity(0.4 if out else 1.0)
        for brush in _brushes(stretch.kind):
            painter.fillRect(span, brush)
        plain = stretch.kind not in _LEARNED
        painter.setPen(QColor(look.text if plain else look.ink))
        _words(painter, span, "discarded" if out and not plain else words)
        painter.setOpacity(1.0)


def _brushes(kind: Kind) -> list[QBrush]:
    look = theme.current()
    if kind == Kind.CONTEXT:
        return [QBrush(look.tint("policy", 0.35))]
    if kind == Kind.HUMAN:
        return [QBrush(look.tint("human", 0.5), Qt.BrushStyle.BDiagPattern)]
    if kind == Kind.RECOVERY:
        return [QBrush(look.fill("human").lighter(150))]
    if kind in _LEARNED:
        return [QBrush(look.fill("human"))]
    # Inside the edges, but not the human's: who drove stays as it was.
    return [QBrush(look.tint("policy", 0.5), Qt.BrushStyle.BDiagPattern)]


def paint_doubt(painter: QPainter, box: QRectF, tracks: Tracks, view: TimeView) -> None:
    """Where the policy's doubt was above tau."""
    look = theme.current()
    painter.fillRect(box, QColor(look.sunken))
    for start, stop, over in runs(tracks.over):
        if over:
            span = _span(box, view, tracks.time(start), tracks.time(stop))
            painter.fillRect(span, look.stroke("policy"))


def paint_ticks(painter: QPainter, box: QRectF, view: TimeView) -> None:
    """Round seconds."""
    look = theme.current()
    room = QFontMetricsF(painter.font()).horizontalAdvance("00:00.0") + theme.grid(4)
    step = nice_ticks(view.start_s, view.stop_s, min(8, max(1, int(box.width() / room))))
    fine = len(step) > 1 and step[1] - step[0] < 1
    for second in step:
        x = round(view.x(second, box.left(), box.width())) + 0.5
        painter.setPen(QColor(look.edge))
        painter.drawLine(QPointF(x, box.top()), QPointF(x, box.top() + 3))
        painter.setPen(QColor(look.muted))
        words = QRectF(x - 40, box.top() + 3, 80, box.height() - 3)
        align = Qt.AlignmentFlag.AlignHCenter
        if x - 24 < box.left():
            words, align = words.translated(40, 0), Qt.AlignmentFlag.AlignLeft
        elif x + 24 > box.right():
            words, align = words.translated(-40, 0), Qt.AlignmentFlag.AlignRight
        draw_text(painter, words, clock(second, tenths=fine), align)


def paint_tags(
    painter: QPainter, box: QRectF, tracks: Tracks, view: TimeView, bars: Iterable[Bar]
) -> float:
    """Each intervention's category above it, the outcome at the end; returns where it begins."""
    look = theme.current()
    metrics = QFontMetricsF(painter.font())
    end = box.right()
    if tracks.outcome in OUTCOMES:
        role = OUTCOMES[tracks.outcome]
        width = metrics.horizontalAdvance(tracks.outcome) + theme.grid(3)
        chip = QRectF(box.right() - width, box.top(), width, box.height())
        painter.fillRect(chip, look.fill(role))
        painter.setPen(QColor(look.ink))
        draw_text(painter, chip, tracks.outcome, Qt.AlignmentFlag.AlignHCenter)
        end = chip.left() - theme.grid(2)
    free = -math.inf
    for bar in bars:
        x = view.x(tracks.time(bar.first), box.left(), box.width())
        if not box.left() - 1 <= x <= box.right():
            continue
        words = bar.label or "untagged !"
        dot = theme.grid(3) if bar.label else 0.0
        width = metrics.horizontalAdvance(words) + dot + theme.grid(2)
        left = min(x, end - width)
        if left < max(free, box.left() - 1):
            continue  # its words would lie on its neighbour's
        _paint_tag(painter, QRectF(left, box.top(), width, box.height()), bar, words, dot)
        free = left + width + theme.grid(1)
    return end


def _paint_tag(painter: QPainter, box: QRectF, bar: Bar, words: str, dot: float) -> None:
    look = theme.current()
    if bar.label:
        side = theme.grid(2)
        place = QRectF(box.left(), box.center().y() - side / 2, side, side)
        painter.fillRect(place, QColor(bar.colour or look.edge))
        painter.setPen(QColor(look.muted if bar.discarded else look.text))
        draw_text(painter, box.adjusted(dot, 0, 0, 0), words)
    else:
        # Untagged stands out without borrowing a meaning's colour: inverted, with a mark.
        painter.fillRect(box, QColor(look.text))
        painter.setPen(QColor(look.surface))
        draw_text(painter, box.adjusted(theme.grid(1), 0, 0, 0), words)


def flag_places(box: QRectF, tracks: Tracks, view: TimeView) -> list[tuple[QRectF, Flagged]]:
    """The mark of each quality flag that is on screen, with its flag."""
    side = theme.grid(2.5)
    found = []
    for flag in tracks.flags:
        x = view.x(flag.t_s, box.left(), box.width())
        if box.left() <= x <= box.right():
            found.append((QRectF(x - side / 2, box.bottom() - side, side, side), flag))
    return found


def paint_flags(painter: QPainter, box: QRectF, tracks: Tracks, view: TimeView) -> None:
    """A small triangle at the worst moment of each quality flag."""
    look = theme.current()
    for place, _ in flag_places(box, tracks, view):
        corners = [
            place.bottomLeft(),
            place.bottomRight(),
            QPointF(place.center().x(), place.top()),
        ]
        painter.setPen(QPen(QColor(look.surface), 1))
        painter.setBrush(look.fill("fault"))
        painter.drawPolygon(QPolygonF(corners))


def paint_handles(painter: QPainter, box: QRectF, tracks: Tracks, view: TimeView, bar: Bar) -> None:
    """The edges of the selected intervention, with tabs to take them by, and its boundary."""
    look = theme.current()
    span = _span(box, view, tracks.time(bar.first), tracks.time(bar.stop))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(look.text), 2))
    painter.drawRect(span.adjusted(0, 1, 0, -1))
    painter.setBrush(QColor(look.text))
    for row in (bar.first, bar.stop, bar.boundary):
        if row < 0:
            continue
        x = view.x(tracks.time(row), box.left(), box.width())
        if box.left() - 1 <= x <= box.right() + 1:
            tab = theme.grid(1)
            painter.drawRect(QRectF(x - tab / 2, box.top() - 1, tab, box.height() + 2))


def paint_cursor(painter: QPainter, place: Layout, x: float, words: str) -> None:
    """A line through all tracks with its time at the foot."""
    look = theme.current()
    at = round(x) + 0.5
    painter.setPen(QPen(QColor(look.text), 1))
    painter.drawLine(QPointF(at, place.tags.bottom()), QPointF(at, place.ticks.top() + 2))
    width = QFontMetricsF(painter.font()).horizontalAdvance(words) + theme.grid(2)
    area = place.ticks
    left = min(max(area.left(), at - width / 2), area.right() - width)
    box = QRectF(left, area.top() + 3, width, area.height() - 3)
    painter.fillRect(box, QColor(look.text))
    painter.setPen(QColor(look.surface))
    draw_text(painter, box, words, Qt.AlignmentFlag.AlignHCenter)


def _span(box: QRectF, view: TimeView, start_s: float, stop_s: float) -> QRectF:
    left = max(view.x(start_s, box.left(), box.width()), box.left())
    right = min(view.x(stop_s, box.left(), box.width()), box.right())
    return QRectF(left, box.top(), max(0.0, right - left), box.height())


def _words(painter: QPainter, span: QRectF, words: str) -> None:
    width = QFontMetricsF(painter.font()).horizontalAdvance(words)
    if span.width() > width + theme.grid(2):
        draw_text(painter, span.adjusted(theme.grid(1), 0, 0, 0), words)


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
