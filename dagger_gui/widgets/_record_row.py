"""What every row of the lists of attempts, corrections and flags is painted on."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dagger_gui import theme
from dagger_gui.widgets._painting import draw_text

Index = QModelIndex | QPersistentModelIndex
ITEM = Qt.ItemDataRole.UserRole + 1
"""The role under which a model gives a row itself to its delegate."""
NO_INDEX = QModelIndex()

_OUT = 0.5  # opacity of what is discarded


class RecordDelegate(QStyledItemDelegate):
    """The ground, the mark of the chosen row and the line below it; a subclass writes on it.

    Attributes:
        steps: height of a row, in steps of the grid.
    """

    steps: float = 11

    def paint_row(self, painter: QPainter, inside: QRectF, index: Index) -> None:
        """Writes one row into the box left of its edges."""
        raise NotImplementedError

    def out(self, index: Index) -> bool:
        """Whether the row is discarded: it is greyed."""
        return False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows of one height."""
        return QSize(theme.grid(40), theme.grid(self.steps))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One row."""
        if index.data(ITEM) is None:
            return
        look = theme.current()
        painter.save()
        box = QRectF(option.rect)  # type: ignore[attr-defined]
        selected = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        painter.fillRect(box, QColor(look.raised if selected else look.surface))
        if selected:
            strip = QRectF(box.left(), box.top(), theme.grid(1), box.height())
            painter.fillRect(strip, QColor(look.text))
        painter.setPen(QPen(QColor(look.line), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        if self.out(index):
            painter.setOpacity(_OUT)
        inside = box.adjusted(theme.grid(2), theme.grid(1), -theme.grid(2), -theme.grid(1))
        self.paint_row(painter, inside, index)
        painter.restore()


def paint_untagged(painter: QPainter, box: QRectF, words: str = "untagged !") -> float:
    """A chip that stands out without borrowing a meaning's colour: inverted, with a mark.

    Args:
        painter: its font is the chip's.
        box: the chip begins at its left edge and is as high, and no wider.
        words: in the chip.

    Returns:
        the chip's width [px].
    """
    look = theme.current()
    width = min(untagged_width(painter, words), box.width())
    chip = QRectF(box.left(), box.top(), width, box.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(look.text))
    painter.drawRoundedRect(chip, 3, 3)
    painter.setPen(QColor(look.surface))
    draw_text(painter, chip, words, Qt.AlignmentFlag.AlignHCenter)
    return width


def untagged_width(painter: QPainter, words: str) -> float:
    """How wide a chip is in the painter's font [px]."""
    return QFontMetricsF(painter.font()).horizontalAdvance(words) + theme.grid(2)
