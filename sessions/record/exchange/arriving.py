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
import numpy as np
from numpy.typing import NDArray

from sessions.record import layout, salvage
from sessions.record.catalogue import Catalogue
from sessions.record.disk import WorkspaceLock
from sessions.record.edits import Edit, EditError, EditLog
from sessions.record.exchange.base import Counts, ExchangeError, Job
from sessions.record.layout import EpisodeMeta
from sessions.record.reader import FrameIndex
from sessions.record.writer import EpisodeWriter
from sessions.types import Controller, Outcome, step_dtype
from sessions.workspace import Workspace

_MOST_HZ = 1e5
_BLOCK = 64  # pictures written between two flushes


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
        known: by camera, what else is known of each picture, where it comes from this program.
        note: why it was salvaged, empty for an ordinary one.
    """

    meta: EpisodeMeta
    steps: NDArray[Any]
    outcome: Outcome
    frames: dict[str, Callable[[], Iterator[tuple[float, int, bytes]]]] = field(
        default_factory=dict
    )
    edits: tuple[Edit, ...] = ()
    tags: tuple[tuple[int, str], ...] = ()
    known: dict[str, FrameIndex] = field(default_factory=dict)
    note: str = ""


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
        salvage.tidy(workspace.episodes)  # of what an import left that was killed
        log = EditLog(workspace.episodes, writable=True)
        catalogue = Catalogue(workspace, log)
        known = {layout.identity(entry.meta) for entry in catalogue.entries()}
        number = catalogue.next_episode() - 1
        numbers: list[int] = []
        ticks, passed = 0, 0
        frames: dict[str, int] = {}
        for done, episode in enumerate(arriving):
            job.check()
            job.report(done, total, f"episode {done + 1} of {total}")
            if layout.identity(episode.meta) in known:
                passed += 1
                continue
            _check(episode)
            number += 1
            for camera, count in _write(workspace, log, episode, number, job).items():
                frames[camera] = frames.get(camera, 0) + count
            known.add(layout.identity(episode.meta))
            numbers.append(number)
            ticks += len(episode.steps)
        catalogue.refresh()
        new = set(numbers)
        interventions = sum(i.episode in new for i in catalogue.interventions())
        job.report(total, total, "")
        counts = Counts(len(numbers), ticks, frames, interventions)
        return Stored(counts, passed, tuple(numbers))


def _check(episode: Arriving) -> None:
    """Refuses what could be written but never be worked with again."""
    meta, steps = episode.meta, episode.steps
    joints = len(meta.joint_names)
    fields = step_dtype(joints, len(meta.environment_names), len(meta.camera_names))
    t = steps["t"] if steps.dtype == fields else np.zeros(0)
    sound = {
        "has no ticks of its own joints and cameras": len(t) > 0,
        "has times that are not in order": bool(np.isfinite(t).all() and (np.diff(t) >= 0).all()),
        "has a controller that nobody knows": bool((steps["controller"] <= max(Controller)).all()),
        f"has a rate of {meta.rate_hz} Hz": 0.0 < meta.rate_hz <= _MOST_HZ,
        "has limits of other joints": {len(meta.lower), len(meta.upper)} <= {0, joints},
    }
    wrong = [words for words, good in sound.items() if not good]
    if wrong:
        name = f"Episode {layout.identity(meta)!r:.80}"
        raise ExchangeError(f"{name} {wrong[0]}; it is not brought in. Leave it out or mend it.")


def _write(
    workspace: Workspace, log: EditLog, episode: Arriving, number: int, job: Job
) -> dict[str, int]:
    meta = msgspec.structs.replace(episode.meta, episode=number)
    steps = episode.steps.copy()
    steps["attempt"] = number
    # Not an attempt of anybody's: a half import is never offered as a leftover.
    name = layout.file_name(number, salvage.COPY)
    cameras = tuple(episode.frames)
    writer = EpisodeWriter(workspace.episodes, meta, steps.dtype, cameras, name=name)
    try:
        writer.append(steps)
        for camera in cameras:
            _take_pictures(writer, camera, episode, job)
        writer.flush(sync=False)
        # Before the file has its name: killed in between, it would be here without its labels and
        # be passed over by the next import.
        _label(log, workspace, episode, number)
        writer.finish(episode.outcome, note=episode.note)
    except BaseException:
        writer.abandon("The import was stopped.").unlink(missing_ok=True)
        raise
    return dict(writer.frames)


def _take_pictures(writer: EpisodeWriter, camera: str, episode: Arriving, job: Job) -> None:
    known = episode.known.get(camera)
    for i, (t, sequence, data) in enumerate(episode.frames[camera]()):
        received_t = t if known is None else float(known.received_t[i])
        flags = 0 if known is None else int(known.flags[i])
        writer.add_frame(camera, t, data, sequence=sequence, received_t=received_t, flags=flags)
        if i % _BLOCK == _BLOCK - 1:
            job.check()
            writer.flush(sync=False)


def _label(log: EditLog, workspace: Workspace, episode: Arriving, number: int) -> None:
    round_index = workspace.running_round()
    try:
        log.adopt(episode.edits, number, round_index)
    except EditError as error:
        raise ExchangeError(f"Episode {layout.identity(episode.meta)!r:.80}: {error}") from error
    for row, category in episode.tags:
        log.add("tag", round_index, number, row, category)
