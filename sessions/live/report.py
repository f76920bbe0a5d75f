"""The loop's state as the window shows it: measured values, and sentences with a remedy."""

from __future__ import annotations

from sessions.live import alignment, held, takeovers
from sessions.live.gate import BROKEN
from sessions.live.holds import BEING_LOADED, NONE_LOADED, SERVER_SILENT, misfit, plain_words
from sessions.live.motors import LET_GO, releasing
from sessions.live.parts import Parts
from sessions.messages import ControlState, DeviceState
from sessions.types import GateState, HoldReason

_BACK = "Look at the arm, then press Enter to arm."
_OVER_WHEN_FRESH = (HoldReason.CAMERA_STALE, HoldReason.WINDOW_LOST)


def control_state(loop: Parts) -> ControlState:
    """Everything the control process knows, at this moment."""
    helm, attempts, timing = loop.helm, loop.attempts, loop.timing
    shown, motors, refused = attempts.current, loop.follower.motors, loop.refusals.newest
    text, remedy = sentence(loop)
    holding, asked = held.holding(loop), releasing(loop)
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
        engaged=None if motors is None else motors.engaged,
        can_rest=motors is not None and motors.rest_pose is not None,
        motors=held.with_motors(loop),
        holding=holding,
        left_held=held.left_held(loop),
        releasing=asked if asked in holding else "",
        bus_p99_ms=timing.devices.p99_s() * 1000.0,
        refusals=loop.refusals.count,
        refused="" if refused is None else refused.why,
        refused_remedy="" if refused is None else refused.remedy,
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
    if gate.state is GateState.PARKING:
        return _parking(loop)
    if gate.state is GateState.FAULT:
        return _and_let_go(loop, _stopped(loop))
    if gate.reason in BROKEN:
        back = gate.reason is HoldReason.ROBOT_LOST and loop.follower.lost is None
        return _and_let_go(loop, _back(text[0]) if back else text)
    if loop.helm.said[0]:
        return loop.helm.said
    if gate.reason is HoldReason.OPERATOR_LOST and gate.armed:
        return _without_hand(loop)
    if text[0] and gate.armed:
        over = gate.reason in _OVER_WHEN_FRESH and loop.trouble is None
        return (text[0], "That is over. Press Enter to go on.") if over else text
    if loop.attempts.busy:
        return "The scene is being put back.", "Wait a moment."
    if gate.state is GateState.HOLD and not attempt:
        return _outside_attempts(loop)
    if gate.state is GateState.HOLD and gate.armed and not loop.helm.demo:
        nobody = takeovers.no_hand(loop)
        if nobody is not None:
            return f"Holding: paused. {nobody.why}", nobody.remedy
    return plain_words(gate, attempt=attempt)


def held_before(text: str) -> str:
    """A hold's sentence, once its attempt is over."""
    return text.replace("Holding: ", "The arm held: ", 1).replace(" is lost.", " was lost.", 1)


def _back(text: str) -> tuple[str, str]:
    """A robot that was lost is back: why it was lost, as far as that was said."""
    cause = text.partition("is lost. ")[2]
    return (
        "The robot was lost, and is back.",
        f"{_BACK} It had been lost: {cause}" if cause else _BACK,
    )


def _and_let_go(loop: Parts, words: tuple[str, str]) -> tuple[str, str]:
    """What stopped an arm that was let go since goes on being said."""
    text, remedy = words
    return (f"{text} {LET_GO}", remedy) if loop.helm.said[0] == LET_GO else words


def _without_hand(loop: Parts) -> tuple[str, str]:
    """A device is lost, and what becomes of that: it is back, or another one is there."""
    gone, chosen = loop.operators.gone, loop.operators.selected
    if loop.operators.ready(gone):
        return f"Holding: the {gone} is back.", "Press Enter to go on, or take over."
    text, remedy = loop.helm.text
    if chosen != gone and loop.operators.ready(chosen):
        return text, f"The {chosen} can take over. Press Enter to go on."
    return text, remedy


def _outside_attempts(loop: Parts) -> tuple[str, str]:
    """Whatever would stand in the way of a start comes before the invitation to start."""
    plain = plain_words(loop.helm.gate, attempt=False)
    if loop.loading.problem:
        return loop.loading.problem, plain[1]
    if loop.notice[0]:
        return loop.notice[0], loop.notice[1] or plain[1]
    if loop.helm.gate.armed and loop.trouble is not None:
        return f"Not ready: {loop.trouble.text}.", loop.trouble.remedy
    if loop.helm.gate.armed and loop.proposals.status.loading:
        return BEING_LOADED
    nobody = takeovers.no_hand(loop) if loop.helm.gate.armed else None
    return plain if nobody is None else (f"Not ready. {nobody.why}", nobody.remedy)


def _aligning(loop: Parts) -> tuple[str, str]:
    name = loop.helm.driver
    action, limits = loop.operators.action(name), loop.follower.limiter.limits
    return alignment.sentence(name, action, loop.follower.sent, limits)


def _parking(loop: Parts) -> tuple[str, str]:
    left_s = loop.parking.left_s
    how_long = f"{left_s:.0f} s" if left_s >= 0.5 else "it is almost there"
    return (
        f"The arm goes to its rest pose: {how_long}.",
        "Then its torque goes off. Pause keeps it up; Rest again lets go at once.",
    )


def _stopped(loop: Parts) -> tuple[str, str]:
    """A stop stays a stop; that the arm is lost meanwhile is said with it."""
    lost = loop.follower.lost
    plain = loop.helm.text if loop.helm.text[0] else plain_words(loop.helm.gate, attempt=False)
    if lost is None:
        return plain
    return f"{plain[0].rstrip('.')}, and the robot is lost. {lost.problem}", lost.remedy


def _devices(loop: Parts) -> tuple[DeviceState, ...]:
    return (_robot(loop), _policy(loop), *loop.operators.states())


def _robot(loop: Parts) -> DeviceState:
    """The arm: lost, stopped by itself, or well with its own warnings."""
    follower = loop.follower
    health, wrong = follower.health, follower.lost or follower.stopped
    if follower.lost is not None or not follower.there:
        problem = "It is being connected." if wrong is None else f"{wrong.problem} {wrong.remedy}"
        return DeviceState("robot", "robot", False, problem)
    return DeviceState(
        "robot",
        "robot",
        wrong is None,
        "" if wrong is None else f"{wrong.problem} {wrong.remedy}",
        figures=health.text,
        warnings=health.warnings,
        lost=health.lost,
        corrupt=health.corrupt,
        bus_p99_ms=health.bus_p99_ms,
    )


def _policy(loop: Parts) -> DeviceState:
    """The policy as a device: not ok when it is absent, silent, or its newest load failed."""
    status = loop.proposals.status
    if loop.loading.problem:
        return DeviceState("policy", "policy", False, loop.loading.problem)
    if not status.alive:
        return DeviceState("policy", "policy", False, SERVER_SILENT[0])
    if status.loading or loop.loading.active:
        return DeviceState("policy", "policy", True, BEING_LOADED[0])
    if status.spec is None:
        return DeviceState("policy", "policy", False, NONE_LOADED[0])
    if loop.proposals.misfit:
        wrong = misfit(loop.proposals.misfit)
        text = f"{wrong.text[0].upper()}{wrong.text[1:]}. {wrong.remedy}"
        return DeviceState("policy", "policy", False, text)
    return DeviceState("policy", "policy", not status.error, status.error)
