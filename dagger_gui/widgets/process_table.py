"""Processes and devices with a verdict each, the remedy if it is bad, and restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.widgets._base import ElidedLabel, Heading
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._verdicts import Mark, RowsArea
from sessions.messages import ControlState, DeviceState, ProcessState, SupervisorState

Verdict = Literal["good", "bad", "off"]

RELEASE, LET_GO = "Release", "Let go"

_TRAINER_FINE = (None, 0, 3, -15)
"""How a trainer at rest may have ended: not begun, done, cancelled, cancelled while it started."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: what it is called.
        group: the heading it stands under, such as ``Processes``.
        verdict: ``good``, ``bad``, or ``off`` (not there, and not needed now).
        words: the verdict in words, such as ``runs`` or ``stopped``.
        detail: the reason and the remedy, or measured numbers.
        act: what its button says, such as ``Restart`` or ``Release``; empty for none.
    """

    name: str
    group: str
    verdict: Verdict
    words: str
    detail: str = ""
    act: str = ""


def process_rows(state: SupervisorState) -> tuple[Row, ...]:
    """The supervisor's processes as rows; the trainer at rest is no trouble."""
    return tuple(_process_row(p, state.training) for p in state.processes)


def _process_row(process: ProcessState, training: bool) -> Row:
    detail = process.text
    if process.suspended:
        words = "is ending" if process.running else "suspended"
        return Row(process.name, "Processes", "off", words, detail, "Resume")
    if process.running:
        if not detail and process.restarts:
            detail = "Restarted once."
            if process.restarts > 1:
                detail = f"Restarted {process.restarts} times."
        return Row(process.name, "Processes", "good", "runs", detail, "Restart")
    if process.name == "trainer" and not training and process.exit_code in _TRAINER_FINE:
        return Row(process.name, "Processes", "off", "at rest")
    if not detail:
        detail = "It was not started. Press Restart."
        if process.exit_code is not None:
            detail = f"It ended with code {process.exit_code}. Press Restart."
    return Row(process.name, "Processes", "bad", "stopped", detail, "Restart")


def device_rows(state: ControlState) -> tuple[Row, ...]:
    """The devices the control process sees, as rows: what is wrong, else what they measure.

    One whose motors hold can be let go here, by two presses, while the arm is not driven.
    """
    still = state.gate in ("hold", "fault")
    rows = zip(state.devices, (_device_row(d, state.reason) for d in state.devices), strict=True)
    return tuple(
        replace(row, act=LET_GO if device.name == state.releasing else RELEASE)
        if still and not row.act and device.name in state.holding
        else row
        for device, row in rows
    )


def _device_row(device: DeviceState, reason: str) -> Row:
    if not device.ok:
        stopped = device.kind == "robot" and reason == "self_stopped"
        act = "" if stopped or device.kind == "policy" else "Reconnect"
        words = "stopped" if stopped else "lost"
        return Row(device.name, "Devices", "bad", words, device.text, act)
    if device.warnings:
        return Row(device.name, "Devices", "bad", "warns", "\n".join(device.warnings))
    return Row(device.name, "Devices", "good", "answers", _figures(device))


def _figures(device: DeviceState) -> str:
    """What it measures of itself, with what its bus lost."""
    if not device.figures:
        return device.text
    lost = [(device.lost, "lost"), (device.corrupt, "corrupt")]
    counts = [f"{count} {word}" for count, word in lost if count and word not in device.figures]
    return ", ".join([device.figures, *counts])


class VerdictMark(Mark):
    """A shape and a colour: a dot for good, a warning triangle for bad, a ring for off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("off", parent)

    def draw(self, painter: QPainter, box: QRectF) -> None:
        """The dot or the ring."""
        look = theme.current()
        good = self.verdict() == "good"
        painter.setPen(QPen(look.stroke("good") if good else QColor(look.edge), 1.5))
        painter.setBrush(look.stroke("good") if good else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box.adjusted(2, 2, -2, -2))


class _Line:
    """The widgets of one row, updated in place."""

    def __init__(self, owner: ProcessTable, grid: QGridLayout, at: int, row: Row) -> None:
        self.mark = VerdictMark()
        self.name = QLabel(row.name)
        self.words = QLabel()
        self.detail = ElidedLabel(muted=True, lines=2)
        # Of figures, which change, two lines always; of trouble all that is to be read.
        self.trouble = Words(wrap=True)
        self.trouble.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.trouble.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        said = QVBoxLayout()
        said.setContentsMargins(0, 0, 0, 0)
        said.addWidget(self.detail)
        said.addWidget(self.trouble)
        self.restart = KeyButton("Restart")
        self.restart.setAccessibleName(f"Restart {row.name}")
        self.restart.setFixedWidth(self.restart.widthFor("Restart", "Reconnect", "Resume", RELEASE))
        self.restart.clicked.connect(owner.restartClicked)
        for column, widget in enumerate((self.mark, self.name, self.words)):
            grid.addWidget(widget, at, column)
        grid.addLayout(said, at, 3)
        grid.addWidget(self.restart, at, 4)
        policy = self.restart.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.restart.setSizePolicy(policy)
        self.show(row)

    def show(self, row: Row) -> None:
        """Puts a row's content into the widgets."""
        self.mark.setVerdict(row.verdict)
        self.mark.setAccessibleName(f"{row.name} {row.words}")
        if row.words != self.words.text():
            self.words.setText(row.words)
        bad = row.verdict == "bad"
        self.detail.setText("" if bad else row.detail)
        self.trouble.setText(row.detail if bad else "")
        self.detail.setVisible(not bad)
        self.trouble.setVisible(bad)
        self.restart.setVisible(bool(row.act))
        if row.act and row.act != self.restart.text():
            self.restart.setText(row.act)
            self.restart.setAccessibleName(f"{row.act} {row.name}")


class ProcessTable(QWidget):
    """Grouped rows in a scroll area; rebuilt only when other rows come."""

    restartRequested = Signal(str)  # noqa: N815
    reconnectRequested = Signal(str)  # noqa: N815
    releaseRequested = Signal(str)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[Row, ...] = ()
        self._lines: list[_Line] = []
        self._read_only = ""
        self._area = RowsArea()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._area)
        self.setAccessibleName("Processes and devices")
        self._build()

    def value(self) -> tuple[Row, ...]:
        """What is shown."""
        return self._rows

    def setReadOnly(self, why: str) -> None:
        """Greys the buttons with the reason; empty takes it back."""
        self._read_only = why
        for line in self._lines:
            line.restart.setLocked(why)

    def setRows(self, rows: Sequence[Row]) -> None:
        """Shows rows in the order given, a heading before each new group."""
        new = tuple(rows)
        if new == self._rows:
            return
        same = [(r.group, r.name) for r in new] == [(r.group, r.name) for r in self._rows]
        self._rows = new
        if not same:
            self._build()
            return
        for line, row in zip(self._lines, new, strict=True):
            line.show(row)

    def restartClicked(self) -> None:
        """Tells which row's button was pressed."""
        pressed = self.sender()
        for line, row in zip(self._lines, self._rows, strict=True):
            if line.restart is pressed:
                asks = {
                    "Reconnect": self.reconnectRequested,
                    RELEASE: self.releaseRequested,
                    LET_GO: self.releaseRequested,
                }
                asks.get(row.act, self.restartRequested).emit(row.name)

    def sizeHint(self) -> QSize:
        """A page."""
        return QSize(theme.grid(150), theme.grid(100))

    def _build(self) -> None:
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, theme.grid(2), 0)
        grid.setHorizontalSpacing(theme.grid(3))
        grid.setVerticalSpacing(theme.grid(2))
        grid.setColumnStretch(3, 1)
        for column, steps in ((1, 18), (2, 18)):  # so that a longer word moves nothing
            grid.setColumnMinimumWidth(column, theme.grid(steps))
        self._lines = []
        at, group = 0, ""
        for row in self._rows:
            if row.group != group:
                if group:
                    grid.setRowMinimumHeight(at, theme.grid(4))
                    at += 1
                grid.addWidget(Heading(row.group), at, 0, 1, 5)
                at, group = at + 1, row.group
            self._lines.append(_Line(self, grid, at, row))
            self._lines[-1].restart.setLocked(self._read_only)
            at += 1
        if not self._rows:
            empty = QLabel("No process answers yet. The station is starting.")
            empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
            grid.addWidget(empty, 0, 0, 1, 5)
        grid.setRowStretch(at + 1, 1)
        self._area.setRowsBody(body)


def example_rows() -> tuple[Row, ...]:
    """Made-up rows, for running alone and for tests."""
    return (
        Row("world", "Processes", "good", "runs", "", "Restart"),
        Row("policy", "Processes", "good", "runs", "Restarted once.", "Restart"),
        Row("cameras", "Processes", "good", "runs", "", "Restart"),
        Row(
            "recorder",
            "Processes",
            "bad",
            "stopped",
            "It ended with code -9. Press Restart.",
            "Restart",
        ),
        Row("control", "Processes", "good", "runs", "", "Restart"),
        Row("trainer", "Processes", "off", "at rest"),
        Row("robot", "Devices", "good", "answers", "Simulated ViperX 300 S, 50 Hz."),
        Row("top", "Devices", "good", "answers", "640x480, 30 fps."),
        Row(
            "gamepad",
            "Devices",
            "bad",
            "lost",
            "No pad found. Plug one in, or choose the keyboard as operator below.",
            "Reconnect",
        ),
    )


def main() -> int:
    """Processes and devices, some in trouble."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        table = ProcessTable()
        table.setRows(example_rows())
        return table

    return show(make, 700, 460)


if __name__ == "__main__":
    raise SystemExit(main())
