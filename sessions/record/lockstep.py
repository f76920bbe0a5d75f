"""The recorder in the same process as the loop, on its virtual clock: same files, same labels."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.base import Frame
from sessions import taxonomy
from sessions.messages import AttemptEnded, AttemptStarted, Message, OperatorTagged, Refused
from sessions.record import jpeg, salvage
from sessions.record.catalogue import Catalogue
from sessions.record.desk import Desk
from sessions.record.disk import RecordingError, WorkspaceLock
from sessions.record.edits import EditLog
from sessions.record.intake import UNTOLD, Intake
from sessions.record.stream import Rules, Stream
from sessions.types import step_dtype
from sessions.workspace import Workspace

_FLUSH_S = 5.0  # nobody is waiting for these files, and a crash repeats the round anyway


class LockstepRecorder:
    """Gives a ``ControlLoop`` its ``sink`` and ``emit``; a context manager.

    Args:
        workspace: where the episodes go; no other recorder may be at work there.
        joint_names: order of every joint vector, gripper last.
        environment_names: components of ``environment_state``.
        camera_names: columns of ``frame_t``; frames are given to ``frame``.
        session: id of the sitting; made from the wall time if empty.

    Raises:
        RecordingError: another recorder is at work in the workspace.
        TaxonomyError: the task's taxonomy is absent or wrong.
        EditError: the file of edits is torn before its last line.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        joint_names: tuple[str, ...],
        environment_names: tuple[str, ...] = (),
        camera_names: tuple[str, ...] = (),
        session: str = "",
    ) -> None:
        categories = taxonomy.load(workspace.task.taxonomy, workspace.root)
        self._lock = WorkspaceLock(workspace.episodes)
        salvage.tidy(workspace.episodes)
        self._log = EditLog(workspace.episodes, writable=True)
        self.catalogue = Catalogue(workspace, self._log, categories)
        self.desk = Desk(
            self.catalogue, self._log, categories, workspace.root, workspace.running_round
        )
        stream = Stream(
            dtype=step_dtype(len(joint_names), len(environment_names), len(camera_names)),
            joint_names=joint_names,
            environment_names=environment_names,
            camera_names=camera_names,
            rate_hz=workspace.station.rate_hz,
            station=workspace.station.name,
            task=workspace.task.name,
            stages=workspace.task.stages,
            session=session or session_id(),
            source="lockstep",
        )
        rules = Rules(
            flush_s=_FLUSH_S,
            sync=False,
            opened=self._opened,
            closed=lambda episode: self.catalogue.refresh(),
        )
        self.intake = Intake(workspace.episodes, stream, rules)
        self._newest: dict[str, Frame] = {}
        self._now = 0.0

    def sink(self, step: NDArray[Any]) -> None:
        """Takes one tick, shape () of the step dtype.

        Raises:
            RecordingError: the episode cannot be written; nothing is silently left out.
        """
        if not self.intake.recording and not int(step["attempt"]) and self.intake.settled:
            return  # idle: most ticks between attempts
        self._now = float(step["t"])
        block = np.reshape(step, 1).copy()  # the loop fills the same record again
        self.intake.take_steps(block, self._now)
        self._poll()

    def emit(self, message: Message) -> None:
        """Takes what the loop tells: AttemptStarted, AttemptEnded, OperatorTagged; others pass.

        Raises:
            RecordingError: the episode cannot be written.
        """
        match message:
            case AttemptStarted():
                self.intake.take_started(message)
            case AttemptEnded():
                self.intake.take_ended(message)
            case OperatorTagged():
                self.desk.tagged(message, self._now)
            case _:
                return
        self._poll()

    def frame(self, camera: str, frame: Frame) -> None:
        """Takes one camera image; give it before the first tick that knows it.

        While nothing records, the newest of each camera is kept, so that the first tick's is there.
        """
        if self.intake.recording:
            self._encode(camera, frame)
        else:
            self._newest[camera] = frame

    def handle(self, command: Message) -> Message:
        """Carries out a labelling command (Tag, Note, SetOutcome, ...) as the process would."""
        reply = self.desk.handle(command, self.intake)
        return reply or Refused(f"A recorder does not know {type(command).__name__}.")

    def next_episode(self) -> int:
        """A number for the next attempt that was never used here."""
        return max(self.catalogue.next_episode(), self.intake.recording + 1)

    def close(self) -> None:
        """Closes what is open; an attempt without an outcome stays a leftover."""
        self.intake.end(UNTOLD)
        self._lock.close()

    def __enter__(self) -> LockstepRecorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _poll(self) -> None:
        self.intake.poll(self._now)
        self.desk.settle(self.intake, self._now)
        problem, self.intake.problem = self.intake.problem, ""
        if problem:
            raise RecordingError(problem)

    def _opened(self, step: NDArray[Any]) -> None:
        for camera, frame in self._newest.items():
            self._encode(camera, frame)
        self._newest.clear()

    def _encode(self, camera: str, frame: Frame) -> None:
        data = jpeg.encode(frame.image)
        self.intake.take_frame(camera, frame.t, data, sequence=frame.sequence)


def session_id() -> str:
    """A name for a sitting that begins now, sortable by time."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S")
