"""What the catalogue remembers of each finished file, so that opening reads only the new ones.

``episodes/index.msgpack`` is a cache and nothing else: deleted or torn, it is made again.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from sessions.record import jpeg
from sessions.record.layout import EpisodeError
from sessions.record.reader import EpisodeData, FrameReader, read_episode
from sessions.types import Controller, segments

FILE = "index.msgpack"
_VERSION = 1


class Takeover(msgspec.Struct, frozen=True):
    """One human segment as recorded, before any edit.

    Attributes:
        start: first row.
        stop: one past the last row.
        t: since the episode began [s].
        duration_s: length [s].
        doubt: at takeover, NaN if the policy had none.
        staged: the stage was judged, so that ``recovered`` is known without the outcome.
        recovered: the human brought the stage on, or to success; if not staged, unknown (True).
        thumbnail: JPEG of the moment of takeover; empty without a camera.
    """

    start: int
    stop: int
    t: float
    duration_s: float
    doubt: float
    staged: bool
    recovered: bool
    thumbnail: bytes = b""


class Entry(msgspec.Struct, frozen=True):
    """One finished file.

    Attributes:
        size: of the file, with ``modified`` the proof that it is the one read.
        modified: modification time [ns].
        episode: number.
        round: index.
        demo: a demonstration.
        outcome: as recorded (``Outcome``'s value).
        duration_s: from first to last tick [s].
        ticks: rows.
        human_s: time under human control [s].
        takeovers: interventions; none in demonstrations.
        problem: why the file cannot be used; empty if it can.
    """

    size: int
    modified: int
    episode: int
    round: int = 0
    demo: bool = False
    outcome: int = 0
    duration_s: float = 0.0
    ticks: int = 0
    human_s: float = 0.0
    takeovers: tuple[Takeover, ...] = ()
    problem: str = ""


class _File(msgspec.Struct):
    version: int
    entries: dict[str, Entry]


def read(folder: Path) -> dict[str, Entry]:
    """The entries by file name; empty if there is no valid index."""
    try:
        file = msgspec.msgpack.decode((folder / FILE).read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError):
        return {}
    return file.entries if file.version == _VERSION else {}


def write(folder: Path, entries: dict[str, Entry]) -> None:
    """Keeps the entries for the next opening; failing to is no loss but of time."""
    temporary = folder / f"{FILE}.{os.getpid()}.new"
    with contextlib.suppress(OSError):
        temporary.write_bytes(msgspec.msgpack.encode(_File(_VERSION, entries)))
        temporary.replace(folder / FILE)


def examine(path: Path, number: int) -> Entry:
    """Reads one finished file; a torn one gives an entry that says so."""
    facts = path.stat()
    try:
        data = read_episode(path)
    except EpisodeError as error:
        return Entry(facts.st_size, facts.st_mtime_ns, number, problem=str(error))
    steps = data.steps
    duration = float(steps["t"][-1] - steps["t"][0]) if len(steps) else 0.0
    human = (
        np.isin(steps["controller"], (Controller.HUMAN, Controller.DEMO)).mean() if duration else 0
    )
    return Entry(
        size=facts.st_size,
        modified=facts.st_mtime_ns,
        episode=number,
        round=data.meta.round,
        demo=data.meta.demo,
        outcome=int(data.outcome),
        duration_s=duration,
        ticks=len(steps),
        human_s=float(human) * duration,
        takeovers=() if data.meta.demo else _takeovers(data),
    )


def doubt_at(steps: NDArray[Any], row: int, rate_hz: float) -> float:
    """The policy's doubt at ``row``, or its newest within half a second before; NaN if none."""
    recent = steps["doubt"][max(0, row - round(rate_hz / 2)) : row + 1]
    known = recent[np.isfinite(recent)]
    return float(known[-1]) if len(known) else float("nan")


def _takeovers(data: EpisodeData) -> tuple[Takeover, ...]:
    found = []
    for segment in segments(data.steps, data.meta.episode):
        if segment.controller is not Controller.HUMAN:
            continue
        found.append(
            Takeover(
                start=segment.start,
                stop=segment.stop,
                t=segment.t,
                duration_s=segment.duration_s,
                doubt=doubt_at(data.steps, segment.start, data.meta.rate_hz),
                staged=bool(data.steps["stage"][segment.start] >= 0),
                recovered=segment.recovered,
                thumbnail=_thumbnail(data, segment.start),
            )
        )
    return tuple(found)


def _thumbnail(data: EpisodeData, row: int) -> bytes:
    """The first camera's view at ``row``; empty if there is none or it is torn."""
    for camera in data.meta.camera_names[:1]:
        if camera not in data.frames or len(data.frames[camera].t) == 0:
            continue
        frame = max(0, int(data.frame_rows(camera)[row]))
        with contextlib.suppress(EpisodeError), FrameReader(data.path) as reader:
            return jpeg.thumbnail(reader.jpeg(camera, frame))
    return b""
