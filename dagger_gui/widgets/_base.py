"""What every widget here stands on: repainting on a theme switch, elided labels, headings."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPalette,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.theme import Size

STYLE_EVENTS = (QEvent.Type.PaletteChange, QEvent.Type.FontChange, QEvent.Type.StyleChange)


class Painted(QWidget):
    """A widget that paints itself; ``restyle`` is called when the theme or the font changes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def restyle(self) -> None:
        """Drops whatever was computed from the theme; the base only repaints."""
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Follows theme and font."""
        if event.type() in STYLE_EVENTS:
            self.restyle()
        super().changeEvent(event)


class ElidedLabel(QLabel):
    """Text that never asks for width: it wraps to ``lines`` lines and ends in an ellipsis.

    Args:
        text: what it says.
        size: one of the three type sizes.
        muted: second rank.
        bold: first rank among equals.
        lines: how many lines it may fill; it is always that high, so that nothing moves.
    """

    def __init__(
        self,
        text: str = "",
        *,
        size: Size = "body",
        muted: bool = False,
        bold: bool = False,
        lines: int = 1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._size: Size = size
        self._muted = muted
        self._bold = bold
        self._lines = lines
        self._cut = False
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def setText(self, text: str) -> None:
        """Replaces the text; the same text again is free."""
        if text != self.text():
            super().setText(text)

    def setMuted(self, muted: bool) -> None:
        """Moves between first and second rank."""
        if muted != self._muted:
            self._muted = muted
            self.update()

    def sizeHint(self) -> QSize:
        """All lines high, as wide as its text on one line."""
        metrics = QFontMetrics(theme.font(self._size, bold=self._bold))
        return QSize(
            metrics.horizontalAdvance(self.text()) + 2, metrics.lineSpacing() * self._lines
        )

    def minimumSizeHint(self) -> QSize:
        """No width of its own."""
        return QSize(0, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Breaks and elides at the present width; what was cut is in the tool tip."""
        painter = QPainter(self)
        font = theme.font(self._size, bold=self._bold)
        painter.setFont(font)
        role = QPalette.ColorRole.PlaceholderText if self._muted else QPalette.ColorRole.WindowText
        group = QPalette.ColorGroup.Normal if self.isEnabled() else QPalette.ColorGroup.Disabled
        painter.setPen(self.palette().color(group, role))
        metrics = QFontMetricsF(font)
        rows = broken(self.text(), font, self.width(), self._lines)
        height = metrics.lineSpacing()
        at_top = bool(self.alignment() & Qt.AlignmentFlag.AlignTop)
        top = 0.0 if at_top else (self.height() - height * len(rows)) / 2
        align = self.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask
        for i, row in enumerate(rows):
            spare = self.width() - metrics.horizontalAdvance(row)
            x = spare if align & Qt.AlignmentFlag.AlignRight else 0.0
            if align & Qt.AlignmentFlag.AlignHCenter:
                x = spare / 2
            painter.drawText(QPointF(max(0.0, x), top + i * height + metrics.ascent()), row)
        painter.end()
        cut = bool(rows) and rows[-1].endswith("…") and not self.text().endswith("…")
        if cut != self._cut or (cut and self.toolTip() != self.text()):
            self._cut = cut
            self.setToolTip(self.text() if cut else "")


def broken(text: str, font: QFont, width: float, lines: int) -> list[str]:
    """``text`` in at most ``lines`` rows of ``width`` px, the last one elided."""
    metrics = QFontMetricsF(font)
    if lines == 1 or metrics.horizontalAdvance(text) <= width:
        return [metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)]
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WordWrap)
    layout.setTextOption(option)
    layout.beginLayout()
    rows: list[str] = []
    while len(rows) < lines:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        start = line.textStart()
        if len(rows) == lines - 1:
            rest = text[start:]
            rows.append(metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width))
        else:
            rows.append(text[start : start + line.textLength()].rstrip())
    layout.endLayout()
    return rows


class Heading(QWidget):
    """A panel's name at the left and one short fact at the right."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel(title, bold=True)
        self._fact = QLabel()
        self._fact.setTextFormat(Qt.TextFormat.PlainText)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        row.addWidget(self._title, 1)
        row.addWidget(self._fact)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def setTitle(self, title: str) -> None:
        """Renames the panel."""
        self._title.setText(title)

    def setFact(self, fact: str) -> None:
        """The fact at the right; the same again is free."""
        if fact != self._fact.text():
            self._fact.setText(fact)

    def title(self) -> str:
        """The panel's name."""
        return self._title.text()

    def fact(self) -> str:
        """What stands at the right."""
        return self._fact.text()
