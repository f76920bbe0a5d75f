"""What runs through the recorder: ticks, frames and messages of whichever control process lives."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.messages import AttemptEnded, AttemptStarted, ControlState, Message
from sessions.record.frames import FramePump
from sessions.record.intake import Intake
from sessions.record.source import StepSource, take_up
from sessions.record.stream import Rules, Stream
from sessions.workspace import Workspace

RESTARTED = "The control process ended during the attempt."


class Tape:
    """The rings and the intake behind them, across restarts of the processes that write.

    Args:
        space: the workspace.
        session: id of the sitting.
        may_open: asked before each attempt; a sentence refuses it.
        closed: called when an episode's file was closed, finished or left over.
    """

    def __init__(
        self,
        space: Workspace,
        session: str,
        *,
        may_open: Callable[[], str],
        closed: Callable[[], None],
    ) -> None:
        self._space = space
        self._session = session
        self._may_open = may_open
        self._closed = closed
        self._runtime = space.runtime()
        self._source = StepSource(self._runtime / "steps.ring")
        self._frames = FramePump(self._runtime, ())
        self._lost = [0, 0]  # ticks and frames, of the rings before this one
        self._control: ControlState | None = None
        self.intake: Intake | None = None

    @property
    def recording(self) -> int:
        """Number of the episode whose file is open; 0 if none."""
        return self.intake.recording if self.intake is not None else 0

    @property
    def lost_ticks(self) -> int:
        """Ticks of attempts that are in no file, since this process began."""
        return self._lost[0] + (self.intake.lost_ticks if self.intake is not None else 0)

    @property
    def lost_frames(self) -> int:
        """Frames that were overwritten before they were read, since this process began."""
        return self._lost[1] + self._frames.lost

    def hear(self, event: Message) -> None:
        """Takes what control publishes."""
        if isinstance(event, ControlState):
            self._control = event
            self._hear_again()
        elif self.intake is not None and isinstance(event, AttemptStarted):
            self.intake.take_started(event)
        elif self.intake is not None and isinstance(event, AttemptEnded):
            self.intake.take_ended(event)

    def _hear_again(self) -> None:
        """What was said while no recorder lived, or no ring was open."""
        if self.intake is None or self._control is None:
            return
        if self._control.started is not None:
            self.intake.take_started(self._control.started)
        if self._control.ended is not None:
            self.intake.take_ended(self._control.ended)

    def take(self, now: float) -> bool:
        """Takes what has come into the rings; whether an episode began or closed."""
        if self._source.replaced(now):
            self.detach(RESTARTED)
        if self._source.attach(now):
            self._attached(now)
        if self.intake is None:
            return False
        self.intake.take_steps(self._source.poll(), now)
        if self.intake.recording:
            self._frames.pump(self.intake.take_frame, now)
        return self.intake.poll(now)

    def detach(self, problem: str) -> None:
        """Takes the last of the rings, closes what is open and drops them.

        Args:
            problem: what the leftover says, if the attempt's outcome was not told.
        """
        if self.intake is not None:
            self._end(problem)
            self._lost[0] += self.intake.lost_ticks
            self._lost[1] += self._frames.lost
        self.intake = None
        self._frames.close()
        self._frames = FramePump(self._runtime, ())
        self._source.detach()
        self._closed()

    def _end(self, problem: str) -> None:
        assert self.intake is not None
        now = time.monotonic()
        self.intake.take_steps(self._source.poll(), now)
        if self.intake.recording:
            self._frames.pump(self.intake.take_frame, now)
        self.intake.end(problem)

    def _attached(self, now: float) -> None:
        dtype, meta = self._source.facts
        stream = Stream(
            dtype=dtype,
            joint_names=tuple(meta["joint_names"]),
            environment_names=tuple(meta["environment_names"]),
            camera_names=tuple(meta["camera_names"]),
            rate_hz=float(meta["rate_hz"]),
            lower=tuple(meta.get("lower", ())),
            upper=tuple(meta.get("upper", ())),
            unit=str(meta.get("unit", "rad")),
            station=self._space.station.name,
            task=self._space.task.name,
            stages=self._space.task.stages,
            session=self._session,
        )
        rules = Rules(
            may_open=self._may_open,
            opened=self._opened,
            closed=lambda episode: self._closed(),
            resumed=lambda newest: self._frames.resume(newest, time.monotonic()),
        )
        self._frames = FramePump(self._runtime, stream.camera_names)
        self.intake = Intake(self._space.episodes, stream, rules)
        history = self._source.poll()
        alive = take_up(self.intake, self._space.episodes, history, now)
        if alive:
            self._hear_again()
        self.intake.take_steps(history, now)
        if not alive:  # the ring stays open, so that its replacement is noticed
            self._end(RESTARTED)
        self._closed()

    def _opened(self, step: NDArray[Any]) -> None:
        assert self.intake is not None
        since = np.where(np.isnan(step["frame_t"]), step["t"], step["frame_t"]).tolist()
        cameras = self.intake.stream.camera_names
        self._frames.begin(dict(zip(cameras, since, strict=True)), time.monotonic())
