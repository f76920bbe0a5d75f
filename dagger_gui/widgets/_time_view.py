"""Which part of an attempt is on screen, shared by its plots and its timeline."""

from __future__ import annotations

from dataclasses import dataclass

SHORTEST_S = 0.2  # closer than ten ticks nothing is seen that could be edited
WHEEL = 0.8  # of the part on screen, a notch


@dataclass(frozen=True)
class TimeView:
    """A stretch of an attempt on some pixels.

    Attributes:
        start_s: left edge, since the attempt began [s].
        stop_s: right edge [s].
        duration_s: of the whole attempt [s].
    """

    start_s: float = 0.0
    stop_s: float = 1.0
    duration_s: float = 1.0

    @classmethod
    def whole(cls, duration_s: float) -> TimeView:
        """All of an attempt."""
        length = max(duration_s, SHORTEST_S)
        return cls(0.0, length, length)

    @property
    def span_s(self) -> float:
        """Length of the part on screen [s]."""
        return self.stop_s - self.start_s

    @property
    def zoomed(self) -> bool:
        """Whether only a part is on screen."""
        return self.span_s < self.duration_s * 0.999

    def x(self, seconds: float, left: float, width: float) -> float:
        """Where a time lies [px]; outside of the part on screen it lies outside."""
        return left + (seconds - self.start_s) / self.span_s * width

    def seconds(self, x: float, left: float, width: float) -> float:
        """The time at a place [px], within the attempt."""
        at = self.start_s + (x - left) / max(width, 1.0) * self.span_s
        return min(max(at, 0.0), self.duration_s)

    def zoom(self, at_s: float, factor: float) -> TimeView:
        """``factor`` times as long, with ``at_s`` staying where it is."""
        span = min(max(self.span_s * factor, SHORTEST_S), self.duration_s)
        share = (at_s - self.start_s) / self.span_s
        return self._from(at_s - share * span, span)

    def move(self, by_s: float) -> TimeView:
        """The same length, further on or back."""
        return self._from(self.start_s + by_s, self.span_s)

    def around(self, start_s: float, stop_s: float) -> TimeView:
        """A part of the attempt with some of what came before it and after it."""
        span = min(max((stop_s - start_s) * 2, SHORTEST_S), self.duration_s)
        return self._from((start_s + stop_s - span) / 2, span)

    def show(self, at_s: float) -> TimeView:
        """The same length, turned like a page if a time is not on it."""
        if self.start_s <= at_s <= self.stop_s:
            return self
        return self._from(at_s - self.span_s * 0.1, self.span_s)

    def _from(self, start_s: float, span: float) -> TimeView:
        start = min(max(start_s, 0.0), self.duration_s - span)
        return TimeView(start, start + span, self.duration_s)
