"""The recorder process: ``python -m sessions.record.recorder WORKSPACE``.

It reads the rings that control and the cameras write and is waited for by nobody. It may be killed
and started again at any instant: it goes on with the attempt that runs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions import taxonomy, workspace
from sessions.bus import Publisher, Responder, Subscriber
from sessions.messages import (
    Accepted,
    AttemptEnded,
    AttemptStarted,
    ControlState,
    Message,
    OperatorTagged,
    RecorderState,
    Refused,
    Salvage,
    Shutdown,
    Snapshot,
)
from sessions.record import jpeg, salvage
from sessions.record.catalogue import Catalogue
from sessions.record.desk import Desk
from sessions.record.disk import WorkspaceLock, free_bytes
from sessions.record.edits import EditLog
from sessions.record.frames import FramePump
from sessions.record.intake import Intake
from sessions.record.lockstep import session_id
from sessions.record.shelf import Shelf
from sessions.record.source import StepSource, take_up
from sessions.record.stream import Rules, Stream
from sessions.record.writer import must_leave_hard
from sessions.types import SessionError
from sessions.workspace import Workspace

POLL_S = 0.02
_PUBLISH_S = 1.0
_LIVE_S = 0.2  # while an intervention runs, its duration is shown this often
REFUSE_BELOW = 500_000_000  # bytes; two cameras at 30 frames/s need about 8 MB/s
CUT_BELOW = 100_000_000  # bytes; the edits and the next policy need room too

CLOSED = "The recorder was closed during the attempt."
RESTARTED = "The control process ended during the attempt."


class Recorder:
    """Everything the process does, one ``step`` at a time.

    Args:
        space: the workspace.
        refuse_below: no attempt is begun with fewer bytes free.
        cut_below: the running attempt is closed with fewer bytes free.

    Raises:
        SessionError: another recorder is at work, or the edits or the taxonomy are torn.
    """

    def __init__(
        self, space: Workspace, refuse_below: int = REFUSE_BELOW, cut_below: int = CUT_BELOW
    ) -> None:
        self._space = space
        self._refuse_below, self._cut_below = refuse_below, cut_below
        categories = taxonomy.load(space.task.taxonomy, space.root)
        self._lock = WorkspaceLock(space.episodes)
        salvage.tidy(space.episodes)
        log = EditLog(space.episodes, writable=True)
        self._catalogue = Catalogue(space, log)
        self._desk = Desk(self._catalogue, log, categories, space.running_round)
        self._session = session_id()
        runtime = space.runtime()
        self._runtime = runtime
        self._source = StepSource(runtime / "steps.ring")
        self._frames = FramePump(runtime, ())
        self._lost = [0, 0]  # ticks and frames, of the rings before this one
        self._intake: Intake | None = None
        self._control: ControlState | None = None
        self._free = free_bytes(space.episodes)
        self._shelf = Shelf(space.episodes)
        self._sequence = 0
        self._changed = True
        self._published_at = self._measured_at = float("-inf")
        self.stopping = False
        self._publisher = Publisher(runtime, "recorder")
        self._responder = Responder(runtime, "recorder")
        self._events = Subscriber(runtime, "control")

    def step(self, timeout_s: float = POLL_S) -> None:
        """Waits for a command at most ``timeout_s``, then takes what has come."""
        self._responder.wait(timeout_s)
        now = time.monotonic()
        self._hear(now)
        if self._responder.serve(self._handle):
            self._changed = True
        self._ring(now)
        if self._intake is not None:
            self._intake.take_steps(self._source.poll(), now)
            if self._intake.recording:
                self._frames.pump(self._intake.take_frame, now)
            self._changed |= self._intake.poll(now)
        self._changed |= self._desk.settle(self._intake, now)
        self._watch_disk(now)
        self._publish(now)

    def close(self) -> None:
        """Closes what is open as a leftover and frees everything."""
        self._detach(CLOSED)
        self._publish(float("inf"))
        self._publisher.close()
        self._responder.close()
        self._events.close()
        self._lock.close()

    def state(self) -> RecorderState:
        """Everything a window needs."""
        intake = self._intake
        episodes = self._catalogue.episodes()
        running = intake.recording if intake is not None else 0
        following = max(self._catalogue.next_episode(), running + 1)
        return RecorderState(
            sequence=self._sequence,
            recording=running,
            saved=len(episodes),
            started=len(episodes) + len(self._shelf.leftovers) + bool(running),
            lost_ticks=self._lost[0] + (intake.lost_ticks if intake is not None else 0),
            lost_frames=self._lost[1] + self._frames.lost,
            disk_free_bytes=self._free,
            interventions=tuple(self._desk.interventions(intake)),
            episodes=tuple(episodes),
            leftovers=tuple(self._shelf.leftovers),
            can_undo=self._desk.can_undo(),
            can_redo=self._desk.can_redo(),
            problem=self._problem(),
            next_episode=following,
        )

    def _hear(self, now: float) -> None:
        for event in self._events.drain():
            if isinstance(event, ControlState):
                self._control = event
            elif isinstance(event, AttemptEnded):
                self._shelf.tell(event)
            elif isinstance(event, OperatorTagged):
                self._desk.tagged(event, now)
            if self._intake is not None and isinstance(event, AttemptStarted):
                self._intake.take_started(event)
            elif self._intake is not None and isinstance(event, AttemptEnded):
                self._intake.take_ended(event)

    def _ring(self, now: float) -> None:
        """Follows the step ring: a new one means that the control process restarted."""
        if self._source.replaced(now):
            self._detach(RESTARTED)
        if self._source.attach(now):
            self._begin(now)

    def _begin(self, now: float) -> None:
        dtype, meta = self._source.facts
        stream = Stream(
            dtype=dtype,
            joint_names=tuple(meta["joint_names"]),
            environment_names=tuple(meta["environment_names"]),
            camera_names=tuple(meta["camera_names"]),
            rate_hz=float(meta["rate_hz"]),
            station=self._space.station.name,
            task=self._space.task.name,
            stages=self._space.task.stages,
            session=self._session,
        )
        rules = Rules(
            may_open=self._refusal,
            opened=self._opened,
            closed=self._closed,
            fallback=self._fallback,
        )
        self._frames = FramePump(self._runtime, stream.camera_names)
        self._intake = Intake(self._space.episodes, stream, rules)
        history = self._source.poll()
        alive = take_up(self._intake, self._space.episodes, history, now)
        if self._intake.recording:
            resumed = self._intake.newest_frames()
            self._frames.begin({n: resumed.get(n, 0.0) for n in stream.camera_names}, now)
        self._intake.take_steps(history, now)
        self._closed(0)
        if not alive:
            self._detach(RESTARTED, stay=True)

    def _detach(self, problem: str, *, stay: bool = False) -> None:
        """Takes the last ticks of the ring and closes what is open.

        Args:
            problem: what the leftover says.
            stay: keep the ring; it is dead, but the next control process will replace it.
        """
        intake = self._intake
        if intake is not None:
            intake.take_steps(self._source.poll(), time.monotonic())
            if intake.recording:
                self._frames.pump(intake.take_frame, time.monotonic())
            intake.end(problem)
            self._closed(0)
        if not stay:
            if intake is not None:
                self._lost[0] += intake.lost_ticks
                self._lost[1] += self._frames.lost
            self._frames.close()
            self._frames.lost = 0
            self._intake = None
            self._source.detach()

    def _opened(self, step: NDArray[Any]) -> None:
        cameras = self._intake.stream.camera_names if self._intake is not None else ()
        since = np.where(np.isnan(step["frame_t"]), step["t"], step["frame_t"])
        self._frames.begin(dict(zip(cameras, since.tolist(), strict=True)), time.monotonic())

    def _closed(self, episode: int) -> None:
        self._catalogue.refresh()
        running = self._intake.recording if self._intake is not None else 0
        self._shelf.refresh(running)
        self._changed = True

    def _fallback(self, attempt: int) -> AttemptStarted | None:
        """What control's own state says of an attempt whose start was missed."""
        control = self._control
        if control is None or control.attempt != attempt:
            return None
        return AttemptStarted(
            episode=attempt,
            tick=0,
            round=control.round,
            policy=control.policy,
            demo=control.attempt_demo,
            seed=control.seed,
            operator=control.operator,
        )

    def _refusal(self) -> str:
        self._free = free_bytes(self._space.episodes)
        if self._free >= self._refuse_below:
            return ""
        return (
            f"Only {self._free / 1e6:.0f} MB are free in {self._space.episodes}; an attempt is "
            f"begun with {self._refuse_below / 1e6:.0f} MB or more. Free some space."
        )

    def _watch_disk(self, now: float) -> None:
        if now - self._measured_at < _PUBLISH_S:
            return
        self._measured_at = now
        self._free = free_bytes(self._space.episodes)
        if self._intake is not None and self._intake.recording and self._free < self._cut_below:
            self._intake.cut(f"Only {self._free / 1e6:.0f} MB are free.")

    def _problem(self) -> str:
        intake = self._intake.problem if self._intake is not None else ""
        low = self._refusal() if not intake else ""
        torn = self._catalogue.problems[0] if self._catalogue.problems else ""
        return intake or low or self._desk.problem or torn

    def _publish(self, now: float) -> None:
        running = self._intake.running if self._intake is not None else None
        live = running is not None and running.in_intervention
        wait = _LIVE_S if live else _PUBLISH_S
        if self._changed or now - self._published_at >= wait:
            self._changed = False
            self._published_at = now
            self._sequence += 1
            self._publisher.send(self.state())

    def _handle(self, command: Message) -> Message:
        match command:
            case Snapshot():
                return self.state()
            case Shutdown():
                self.stopping = True
                return Accepted()
            case Salvage():
                return self._salvage(command)
        reply = self._desk.handle(command, self._intake)
        return reply or Refused(f"The recorder does not know {type(command).__name__}.")

    def _salvage(self, command: Salvage) -> Message:
        if self._intake is not None and self._intake.recording:
            return Refused("An attempt is being recorded.", "End it first, then salvage.")
        reply = self._shelf.handle(command)
        self._closed(0)
        return reply


def main(argv: list[str] | None = None) -> int:
    """Runs until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(description="Records every attempt of a workspace.")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--refuse-below", type=int, default=REFUSE_BELOW, help="bytes free")
    parser.add_argument("--cut-below", type=int, default=CUT_BELOW, help="bytes free")
    options = parser.parse_args(argv)
    jpeg.one_thread()
    try:
        space = workspace.open_workspace(options.workspace)
        recorder = Recorder(space, options.refuse_below, options.cut_below)
    except SessionError as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def stop(number: int, frame: Any) -> None:
        recorder.stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with contextlib.suppress(AttributeError, ValueError):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file limit is then an ordinary error
    while not recorder.stopping:
        recorder.step()
    recorder.close()
    return 0


if __name__ == "__main__":
    code = main()
    if must_leave_hard():
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
