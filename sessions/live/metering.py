"""How a camera does: its rate, its pictures' age when they come, what was dropped or came late."""

from __future__ import annotations

from collections import deque

from drivers.base import Frame

_WINDOW_S = 2.0
_SETTLED_S = 3.0  # a camera's first seconds say nothing of its rate
_SLOW = 0.75  # of the rate it was asked for


class Meter:
    """Figures of one camera, taken from its frames.

    Args:
        late_s: a picture older than this when it comes is late: the arm holds for it [s].

    Attributes:
        dropped: frames that the camera counted and nobody got.
        late: pictures that were older than the limit when they came.
    """

    def __init__(self, late_s: float) -> None:
        self.dropped = self.late = 0
        self._late_s = late_s
        self._recent: deque[tuple[float, float]] = deque(maxlen=512)  # (captured, received)
        self._previous: int | None = None
        self._begun = float("inf")

    def begin(self) -> None:
        """The camera was connected: it counts anew."""
        self._previous, self._begun = None, float("inf")

    def take(self, frame: Frame, now: float) -> None:
        """Counts one frame that came at ``now`` [s]."""
        if self._previous is not None:
            self.dropped += max(0, frame.sequence - self._previous - 1)
        self._previous = frame.sequence
        self._begun = min(self._begun, now)
        self._recent.append((frame.t, now))
        self.late += now - frame.t > self._late_s

    @property
    def latency_s(self) -> float:
        """How old the newest picture was when it came [s]; NaN before the first."""
        if not self._recent:
            return float("nan")
        captured, received = self._recent[-1]
        return received - captured

    def age_s(self, now: float) -> float:
        """How old the newest picture is [s]; NaN before the first."""
        return now - self._recent[-1][0] if self._recent else float("nan")

    def fps(self, now: float) -> float:
        """Pictures a second over the last two seconds; 0 while none come."""
        recent = [pair[1] for pair in list(self._recent) if pair[1] > now - _WINDOW_S]
        span = recent[-1] - recent[0] if len(recent) > 1 else 0.0
        return (len(recent) - 1) / span if span > 0 else 0.0

    def lateness(self) -> str:
        """The sentence for pictures that come late; empty while they come in time."""
        if not self.latency_s > self._late_s:
            return ""
        return (
            f"Its pictures are {self.latency_s * 1000:.0f} ms old when they come (limit "
            f"{self._late_s * 1000:.0f} ms). Give it a port of its own or a smaller format."
        )

    def slowness(self, now: float, wanted_fps: float) -> str:
        """The sentence for a rate well below the one wanted; empty while it is kept."""
        measured = self.fps(now)
        if now - self._begun < _SETTLED_S or not 0.0 < measured < _SLOW * wanted_fps:
            return ""
        return (
            f"It gives {measured:.1f} of {wanted_fps:.4g} pictures a second. Give it more light, "
            "fix its exposure, or use another port."
        )
