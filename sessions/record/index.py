"""What the catalogue remembers of each finished file, so that opening reads only the new ones.

``episodes/index.msgpack`` is a cache and nothing else: deleted or torn, it is made again. Each file
holds its own entry as well, so that a workspace that was copied, or whose cache is gone, opens at
once; an entry made by an older program is made anew from the ticks.
"""

from __future__ import annotations

import contextlib
import functools
import math
import os
import struct
import threading
from pathlib import Path

import msgspec
import numpy as np

from sessions.record import jpeg, layout
from sessions.record.layout import EpisodeError, EpisodeMeta
from sessions.record.marks import Facts, facts
from sessions.record.quality import Measures, measure
from sessions.record.reader import EpisodeData, FrameReader, read_episode
from sessions.types import Controller, Outcome, segments

FILE = "index.msgpack"
_SENSELESS = (ValueError, IndexError, ArithmeticError, TypeError, MemoryError)
_NO_ENTRIES = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, MemoryError, OverflowError)
_MAGIC = b"dagger-1"
_TRAILER = struct.Struct("<Q8s")
_VERSION = 5
_OUTCOMES = frozenset(map(int, Outcome))


class Takeover(msgspec.Struct, frozen=True):
    """One human segment as recorded, before any edit.

    Attributes:
        facts: its rows; where no stage was judged, ``recovered`` is unknown (True).
        thumbnail: JPEG of the moment of takeover; empty without a camera.
    """

    facts: Facts
    thumbnail: bytes = b""


class Entry(msgspec.Struct, frozen=True):
    """One finished file.

    Attributes:
        size: of the file, with ``modified`` the proof that it is the one read.
        modified: modification time [ns].
        meta: what the episode says about itself.
        outcome: as recorded (``Outcome``'s value).
        duration_s: from first to last tick [s].
        ticks: rows.
        human_s: time under human control [s].
        takeovers: interventions; none in demonstrations.
        measures: of its quality.
        problem: why the file cannot be used; empty if it can.
    """

    size: int
    modified: int
    meta: EpisodeMeta
    outcome: int = 0
    duration_s: float = 0.0
    ticks: int = 0
    human_s: float = 0.0
    takeovers: tuple[Takeover, ...] = ()
    measures: Measures = {}
    problem: str = ""


class _File(msgspec.Struct):
    version: int
    entries: dict[str, Entry]


class _Own(msgspec.Struct):
    version: int
    layout: int
    entry: Entry


def read(folder: Path) -> dict[str, Entry]:
    """The entries by file name that can be worked with; empty if there is no valid index."""
    try:
        file = msgspec.msgpack.decode((folder / FILE).read_bytes(), type=_File)
    except (OSError, *_NO_ENTRIES):
        return {}
    if file.version != _VERSION:
        return {}
    return {name: entry for name, entry in file.entries.items() if _sound(entry)}


def write(folder: Path, entries: dict[str, Entry]) -> None:
    """Keeps the entries for the next opening; failing to is no loss but of time."""
    temporary = folder / f"{FILE}.{os.getpid()}-{threading.get_ident()}.new"
    with contextlib.suppress(OSError):
        temporary.write_bytes(msgspec.msgpack.encode(_File(_VERSION, entries)))
        temporary.replace(folder / FILE)


def examine(path: Path, number: int) -> Entry:
    """Reads one finished file, its own summary if it has one; a torn one says so as its problem."""
    on_disk = path.stat()
    try:
        entry = _own(path) or summarised(read_episode(path))
    except EpisodeError as error:
        entry = Entry(0, 0, EpisodeMeta(number), problem=str(error))
    except _SENSELESS as error:  # it can be read, but one such file must not hide all others
        said = f"{path}: It holds values that make no sense ({error}). Restore it from a copy."
        entry = Entry(0, 0, EpisodeMeta(number), problem=said)
    return msgspec.structs.replace(
        entry,
        size=on_disk.st_size,
        modified=on_disk.st_mtime_ns,
        meta=msgspec.structs.replace(entry.meta, episode=number),
    )


def append(path: Path) -> None:
    """Puts a whole file's own entry behind its end, where HDF5 does not look.

    Raises:
        EpisodeError: it is torn.
        OSError: the disk is full or failed.
    """
    entry = summarised(read_episode(path))
    own = msgspec.msgpack.encode(_Own(_VERSION, layout.LAYOUT, entry))
    with path.open("ab") as file:
        file.write(own + _TRAILER.pack(len(own), _MAGIC))
        file.flush()
        os.fsync(file.fileno())


def _own(path: Path) -> Entry | None:
    """What the file says of itself; None if it says nothing, or of another program."""
    if not path.is_file():  # a pipe would never open
        return None
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TRAILER.size))
            length, magic = _TRAILER.unpack(file.read(_TRAILER.size))
            if magic != _MAGIC or length > size - _TRAILER.size:
                return None
            file.seek(size - _TRAILER.size - length)
            own = msgspec.msgpack.decode(file.read(length), type=_Own)
    except (OSError, struct.error, *_NO_ENTRIES):
        return None
    mine = (own.version, own.layout) == (_VERSION, layout.LAYOUT)
    return own.entry if mine and _sound(own.entry) else None


def _sound(entry: Entry) -> bool:
    """Whether nothing that works with it can fail: its bytes may be damaged, or from anybody."""
    meta = entry.meta
    numbers = (entry.duration_s, entry.human_s, meta.rate_hz)
    return (
        entry.outcome in _OUTCOMES
        and entry.ticks >= 0
        and all(map(math.isfinite, numbers))
        and all(0 <= t.facts.first < t.facts.stop <= entry.ticks for t in entry.takeovers)
        and all(math.isfinite(t.facts.t + t.facts.duration_s) for t in entry.takeovers)
        and _are_names((*meta.camera_names, *meta.joint_names, *meta.environment_names))
    )


@functools.lru_cache(64)
def _are_names(names: tuple[str, ...]) -> bool:
    """The same ones in thousands of entries."""
    return all(map(layout.is_name, names))


def summarised(data: EpisodeData) -> Entry:
    """The entry of an episode in memory; its size and time are nobody's yet."""
    steps = data.steps
    duration = float(steps["t"][-1] - steps["t"][0]) if len(steps) else 0.0
    human = (
        np.isin(steps["controller"], (Controller.HUMAN, Controller.DEMO)).mean() if duration else 0
    )
    return Entry(
        size=0,
        modified=0,
        meta=data.meta,
        outcome=int(data.outcome),
        duration_s=duration,
        ticks=len(steps),
        human_s=float(human) * duration,
        takeovers=() if data.meta.demo else _takeovers(data),
        measures=measure(data),
    )


def _takeovers(data: EpisodeData) -> tuple[Takeover, ...]:
    return tuple(
        Takeover(
            facts(data.steps, segment.start, segment.stop, data.meta.rate_hz),
            _thumbnail(data, segment.start),
        )
        for segment in segments(data.steps, data.meta.episode)
        if segment.controller is Controller.HUMAN
    )


def _thumbnail(data: EpisodeData, row: int) -> bytes:
    """The first camera's view at ``row``; empty if there is none or it is torn."""
    for camera in data.meta.camera_names[:1]:
        if camera not in data.frames or len(data.frames[camera].t) == 0:
            continue
        frame = max(0, int(data.frame_rows(camera)[row]))
        with contextlib.suppress(EpisodeError), FrameReader(data.path) as reader:
            return jpeg.thumbnail(reader.jpeg(camera, frame))
    return b""
