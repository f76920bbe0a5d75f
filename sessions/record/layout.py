"""What an episode file looks like, and what is said when one does not.

One HDF5 file an attempt, named after robomimic where robomimic has a name::

    /obs/{position,velocity,effort,environment_state}   (T, A) or (T, E)
    /actions                                            (T, A) the sent action
    /{policy_action,human_action,doubt,controller,gate,reason,t,tick,...}   one row a tick
    /cameras/<name>/{jpeg,offset,size,t,received_t,sequence,flags}   byte pool + one row a frame
    /committed                                          (1 + C,) rows that are whole, ticks first

Attributes of the root: ``format``, ``layout``, ``metadata`` (JSON of ``EpisodeMeta``), and once the
file is finished ``outcome``, ``num_samples`` and ``total``. A field of width zero (no environment
state, no camera) has no dataset; it is read back as an array of width zero. Beyond the end of what
HDF5 knows lies what ``index`` keeps of the file, for a quick look without HDF5.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from sessions.types import SessionError

_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\- ]{0,63}")

FORMAT = "dagger-episode"
LAYOUT = 1
SUFFIX = ".h5"
PART = ".h5.part"

_PATHS = {
    "sent_action": "actions",
    "position": "obs/position",
    "velocity": "obs/velocity",
    "effort": "obs/effort",
    "environment_state": "obs/environment_state",
}
_UNITS = {
    "t": "s, monotonic clock",
    "deadline": "s, monotonic clock",
    "input_t": "s, monotonic clock",
    "frame_t": "s, monotonic clock",
    "work_s": "s",
    "position": "rad, gripper 0..1",
    "velocity": "rad/s, gripper 1/s",
    "effort": "N m, gripper N",
    "sent_action": "rad, gripper 0..1",
    "policy_action": "rad, gripper 0..1, NaN without a proposal",
    "human_action": "rad, gripper 0..1, NaN without a proposal",
    "doubt": "1, NaN without one",
}

_JOINTED = ("position", "velocity", "sent_action", "policy_action", "human_action")

FRAME_COLUMNS: dict[str, str] = {
    "offset": "<i8",
    "size": "<i8",
    "t": "<f8",
    "received_t": "<f8",
    "sequence": "<i8",
    "flags": "u1",
}


class EpisodeError(SessionError):
    """An episode file is torn, foreign, newer, or cannot be written. Names the file and place."""

    def __init__(self, path: Path, problem: str, remedy: str = "") -> None:
        super().__init__(f"{path}: {problem} {remedy}".strip())
        self.path = path
        self.problem = problem
        self.remedy = remedy


class EpisodeMeta(msgspec.Struct, frozen=True):
    """What an episode says about itself, written before its first tick.

    Attributes:
        episode: number of the attempt, never used twice in a workspace.
        round: index of the round whose policy drove; -1 before the base policy.
        policy: checkpoint folder name of that policy; empty for demonstrations.
        operator: name of the teleoperator in station.toml.
        demo: the human drove from start to end.
        seed: what the start pose was drawn from; -1 if unknown.
        session: one sitting of one operator.
        environment: free label of the surroundings.
        object: free label of the object.
        station: name of the station.
        task: name of the task.
        stages: names behind the ``stage`` column's indices.
        joint_names: order of every joint vector, gripper last.
        environment_names: components of ``environment_state``.
        camera_names: order of ``frame_t`` columns and the groups under ``cameras``.
        lower: lowest position of each joint [rad, gripper 0..1]; empty if not known.
        upper: highest position.
        unit: what joints that are no gripper are measured in; empty if nobody knows.
        uid: the episode's identity wherever it is copied to; empty in old files.
        rate_hz: control rate the loop was set to [Hz]; true times are in ``t``.
        started_wall: ISO 8601 wall time of the start, UTC.
        source: ``live`` or ``lockstep``.
    """

    episode: int
    round: int = -1
    policy: str = ""
    operator: str = ""
    demo: bool = False
    seed: int = -1
    session: str = ""
    environment: str = ""
    object: str = ""
    station: str = ""
    task: str = ""
    stages: tuple[str, ...] = ()
    joint_names: tuple[str, ...] = ()
    environment_names: tuple[str, ...] = ()
    camera_names: tuple[str, ...] = ()
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    unit: str = "rad"
    uid: str = ""
    rate_hz: float = 50.0
    started_wall: str = ""
    source: str = "live"


def new_uid() -> str:
    """An identity that no other episode anywhere has."""
    return uuid.uuid4().hex


def identity(meta: EpisodeMeta) -> str:
    """What makes an episode the same one in every workspace it was copied to."""
    if meta.uid:
        return meta.uid
    return f"{meta.station}/{meta.task}/{meta.session}/{meta.episode}/{meta.started_wall}"


def is_name(text: str) -> bool:
    """Whether it can name a camera or a component, and leads nowhere as a group or a file."""
    return _PLAIN.fullmatch(text) is not None


def check_names(path: Path, meta: EpisodeMeta) -> None:
    """Refuses names that could lead somewhere else when they become groups, folders or files.

    Raises:
        EpisodeError: a joint's or camera's name is no plain word.
    """
    for name in (*meta.camera_names, *meta.joint_names, *meta.environment_names):
        if not is_name(name):
            raise EpisodeError(
                path,
                f"{name!r} is no name of a camera or component.",
                "Use letters, digits, and _ . - within.",
            )


def dataset_path(field: str) -> str:
    """Where a field of ``step_dtype`` lies in the file."""
    return _PATHS.get(field, field)


def unit(field: str, joints: str = "rad") -> str:
    """The unit written beside a field's dataset; empty for counts and codes.

    Args:
        field: of ``step_dtype``.
        joints: what the joints are measured in; empty if nobody knows.
    """
    told = _UNITS.get(field, "")
    return told.replace("rad", joints or "unknown") if field in _JOINTED else told


def columns(dtype: np.dtype[Any]) -> list[str]:
    """The fields of a step record that have a dataset (all but those of width zero)."""
    return [name for name in dtype.names or () if 0 not in dtype[name].shape]


def file_name(episode: int, suffix: str = SUFFIX) -> str:
    """``000042.h5`` or ``000042.h5.part``."""
    return f"{episode:06d}{suffix}"


def episode_number(path: Path) -> int:
    """The number in a file's name; 0 if it has none."""
    head = path.name.split(".")[0]
    return int(head) if head.isdecimal() else 0
