"""What every list of the Review page is: rows painted by a delegate, one chosen, no keyboard."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QEvent, QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyledItemDelegate, QWidget

from dagger_gui import theme


class RecordView(QListView):
    """A list that lays out only what is on screen.

    A click does not take the keyboard: the keys keep moving the cursor; Tab reaches it all the
    same. Words stand in it while it is empty.

    Args:
        model: one column of rows.
        delegate: paints them, all of one height.
        name: for screen readers.
        parent: Qt owner.
    """

    chosen = Signal(int)  # the row, by mouse, key or ``step``; -1 for none

    def __init__(
        self,
        model: QAbstractItemModel,
        delegate: QStyledItemDelegate,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._words = ""
        self._model, self._delegate = model, delegate  # Qt owns neither
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.viewport().setAutoFillBackground(False)
        self._quiet = False
        self.selectionModel().currentChanged.connect(self._changed)

    def current(self) -> int:
        """The chosen row, -1 for none."""
        return self.currentIndex().row()

    def setCurrent(self, row: int) -> None:
        """Chooses a row; tells nobody."""
        if row == self.current():
            return
        self._quiet = True
        self._choose(row)
        self._quiet = False

    def step(self, rows: int) -> None:
        """Chooses the row that many further down, as far as the list goes."""
        last = self._model.rowCount() - 1
        at = self.current()
        row = min(max(at + rows, 0), last)
        while 0 <= row <= last and not self._may(row):
            row += 1 if rows > 0 else -1
        if 0 <= row <= last and row != at:
            self._choose(row)

    def setEmptyText(self, words: str) -> None:
        """What to say, and to do, while there are no rows."""
        if words != self._words:
            self._words = words
            self.viewport().update()

    def emptyText(self) -> str:
        """What is said while there are no rows."""
        return self._words

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, or the words."""
        super().paintEvent(event)
        if self._model.rowCount() or not self._words:
            return
        painter = QPainter(self.viewport())
        painter.setPen(QColor(theme.current().muted))
        painter.setFont(QFont(theme.font("body")))
        margin = theme.grid(4)
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        box = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
        painter.drawText(box, flags, self._words)
        painter.end()

    def changeEvent(self, event: QEvent) -> None:
        """Row heights follow the font."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()

    def _may(self, row: int) -> bool:
        return bool(self._model.flags(self._model.index(row, 0)) & Qt.ItemFlag.ItemIsEnabled)

    def _choose(self, row: int) -> None:
        index = self._model.index(row, 0) if row >= 0 else QModelIndex()
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(index, flag)
        if index.isValid():
            self.scrollTo(index)

    def _changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._quiet:
            self.chosen.emit(current.row())
