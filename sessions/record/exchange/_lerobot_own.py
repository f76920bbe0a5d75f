"""What ``meta/dagger/episodes.jsonl`` holds of each episode, a line each; LeRobot does not look."""

from __future__ import annotations

import msgspec

from sessions.record.labels import Edit
from sessions.record.layout import EpisodeMeta

FILE = "episodes.jsonl"


class Taken(msgspec.Struct, frozen=True):
    """The pictures of one camera that are in the video.

    Attributes:
        height: as recorded [pixels]; the video's is even.
        width: as recorded [pixels].
        t: when each was taken, monotonic [s].
        sequence: the camera's own count.
        row: the first tick that knew it, where the video has it.
        received_t: when the camera process had each [s], None where it is not known; empty in
            datasets of earlier programs, as the next.
        flags: 1 black, 2 frozen.
    """

    height: int
    width: int
    t: tuple[float, ...]
    sequence: tuple[int, ...]
    row: tuple[int, ...]
    received_t: tuple[float | None, ...] = ()
    flags: tuple[int, ...] = ()


class OwnEpisode(msgspec.Struct, frozen=True):
    """One episode, beside its ticks in ``steps`` and its pictures in ``videos``.

    Attributes:
        meta: what it says about itself, its ``uid`` filled in.
        outcome: as edited.
        length: ticks.
        interventions: how many left with it.
        edits: everything that was edited of it, in order.
        cameras: by name.
        note: why it was salvaged, empty for an ordinary one.
    """

    meta: EpisodeMeta
    outcome: str
    length: int
    interventions: int
    edits: tuple[Edit, ...] = ()
    cameras: dict[str, Taken] = {}
    note: str = ""
