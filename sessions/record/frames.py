"""Takes camera frames out of their rings and encodes them, each once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from drivers.ring import RingError, RingReader
from sessions.record import jpeg

_LOOK_S = 0.5  # how often a missing or replaced ring is looked for
_RACE = 2  # oldest slots left alone: the writer may be in them

TakeFrame = Callable[..., None]


@dataclass
class _Source:
    path: Path
    reader: RingReader | None = None
    next: int = 0
    looked_at: float = float("-inf")


class FramePump:
    """The frame rings of all cameras.

    Args:
        runtime: the runtime folder.
        cameras: their names; a ring that is missing is waited for.
    """

    def __init__(self, runtime: Path, cameras: tuple[str, ...]) -> None:
        self.lost = 0
        self._sources = {name: _Source(runtime / f"frames-{name}.ring") for name in cameras}

    def begin(self, since: dict[str, float], now: float) -> None:
        """Goes back to the frame that each camera had taken at ``since`` [s].

        An episode's first tick knows a frame from before it began; that one must be in the file.

        Args:
            since: by camera, capture time of the oldest frame wanted [s].
            now: the clock [s].
        """
        for name, source in self._sources.items():
            self._look(source, now, at_once=True)
            if source.reader is None:
                continue
            head = source.reader.head
            source.next = head
            for i in range(head - 1, max(-1, head - source.reader.slots + _RACE), -1):
                record = source.reader.get(i)
                if record is None or float(record["t"]) < since[name]:
                    break
                source.next = i

    def resume(self, newest: dict[str, tuple[float, int]], now: float) -> None:
        """Goes back to the frame after the newest that an earlier recorder kept.

        Those that were overwritten in between count as lost, by the camera's own count.

        Args:
            newest: by camera, capture time [s] and sequence of that frame.
            now: the clock [s].
        """
        since = {name: newest.get(name, (0.0, 0))[0] for name in self._sources}
        self.begin(since, now)
        for name, (t, sequence) in newest.items():
            source = self._sources.get(name)
            reader = source.reader if source is not None else None
            first = reader.get(source.next) if source is not None and reader is not None else None
            if first is not None and float(first["t"]) > t:
                self.lost += max(0, int(first["sequence"]) - sequence - 1)

    def pump(self, take: TakeFrame, now: float) -> None:
        """Encodes every frame that has come and gives it to ``take(camera, t, jpeg, **facts)``.

        A frame that was overwritten before it could be read counts as lost.
        """
        for name, source in self._sources.items():
            if source.reader is not None:
                self._drain(name, source, take)
            if self._look(source, now):
                self._drain(name, source, take)

    def close(self) -> None:
        """Drops the mappings."""
        for source in self._sources.values():
            if source.reader is not None:
                source.reader.close()
                source.reader = None

    def _drain(self, name: str, source: _Source, take: TakeFrame) -> None:
        reader = source.reader
        if reader is None:
            return
        head = reader.head
        oldest = max(0, head - reader.slots + 1)
        if source.next < oldest:
            self.lost += oldest - source.next
            source.next = oldest
        for i in range(source.next, head):
            record = reader.get(i)
            if record is None:
                self.lost += 1
            else:
                _give(name, record, take)
        source.next = head

    def _look(self, source: _Source, now: float, *, at_once: bool = False) -> bool:
        """Opens a ring that appeared or was replaced; whether it did."""
        if not at_once and now - source.looked_at < _LOOK_S:
            return False
        source.looked_at = now
        if source.reader is not None:
            if not source.path.exists() or not source.reader.replaced():
                return False
            source.reader.close()
            source.reader = None
        with contextlib.suppress(RingError):
            source.reader = RingReader(source.path)
            source.next = 0
        return source.reader is not None


def _give(name: str, record: Any, take: TakeFrame) -> None:
    image = np.ascontiguousarray(record["image"])
    take(
        name,
        float(record["t"]),
        jpeg.encode(image),
        sequence=int(record["sequence"]),
        received_t=float(record["received_t"]),
        flags=int(record["flags"]),
    )
