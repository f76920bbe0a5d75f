"""What an episode file needs to know besides its ticks, and the rules of recording."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.messages import AttemptStarted
from sessions.record.layout import EpisodeMeta, new_uid
from sessions.types import Controller


@dataclass(frozen=True)
class Stream:
    """What the ticks of one control process look like, and what is the same in all its episodes.

    Attributes:
        dtype: ``sessions.types.step_dtype`` of the station.
        joint_names: order of every joint vector.
        environment_names: components of ``environment_state``.
        camera_names: columns of ``frame_t``.
        rate_hz: control rate [Hz].
        lower: lowest position of each joint; empty if not known.
        upper: highest position.
        unit: what joints that are no gripper are measured in; empty if nobody knows.
        station: its name.
        task: its name.
        stages: names of the stages.
        session: the sitting.
        source: ``live`` or ``lockstep``.
    """

    dtype: np.dtype[Any]
    joint_names: tuple[str, ...]
    environment_names: tuple[str, ...]
    camera_names: tuple[str, ...]
    rate_hz: float
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    unit: str = "rad"
    station: str = ""
    task: str = ""
    stages: tuple[str, ...] = ()
    session: str = ""
    source: str = "live"


@dataclass
class Rules:
    """How the intake behaves; the defaults are the live recorder's.

    Attributes:
        grace_s: how long a message may come after the ticks it is about [s].
        flush_s: ticks and frames reach the disk at least this often [s].
        sync: make each flush durable, not only the finished file.
        may_open: asked before each attempt; a sentence refuses it.
        opened: called with the first tick when an episode's file was opened.
        closed: called when an episode's file was closed, finished or left over.
        resumed: called when an earlier recorder's file is gone on with; by camera, capture time [s]
            and sequence of the newest frame it has.
    """

    grace_s: float = 1.0
    flush_s: float = 0.5
    sync: bool = True
    may_open: Callable[[], str] = field(default=lambda: "")
    opened: Callable[[NDArray[Any]], None] = field(default=lambda step: None)
    closed: Callable[[int], None] = field(default=lambda episode: None)
    resumed: Callable[[dict[str, tuple[float, int]]], None] = field(default=lambda newest: None)


def guessed(step: NDArray[Any], attempt: int) -> AttemptStarted:
    """What the first tick, shape (), itself says of an attempt that nobody announced."""
    demo = int(step["controller"]) == Controller.DEMO
    return AttemptStarted(attempt, int(step["tick"]), -1, "", demo, -1, "")


def described(started: AttemptStarted, stream: Stream, t: float, now: float) -> EpisodeMeta:
    """What an episode says about itself.

    Args:
        started: as announced.
        stream: what is the same in all episodes.
        t: time of its first tick, monotonic [s].
        now: the same clock now, from which the wall time of the start follows.
    """
    age_s = now - t if np.isfinite(now) and stream.source == "live" else 0.0
    wall = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=max(0.0, age_s))
    return EpisodeMeta(
        episode=started.episode,
        round=started.round,
        policy=started.policy,
        operator=started.operator,
        demo=started.demo,
        seed=started.seed,
        session=stream.session,
        environment=started.environment,
        object=started.object,
        station=stream.station,
        task=stream.task,
        stages=stream.stages,
        joint_names=stream.joint_names,
        environment_names=stream.environment_names,
        camera_names=stream.camera_names,
        lower=stream.lower,
        upper=stream.upper,
        unit=stream.unit,
        uid=new_uid(),
        rate_hz=stream.rate_hz,
        started_wall=wall.isoformat(timespec="milliseconds"),
        source=stream.source,
    )
