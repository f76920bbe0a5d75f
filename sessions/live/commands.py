"""What each command does to the loop, and why it is refused when it is.

An operator's device goes the same way: its ``start`` button is the window's Enter, its ``stop`` the
window's Space. A refusal says what stands in the way and what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from drivers.base import DriverError, SceneReset
from sessions.live import motors, report, takeovers
from sessions.live.attempts import Attempt
from sessions.live.faults import translated
from sessions.live.gate import Event
from sessions.live.holds import BEING_LOADED, NONE_LOADED, SERVER_SILENT, misfit
from sessions.live.parts import Parts
from sessions.messages import (
    Accepted,
    Arm,
    ClearFault,
    Disarm,
    EndAttempt,
    GiveBack,
    Heartbeat,
    Keys,
    LoadPolicy,
    Message,
    OperatorTagged,
    Pause,
    Reconnect,
    Refused,
    Release,
    ResetScene,
    Rest,
    Resume,
    SelectOperator,
    SetDoubts,
    Snapshot,
    SoftStop,
    StartAttempt,
    TakeOver,
)
from sessions.types import GateState

COMMAND_S = 1.0
"""A command that leads to motion is not carried out when it is older [s]."""

_TIMELY = (
    *(Heartbeat, ClearFault, Arm, StartAttempt, ResetScene, TakeOver, Resume),
    # What lets the arm drop is no less to be meant now.
    *(Rest, Release),
)
_OUTCOMES = ("success", "failure", "discarded")
_EVENT_OUTCOMES = {"success": "success", "failure": "failure", "discard": "discarded"}


def handle(loop: Parts, command: Message) -> Message:
    """Carries out one command; Accepted, Refused, or the state where that was asked for."""
    act = _ACTS.get(type(command))
    if act is None:
        name = type(command).__name__
        return Refused(f"The control process does not take {name}.", "Send it to another process.")
    return act(loop, command)


def too_late(command: Message, age_s: float) -> Refused | None:
    """Refuses what leads to motion once it has waited too long; None if it is to be carried out.

    A process that was stalled or started anew finds everything in its queue that was pressed
    meanwhile; an arm must not act on that. What stops or ends is carried out however old it is.

    Args:
        command: what came.
        age_s: how long ago it was sent [s].
    """
    timely = isinstance(command, _TIMELY) or (isinstance(command, Keys) and command.held)
    if not timely or age_s <= COMMAND_S:
        return None
    return Refused(
        f"{type(command).__name__} came {age_s:.1f} s late (limit {COMMAND_S:g} s).",
        "Look at the arm, then press again.",
    )


def operator_event(loop: Parts, device: str, event: str) -> None:
    """Carries out what a button of an operator's device stands for; refusals have no reader."""
    if event.startswith("tag:"):
        number = loop.attempts.latest
        if number:
            loop.emit(OperatorTagged(number, loop.timing.ticks - 1, event.removeprefix("tag:")))
    elif event == "toggle":
        now = loop.clock.now()
        # Another hand's toggle takes over from the one that drives, as its gate would.
        driving = loop.helm.driver == device
        refused = None if driving else takeovers.too_far(loop, device)
        if refused is not None:
            loop.refusals.add(refused)
            loop.helm.version += 1
        else:
            handle(loop, GiveBack(now) if driving else TakeOver(device, now))
    elif event == "stop":
        handle(loop, SoftStop())
    elif event == "start":
        handle(loop, next_act(loop))
    elif event in _EVENT_OUTCOMES:
        handle(loop, EndAttempt(_EVENT_OUTCOMES[event]))


def next_act(loop: Parts) -> Message:
    """The deliberate act that comes next: reset, reach the arm, arm, start, go on."""
    gate = loop.helm.gate
    if gate.state is not GateState.FAULT and loop.follower.lost is not None:
        return Reconnect("robot")
    if gate.state is GateState.FAULT:
        return ClearFault()
    if not gate.armed:
        return Arm()
    return StartAttempt() if loop.attempts.current is None else Resume()


def _snapshot(loop: Parts, command: Snapshot) -> Message:
    return report.control_state(loop)


def _heartbeat(loop: Parts, command: Heartbeat) -> Message:
    loop.watch.window_t = loop.clock.now()
    return Accepted()


def _clear(loop: Parts, command: ClearFault) -> Message:
    gate = loop.helm.gate
    if gate.state is not GateState.FAULT:
        return Refused("There is nothing to reset: the arm was not stopped.")
    loop.helm.clear()
    return Accepted()


def _disarm(loop: Parts, command: Disarm) -> Message:
    loop.attempts.cancel()
    loop.helm.apply(Event.DISARM)
    return Accepted()


def _soft_stop(loop: Parts, command: SoftStop) -> Message:
    loop.helm.apply(Event.SOFT_STOP)
    return Accepted()


def _start(loop: Parts, command: StartAttempt) -> Message:
    refusal = _not_startable(loop) or _nobody_to_drive(loop, demo=command.demo)
    if refusal is not None:
        return refusal
    number = loop.attempts.next_number
    seed = number if command.seed is None else command.seed
    loop.notice = ("", "")
    loop.attempts.prepare(Attempt(number, command.demo, seed, command.environment, command.object))
    return Accepted()


def _not_startable(loop: Parts) -> Refused | None:
    attempts, gate, now = loop.attempts, loop.helm.gate, loop.clock.now()
    if attempts.current is not None or attempts.coming is not None:
        running = attempts.current or attempts.coming
        assert running is not None
        return Refused(
            f"Attempt {running.number} is running.", "End it first: success, failure or discard."
        )
    if gate.state is GateState.FAULT:
        return Refused("The arm was stopped.", "Reset it first, then arm, then start.")
    if not gate.armed:
        return Refused("The arm is not armed.", "Arm it first, then start.")
    if gate.state is GateState.PARKING:
        return Refused("The arm is on its way to rest.", "Pause it first, or let it rest.")
    if attempts.busy:
        return Refused("The scene is being put back.", "Wait a moment.")
    if loop.loading.active or loop.loading.wanted is not None:
        return Refused(*BEING_LOADED)
    trouble = loop.watch.recorder(now) or loop.trouble
    return None if trouble is None else takeovers.refused("No attempt can start", trouble)


def _nobody_to_drive(loop: Parts, *, demo: bool) -> Refused | None:
    if demo:
        name = loop.operators.selected
        absent = takeovers.no_operator(loop, name)
        # A scene that is put back first takes the arm along: ``ControlLoop`` asks afterwards.
        moves = isinstance(loop.robot, SceneReset)
        return absent or (None if moves else takeovers.too_far_to_start(loop, name))
    nobody = takeovers.no_hand(loop)
    if nobody is not None:
        return nobody
    status = loop.proposals.status
    if not status.alive:
        return Refused(*SERVER_SILENT)
    if status.loading:
        return Refused(*BEING_LOADED)
    if status.spec is None:
        return Refused(*NONE_LOADED)
    if loop.proposals.misfit:
        return takeovers.refused("The policy cannot drive", misfit(loop.proposals.misfit))
    return None


def _end(loop: Parts, command: EndAttempt) -> Message:
    if command.outcome not in _OUTCOMES:
        return Refused(f"There is no outcome {command.outcome!r}.", f"Use {', '.join(_OUTCOMES)}.")
    if loop.attempts.current is None:
        return Refused("No attempt is running.", "Start one first.")
    loop.attempts.ending = command.outcome
    return Accepted()


def _reset_scene(loop: Parts, command: ResetScene) -> Message:
    if loop.attempts.current is not None or loop.attempts.coming is not None:
        return Refused("An attempt is running.", "End it first: success, failure or discard.")
    if loop.helm.gate.state is GateState.FAULT:
        return Refused("The arm was stopped.", "Reset the stop first.")
    if loop.helm.gate.state is GateState.PARKING:
        return Refused("The arm is on its way to rest.", "Pause it first, or let it rest.")
    if loop.attempts.busy:
        return Refused("The scene is being put back already.", "Wait a moment.")
    seed = loop.attempts.next_number if command.seed is None else command.seed
    loop.attempts.reset_scene(seed)
    return Accepted()


def _pause(loop: Parts, command: Pause) -> Message:
    loop.attempts.cancel()
    loop.helm.apply(Event.PAUSE)
    return Accepted()


def _resume(loop: Parts, command: Resume) -> Message:
    refusal = takeovers.not_movable(loop)
    if refusal is not None:
        return refusal
    if loop.helm.demo:
        return takeovers.take_over(loop, TakeOver(loop.operators.selected, float("nan")))
    missing = _nobody_to_drive(loop, demo=False)
    if missing is not None:
        return missing
    loop.helm.apply(Event.RESUME)
    return Accepted()


def _keys(loop: Parts, command: Keys) -> Message:
    for slot in loop.operators.slots.values():
        take: Callable[..., None] | None = getattr(slot.device, "set_keys", None)
        if take is None:
            continue
        try:
            with translated(slot.name):
                take(command.held, loop.clock.now())
        except DriverError as error:
            return Refused(error.problem, error.remedy)
    return Accepted()


def _select(loop: Parts, command: SelectOperator) -> Message:
    if command.name not in loop.operators.hands:
        names = ", ".join(loop.operators.hands) or "none"
        return Refused(f"There is no operator {command.name!r}.", f"The station has: {names}.")
    if loop.helm.driver and loop.helm.driver != command.name:
        return Refused(f"Operator {loop.helm.driver} drives now.", "Give back first.")
    absent = takeovers.no_operator(loop, command.name)
    if absent is not None and loop.helm.gate.state is GateState.POLICY:
        return absent  # the arm would hold at once: chosen it may be, but not by mistake
    loop.operators.select(command.name)
    return Accepted()


def _load(loop: Parts, command: LoadPolicy) -> Message:
    if loop.loading.active:
        return Refused("Another policy is being loaded.", BEING_LOADED[1])
    loop.loading.want(command)
    return Accepted()


def _set_doubts(loop: Parts, command: SetDoubts) -> Message:
    loop.helm.set_doubts(list(command.doubts))
    return Accepted()


_ACTS: dict[type[Message], Callable[[Any, Any], Message]] = {
    Snapshot: _snapshot,
    Heartbeat: _heartbeat,
    ClearFault: _clear,
    Arm: motors.arm,
    Disarm: _disarm,
    SoftStop: _soft_stop,
    StartAttempt: _start,
    EndAttempt: _end,
    ResetScene: _reset_scene,
    TakeOver: takeovers.take_over,
    GiveBack: takeovers.give_back,
    Pause: _pause,
    Resume: _resume,
    Keys: _keys,
    SelectOperator: _select,
    Reconnect: motors.reconnect,
    Rest: motors.rest,
    Release: motors.release,
    LoadPolicy: _load,
    SetDoubts: _set_doubts,
}
