"""A live picture of an operator's controls: sticks, triggers, buttons, pedals, what each does.

A gamepad is drawn as it lies in the hands, with what is printed on it; below, a list says what each
control does, in places that stay. A device without sticks is the list alone.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._pad_data import GATES, PadControl, PadPicture, example
from dagger_gui.widgets._pad_drawing import ASPECT, draw_pad
from dagger_gui.widgets._painting import draw_text

__all__ = ["PadControl", "PadPicture", "PadView", "example"]

_WIDEST = 76  # of the drawn pad [grid units]


class PadView(Painted):
    """The picture. Plain data in, nothing out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = PadPicture()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def value(self) -> PadPicture:
        """What was last set."""
        return self._value

    def setValue(self, value: PadPicture) -> None:
        """Shows a picture; the same again is free."""
        if value == self._value:
            return
        tall = self._shape() != _shape(value)
        self._value = value
        held = ", ".join(c.label for c in value.controls if c.held)
        self.setAccessibleName(value.title or "Controls")
        self.setAccessibleDescription(value.problem or (f"Held: {held}" if held else "At rest"))
        if tall:
            self.updateGeometry()
        self.update()

    def state(self) -> str:
        """The gate in words, as shown at the right of the title."""
        if self._value.problem or not self._value.controls:
            return ""
        if self._value.driving:
            return "you drive"
        return "gate held" if self._value.gated else "gate open"

    def rows(self) -> tuple[tuple[str, str], ...]:
        """The list: what is printed on each control that does something, and what it does."""
        return tuple((c.words, c.does) for c in self._value.controls if c.action)

    def sizeHint(self) -> QSize:
        """Title, picture and list at a card's width."""
        return QSize(theme.grid(120), self._height())

    def minimumSizeHint(self) -> QSize:
        """The list still reads."""
        return QSize(theme.grid(_WIDEST), self._height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Title and gate, then the pad, then the list."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surface))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = self._paint_title(painter)
        if self._value.problem:
            painter.setPen(QColor(look.muted))
            painter.drawText(
                QRectF(0, top, self.width(), self.height() - top),
                Qt.TextFlag.TextWordWrap,
                self._value.problem,
            )
        else:
            if self._value.is_pad:
                top = self._paint_pad(painter, top)
            self._paint_list(painter, top)
        painter.end()

    # -- title

    def _paint_title(self, painter: QPainter) -> float:
        look, line = theme.current(), self._line()
        state = self.state()
        painter.setFont(theme.font("small"))
        width = QFontMetricsF(painter.font()).horizontalAdvance(state)
        role = "human" if self._value.driving or self._value.gated else ""
        painter.setPen(look.stroke("human") if role else QColor(look.muted))
        right = QRectF(self.width() - width, 0, width, line)
        draw_text(painter, right, state, Qt.AlignmentFlag.AlignRight)
        painter.setPen(QColor(look.muted))
        draw_text(painter, QRectF(0, 0, right.left() - theme.grid(2), line), self._value.title)
        return line + theme.grid(1)

    # -- pad

    def _paint_pad(self, painter: QPainter, top: float) -> float:
        width = self._pad_width(self.width())
        painter.save()
        painter.translate((self.width() - width) / 2, top)
        draw_pad(painter, self._value.controls, width)
        painter.restore()
        return top + ASPECT * width + theme.grid(2)

    # -- list

    def _paint_list(self, painter: QPainter, top: float) -> None:
        look, line = theme.current(), self._line()
        shown = [c for c in self._value.controls if c.action]
        columns, per_column = self._columns(len(shown))
        gap = theme.grid(4)
        width = (self.width() - gap * (columns - 1)) / columns
        painter.setFont(theme.font("small"))
        widest = max((self._advance(painter, c.words) for c in shown), default=0.0)
        labels = min(widest, width / 2)
        for i, control in enumerate(shown):
            x = (i // per_column) * (width + gap)
            row = QRectF(x, top + (i % per_column) * line, width, line)
            if control.held:
                gate = control.action in GATES
                ground = look.tint("human", 0.35) if gate else QColor(look.line)
                painter.fillRect(row.adjusted(-theme.grid(1), 0, 0, 0), ground)
            painter.setPen(QColor(look.text))
            draw_text(painter, QRectF(row.left(), row.top(), labels, line), control.words)
            painter.setPen(QColor(look.text if control.held else look.muted))
            left = row.left() + labels + theme.grid(2)
            draw_text(painter, QRectF(left, row.top(), row.right() - left, line), control.does)

    @staticmethod
    def _advance(painter: QPainter, text: str) -> float:
        return QFontMetricsF(painter.font()).horizontalAdvance(text) + 1

    # -- sizes

    def _shape(self) -> tuple[int, bool, bool]:
        return _shape(self._value)

    def _line(self) -> float:
        return float(math.ceil(QFontMetricsF(theme.font("small")).height()) + theme.grid(0.5))

    def _columns(self, count: int) -> tuple[int, int]:
        """Columns of the list, and rows in each."""
        columns = 2 if count > 4 else 1
        return columns, max(1, math.ceil(count / columns))

    def _pad_width(self, width: int) -> float:
        return float(min(width, theme.grid(_WIDEST)))

    def _height(self) -> int:
        height = self._line() + theme.grid(1)
        if self._value.problem:
            return round(height + 3 * self._line())
        if self._value.is_pad:
            height += ASPECT * theme.grid(_WIDEST) + theme.grid(2)
        _, rows = self._columns(sum(bool(c.action) for c in self._value.controls))
        return round(height + rows * self._line())


def _shape(value: PadPicture) -> tuple[int, bool, bool]:
    """What the height depends on."""
    return sum(bool(c.action) for c in value.controls), value.is_pad, bool(value.problem)


def main() -> int:
    """A pad in somebody's hands."""
    from dagger_gui.widgets._demo import show

    def tick(widget: QWidget, elapsed: float) -> None:
        assert isinstance(widget, PadView)
        widget.setValue(example(elapsed))

    return show(PadView, 560, 460, tick)


if __name__ == "__main__":
    raise SystemExit(main())
