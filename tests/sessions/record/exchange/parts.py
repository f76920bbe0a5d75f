"""A small workspace with everything in it that an exchange must carry."""

from __future__ import annotations

from pathlib import Path

from sessions import taxonomy
from sessions.messages import (
    Accepted,
    DiscardIntervention,
    Message,
    Note,
    SetBoundary,
    SetEdges,
    SetLabel,
    SetOutcome,
    SetScore,
    SplitIntervention,
    Tag,
)
from sessions.record import jpeg
from sessions.record.catalogue import Catalogue
from sessions.record.desk import Desk
from sessions.record.edits import EditLog
from sessions.record.exchange.base import Outgoing
from sessions.record.query import parse, select
from sessions.record.storage import EpisodeWriter
from sessions.types import Controller, Outcome
from sessions.workspace import Workspace
from tests.sessions.record.parts import CAMERAS, DTYPE, image, made_workspace, meta, steps

TICKS = 90


def full_workspace(root: Path) -> Workspace:
    """A demonstration, an attempt with edited interventions, a failure, a discarded one."""
    space = made_workspace(root)
    for number in (1, 2, 3, 4):
        _episode(space, number)
    log = EditLog(space.episodes, writable=True)
    catalogue = Catalogue(space, log)
    desk = Desk(catalogue, log, taxonomy.load("manipulation"), space.root, lambda: 2)
    commands: list[Message] = [
        Tag(2, 20, "grasp"),
        SplitIntervention(2, 50, 60),
        SetEdges(2, 20, 15, 35),
        SetBoundary(2, 20, 25),
        Note(2, 20, "slipped"),
        Note(2, -1, "evening light"),
        SetScore(2, "grasp", 2),
        SetLabel(2, "object", "blue cube"),
        Tag(3, 20, "approach"),
        DiscardIntervention(3, 50),
        SetOutcome(4, "discarded"),
    ]
    for command in commands:
        assert desk.handle(command, None) == Accepted(), command
    later = [i for i in catalogue.interventions() if i.episode == 2][-1]
    assert desk.handle(Tag(2, later.start, "placement"), None) == Accepted()
    return space


def outgoing(space: Workspace, query: str = "") -> Outgoing:
    catalogue = Catalogue(space)
    return Outgoing(space, catalogue, select(catalogue, parse(query)))


def same_episodes(one: Workspace, other: Workspace, *, pictures: bool = True) -> None:
    """Asserts that what is in force in both is the same, number apart."""
    first, second = Catalogue(one), Catalogue(other)
    kept = [e for e in first.episodes() if e.outcome != "discarded"]
    found = second.episodes()
    assert len(kept) == len(found)
    for mine, theirs in zip(kept, found, strict=True):
        a, b = first.read(mine.episode), second.read(theirs.episode)
        left, right = a.steps.copy(), b.steps.copy()
        left["attempt"] = right["attempt"] = 0
        assert left.tobytes() == right.tobytes()
        assert a.outcome is b.outcome
        for name in ("round", "demo", "operator", "object", "note", "scores", "duration_s"):
            assert getattr(mine, name) == getattr(theirs, name), name
        ours = [i for i in first.interventions() if i.episode == mine.episode]
        hers = [i for i in second.interventions() if i.episode == theirs.episode]
        for name in ("first", "stop", "t", "category", "note", "discarded", "boundary"):
            assert [getattr(i, name) for i in ours] == [getattr(i, name) for i in hers], name
        if pictures:
            assert {c: f.sequence.tolist() for c, f in a.frames.items()} == {
                c: f.sequence.tolist() for c, f in b.frames.items()
            }


def _episode(space: Workspace, number: int) -> None:
    demo = number == 1
    made = steps(0, TICKS, number)
    if demo:
        made["controller"] = Controller.DEMO
    else:
        made["controller"][20:40] = made["controller"][50:75] = Controller.HUMAN
    times = sorted(set(made["frame_t"][:, 0].tolist()))
    writer = EpisodeWriter(
        space.episodes,
        meta(number, demo=demo, round=-1 if demo else 2, uid=f"uid-{number}"),
        DTYPE,
        CAMERAS,
    )
    writer.append(made)
    for i, t in enumerate(times):
        for camera in CAMERAS:
            writer.add_frame(camera, t, jpeg.encode(image(i + 10 * number)), sequence=i)
    writer.finish(Outcome.FAILURE if number == 3 else Outcome.SUCCESS)
