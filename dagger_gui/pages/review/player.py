"""The one time cursor of the Review page, and the clock that moves it while it plays."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
_TICK_MS = 33
_HOLD_MS = 350  # a frame key that is held goes on by itself after this
_REPEAT_MS = 60


class Player(QObject):
    """Which tick is shown; plays by the recorded times, not by counting frames.

    Args:
        parent: Qt owner.
        clock: monotonic seconds.
    """

    moved = Signal(int)  # the tick shown
    playing_changed = Signal(bool)
    speed_changed = Signal(float)

    def __init__(
        self, parent: QObject | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(parent)
        self._clock = clock
        self._t: NDArray[np.float64] = np.zeros(0)
        self._row = 0
        self._at_s = self._since = 0.0
        self.speed = 1.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._advance)
        self._held = 0
        self._repeat = QTimer(self)
        self._repeat.timeout.connect(self._again)

    @property
    def row(self) -> int:
        """The tick shown."""
        return self._row

    @property
    def seconds(self) -> float:
        """Its time since the first tick [s]."""
        return float(self._t[self._row]) if len(self._t) else 0.0

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._timer.isActive()

    def load(self, t: NDArray[np.float64]) -> None:
        """Takes another attempt's times, shape (T,) [s], and goes to its first tick."""
        self.pause()
        self.release()
        self._t, self._row = t, 0
        self.moved.emit(0)

    def seek(self, row: int) -> None:
        """Goes to a tick, the nearest there is; playing goes on from there."""
        row = min(max(row, 0), max(len(self._t) - 1, 0))
        self._at_s = float(self._t[row]) if len(self._t) else 0.0
        self._since = self._clock()
        self._go(row)

    def step(self, ticks: int) -> None:
        """That many ticks on or back; stops playing."""
        self.pause()
        self.seek(self._row + ticks)

    def hold(self, ticks: int) -> None:
        """Steps, and goes on stepping until ``release``."""
        self.step(ticks)
        self._held = ticks
        self._repeat.start(_HOLD_MS)

    def release(self) -> None:
        """Ends ``hold``."""
        self._repeat.stop()

    def toggle(self) -> None:
        """Plays or pauses; at the end it plays again from the start."""
        if self.playing:
            self.pause()
        elif len(self._t) > 1:
            self.seek(0 if self._row >= len(self._t) - 1 else self._row)
            self._timer.start()
            self.playing_changed.emit(True)

    def pause(self) -> None:
        """Stops playing."""
        if self.playing:
            self._timer.stop()
            self.playing_changed.emit(False)

    def set_speed(self, speed: float) -> None:
        """Plays that many times as fast."""
        if speed != self.speed:
            self._at_s, self._since = self.seconds, self._clock()
            self.speed = speed
            self.speed_changed.emit(speed)

    def shift(self, steps: int) -> None:
        """That many speeds faster or slower, as far as there are any."""
        at = min(max(SPEEDS.index(self.speed) + steps, 0), len(SPEEDS) - 1)
        self.set_speed(SPEEDS[at])

    def _advance(self) -> None:
        seconds = self._at_s + (self._clock() - self._since) * self.speed
        self._go(max(self._row, int(np.searchsorted(self._t, seconds + 1e-9, side="right")) - 1))
        if self._row >= len(self._t) - 1:
            self.pause()

    def _again(self) -> None:
        self._repeat.setInterval(_REPEAT_MS)
        self.seek(self._row + self._held)

    def _go(self, row: int) -> None:
        if row != self._row:
            self._row = row
            self.moved.emit(row)
