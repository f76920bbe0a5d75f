"""Another workspace of this program, in: stations that collect apart are brought together.

Episodes are known by their identity, so that one that is in both comes once. Where both have it,
their edits may differ: this workspace's stay in force, and the difference is listed, because only a
person can say who was right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sessions.record import layout
from sessions.record.catalogue import Catalogue
from sessions.record.exchange.arriving import Arriving, Each
from sessions.record.exchange.base import ExchangeError
from sessions.record.reader import FrameReader, read_episode
from sessions.types import SessionError
from sessions.workspace import Workspace, open_workspace

_FACTS = "workspace.json"


def incoming(source: Path) -> tuple[int, Iterator[Arriving]]:
    """The finished episodes of another workspace: how many, and each; torn ones raise in turn.

    Raises:
        ExchangeError: it is no workspace, or cannot be read.
    """
    catalogue = _catalogue(source)
    found: list[int | str] = [*catalogue.problems, *(e.episode for e in catalogue.episodes())]
    return len(found), Each(functools.partial(_episode, catalogue), found)


def conflicts(workspace: Workspace, source: Path) -> list[str]:
    """What a merge would not settle, in words; empty if it settles everything.

    Raises:
        ExchangeError: ``source`` is no workspace.
    """
    mine, theirs = Catalogue(workspace), _catalogue(source)
    here = {layout.identity(e.meta): e.meta.episode for e in mine.entries()}
    found: list[str] = []
    if mine.taxonomy != theirs.taxonomy:
        found.append(
            "The failure categories differ. This workspace's stay; tags it does not know keep "
            "their names."
        )
    left = sum(1 for _ in theirs.folder.glob(f"*{layout.PART}"))
    if left:
        found.append(
            f"{left} unfinished attempt{'s stay' if left > 1 else ' stays'} behind. Open that "
            "workspace and keep what is worth it first."
        )
    joints = {tuple(e.meta.joint_names) for e in mine.entries()[:1]}
    for meta in (entry.meta for entry in theirs.entries()):
        if joints and tuple(meta.joint_names) not in joints:
            found.append(
                f"Their attempt {meta.episode} has other joints: one policy cannot learn from "
                "both. It is brought in all the same."
            )
        twin = here.get(layout.identity(meta))
        if twin is None:
            continue
        if _said(mine, twin) != _said(theirs, meta.episode):
            found.append(
                f"Attempt {twin} is their {meta.episode}, and is labelled otherwise "
                "there. This workspace's labels stay."
            )
    return found


def _said(catalogue: Catalogue, episode: int) -> tuple[Any, ...]:
    """What is in force; the edits themselves call the parts of splits otherwise in each place."""
    labels = catalogue.labels
    tables = (labels.outcome, labels.score, labels.label)
    marks = []
    for mark in catalogue.marks(episode):
        key = (episode, mark.identity)
        rows = (mark.facts.first, mark.facts.stop, mark.boundary, mark.context_s)
        told = (labels.category.get(key, ""), labels.note.get(key, ""), key in labels.discarded)
        marks.append((*rows, *told))
    whole = [table.get(episode) or None for table in tables]
    return (whole, labels.note.get((episode, -1), ""), marks)


def _catalogue(source: Path) -> Catalogue:
    if not source.exists():
        raise ExchangeError(f"{source}: There is no such folder, so it is no workspace.")
    if not (source / _FACTS).exists():
        raise ExchangeError(
            f"{source} is no workspace: {_FACTS} is not in it. Name the folder of another "
            "station's workspace."
        )
    try:
        return Catalogue(open_workspace(source), remember=False)
    except SessionError as error:
        raise ExchangeError(str(error)) from error


def _episode(catalogue: Catalogue, number: int | str) -> Arriving:
    """One by its number, or why it is none."""
    if isinstance(number, str):
        raise ExchangeError(number)
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
        known=data.frames,
        note=data.note,
    )


def _pictures(
    path: Path, camera: str, times: list[float], sequence: list[int]
) -> Callable[[], Iterator[tuple[float, int, bytes]]]:
    def read() -> Iterator[tuple[float, int, bytes]]:
        with FrameReader(path) as reader:
            for i, t in enumerate(times):
                yield t, sequence[i], reader.jpeg(camera, i)

    return read
