"""What can be wrong with a bus, and telling it so while it runs."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass
class Faults:
    """What is wrong with a line; all well by default.

    Attributes:
        loss: share of packets that nobody hears, instructions and answers alike.
        corruption: share of packets in which one byte arrives changed.
        missing: ids of servos that are not there (cable, no power).
        delay_s: how much later than usual every answer comes [s].
        seed: draws which packets suffer.
    """

    loss: float = 0.0
    corruption: float = 0.0
    missing: set[int] = field(default_factory=set)
    delay_s: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self.lost = 0
        self.corrupted = 0

    def travelled(self, data: bytes) -> bytes | None:
        """What arrives of one packet; None if nothing does."""
        if self.loss and self._chance.random() < self.loss:
            self.lost += 1
            return None
        if self.corruption and self._chance.random() < self.corruption:
            self.corrupted += 1
            place = self._chance.randrange(len(data))
            changed = data[place] ^ self._chance.randrange(1, 256)
            return data[:place] + bytes([changed]) + data[place + 1 :]
        return data
