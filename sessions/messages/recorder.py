"""What the recorder tells: episodes, interventions, leftovers, room on the disk."""

from __future__ import annotations

import msgspec

from sessions.messages.base import Message


class Intervention(Message):
    """A human segment, live or finished, with its labels.

    ``start`` is its identity: the row it began at as recorded, or for the later part of a split a
    number beyond all rows. ``first`` up to ``stop`` are its rows as edited, ``boundary`` the row
    at which recovery ends and correction begins (-1 while nobody said), ``context_s`` the length
    of its own pre-intervention segment (None takes the workspace's).
    """

    episode: int
    start: int
    t: float
    duration_s: float
    doubt: float
    category: str
    note: str
    running: bool
    recovered: bool
    discarded: bool = False
    thumbnail: bytes = b""
    first: int = -1
    stop: int = -1
    boundary: int = -1
    context_s: float | None = None


class Flag(Message):
    """Something about an episode's quality that is worth a look; nothing is left out for it.

    ``kind`` is a name of ``sessions.record.quality.RULES``, ``row`` its worst moment (-1: the
    whole episode), ``t`` that moment since the episode began [s].
    """

    kind: str
    row: int
    t: float
    text: str


class EpisodeSummary(Message):
    """A finished episode of the workspace, its labels as edited.

    ``scores`` holds 0 to 3 by name of the stage, for those that were scored.
    """

    episode: int
    round: int
    demo: bool
    outcome: str
    duration_s: float
    ticks: int
    human_s: float
    interventions: int
    operator: str = ""
    session: str = ""
    environment: str = ""
    object: str = ""
    started_wall: str = ""
    note: str = ""
    scores: dict[str, int] = msgspec.field(default_factory=dict)
    flags: tuple[Flag, ...] = ()


class Leftover(Message):
    """A ``.part`` file found at start."""

    path: str
    episode: int
    ticks: int
    problem: str = ""


class RecorderReady(Message):
    """What the control process needs of the recorder, on an endpoint of its own (``READY``).

    With every ``RecorderState``, which names each episode of the workspace: to read that would take
    the loop milliseconds of its tick. Both fields are as there.
    """

    next_episode: int = 1
    refusal: str = ""


READY = "recorder-ready"
"""The endpoint of ``RecorderReady``, as ``sessions.bus`` names endpoints."""


class RecorderState(Message):
    """Everything the recorder knows; published on change and once a second.

    ``refusal`` says why no attempt could be recorded now (disk full); empty if one can: control
    starts none while it is there. ``problem`` is what the operator should read, refusal or not.
    ``taxonomy`` changes with the failure categories: whoever shows them reads them again then.
    ``disk_minutes`` is how long can still be recorded, negative if not known.
    ``can_undo`` is about the running round; ``undo_text`` says in words what an undo everywhere
    would take back, empty if nothing.
    """

    sequence: int
    recording: int
    saved: int
    started: int
    lost_ticks: int
    lost_frames: int
    disk_free_bytes: int
    interventions: tuple[Intervention, ...] = ()
    episodes: tuple[EpisodeSummary, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    can_undo: bool = False
    can_redo: bool = False
    undo_text: str = ""
    redo_text: str = ""
    taxonomy: str = ""
    problem: str = ""
    next_episode: int = 1
    refusal: str = ""
    disk_minutes: float = -1.0
