"""Commands to the control process, and what it tells."""

from __future__ import annotations

from sessions.messages.base import Message


class Heartbeat(Message):
    """The window lives; sent at least four times a second."""


class ClearFault(Message):
    """First of the three acts after a stop: reset. FAULT -> HOLD, disarmed."""


class Arm(Message):
    """Second act: allow motion. A robot with motors to switch puts its torque on."""


class Disarm(Message):
    """No motion until armed again; a running attempt holds."""


class StartAttempt(Message):
    """Third act: reset the scene where software can, begin recording, let the policy drive.

    ``demo`` records a demonstration: the human drives from the first tick. ``seed`` draws the start
    pose in simulation; None takes the next one.
    """

    demo: bool = False
    seed: int | None = None
    environment: str = ""
    object: str = ""


class EndAttempt(Message):
    """Ends the running attempt; ``outcome`` is success, failure or discarded."""

    outcome: str


class ResetScene(Message):
    """Puts the simulated scene back without starting an attempt."""

    seed: int | None = None


class SoftStop(Message):
    """Stop all motion and latch. Not an emergency stop."""


class TakeOver(Message):
    """The human takes control now. ``input_t`` is when the key went down, monotonic [s]."""

    device: str = "keyboard"
    input_t: float = 0.0


class GiveBack(Message):
    """The human gives control back to the policy.

    ``device`` is the one whose gate was let go: if another hand drives by then, nothing changes.
    Empty gives back whoever drives.
    """

    input_t: float = 0.0
    device: str = ""


class Pause(Message):
    """Hold until Resume; the attempt goes on recording."""


class Resume(Message):
    """The policy drives on, if nothing else holds."""


class Keys(Message):
    """Which motion keys of the keyboard teleoperator are held, by action name, all of them.

    Sent on each change and repeated with the heartbeat while any is held; an empty tuple when the
    window loses focus.
    """

    held: tuple[str, ...] = ()


class SelectOperator(Message):
    """Which teleoperator of the station corrects: its name in station.toml."""

    name: str


class Reconnect(Message):
    """Tries now to reach what is lost, instead of at the next second.

    ``name`` is the robot or an operator's device as the station calls it; empty for all.
    """

    name: str = ""


class Rest(Message):
    """Outside attempts: the armed arm goes slowly to its rest pose, then its torque is put off.

    Sent again while it goes, it lets go at once. A robot whose rest pose nobody told is let go
    where it is, as by ``Release``.
    """


class Release(Message):
    """Torque off where it is. Refused the first time: it drops; the second time it is done.

    ``name`` is the robot or a leader as the station calls it; empty for the first that holds: the
    robot before leaders, unless it can be sent to rest instead. Not while the arm is driven.
    """

    name: str = ""


class LoadPolicy(Message):
    """The arm holds, the policy server loads ``path``, its spec is checked, the round changes."""

    path: str
    round: int


class SetDoubts(Message):
    """Doubts at takeovers of all rounds so far, in time order: what tau is computed from."""

    doubts: tuple[float, ...]


class ControlInput(Message):
    """One control of an operator's device; see ``drivers.base.Control``."""

    name: str
    label: str
    value: float
    action: str = ""
    does: str = ""


class DeviceState(Message):
    """One device as the control or camera process sees it.

    ``text`` is what is wrong with it. ``inputs`` are the controls of an operator's device that can
    be pictured, as they are now. ``figures``, ``warnings`` (the gravest first), ``lost``,
    ``corrupt`` and ``bus_p99_ms`` are what it says of itself, see ``drivers.base.Health``; they
    are empty for a device that says nothing.
    """

    name: str
    kind: str
    ok: bool
    text: str = ""
    inputs: tuple[ControlInput, ...] = ()
    figures: str = ""
    warnings: tuple[str, ...] = ()
    lost: int = 0
    corrupt: int = 0
    bus_p99_ms: float = float("nan")


class AttemptEnded(Message):
    """An attempt's last tick is ``tick``."""

    episode: int
    tick: int
    outcome: str


class ControlState(Message):
    """Everything the control process knows; published on change and four times a second.

    ``load_problem`` says why the newest LoadPolicy failed; empty after a good one. ``started`` and
    ``ended`` are how the newest attempt began and the newest finished one ended, for a recorder
    that was not there to hear it. ``policy_ms`` is what the loop waited for the newest chunk, in
    whole ticks. ``engaged`` is whether all motors of the arm have torque, None where they cannot be
    switched from here; ``can_rest`` whether its rest pose is known. ``motors`` names the devices
    that ``Release`` can let go, the robot and leaders with motors, and ``holding`` those of them of
    which any motor has torque; ``left_held`` those that would go on
    holding if the session ended now; ``releasing`` the one that the next ``Release`` lets go,
    because it was asked for just now. ``bus_p99_ms`` is what a tick
    spent on talking to robot and operators' devices, 99th percentile. ``refusals`` counts what a
    device's own button asked for in vain; ``refused`` and ``refused_remedy`` say why, the last
    time.
    """

    sequence: int
    t: float
    gate: str
    controller: str
    armed: bool
    reason: str
    reason_text: str
    remedy: str
    attempt: int
    attempt_demo: bool
    attempt_started_t: float
    round: int
    policy: str
    operator: str
    operators: tuple[str, ...]
    doubt: float
    tau: float
    rate_hz: float
    measured_hz: float
    late_ticks: int
    ticks: int
    period_p99_ms: float
    policy_ms: float
    seed: int
    stage: int
    success: bool
    devices: tuple[DeviceState, ...] = ()
    load_problem: str = ""
    started: AttemptStarted | None = None
    ended: AttemptEnded | None = None
    engaged: bool | None = None
    can_rest: bool = False
    motors: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    left_held: tuple[str, ...] = ()
    releasing: str = ""
    bus_p99_ms: float = float("nan")
    refusals: int = 0
    refused: str = ""
    refused_remedy: str = ""


class AttemptStarted(Message):
    """An attempt begins at ``tick``; the recorder opens its file."""

    episode: int
    tick: int
    round: int
    policy: str
    demo: bool
    seed: int
    operator: str
    environment: str = ""
    object: str = ""


class OperatorTagged(Message):
    """An operator's device tagged the intervention under way, or the latest one."""

    episode: int
    tick: int
    category: str
