"""What a check found, line by line as it goes: verdict in shape, word and colour, and a remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.widgets._verdicts import Mark, RowsArea

Verdict = Literal["good", "note", "bad"]
_WORDS: dict[Verdict, str] = {"good": "good", "note": "note", "bad": "bad"}


@dataclass(frozen=True)
class CheckRow:
    """One line.

    Attributes:
        name: what was looked at, such as ``robot: bus``.
        verdict: ``good``, ``note`` (works, and could be better) or ``bad``.
        text: what was found.
        remedy: what to do; empty where nothing needs doing.
        details: more, shown as a tool tip.
    """

    name: str
    verdict: Verdict
    text: str
    remedy: str = ""
    details: tuple[str, ...] = ()


class CheckMark(Mark):
    """A tick for good, a ring with a bar for a note, a warning triangle for bad."""

    def __init__(self, verdict: Verdict = "good", parent: QWidget | None = None) -> None:
        super().__init__(verdict, parent)

    def draw(self, painter: QPainter, box: QRectF) -> None:
        """The tick or the ring."""
        look = theme.current()
        if self.verdict() == "good":
            _tick(painter, box, look.stroke("good"))
        else:
            _info(painter, box, look.stroke("hold"))


class _Line:
    """The widgets of one row, updated in place."""

    def __init__(self, grid: QGridLayout, at: int) -> None:
        self.mark = CheckMark()
        self.word = Words()
        self.name = Words()
        self.text = Words(wrap=True)
        self.remedy = Words(wrap=True, bold=True)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(self.mark, at, 0, top)
        grid.addWidget(self.word, at, 1, top)
        grid.addWidget(self.name, at, 2, top)
        said = QVBoxLayout()
        said.setContentsMargins(0, 0, 0, 0)
        said.setSpacing(0)
        said.addWidget(self.text)
        said.addWidget(self.remedy)
        grid.addLayout(said, at, 3)
        for words in (self.text, self.remedy):
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            words.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def show(self, row: CheckRow) -> None:
        """Puts a row's content into the widgets."""
        self.mark.setVerdict(row.verdict)
        self.mark.setAccessibleName(f"{row.name}: {row.verdict}")
        self.word.setText(_WORDS[row.verdict])
        self.word.setRole({"good": "good", "note": "hold", "bad": "fault"}[row.verdict])
        self.name.setText(row.name)
        self.text.setText(row.text)
        self.text.setRole("muted" if row.verdict == "good" else "")
        self.remedy.setText(row.remedy)
        self.remedy.setVisible(bool(row.remedy))
        self.text.setToolTip("\n".join(row.details))

    def widgets(self) -> tuple[QWidget, ...]:
        """All of them."""
        return self.mark, self.word, self.name, self.text, self.remedy


class CheckTable(QWidget):
    """Rows that come one by one, the newest in sight; a remedy stands under what it is for.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[CheckRow, ...] = ()
        self._lines: list[_Line] = []
        self._follows = True
        body = QWidget()
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, theme.grid(2), 0)
        self._grid.setHorizontalSpacing(theme.grid(2))
        self._grid.setVerticalSpacing(theme.grid(1.5))
        self._grid.setColumnStretch(3, 1)
        # So that a longer word moves nothing.
        self._grid.setColumnMinimumWidth(1, theme.grid(9))
        self._grid.setColumnMinimumWidth(2, theme.grid(34))
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addStretch()
        self._area = RowsArea()
        self._area.setRowsBody(body)
        self._area.verticalScrollBar().rangeChanged.connect(self._follow)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._area)
        self.setAccessibleName("What the check found")

    def value(self) -> tuple[CheckRow, ...]:
        """What is shown."""
        return self._rows

    def setRows(self, rows: Sequence[CheckRow]) -> None:
        """Shows these rows, from the top."""
        new = tuple(rows)
        if new == self._rows:
            return
        self._rows = new
        while len(self._lines) < len(new):
            self._lines.append(_Line(self._grid, len(self._lines)))
        for i, line in enumerate(self._lines):
            for widget in line.widgets():
                widget.setVisible(i < len(new))
            if i < len(new):
                line.show(new[i])

    def addRow(self, row: CheckRow) -> None:
        """One more, at the end."""
        self.setRows((*self._rows, row))

    def setFollowing(self, follows: bool) -> None:
        """Whether the newest row is kept in sight; otherwise the first is."""
        self._follows = follows
        self._follow()

    def showWorst(self) -> None:
        """Stops following, and brings the first bad line into sight; the top if there is none."""
        self.setFollowing(False)
        bad = next((i for i, row in enumerate(self._rows) if row.verdict == "bad"), None)
        if bad is not None:
            self._area.ensureWidgetVisible(self._lines[bad].text)

    def text(self) -> str:
        """All of it as plain text, to send to somebody."""
        lines = []
        for row in self._rows:
            lines.append(f"{row.verdict:<5} {row.name}: {row.text}")
            lines += [f"      > {row.remedy}"] if row.remedy else []
            lines += [f"        {detail}" for detail in row.details]
        return "\n".join(lines)

    def sizeHint(self) -> QSize:
        """A page."""
        return QSize(theme.grid(180), theme.grid(110))

    def _follow(self) -> None:
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.maximum() if self._follows else 0)


def _tick(painter: QPainter, box: QRectF, colour: QColor) -> None:
    pen = QPen(colour, max(2.0, box.width() / 7))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    points = ((0.15, 0.55), (0.4, 0.8), (0.85, 0.25))
    painter.drawPolyline(
        [QPointF(box.left() + x * box.width(), box.top() + y * box.height()) for x, y in points]
    )


def _info(painter: QPainter, box: QRectF, colour: QColor) -> None:
    painter.setPen(QPen(colour, 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(box.adjusted(1, 1, -1, -1))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    middle, width = box.center().x(), max(2.0, box.width() / 8)
    painter.drawRect(QRectF(middle - width / 2, box.top() + 0.24 * box.height(), width, width))
    painter.drawRect(
        QRectF(middle - width / 2, box.top() + 0.44 * box.height(), width, 0.34 * box.height())
    )


def example_rows() -> tuple[CheckRow, ...]:
    """Made-up rows, for running alone and for tests."""
    return (
        CheckRow("station file", "good", "station.toml: Bench 7, 50 Hz, 5 devices."),
        CheckRow("robot: port", "good", "usb-FTDI_FT6RW7XY at 1000000 baud, latency timer 1 ms"),
        CheckRow(
            "robot: servos",
            "bad",
            "shoulder's second motor (servo 3) does not answer.",
            "Check the cable of this motor and of the one before it, and the arm's power.",
        ),
        CheckRow(
            "leader: settings",
            "note",
            "Servo 1 waits 500 us before each answer (Return Delay Time 250). 0 is right. The same "
            "for 6 other servos.",
            "Have it set right: dagger-gui check gello-viperx --fix",
        ),
        CheckRow("camera top", "good", "640x480 MJPG, 30 fps: 30.0 fps, 38 ms old when they come."),
    )


def main() -> int:
    """Lines that come one by one."""
    from dagger_gui.widgets._demo import show

    def tick(widget: QWidget, t: float) -> None:
        assert isinstance(widget, CheckTable)
        widget.setRows(example_rows()[: 1 + int(t)])

    return show(CheckTable, 900, 420, tick)


if __name__ == "__main__":
    raise SystemExit(main())
