"""The interventions of the attempt that is being recorded, while they happen."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sessions.messages import Intervention
from sessions.record import jpeg
from sessions.record.marks import DOUBT_S
from sessions.types import Controller

_FRAMES = 16  # encoded frames of the first camera kept for thumbnails


@dataclass
class _Takeover:
    start: int
    stop: int
    tick: int
    t: float
    doubt: float
    stage: int
    last_t: float
    frame_t: float
    running: bool = True
    recovered: bool = False
    thumbnail: bytes = b""


class RunningAttempt:
    """Follows one attempt tick by tick; says the same as the finished file will.

    Args:
        episode: its number.
        demo: a demonstration has no interventions.
    """

    def __init__(self, episode: int, *, demo: bool = False) -> None:
        self.episode = episode
        self._demo = demo
        self._row = 0
        self._t0 = 0.0
        self._doubt = (float("nan"), float("-inf"))
        self._controller = -1
        self._found: list[_Takeover] = []
        self._frames: deque[tuple[float, bytes]] = deque(maxlen=_FRAMES)

    @property
    def in_intervention(self) -> bool:
        """Whether the human is in control now."""
        return bool(self._found) and self._found[-1].running

    def see_frame(self, t: float, data: bytes) -> None:
        """Takes one encoded frame of the first camera."""
        self._frames.append((t, data))

    def see(self, steps: NDArray[Any]) -> bool:
        """Takes ticks, shape (N,); whether the controller changed among them."""
        edge = False
        for step in steps:
            edge |= self._see(step)
        return edge

    def at_tick(self, tick: int) -> int | None:
        """First row of the intervention under way at ``tick``, or of the latest before it."""
        before = [takeover.start for takeover in self._found if takeover.tick <= tick]
        return before[-1] if before else None

    def interventions(self) -> list[Intervention]:
        """What there is so far, in time order, unlabelled."""
        for takeover in self._found:
            takeover.thumbnail = takeover.thumbnail or self._thumbnail(takeover.frame_t)
        return [
            Intervention(
                episode=self.episode,
                start=takeover.start,
                first=takeover.start,
                stop=takeover.stop,
                t=takeover.t - self._t0,
                duration_s=takeover.last_t - takeover.t,
                doubt=takeover.doubt,
                category="",
                note="",
                running=takeover.running,
                recovered=takeover.recovered,
                thumbnail=takeover.thumbnail,
            )
            for takeover in self._found
        ]

    def _see(self, step: NDArray[Any]) -> bool:
        t, controller, doubt = float(step["t"]), int(step["controller"]), float(step["doubt"])
        if self._row == 0:
            self._t0 = t
        if doubt == doubt:  # a number
            self._doubt = (doubt, t)
        edge = controller != self._controller
        takeover = self._found[-1] if self._found else None
        if takeover is not None and takeover.running:
            self._follow(takeover, step, ended=controller != Controller.HUMAN)
        elif controller == Controller.HUMAN and not self._demo:
            self._found.append(self._begun(step))
        self._controller = controller
        self._row += 1
        return edge

    def _begun(self, step: NDArray[Any]) -> _Takeover:
        t = float(step["t"])
        doubt, seen = self._doubt
        return _Takeover(
            start=self._row,
            stop=self._row + 1,
            tick=int(step["tick"]),
            t=t,
            doubt=doubt if t - seen <= DOUBT_S else float("nan"),
            stage=int(step["stage"]),
            last_t=t,
            recovered=int(step["stage"]) < 0,
            frame_t=float(step["frame_t"][0]) if step["frame_t"].size else float("nan"),
        )

    def _follow(self, takeover: _Takeover, step: NDArray[Any], *, ended: bool) -> None:
        if ended:
            takeover.running = False
        else:
            takeover.last_t = float(step["t"])
            takeover.stop = self._row + 1
        if takeover.stage >= 0:
            takeover.recovered = bool(int(step["stage"]) > takeover.stage or step["success"])

    def _thumbnail(self, known_t: float) -> bytes:
        """The newest frame up to ``known_t``; frames may come after the ticks that know them."""
        if not self._frames:
            return b""
        seen = [data for t, data in self._frames if t <= known_t]
        return jpeg.thumbnail(seen[-1] if seen else self._frames[0][1])
