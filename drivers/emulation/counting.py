"""Between the ticks of an axis and what a servo on it says in its position registers."""

from __future__ import annotations

from drivers.dynamixel.tables import TICKS_PER_TURN

_MOST_HOMING_IN_ONE_TURN = 1024


class Counting:
    """How one servo counts its axis.

    Args:
        mirrored: mounted so that its encoder runs against the axis.
        offset: what its encoder reads where the axis is at 0 [ticks].

    Attributes:
        reversed: its drive mode turns the direction of its registers round.
        homing: its homing offset [ticks].
        one_turn: it is in position mode, which limits the homing offset to a quarter turn.
    """

    def __init__(self, *, mirrored: bool, offset: int) -> None:
        self.reversed = False
        self.homing = 0
        self.one_turn = True
        self._mirror = -1 if mirrored else 1
        self._offset = offset
        self._turns = 0

    @property
    def sense(self) -> int:
        """1 if its registers rise with the axis, else -1."""
        return -self._mirror if self.reversed else self._mirror

    def position(self, ticks: float) -> int:
        """Present Position where the axis is at ``ticks``."""
        return self._encoder(ticks) - self._turns + self._home()

    def ticks(self, position: int) -> float:
        """Where the axis is when Present Position says ``position``."""
        encoder = position - self._home() + self._turns
        return self._mirror * ((-encoder if self.reversed else encoder) - self._offset)

    def within_one_turn(self, ticks: float) -> None:
        """Forgets the turns made: the position is the encoder's own, 0 to 4095, from now on."""
        encoder = self._encoder(ticks)
        self._turns = encoder - encoder % TICKS_PER_TURN

    def _encoder(self, ticks: float) -> int:
        raw = round(self._mirror * ticks + self._offset)
        return -raw if self.reversed else raw

    def _home(self) -> int:
        if not self.one_turn:
            return self.homing
        return max(-_MOST_HOMING_IN_ONE_TURN, min(_MOST_HOMING_IN_ONE_TURN, self.homing))
