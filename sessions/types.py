"""The domain's words as types: gate, controller, outcome, the recorded step, the segment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class SessionError(Exception):
    """The root of this package's errors. The message says value, limit and remedy."""


class CancelledError(SessionError):
    """Long work was cancelled by whoever asked for it; the message says what is kept."""


class GateState(IntEnum):
    """Who is in control."""

    HOLD = 0
    POLICY = 1
    ALIGNING = 2
    HUMAN = 3
    FAULT = 4
    PARKING = 5  # nobody: the arm goes slowly to its rest pose, outside attempts


class Controller(IntEnum):
    """Whose action a tick carried out, as recorded."""

    HOLD = 0
    POLICY = 1
    HUMAN = 2
    HANDOVER = 3  # aligning, or blending back to the policy
    DEMO = 4  # a human from start to end: a demonstration


class HoldReason(IntEnum):
    """Why the gate is in HOLD or FAULT; NONE elsewhere."""

    NONE = 0
    IDLE = 1  # no attempt is running
    CAMERA_STALE = 2
    POLICY_LATE = 3
    WINDOW_LOST = 4
    OPERATOR_LOST = 5  # the pad was unplugged
    RECORDER_LOST = 6
    LOADING_POLICY = 7
    PAUSED = 8  # the operator paused
    SOFT_STOP = 9
    ROBOT_LOST = 10
    BAD_ACTION = 11
    NO_POLICY = 12
    STALLED = 13  # the loop itself stood still for a while
    SELF_STOPPED = 14  # the arm has stopped itself: overload, heat, its own watchdog


class Outcome(IntEnum):
    """How an attempt ended."""

    RUNNING = 0
    SUCCESS = 1
    FAILURE = 2
    DISCARDED = 3  # kept on disk, left out of training; can be restored


def step_dtype(joints: int, environment: int, cameras: int) -> np.dtype[Any]:
    """The record of one tick, as it travels in the step ring and lies in the episode file.

    Units: rad and rad/s for joints, [0, 1] for the gripper, s for times (monotonic clock).
    ``policy_action`` and ``human_action`` are NaN where there was no proposal; ``doubt`` is NaN
    without one. ``frame_t`` holds, per camera, the capture time of the newest frame known when the
    tick observed; NaN before the first.
    """
    a, e, c = (joints,), (environment,), (cameras,)
    return np.dtype(
        [
            ("tick", "<i8"),
            ("t", "<f8"),  # when the loop observed
            ("deadline", "<f8"),  # when it should have
            ("work_s", "<f4"),  # how long the previous tick's work took
            ("attempt", "<i4"),  # episode number, 0 while none is recorded
            ("gate", "u1"),
            ("controller", "u1"),
            ("reason", "u1"),
            ("armed", "u1"),
            ("epoch", "<i4"),
            ("stage", "i1"),
            ("success", "u1"),
            ("doubt", "<f4"),
            # When the input behind a takeover or hand-back happened, NaN if none: a key's when it
            # went down; a pad's when it was polled, up to a period later: its events have no time.
            ("input_t", "<f8"),
            ("position", "<f8", a),
            ("velocity", "<f8", a),
            ("effort", "<f8", a),
            ("policy_action", "<f8", a),
            ("human_action", "<f8", a),
            ("sent_action", "<f8", a),
            ("environment_state", "<f8", e),
            ("frame_t", "<f8", c),
        ]
    )


def frame_dtype(height: int, width: int) -> np.dtype[Any]:
    """The record of one camera frame in a frame ring; ``image`` is RGB."""
    return np.dtype(
        [
            ("t", "<f8"),  # capture time, monotonic [s]
            ("received_t", "<f8"),  # when the camera process had it
            ("sequence", "<i8"),
            ("flags", "u1"),  # 1 black, 2 frozen
            ("image", "u1", (height, width, 3)),
        ]
    )


@dataclass(frozen=True)
class Segment:
    """A run of ticks of one episode with one controller.

    Attributes:
        episode: episode number.
        start: first row in the episode's tick arrays.
        stop: one past the last row.
        controller: who was in control.
        t: time of the first tick since the episode began [s].
        duration_s: length [s].
        doubt: the policy's doubt at the first tick, NaN if it had none.
        recovered: for interventions, whether the attempt then went well: the human brought the
            stage on, or the attempt succeeded. Only these are learned from by default.
    """

    episode: int
    start: int
    stop: int
    controller: Controller
    t: float
    duration_s: float
    doubt: float
    recovered: bool = True


def segments(steps: NDArray[Any], episode: int) -> list[Segment]:
    """Splits an episode's ticks, shape (T,), into runs of one controller, in order."""
    if len(steps) == 0:
        return []
    edges = np.flatnonzero(np.diff(steps["controller"].astype(np.int16))) + 1
    starts = [0, *edges.tolist()]
    stops = [*edges.tolist(), len(steps)]
    t0 = float(steps["t"][0])
    found = []
    for start, stop in zip(starts, stops, strict=True):
        t = float(steps["t"][start])
        found.append(
            Segment(
                episode=episode,
                start=start,
                stop=stop,
                controller=Controller(int(steps["controller"][start])),
                t=t - t0,
                duration_s=float(steps["t"][stop - 1]) - t,
                doubt=float(steps["doubt"][start]),
                recovered=brought_on(steps, start, stop),
            )
        )
    return found


def brought_on(steps: NDArray[Any], start: int, stop: int) -> bool:
    """Whether the stage moved on during the run, or the attempt reached success at its end.

    Where no stage is known (a real arm), the attempt's outcome decides; see record.catalogue.
    """
    stage = steps["stage"]
    if stage[start] < 0:
        return True
    end = min(stop, len(steps) - 1)
    return bool(stage[end] > stage[start] or steps["success"][end])


def doubt_threshold(doubts: list[float]) -> float:
    """Tau of HG-DAgger: the mean of the last 25 % of the doubts logged at takeovers.

    Args:
        doubts: the doubt at each takeover, in time order.

    Returns:
        tau, or NaN while there is no takeover (Kelly 2019, section III-C).
    """
    known = [d for d in doubts if np.isfinite(d)]
    if not known:
        return float("nan")
    last = max(1, round(len(known) * 0.25))
    return float(np.mean(known[-last:]))
