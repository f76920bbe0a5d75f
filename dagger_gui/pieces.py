"""The few small pieces every page is put together from: cards, headings, quiet text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QTableWidget,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme

_FOCUS_MARGIN = 3  # px, which cells have and heads have not

_STYLE_EVENTS = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


class Card(QWidget):
    """A panel with the surface colour, a thin edge and one grid unit of air.

    Args:
        title: heading, none if empty.
        margin: air around what is inside, in grid units.
        parent: Qt owner.
    """

    def __init__(self, title: str = "", margin: float = 3, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QVBoxLayout(self)
        gap = theme.grid(margin)
        self.body.setContentsMargins(gap, gap, gap, gap)
        self.body.setSpacing(theme.grid(2))
        self.header = QHBoxLayout()
        self.header.setSpacing(theme.grid(2))
        if title:
            self.header.addWidget(heading(title))
            self.header.addStretch()
            self.body.addLayout(self.header)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fills the card and draws its edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().line)))
        painter.setBrush(QColor(theme.current().surface))
        radius = theme.grid(1.5)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), radius, radius)
        painter.end()


class Words(QLabel):
    """Text in one of three sizes, and loud, quiet or in the colour of a meaning.

    Args:
        text: what it says.
        size: ``small``, ``body`` or ``large``.
        role: a meaning of the theme, ``muted``, or empty for plain text.
        bold: heavier.
        wrap: breaks lines instead of asking for width.
    """

    def __init__(
        self,
        text: str = "",
        size: theme.Size = "body",
        role: str = "",
        *,
        bold: bool = False,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._role = role
        self._light = ""
        self.setFont(theme.font(size, bold=bold))
        self.setWordWrap(wrap)
        if wrap:
            policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        self._dress()

    def setRole(self, role: str) -> None:
        """Changes the meaning; empty for plain text."""
        if role != self._role:
            self._role = role
            self._dress()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of a new theme."""
        super().changeEvent(event)
        if event.type() in _STYLE_EVENTS and self._light != theme.current().name:
            self._light = theme.current().name
            # Later: the style that is being replaced puts back the palette it had saved.
            QTimer.singleShot(0, self, self._dress)

    def _dress(self) -> None:
        self._light = theme.current().name
        now = theme.current()
        if self._role == "muted":
            colour = now.muted
        elif self._role:
            colour = now.strokes[self._role]  # type: ignore[index]
        else:
            colour = now.text
        # By palette: a style sheet set while the application is being restyled crashes Qt.
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
        self.setPalette(palette)


def heading(text: str) -> Words:
    """A panel's heading, as the widgets have theirs."""
    return Words(text, "body", bold=True)


class FactTable(QWidget):
    """Rows of words under quiet column heads; figures to the right, the rest to the left.

    Args:
        heads: column heads; an empty one names nothing.
        figures: indices of the columns with figures.
        stretch: index of the column that takes the spare width.
        parent: Qt owner.
    """

    def __init__(
        self,
        heads: tuple[str, ...],
        figures: tuple[int, ...] = (),
        stretch: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._figures, self._columns = frozenset(figures), len(heads)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.grid(4))
        self._grid.setVerticalSpacing(theme.grid(1.5))
        self._grid.setColumnStretch(stretch, 1)
        self._cells: list[list[Words]] = []
        if any(heads):
            for column, head in enumerate(heads):
                self._put(Words(head, "small", "muted"), 0, column)

    def setRows(self, rows: Sequence[tuple[str, ...]], roles: tuple[str, ...] = ()) -> None:
        """Shows the rows; equal ones are free. ``roles`` gives each row a meaning, empty: plain."""
        while len(self._cells) < len(rows):
            line = [Words() for _ in range(self._columns)]
            for column, words in enumerate(line):
                self._put(words, len(self._cells) + 1, column)
            self._cells.append(line)
        for i, line in enumerate(self._cells):
            for column, words in enumerate(line):
                words.setVisible(i < len(rows))
                if i < len(rows):
                    if words.text() != rows[i][column]:
                        words.setText(rows[i][column])
                    words.setRole(roles[i] if i < len(roles) else "")

    def _put(self, words: Words, row: int, column: int) -> None:
        side = (
            Qt.AlignmentFlag.AlignRight if column in self._figures else Qt.AlignmentFlag.AlignLeft
        )
        words.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
        self._grid.addWidget(words, row, column)


class RowTable(QTableWidget):
    """A table of rows to choose from: flat heads, air in the cells, no grid.

    Args:
        heads: column heads.
        parent: Qt owner.
    """

    def __init__(self, heads: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(0, len(heads), parent)
        self._light = ""
        self.setHorizontalHeaderLabels(list(heads))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.grid(8))
        self.horizontalHeader().setHighlightSections(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableWidget.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._dress()

    def changeEvent(self, event: QEvent) -> None:
        """Takes the colours of a new theme."""
        super().changeEvent(event)
        if event.type() in _STYLE_EVENTS and self._light != theme.current().name:
            self._light = theme.current().name
            # Later: a style sheet set while the application is being restyled crashes Qt.
            QTimer.singleShot(0, self, self._dress)

    def _dress(self) -> None:
        self._light = theme.current().name
        look, pad = theme.current(), theme.grid(2)
        self.setStyleSheet(
            f"QTableWidget {{ background: {look.surface}; }}"
            f"QHeaderView {{ background: {look.surface}; }}"
            f"QHeaderView::section {{ background: {look.surface}; color: {look.muted};"
            f" border: none; border-bottom: 1px solid {look.line};"
            f" padding: {pad // 2}px {pad + _FOCUS_MARGIN}px; }}"
            f"QTableWidget::item {{ padding: 0 {pad}px; border: none; }}"
            f"QTableWidget::item:selected {{ background: {look.line}; color: {look.text}; }}"
        )
