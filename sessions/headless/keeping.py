"""Writes attempts that were run in lockstep as ordinary episodes, tags included."""

from __future__ import annotations

from datetime import UTC, datetime

from sessions.lockstep import Attempt
from sessions.record.catalogue import Catalogue
from sessions.record.edits import EditLog
from sessions.record.layout import EpisodeMeta, new_uid
from sessions.record.storage import EpisodeWriter
from sessions.types import Controller, segments
from sessions.workspace import Workspace


class Keeper:
    """Numbers and writes the episodes of one workspace; nobody else may write there meanwhile.

    Args:
        workspace: where the episodes go.
        session: label of this run, kept with each episode.
    """

    def __init__(self, workspace: Workspace, session: str) -> None:
        self.workspace = workspace
        self._session = session
        self._edits = EditLog(workspace.episodes, writable=True)
        self._next = Catalogue(workspace).next_episode()

    def keep(self, attempt: Attempt, *, demo: bool, round_index: int, operator: str) -> int:
        """Writes one attempt; returns its episode number.

        Args:
            attempt: what the loop recorded.
            demo: whether it is a demonstration.
            round_index: round whose policy drove, -1 before the base policy.
            operator: name of the operator in the station file.

        Raises:
            EpisodeError: the disk is full or failed.
            EditError: a tag could not be written.
        """
        number = self._next
        self._next += 1
        meta = EpisodeMeta(
            episode=number,
            round=round_index,
            policy="" if demo else f"round-{round_index:03d}",
            operator=operator,
            demo=demo,
            seed=attempt.seed,
            session=self._session,
            station=self.workspace.station.name,
            task=self.workspace.task.name,
            stages=self.workspace.task.stages,
            joint_names=attempt.limits.names,
            lower=tuple(attempt.limits.lower.tolist()),
            upper=tuple(attempt.limits.upper.tolist()),
            unit=attempt.limits.unit,
            environment_names=attempt.environment_names,
            camera_names=attempt.camera_names,
            rate_hz=self.workspace.station.rate_hz,
            started_wall=datetime.now(UTC).isoformat(timespec="seconds"),
            source="lockstep",
            uid=new_uid(),
        )
        # The loop numbered every attempt 1: each had a loop of its own.
        steps = attempt.steps.copy()
        steps["attempt"] = number
        cameras = tuple(attempt.frames)
        writer = EpisodeWriter(self.workspace.episodes, meta, steps.dtype, cameras)
        writer.append(steps)
        for camera, frames in attempt.frames.items():
            for t, sequence, data in frames:
                writer.add_frame(camera, t, data, sequence=sequence, received_t=t)
        writer.finish(attempt.outcome)
        self._tag(attempt, number, round_index)
        return number

    def _tag(self, attempt: Attempt, number: int, round_index: int) -> None:
        """A tag belongs to the intervention under way at its row, or to the latest before it."""
        starts = [
            s.start for s in segments(attempt.steps, number) if s.controller == Controller.HUMAN
        ]
        for row, category in attempt.tags:
            before = [start for start in starts if start <= row]
            if before:
                self._edits.add("tag", round_index, number, before[-1], category)
