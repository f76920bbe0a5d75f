"""Episodes on their way in: each becomes an ordinary episode of the workspace.

A format yields ``Arriving`` episodes one by one; ``store`` gives each a number of its own, keeps
its identity, and passes over those that are here already, so that an import that was stopped goes
on where it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from numpy.typing import NDArray

from sessions.record import layout
from sessions.record.catalogue import Catalogue
from sessions.record.disk import WorkspaceLock
from sessions.record.edits import Edit, EditLog
from sessions.record.exchange.base import Counts, Job
from sessions.record.layout import EpisodeMeta
from sessions.record.salvage import next_episode
from sessions.record.writer import EpisodeWriter
from sessions.types import Outcome
from sessions.workspace import Workspace


@dataclass(frozen=True)
class Arriving:
    """One episode on its way in.

    Attributes:
        meta: its ``uid`` is what it is known by; ``episode`` is given by the workspace.
        steps: shape (T,) of ``step_dtype`` for the meta's joints, environment and cameras.
        outcome: success, failure or discarded.
        frames: by camera, yields (capture time [s], sequence, JPEG).
        edits: what was edited of it in a workspace it comes from, in order.
        tags: (first row of an intervention, category), where it comes from elsewhere.
    """

    meta: EpisodeMeta
    steps: NDArray[Any]
    outcome: Outcome
    frames: dict[str, Callable[[], Iterator[tuple[float, int, bytes]]]] = field(
        default_factory=dict
    )
    edits: tuple[Edit, ...] = ()
    tags: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Stored:
    """What an import brought.

    Attributes:
        counts: what was written and read again.
        here_already: episodes that were passed over because they are here.
        episodes: numbers of the new ones.
    """

    counts: Counts
    here_already: int
    episodes: tuple[int, ...]


def store(
    workspace: Workspace, arriving: Iterator[Arriving], total: int, job: Job | None = None
) -> Stored:
    """Writes arriving episodes into a workspace; each is whole or not there.

    Args:
        workspace: nobody may be recording into it.
        arriving: the episodes.
        total: how many there are.
        job: progress and cancelling; an import goes on where it was stopped.

    Raises:
        RecordingError: a recorder is at work.
        CancelledError: it was cancelled; what was stored stays.
        EpisodeError: an episode cannot be written or was not read back as written.
        ExchangeError: an episode does not fit the workspace's station.
    """
    job = job or Job()
    with contextlib.closing(WorkspaceLock(workspace.episodes)):
        catalogue = Catalogue(workspace)
        known = {layout.identity(catalogue.meta(e.episode)) for e in catalogue.episodes()}
        log = EditLog(workspace.episodes, writable=True)
        numbers: list[int] = []
        ticks, interventions, passed = 0, 0, 0
        frames: dict[str, int] = {}
        for done, episode in enumerate(arriving):
            job.check()
            job.report(done, total, f"episode {done + 1} of {total}")
            if layout.identity(episode.meta) in known:
                passed += 1
                continue
            number = next_episode(workspace.episodes)
            for camera, count in _write(workspace, episode, number, job).items():
                frames[camera] = frames.get(camera, 0) + count
            _label(log, workspace, episode, number)
            known.add(layout.identity(episode.meta))
            numbers.append(number)
            ticks += len(episode.steps)
        catalogue.refresh()
        interventions = sum(i.episode in set(numbers) for i in catalogue.interventions())
        job.report(total, total, "")
        counts = Counts(len(numbers), ticks, frames, interventions)
        return Stored(counts, passed, tuple(numbers))


def _write(workspace: Workspace, episode: Arriving, number: int, job: Job) -> dict[str, int]:
    meta = msgspec.structs.replace(episode.meta, episode=number)
    steps = episode.steps.copy()
    steps["attempt"] = number
    writer = EpisodeWriter(workspace.episodes, meta, steps.dtype, tuple(episode.frames))
    try:
        writer.append(steps)
        counted = dict.fromkeys(episode.frames, 0)
        for camera, read in episode.frames.items():
            for t, sequence, data in read():
                writer.add_frame(camera, t, data, sequence=sequence, received_t=t)
                counted[camera] += 1
                if counted[camera] % 64 == 0:
                    job.check()
                    writer.flush(sync=False)
    except BaseException:
        # Not an attempt of anybody's: a half import is not offered as a leftover.
        writer.abandon("The import was stopped.").unlink(missing_ok=True)
        raise
    writer.finish(episode.outcome)
    return counted


def _label(log: EditLog, workspace: Workspace, episode: Arriving, number: int) -> None:
    round_index = workspace.running_round()
    for row, category in episode.tags:
        log.add("tag", round_index, number, row, category)
    log.adopt(episode.edits, number, round_index)
