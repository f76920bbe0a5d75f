"""Every key on one sheet, over whatever is shown; ``?`` opens it, any key of its own closes it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from dagger_gui import theme
from dagger_gui.widgets._painting import draw_key, draw_text

_BETWEEN = 0.6  # of a row, between two groups


@dataclass(frozen=True)
class KeyGroup:
    """Some keys that belong together.

    Attributes:
        title: what they are for.
        rows: (keys as printed on them, what they do), in order.
    """

    title: str
    rows: tuple[tuple[tuple[str, ...], str], ...]


class KeySheet(QWidget):
    """An overlay as large as its parent; it never takes part in the layout.

    Motion goes on under it, and the keys that are not its own go where they went before.
    """

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: tuple[KeyGroup, ...] = ()
        self.setAccessibleName("Keys")
        self.setVisible(False)
        if parent is not None:
            parent.installEventFilter(self)

    def setGroups(self, groups: Sequence[KeyGroup]) -> None:
        """What is listed."""
        self._groups = tuple(groups)
        self.setAccessibleDescription(
            "; ".join(f"{' or '.join(keys)}: {does}" for g in groups for keys, does in g.rows)
        )
        self.update()

    def value(self) -> tuple[KeyGroup, ...]:
        """What is listed."""
        return self._groups

    def open(self) -> None:
        """Lays itself over its parent."""
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()

    def closeSheet(self) -> None:
        """Goes away."""
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def toggle(self) -> None:
        """Opens or closes."""
        self.closeSheet() if not self.isHidden() else self.open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows its parent's size."""
        parent = self.parentWidget()
        if event.type() == QEvent.Type.Resize and parent is not None and watched is parent:
            self.setGeometry(parent.rect())
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click anywhere closes it."""
        self.closeSheet()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape and ? close it."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Question):
            self.closeSheet()
        else:
            super().keyPressEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """A scrim, a sheet, and the groups in columns."""
        look = theme.current()
        painter = QPainter(self)
        scrim = QColor(look.window)
        scrim.setAlphaF(0.75)
        painter.fillRect(self.rect(), scrim)
        columns = self._columns()
        line = self._line()
        widths = self._widths(columns)
        tallest = max((sum(self._height(g) for g in c) for c in columns), default=line * 3)
        margin = theme.grid(6)
        head = QFontMetricsF(theme.font("large")).height() + theme.grid(3)
        sheet = QRectF(
            0,
            0,
            min(self.width() - 8.0, sum(widths) + margin * (len(columns) + 1)),
            min(self.height() - 8.0, tallest - line * _BETWEEN + head + margin * 2),
        )
        sheet.moveCenter(QRectF(self.rect()).center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.setBrush(QColor(look.surface))
        painter.drawRoundedRect(sheet, theme.grid(2), theme.grid(2))
        inside = sheet.adjusted(margin, margin, -margin, -margin)
        self._paint_head(painter, inside, head)
        x = inside.left()
        for groups, width in zip(columns, widths, strict=True):
            y, keys = inside.top() + head, self._keys_width(groups)
            for group in groups:
                self._paint_group(painter, QRectF(x, y, width, 0), keys, group)
                y += self._height(group)
            x += width + margin
        painter.end()

    def _paint_head(self, painter: QPainter, inside: QRectF, head: float) -> None:
        look = theme.current()
        painter.setFont(theme.font("large", bold=True))
        painter.setPen(QColor(look.text))
        top = QRectF(inside.left(), inside.top(), inside.width(), head - theme.grid(3))
        draw_text(painter, top, "Keys")
        painter.setFont(theme.font("body"))
        painter.setPen(QColor(look.muted))
        words = "Esc or ? closes this" if self._groups else "No keys are bound."
        draw_text(painter, top, words, Qt.AlignmentFlag.AlignRight)

    def _line(self) -> float:
        """A row's height: with less air where the sheet would not fit its parent."""
        text, margins = QFontMetricsF(theme.font("body")).height(), theme.grid(6) * 2 + 8
        head = QFontMetricsF(theme.font("large")).height() + theme.grid(3)
        rows = max((self._rows(c) for c in self._columns()), default=1.0)
        room = (self.height() - head - margins) / rows
        return max(text, min(text + theme.grid(2), room))

    @staticmethod
    def _rows(groups: Sequence[KeyGroup]) -> float:
        """How many rows a column takes, titles and what lies between groups counted."""
        return sum(len(g.rows) + 1 for g in groups) + _BETWEEN * (len(groups) - 1)

    def _height(self, group: KeyGroup) -> float:
        return self._line() * (len(group.rows) + 1 + _BETWEEN)

    @staticmethod
    def _keys_width(groups: Sequence[KeyGroup]) -> float:
        """What the keys of a column take, with the air before its words."""
        small = QFontMetricsF(theme.font("small"))
        least, air, gap = small.height() + 2, theme.grid(2), theme.grid(1)
        widths = (
            sum(max(least, small.horizontalAdvance(k) + air) + gap for k in keys)
            for group in groups
            for keys, _does in group.rows
        )
        return max(widths, default=0.0) + air

    def _widths(self, columns: list[list[KeyGroup]]) -> list[float]:
        """What each column asks for, or its share of what there is."""
        body = QFontMetricsF(theme.font("body"))
        bold = QFontMetricsF(theme.font("body", bold=True))
        asked = []
        for groups in columns:
            words = max((body.horizontalAdvance(w) for g in groups for _k, w in g.rows), default=0)
            title = max(bold.horizontalAdvance(group.title) for group in groups)
            asked.append(max(self._keys_width(groups) + words, title) + theme.grid(2))
        room = self.width() - 8.0 - theme.grid(6) * (len(columns) + 1)
        return [width * min(1.0, room / sum(asked)) for width in asked] if asked else []

    def _columns(self) -> list[list[KeyGroup]]:
        """The groups over at most three columns, the tallest as low as can be, order kept."""
        groups = list(self._groups)
        ends = range(len(groups) + 1)
        splits = [
            [part for part in (groups[:i], groups[i:j], groups[j:]) if part]
            for i, j in itertools.combinations_with_replacement(ends, 2)
        ]
        return min(splits, key=lambda columns: max(map(self._rows, columns), default=0.0))

    def _paint_group(
        self, painter: QPainter, place: QRectF, keys_width: float, group: KeyGroup
    ) -> None:
        look = theme.current()
        x, y, width = place.left(), place.top(), place.width()
        line = self._line()
        painter.setFont(theme.font("body", bold=True))
        painter.setPen(QColor(look.text))
        draw_text(painter, QRectF(x, y, width, line), group.title)
        for i, (keys, does) in enumerate(group.rows):
            top = y + line * (i + 1)
            painter.setPen(QPen(QColor(look.line), 1))
            painter.drawLine(int(x), int(top), int(x + width), int(top))
            right = x + keys_width - theme.grid(2)
            for key in reversed(keys):
                used = draw_key(painter, right, top + line / 2, key, QColor(look.text))
                right -= used + theme.grid(1)
            painter.setFont(theme.font("body"))
            painter.setPen(QColor(look.text))
            draw_text(painter, QRectF(x + keys_width, top, width - keys_width, line), does)


def example_groups() -> tuple[KeyGroup, ...]:
    """Some keys, for running alone and for tests."""
    return (
        KeyGroup(
            "Attempt",
            (
                (("Space",), "Soft stop"),
                (("Enter",), "Reset, arm, start, resume"),
                (("Y",), "Success"),
                (("N",), "Failure"),
                (("⌫",), "Discard the attempt"),
            ),
        ),
        KeyGroup("Correcting", ((("G",), "Hold to correct"), (("T",), "Take over, give back"))),
        KeyGroup(
            "Moving",
            (
                (("W", "S"), "Away, towards"),
                (("A", "D"), "Left, right"),
                (("Q", "E"), "Up, down"),
                (("O", "P"), "Open, close"),
                (("Shift",), "Slow"),
            ),
        ),
        KeyGroup(
            "Labels",
            (
                (("1", "…", "9"), "Tag"),
                (("Z",), "Undo"),
                (("Ctrl+R",), "Retrain"),
                (("?",), "Keys"),
            ),
        ),
        KeyGroup("Pages", ((("F1",), "Run"), (("F3",), "Rounds"), (("F4",), "Station"))),
    )


def main() -> int:
    """The sheet over an empty window."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        holder = QWidget()
        sheet = KeySheet(holder)
        sheet.setGroups(example_groups())
        sheet.open()
        return holder

    return show(make, 1280, 760)


if __name__ == "__main__":
    raise SystemExit(main())
