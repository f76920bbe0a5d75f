"""Leftovers: attempts whose file was never finished, and what becomes of them."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from sessions.messages import Leftover
from sessions.record import layout
from sessions.record.layout import EpisodeError
from sessions.record.reader import EpisodeData, FrameReader, counts, read_episode, read_note
from sessions.record.writer import EpisodeWriter
from sessions.types import Outcome
from sessions.workspace import sync_folder

COPY = ".resumed" + layout.PART
"""How a file ends that is written from another one, which stays until this one is whole."""

_KILLED = "It was not finished: the recorder was stopped during the attempt."
_NUMBERED = re.compile(r"^([0-9]+)\.(?:[^\n]*\.)?h5", re.MULTILINE)
_BLOCK = 64  # frames copied between two flushes


def leftovers(episodes: Path, *, running: int = 0) -> list[Leftover]:
    """The unfinished files in ``episodes``, oldest first, but for the one of attempt ``running``.

    A file that cannot be read is listed too, with what is wrong as its problem.
    """
    found = []
    for path in sorted(episodes.glob(f"*{layout.PART}")):
        number = layout.episode_number(path)
        if number == running or path.name.endswith(COPY):
            continue
        try:
            note = read_note(path) or _KILLED
            found.append(Leftover(str(path), number, counts(path)[0], note))
        except EpisodeError as error:
            found.append(Leftover(str(path), number, 0, error.problem))
    return found


def tidy(episodes: Path) -> None:
    """Removes copies that a kill interrupted, and leftovers whose finished file is there.

    Called once at start, by the only recorder.
    """
    for path in episodes.glob(f"*{COPY}"):
        path.unlink()
    for path in episodes.glob(f"*{layout.PART}"):
        final = episodes / layout.file_name(layout.episode_number(path))
        if not final.exists():
            continue
        try:
            if counts(final)[0] >= counts(path)[0]:
                path.unlink()
        except EpisodeError:
            continue  # one of both is torn: shown as a leftover, and a person decides


def salvage(path: Path, outcome: Outcome | None = None) -> Path:
    """Finishes a leftover and returns the episode's path.

    Without ``outcome`` it is the one that was told before the writing ended, or success if the last
    tick was judged one; otherwise discarded, because a made-up failure would be learned from and
    counted. The operator can set it afterwards.

    Raises:
        EpisodeError: nothing to salvage, torn, or the disk is full; the leftover stays.
    """
    data = read_episode(path)
    if len(data.steps) == 0:
        raise EpisodeError(path, "It holds no tick.", "Move it aside instead.")
    writer = _copied(path, data, _copy_writer(path, data))
    try:
        final = writer.finish(outcome or _outcome(data), note=data.note or _KILLED)
    except EpisodeError:  # the copy would be in the way of the next try
        writer.path.unlink(missing_ok=True)
        raise
    path.unlink()
    sync_folder(path.parent)
    return final


def resume(path: Path, data: EpisodeData) -> EpisodeWriter:
    """Goes on writing a leftover: a writer that holds all its ticks and frames so far.

    Args:
        path: the leftover.
        data: what was read of it.

    Raises:
        EpisodeError: its frames are torn, or the disk is full; the leftover stays.
    """
    writer = _copied(path, data, _copy_writer(path, data))
    writer.path.replace(path)
    sync_folder(path.parent)
    writer.path = path
    return writer


def aside(path: Path) -> Path:
    """Moves a leftover to ``episodes/aside``; its number stays taken."""
    folder = path.parent / "aside"
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    attempt = 1
    while target.exists():
        attempt += 1
        target = folder / f"{path.name}.{attempt}"
    path.rename(target)
    sync_folder(folder)
    sync_folder(path.parent)
    return target


def next_episode(episodes: Path) -> int:
    """One more than the highest number any file here ever had, leftovers and moved ones too."""
    taken = 0
    for folder in (episodes, episodes / "aside"):
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(folder) as found,
        ):
            names = _NUMBERED.findall("\n".join(entry.name for entry in found))
            taken = max(taken, *map(int, names), 0)
    return taken + 1


def _copy_writer(path: Path, data: EpisodeData) -> EpisodeWriter:
    name = layout.file_name(data.meta.episode, COPY)
    return EpisodeWriter(path.parent, data.meta, data.steps.dtype, tuple(data.frames), name=name)


def _copied(source: Path, data: EpisodeData, writer: EpisodeWriter) -> EpisodeWriter:
    try:
        writer.append(data.steps)
        with FrameReader(source) as reader:
            for camera, index in data.frames.items():
                for i, t in enumerate(index.t):
                    writer.add_frame(
                        camera,
                        float(t),
                        reader.jpeg(camera, i),
                        sequence=int(index.sequence[i]),
                        received_t=float(index.received_t[i]),
                        flags=int(index.flags[i]),
                    )
                    if i % _BLOCK == _BLOCK - 1:
                        writer.flush(sync=False)
        writer.flush()
    except EpisodeError:
        writer.abandon("It is the copy of a leftover.")
        writer.path.unlink(missing_ok=True)
        raise
    return writer


def _outcome(data: EpisodeData) -> Outcome:
    if data.outcome is not Outcome.RUNNING:
        return data.outcome
    return Outcome.SUCCESS if data.steps["success"][-1] else Outcome.DISCARDED
