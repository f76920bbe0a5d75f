"""The list behind the tagging panel: a model of interventions and the delegate that paints them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from dagger_gui import theme
from dagger_gui.widgets._painting import clock, draw_text, number
from dagger_gui.widgets._record_row import ITEM, NO_INDEX, Index, RecordDelegate, paint_untagged
from sessions.messages import Intervention

Key = tuple[int, int]


class InterventionModel(QAbstractListModel):
    """Interventions, newest first; rows are updated in place so that the selection stays."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[Intervention] = []
        self._labels: dict[str, str] = {}
        self._thumbnails: dict[Key, QImage] = {}

    def items(self) -> list[Intervention]:
        """What is shown, newest first."""
        return self._items

    def set_labels(self, labels: dict[str, str]) -> None:
        """The words for category names."""
        self._labels = labels
        if self._items:
            self.dataChanged.emit(self.index(0), self.index(len(self._items) - 1))

    def label(self, category: str) -> str:
        """The words for a category; its own name if the taxonomy does not know it."""
        return self._labels.get(category, category)

    def set_items(self, items: list[Intervention]) -> None:
        """Replaces the list, touching only what differs."""
        items = sorted(items, key=key_of, reverse=True)
        old_keys = [key_of(i) for i in self._items]
        new_keys = [key_of(i) for i in items]
        if old_keys != new_keys:
            added = len(new_keys) - len(old_keys)
            if added > 0 and new_keys[added:] == old_keys:
                self.beginInsertRows(QModelIndex(), 0, added - 1)
                self._items = items
                self.endInsertRows()
            else:
                self.beginResetModel()
                self._items = items
                self.endResetModel()
            self._thumbnails = {k: t for k, t in self._thumbnails.items() if k in new_keys}
        previous, self._items = self._items, items
        for row, item in enumerate(items):
            if row >= len(previous) or item != previous[row] or old_keys != new_keys:
                self.dataChanged.emit(self.index(row), self.index(row))

    def row(self, key: Key | None) -> int:
        """The row of an intervention, -1 if it is not here."""
        return next((r for r, i in enumerate(self._items) if key_of(i) == key), -1)

    def thumbnail(self, item: Intervention) -> QImage | None:
        """The decoded picture, kept once decoded; None while there is none."""
        key = key_of(item)
        if key not in self._thumbnails and item.thumbnail:
            image = QImage.fromData(item.thumbnail)
            if not image.isNull():
                self._thumbnails[key] = image
        return self._thumbnails.get(key)

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        """How many interventions there are."""
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The item itself for the delegate, a sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self._items):
            return None
        item = self._items[index.row()]
        if role == ITEM:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return sentence(item, self.label(item.category))
        if role == Qt.ItemDataRole.ToolTipRole:
            return item.note or None
        return None


class InterventionDelegate(RecordDelegate):
    """Paints one intervention: picture, time, category, duration, doubt."""

    def out(self, index: Index) -> bool:
        """Whether it is left out of training."""
        return bool(index.data(ITEM).discarded)

    def paint_row(self, painter: QPainter, inside: QRectF, index: Index) -> None:
        """One intervention."""
        item, model = index.data(ITEM), index.model()
        assert isinstance(model, InterventionModel)
        picture = QRectF(inside.left(), inside.top(), inside.height() * 4 / 3, inside.height())
        paint_picture(painter, picture, model.thumbnail(item))
        self.paint_colour(painter, picture, item, model)
        text = inside.adjusted(picture.width() + theme.grid(2), 0, 0, 0)
        self.paint_lines(painter, text, item, model.label(item.category))

    def paint_colour(
        self, painter: QPainter, picture: QRectF, item: Intervention, model: InterventionModel
    ) -> None:
        """What stands on the picture's edge: nothing here."""

    def paint_lines(self, painter: QPainter, box: QRectF, item: Intervention, label: str) -> None:
        """The words beside the picture."""
        _paint_lines(painter, box, item, label)


def paint_picture(painter: QPainter, box: QRectF, image: QImage | None) -> None:
    """A picture as large as fits, or the empty place of one."""
    look = theme.current()
    painter.fillRect(box, QColor(look.sunken))
    if image is None:
        painter.setPen(QPen(QColor(look.line), 1))
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        return
    scale = min(box.width() / image.width(), box.height() / image.height())
    width, height = image.width() * scale, image.height() * scale
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    place = QRectF(0, 0, width, height)
    place.moveCenter(box.center())
    painter.drawImage(place, image)


def _paint_lines(painter: QPainter, box: QRectF, item: Intervention, label: str) -> None:
    look = theme.current()
    half = box.height() / 2
    upper = QRectF(box.left(), box.top(), box.width(), half)
    lower = QRectF(box.left(), box.top() + half, box.width(), half)
    right = Qt.AlignmentFlag.AlignRight
    body, small = theme.font("body", bold=True), theme.font("small")
    painter.setFont(small)
    painter.setPen(QColor(look.muted))
    duration = f"{number(item.duration_s, 1)} s"
    room = QFontMetricsF(small).horizontalAdvance("doubt 0.000") + theme.grid(1)
    draw_text(painter, upper, duration, right)
    draw_text(painter, lower, f"doubt {number(item.doubt, 3)}", right)
    upper.setRight(upper.right() - room)
    lower.setRight(lower.right() - room)
    draw_text(painter, lower, f"attempt {item.episode} · {_state(item)}")
    painter.setFont(body)
    if item.category:
        painter.setPen(QColor(look.text))
        draw_text(painter, upper, label)
        if item.note:
            used = QFontMetricsF(body).horizontalAdvance(label + "  ")
            painter.setFont(small)
            painter.setPen(QColor(look.muted))
            draw_text(painter, upper.adjusted(used, 0, 0, 0), item.note)
        return
    paint_untagged(painter, upper.adjusted(0, 1, 0, -1))


def _state(item: Intervention) -> str:
    """When it was, and what is special about it."""
    special = "" if item.recovered else "not recovered"
    special = "now" if item.running else special
    special = "discarded" if item.discarded else special
    return f"{clock(item.t)} · {special}" if special else clock(item.t)


def key_of(item: Intervention) -> Key:
    """What identifies an intervention: its episode and its first row."""
    return (item.episode, item.start)


def sentence(item: Intervention, label: str) -> str:
    """One intervention in words."""
    parts = [
        f"Attempt {item.episode} at {clock(item.t)}",
        label or "untagged",
        f"{number(item.duration_s, 1)} s",
        f"doubt {number(item.doubt, 3)}",
    ]
    if item.running:
        parts.append("going on")
    if not item.recovered:
        parts.append("did not recover: not learned from")
    if item.discarded:
        parts.append("discarded")
    if item.note:
        parts.append(item.note)
    return ", ".join(parts)
