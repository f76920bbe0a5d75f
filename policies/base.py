"""What a policy is: named arrays in, a chunk of absolute joint targets out.

Nothing here imports torch: the control process uses these types and must stay light.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Observation = dict[str, NDArray[Any]]
"""Named arrays of one instant: ``position`` (A,), ``velocity`` (A,), ``environment_state`` (E,),
and for each camera ``image.<name>`` (H, W, 3) RGB uint8 already at the spec's image size."""


class PolicyError(Exception):
    """The root of this package's errors."""


class CheckpointError(PolicyError):
    """A checkpoint folder is missing, torn, or of another kind. Names the file and the remedy."""


class SpecMismatchError(PolicyError):
    """A checkpoint does not fit the station; the differences are spelled out, one a line."""

    def __init__(self, name: str, differences: list[str]) -> None:
        super().__init__(f"Policy {name} does not fit this station: " + "; ".join(differences))
        self.differences = differences


class PolicyServerError(PolicyError):
    """The policy server refused, is absent, or speaks another protocol."""


def openings(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which components of a joint vector are a gripper's opening in [0, 1], shape (A,).

    Those whose name ends in ``gripper``; the same rule as the drivers' (``drivers.base.openings``).
    """
    return np.array([name.endswith("gripper") for name in names], dtype=bool)


@dataclass(frozen=True)
class PolicySpec:
    """What a policy expects and gives; a station has one too, and both must agree.

    Attributes:
        joint_names: order of every joint vector; ``openings`` tells grippers among them.
        environment_names: components of ``environment_state`` it reads; empty if none.
        camera_names: cameras it reads; empty for state policies.
        image_height: rows of each image as the policy reads it, 0 without cameras.
        image_width: columns likewise.
        rate_hz: control rate its chunks are meant for.
        action_kind: ``absolute`` joint targets, the only kind the loop knows.
        horizon: steps H in a chunk.
    """

    joint_names: tuple[str, ...]
    environment_names: tuple[str, ...] = ()
    camera_names: tuple[str, ...] = ()
    image_height: int = 0
    image_width: int = 0
    rate_hz: float = 50.0
    action_kind: str = "absolute"
    horizon: int = 16

    def misfits(self, station: PolicySpec) -> list[str]:
        """Why this policy cannot run on ``station``, one sentence each; empty if it can.

        A policy may read fewer cameras and environment components than the station has, never
        others; joints, rate and kind of action must be the same.
        """
        found = []
        if self.joint_names != station.joint_names:
            found.append(
                f"joints are {', '.join(self.joint_names)}; "
                f"the station has {', '.join(station.joint_names)}"
            )
        for label, mine, theirs in (
            ("camera", self.camera_names, station.camera_names),
            ("environment state", self.environment_names, station.environment_names),
        ):
            absent = [name for name in mine if name not in theirs]
            if absent:
                found.append(
                    f"it reads {label} {', '.join(absent)}; "
                    f"the station has {', '.join(theirs) or 'none'}"
                )
        if abs(self.rate_hz - station.rate_hz) > 1e-6:
            found.append(
                f"it was trained at {self.rate_hz:g} Hz; the station runs at {station.rate_hz:g} Hz"
            )
        if self.action_kind != station.action_kind:
            found.append(
                f"its actions are {self.action_kind}; the station takes {station.action_kind}"
            )
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-serialisable values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PolicySpec:
        """The inverse of ``to_dict``; lists become tuples.

        Raises:
            CheckpointError: an unknown or missing key.
        """
        try:
            plain: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
            }
            return cls(**plain)
        except TypeError as error:
            raise CheckpointError(f"The policy's spec cannot be read: {error}.") from error


@dataclass(frozen=True)
class ActionChunk:
    """One answer of a policy.

    Attributes:
        epoch: the request's epoch; chunks of an earlier epoch than the gate's are dropped, so
            that a hand-back never executes what was asked for before it.
        tick: tick of the observation it answers; ``actions[i]`` is due at ``tick + i``.
        actions: shape (H, A), absolute joint targets [rad, gripper 0..1].
        doubt: HG-DAgger's doubt, the norm of the ensemble's variance on normalised actions
            (Kelly 2019, eq. 4); NaN for a policy without one.
    """

    epoch: int
    tick: int
    actions: Floats
    doubt: float


class Policy(Protocol):
    """A policy in memory. Lives in the policy server, or in-process in lockstep."""

    spec: PolicySpec

    def act(self, observation: Observation) -> tuple[Floats, float]:
        """Chunk of shape (H, A) and the doubt about it (NaN if it has none)."""

    def reset(self) -> None:
        """Forgets any history; called when an attempt starts and at every hand-back."""

    def save(self, folder: Path) -> None:
        """Writes config.json, model.safetensors and the normaliser into ``folder``."""


@dataclass(frozen=True)
class LinkStatus:
    """What is known about the policy at the other end.

    Attributes:
        path: checkpoint folder that is loaded; empty if none.
        spec: its spec; None if none is loaded.
        loading: a load is under way; chunks are refused meanwhile.
        error: why the last load failed; empty otherwise.
        alive: the server has answered within the last second (always true in-process).
        latency_s: from the newest chunk's request to the poll that found the answer, which is what
            the loop waits: whole ticks where it polls once a tick [s]; NaN before the first.
    """

    path: str = ""
    spec: PolicySpec | None = None
    loading: bool = False
    error: str = ""
    alive: bool = True
    latency_s: float = float("nan")


class PolicyLink(Protocol):
    """How the loop reaches a policy: the socket client in real time, in-process in lockstep."""

    def request(self, observation: Observation, tick: int, epoch: int) -> bool:
        """Asks for a chunk; never blocks.

        Returns:
            Whether it was sent; False if a request is still on its way or nobody could take it.
        """

    def poll(self) -> list[ActionChunk]:
        """The chunks that arrived since the last call; never blocks."""

    def reset(self) -> None:
        """Forgets history and what is in flight."""

    def load(self, path: str) -> None:
        """Begins to load a checkpoint folder; never blocks, ``status`` tells how it went."""

    def status(self) -> LinkStatus:
        """What is loaded and whether the other end lives; never blocks."""

    def close(self) -> None:
        """Releases sockets; calling it twice is harmless."""
