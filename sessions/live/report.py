"""The loop's state as the window shows it: measured values, and sentences with a remedy."""

from __future__ import annotations

import numpy as np

from sessions.live.holds import misfit, plain_words
from sessions.live.parts import Parts
from sessions.messages import ControlState, DeviceState
from sessions.types import GateState, HoldReason

_RESET = "Press Enter to reset, then again to arm."
_OVER_WHEN_FRESH = (HoldReason.CAMERA_STALE, HoldReason.WINDOW_LOST)


def control_state(loop: Parts) -> ControlState:
    """Everything the control process knows, at this moment."""
    helm, attempts, timing = loop.helm, loop.attempts, loop.timing
    shown = attempts.current
    text, remedy = sentence(loop)
    return ControlState(
        sequence=version(loop),
        t=loop.clock.now(),
        gate=helm.gate.state.name.lower(),
        controller=helm.controller().name.lower(),
        armed=helm.gate.armed,
        reason=helm.gate.reason.name.lower(),
        reason_text=text,
        remedy=remedy,
        attempt=0 if shown is None else shown.number,
        attempt_demo=shown is not None and shown.demo,
        attempt_started_t=0.0 if shown is None else shown.started_t,
        round=loop.loading.round,
        policy=loop.loading.name,
        operator=helm.driver or loop.operators.selected,
        operators=loop.operators.hands,
        doubt=helm.doubt,
        tau=helm.tau,
        rate_hz=loop.station.rate_hz,
        measured_hz=timing.measured_hz(),
        late_ticks=timing.late,
        ticks=timing.ticks,
        period_p99_ms=timing.period_p99_s() * 1000.0,
        policy_ms=loop.proposals.status.latency_s * 1000.0,
        seed=attempts.seed,
        stage=loop.follower.state.stage,
        success=loop.follower.state.success,
        devices=_devices(loop),
        load_problem=loop.loading.problem,
        started=attempts.started,
        ended=attempts.ended,
    )


def version(loop: Parts) -> int:
    """Goes up whenever something that the window shows in words has changed."""
    return loop.helm.version + loop.operators.version + loop.loading.version


def sentence(loop: Parts) -> tuple[str, str]:
    """Why the arm does not move and what to do about it; empty while it does."""
    gate, text = loop.helm.gate, loop.helm.text
    attempt = loop.attempts.current is not None
    if gate.state is GateState.ALIGNING:
        return _aligning(loop)
    if gate.state is GateState.FAULT and text[0]:
        back = gate.reason is HoldReason.ROBOT_LOST and loop.follower.lost is None
        return ("Stopped: the robot was lost, and is back.", _RESET) if back else text
    if text[0] and gate.armed:
        over = gate.reason in _OVER_WHEN_FRESH and loop.trouble is None
        return (text[0], "That is over. Press Enter to go on.") if over else text
    if loop.attempts.busy:
        return "The scene is being put back.", "Wait a moment."
    if gate.state is GateState.HOLD and not attempt:
        return _outside_attempts(loop)
    return plain_words(gate, attempt=attempt)


def _outside_attempts(loop: Parts) -> tuple[str, str]:
    """Whatever would stand in the way of a start comes before the invitation to start."""
    plain = plain_words(loop.helm.gate, attempt=False)
    if loop.loading.problem:
        return loop.loading.problem, plain[1]
    if loop.notice[0]:
        return loop.notice
    if loop.helm.gate.armed and loop.trouble is not None:
        return f"Not ready: {loop.trouble.text}.", loop.trouble.remedy
    return plain


def _aligning(loop: Parts) -> tuple[str, str]:
    action, sent = loop.operators.action(loop.helm.driver), loop.follower.sent
    name = loop.helm.driver
    if action is None or action.shape != sent.shape:
        return f"Aligning: the {name} gives no pose yet.", "Move it a little."
    apart = np.abs(action - sent)
    worst = int(np.argmax(apart))
    joint = loop.robot.limits.names[worst]
    return (
        f"Aligning: the {name}'s {joint} is {apart[worst]:.2f} from the arm's.",
        f"Move the {name} to the arm's pose; the arm waits.",
    )


def _devices(loop: Parts) -> tuple[DeviceState, ...]:
    lost = loop.follower.lost
    robot = DeviceState(
        "robot", "robot", lost is None, "" if lost is None else f"{lost.problem} {lost.remedy}"
    )
    return (robot, _policy(loop), *loop.operators.states())


def _policy(loop: Parts) -> DeviceState:
    """The policy as a device: not ok when it is absent, silent, or its newest load failed."""
    status = loop.proposals.status
    if loop.loading.problem:
        return DeviceState("policy", "policy", False, loop.loading.problem)
    if not status.alive:
        return DeviceState("policy", "policy", False, "The policy server does not answer.")
    if status.loading or loop.loading.active:
        return DeviceState("policy", "policy", True, "A policy is being loaded.")
    if status.spec is None:
        return DeviceState("policy", "policy", False, "No policy is loaded.")
    if loop.proposals.misfit:
        wrong = misfit(loop.proposals.misfit)
        text = f"{wrong.text[0].upper()}{wrong.text[1:]}. {wrong.remedy}"
        return DeviceState("policy", "policy", False, text)
    return DeviceState("policy", "policy", not status.error, status.error)
