"""The buttons that move the cursor of a recorded attempt: play, speed, frames, corrections."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._painting import clock

_MOVES = {  # what is told, its words, the keys that do the same
    "start": ("«", "Home", "To the first frame"),
    "previous": ("Prev", "PgUp", "To the correction before"),
    "back": ("−1", ",", "One frame back"),
    "forward": ("+1", ".", "One frame on"),
    "next": ("Next", "PgDn", "To the next correction"),
    "end": ("»", "End", "To the last frame"),
}


class ReviewPlayer(QWidget):
    """A row of buttons over a line of facts; what they do is told, not done."""

    playRequested = Signal()  # noqa: N815
    speedRequested = Signal(float)  # noqa: N815
    moveRequested = Signal(str)  # noqa: N815  a name of ``_MOVES``

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._play = KeyButton("Play", "K", strong=True, dense=True)
        self._play.setFixedWidth(self._play.widthFor("Play", "Pause"))
        self._moves = {name: KeyButton(w, key, dense=True) for name, (w, key, _) in _MOVES.items()}
        self._speeds: dict[float, KeyButton] = {}
        self._narrow = False
        self._where = ("", "")  # time, frame
        self._group = QButtonGroup(self)
        self._fact = ElidedLabel("", size="small", muted=True)
        self._place = ElidedLabel("", bold=True)
        self.setAccessibleName("Player")
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.grid(1))
        self._arrange()
        self._play.clicked.connect(self.playRequested)
        for name, button in self._moves.items():
            button.clicked.connect(lambda _=False, n=name: self.moveRequested.emit(n))
        self._show_moves()
        self._show_place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is less room, the moves' keys are in their tool tips only."""
        super().resizeEvent(event)
        narrow = self.width() < self._width(narrow=False)
        if narrow != self._narrow:
            self._narrow = narrow
            self._show_moves()
            self._show_place()

    def minimumSizeHint(self) -> QSize:
        """What it can do with."""
        return QSize(self._width(narrow=True), super().minimumSizeHint().height())

    def _width(self, narrow: bool) -> int:
        """What the wider of its rows asks for [px]."""
        gap, moves = theme.grid(1), 0
        for word, key, _ in _MOVES.values():
            button = KeyButton(word, "" if narrow else key, dense=True)
            moves += button.sizeHint().width() + gap
        speeds = (self._speed_width(narrow=narrow) + gap) * len(self._speeds)
        facts = self._place_width(narrow=narrow) + 2 * theme.grid(2) + speeds - gap
        return max(moves + self._play.width(), facts)

    def _show_place(self) -> None:
        """Time and frame; where there is less room the frame is in the tool tip only."""
        self._place.setFixedWidth(self._place_width(narrow=self._narrow))
        self._place.setText(self._where[0] if self._narrow else self.place())
        frame = f" {self._where[1]}" if self._where[1] else ""
        self._place.setToolTip(f"Time since the attempt began, and frame{frame}")

    @staticmethod
    def _place_width(*, narrow: bool) -> int:
        words = "00:00.0" if narrow else "00:00.0  0000 / 0000"
        return QFontMetrics(theme.font("body", bold=True)).horizontalAdvance(words) + 8

    @staticmethod
    def _speed_width(*, narrow: bool) -> int:
        """Of every speed's button, by the longest of them [px]."""
        air = theme.grid(1.5) if narrow else theme.grid(5)
        return QFontMetrics(theme.font("small", bold=True)).horizontalAdvance("0.25×") + air

    def _show_moves(self) -> None:
        for name, button in self._moves.items():
            _word, key, means = _MOVES[name]
            button.setKey("" if self._narrow else key)
            button.setToolTip(f"{means} ({key})")
            button.setAccessibleName(means)
        for button in self._speeds.values():
            button.setFixedWidth(self._speed_width(narrow=self._narrow))

    def _arrange(self) -> None:
        names = [*_MOVES]
        for name in names[:3]:
            self._row.addWidget(self._moves[name])
        self._row.addWidget(self._play)
        for name in names[3:]:
            self._row.addWidget(self._moves[name])
        self._row.addStretch()
        facts = QHBoxLayout()
        facts.setSpacing(theme.grid(2))
        self._place.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        facts.addWidget(self._place)
        facts.addWidget(self._fact, 1)
        self._rates = QHBoxLayout()
        self._rates.setSpacing(theme.grid(1))
        facts.addLayout(self._rates)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1.5))
        column.addLayout(facts)
        column.addLayout(self._row)

    def setSpeeds(self, speeds: Sequence[float], slower: str = "", faster: str = "") -> None:
        """The speeds to choose from, and the keys that go through them."""
        for speed in speeds:
            button = KeyButton(f"{speed:g}×", dense=True, size="small")
            button.setCheckable(True)
            button.setFixedWidth(self._speed_width(narrow=self._narrow))
            button.setAccessibleName(f"Play {speed:g} times as fast")
            button.setToolTip(f"Slower ({slower}), faster ({faster})" if slower else "")
            button.clicked.connect(lambda _=False, s=speed: self.speedRequested.emit(s))
            self._group.addButton(button)
            self._speeds[speed] = button
            self._rates.addWidget(button)

    def setKeys(self, play: str) -> None:
        """The key shown on Play."""
        self._play.setKey(play)
        self._play.setFixedWidth(self._play.widthFor("Play", "Pause"))

    def setPlaying(self, on: bool) -> None:
        """Whether it plays: the button then pauses."""
        self._play.setText("Pause" if on else "Play")

    def setSpeed(self, speed: float) -> None:
        """The speed that is chosen."""
        if speed in self._speeds:
            self._speeds[speed].setChecked(True)

    def setPlace(self, seconds: float, row: int, rows: int, fact: str = "") -> None:
        """Where the cursor is, and what is there.

        Args:
            seconds: since the attempt began [s].
            row: of the tick, from 0.
            rows: how many there are; 0 for no attempt.
            fact: what that tick is, in a few words.
        """
        self._where = (clock(seconds), f"{row + 1} / {rows}") if rows else ("", "")
        self._show_place()
        self._fact.setText(fact)

    def place(self) -> str:
        """Where the cursor is, in words."""
        return "  ".join(self._where) if self._where[0] else ""

    def fact(self) -> str:
        """What is there, in words."""
        return self._fact.text()

    def setEnabled(self, on: bool) -> None:
        """Without an attempt there is nothing to play."""
        for button in (self._play, *self._moves.values(), *self._speeds.values()):
            button.setEnabled(on)


def main() -> int:
    """Twelve seconds that nobody plays."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        bar = ReviewPlayer()
        bar.setSpeeds((0.25, 0.5, 1.0, 2.0, 4.0), "J", "L")
        bar.setSpeed(1.0)
        bar.speedRequested.connect(bar.setSpeed)
        bar.setPlace(7.34, 366, 630, "correction by keyboard · doubt 0.12")
        return bar

    return show(make, 640, 90)


if __name__ == "__main__":
    raise SystemExit(main())
