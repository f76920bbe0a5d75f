"""Corrections of any attempts as a list: picture, category with its colour, time, doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QWidget

from dagger_gui import theme
from dagger_gui.widgets._intervention_list import (
    InterventionDelegate,
    InterventionModel,
    Key,
    key_of,
)
from dagger_gui.widgets._painting import clock, draw_text, number
from dagger_gui.widgets._record_row import paint_untagged
from dagger_gui.widgets._record_view import RecordView
from sessions.messages import Intervention

_PICTURES = 300  # decoded ones that are kept


class CorrectionModel(InterventionModel):
    """Corrections in the order they are given, of which there may be thousands."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[Key, int] = {}
        self.colours: dict[str, str] = {}

    def set_items(self, items: list[Intervention]) -> None:
        """Replaces the list, painting only what differs."""
        before = self._items
        if [key_of(i) for i in before] != [key_of(i) for i in items]:
            self.beginResetModel()
            self._items = items
            self._rows = {key_of(item): row for row, item in enumerate(items)}
            self.endResetModel()
            return
        self._items = items
        for row, (old, new) in enumerate(zip(before, items, strict=True)):
            if old != new:
                if old.thumbnail != new.thumbnail:
                    self._thumbnails.pop(key_of(new), None)
                self.dataChanged.emit(self.index(row), self.index(row))

    def row(self, key: Key | None) -> int:
        """The row of an intervention, -1 if it is not here."""
        return -1 if key is None else self._rows.get(key, -1)

    def thumbnail(self, item: Intervention) -> QImage | None:
        """The decoded picture; only the newest few hundred are kept."""
        while len(self._thumbnails) > _PICTURES:
            self._thumbnails.pop(next(iter(self._thumbnails)))
        return super().thumbnail(item)


class CorrectionDelegate(InterventionDelegate):
    """A picture with the category's colour beside it, and three lines of words."""

    steps = 15

    def paint_colour(
        self, painter: QPainter, picture: QRectF, item: Intervention, model: InterventionModel
    ) -> None:
        """Its category's, down the left edge."""
        if item.category and isinstance(model, CorrectionModel):
            colour = QColor(model.colours.get(item.category, theme.current().edge))
            strip = QRectF(picture.left(), picture.top(), theme.grid(1.5), picture.height())
            painter.fillRect(strip, colour)

    def paint_lines(self, painter: QPainter, box: QRectF, item: Intervention, label: str) -> None:
        """Category and length; where; what else is known."""
        _paint_lines(painter, box, item, label)


def _paint_lines(painter: QPainter, box: QRectF, item: Intervention, label: str) -> None:
    look, third = theme.current(), box.height() / 3
    lines = [QRectF(box.left(), box.top() + i * third, box.width(), third) for i in range(3)]
    small = theme.font("small")
    painter.setFont(small)
    painter.setPen(QColor(look.muted))
    duration = f"{number(item.duration_s, 1)} s"
    draw_text(painter, lines[0], duration, Qt.AlignmentFlag.AlignRight)
    draw_text(painter, lines[1], f"attempt {item.episode} at {clock(item.t)}")
    draw_text(painter, lines[2], _third_line(item))
    painter.setFont(theme.font("body", bold=True))
    lines[0].setRight(lines[0].right() - QFontMetricsF(small).horizontalAdvance(duration) - 8)
    if item.category:
        painter.setPen(QColor(look.text))
        draw_text(painter, lines[0], label)
        return
    paint_untagged(painter, lines[0])


def _third_line(item: Intervention) -> str:
    state = "discarded" if item.discarded else "" if item.recovered else "not recovered"
    doubt = f"doubt {number(item.doubt, 3)}" if item.doubt == item.doubt else ""
    return " · ".join(filter(None, (state, item.note, doubt)))


class CorrectionList(RecordView):
    """The list; ``valueChanged`` when somebody chooses a correction."""

    valueChanged = Signal(object)  # noqa: N815  (episode, identity)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._rows = CorrectionModel()
        super().__init__(self._rows, CorrectionDelegate(), "Corrections, newest first", parent)
        self._told: Key | None = None
        self.chosen.connect(lambda _row: self._tell())
        self.clicked.connect(lambda _index: self._again())

    def setCategories(self, labels: Mapping[str, str], colours: Mapping[str, str]) -> None:
        """Words and ``#RRGGBB`` by name of category."""
        self._rows.colours = dict(colours)
        self._rows.set_labels(dict(labels))

    def setInterventions(self, items: Sequence[Intervention]) -> None:
        """The corrections, from the top; the selection stays on its correction."""
        before = self.value()
        self._rows.set_items(list(items))
        self.setValue(before)

    def interventions(self) -> list[Intervention]:
        """What is shown."""
        return self._rows.items()

    def value(self) -> Key | None:
        """(episode, identity) of the chosen correction."""
        row = self.current()
        items = self._rows.items()
        return key_of(items[row]) if 0 <= row < len(items) else None

    def setValue(self, value: Key | None) -> None:
        """Chooses a correction; tells nobody."""
        self.setCurrent(self._rows.row(value))

    def _again(self) -> None:
        """A click on the chosen one leads there once more."""
        if self._told != self.value():
            self._tell()
        self._told = None

    def _tell(self) -> None:
        self._told = self.value()
        self.valueChanged.emit(self._told)


def main() -> int:
    """Three hundred corrections."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        found = CorrectionList()
        found.setCategories({"grasp": "Grasp"}, {"grasp": "#CC6677"})
        found.setInterventions(
            [
                Intervention(n, 100, 3.0, 1.7, 0.05, "grasp" if n % 3 else "", "", False, n % 4 > 0)
                for n in range(300, 0, -1)
            ]
        )
        return found

    return show(make, 300, 420)


if __name__ == "__main__":
    raise SystemExit(main())
