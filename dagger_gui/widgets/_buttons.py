"""A button that shows its key: every action has one, and it is read where it is used."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.theme import Role, Size
from dagger_gui.widgets._painting import draw_key, draw_shape, draw_text


class KeyButton(QPushButton):
    """A flat button: optional shape, words, key cap at the right.

    It never takes focus by a click, so that the keys keep going where they went before; Tab
    reaches it all the same.

    Args:
        text: what it does, sentence case.
        key: the key that does the same, as printed on it; empty for none.
        role: fills it with a meaning's colour; None is neutral.
        shape: a shape of ``draw_shape`` before the words.
        size: type size of the words.
        strong: filled with the text colour: the most visible neutral there is.
        dense: a little lower, where many of them stand together.
    """

    def __init__(
        self,
        text: str,
        key: str = "",
        *,
        role: Role | None = None,
        shape: str = "",
        size: Size = "body",
        strong: bool = False,
        dense: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._dense = dense
        self._air = theme.grid(2.25 if dense else 3)
        self._key = key
        self._role: Role | None = role
        self._shape = shape
        self._size: Size = size
        self._strong = strong
        self._meaning, self._locked, self._wanted = "", "", True
        self._before = "", ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self._name()

    def key(self) -> str:
        """The key shown."""
        return self._key

    def setKey(self, key: str) -> None:
        """Shows another key (after remapping)."""
        if key != self._key:
            self._key = key
            self._name()
            self.updateGeometry()
            self.update()

    def setMeaning(self, sentence: str) -> None:
        """What it does, or why it cannot: its tool tip, with the key, and its description."""
        if sentence != self._meaning:
            self._meaning = sentence
            self._name()

    def setLocked(self, why: str) -> None:
        """Greys it, whatever it is told by ``setEnabled``, until called with no reason.

        Args:
            why: shown as its meaning; empty takes the lock away.
        """
        if why != self._locked:
            if not self._locked:
                self._before = self.toolTip(), self.accessibleDescription()
            self._locked = why
            super().setEnabled(self._wanted and not why)
            self._name()
            if not why:  # a page may have said more than its words
                self.setToolTip(self._before[0])
                self.setAccessibleDescription(self._before[1])

    def setEnabled(self, on: bool) -> None:
        """Whether it may be pressed, as far as it is not locked."""
        self._wanted = on
        super().setEnabled(on and not self._locked)

    def setText(self, text: str) -> None:
        """Changes the words; the same again is free."""
        if text != self.text():
            super().setText(text)
            self._name()

    def setLook(self, role: Role | None, *, shape: str = "", strong: bool = False) -> None:
        """Changes colour and shape together."""
        if (role, shape, strong) != (self._role, self._shape, self._strong):
            self._role, self._shape, self._strong = role, shape, strong
            self.updateGeometry()  # bold is wider, and a shape takes room
            self.update()

    def widthFor(self, *words: str) -> int:
        """The width [px] at which every one of ``words`` fits, in the bold of a fill."""
        metrics = QFontMetricsF(theme.font(self._size, bold=True))
        now = metrics.horizontalAdvance(self.text())
        if not self._bold():
            now = QFontMetricsF(theme.font(self._size)).horizontalAdvance(self.text())
        widest = max(metrics.horizontalAdvance(w) for w in words)
        return round(self.sizeHint().width() - now + widest) + 1

    def sizeHint(self) -> QSize:
        """Room for shape, words and key at the present font."""
        metrics = QFontMetricsF(theme.font(self._size, bold=self._bold()))
        close = self._dense and not (self._key or self._shape)
        width = metrics.horizontalAdvance(self.text()) + theme.grid(4 if close else 5)
        if self._shape:
            width += metrics.ascent() + theme.grid(2)
        if self._key:
            small = QFontMetricsF(theme.font("small"))
            width += max(small.height(), small.horizontalAdvance(self._key) + theme.grid(2)) + 2
            width += theme.grid(2)
        return QSize(round(width), round(metrics.height()) + self._air)

    def minimumSizeHint(self) -> QSize:
        """The words may be cut, the key not."""
        return QSize(theme.grid(10), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draws ground, edge, shape, words and key."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, edge, ink = self._colours()
        width = 2.0 if self.hasFocus() else 1.0
        box = QRectF(self.rect()).adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.setPen(QColor(theme.current().text) if self.hasFocus() else edge)
        pen = painter.pen()
        pen.setWidthF(width)
        painter.setPen(pen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box, theme.grid(), theme.grid())
        if self.hasFocus() and (self._role or self._strong):
            # On a fill the ring needs a second, inner line to be seen.
            painter.setPen(ink)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(2, 2, -2, -2), theme.grid() - 1, theme.grid() - 1)
        self._paint_content(painter, ink)
        painter.end()

    def _paint_content(self, painter: QPainter, ink: QColor) -> None:
        inside = QRectF(self.rect()).adjusted(theme.grid(2.5), 0, -theme.grid(2), 0)
        middle = inside.center().y()
        if self._key:
            used = draw_key(painter, inside.right(), middle, self._key, ink)
            inside.setRight(inside.right() - used - theme.grid(2))
        painter.setFont(theme.font(self._size, bold=self._bold()))
        painter.setPen(ink)
        if self._shape:
            side = round(QFontMetricsF(painter.font()).ascent())
            place = QRectF(inside.left(), middle - side / 2, side, side)
            draw_shape(painter, place, self._shape, ink)
            inside.setLeft(inside.left() + side + theme.grid(2))
        align = Qt.AlignmentFlag.AlignLeft
        if not self._key and not self._shape:
            align = Qt.AlignmentFlag.AlignHCenter
            air = theme.grid(0.5)
            inside = QRectF(self.rect()).adjusted(air, 0, -air, 0)
        draw_text(painter, inside, self.text(), align)

    def _colours(self) -> tuple[QColor, QColor, QColor]:
        look = theme.current()
        if not self.isEnabled():
            return QColor(0, 0, 0, 0), QColor(look.line), QColor(look.edge)
        if self._role:
            ground, edge, ink = look.fill(self._role), look.fill(self._role), QColor(look.ink)
        elif self._strong or self.isChecked():
            ground, edge, ink = QColor(look.text), QColor(look.text), QColor(look.window)
        else:
            ground, edge, ink = QColor(look.raised), QColor(look.edge), QColor(look.text)
        if self.isDown():
            ground = ground.darker(120)
        elif self.underMouse():
            ground = ground.lighter(112) if look.name == "dark" else ground.darker(104)
        return ground, edge, ink

    def _bold(self) -> bool:
        return bool(self._role) or self._strong or self._size == "large"

    def _name(self) -> None:
        means = self._locked or self._meaning
        key = f"Key {self._key}" if self._key else ""
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(f"{means} {key}".strip() if means else key)
        tip = means or self.text()
        self.setToolTip(f"{tip} ({self._key})" if self._key else means)
