"""One attempt as the Review page shows it: its ticks, its pictures by tick, its times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.base import openings
from sessions.messages import Intervention
from sessions.record.catalogue import Catalogue
from sessions.record.layout import EpisodeMeta
from sessions.record.marks import Facts, Mark, Stretch, stretches
from sessions.types import doubt_threshold

_MARGIN = 0.05  # of the range seen, where the joints' limits were not recorded


@dataclass(frozen=True)
class Attempt:
    """What was recorded of an attempt; edits are no part of it.

    Attributes:
        number: of the episode.
        path: its file.
        meta: what it says about itself.
        steps: shape (T,) of ``sessions.types.step_dtype``.
        t: since the first tick, shape (T,) [s].
        frames: by camera, the frame that each tick knew, shape (T,); -1 before the first.
        ages: by camera, how old that frame was at the tick, shape (T,) [s].
        bad: by camera, 1 for a black and 2 for a frozen frame, shape (N,).
        tau: threshold of the doubt, of the takeovers up to its round; NaN without any.
        salvaged: why it was a leftover; empty for an ordinary one.
    """

    number: int
    path: Path
    meta: EpisodeMeta
    steps: NDArray[Any]
    t: NDArray[np.float64]
    frames: dict[str, NDArray[np.int64]]
    ages: dict[str, NDArray[np.float64]]
    bad: dict[str, NDArray[np.uint8]]
    tau: float
    salvaged: str = ""

    @property
    def duration_s(self) -> float:
        """From the first to the last tick [s]."""
        return float(self.t[-1]) if len(self.t) else 0.0

    def row(self, seconds: float) -> int:
        """The last tick at or before a time; the first one before all [s]."""
        found = int(np.searchsorted(self.t, seconds + 1e-9, side="right")) - 1
        return min(max(found, 0), max(len(self.t) - 1, 0))

    def limits(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper end of each joint's plot, shapes (A,): the limits, or what was seen."""
        count = len(self.meta.joint_names)
        if len(self.meta.lower) == len(self.meta.upper) == count:
            return np.array(self.meta.lower), np.array(self.meta.upper)
        seen = np.concatenate([self.steps["position"], self.steps["sent_action"]])
        seen = np.where(np.isfinite(seen), seen, 0.0)
        low, high = seen.min(axis=0), seen.max(axis=0)
        margin = np.maximum((high - low) * _MARGIN, 0.01)
        low, high = low - margin, high + margin
        grips = openings(self.meta.joint_names)
        return np.where(grips, 0.0, low), np.where(grips, 1.0, high)


def load(catalogue: Catalogue, number: int) -> Attempt:
    """Reads an attempt without its images.

    Raises:
        CatalogueError: there is none of this number.
        EpisodeError: its file is torn.
    """
    data = catalogue.read(number)
    t = data.steps["t"]
    frames = {camera: data.frame_rows(camera) for camera in data.frames}
    ages = {}
    for camera, rows in frames.items():
        taken = data.frames[camera].t
        known = taken[np.maximum(rows, 0)] if len(taken) else np.full(len(t), np.nan)
        ages[camera] = np.where(rows >= 0, t - known, np.nan)
    return Attempt(
        number=number,
        path=data.path,
        meta=data.meta,
        steps=data.steps,
        t=(t - t[0]).astype(np.float64) if len(t) else np.zeros(0),
        frames=frames,
        ages=ages,
        bad={camera: index.flags for camera, index in data.frames.items()},
        tau=doubt_threshold(catalogue.doubts(before_round=data.meta.round + 1)),
        salvaged=data.note,
    )


def timeline(
    attempt: Attempt, interventions: Iterable[Intervention], context_s: float
) -> list[Stretch]:
    """The attempt as runs of one kind, with the interventions as edited or being dragged.

    Args:
        attempt: the attempt.
        interventions: its own, in any order.
        context_s: the workspace's length of a pre-intervention segment [s].
    """
    ordered = sorted(interventions, key=lambda i: i.first)
    return stretches(attempt.steps, [_mark(i) for i in ordered], context_s)


def _mark(found: Intervention) -> Mark:
    facts = Facts(found.first, found.stop, found.t, found.duration_s)
    inside = found.first < found.boundary < found.stop
    return Mark(found.start, facts, found.boundary if inside else -1, found.context_s)
