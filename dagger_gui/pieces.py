"""The few small pieces every page is put together from: cards, headings, quiet text."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from dagger_gui import theme


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
        self._size, self._role, self._bold = size, role, bold
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
        if event.type() == QEvent.Type.ApplicationPaletteChange:
            self._dress()

    def _dress(self) -> None:
        self.setFont(theme.font(self._size, bold=self._bold))
        now = theme.current()
        if self._role == "muted":
            colour = now.muted
        elif self._role:
            colour = now.strokes[self._role]  # type: ignore[index]
        else:
            colour = now.text
        self.setStyleSheet(f"color: {colour};")


def heading(text: str) -> Words:
    """A panel's heading: body size, bold, quiet."""
    return Words(text, "body", "muted", bold=True)


def rule() -> QFrame:
    """A thin horizontal line between two groups."""
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFixedHeight(1)
    line.setStyleSheet("background: palette(mid); border: none;")
    return line


def selectable(text: str = "") -> Words:
    """Quiet text that can be marked and copied (paths, details)."""
    words = Words(text, "body", "muted")
    words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return words
