"""Quality flags as a list: the attempt, the moment, the sentence; each leads there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import broken
from dagger_gui.widgets._painting import clock, draw_shape, draw_text
from dagger_gui.widgets._record_row import ITEM, NO_INDEX, Index, RecordDelegate
from dagger_gui.widgets._record_view import RecordView

_LINES = 4


@dataclass(frozen=True)
class FlagRow:
    """One thing that is worth a look.

    Attributes:
        episode: number of the attempt; 0 for a file that cannot be read.
        row: tick of the moment, -1 for the whole attempt.
        t_s: that moment [s].
        kind: name of the rule.
        text: the sentence.
    """

    episode: int
    row: int
    t_s: float
    kind: str
    text: str

    def head(self) -> str:
        """Where it is, in words."""
        if not self.episode:
            return "File that cannot be read"
        where = f" at {clock(self.t_s)}" if self.row >= 0 else ""
        return f"Attempt {self.episode}{where}"


class FlagModel(QAbstractListModel):
    """The rows."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[FlagRow] = []

    def rows(self) -> list[FlagRow]:
        """What is shown, from the top."""
        return self._rows

    def set_rows(self, rows: Sequence[FlagRow]) -> None:
        """Replaces the rows; equal ones are free."""
        if list(rows) != self._rows:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """How many there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The row itself for the delegate, a sentence for everybody else."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ITEM:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{row.head()}: {row.text}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.text
        return None


class FlagDelegate(RecordDelegate):
    """A head and up to four lines of words."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """A head and all lines, so that every row is of one height."""
        body = QFontMetricsF(theme.font("body", bold=True)).height()
        small = QFontMetricsF(theme.font("small")).lineSpacing()
        return QSize(theme.grid(40), round(body + _LINES * small + theme.grid(3)))

    def paint_row(self, painter: QPainter, inside: QRectF, index: Index) -> None:
        """One flag."""
        row, look = index.data(ITEM), theme.current()
        inside = inside.adjusted(theme.grid(1), 0, 0, 0)
        painter.setFont(theme.font("body", bold=True))
        metrics = QFontMetricsF(painter.font())
        side = metrics.ascent()
        head = QRectF(inside.left(), inside.top(), inside.width(), metrics.height())
        mark = QRectF(head.left(), head.center().y() - side / 2, side, side)
        draw_shape(painter, mark, "warning", look.stroke("fault"))
        painter.setPen(QColor(look.text))
        draw_text(painter, head.adjusted(side + theme.grid(1.5), 0, 0, 0), row.head())
        small = theme.font("small")
        painter.setFont(small)
        painter.setPen(QColor(look.muted))
        line = QFontMetricsF(small).lineSpacing()
        for i, words in enumerate(broken(row.text, small, inside.width(), _LINES)):
            place = QRectF(inside.left(), head.bottom() + i * line, inside.width(), line)
            draw_text(painter, place, words)


class FlagList(RecordView):
    """The list; ``flagChosen`` when somebody chooses a flag."""

    flagChosen = Signal(int, int)  # noqa: N815  episode, tick (-1: the whole attempt)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._rows = FlagModel()
        super().__init__(self._rows, FlagDelegate(), "Quality flags", parent)
        self._told = -1
        self.chosen.connect(self._tell)
        self.clicked.connect(lambda index: self._again(index.row()))

    def setFlags(self, rows: Sequence[FlagRow]) -> None:
        """The flags, from the top."""
        self._rows.set_rows(rows)

    def flagRows(self) -> list[FlagRow]:
        """What is shown."""
        return self._rows.rows()

    def _again(self, row: int) -> None:
        """A click on what was chosen before leads there once more."""
        if row != self._told:
            self._tell(row)
        self._told = -1

    def _tell(self, row: int) -> None:
        self._told = row
        if 0 <= row < len(self._rows.rows()):
            flag = self._rows.rows()[row]
            if flag.episode:
                self.flagChosen.emit(flag.episode, flag.row)


def main() -> int:
    """A few flags."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        found = FlagList()
        text = "Nothing moved for 4.2 s (limit 3 s). A policy that learns it stops there."
        found.setFlags([FlagRow(n, 120, 2.4, "stillness", text) for n in range(40, 0, -1)])
        return found

    return show(make, 300, 420)


if __name__ == "__main__":
    raise SystemExit(main())
