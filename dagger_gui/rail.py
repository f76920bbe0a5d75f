"""The rail on the left: the pages, each with its key; a mark where something waits."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from dagger_gui import theme


class RailButton(QAbstractButton):
    """One page: its name, its key below, a bar at the left while it is shown.

    Args:
        name: the page's name.
        key: its key.
        parent: Qt owner.
    """

    def __init__(self, name: str, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(name)
        self._key = key
        self._mark: theme.Role | None = None
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{name} page")
        self.setToolTip(f"{name} ({key})")

    def setMark(self, role: theme.Role | None) -> None:
        """A dot with a meaning's colour: something on that page wants a look."""
        if role != self._mark:
            self._mark = role
            self.update()

    def mark(self) -> theme.Role | None:
        """The dot's meaning."""
        return self._mark

    def sizeHint(self) -> QSize:
        """Wide enough for the longest page name, two lines high."""
        metrics = QFontMetrics(theme.font("body", bold=True))
        width = metrics.horizontalAdvance("Station") + theme.grid(5)
        return QSize(width, metrics.height() * 2 + theme.grid(4))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, bar, name, key, mark."""
        look = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        if self.isChecked() or self.underMouse():
            painter.fillRect(box, QColor(look.surface if self.isChecked() else look.line))
        if self.isChecked():
            painter.fillRect(QRectF(0, 0, theme.grid(), box.height()), QColor(look.text))
        if self.hasFocus():
            painter.setPen(QColor(look.text))
            painter.drawRect(box.adjusted(1, 1, -2, -2))
        half = box.height() / 2
        painter.setPen(QColor(look.text if self.isChecked() else look.muted))
        painter.setFont(theme.font("body", bold=self.isChecked()))
        centre = Qt.AlignmentFlag.AlignHCenter
        painter.drawText(
            QRectF(0, 0, box.width(), half + theme.grid()),
            int(centre | Qt.AlignmentFlag.AlignBottom),
            self.text(),
        )
        painter.setFont(theme.font("small"))
        painter.setPen(QColor(look.muted))
        painter.drawText(
            QRectF(0, half + theme.grid(), box.width(), half),
            int(centre | Qt.AlignmentFlag.AlignTop),
            self._key,
        )
        if self._mark is not None:
            side = theme.grid(2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.fill(self._mark))
            painter.drawEllipse(QRectF(box.width() - side * 1.75, side * 0.75, side, side))
        painter.end()


class Rail(QWidget):
    """The pages from top to bottom.

    Args:
        pages: (name of the page, its key), in order.
        parent: Qt owner.
    """

    chosen = Signal(str)

    def __init__(self, pages: list[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.grid(2), 0, 0)
        column.setSpacing(0)
        self._buttons: dict[str, RailButton] = {}
        for name, key in pages:
            button = RailButton(name, key)
            button.clicked.connect(lambda _=False, n=name: self.chosen.emit(n))
            self._buttons[name] = button
            column.addWidget(button)
        column.addStretch()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def show_page(self, name: str) -> None:
        """Marks the page on screen."""
        self._buttons[name].setChecked(True)

    def setMark(self, name: str, role: theme.Role | None) -> None:
        """Puts a mark beside a page, or takes it away."""
        self._buttons[name].setMark(role)
