"""Measured, policy and sent values of every joint over the last seconds, one row a joint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QGraphicsLineItem, QWidget

from dagger_gui import theme
from dagger_gui.widgets._joint_row import CURVES, LEADER, JointRow, curve_colour
from dagger_gui.widgets._legend import Legend, Swatch
from dagger_gui.widgets._painting import controller_brush
from dagger_gui.widgets._plotting import SHADES, Plots, TimeAxis, pen
from dagger_gui.widgets._thinning import Thinning
from sessions.types import Controller

Array = NDArray[np.float64]
_DRIVES = (Controller.HUMAN, Controller.DEMO)
_EMPTY = "No joints yet. Start the station to see what the arm does."


class JointPlots(Plots):
    """Rows of curves with fixed ranges; the wheel zooms a joint, a double click enlarges it."""

    valueChanged = Signal(dict)  # noqa: N815
    leftChanged = Signal(float)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._limits: tuple[Array, Array] = (np.zeros(0), np.zeros(0))
        self._enlarged: str | None = None
        self._rows: dict[str, JointRow] = {}
        self._window = 10.0
        self._t: Array = np.zeros(0)
        self._first = 0
        self._data: dict[str, Array] = {}
        self._controller: NDArray[Any] = np.zeros(0, np.uint8)
        self._has_leader, self._unit = False, "rad"
        self._shown: tuple[object, ...] = ()
        self._missing: tuple[Array | None, Array | float] = (None, 0.0)
        self._seconds: float | None = None  # under the cursor
        self._line = QGraphicsLineItem()
        self.scene().addItem(self._line)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
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
        *,
        leader: bool = False,
        unit: str = "rad",
    ) -> None:
        """Names and limits, each of length A [``unit``; a gripper 0..1].

        Args:
            names: the joints; one that ends in ``gripper`` is an opening.
            lower: lowest positions.
            upper: highest positions.
            window_s: length of the time axis [s].
            leader: whether a leader's ghost is to be expected, and explained in the legend.
            unit: of what is no gripper; empty if nobody knows it.

        Raises:
            ValueError: as many limits as names are needed, each lower below its upper.
        """
        low, high = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
        if not len(names) == len(low) == len(high):
            raise ValueError(f"{len(names)} joints, {len(low)} lower and {len(high)} upper limits.")
        if not (low < high).all():
            bad = names[int(np.argmin(low < high))]
            raise ValueError(f"The lower limit of {bad} is not below its upper limit.")
        shown = (tuple(names), low.tolist(), high.tolist(), window_s, leader, unit)
        if shown == self._shown:  # the same robot again, as at every start of its loop
            self.clear()
            return
        self._shown = shown
        self._names, self._limits, self._window = tuple(names), (low, high), window_s
        self._has_leader, self._unit = leader, unit
        self._forget()
        self.restyle()
        self.refresh()

    def setData(
        self,
        t: Array,
        measured: Array,
        policy: Array,
        sent: Array,
        controller: NDArray[Any],
        human: Array | None = None,
        first: int = 0,
    ) -> None:
        """Everything for one frame of display; hidden, it costs nothing.

        Args:
            t: shape (N,), seconds before now, rising and <= 0.
            measured: shape (N, A).
            policy: shape (N, A), NaN where there was no proposal.
            sent: shape (N, A), NaN where nothing was sent.
            controller: shape (N,), ``sessions.types.Controller``.
            human: shape (N, A), what the human's device asked for, NaN where nothing. While the
                human does not drive, that is where their leader is: it is drawn as a ghost.
            first: running number of the first of the N, see ``Thinning``.

        Raises:
            ValueError: the shapes do not agree with each other or with ``setJoints``.
        """
        shape = (len(t), len(self._names))
        given = {"measured": measured, "policy": policy, "sent": sent}
        given[LEADER] = np.full(shape, np.nan) if human is None else human
        for word, values in given.items():
            if values.shape != shape:
                raise ValueError(f"{word} has shape {values.shape}, not {shape}.")
        if controller.shape != t.shape:
            raise ValueError(f"controller has shape {controller.shape}, not {t.shape}.")
        self._t, self._controller, self._data, self._first = t, controller, given, first
        if human is not None:
            self._data[LEADER] = np.where(np.isin(controller, _DRIVES)[:, None], np.nan, human)
        self.refresh()

    def setAlignment(self, missing: Array | None, tolerance: Array | float = 0.0) -> None:
        """Says at each joint how far the leader must still be moved to agree with the arm.

        Args:
            missing: shape (A,), arm minus leader [rad; the gripper 0..1], NaN for a joint without
                leader; None while nothing is being aligned.
            tolerance: a joint this near is aligned; one for all, or shape (A,).

        Raises:
            ValueError: another number of joints than ``setJoints`` named.
        """
        if missing is not None and missing.shape != (len(self._names),):
            raise ValueError(f"missing has shape {missing.shape}, not ({len(self._names)},).")
        before, self._missing = self._missing[0], (missing, tolerance)
        if missing is not None or before is not None:
            self.refresh()

    def clear(self) -> None:
        """Takes the curves off."""
        self._forget()
        self._point(None)
        self.refresh()

    def _forget(self) -> None:
        none = np.zeros((0, len(self._names)))
        self._t, self._data = np.zeros(0), dict.fromkeys((*CURVES, LEADER), none)
        self._controller = np.zeros(0, np.uint8)
        self._missing = (None, 0.0)

    # How it shows it, remembered by the window

    def value(self) -> dict[str, Any]:
        """``{"enlarged": joint name or None, "zoom": {joint: [low, high]}}``."""
        zoom = {name: row.zoomed() for name, row in self._rows.items()}
        return {"enlarged": self._enlarged, "zoom": {n: z for n, z in zoom.items() if z}}

    def setValue(self, value: dict[str, Any]) -> None:
        """Restores what ``value`` gave; joints that are not there are left out."""
        before = self.value()
        enlarged, zoom = value.get("enlarged"), dict(value.get("zoom", {}))
        self._enlarged = enlarged if enlarged in self._names else None
        for name, row in self._rows.items():
            low, high = zoom.get(name, row.full)
            row.setYRange(*((low, high) if low < high else row.full), padding=0)
        self._arrange()
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def enlarge(self, name: str | None) -> None:
        """Shows one joint at full height, or all of them (None)."""
        if name is None or name in self._names:
            self.setValue(self.value() | {"enlarged": name})

    def resetScales(self) -> None:
        """Every joint back to its limits."""
        self.setValue(self.value() | {"zoom": {}})

    def rowRect(self, name: str) -> QRectF:
        """The plot area of a joint; empty while another one is enlarged."""
        row = self._rows.get(name)
        if row is None or not row.isVisible():
            return QRectF()
        self.settle()
        return QRectF(row.sceneBoundingRect())

    def hints(self) -> dict[str, str]:
        """What is said at each joint while aligning; empty words where nothing is."""
        self.settle()
        return {name: row.hint() for name, row in self._rows.items()}

    def plotLeft(self) -> float:
        """Where the plot areas begin [px], for what is to line up with them."""
        small = QFontMetricsF(theme.font("small"))
        widths = [small.horizontalAdvance(name.replace("_", " ")) for name in self._names]
        widest = max([*widths, small.horizontalAdvance(f"−0.000 {self._unit}")])
        return float(math.ceil(widest + theme.grid(3)))

    def sizeHint(self) -> QSize:
        """Two lines of text a row and some air."""
        return QSize(theme.grid(105), theme.grid(11 * max(4, len(self._names)) + 12))

    def minimumSizeHint(self) -> QSize:
        """Names over values, nothing cut."""
        return QSize(theme.grid(60), theme.grid(8.5 * max(4, len(self._names)) + 12))

    # How it is built

    def build(self) -> None:
        """A legend, a row a joint, a time axis."""
        look, kept, left = theme.current(), self.value(), self.plotLeft()
        self.words = "" if self._names else _EMPTY
        self._rows, self._seconds = {}, None
        self._line.setPen(pen(look.muted))
        self._line.hide()
        self.leftChanged.emit(left)
        if not self._names:
            return
        self.ci.layout.setContentsMargins(0, 0, theme.grid(1), 0)
        self.ci.layout.setVerticalSpacing(theme.grid(0.75))
        self._add_legend()
        for i, name in enumerate(self._names):
            unit = f" {self._unit}" if self._unit and not name.endswith("gripper") else ""
            limits = float(self._limits[0][i]), float(self._limits[1][i])
            row = JointRow(name, unit, limits, self._window, left)
            row.sigRangeChangedManually.connect(self._zoomed)
            self.ci.addItem(row.axis, i + 1, 0)
            self.ci.addItem(row, i + 1, 1)
            self._rows[name] = row
        self._axis = TimeAxis(self._window)
        self.ci.addItem(self._axis, len(self._names) + 1, 1)
        before = self.blockSignals(True)
        self.setValue(kept)
        self.blockSignals(before)

    def _add_legend(self) -> None:
        ghost = self._has_leader
        margin, gap = (theme.grid(1), 1.75) if ghost else (0.0, 3.0)
        legend = Legend(len(CURVES) + len(SHADES) + ghost, margin, gap)
        for word in CURVES:
            legend.addItem(Swatch(curve_colour(word), 2), word)
        if ghost:
            legend.addItem(Swatch(curve_colour(LEADER), 2, dashed=True), LEADER)
        for who, word in SHADES.items():
            legend.addItem(Swatch(controller_brush(who, 0.6), theme.grid(2)), word)
        # One entry more needs the room over the names as well.
        self.ci.addItem(legend, 0, 0 if ghost else 1, 1, 1 + ghost)

    def _arrange(self) -> None:
        for name, row in self._rows.items():
            on = self._enlarged in (None, name)
            row.setVisible(on)
            row.axis.setVisible(on)
            row.enlarge(self._enlarged == name)
        self._point(None)  # it was measured in the rows as they were
        self.refresh()

    def _zoomed(self) -> None:
        for row in self._rows.values():
            row.showRange()
        self.valueChanged.emit(self.value())

    def fill(self) -> None:
        """Curves, spans, values and cursor."""
        spans = None
        missing, near = self._missing[0], np.broadcast_to(self._missing[1], len(self._names))
        t, drawn = self._thinned()
        for i, (name, row) in enumerate(self._rows.items()):
            if self._enlarged not in (None, name):
                continue
            for word, curve in row.curves.items():
                curve.setData(t, drawn[word][:, i])
            spans = spans or row.spans(self._t, self._controller)
            row.setSpans(spans)
            row.showValue(float(self._data["measured"][-1, i]) if len(self._t) else math.nan)
            row.showHint(None if missing is None else float(missing[i]), float(near[i]))
        self._show_cursor()

    def _thinned(self) -> tuple[Array, dict[str, Array]]:
        """What the curves are drawn through: the cursor reads all of it."""
        width = max((row.width() for row in self._rows.values()), default=0.0)
        thinning = Thinning(len(self._t), self._first, width * self.devicePixelRatioF())
        return thinning.times(self._t), {w: thinning.values(v) for w, v in self._data.items()}

    def _point(self, at: QPointF | None) -> None:
        """Moves the cursor to a place in the view, or takes it away."""
        shown = [row for row in self._rows.values() if row.isVisible()]
        if not shown:
            return
        area = shown[0].sceneBoundingRect().united(shown[-1].sceneBoundingRect())
        self._seconds = None
        if at is not None and area.left() <= at.x() <= area.right():
            self._seconds = ((at.x() - area.left()) / area.width() - 1) * self._window
            self._line.setLine(at.x(), area.top(), at.x(), area.bottom())
        self._line.setVisible(self._seconds is not None)
        self._axis.point(self._seconds)
        for row in shown:
            row.placeCursor(self._seconds)
        self._show_cursor()

    def _show_cursor(self) -> None:
        if self._seconds is None or not len(self._t):
            return
        tick = min(int(np.searchsorted(self._t, self._seconds)), len(self._t) - 1)
        for i, row in enumerate(self._rows.values()):
            if row.isVisible():
                row.showCursor({word: float(v[tick, i]) for word, v in self._data.items()})

    # Hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Values at the cursor, and what a drag does."""
        super().mouseMoveEvent(event)
        self._point(event.position())

    def leaveEvent(self, event: QEvent) -> None:
        """No cursor, no values."""
        super().leaveEvent(event)
        self._point(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Enlarges the joint under the cursor, or shows all again."""
        if self._enlarged:
            self.enlarge(None)
            return
        for name in self._names:
            row = self.rowRect(name)
            if row.top() <= event.position().y() <= row.bottom():
                self.enlarge(name)
                return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose a joint, plus and minus zoom it, 0 resets, Escape shows all."""
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self._names:
            down = key == Qt.Key.Key_Down
            here = self._names.index(self._enlarged) if self._enlarged else -1 if down else 0
            self.enlarge(self._names[(here + (1 if down else -1)) % len(self._names)])
        elif key == Qt.Key.Key_Escape and self._enlarged:
            self.enlarge(None)
        elif key == Qt.Key.Key_0:
            self.resetScales()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Minus) and self._enlarged:
            self._rows[self._enlarged].scaleBy(y=0.8 if key == Qt.Key.Key_Plus else 1.25)
            self._zoomed()
        else:
            event.ignore()


def main() -> int:
    """Seven joints that swing, with a correction that passes by."""
    from dagger_gui.widgets._demo import show

    names = ("waist", "shoulder", "elbow", "forearm_roll", "wrist_angle", "wrist_rotate", "gripper")
    lower, upper = np.full(7, -2.0), np.full(7, 2.0)
    lower[6], upper[6] = 0.0, 1.0

    def make() -> QWidget:
        plots = JointPlots()
        plots.setJoints(names, lower, upper, leader=True)
        return plots

    def tick(widget: QWidget, now: float) -> None:
        assert isinstance(widget, JointPlots)
        t = np.linspace(-10, 0, 500)
        swing = np.sin((now + t)[:, None] * (0.5 + 0.1 * np.arange(7)))
        measured = lower + (upper - lower) * (0.5 + 0.35 * swing)
        human = np.sin((now + t) * 0.7) > 0.8
        policy = measured + np.where(human, 0.3, 0.05)[:, None] * (upper - lower) / 4
        who = np.where(human, 2, 1).astype(np.uint8)
        leader = measured + np.linspace(0.6, 0.02, 7) * (0.5 + 0.5 * np.cos(now))
        widget.setData(t, measured, policy, measured + 0.01, who, leader)
        widget.setAlignment(measured[-1] - leader[-1], 0.1)

    return show(make, 520, 520, tick)


if __name__ == "__main__":
    raise SystemExit(main())
