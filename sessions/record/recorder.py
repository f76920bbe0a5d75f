"""The recorder process: ``python -m sessions.record.recorder WORKSPACE``.

It reads the rings that control and the cameras write and is waited for by nobody. It may be killed
and started again at any instant: it goes on with the attempt that runs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sessions import taxonomy, workspace
from sessions.bus import Publisher, Responder, Subscriber
from sessions.messages import (
    Accepted,
    AttemptEnded,
    ControlState,
    Message,
    OperatorTagged,
    RecorderReady,
    RecorderState,
    Refused,
    Salvage,
    Shutdown,
    Snapshot,
)
from sessions.messages.recorder import READY
from sessions.record import jpeg, salvage
from sessions.record.catalogue import Catalogue
from sessions.record.desk import Desk
from sessions.record.disk import WorkspaceLock
from sessions.record.edits import EditLog
from sessions.record.lockstep import session_id
from sessions.record.shelf import Shelf
from sessions.record.space import DiskSpace
from sessions.record.tape import Tape
from sessions.record.writer import must_leave_hard
from sessions.types import SessionError
from sessions.workspace import Workspace

POLL_S = 0.02
_PUBLISH_S = 1.0
_LIVE_S = 0.2  # while an intervention runs, its duration is shown this often
REFUSE_BELOW = 500_000_000  # bytes; two cameras at 30 frames/s need about 8 MB/s
CUT_BELOW = 100_000_000  # bytes; the edits and the next policy need room too

CLOSED = "The recorder was closed during the attempt."


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
        categories = taxonomy.load(space.task.taxonomy, space.root)
        self._lock = WorkspaceLock(space.episodes)
        salvage.tidy(space.episodes)
        log = EditLog(space.episodes, writable=True)
        self._catalogue = Catalogue(space, log, categories)
        self._desk = Desk(self._catalogue, log, categories, space.root, space.running_round)
        self._shelf = Shelf(space.episodes)
        self._space = DiskSpace(
            space.episodes,
            refuse_below,
            cut_below,
            space.task.attempt_s,
            len(space.station.cameras),
        )
        self._space.learn(self._catalogue.entries())
        self._tape = Tape(space, session_id(), may_open=self._space.refusal, closed=self._closed)
        self._sequence = 0
        self._changed = True
        self._published_at = self._measured_at = float("-inf")
        self.stopping = False
        runtime = space.runtime()
        self._publisher = Publisher(runtime, "recorder")
        self._ready = Publisher(runtime, READY)
        self._responder = Responder(runtime, "recorder")
        self._events = Subscriber(runtime, "control")

    def step(self, timeout_s: float = POLL_S) -> None:
        """Waits for a command at most ``timeout_s``, then takes what has come."""
        self._responder.wait(timeout_s)
        now = time.monotonic()
        for event in self._events.drain():
            self._hear(event, now)
        if self._responder.serve(self._handle):
            self._changed = True
        self._changed |= self._tape.take(now)
        self._changed |= self._desk.settle(self._tape.intake, now)
        self._watch_disk(now)
        self._publish(now)

    def close(self) -> None:
        """Closes what is open as a leftover and frees everything."""
        self._tape.detach(CLOSED)
        self._publish(float("inf"))
        self._publisher.close()
        self._ready.close()
        self._responder.close()
        self._events.close()
        self._lock.close()

    def state(self) -> RecorderState:
        """Everything a window needs."""
        episodes = self._catalogue.episodes()
        leftovers = self._shelf.leftovers
        running = self._tape.recording
        return RecorderState(
            sequence=self._sequence,
            recording=running,
            saved=len(episodes),
            started=len(episodes) + len(leftovers) + bool(running),
            lost_ticks=self._tape.lost_ticks,
            lost_frames=self._tape.lost_frames,
            disk_free_bytes=self._space.free,
            disk_minutes=self._space.minutes,
            interventions=tuple(self._desk.interventions(self._tape.intake)),
            episodes=tuple(episodes),
            leftovers=tuple(leftovers),
            can_undo=self._desk.can_undo(),
            can_redo=self._desk.can_redo(),
            undo_text=self._desk.undo_text(),
            redo_text=self._desk.redo_text(),
            taxonomy=self._desk.taxonomy_version(),
            problem=self._problem(),
            refusal=self._space.refusal(),
            next_episode=max(self._catalogue.next_episode(), running + 1),
        )

    def _hear(self, event: Message, now: float) -> None:
        if isinstance(event, ControlState) and event.ended is not None:
            self._shelf.tell(event.ended)
        elif isinstance(event, AttemptEnded):
            self._shelf.tell(event)
        elif isinstance(event, OperatorTagged):
            self._desk.tagged(event, now)
        self._tape.hear(event)

    def _closed(self) -> None:
        self._catalogue.refresh()
        self._space.learn(self._catalogue.entries())
        self._shelf.refresh(self._tape.recording)
        self._changed = True

    def _watch_disk(self, now: float) -> None:
        if now - self._measured_at < _PUBLISH_S:
            return
        self._measured_at = now
        self._space.look()
        if self._tape.intake is not None and self._space.must_cut:
            self._tape.intake.cut(f"Only {self._space.free / 1e6:.0f} MB are free.")

    def _problem(self) -> str:
        intake = self._tape.intake.problem if self._tape.intake is not None else ""
        torn = self._catalogue.problems[0] if self._catalogue.problems else ""
        room = self._space.refusal() or self._space.warning()
        return intake or room or self._desk.problem or torn

    def _publish(self, now: float) -> None:
        running = self._tape.intake.running if self._tape.intake is not None else None
        live = running is not None and running.in_intervention
        if self._changed or now - self._published_at >= (_LIVE_S if live else _PUBLISH_S):
            self._changed = False
            self._published_at = now
            self._sequence += 1
            state = self.state()
            self._ready.send(RecorderReady(state.next_episode, state.refusal))
            self._publisher.send(state)

    def _handle(self, command: Message) -> Message:
        match command:
            case Snapshot():
                return self.state()
            case Shutdown():
                self.stopping = True
                return Accepted()
            case Salvage():
                return self._salvage(command)
        reply = self._desk.handle(command, self._tape.intake)
        return reply or Refused(f"The recorder does not know {type(command).__name__}.")

    def _salvage(self, command: Salvage) -> Message:
        if self._tape.recording:  # copying would keep the loop's frames waiting
            return Refused("An attempt is being recorded.", "End it first, then salvage.")
        reply = self._shelf.handle(command)
        self._closed()
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
