"""The failure categories in their order: key, colour, label, name in the data, part of, uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidgetItem,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.pieces import RowTable
from sessions.taxonomy import Category

_HEADS = ("Key", "", "Label", "In the data", "Part of", "Used")
_COLOUR, _LABEL, _PARENT, _USED = 1, 2, 4, 5


class _Colour(QStyledItemDelegate):
    """Paints a square in the category's colour."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        rect = option.rect  # type: ignore[attr-defined]
        side = theme.grid(3.5)
        box = QRectF(rect.center().x() - side / 2 + 1, rect.center().y() - side / 2 + 1, side, side)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().edge)))
        painter.setBrush(QColor(str(index.data(Qt.ItemDataRole.UserRole))))
        painter.drawRoundedRect(box, 3, 3)
        painter.restore()


class CategoryTable(RowTable):
    """Plain data in, the chosen row out by Qt's own ``currentCellChanged``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_HEADS, parent)
        self.setItemDelegateForColumn(_COLOUR, _Colour(self))
        self.setAccessibleName("Failure categories")
        head = self.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(_LABEL, QHeaderView.ResizeMode.Stretch)
        used = self.horizontalHeaderItem(_USED)
        assert used is not None
        used.setTextAlignment(_RIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def setCategories(self, categories: Sequence[Category], used: Mapping[str, int]) -> None:
        """Shows the categories; ``used`` is how many interventions have each, by name."""
        labels = {c.name: c.label for c in categories}
        self.setRowCount(len(categories))
        # Where nothing is part of anything, the labels need the room more.
        self.setColumnHidden(_PARENT, not any(c.parent for c in categories))
        for row, category in enumerate(categories):
            texts = (
                str(category.key) if category.key else "–",
                "",
                category.label,
                category.name,
                labels.get(category.parent, ""),
                str(used.get(category.name, 0)),
            )
            for column, text in enumerate(texts):
                item = self.item(row, column)
                if item is None:
                    item = QTableWidgetItem()
                    self.setItem(row, column, item)
                item.setText(text)
                item.setToolTip(text)
                if column == _USED:
                    item.setTextAlignment(_RIGHT)
            colour = self.item(row, _COLOUR)
            assert colour is not None
            colour.setData(Qt.ItemDataRole.UserRole, category.colour)
            colour.setData(Qt.ItemDataRole.AccessibleTextRole, f"Colour {category.colour}")

    def texts(self, row: int) -> list[str]:
        """What a row says, column by column."""
        items = (self.item(row, column) for column in range(self.columnCount()))
        return [item.text() for item in items if item is not None]


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
