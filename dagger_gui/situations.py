"""What the attempt's buttons need to know of the session, gathered from the processes' states."""

from __future__ import annotations

from dagger_gui.commands import alarm, last_attempt
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets._attempt_acts import Situation, Torque
from sessions.live.held import ROBOT, called, first
from sessions.live.holds import BEING_LOADED, CHOOSE, NONE_LOADED, SERVER_SILENT
from sessions.messages import ControlState

_BLOCKING = ("recorder_lost", "loading_policy")
_NO_POLICY = dict((NONE_LOADED, SERVER_SILENT, BEING_LOADED))


def situation(model: SessionModel) -> Situation:
    """What the attempt's buttons need to know of the control process's state."""
    state = model.control
    if state is None:
        return Situation()
    blocked = state.reason in _BLOCKING and not state.attempt
    last = last_attempt(model)
    if last is not None and last.demo:
        last = None
    return Situation(
        connected=model.there("control"),
        gate=state.gate,
        armed=state.armed,
        running=state.attempt != 0,
        demo=state.attempt_demo,
        still=_still(model),
        blocked=f"{state.reason_text} {state.remedy}".strip() if blocked else "",
        no_policy=_no_policy(state),
        no_hand=_no_hand(state),
        unattended=_unattended(state),
        lost=alarm(state) == "robot_lost",
        torque=_torque(state),
        can_rest=state.can_rest,
        motors=bool(state.motors),
        holding=called(first(state.left_held, state.holding)),
        releasing=called(state.releasing),
        last=last.episode if last is not None and model.there("recorder") else 0,
        outcome=last.outcome if last is not None else "",
        read_only="Everything is being stopped." if model.closing else model.read_only,
    )


def _still(model: SessionModel) -> str:
    """What the cameras have against motion, one sentence; empty if nothing."""
    if model.cameras is None or not model.there("cameras"):
        return ""  # the control process says the rest
    return next((c.problem for c in model.cameras.cameras if c.problem), "")


def _no_hand(state: ControlState) -> str:
    """Why the selected device cannot drive; empty if it can."""
    if not state.operators:
        return "The station has no operator device. Add one to station.toml."
    device = next((d for d in state.devices if d.name == state.operator), None)
    return "" if device is None or device.ok else f"The {device.name} is not there. {device.text}"


def _unattended(state: ControlState) -> str:
    """Why the policy may not drive for want of somebody to take over; empty if it may."""
    missing = _no_hand(state) if state.operators else ""
    another = f" Or choose another device ({CHOOSE})." if len(state.operators) > 1 else ""
    return f"{missing}{another}" if missing else ""


def _torque(state: ControlState) -> Torque:
    if state.engaged is None:
        return "none"
    return "on" if ROBOT in state.holding else "off"


def _no_policy(state: ControlState) -> str:
    """Why the policy cannot drive; empty if it can, as far as is known."""
    policy = next((d for d in state.devices if d.kind == "policy"), None)
    remedy = _NO_POLICY.get(policy.text, "") if policy is not None else ""
    return f"{policy.text} {remedy}" if policy is not None and remedy else ""
