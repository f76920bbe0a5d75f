"""A bar for each joint while an arm is calibrated: where it is, how far it was swept, its range."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._painting import draw_text

_ROW, _NAME, _FIGURES = 8.5, 28.0, 56.0


@dataclass(frozen=True)
class JointSweep:
    """One joint. Angles in rad; None where nothing is known yet.

    Attributes:
        name: the joint.
        now: where it is.
        low: the lowest place it was moved to.
        high: the highest.
        lower: lowest it may ever have; None: half a turn.
        upper: highest it may ever have; None: half a turn.
        done: whether enough of its range was swept.
        active: whether the present step is about it.
    """

    name: str
    now: float | None = None
    low: float | None = None
    high: float | None = None
    lower: float | None = None
    upper: float | None = None
    done: bool = False
    active: bool = False

    def figures(self) -> tuple[str, str]:
        """Its angle, and what was swept, in words."""
        now = "–" if self.now is None else f"{_degrees(self.now)}°"
        if self.low is None or self.high is None:
            return now, ""
        swept = f"{_degrees(self.low)}° to {_degrees(self.high)}°"
        return now, f"{swept}  ✓ swept" if self.done else swept


class CalibrationBars(Painted):
    """The joints, one under the other.

    Args:
        parent: Qt owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._joints: tuple[JointSweep, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Joints")

    def value(self) -> tuple[JointSweep, ...]:
        """What is shown."""
        return self._joints

    def setValue(self, joints: Sequence[JointSweep]) -> None:
        """Shows the joints as they are; equal ones are free."""
        new = tuple(joints)
        if new == self._joints:
            return
        if len(new) != len(self._joints):
            self.updateGeometry()
        self._joints = new
        said = (f"{joint.name} {' '.join(joint.figures())}".strip() for joint in new)
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def sizeHint(self) -> QSize:
        """A row a joint."""
        return QSize(theme.grid(150), theme.grid(_ROW) * max(1, len(self._joints)))

    def minimumSizeHint(self) -> QSize:
        """Room for names, figures and a short bar."""
        return QSize(theme.grid(_NAME + _FIGURES + 12), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Every row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = theme.grid(_ROW)
        for row, joint in enumerate(self._joints):
            self._paint_joint(painter, joint, QRectF(0, row * height, self.width(), height))
        painter.end()

    def _paint_joint(self, painter: QPainter, joint: JointSweep, box: QRectF) -> None:
        look = theme.current()
        name = QRectF(box.left(), box.top(), theme.grid(_NAME), box.height())
        figures = QRectF(
            box.right() - theme.grid(_FIGURES), box.top(), theme.grid(_FIGURES), box.height()
        )
        quiet = any(other.active for other in self._joints) and not joint.active
        painter.setFont(theme.font("body", bold=joint.active))
        painter.setPen(QColor(look.muted if quiet else look.text))
        draw_text(painter, name, f"▸ {joint.name}" if joint.active else joint.name)
        self._paint_track(painter, joint, _track(name, figures, box))
        now, swept = joint.figures()
        painter.setFont(theme.font("body", bold=joint.active))
        painter.setPen(QColor(look.muted if quiet else look.text))
        width = QFontMetricsF(painter.font()).horizontalAdvance("−000°")
        place = QRectF(figures.left() + theme.grid(3), figures.top(), width, figures.height())
        draw_text(painter, place, now, Qt.AlignmentFlag.AlignRight)
        painter.setFont(theme.font("small"))
        painter.setPen(look.stroke("good") if joint.done else QColor(look.muted))
        rest = QRectF(place.right() + theme.grid(3), figures.top(), 1e4, figures.height())
        rest.setRight(box.right())
        draw_text(painter, rest, swept)

    def _paint_track(self, painter: QPainter, joint: JointSweep, track: QRectF) -> None:
        look = theme.current()
        lower = -math.pi if joint.lower is None else joint.lower
        upper = math.pi if joint.upper is None else joint.upper

        def at(angle: float) -> float:
            share = (angle - lower) / (upper - lower)
            return track.left() + min(1.0, max(0.0, share)) * track.width()

        radius = track.height() / 2
        painter.setPen(QPen(QColor(look.edge if joint.active else look.line), 1))
        painter.setBrush(QColor(look.sunken))
        painter.drawRoundedRect(track, radius, radius)
        if joint.low is not None and joint.high is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.fill("good") if joint.done else look.fill("hold"))
            swept = QRectF(at(joint.low), track.top() + 2, 0, track.height() - 4)
            swept.setRight(max(at(joint.high), swept.left() + 1))
            painter.drawRoundedRect(swept, min(radius - 2, swept.width() / 2), radius - 2)
        if lower < 0.0 < upper:
            painter.setPen(QPen(QColor(look.edge), 1))
            zero = round(at(0.0)) + 0.5
            painter.drawLine(QPointF(zero, track.top()), QPointF(zero, track.bottom()))
        if joint.now is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(look.text))
            width = theme.grid(1)
            painter.drawRoundedRect(
                QRectF(at(joint.now) - width / 2, track.top() - 3, width, track.height() + 6), 2, 2
            )


def _track(name: QRectF, figures: QRectF, box: QRectF) -> QRectF:
    height = theme.grid(3)
    left = name.right() + theme.grid(2)
    return QRectF(left, box.center().y() - height / 2, figures.left() - left, height)


def _degrees(angle: float) -> str:
    return f"{math.degrees(angle):.0f}".replace("-", "−")


def example(elapsed: float = 0.0) -> tuple[JointSweep, ...]:
    """Made-up joints that a hand moves, for running alone and for tests."""
    swing = math.sin(elapsed)
    return (
        JointSweep("waist", 0.4 * swing, -3.0, 3.0, -3.14, 3.14, done=True),
        JointSweep("shoulder", swing, min(0.0, swing), 1.1, -1.85, 1.26),
        JointSweep("elbow", 0.2, None, None, -1.76, 1.61),
        JointSweep("wrist_angle", None, None, None, -1.87, 2.23),
    )


def main() -> int:
    """Joints that move."""
    from dagger_gui.widgets._demo import show

    def tick(widget: QWidget, t: float) -> None:
        assert isinstance(widget, CalibrationBars)
        widget.setValue(example(t))

    return show(CalibrationBars, 900, 260, tick)


if __name__ == "__main__":
    raise SystemExit(main())
