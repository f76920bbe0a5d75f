"""The line of measured numbers at the bottom: fixed places, tabular figures, grey when old."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.theme import Role
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._painting import draw_shape, draw_text, number

_OLD_S = 0.5
_DISK_LOW = 5_000_000_000


@dataclass(frozen=True)
class CameraRate:
    """One camera's measured rate; ``ok`` is False while it has a problem."""

    name: str
    fps: float
    dropped: int = 0
    ok: bool = True


@dataclass(frozen=True)
class Status:
    """The numbers.

    Attributes:
        rate_hz: the loop's measured rate, NaN if unknown.
        wanted_hz: what it should be.
        late_ticks: ticks later than one period since the start.
        ticks: all ticks since the start.
        period_p99_ms: 99th percentile of the period's error.
        cameras: the cameras' measured rates.
        operator: who corrects with what: ``keyboard``, or a pad's name; empty if none answers.
        operator_ok: the operator's device answers.
        disk_free_bytes: room left, negative if unknown.
        saved: attempts written and verified.
        started: attempts begun.
        lost: ticks and frames that were not recorded.
        packets: answers of servos that were lost or damaged, negative if there are no servos.
        training: such as ``41 %`` while training runs; empty otherwise.
    """

    rate_hz: float = math.nan
    wanted_hz: float = 50.0
    late_ticks: int = 0
    ticks: int = 0
    period_p99_ms: float = math.nan
    cameras: tuple[CameraRate, ...] = ()
    operator: str = ""
    operator_ok: bool = True
    disk_free_bytes: int = -1
    saved: int = 0
    started: int = 0
    lost: int = 0
    packets: int = -1
    training: str = ""


@dataclass(frozen=True)
class _Cell:
    words: str
    widest: str
    bad: bool = False
    tip: str = ""
    role: Role | None = None


class StatusLine(Painted):
    """Cells as wide as their widest text; trouble gets the warning shape and stays in place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = Status()
        self._old = True
        self._cells: tuple[_Cell, ...] = ()
        self._places: list[QRectF] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._rebuild()

    def value(self) -> Status:
        """What was last set."""
        return self._value

    def setValue(self, value: Status) -> None:
        """Shows new numbers; the same again is free."""
        if value != self._value:
            self._value = value
            self._rebuild()

    def setAge(self, seconds: float) -> None:
        """How old the numbers are; beyond half a second they are greyed."""
        old = not seconds <= _OLD_S
        if old != self._old:
            self._old = old
            self.update()

    def isOld(self) -> bool:
        """Whether the numbers are greyed."""
        return self._old

    def words(self) -> str:
        """The whole line as text."""
        return " | ".join(c.words for c in self._cells)

    def problems(self) -> tuple[str, ...]:
        """The cells that warn."""
        return tuple(c.words for c in self._cells if c.bad)

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(theme.grid(250), theme.grid(7))

    def minimumSizeHint(self) -> QSize:
        """Any width: cells at the right are cut first."""
        return QSize(theme.grid(60), theme.grid(7))

    def restyle(self) -> None:
        """Widths follow the font."""
        self._place()
        super().restyle()

    def _rebuild(self) -> None:
        self._cells = tuple(_cells(self._value))
        self._place()
        self.setAccessibleName(f"Measured: {self.words()}")
        self.setToolTip("\n".join(c.tip for c in self._cells if c.tip))
        self.update()

    def _place(self) -> None:
        metrics = QFontMetricsF(theme.font("small"))
        self._places = []
        x = float(theme.grid(2))
        for cell in self._cells:
            width = math.ceil(metrics.horizontalAdvance(cell.widest)) + metrics.height()
            self._places.append(QRectF(x, 0, width, theme.grid(7)))
            x += width + theme.grid(3)

    def paintEvent(self, event: QPaintEvent) -> None:
        """One cell after the other."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.surface))
        middle = self.height() / 2
        for i, (cell, place) in enumerate(zip(self._cells, self._places, strict=True)):
            box = QRectF(place.left(), 0, place.width(), self.height())
            if box.left() >= self.width():
                break
            if i and cell.words:
                painter.setPen(QColor(look.line))
                x = round(box.left() - theme.grid(1.5)) + 0.5
                painter.drawLine(
                    QPointF(x, middle - theme.grid(1.5)), QPointF(x, middle + theme.grid(1.5))
                )
            bad = cell.bad and not self._old
            painter.setFont(theme.font("small", bold=bad))
            side = QFontMetricsF(painter.font()).ascent()
            if bad:
                spot = QRectF(box.left(), middle - side / 2, side, side)
                draw_shape(painter, spot, "warning", look.stroke("fault"))
                box.setLeft(box.left() + side + 3)
            painter.setPen(QColor(look.edge if self._old else look.text if bad else look.muted))
            if cell.role and not self._old:
                painter.setPen(look.stroke(cell.role))
            box.setRight(min(box.right(), float(self.width())))
            draw_text(painter, box, cell.words, Qt.AlignmentFlag.AlignLeft)
        painter.end()


def _cells(value: Status) -> list[_Cell]:
    slow = math.isfinite(value.rate_hz) and value.rate_hz < 0.95 * value.wanted_hz
    late = value.ticks > 0 and value.late_ticks > 0.001 * value.ticks and value.late_ticks > 1
    cells = [
        _Cell(
            f"{number(value.rate_hz, 1):>5} Hz",
            "000.0 Hz",
            slow,
            f"Control loop, measured; {value.wanted_hz:g} Hz wanted.",
        ),
        _Cell(
            f"late {value.late_ticks}",
            "late 00000",
            late,
            f"Ticks later than one period: {value.late_ticks} of {value.ticks}.",
        ),
        _Cell(f"p99 {number(value.period_p99_ms, 1)} ms", "p99 00.0 ms", False, "Period error."),
    ]
    for camera in value.cameras:
        words = f"{camera.name} {number(camera.fps, 0)} fps"
        cells.append(
            _Cell(
                words,
                f"{camera.name} 000 fps",
                not camera.ok,
                f"Camera {camera.name}: {camera.dropped} frames dropped.",
            )
        )
    operator = value.operator or "no operator"
    cells.append(
        _Cell(operator, _at_least(operator, 14), not value.operator_ok or not value.operator)
    )
    free = "– GB free"
    if value.disk_free_bytes >= 0:
        free = f"{value.disk_free_bytes / 1e9:.0f} GB free"
    cells.append(_Cell(free, "0000 GB free", 0 <= value.disk_free_bytes < _DISK_LOW))
    cells.append(
        _Cell(f"saved {value.saved} of {value.started}", "saved 0000 of 0000", False, "Attempts.")
    )
    cells.append(
        _Cell(
            f"unrecorded {value.lost}",
            "unrecorded 0000",
            value.lost > 0,
            "Ticks and frames that were not recorded.",
        )
    )
    if value.packets >= 0:
        cells.append(
            _Cell(
                f"packets lost {value.packets}",
                "packets lost 00000",
                False,  # a few are mended by retries; too many are a warning of their device
                "Servos' answers that were lost or damaged since each arm was connected.",
            )
        )
    training = f"training {value.training}" if value.training else ""
    cells.append(_Cell(training, "training 100 %", role="training"))
    return cells


def _at_least(words: str, length: int) -> str:
    return words if len(words) >= length else words + "n" * (length - len(words))


def example_status() -> Status:
    """Made-up numbers, for running alone and for tests."""
    return Status(
        rate_hz=50.0,
        ticks=12_000,
        period_p99_ms=1.2,
        cameras=(CameraRate("top", 30.0), CameraRate("wrist", 29.9)),
        packets=12,
        operator="Xbox pad",
        disk_free_bytes=212_000_000_000,
        saved=13,
        started=13,
    )


def main() -> int:
    """Numbers that are grey every other two seconds."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        line = StatusLine()
        line.setValue(example_status())
        return line

    def tick(widget: QWidget, t: float) -> None:
        assert isinstance(widget, StatusLine)
        widget.setAge(0.1 if t % 4 < 2 else 1.0)

    return show(make, 1000, 60, tick)


if __name__ == "__main__":
    raise SystemExit(main())
