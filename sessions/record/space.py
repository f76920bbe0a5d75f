"""How long the disk lasts, told in minutes of recording."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from statistics import median

from sessions.record.disk import free_bytes
from sessions.record.index import Entry

WARN_MIN = 10.0
"""With room for fewer minutes of recording than this the operator is warned [min]."""

_RECENT = 10
_CAMERA_BYTES_S = 3.5e6  # a 640x480 camera at 30 frames/s, JPEG quality 95
_TICKS_BYTES_S = 3e4
_SPARE = 1.2  # an attempt may be longer, and its pictures fuller, than those before


class DiskSpace:
    """The room left where the episodes are written.

    Args:
        episodes: the workspace's folder.
        refuse_below: no attempt is begun with fewer bytes free.
        cut_below: the running attempt is closed with fewer bytes free.
        attempt_s: how long an attempt may take [s].
        cameras: how many cameras are recorded.

    Attributes:
        free: bytes free at the last look.
    """

    def __init__(
        self, episodes: Path, refuse_below: int, cut_below: int, attempt_s: float, cameras: int
    ) -> None:
        self._episodes = episodes
        self._least, self._cut_below, self._attempt_s = refuse_below, cut_below, attempt_s
        self._cameras = cameras
        self._rate = _TICKS_BYTES_S + cameras * _CAMERA_BYTES_S
        self.free = free_bytes(episodes)

    def learn(self, entries: Iterable[Entry]) -> None:
        """Takes the rate of recording from the newest episodes like those to come [bytes/s].

        What was brought in from elsewhere, or recorded with fewer cameras, says nothing of them.
        """
        alike = [
            e
            for e in entries
            if e.duration_s > 1.0
            and e.meta.source == "live"
            and len(e.meta.camera_names) >= self._cameras
        ]
        rates = [e.size / e.duration_s for e in alike[-_RECENT:]]
        if rates:
            self._rate = max(median(rates), _TICKS_BYTES_S)

    def look(self) -> None:
        """Looks how much is free now."""
        self.free = free_bytes(self._episodes)

    @property
    def minutes(self) -> float:
        """How long can be recorded before an attempt would be cut [min]."""
        return max(0.0, self.free - self._cut_below) / self._rate / 60.0

    @property
    def must_cut(self) -> bool:
        """Whether the running attempt must be closed now, while there is room to close it."""
        return self.free < self._cut_below

    @property
    def needed(self) -> int:
        """Bytes that must be free for an attempt to begin: enough to finish it."""
        whole = self._cut_below + _SPARE * self._attempt_s * self._rate
        return max(self._least, round(whole)) if self._least else 0

    def refusal(self) -> str:
        """Why no attempt can begin now; empty if one can. Looks anew."""
        self.look()
        if self.free >= self.needed:
            return ""
        return (
            f"Only {self.free / 1e6:.0f} MB are free in {self._episodes}; an attempt is begun "
            f"with {self.needed / 1e6:.0f} MB or more. Free some space."
        )

    def warning(self) -> str:
        """What to say while there is room, but not for long; empty if there is plenty."""
        if self.minutes >= WARN_MIN:
            return ""
        return (
            f"The disk has room for {self.minutes:.0f} more minutes of recording "
            f"({self.free / 1e9:.1f} GB free). Free some space."
        )
