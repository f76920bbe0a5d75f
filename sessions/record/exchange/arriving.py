"""Episodes on their way in: each becomes an ordinary episode of the workspace.

A format yields ``Arriving`` episodes one by one; ``store`` gives each a number of its own, keeps
its identity, and passes over those that are here already, so that an import that was stopped goes
on where it was.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import layout, salvage
from sessions.record.catalogue import Catalogue
from sessions.record.disk import WorkspaceLock
from sessions.record.edits import Edit, EditError, EditLog
from sessions.record.exchange.base import Counts, ExchangeError, Job
from sessions.record.labels import meaningful
from sessions.record.layout import EpisodeError, EpisodeMeta
from sessions.record.reader import FrameIndex
from sessions.record.writer import EpisodeWriter
from sessions.types import Controller, Outcome, SessionError, step_dtype
from sessions.workspace import Workspace

K = TypeVar("K")

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
        unreadable: why each that could not be read was left out, in words.
    """

    counts: Counts
    here_already: int
    episodes: tuple[int, ...]
    unreadable: tuple[str, ...] = ()


class Each(Iterator[Arriving], Generic[K]):
    """Reads one episode after another; one that raises does not end the others.

    Args:
        read: reads one.
        keys: what to read.
    """

    def __init__(self, read: Callable[[K], Arriving], keys: Iterable[K]) -> None:
        self._read, self._keys = read, iter(keys)

    def __next__(self) -> Arriving:
        """The next episode.

        Raises:
            ExchangeError: it cannot be read; the one after it is next.
            EpisodeError: as above.
        """
        return self._read(next(self._keys))


class _UnreadableError(SessionError):
    """An episode that arrives is not whole; the workspace is as it was before it."""


def readable(arriving: Iterator[Arriving], unreadable: list[str]) -> Iterator[Arriving]:
    """The episodes that can be read and worked with; why others cannot goes to ``unreadable``."""
    while True:
        try:
            episode = next(arriving)
            _check(episode)
        except StopIteration:
            return
        except (ExchangeError, EpisodeError) as error:
            unreadable.append(str(error))
            continue
        yield episode


def store(
    workspace: Workspace,
    arriving: Iterator[Arriving],
    total: int,
    job: Job | None = None,
    fits: Callable[[Arriving], None] = lambda episode: None,
) -> Stored:
    """Writes arriving episodes into a workspace; each is whole or not there.

    Args:
        workspace: nobody may be recording into it.
        arriving: the episodes.
        total: how many there are.
        job: progress and cancelling; an import goes on where it was stopped.
        fits: looks at each before it is written; what it raises ends the import.

    Raises:
        RecordingError: a recorder is at work.
        CancelledError: it was cancelled; what was stored stays.
        EpisodeError: an episode cannot be written or was not read back as written.
        ExchangeError: none of them could be read.
    """
    job = job or Job()
    with contextlib.closing(WorkspaceLock(workspace.episodes)):
        salvage.tidy(workspace.episodes)  # of what an import left that was killed
        stored = _Storing(workspace, job)
        for done, episode in enumerate(readable(arriving, stored.unreadable)):
            job.check()
            job.report(done, total, f"episode {done + 1} of {total}")
            if layout.identity(episode.meta) in stored.known:
                stored.passed += 1
                continue
            fits(episode)
            stored.take(episode)
        if stored.unreadable and not (stored.numbers or stored.passed):
            raise ExchangeError(stored.unreadable[0])
        job.report(total, total, "")
        return stored.result()


class _Storing:
    """What one import has written so far."""

    def __init__(self, workspace: Workspace, job: Job) -> None:
        self._workspace, self._job = workspace, job
        self._log = EditLog(workspace.episodes, writable=True)
        self._catalogue = Catalogue(workspace, self._log)
        self.known = {layout.identity(entry.meta) for entry in self._catalogue.entries()}
        self._number = self._catalogue.next_episode() - 1
        self.numbers: list[int] = []
        self.unreadable: list[str] = []
        self.passed = self._ticks = 0
        self._frames: dict[str, int] = {}

    def take(self, episode: Arriving) -> None:
        """Writes one; it is told as unreadable if its pictures are."""
        number = self._number + 1
        try:
            written = _write(self._workspace, self._log, episode, number, self._job)
        except _UnreadableError as error:
            self.unreadable.append(str(error))
            return
        for camera, count in written.items():
            self._frames[camera] = self._frames.get(camera, 0) + count
        self._number = number
        self.known.add(layout.identity(episode.meta))
        self.numbers.append(number)
        self._ticks += len(episode.steps)

    def result(self) -> Stored:
        """What came of it, interventions counted by reading again."""
        self._catalogue.refresh()
        new = set(self.numbers)
        interventions = sum(i.episode in new for i in self._catalogue.interventions())
        counts = Counts(len(new), self._ticks, self._frames, interventions)
        return Stored(counts, self.passed, tuple(self.numbers), tuple(self.unreadable))


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
    names = (*meta.camera_names, *meta.joint_names, *meta.environment_names)
    sound |= {f"calls a camera or component {n!r:.40}": layout.is_name(n) for n in names}
    sound |= {f"has an edit {e.id} that cannot be read": _is_edit(e) for e in episode.edits}
    wrong = [words for words, good in sound.items() if not good]
    if wrong:
        name = f"Episode {layout.identity(meta)!r:.80}"
        raise ExchangeError(f"{name} {wrong[0]}; it is not brought in. Leave it out or mend it.")


def _is_edit(edit: Edit) -> bool:
    return edit.kind not in ("undo", "redo") and meaningful(edit)


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
    for i, (t, sequence, data) in enumerate(_readable(episode.frames[camera]())):
        received_t = t if known is None else float(known.received_t[i])
        flags = 0 if known is None else int(known.flags[i])
        writer.add_frame(camera, t, data, sequence=sequence, received_t=received_t, flags=flags)
        if i % _BLOCK == _BLOCK - 1:
            job.check()
            writer.flush(sync=False)


def _readable(
    pictures: Iterator[tuple[float, int, bytes]],
) -> Iterator[tuple[float, int, bytes]]:
    """Tells what is torn where it comes from apart from what cannot be written here."""
    try:
        yield from pictures
    except (ExchangeError, EpisodeError) as error:
        raise _UnreadableError(str(error)) from error


def _label(log: EditLog, workspace: Workspace, episode: Arriving, number: int) -> None:
    round_index = workspace.running_round()
    try:
        log.adopt(episode.edits, number, round_index)
    except EditError as error:
        raise ExchangeError(f"Episode {layout.identity(episode.meta)!r:.80}: {error}") from error
    for row, category in episode.tags:
        log.add("tag", round_index, number, row, category)
