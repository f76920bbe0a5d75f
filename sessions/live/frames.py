"""What the loop knows of the cameras: when their newest picture was taken, and a small copy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.base import Camera, Floats, Frame, Image
from drivers.ring import RingError, RingReader
from policies.images import shrink
from sessions.live.pictures import FROZEN

_REOPEN_S = 0.5


class FrameSource(Protocol):
    """Newest frames of a station's cameras; never blocks."""

    names: tuple[str, ...]

    def times(self, now: float) -> Floats:
        """Capture time of each camera's newest frame, shape (C,) [s]; NaN before the first."""

    def image(self, camera: str, height: int, width: int) -> Image | None:
        """The newest frame reduced to (height, width, 3) RGB; None before the first."""


def _shown_t(record: NDArray[Any]) -> float:
    """Capture time of a frame; NaN of a frozen one, which shows an earlier moment."""
    return float("nan") if int(record["flags"]) & FROZEN else float(record["t"])


class RingFrames:
    """Frames of the camera process, read from its rings.

    A frozen picture keeps the time it was first seen: it grows old like that of a lost camera.

    Args:
        runtime: the workspace's private runtime folder.
        names: the station's cameras.
    """

    def __init__(self, runtime: Path, names: tuple[str, ...]) -> None:
        self.names = names
        self._runtime = runtime
        self._readers: dict[str, RingReader] = {}
        self._checked_t = float("-inf")
        self._times = np.full(len(names), np.nan)
        self._small: dict[tuple[str, int, int], tuple[int, Image]] = {}

    def times(self, now: float) -> Floats:
        """Capture time of each camera's newest frame, shape (C,) [s]; NaN before the first."""
        self._reopen(now)
        for i, name in enumerate(self.names):
            reader = self._readers.get(name)
            if reader is None or reader.head == 0:
                continue
            t = reader.read(reader.head - 1, _shown_t)
            if t is not None and not np.isnan(t):  # else the last one known will do
                self._times[i] = t
        return self._times

    def image(self, camera: str, height: int, width: int) -> Image | None:
        """The newest frame reduced to (height, width, 3); computed once a frame."""
        reader = self._readers.get(camera)
        if reader is None or reader.head == 0:
            return None
        index = reader.head - 1
        key = (camera, height, width)
        known = self._small.get(key)
        if known is not None and known[0] == index:
            return known[1]

        def reduce(record: NDArray[Any]) -> Image:
            return shrink(record["image"], height, width)

        small = reader.read(index, reduce)
        if small is None:
            return known[1] if known is not None else None
        self._small[key] = (index, small)
        return small

    def close(self) -> None:
        """Drops the mappings."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def _reopen(self, now: float) -> None:
        """Maps rings that have appeared, and again those whose writer restarted."""
        if now - self._checked_t < _REOPEN_S:
            return
        self._checked_t = now
        for name in self.names:
            reader = self._readers.get(name)
            if reader is not None and not reader.replaced():
                continue
            try:
                fresh = RingReader(self._runtime / f"frames-{name}.ring")
            except RingError:
                continue
            if reader is not None:
                reader.close()
            self._readers[name] = fresh
            self._small = {key: v for key, v in self._small.items() if key[0] != name}


class DirectFrames:
    """Frames read from cameras in this process, for lockstep.

    Args:
        cameras: connected cameras whose ``read`` returns at once.
    """

    def __init__(self, cameras: dict[str, Camera]) -> None:
        self.names = tuple(cameras)
        self._cameras = cameras
        self.newest: dict[str, Frame] = {}

    def times(self, now: float) -> Floats:
        """Takes what the cameras have at ``now``; capture times, shape (C,) [s]."""
        for name, camera in self._cameras.items():
            frame = camera.read(0.0)
            if frame is not None:
                self.newest[name] = frame
        return np.array([self.newest[n].t if n in self.newest else np.nan for n in self.names])

    def image(self, camera: str, height: int, width: int) -> Image | None:
        """The newest frame reduced to (height, width, 3) RGB; None before the first."""
        frame = self.newest.get(camera)
        return None if frame is None else shrink(frame.image, height, width)
