"""Episode files: one name for the writer, the reader and the salvage."""

from __future__ import annotations

from sessions.record.layout import EpisodeError, EpisodeMeta, episode_number, file_name
from sessions.record.reader import (
    EpisodeData,
    FrameIndex,
    FrameReader,
    counts,
    read_episode,
    read_frame,
    read_jpeg,
    read_meta,
)
from sessions.record.salvage import aside, leftovers, next_episode, resume, salvage, tidy
from sessions.record.writer import EpisodeWriter

__all__ = [
    "EpisodeData",
    "EpisodeError",
    "EpisodeMeta",
    "EpisodeWriter",
    "FrameIndex",
    "FrameReader",
    "aside",
    "counts",
    "episode_number",
    "file_name",
    "leftovers",
    "next_episode",
    "read_episode",
    "read_frame",
    "read_jpeg",
    "read_meta",
    "resume",
    "salvage",
    "tidy",
]
