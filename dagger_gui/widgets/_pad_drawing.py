"""Draws a gamepad as it lies in the hands, its controls as they are held."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from dagger_gui import theme
from dagger_gui.widgets._pad_data import GATES, SYMBOLS, PadControl

_WIDTH, _HEIGHT = 100.0, 45.0
ASPECT = _HEIGHT / _WIDTH
"""Height of the drawing over its width."""

_STICKS = (
    ("leftx", "lefty", "leftstick", 17.0, 25.0),
    ("rightx", "righty", "rightstick", 65.0, 34.0),
)
_BARS = (("lefttrigger", 7.0, 2.0), ("righttrigger", 73.0, 2.0))
_BUMPERS = (("leftshoulder", 7.0, 8.5), ("rightshoulder", 73.0, 8.5))
_FACES = (("a", 83.0, 31.5), ("b", 89.5, 25.0), ("x", 76.5, 25.0), ("y", 83.0, 18.5))
_CROSS = (
    ("dpup", 35.0, 30.0),
    ("dpdown", 35.0, 38.0),
    ("dpleft", 31.0, 34.0),
    ("dpright", 39.0, 34.0),
)
_MIDDLE = (("back", 40.0, 18.0), ("guide", 50.0, 18.0), ("start", 60.0, 18.0))
_RADIUS, _KNOB = 7.0, 3.4


def draw_pad(painter: QPainter, controls: tuple[PadControl, ...], width: float) -> None:
    """Draws a gamepad from the painter's origin, ``width`` px wide and ``ASPECT`` of it high."""
    by_name = {c.name: c for c in controls}
    unit = width / _WIDTH
    painter.save()
    _paint_body(painter, unit)
    for name, x, y in _BARS:
        _paint_bar(painter, unit, by_name.get(name), x, y)
    for name, x, y in _BUMPERS:
        _paint_button(painter, by_name.get(name), QRectF(x, y, 20, 4.6), unit, 0.3)
    for places, side in ((_FACES, 6.4), (_MIDDLE, 4.6)):
        for name, x, y in places:
            box = QRectF(x - side / 2, y - side / 2, side, side)
            _paint_button(painter, by_name.get(name), box, unit, 0.5)
    for name, x, y in _CROSS:
        box = QRectF(x - 2, y - 2, 4, 4)
        _paint_button(painter, by_name.get(name), box, unit, 0.1, label=False)
    for across, along, press, x, y in _STICKS:
        parts = [by_name.get(name) for name in (across, along, press)]
        _paint_stick(painter, unit, parts, x, y)
    painter.restore()


def _paint_body(painter: QPainter, unit: float) -> None:
    painter.setPen(QPen(QColor(theme.current().line), 1))
    painter.setBrush(QColor(theme.current().window))
    body = _scaled(QRectF(1, 11, 98, 33.5), unit)
    painter.drawRoundedRect(body, 12 * unit, 12 * unit)


def _paint_bar(
    painter: QPainter, unit: float, control: PadControl | None, x: float, y: float
) -> None:
    """A trigger: a bar that fills as far as it is pulled."""
    if control is None:
        return
    look = theme.current()
    box = _scaled(QRectF(x, y, 20, 4.6), unit)
    painter.setPen(QPen(QColor(look.edge), 1))
    painter.setBrush(QColor(look.sunken))
    painter.drawRect(box)
    filled = QRectF(box)
    filled.setWidth(box.width() * min(max(control.value, 0.0), 1.0))
    painter.fillRect(filled, QColor(look.edge))
    _paint_label(painter, box, control, QColor(look.text))


def _paint_button(
    painter: QPainter,
    control: PadControl | None,
    box: QRectF,
    unit: float,
    roundness: float,
    *,
    label: bool = True,
) -> None:
    if control is None:
        return
    fill, ink = _colours(control)
    painter.setPen(QPen(QColor(theme.current().edge), 1))
    painter.setBrush(fill)
    place = _scaled(box, unit)
    radius = place.height() * roundness
    painter.drawRoundedRect(place, radius, radius)
    if label:
        _paint_label(painter, place, control, ink)


def _paint_label(painter: QPainter, box: QRectF, control: PadControl, ink: QColor) -> None:
    """What is printed on it, if it fits; else its place says which it is."""
    words = SYMBOLS.get(control.label, control.label)
    painter.setFont(theme.font("small"))
    if QFontMetricsF(painter.font()).horizontalAdvance(words) > box.width() - 2:
        return
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


def _paint_stick(
    painter: QPainter, unit: float, parts: list[PadControl | None], x: float, y: float
) -> None:
    look = theme.current()
    across, along, press = parts
    middle = QPointF(x * unit, y * unit)
    painter.setPen(QPen(QColor(look.edge), 1))
    painter.setBrush(QColor(look.sunken))
    painter.drawEllipse(middle, _RADIUS * unit, _RADIUS * unit)
    dx, dy = (across.value if across else 0.0), (along.value if along else 0.0)
    reach = max(1.0, math.hypot(dx, dy))  # square sticks stay in the round
    throw = (_RADIUS - _KNOB) * unit / reach
    fill, _ = _colours(press) if press else (QColor(look.raised), QColor(look.text))
    moved = bool((across and across.held) or (along and along.held))
    painter.setPen(QPen(QColor(look.text if moved else look.edge), 2 if moved else 1))
    painter.setBrush(fill)
    at = QPointF(middle.x() + dx * throw, middle.y() + dy * throw)
    painter.drawEllipse(at, _KNOB * unit, _KNOB * unit)


def _colours(control: PadControl) -> tuple[QColor, QColor]:
    """Fill and ink of a button: raised at rest, the human's colour if it is the gate, else text."""
    look = theme.current()
    if not control.held:
        return QColor(look.raised), QColor(look.text)
    if control.action in GATES:
        return look.fill("human"), QColor(look.ink)
    return QColor(look.text), QColor(look.window)


def _scaled(box: QRectF, unit: float) -> QRectF:
    return QRectF(box.x() * unit, box.y() * unit, box.width() * unit, box.height() * unit)
