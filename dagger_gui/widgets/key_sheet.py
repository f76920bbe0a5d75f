"""Every key on one sheet, over whatever is shown; ``?`` opens it, any key of its own closes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from dagger_gui import theme
from dagger_gui.widgets._painting import draw_key, draw_text


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
        width = self._column_width()
        tallest = max((sum(self._height(g) for g in c) for c in columns), default=line * 3)
        margin = theme.grid(6)
        head = QFontMetricsF(theme.font("large")).height() + theme.grid(3)
        sheet = QRectF(
            0,
            0,
            min(self.width() - 8.0, len(columns) * width + margin * (len(columns) + 1)),
            min(self.height() - 8.0, tallest - theme.grid(5) + head + margin * 2),
        )
        sheet.moveCenter(QRectF(self.rect()).center())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(look.edge), 1))
        painter.setBrush(QColor(look.surface))
        painter.drawRoundedRect(sheet, theme.grid(2), theme.grid(2))
        inside = sheet.adjusted(margin, margin, -margin, -margin)
        self._paint_head(painter, inside, head)
        for i, groups in enumerate(columns):
            x, y = inside.left() + i * (width + margin), inside.top() + head
            for group in groups:
                self._paint_group(painter, x, y, width, group)
                y += self._height(group)
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
        return QFontMetricsF(theme.font("body")).height() + theme.grid(2)

    def _height(self, group: KeyGroup) -> float:
        return self._line() * (len(group.rows) + 1) + theme.grid(5)

    def _keys_width(self) -> float:
        small = QFontMetricsF(theme.font("small"))
        widest = 0.0
        for group in self._groups:
            for keys, _does in group.rows:
                widest = max(
                    widest,
                    sum(
                        max(small.height() + 2, small.horizontalAdvance(k) + theme.grid(2))
                        + theme.grid(1)
                        for k in keys
                    ),
                )
        return widest + theme.grid(2)

    def _column_width(self) -> float:
        body = QFontMetricsF(theme.font("body"))
        words = [does for g in self._groups for _k, does in g.rows]
        widest = max((body.horizontalAdvance(w) for w in words), default=theme.grid(40))
        room = (self.width() - theme.grid(6) * 4) / 3
        return min(self._keys_width() + widest + theme.grid(2), max(room, theme.grid(50)))

    def _columns(self) -> list[list[KeyGroup]]:
        """The groups over at most three columns, each about as tall, order kept."""
        total = sum(self._height(g) for g in self._groups)
        columns: list[list[KeyGroup]] = [[]]
        used = 0.0
        for group in self._groups:
            height = self._height(group)
            if columns[-1] and used + height / 2 > total / 3 * len(columns) and len(columns) < 3:
                columns.append([])
            columns[-1].append(group)
            used += height
        return columns

    def _paint_group(
        self, painter: QPainter, x: float, y: float, width: float, group: KeyGroup
    ) -> None:
        look = theme.current()
        line = self._line()
        painter.setFont(theme.font("body", bold=True))
        painter.setPen(QColor(look.text))
        draw_text(painter, QRectF(x, y, width, line), group.title)
        keys_width = self._keys_width()
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
