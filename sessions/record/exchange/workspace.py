"""Another workspace of this program, in: stations that collect apart are brought together.

Episodes are known by their identity, so that one that is in both comes once. Where both have it,
their edits may differ: this workspace's stay in force, and the difference is listed, because only a
person can say who was right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from sessions.record import layout
from sessions.record.catalogue import Catalogue
from sessions.record.exchange.arriving import Arriving
from sessions.record.exchange.base import ExchangeError
from sessions.record.reader import FrameReader, read_episode
from sessions.types import SessionError
from sessions.workspace import Workspace, open_workspace


def incoming(source: Path) -> tuple[int, Iterator[Arriving]]:
    """The finished episodes of another workspace: how many, and each.

    Raises:
        ExchangeError: it is no workspace, or cannot be read.
    """
    catalogue = _catalogue(source)
    numbers = [e.episode for e in catalogue.episodes()]
    return len(numbers), (_episode(catalogue, number) for number in numbers)


def conflicts(workspace: Workspace, source: Path) -> list[str]:
    """What a merge would not settle, in words; empty if it settles everything.

    Raises:
        ExchangeError: ``source`` is no workspace.
    """
    mine, theirs = Catalogue(workspace), _catalogue(source)
    here = {layout.identity(mine.meta(e.episode)): e for e in mine.episodes()}
    found: list[str] = []
    if mine.taxonomy != theirs.taxonomy:
        found.append(
            "The failure categories differ. This workspace's stay; tags it does not know keep "
            "their names."
        )
    joints = {tuple(mine.meta(e.episode).joint_names) for e in mine.episodes()[:1]}
    for episode in theirs.episodes():
        meta = theirs.meta(episode.episode)
        if joints and tuple(meta.joint_names) not in joints:
            found.append(
                f"Their attempt {episode.episode} has other joints: one policy cannot learn from "
                "both. It is brought in all the same."
            )
        twin = here.get(layout.identity(meta))
        if twin is None:
            continue
        if _said(mine, twin.episode) != _said(theirs, episode.episode):
            found.append(
                f"Attempt {twin.episode} is their {episode.episode}, and is labelled otherwise "
                "there. This workspace's labels stay."
            )
    return found


def _said(catalogue: Catalogue, episode: int) -> list[tuple[str, int, str]]:
    return [(e.kind, e.start, e.value) for e in catalogue.edits(episode)]


def _catalogue(source: Path) -> Catalogue:
    try:
        return Catalogue(open_workspace(source))
    except SessionError as error:
        raise ExchangeError(str(error)) from error


def _episode(catalogue: Catalogue, number: int) -> Arriving:
    data = read_episode(catalogue.path(number))
    meta = msgspec.structs.replace(data.meta, uid=layout.identity(data.meta))
    return Arriving(
        meta=meta,
        steps=data.steps,
        outcome=data.outcome,
        frames={
            c: _pictures(data.path, c, data.frames[c].t.tolist(), data.frames[c].sequence.tolist())
            for c in data.frames
        },
        edits=tuple(catalogue.edits(number)),
    )


def _pictures(
    path: Path, camera: str, times: list[float], sequence: list[int]
) -> Callable[[], Iterator[tuple[float, int, bytes]]]:
    def read() -> Iterator[tuple[float, int, bytes]]:
        with FrameReader(path) as reader:
            for i, t in enumerate(times):
                yield t, sequence[i], reader.jpeg(camera, i)

    return read
