"""Attempts to choose from, newest first; thousands of them scroll as a dozen do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QWidget

from dagger_gui import theme
from dagger_gui.theme import Role
from dagger_gui.widgets._painting import clock, draw_shape, draw_text
from dagger_gui.widgets._record_row import (
    ITEM,
    NO_INDEX,
    Index,
    RecordDelegate,
    paint_untagged,
    untagged_width,
)
from dagger_gui.widgets._record_view import RecordView

_ROLES: dict[str, Role] = {"success": "good", "failure": "fault"}


@dataclass(frozen=True)
class EpisodeRow:
    """One attempt or demonstration.

    Attributes:
        number: of the episode.
        round: index of the round whose policy drove; -1 before the base policy.
        outcome: ``success``, ``failure``, ``discarded``; empty while it is being recorded.
        duration_s: length [s].
        operator: who corrected.
        corrections: how many there are.
        untagged: how many of those have no category.
        flags: how many quality flags.
        demo: the human drove from start to end.
        recording: it goes on now and cannot be opened until it ends.
    """

    number: int
    round: int = 0
    outcome: str = ""
    duration_s: float = 0.0
    operator: str = ""
    corrections: int = 0
    untagged: int = 0
    flags: int = 0
    demo: bool = False
    recording: bool = False

    def sentence(self) -> str:
        """The row in words."""
        if self.recording:
            return f"Attempt {self.number}, being recorded now; it can be opened when it ends"
        parts = [
            f"{'Demonstration' if self.demo else 'Attempt'} {self.number}",
            "" if self.demo else f"round {self.round}",
            self.outcome,
            f"{self.duration_s:.0f} s",
            self.operator,
            _count(self.corrections, "correction") if self.corrections else "",
            f"{self.untagged} untagged" if self.untagged else "",
            _count(self.flags, "quality flag") if self.flags else "",
        ]
        return ", ".join(filter(None, parts))


class EpisodeModel(QAbstractListModel):
    """The rows; replaced whole, or one by one where only some differ."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[EpisodeRow] = []
        self._places: dict[int, int] = {}

    def rows(self) -> list[EpisodeRow]:
        """What is shown, from the top."""
        return self._rows

    def set_rows(self, rows: Sequence[EpisodeRow]) -> None:
        """Replaces the rows; those that are equal are not painted again."""
        before, self._rows = self._rows, list(rows)
        if [r.number for r in before] != [r.number for r in self._rows]:
            self.beginResetModel()
            self._places = {row.number: i for i, row in enumerate(self._rows)}
            self.endResetModel()
            return
        for i, (old, new) in enumerate(zip(before, self._rows, strict=True)):
            if old != new:
                self.dataChanged.emit(self.index(i), self.index(i))

    def place(self, number: int | None) -> int:
        """The row of an attempt, -1 if it is not here."""
        return -1 if number is None else self._places.get(number, -1)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """How many there are."""
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What is being recorded cannot be chosen."""
        if index.isValid() and self._rows[index.row()].recording:
            return Qt.ItemFlag.NoItemFlags
        return super().flags(index)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself for the delegate, a sentence for everybody else."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ITEM:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.sentence()
        return None


class EpisodeDelegate(RecordDelegate):
    """Two lines: number, outcome, length; round, operator, what waits."""

    def out(self, index: Index) -> bool:
        """Whether the attempt is discarded."""
        return bool(index.data(ITEM).outcome == "discarded")

    def paint_row(self, painter: QPainter, inside: QRectF, index: Index) -> None:
        """One attempt."""
        row, half = index.data(ITEM), inside.height() / 2
        inside = inside.adjusted(theme.grid(1), 0, 0, 0)
        _paint_upper(painter, inside.adjusted(0, 0, 0, -half), row)
        _paint_lower(painter, inside.adjusted(0, half, 0, 0), row)


def _paint_upper(painter: QPainter, box: QRectF, row: EpisodeRow) -> None:
    look = theme.current()
    number_font, body = theme.font("body", bold=True), theme.font("body")
    painter.setFont(number_font)
    painter.setPen(QColor(look.text))
    width = QFontMetricsF(number_font).horizontalAdvance("0000")
    draw_text(
        painter,
        QRectF(box.left(), box.top(), width, box.height()),
        str(row.number),
        Qt.AlignmentFlag.AlignRight,
    )
    rest = box.adjusted(width + theme.grid(2), 0, 0, 0)
    painter.setFont(body)
    if row.recording:
        draw_text(painter, rest, "being recorded now")
        return
    painter.setPen(QColor(look.muted))
    length = clock(row.duration_s, tenths=False)
    draw_text(painter, rest, length, Qt.AlignmentFlag.AlignRight)
    side = theme.grid(2.5)
    mark = QRectF(rest.left(), rest.center().y() - side / 2, side, side)
    paint_outcome(painter, mark, row.outcome)
    role = _ROLES.get(row.outcome)
    painter.setPen(look.stroke(role) if role else QColor(look.muted))
    rest.setLeft(mark.right() + theme.grid(1.5))
    rest.setRight(rest.right() - QFontMetricsF(body).horizontalAdvance(length) - theme.grid(2))
    draw_text(painter, rest, row.outcome)


def _paint_lower(painter: QPainter, box: QRectF, row: EpisodeRow) -> None:
    look = theme.current()
    painter.setFont(theme.font("small"))
    metrics = QFontMetricsF(painter.font())
    right = box.right()
    painter.setPen(QColor(look.muted))
    if row.flags:
        words = str(row.flags)
        width = metrics.horizontalAdvance(words)
        draw_text(painter, box, words, Qt.AlignmentFlag.AlignRight)
        side = metrics.ascent()
        mark = QRectF(right - width - theme.grid(1) - side, box.center().y() - side / 2, side, side)
        draw_shape(painter, mark, "warning", look.stroke("fault"))
        right = mark.left() - theme.grid(2)
    if row.untagged:
        words = f"{row.untagged} untagged !"
        left = right - untagged_width(painter, words)
        top = box.center().y() - metrics.height() / 2
        paint_untagged(painter, QRectF(left, top, right - left, metrics.height()), words)
        right = left - theme.grid(2)
    painter.setPen(QColor(look.muted))
    draw_text(
        painter, QRectF(box.left(), box.top(), right - box.left(), box.height()), _second_line(row)
    )


def _second_line(row: EpisodeRow) -> str:
    if row.recording:
        return "it can be opened when it ends"
    what = "demonstration" if row.demo else f"round {row.round}"
    some = _count(row.corrections, "correction") if row.corrections else ""
    return " · ".join(filter(None, (what, row.operator, some)))


def paint_outcome(painter: QPainter, box: QRectF, outcome: str) -> None:
    """A full dot for success, a cross for failure, a ring for discarded."""
    look = theme.current()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if outcome == "success":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look.fill("good"))
        painter.drawEllipse(box)
    elif outcome == "failure":
        painter.setPen(QPen(look.stroke("fault"), 2))
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.topRight(), box.bottomLeft())
    else:
        painter.setPen(QPen(QColor(look.muted), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


class EpisodeList(RecordView):
    """The list; ``valueChanged`` when somebody chooses an attempt."""

    valueChanged = Signal(object)  # noqa: N815  the number, None for none

    def __init__(self, parent: QWidget | None = None) -> None:
        self._rows = EpisodeModel()
        super().__init__(self._rows, EpisodeDelegate(), "Attempts, newest first", parent)
        self.chosen.connect(lambda _row: self.valueChanged.emit(self.value()))

    def setEpisodes(self, rows: Sequence[EpisodeRow]) -> None:
        """The attempts, from the top; the selection stays on its attempt."""
        before = self.value()
        self._rows.set_rows(rows)
        self.setValue(before)

    def episodes(self) -> list[EpisodeRow]:
        """What is shown."""
        return self._rows.rows()

    def value(self) -> int | None:
        """Number of the chosen attempt."""
        row = self.current()
        return self._rows.rows()[row].number if row >= 0 else None

    def setValue(self, number: int | None) -> None:
        """Chooses an attempt; tells nobody."""
        self.setCurrent(self._rows.place(number))


def main() -> int:
    """Two thousand attempts."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        found = EpisodeList()
        outcomes = ("success", "failure", "success", "discarded")
        rows = [EpisodeRow(2001, 3, recording=True)]
        rows += [
            EpisodeRow(
                n,
                n // 500,
                outcomes[n % 4],
                6 + n % 17,
                "keyboard",
                n % 3,
                n % 5 == 1,
                n % 7 == 1,
                n < 20,
            )
            for n in range(2000, 0, -1)
        ]
        found.setEpisodes(rows)
        return found

    return show(make, 300, 560)


if __name__ == "__main__":
    raise SystemExit(main())
