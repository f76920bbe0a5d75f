"""Measured, policy and sent values of every joint over the last seconds, one row a joint.

One QPainter pass over everything instead of a graphics scene with a curve item each: at 21 curves
of 500 points that took a quarter of pyqtgraph's time here, and rows, names and values line up to
the pixel. The ground (names, grid, limits) is kept as a picture until size, theme or scale change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._joint_layout import (
    CURVES,
    JointLayout,
    curve_colour,
    draw_ground,
    draw_time_ends,
)
from dagger_gui.widgets._joint_scales import JointScales
from dagger_gui.widgets._painting import (
    controller_brush,
    draw_curve,
    draw_focus,
    draw_text,
    number,
    runs,
    thinned,
)
from sessions.types import Controller

Array = NDArray[np.float64]
_RIGHT = Qt.AlignmentFlag.AlignRight
_EMPTY = "No joints yet. Start the station to see what the arm does."


class JointPlots(Painted):
    """Rows of curves with fixed ranges; wheel zooms a joint, a double click enlarges it."""

    valueChanged = Signal(dict)  # noqa: N815
    leftChanged = Signal(float)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scales = JointScales()
        self._window = 10.0
        self._t: Array = np.zeros(0)
        self._data: dict[str, Array] = {}
        self._controller: NDArray[Any] = np.zeros(0, np.uint8)
        self._layout: JointLayout | None = None
        self._ground: QPixmap | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Joint plots")
        self.setAccessibleDescription(
            "Measured, policy and sent values over the last seconds. Arrow keys choose a joint to "
            "enlarge, plus and minus zoom, 0 goes back to the joint's limits, Escape shows all."
        )

    # What it shows

    def setJoints(
        self,
        names: Sequence[str],
        lower: Sequence[float] | Array,
        upper: Sequence[float] | Array,
        window_s: float = 10.0,
    ) -> None:
        """Names and limits, each of length A [rad; the last is the gripper, 0..1]."""
        self._scales.set_joints(
            tuple(names), np.asarray(lower, np.float64), np.asarray(upper, np.float64)
        )
        self._window = window_s
        self.clear()
        self.restyle()
        self.leftChanged.emit(self.plotLeft())

    def setData(
        self, t: Array, measured: Array, policy: Array, sent: Array, controller: NDArray[Any]
    ) -> None:
        """Everything for one frame of display; hidden, it costs nothing.

        Args:
            t: shape (N,), seconds before now, rising and <= 0.
            measured: shape (N, A).
            policy: shape (N, A), NaN where there was no proposal.
            sent: shape (N, A), NaN where nothing was sent.
            controller: shape (N,), ``sessions.types.Controller``.

        Raises:
            ValueError: the shapes do not agree with each other or with ``setJoints``.
        """
        shape = (len(t), len(self._scales.names))
        for word, values in (("measured", measured), ("policy", policy), ("sent", sent)):
            if values.shape != shape:
                raise ValueError(f"{word} has shape {values.shape}, not {shape}.")
        if controller.shape != t.shape:
            raise ValueError(f"controller has shape {controller.shape}, not {t.shape}.")
        self._t, self._controller = t, controller
        self._data = {"measured": measured, "policy": policy, "sent": sent}
        if self.isVisible():
            self.update()

    def clear(self) -> None:
        """Takes the curves off."""
        self._t, self._data = np.zeros(0), {}
        self._controller = np.zeros(0, np.uint8)
        self.update()

    # How it shows it, remembered by the window

    def value(self) -> dict[str, Any]:
        """``{"enlarged": joint name or None, "zoom": {joint: [low, high]}}``."""
        return self._scales.value()

    def setValue(self, value: dict[str, Any]) -> None:
        """Restores what ``value`` gave; joints that are not there are left out."""
        if self._scales.set_value(value):
            self._changed()

    def enlarge(self, name: str | None) -> None:
        """Shows one joint at full height, or all of them (None)."""
        if self._scales.enlarge(name):
            self._changed()

    def resetScales(self) -> None:
        """Every joint back to its limits."""
        if self._scales.reset():
            self._changed()

    def rowRect(self, name: str) -> QRectF:
        """The plot area of a joint; empty while another one is enlarged."""
        return self._place().row(name)

    def plotLeft(self) -> float:
        """Where the plot areas begin [px], for what is to line up with them."""
        return float(self._place().left)

    def sizeHint(self) -> QSize:
        """Two lines of text a row and some air."""
        return QSize(theme.grid(105), theme.grid(11 * max(4, len(self._scales.names)) + 12))

    def minimumSizeHint(self) -> QSize:
        """Names over values, nothing cut."""
        return QSize(theme.grid(60), theme.grid(8.5 * max(4, len(self._scales.names)) + 12))

    def restyle(self) -> None:
        """Layout and ground are made again at the next paint."""
        before = self._layout.left if self._layout is not None else None
        self._layout = self._ground = None
        if before is not None and self._place().left != before:
            self.leftChanged.emit(self.plotLeft())
        self.update()

    def _changed(self) -> None:
        self.restyle()
        self.valueChanged.emit(self.value())

    def _place(self) -> JointLayout:
        if self._layout is None:
            self._layout = JointLayout(self._scales, self.size(), self._window)
        return self._layout

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Layout and ground have the widget's size."""
        self._layout = self._ground = None
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, spans, curves, values."""
        if self._ground is None:
            self._ground = self._draw_ground()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground)
        if self._scales.names:
            spans = [s for s in runs(self._controller) if s[2] != Controller.POLICY]
            for name in self._scales.shown():
                self._paint_row(painter, name, spans)
            if self._pointer is not None and len(self._t):
                self._paint_cursor(painter, self._pointer)
        if self.hasFocus():
            draw_focus(painter, self.rect())
        painter.end()

    def _draw_ground(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        ground = QPixmap(self.size() * ratio)
        ground.setDevicePixelRatio(ratio)
        ground.fill(QColor(theme.current().surface))
        painter = QPainter(ground)
        painter.setFont(theme.font("small" if self._scales.names else "body"))
        if self._scales.names:
            draw_ground(painter, self._place())
        else:
            painter.setPen(QColor(theme.current().muted))
            flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
            painter.drawText(QRectF(self.rect()), flags, _EMPTY)
        painter.end()
        return ground

    def _paint_row(self, painter: QPainter, name: str, spans: list[tuple[int, int, int]]) -> None:
        layout = self._place()
        row = layout.row(name)
        joint = self._scales.names.index(name)
        painter.save()
        painter.setClipRect(row)
        x = layout.x(row, self._t)
        painter.setPen(Qt.PenStyle.NoPen)
        for start, stop, who in spans:
            end = x[stop] if stop < len(x) else x[-1]
            painter.setBrush(controller_brush(who, 0.26))
            painter.drawRect(QRectF(x[start], row.top(), end - x[start], row.height()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        low, high = self._scales.range(name)
        width = 1.5 if self._scales.enlarged else 1.0
        for word in reversed(CURVES):  # what was measured lies on top
            values = self._data.get(word)
            if values is None:
                continue
            painter.setPen(QPen(curve_colour(word), width))
            y = row.bottom() - (values[:, joint] - low) / (high - low) * row.height()
            draw_curve(painter, *thinned(x, y, round(row.width())))
        painter.restore()
        self._paint_value(painter, layout, joint, row)

    def _paint_value(self, painter: QPainter, layout: JointLayout, joint: int, row: QRectF) -> None:
        values = self._data.get("measured")
        text = number(float(values[-1, joint])) if values is not None and len(values) else "–"
        painter.setFont(theme.font("small"))
        painter.setPen(QColor(theme.current().text))
        unit = QFontMetricsF(painter.font()).horizontalAdvance(" rad")
        right = row.left() - theme.grid(2) - unit
        draw_text(painter, QRectF(0, layout.name_middle(row), right, layout.line), text, _RIGHT)

    def _paint_cursor(self, painter: QPainter, pointer: QPointF) -> None:
        look, layout = theme.current(), self._place()
        first = layout.row(self._scales.shown()[0])
        if not first.left() <= pointer.x() <= first.right():
            return
        seconds = (pointer.x() - first.left()) / first.width() * self._window - self._window
        at = min(int(np.searchsorted(self._t, seconds)), len(self._t) - 1)
        x = round(pointer.x()) + 0.5
        bottom = self.height() - layout.foot
        painter.setPen(QPen(QColor(look.muted), 1))
        painter.drawLine(QPointF(x, first.top()), QPointF(x, bottom))
        painter.setFont(theme.font("small"))
        width = QFontMetricsF(painter.font()).horizontalAdvance("−0.000") + theme.grid(1)
        ground = QColor(look.sunken)
        ground.setAlphaF(0.85)
        for name in self._scales.shown():
            row = layout.row(name)
            joint = self._scales.names.index(name)
            on_left = x + 3 * width + theme.grid(2) > row.right()
            left = x - 3 * width - theme.grid(1) if on_left else x + theme.grid(1)
            painter.fillRect(QRectF(left, row.top() + 1, 3 * width, layout.line), ground)
            for i, word in enumerate(CURVES):
                painter.setPen(curve_colour(word))
                cell = QRectF(left + i * width, row.top() + 1, width - 3, layout.line)
                draw_text(painter, cell, number(float(self._data[word][at, joint])), _RIGHT)
        # The axis makes room for the time under the cursor.
        painter.fillRect(QRectF(0, bottom, self.width(), layout.foot), QColor(look.surface))
        painter.setPen(QColor(look.text))
        box = QRectF(x - 40, bottom, 80, layout.foot)
        draw_text(painter, box, f"{number(seconds, 1)} s", Qt.AlignmentFlag.AlignHCenter)
        painter.setPen(QColor(look.muted))
        if first.left() + 80 < x < first.right() - 80:
            draw_time_ends(painter, layout)

    # Hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Values at the cursor."""
        self._pointer = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """No cursor, no values."""
        self._pointer = None
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enlarges the joint under the cursor, or shows all again."""
        under = self._place().joint_at(event.position().y())
        self.enlarge(None if self._scales.enlarged else under)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zooms the joint under the cursor around the value under the cursor."""
        name = self._place().joint_at(event.position().y())
        if name is None or event.angleDelta().y() == 0:
            return
        row = self.rowRect(name)
        fraction = (row.bottom() - event.position().y()) / max(1.0, row.height())
        if self._scales.zoom(name, 0.8 ** (event.angleDelta().y() / 120), fraction):
            self._changed()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a joint, plus and minus zoom it, 0 resets, Escape shows all."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._scales.names:
            self.enlarge(self._scales.neighbour(1 if key == Qt.Key.Key_Down else -1))
        elif key == Qt.Key.Key_Escape and self._scales.enlarged:
            self.enlarge(None)
        elif key == Qt.Key.Key_0:
            self.resetScales()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus) and self._scales.enlarged:
            factor = 0.8 if key == Qt.Key.Key_Plus else 1.25
            if self._scales.zoom(self._scales.enlarged, factor, 0.5):
                self._changed()
        else:
            super().keyPressEvent(event)


def main() -> int:
    """Seven joints that swing, with a correction that passes by."""
    from dagger_gui.widgets._demo import show

    names = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate", "gripper")
    lower, upper = np.full(7, -2.0), np.full(7, 2.0)
    lower[6], upper[6] = 0.0, 1.0

    def make() -> QWidget:
        plots = JointPlots()
        plots.setJoints(names, lower, upper)
        return plots

    def tick(widget: QWidget, now: float) -> None:
        assert isinstance(widget, JointPlots)
        t = np.linspace(-10, 0, 500)
        swing = np.sin((now + t)[:, None] * (0.5 + 0.1 * np.arange(7)))
        measured = lower + (upper - lower) * (0.5 + 0.35 * swing)
        human = np.sin((now + t) * 0.7) > 0.8
        policy = measured + np.where(human, 0.3, 0.05)[:, None] * (upper - lower) / 4
        widget.setData(t, measured, policy, measured + 0.01, np.where(human, 2, 1).astype(np.uint8))

    return show(make, 520, 520, tick)


if __name__ == "__main__":
    raise SystemExit(main())
