"""One camera, as large as fits, never distorted, with the age of what is shown.

A plain QWidget that draws a 32-bit QImage: several times cheaper than QLabel with QPixmap or an
image item (FIELD.md section 7).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import Painted
from dagger_gui.widgets._painting import draw_focus, draw_shape, draw_text

_BADGE = QColor(11, 13, 15, 190)  # on top of a picture, so the same in both themes
_ON_BADGE = QColor("#F2F4F6")
_REFERENCE_OPACITY = 0.45


class CameraView(Painted):
    """Shows frames of one camera.

    Args:
        name: the camera's name, shown and read by screen readers.
        parent: Qt parent.
    """

    enlargeRequested = Signal(str)  # noqa: N815
    crosshairChanged = Signal(bool)  # noqa: N815

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._pixels: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._reference: QImage | None = None
        self._age = math.nan
        self._stale_after = 0.2
        self._problem = ""
        self._crosshair = False
        self._empty = "No picture yet. Start the station, or check this camera on Station."
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"Camera {name}")
        self.setToolTip("Click to enlarge")

    def name(self) -> str:
        """The camera's name."""
        return self._name

    def age(self) -> float:
        """How old the picture shown is [s], NaN before the first."""
        return self._age

    def problem(self) -> str:
        """The sentence on the red edge: what was set, or the staleness; empty if all is well."""
        if self._problem:
            return self._problem
        if self._image is not None and self._age > self._stale_after:
            age = f"{self._age * 1000:.0f} ms" if self._age < 10 else f"{self._age:.0f} s"
            return f"Picture is {age} old. Check the camera's cable."
        return ""

    def setFrame(self, image: NDArray[np.uint8], age_s: float) -> None:
        """Shows ``image``, shape (H, W, 3), RGB, uint8, captured ``age_s`` ago; it is copied.

        Raises:
            ValueError: another shape; says which.
        """
        if image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"The picture has shape {image.shape}, not (H, W, 3).")
        height, width = image.shape[:2]
        if self._pixels is None or self._pixels.shape[:2] != (height, width):
            self._pixels = np.full((height, width, 4), 255, np.uint8)
            # The QImage looks into ``_pixels``: both live and die together.
            self._image = QImage(
                self._pixels.data, width, height, width * 4, QImage.Format.Format_RGB32
            )
        self._pixels[..., 0] = image[..., 2]
        self._pixels[..., 1] = image[..., 1]
        self._pixels[..., 2] = image[..., 0]
        self._age = age_s
        self.update()

    def setAge(self, age_s: float) -> None:
        """The picture shown has become this old [s]."""
        if age_s != self._age:
            self._age = age_s
            self.update()

    def setProblem(self, text: str) -> None:
        """Why the picture cannot be trusted (frozen, black, unplugged), with the remedy."""
        if text != self._problem:
            self._problem = text
            self.setAccessibleDescription(text)
            self.update()

    def setStaleAfter(self, seconds: float) -> None:
        """From which age on the picture gets its red edge [s]."""
        self._stale_after = seconds
        self.update()

    def setCrosshair(self, on: bool) -> None:
        """Draws a cross through the middle of the picture."""
        if on != self._crosshair:
            self._crosshair = on
            self.crosshairChanged.emit(on)
            self.update()

    def crosshair(self) -> bool:
        """Whether the cross is drawn."""
        return self._crosshair

    def setReference(self, image: NDArray[np.uint8] | None) -> None:
        """Lays a picture, shape (H, W, 3) RGB, half transparent over the live; None: none."""
        if image is None:
            self._reference = None
        else:
            height, width = image.shape[:2]
            data = np.ascontiguousarray(image)
            self._reference = QImage(
                data.data, width, height, width * 3, QImage.Format.Format_RGB888
            ).copy()
        self.update()

    def setEmptyText(self, text: str) -> None:
        """What to say, and to do, while there is no picture."""
        self._empty = text
        self.update()

    def clear(self) -> None:
        """Back to having no picture."""
        self._image = None
        self._pixels = None
        self._age = math.nan
        self.update()

    def sizeHint(self) -> QSize:
        """A 4:3 picture of some use."""
        return QSize(theme.grid(100), theme.grid(75))

    def minimumSizeHint(self) -> QSize:
        """Small enough for a row of cameras."""
        return QSize(theme.grid(40), theme.grid(30))

    def pictureRect(self) -> QRectF:
        """Where the picture lies: as large as fits with its own proportions, centred."""
        aspect = 4 / 3 if self._image is None else self._image.width() / self._image.height()
        width = min(float(self.width()), self.height() * aspect)
        height = width / aspect
        return QRectF(
            round((self.width() - width) / 2),
            round((self.height() - height) / 2),
            round(width),
            round(height),
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click asks for the enlarged view."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(
            event.position().toPoint()
        ):
            self.enlargeRequested.emit(self._name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return does what a click does; X toggles the cross."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.enlargeRequested.emit(self._name)
        elif event.key() == Qt.Key.Key_X:
            self.setCrosshair(not self._crosshair)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Picture, cross, name, age, trouble."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.sunken))
        place = self.pictureRect()
        if self._image is None:
            self._paint_empty(painter, place)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, self._image)
            if self._reference is not None:
                painter.setOpacity(_REFERENCE_OPACITY)
                painter.drawImage(place, self._reference)
                painter.setOpacity(1.0)
            if self._crosshair:
                _paint_cross(painter, place)
            self._paint_age(painter, place)
        self._paint_name(painter, place)
        problem = self.problem()
        if problem:
            self._paint_problem(painter, place, problem)
        if self.hasFocus():
            draw_focus(painter, self.rect())
        painter.end()

    def _paint_empty(self, painter: QPainter, place: QRectF) -> None:
        look = theme.current()
        painter.setPen(QPen(QColor(look.line), 1))
        painter.drawRect(place.adjusted(0.5, 0.5, -0.5, -0.5))
        if self._problem:
            return
        painter.setFont(theme.font("body"))
        painter.setPen(QColor(look.muted))
        inside = place.adjusted(theme.grid(6), theme.grid(6), -theme.grid(6), -theme.grid(6))
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        painter.drawText(inside, flags, self._empty)

    def _paint_name(self, painter: QPainter, place: QRectF) -> None:
        painter.setFont(theme.font("small", bold=True))
        metrics = QFontMetricsF(painter.font())
        width = min(metrics.horizontalAdvance(self._name) + theme.grid(4), place.width() * 0.6)
        box = QRectF(place.left(), place.top(), width, metrics.height() + theme.grid(1.5))
        painter.fillRect(box, _BADGE)
        painter.setPen(_ON_BADGE)
        draw_text(painter, box.adjusted(theme.grid(2), 0, -theme.grid(1), 0), self._name)

    def _paint_age(self, painter: QPainter, place: QRectF) -> None:
        look = theme.current()
        painter.setFont(theme.font("small"))
        metrics = QFontMetricsF(painter.font())
        width = metrics.horizontalAdvance("0000 ms") + theme.grid(3)
        height = metrics.height() + theme.grid(1.5)
        box = QRectF(place.right() - width, place.top(), width, height)
        stale = self._age > self._stale_after
        painter.fillRect(box, look.fill("fault") if stale else _BADGE)
        painter.setPen(QColor(look.ink) if stale else _ON_BADGE)
        inside = box.adjusted(theme.grid(1), 0, -theme.grid(1.5), 0)
        draw_text(painter, inside, _age_text(self._age), Qt.AlignmentFlag.AlignRight)

    def _paint_problem(self, painter: QPainter, place: QRectF, problem: str) -> None:
        look = theme.current()
        painter.setFont(theme.font("body", bold=True))
        metrics = QFontMetricsF(painter.font())
        inner_width = place.width() - theme.grid(9)
        flags = int(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap
        )
        wrapped = metrics.boundingRect(QRectF(0, 0, inner_width, 1000), flags, problem)
        height = min(wrapped.height() + theme.grid(3), place.height() * 0.6)
        bar = QRectF(place.left(), place.bottom() - height, place.width(), height)
        painter.fillRect(bar, look.fill("fault"))
        ink = QColor(look.ink)
        side = metrics.ascent()
        draw_shape(
            painter,
            QRectF(bar.left() + theme.grid(3), bar.center().y() - side / 2, side, side),
            "warning",
            ink,
        )
        painter.setPen(ink)
        text = QRectF(bar.left() + theme.grid(7.5), bar.top(), inner_width, bar.height())
        painter.drawText(text, flags, problem)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(look.fill("fault"), 4)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(place.adjusted(2, 2, -2, -2))


def _age_text(age_s: float) -> str:
    if not math.isfinite(age_s):
        return "– ms"
    if age_s < 9.9995:
        return f"{age_s * 1000:.0f} ms"
    return f"{min(age_s, 999):.0f} s"


def _paint_cross(painter: QPainter, place: QRectF) -> None:
    middle = place.center()
    for colour, width in ((QColor(0, 0, 0, 120), 3), (QColor(255, 255, 255, 200), 1)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(QPointF(place.left(), middle.y()), QPointF(place.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), place.top()), QPointF(middle.x(), place.bottom()))


def main() -> int:
    """A moving test picture that goes stale every ten seconds."""
    from dagger_gui.widgets._demo import show

    rows, columns = np.mgrid[0:480, 0:640]

    def make() -> QWidget:
        view = CameraView("top")
        view.enlargeRequested.connect(lambda _name: view.setCrosshair(not view.crosshair()))
        return view

    def tick(widget: QWidget, t: float) -> None:
        assert isinstance(widget, CameraView)
        if t % 10 < 7:
            disc = (columns - 320 - 200 * math.sin(t)) ** 2 + (rows - 240) ** 2 < 2500
            image = np.full((480, 640, 3), (70, 76, 84), np.uint8)
            image[disc] = (86, 180, 233)
            widget.setFrame(image, 0.041)
        else:
            widget.setAge(t % 10 - 7)

    return show(make, 660, 500, tick)


if __name__ == "__main__":
    raise SystemExit(main())
