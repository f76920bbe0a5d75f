"""What must be fresh for the arm to move, and the sentences for when it is not.

A hold never ends by itself: when its cause is gone the operator lets the attempt go on with one
deliberate act, because an arm that starts moving on its own surprises the hands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drivers.base import DriverError, Floats
from sessions.config import Holds
from sessions.live.gate import Event, Gate
from sessions.types import GateState, HoldReason

RESUME = "then press Enter"
CHOOSE = "Ctrl+O"
"""The key that chooses the station's next operator device, as it is bound from the start."""

# Why the policy cannot drive, and what to do: as refused, as told of the device, as on the button.
NONE_LOADED = ("No policy is loaded.", "Choose one on the Rounds page (F3), or demonstrate.")
SERVER_SILENT = ("The policy server does not answer.", "Wait until it is started again.")
BEING_LOADED = ("A policy is being loaded.", "Wait until it is ready.")

STALL_S = 0.25
"""A tick this late finds an arm that has stopped itself, as servos do without commands [s]."""


@dataclass(frozen=True)
class Trouble:
    """One thing that forbids motion now.

    Attributes:
        event: what it does to the gate.
        text: what is wrong, with the measured value and the limit.
        remedy: what the operator can do.
    """

    event: Event
    text: str
    remedy: str


class Watch:
    """Judges ages against the station's limits.

    Args:
        holds: how old things may be [s].
        cameras: the station's cameras, in the order of ``frame_t``; empty to watch none.
        needs_window: whether somebody must be watching through a window.
        needs_recorder: whether attempts need a living recorder.

    Attributes:
        window_t: when the window was last heard [s].
        recorder_t: when the recorder was last heard [s].
        refusal: why the recorder could not record an attempt now; empty if it could.
        needs_window: as given; whoever ends the process watches without one.
    """

    def __init__(
        self, holds: Holds, cameras: tuple[str, ...], *, needs_window: bool, needs_recorder: bool
    ) -> None:
        self._holds = holds
        self._cameras = cameras
        self.needs_window = needs_window
        self._needs_recorder = needs_recorder
        self.window_t = float("-inf")
        self.recorder_t = float("-inf")
        self.refusal = ""

    def motion(self, now: float, frame_t: Floats) -> Trouble | None:
        """What forbids any motion at ``now``, the gravest first; None if nothing does."""
        return self._window(now) or self._camera(now, frame_t)

    def recorder(self, now: float) -> Trouble | None:
        """What forbids a new attempt on the recorder's side; None if nothing does."""
        if not self._needs_recorder:
            return None
        age = now - self.recorder_t
        if age > self._holds.recorder_s:
            silent = "has not answered yet" if np.isinf(age) else f"has been silent for {age:.1f} s"
            return Trouble(
                Event.RECORDER_LOST,
                f"the recorder {silent} (limit {self._holds.recorder_s:g} s)",
                "It is restarted by itself; if not, restart it on the Station page (F4).",
            )
        if self.refusal:
            return Trouble(Event.RECORDER_LOST, self.refusal.rstrip("."), "Then start again.")
        return None

    def _window(self, now: float) -> Trouble | None:
        if not self.needs_window:
            return None
        age = now - self.window_t
        if age <= self._holds.window_s:
            return None
        silent = "has not answered yet" if np.isinf(age) else f"was silent for {age:.1f} s"
        return Trouble(
            Event.WINDOW_LOST,
            f"the window {silent} (limit {self._holds.window_s:g} s)",
            f"Bring the window back, {RESUME}.",
        )

    def _camera(self, now: float, frame_t: Floats) -> Trouble | None:
        if not self._cameras:
            return None
        ages = now - frame_t
        # NaN (no picture yet) compares false, and so counts as stale.
        if (ages <= self._holds.camera_s).all():
            return None
        worst = int(np.argmax(np.where(np.isnan(ages), np.inf, ages)))
        name, limit = self._cameras[worst], f"limit {self._holds.camera_s * 1000:.0f} ms"
        if np.isnan(ages[worst]):
            text, remedy = f"the {name} camera has given no picture yet", "Check its cable"
        else:
            text = f"the {name} camera's picture is {ages[worst] * 1000:.0f} ms old ({limit})"
            remedy = "Check its cable and what else this computer does"
        return Trouble(Event.CAMERA_STALE, text, f"{remedy}, {RESUME}.")


def stalled(late_s: float, limit_s: float) -> Trouble:
    """The loop stood still, and the arm's own watchdog has probably stopped it meanwhile."""
    return Trouble(
        Event.STALLED,
        f"the control process stood still for {late_s:.1f} s (limit {limit_s:g} s)",
        f"Close what keeps this computer busy, {RESUME}.",
    )


def robot_lost(error: DriverError) -> Trouble:
    """The arm does not answer; it is tried again by itself."""
    return Trouble(
        Event.ROBOT_LOST,
        f"the {error.device} is lost. {error.problem.rstrip('.')}",
        # Drivers say what to do for those who connect them by hand, too.
        f"{error.remedy.replace(', then connect again', '')} It connects again by itself.".strip(),
    )


def self_stopped(error: DriverError) -> Trouble:
    """The arm answers but refuses to move, until it is armed anew."""
    return Trouble(
        Event.SELF_STOPPED,
        f"{error.problem[:1].lower()}{error.problem[1:].rstrip('.')}",
        f"{error.remedy} Then press Enter to arm." if error.remedy else "Press Enter to arm.",
    )


def policy_late(age_s: float, limit_s: float, *, alive: bool) -> Trouble:
    """The policy gives no action that is due now."""
    who = "the policy" if alive else "the policy server does not answer: the policy"
    old = f"has been silent for {age_s * 1000:.0f} ms" if np.isfinite(age_s) else "is silent"
    return Trouble(
        Event.POLICY_LATE,
        f"{who} {old} (limit {limit_s * 1000:.0f} ms)",
        "Press Enter to let it try again, or take over.",
    )


def no_policy() -> Trouble:
    """There is nothing to drive autonomously."""
    return Trouble(
        Event.NO_POLICY,
        "no policy is loaded",
        "Choose one on the Rounds page (F3), or record demonstrations.",
    )


def misfit(differences: str) -> Trouble:
    """The policy that is loaded is another one, or made for another station."""
    return Trouble(
        Event.NO_POLICY,
        f"the policy that is loaded does not belong here: {differences}",
        "Choose a policy on the Rounds page (F3) again.",
    )


def plain_words(gate: Gate, *, attempt: bool) -> tuple[str, str]:
    """Sentence and remedy of a gate that nothing in particular brought about."""
    if gate.state not in (GateState.HOLD, GateState.FAULT):
        return "", ""
    if gate.reason is HoldReason.SOFT_STOP:
        return "Stopped by the operator.", "Press Enter to reset, then again to arm."
    if gate.state is GateState.FAULT:
        return "Stopped.", "Press Enter to reset, then again to arm."
    if not gate.armed:
        return "The arm is not armed.", "Press Enter to arm."
    if gate.reason is HoldReason.LOADING_POLICY:
        return "Holding: a policy is being loaded.", BEING_LOADED[1]
    if attempt:
        return "Holding: paused.", "Press Enter to go on, or take over."
    return "Ready.", "Press Enter to start an attempt."
