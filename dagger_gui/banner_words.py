"""What the banner says of a control state: the reason as it came, and what to press now."""

from __future__ import annotations

import math

from dagger_gui.commands import alarm, gravest
from dagger_gui.widgets.state_banner import CANNOT_START, CLOSING, Banner
from drivers.bindings import Bindings
from sessions.config import Task
from sessions.messages import ControlState, EpisodeSummary

_STARTING = Banner(
    reason="The station is starting.",
    remedy="Robot, cameras and policy come up by themselves; this takes a few seconds.",
)

_TRIED_AGAIN = "Correct station.toml (Station page, F4): it is tried again by itself."
_START_AGAIN = "Correct station.toml (Station page, F4), then close this window and start it again."


def banner(
    state: ControlState | None,
    now: float,
    keys: Bindings,
    task: Task,
    *,
    holding: bool,
    last: EpisodeSummary | None = None,
    suspended: bool = False,
    refusal: str = "",
    not_started: str = "",
    stopped: bool = False,
) -> Banner:
    """The banner of a state.

    Args:
        state: what control published last, None before the first.
        now: monotonic time [s].
        keys: to name the keys to press.
        task: to name the stage the attempt is in.
        holding: whether hold-to-correct is held in this window.
        last: the attempt that ended last while this window was open: how it ended stays in sight
            until the next one starts.
        suspended: whether the control process was ended on purpose.
        refusal: why the control process cannot run with the files as they are; empty if it can.
        not_started: why the station was not even started; empty if it was.
        stopped: whether the control process has ended because the window closes.
    """
    if stopped:
        return CLOSING
    if not_started:
        return _wrong(not_started, _START_AGAIN)
    if refusal:
        return _wrong(refusal, _TRIED_AGAIN)
    if suspended:
        return Banner(suspended=True)
    if state is None:
        return _STARTING
    attempt, demo, outcome, attempt_s = state.attempt, state.attempt_demo, "", math.nan
    if not attempt and last is not None:
        attempt, demo, outcome, attempt_s = last.episode, last.demo, last.outcome, last.duration_s
    elif attempt:
        # To a tenth: what is shown does not change more often, and equal banners cost nothing.
        attempt_s = math.floor((now - state.attempt_started_t) * 10) / 10
    reason, remedy = _words(state, keys, task, holding=holding)
    return Banner(
        gate=state.gate,
        controller=state.controller,
        reason=reason,
        remedy=remedy,
        attempt=attempt,
        attempt_s=attempt_s,
        demo=demo,
        round=state.round,
        latched=state.gate == "fault",
        outcome=outcome,
        alarm=alarm(state),
        warning=gravest(state),
    )


def _wrong(refusal: str, remedy: str) -> Banner:
    """What is wrong, then what to do; the choices that a refusal lists come last and may be cut."""
    first, _, choices = refusal.partition(". ")
    reason = f"{first.rstrip('.')}."
    return Banner(alarm=CANNOT_START, reason=reason, remedy=f"{remedy} {choices}".strip())


def _words(state: ControlState, keys: Bindings, task: Task, *, holding: bool) -> tuple[str, str]:
    toggle = _controls(state, keys, "toggle")
    success, failure = (_controls(state, keys, action) for action in ("success", "failure"))
    ends = f"{success} success, {failure} failure"
    if state.gate == "policy":
        late = ""
        if math.isfinite(state.attempt_started_t) and state.t - state.attempt_started_t > (
            task.attempt_s
        ):
            late = f"Longer than {task.attempt_s:g} s: {ends}. "
        hold = _controls(state, keys, "correct")
        return f"The policy drives{_stage(state, task)}.", f"{late}Hold {hold} to correct."
    if state.gate == "human" and state.attempt_demo:
        return f"You demonstrate{_stage(state, task)}.", f"At the end: {ends}."
    if state.gate == "human":
        held = [_key(keys, "correct")] if holding else _on_devices(state, "correct", held=True)
        let_go = f"Let go of {' and '.join(held)}" if held else f"Press {toggle}"
        rest = f"{let_go} to give back. A number says what failed."
        return f"You drive{_stage(state, task)}.", rest
    return state.reason_text, state.remedy


def _stage(state: ControlState, task: Task) -> str:
    if 0 <= state.stage < len(task.stages):
        return f": {task.stages[state.stage]}, {state.stage + 1} of {len(task.stages)}"
    return ""


def _controls(state: ControlState, keys: Bindings, action: str) -> str:
    """Everything that does an action now: ``G or pad RB``."""
    named = [name for name in [_key(keys, action), *_on_devices(state, action)] if name]
    return " or ".join(named) or "the operator's device"


def _on_devices(state: ControlState, action: str, *, held: bool = False) -> list[str]:
    """Buttons of the operator's pad and of pedals by what is printed on them.

    With ``pad`` or ``pedal`` before each: ``Y`` alone would be a key.
    """
    return [
        f"{'pedal' if device.kind == 'pedal' else 'pad'} {control.label}"
        for device in state.devices
        if device.kind == "pedal" or device.name == state.operator
        for control in device.inputs
        if control.action == action and (control.value or not held)
    ]


def _key(keys: Bindings, action: str) -> str:
    bound = keys.window.get(action, ())
    return bound[0] if bound else ""
