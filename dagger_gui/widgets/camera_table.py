"""The cameras as they are measured: format asked for and given, rate, latency, drops, and why."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._painting import number
from dagger_gui.widgets.process_table import VerdictMark

HEADS = ("", "camera", "asked for", "given", "rate", "latency", "dropped", "late", "")
_FIGURES = range(4, 8)
_WIDEST = {4: "000.0 fps", 5: "0000 ms", 6: "00000", 7: "00000"}


@dataclass(frozen=True)
class CameraRow:
    """One camera.

    Attributes:
        name: the station's name of it.
        requested: its format in words, empty if nothing was asked for.
        given: the same, as it is.
        fps: measured.
        latency_s: how old a picture is when it comes [s]; NaN if none came.
        dropped: pictures the camera counted and nobody got.
        late: pictures that came too late.
        problem: why its pictures may not be used, with the remedy.
        notice: what is worth knowing all the same.
    """

    name: str
    requested: str = ""
    given: str = ""
    fps: float = 0.0
    latency_s: float = math.nan
    dropped: int = 0
    late: int = 0
    problem: str = ""
    notice: str = ""

    def cells(self) -> tuple[str, ...]:
        """The columns' words, from the name on."""
        return (
            self.name,
            self.requested or "–",
            self.given or "–",
            f"{self.fps:.1f} fps",
            f"{number(self.latency_s * 1000, 0)} ms",
            str(self.dropped),
            str(self.late),
            self.problem or self.notice,
        )


class _Line:
    """The widgets of one camera, updated in place."""

    def __init__(self, grid: QGridLayout, at: int) -> None:
        self.mark = VerdictMark()
        self.cells = [QLabel() for _ in range(7)]
        self.words = ElidedLabel(size="small", lines=2)
        grid.addWidget(self.mark, at, 0)
        for column, cell in enumerate(self.cells, start=1):
            side = Qt.AlignmentFlag.AlignRight if column in _FIGURES else Qt.AlignmentFlag.AlignLeft
            cell.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(cell, at, column)
        grid.addWidget(self.words, at, 8)

    def show(self, row: CameraRow) -> None:
        """Puts a row's content into the widgets."""
        *cells, words = row.cells()
        for label, text in zip(self.cells, cells, strict=True):
            if label.text() != text:
                label.setText(text)
        self.words.setText(words)
        self.words.setMuted(not row.problem)
        self.mark.setVerdict("bad" if row.problem else "good")
        self.mark.setAccessibleName(f"{row.name}: {row.problem or 'gives pictures'}")

    def widgets(self) -> list[QWidget]:
        """All of them."""
        return [self.mark, *self.cells, self.words]


class CameraTable(QWidget):
    """Rows of cameras under quiet column heads; each has its place for a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[CameraRow, ...] = ()
        self._lines: list[_Line] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.grid(4))
        self._grid.setVerticalSpacing(theme.grid(1))
        self._grid.setColumnStretch(8, 1)
        self._grid.setColumnMinimumWidth(1, theme.grid(18))
        for column, head in enumerate(HEADS):
            label = ElidedLabel(head, size="small", muted=True)
            # So that a growing figure moves nothing, and a dash leaves room for the head above it.
            widest = max(head, _WIDEST.get(column, ""), key=len)
            width = label.fontMetrics().horizontalAdvance(widest) + theme.grid(1)
            if head and column != 1:
                self._grid.setColumnMinimumWidth(column, width)
            if column in _FIGURES:
                label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(label, 0, column)
        self.setAccessibleName("Cameras")

    def value(self) -> tuple[CameraRow, ...]:
        """What is shown."""
        return self._rows

    def setRows(self, rows: Sequence[CameraRow]) -> None:
        """Shows the cameras in the order given; equal ones are free."""
        new = tuple(rows)
        if new == self._rows:
            return
        self._rows = new
        while len(self._lines) < len(new):
            self._lines.append(_Line(self._grid, len(self._lines) + 1))
        for i, line in enumerate(self._lines):
            for widget in line.widgets():
                widget.setVisible(i < len(new))
            if i < len(new):
                line.show(new[i])


def example_rows() -> tuple[CameraRow, ...]:
    """Made-up cameras: one good, one that gives less than asked, one away."""
    asked = "1280x720 MJPG, 60 fps"
    given = "640x480 YUYV, 30 fps"
    difference = f"Asked for {asked}, it gives {given}: another size and coding and rate."
    return (
        CameraRow("top", "640x480 MJPG, 30 fps", "640x480 MJPG, 30 fps", 29.9, 0.031),
        CameraRow("wrist", asked, given, 29.8, 0.044, 3, 0, "", difference),
        CameraRow(
            "side",
            "640x480 MJPG, 30 fps",
            "",
            0.0,
            math.nan,
            12,
            4,
            "side is in use by cheese (process 4242). Close that program.",
        ),
    )


def main() -> int:
    """Three cameras."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        table = CameraTable()
        table.setRows(example_rows())
        return table

    return show(make, 1100, 160)


if __name__ == "__main__":
    raise SystemExit(main())
