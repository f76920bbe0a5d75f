"""Turns ticks, frames and messages into episode files, in whatever order they arrive.

The ticks tell the truth: their ``attempt`` says where an episode begins and ends, and a lost or
late message changes nothing about that. Messages only add what ticks cannot know: the labels of the
start, and the outcome. An attempt whose outcome is never told is not given an invented one; its
file stays a leftover, whole, for a person to decide.

The recorder process and the lockstep recorder both feed this same intake.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.messages import AttemptEnded, AttemptStarted
from sessions.record import layout, salvage
from sessions.record.layout import EpisodeError
from sessions.record.reader import read_episode
from sessions.record.running import RunningAttempt
from sessions.record.stream import Rules, Stream, described, guessed
from sessions.record.writer import EpisodeWriter
from sessions.types import Outcome

UNTOLD = "The outcome was never told: the control process stopped or its message was lost."


class Intake:
    """The episode being recorded, and what is waiting behind it.

    Args:
        folder: the workspace's ``episodes``.
        stream: the kind of ticks that come.
        rules: see ``Rules``.
    """

    def __init__(self, folder: Path, stream: Stream, rules: Rules) -> None:
        self.stream = stream
        self.rules = rules
        self.problem = ""
        self.lost_ticks = 0
        self.running: RunningAttempt | None = None
        self.previous: RunningAttempt | None = None
        self._folder = folder
        self._writer: EpisodeWriter | None = None
        self._queue: list[NDArray[Any]] = []
        self._queued_at: float | None = None
        self._started: dict[int, AttemptStarted] = {}
        self._ended: dict[int, AttemptEnded] = {}
        self._closed: set[int] = set()
        self._last = -1  # newest tick recorded
        self._last_t = float("-inf")
        self._last_frame: dict[str, float] = {}
        self._over_at: float | None = None  # when it was seen that no more ticks will come
        self._flushed_at = float("-inf")
        self._edge = False

    @property
    def recording(self) -> int:
        """Number of the episode whose file is open; 0 if none."""
        return self._writer.meta.episode if self._writer is not None else 0

    @property
    def last_tick(self) -> int:
        """Newest tick of the open episode; -1 before its first."""
        return self._last

    @property
    def settled(self) -> bool:
        """Nothing is open and nothing waits."""
        return self._writer is None and not self._queue

    def take_started(self, message: AttemptStarted) -> None:
        """An attempt begins; its ticks may have come already or come later."""
        if message.episode not in self._closed:
            self._started[message.episode] = message

    def take_ended(self, message: AttemptEnded) -> None:
        """An attempt's outcome, told once or again; its last ticks may come later."""
        if message.episode not in self._closed:
            self._ended[message.episode] = message

    def ignore(self, episode: int) -> None:
        """Ticks of this attempt are not to be recorded (they are on disk already)."""
        self._closed.add(episode)

    def take_steps(self, steps: NDArray[Any], now: float) -> None:
        """Takes ticks, shape (N,), in order."""
        if len(steps):
            edges = np.flatnonzero(np.diff(steps["attempt"])) + 1
            self._queue.extend(np.split(steps, edges))
            self._drain(now)

    def take_frame(self, camera: str, t: float, data: bytes, **facts: Any) -> None:
        """Takes one encoded frame; left out if nothing records or it is there already.

        Args:
            camera: its name.
            t: capture time [s].
            data: the JPEG.
            facts: as ``EpisodeWriter.add_frame`` takes them.
        """
        if self._writer is None or camera not in self._writer.cameras:
            return
        over = self._over_at is not None and t > self._last_t
        if over or t <= self._last_frame.get(camera, float("-inf")):
            return
        self._last_frame[camera] = t
        self._writer.add_frame(camera, t, data, **facts)
        if self.running is not None and camera == self.stream.camera_names[0]:
            self.running.see_frame(t, data)

    def poll(self, now: float) -> bool:
        """Flushes, closes what is over, opens what waits; whether an episode began or closed."""
        before = (self.recording, len(self._closed))
        self._drain(now)
        while self._writer is not None and self._close_if_over(now):
            self._drain(now)
        writer = self._writer
        if writer is not None and (self._edge or now - self._flushed_at >= self.rules.flush_s):
            self._edge = False
            self._flushed_at = now
            try:
                writer.flush(sync=self.rules.sync)
            except EpisodeError as error:
                self._fail(error)
        return before != (self.recording, len(self._closed))

    def cut(self, problem: str) -> None:
        """Closes the open file as a leftover although its attempt goes on; its rest is ignored."""
        if self._writer is not None:
            self._fail(EpisodeError(self._writer.path, problem))

    def end(self, problem: str) -> None:
        """No more ticks or messages will come: finishes or leaves over what is open."""
        for _ in range(1 + len(self._queue)):
            self._drain(float("inf"))
            if self._writer is None:
                break
            if self.recording in self._ended:
                self._finish()
            else:
                self._leave(problem)
        self._queue.clear()

    def _drain(self, now: float) -> None:
        """Records what is queued, up to where another attempt must be closed first."""
        while self._queue:
            block = self._queue[0]
            attempt = int(block["attempt"][0])
            if attempt != self.recording and self._writer is not None:
                if self._over_at is None:
                    self._over_at = now
                return
            if attempt == 0 or attempt in self._closed:
                self._queue.pop(0)
            elif self._writer is None:
                if not self._open(attempt, block, now):
                    return
            else:
                self._queue.pop(0)
                self._record(block)

    def _record(self, block: NDArray[Any]) -> None:
        assert self._writer is not None
        assert self.running is not None
        block = block[block["tick"] > self._last]
        ended = self._ended.get(self.recording)
        if ended is not None:
            block = block[block["tick"] <= ended.tick]
        if not len(block):
            return
        ticks = block["tick"]
        first = self._last if self._last >= 0 else int(ticks[0]) - 1
        self.lost_ticks += int(ticks[-1]) - first - len(ticks)
        self._last, self._last_t = int(ticks[-1]), float(block["t"][-1])
        self._writer.append(block)
        self._edge |= self.running.see(block)

    def _open(self, attempt: int, block: NDArray[Any], now: float) -> bool:
        """Opens the file of a new attempt; False while its start has not been told yet."""
        part = self._folder / layout.file_name(attempt, layout.PART)
        if part.exists() and self._go_on(part, block):
            return True
        if self._queued_at is None:
            self._queued_at = now
        started = self._started.get(attempt)
        if started is None and now - self._queued_at < self.rules.grace_s:
            return False
        self._queued_at = None
        refusal = self.rules.may_open()
        try:
            if refusal:
                raise EpisodeError(self._folder / layout.file_name(attempt), refusal)
            told = started or guessed(block[0], attempt)
            meta = described(told, self.stream, float(block["t"][0]), now)
            cameras = self.stream.camera_names
            writer = EpisodeWriter(self._folder, meta, self.stream.dtype, cameras)
        except EpisodeError as error:
            self._not_recorded(attempt, error)
            return True
        self._begin(writer)
        self.rules.opened(block[0])
        return True

    def _go_on(self, part: Path, block: NDArray[Any]) -> bool:
        """Takes up what an earlier recorder left of it; False if there is nothing in the file."""
        attempt = int(block["attempt"][0])
        try:
            data = read_episode(part)
        except EpisodeError as error:  # killed before its first flush
            try:
                salvage.aside(part)
            except OSError as stuck:
                problem = f"{error.problem} It cannot be moved aside ({stuck.strerror})."
                self._not_recorded(attempt, EpisodeError(part, problem, "Check the disk."))
                return True
            return False
        whole = len(data.steps) > 0 and data.steps["tick"][-1] >= block["tick"][-1]
        if whole and data.note:  # left on purpose: a person decides
            self._closed.add(attempt)
            return True
        try:
            writer = salvage.resume(part, data)
        except EpisodeError as error:
            self._not_recorded(attempt, error)
            return True
        self._queued_at = None
        self._begin(writer)
        newest = {
            name: (float(frames.t[-1]), int(frames.sequence[-1]))
            for name, frames in data.frames.items()
            if len(frames.t)
        }
        self._last_frame = {camera: t for camera, (t, _) in newest.items()}
        if len(data.steps) and self.running is not None:
            self.running.see(data.steps)
            self._last, self._last_t = int(data.steps["tick"][-1]), float(data.steps["t"][-1])
        self.rules.resumed(newest)
        return True

    def _not_recorded(self, attempt: int, error: EpisodeError) -> None:
        self._closed.add(attempt)
        self.problem = f"Attempt {attempt} is not recorded. {error.problem} {error.remedy}".strip()

    def _begin(self, writer: EpisodeWriter) -> None:
        self._writer = writer
        self.problem = ""
        self.running = RunningAttempt(writer.meta.episode, demo=writer.meta.demo)
        self._last, self._last_t = -1, float("-inf")
        self._last_frame = {}
        self._over_at = None

    def _close_if_over(self, now: float) -> bool:
        """Closes the open episode if its end is known; whether it did."""
        ended = self._ended.get(self.recording)
        if ended is not None and (self._last >= ended.tick or self._over_at is not None):
            self.lost_ticks += max(0, ended.tick - self._last)
            self._finish()
            return True
        if self._over_at is not None and now - self._over_at >= self.rules.grace_s:
            self._leave(UNTOLD)
            return True
        return False

    def _finish(self) -> None:
        assert self._writer is not None
        try:
            outcome = Outcome[self._ended[self.recording].outcome.upper()]
        except KeyError:
            self._leave(UNTOLD)
            return
        try:
            self._writer.finish(outcome)
        except EpisodeError as error:
            self._fail(error)
        else:
            self._forget()

    def _leave(self, problem: str) -> None:
        assert self._writer is not None
        self._writer.abandon(problem)
        self._forget()

    def _fail(self, error: EpisodeError) -> None:
        assert self._writer is not None
        ended = self._ended.get(self.recording)
        told = ended.outcome.upper() if ended is not None else ""
        outcome = Outcome[told] if told in Outcome.__members__ else Outcome.RUNNING
        self._writer.abandon(error.problem, outcome)
        self.problem = (
            f"Attempt {self.recording} was cut short. {error.problem} What was recorded is kept "
            "as a leftover. Free some space or check the disk, then start again."
        )
        self._forget()

    def _forget(self) -> None:
        episode = self.recording
        self._closed.add(episode)
        self._started.pop(episode, None)
        self._ended.pop(episode, None)
        self._writer = None
        self.previous, self.running = self.running, None
        self._over_at = None
        self.rules.closed(episode)
