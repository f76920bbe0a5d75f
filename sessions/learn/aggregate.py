"""Reads the aggregate from disk: D <- D u D_i, through the catalogue's edits.

What an operator did to an episode afterwards (outcome changed, episode or intervention discarded)
lies beside the ticks and is applied here, so that the next training already sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from policies.base import PolicySpec
from policies.images import shrink
from sessions.learn.dataset import (
    Samples,
    Span,
    chunked,
    correction_spans,
    demonstration_spans,
    joined,
)
from sessions.messages import EpisodeSummary, Intervention
from sessions.record.catalogue import Catalogue
from sessions.record.layout import EpisodeMeta
from sessions.record.query import EVERYTHING, Query, select
from sessions.record.storage import EpisodeData, FrameReader, read_episode
from sessions.types import CancelledError, SessionError
from sessions.workspace import Workspace


@dataclass(frozen=True)
class Aggregate:
    """Everything a training learns from, images left out until a policy asks for them.

    Attributes:
        samples: one for each tick learned from, ordered by episode.
        spans: the runs of ticks they come from.
        meta: what the episodes say about the station; its cameras are those that all have.
    """

    samples: Samples
    spans: tuple[Span, ...]
    meta: EpisodeMeta

    @property
    def spec(self) -> PolicySpec:
        """What the station offers a policy, as far as the episodes say."""
        return PolicySpec(
            joint_names=self.meta.joint_names,
            environment_names=self.meta.environment_names,
            camera_names=self.meta.camera_names,
            rate_hz=self.meta.rate_hz,
            horizon=self.samples.actions.shape[1],
        )

    def components(self) -> dict[str, tuple[str, ...]]:
        """What the components of each array are called, for warnings."""
        joints = self.meta.joint_names
        return {
            "position": joints,
            "velocity": joints,
            "actions": joints,
            "environment_state": self.meta.environment_names,
        }

    def span_table(self) -> list[dict[str, int | bool]]:
        """The spans as plain values, for metrics.json."""
        return [
            {"episode": s.episode, "start": s.start, "stop": s.stop, "correction": s.correction}
            for s in self.spans
        ]


def gather(
    workspace: Workspace,
    horizon: int,
    *,
    recovered_only: bool = True,
    query: Query = EVERYTHING,
    cancelled: Callable[[], bool] = lambda: False,
) -> Aggregate:
    """Reads all episodes that are learned from.

    Demonstrations count unless they were discarded or, with ``recovered_only``, failed. Of attempts
    only the interventions count, whatever the attempt's outcome; discarded ones never.

    Args:
        workspace: where the episodes lie.
        horizon: H, steps in a chunk.
        recovered_only: leave out what did not go well in the end.
        query: which episodes and interventions to consider.
        cancelled: asked before each episode.

    Raises:
        CancelledError: ``cancelled`` said so.
        SessionError: nothing to learn from, or episodes of stations with different joints or rate.
        EpisodeError: a file is torn.
    """
    catalogue = Catalogue(workspace)
    marks: dict[int, list[Intervention]] = {}
    selection = select(catalogue, query)
    for intervention in selection.interventions:
        marks.setdefault(intervention.episode, []).append(intervention)
    parts: list[Samples] = []
    spans: list[Span] = []
    meta: EpisodeMeta | None = None
    for episode in selection.episodes:
        if cancelled():
            raise CancelledError("The training was cancelled. Nothing it made is used.")
        mine = marks.get(episode.episode, [])
        if not _worth_reading(episode, mine, recovered_only):
            continue
        data = read_episode(catalogue.path(episode.episode))
        meta = _same_station(meta, data.meta)
        for span in _spans(data, episode, mine, recovered_only):
            parts.append(chunked(data.steps, span, horizon))
            spans.append(span)
    if not parts and query.text:
        raise SessionError(
            f"Nothing to learn from is left by {query.text!r}. Widen the query or empty it."
        )
    samples = joined(parts)
    assert meta is not None  # joined() refuses an empty list
    return Aggregate(samples, tuple(spans), meta)


def with_images(
    workspace: Workspace,
    aggregate: Aggregate,
    spec: PolicySpec,
    cancelled: Callable[[], bool] = lambda: False,
) -> Samples:
    """The samples with the images ``spec`` reads, each recorded frame decoded once.

    Ticks before an episode's first frame are left out. A policy without cameras gets the samples
    as they are.

    Raises:
        CancelledError: ``cancelled`` said so.
        SessionError: the episodes were recorded without a camera the policy reads.
        EpisodeError: a file is torn.
    """
    if not spec.camera_names:
        return aggregate.samples
    parts: list[Samples] = []
    catalogue = Catalogue(workspace)
    for number in np.unique(aggregate.samples.episode):
        if cancelled():
            raise CancelledError("The training was cancelled. Nothing it made is used.")
        mine = aggregate.samples.where(aggregate.samples.episode == number)
        path = catalogue.path(int(number))
        data = read_episode(path)
        absent = [c for c in spec.camera_names if c not in data.frames or not len(data.frames[c].t)]
        if absent:
            raise SessionError(
                f"Episode {number} was recorded without images of {', '.join(absent)}, which this "
                "policy reads. Train a policy that reads no cameras, or discard the episode."
            )
        known = {c: data.frame_rows(c)[mine.row] for c in spec.camera_names}
        seen = np.all([rows >= 0 for rows in known.values()], axis=0)
        kept = mine.where(seen)
        if not len(kept):
            continue
        images: dict[str, NDArray[np.uint8]] = {}
        frame: dict[str, NDArray[np.int64]] = {}
        with FrameReader(path) as reader:
            for camera, rows in known.items():
                needed, index = np.unique(rows[seen], return_inverse=True)
                images[camera] = np.stack(
                    [
                        shrink(reader.image(camera, int(i)), spec.image_height, spec.image_width)
                        for i in needed
                    ]
                )
                frame[camera] = index.astype(np.int64)
        parts.append(replace(kept, images=images, frame=frame))
    return joined(parts)


def _worth_reading(
    episode: EpisodeSummary, interventions: list[Intervention], recovered_only: bool
) -> bool:
    if episode.outcome == "discarded":
        return False
    if episode.demo:
        return episode.outcome == "success" or not recovered_only
    return any(not i.discarded and (i.recovered or not recovered_only) for i in interventions)


def _spans(
    data: EpisodeData,
    episode: EpisodeSummary,
    interventions: list[Intervention],
    recovered_only: bool,
) -> list[Span]:
    if episode.demo:
        return demonstration_spans(data.steps, episode.episode)
    learned = [
        (i.first, i.stop)
        for i in interventions
        if not i.discarded and (i.recovered or not recovered_only)
    ]
    return correction_spans(data.steps, episode.episode, learned)


def _same_station(known: EpisodeMeta | None, found: EpisodeMeta) -> EpisodeMeta:
    """The facts that all episodes so far share; cameras are those that every one of them has.

    Raises:
        SessionError: joints, environment state or rate differ, with both values.
    """
    if known is None:
        return found
    for name in ("joint_names", "environment_names", "rate_hz"):
        mine, theirs = getattr(known, name), getattr(found, name)
        if mine != theirs:
            raise SessionError(
                f"Episode {found.episode} has {name} {theirs}, episode {known.episode} {mine}; "
                "one policy cannot learn from both. Discard one kind or use another workspace."
            )
    if known.unit and found.unit and known.unit != found.unit:
        raise SessionError(
            f"Episode {found.episode} measures joints in {found.unit}, episode {known.episode} in "
            f"{known.unit}; one policy cannot learn from both. Discard one kind or use another "
            "workspace."
        )
    common = tuple(c for c in known.camera_names if c in found.camera_names)
    return msgspec.structs.replace(known, camera_names=common)
