"""Which action is due now: newest chunk or temporal ensembling, and the blend after a hand-back.

Pure numpy, no clock: ticks come in, actions go out.
"""

from __future__ import annotations

import numpy as np

from policies.base import ActionChunk, Floats

ENSEMBLING_DECAY = 0.01
"""Weight exp(-0.01 i) of the i-th oldest prediction (ACT, Zhao 2023, section IV)."""
KEPT = 256
"""Chunks held at most, for when nobody asks what is due while the arm holds."""


class ChunkSchedule:
    """Holds the chunks of the current epoch and says what is due.

    Args:
        ensembling: average all chunks that cover a tick instead of taking the newest.
        max_age: ticks since its observation after which a chunk is not used any more, so that a
            silent server is noticed before the chunk runs out; None uses chunks to their end.
        decay: of temporal ensembling; larger trusts the oldest more.
    """

    def __init__(
        self, ensembling: bool = False, max_age: int | None = None, decay: float = ENSEMBLING_DECAY
    ) -> None:
        self._ensembling = ensembling
        self._max_age = max_age
        self._decay = decay
        self._epoch = 0
        self._chunks: list[ActionChunk] = []

    def push(self, chunk: ActionChunk) -> None:
        """Takes a chunk; one of an earlier epoch than the last ``flush`` is dropped.

        Of two about the same tick the later one counts, unless its epoch is the earlier one.
        """
        if chunk.epoch < self._epoch or len(chunk.actions) == 0:
            return
        if any(c.tick == chunk.tick and c.epoch > chunk.epoch for c in self._chunks):
            return
        self._chunks = [c for c in self._chunks if c.tick != chunk.tick]
        self._chunks.append(chunk)
        self._chunks.sort(key=lambda c: c.tick)
        del self._chunks[:-KEPT]

    def due(self, tick: int) -> tuple[Floats | None, float]:
        """The action for ``tick``, shape (A,), and the newest chunk's doubt about it.

        Ticks must not go backwards: chunks that are over are forgotten.

        Returns:
            (None, NaN) while no chunk covers the tick.
        """
        self._chunks = [c for c in self._chunks if tick < c.tick + self._life(c)]
        usable = [c for c in self._chunks if c.tick <= tick]
        if not usable:
            return None, float("nan")
        newest = usable[-1]
        if not self._ensembling:
            return np.array(newest.actions[tick - newest.tick], dtype=np.float64), newest.doubt
        proposals = np.stack([c.actions[tick - c.tick] for c in usable])
        weights = np.exp(-self._decay * np.arange(len(usable)))
        return weights @ proposals / weights.sum(), newest.doubt

    def flush(self, epoch: int) -> None:
        """Drops everything asked for before ``epoch``, and will not take it later either."""
        self._epoch = epoch
        self._chunks = [c for c in self._chunks if c.epoch >= epoch]

    def _life(self, chunk: ActionChunk) -> int:
        length = len(chunk.actions)
        return length if self._max_age is None else min(length, self._max_age + 1)


class Blend:
    """From where the arm is to what the policy wants, over a number of ticks.

    The weight of the policy follows 3 w^2 - 2 w^3, at rest at both ends; after ``ticks`` calls the
    policy's actions pass unchanged.

    Args:
        start: shape (A,), the pose to leave from: the sent one if the arm was following, so that a
            grasp is not loosened to the opening the gripper measures.
        ticks: how many ticks it takes; 0 passes the policy's actions at once.
    """

    def __init__(self, start: Floats, ticks: int) -> None:
        self._start = np.array(start, dtype=np.float64)
        self._ticks = ticks
        self._done = 0

    @property
    def done(self) -> bool:
        """Whether the next action passes unchanged."""
        return self._done >= self._ticks

    def apply(self, action: Floats) -> Floats:
        """The action to send this tick, shape (A,), for what the policy wants this tick."""
        if self.done:
            return np.array(action, dtype=np.float64)
        self._done += 1
        w = self._done / self._ticks
        share = w * w * (3.0 - 2.0 * w)
        return self._start + share * (np.asarray(action, dtype=np.float64) - self._start)
