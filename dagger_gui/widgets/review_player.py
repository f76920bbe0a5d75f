"""The buttons that move the cursor of a recorded attempt: play, speed, frames, corrections."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontMetrics
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
        self._group = QButtonGroup(self)
        self._fact = ElidedLabel("", size="small", muted=True)
        self._place = ElidedLabel("", bold=True)
        self.setAccessibleName("Player")
        self._row = QHBoxLayout()
        self._row.setSpacing(theme.grid(1))
        self._arrange()
        self._play.clicked.connect(self.playRequested)
        for name, button in self._moves.items():
            button.setToolTip(f"{_MOVES[name][2]} ({_MOVES[name][1]})")
            button.setAccessibleName(_MOVES[name][2])
            button.clicked.connect(lambda _=False, n=name: self.moveRequested.emit(n))

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
        self._place.setToolTip("Time since the attempt began, and frame")
        metrics = QFontMetrics(theme.font("body", bold=True))
        self._place.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._place.setFixedWidth(metrics.horizontalAdvance("00:00.0  0000 / 0000") + 8)
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
            button.setFixedWidth(button.widthFor("0.25×"))
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
        place = f"{clock(seconds)}  {row + 1} / {rows}" if rows else ""
        self._place.setText(place)
        self._fact.setText(fact)

    def place(self) -> str:
        """Where the cursor is, in words."""
        return self._place.text()

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
