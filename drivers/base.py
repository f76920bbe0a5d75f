"""Robot, teleoperator and camera protocols, and the errors every device raises.

All joint vectors have shape ``(A,)``: the arm's joints in rad followed by the gripper opening in
[0, 1] (0 closed, 1 open). Devices that think in deltas, poses or motor ticks convert in their own
file, so that the loop above knows one kind of action only: absolute joint targets.

Other people's robots may have no gripper, or two, and may be measured otherwise than in rad: a
component is a gripper's opening if its name says so (``openings``), and ``JointLimits.unit`` is the
measure of all others. Where this house says "rad, gripper 0..1", read those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]


class DriverError(Exception):
    """A device cannot do what was asked. Says which device, what happened and what to do.

    Args:
        device: the name the station file gives the device, such as ``robot`` or ``wrist``.
        problem: what happened, with the value and the limit.
        remedy: what the operator can do about it, as one imperative sentence.
    """

    def __init__(self, device: str, problem: str, remedy: str) -> None:
        super().__init__(f"{device}: {problem} {remedy}".strip())
        self.device = device
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[DriverError], tuple[str, str, str]]:
        """How it travels from a worker process."""
        return type(self), (self.device, self.problem, self.remedy)


class DeviceNotFoundError(DriverError):
    """The device that was asked for is absent. Never answered by a fake one."""


class DeviceLostError(DriverError):
    """The device answered before and does not any more (cable, power, process)."""


class DeviceConfigError(DriverError):
    """The station file asks for something the device does not have."""


class InvalidActionError(DriverError):
    """An action of the wrong shape, or with values that are not finite."""


class SelfStoppedError(DriverError):
    """The arm is there but has stopped itself (bus watchdog, overload, heat) and refuses targets.

    The problem's first sentence is a headline: which joint, and what. The remedy says what to do
    before arming, and nothing of arming; it may be empty. ``Motors.engage`` puts the arm back into
    service; until then nothing that is sent moves it.
    """


def openings(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which components are openings of a gripper in [0, 1], shape (A,): those named so.

    A gripper's name ends in ``gripper``, as ``gripper`` and ``left_gripper`` do. What an opening is
    told and what it measures differ while it grasps, so that it is treated apart from joints.
    """
    return np.array([name.endswith("gripper") for name in names], dtype=bool)


@dataclass(frozen=True)
class JointLimits:
    """What one arm may do. All arrays have shape (A,), an arm's gripper last.

    Attributes:
        names: joint names; see ``openings`` for grippers.
        lower: lowest position [rad, gripper 0..1].
        upper: highest position [rad, gripper 0..1].
        velocity: highest speed, absolute [rad/s, gripper 1/s].
        acceleration: highest acceleration, absolute [rad/s^2, gripper 1/s^2].
        unit: measure of what is no gripper, where it is not rad; empty if nobody knows it.
    """

    names: tuple[str, ...]
    lower: Floats
    upper: Floats
    velocity: Floats
    acceleration: Floats
    unit: str = "rad"

    @property
    def size(self) -> int:
        """Number of joints A, the gripper included."""
        return len(self.names)

    @property
    def openings(self) -> NDArray[np.bool_]:
        """Which components are a gripper's opening, shape (A,)."""
        return openings(self.names)


@dataclass
class RobotState:
    """What a robot measured at one instant.

    Attributes:
        t: when it was measured, monotonic clock [s].
        position: shape (A,) [rad, gripper 0..1].
        velocity: shape (A,) [rad/s, gripper 1/s].
        effort: shape (A,) [N m, gripper N]; zeros where the arm cannot measure it.
        environment_state: shape (E,), privileged object poses that only a simulation knows;
            empty on real arms. Named by ``Robot.environment_names``.
        stage: index of the task stage a simulation judges the attempt to be in, -1 if unknown.
        success: whether a simulation judges the task as done (held for its required time).
    """

    t: float
    position: Floats
    velocity: Floats
    effort: Floats
    environment_state: Floats = field(default_factory=lambda: np.zeros(0))
    stage: int = -1
    success: bool = False


@runtime_checkable
class Robot(Protocol):
    """A follower arm. Called by the control process only, from the one loop."""

    limits: JointLimits
    environment_names: tuple[str, ...]

    def connect(self) -> None:
        """Opens the device. May block. Raises DeviceNotFoundError or DeviceConfigError."""

    def disconnect(self) -> None:
        """Closes the device; calling it twice is harmless."""

    def get_observation(self) -> RobotState:
        """The newest measurement, never blocking beyond one bus transaction.

        Raises:
            DeviceLostError: the arm does not answer or its newest state is too old.
        """

    def send_action(self, action: Floats) -> Floats:
        """Commands absolute joint targets, shape (A,), and returns what was really sent.

        Raises:
            InvalidActionError: wrong shape or not finite.
            DeviceLostError: the arm does not answer.
        """

    def stop(self) -> None:
        """Cancels any target still being pursued: the arm holds where it is now."""


@runtime_checkable
class SceneReset(Protocol):
    """A robot whose scene can be put back by software (a simulation)."""

    def reset_scene(self, seed: int) -> None:
        """Puts objects and arm to the start pose that ``seed`` draws. May take up to 1 s."""


@runtime_checkable
class Asked(Protocol):
    """A device on a line of its own, which can answer while another is waited for."""

    def ask(self) -> None:
        """Asks ahead what the next ``get_observation`` or ``get_action`` takes the answer to.

        Called by the loop at the beginning of a tick. Never waits and never raises: what is wrong
        is for who takes the answer to tell.
        """


@dataclass(frozen=True)
class Health:
    """What a device with a bus or motors says of itself beside its state, for the window.

    Attributes:
        text: one line of figures, such as ``bus 1.2 ms, p99 1.9 ms, 3 packets lost``.
        warnings: sentences with a remedy, the gravest first, such as ``wrist_angle is at 68 °C
            (limit 70 °C). Let it rest.``; empty while all is well.
        lost: packets that were not answered since it was connected.
        corrupt: answers that could not be read since it was connected.
        bus_p99_ms: what a tick's bus work took lately, 99th percentile [ms]; NaN if not known.
        stopped: why an arm that stopped itself still refuses to move, with the figures as they are
            now; None while it does not refuse.
    """

    text: str = ""
    warnings: tuple[str, ...] = ()
    lost: int = 0
    corrupt: int = 0
    bus_p99_ms: float = float("nan")
    stopped: SelfStoppedError | None = None


@runtime_checkable
class Monitored(Protocol):
    """A robot or teleoperator that can say how it is."""

    def health(self) -> Health:
        """The newest figures; never blocks and never speaks to the device."""


@runtime_checkable
class Holding(Protocol):
    """A device whose motors may hold it: an arm, or a leader with motors.

    Attributes:
        holds: whether any motor has torque, as far as is known.
    """

    holds: bool

    def release(self) -> None:
        """Torque off at once: what nothing supports drops. Called by the loop, on request.

        Raises:
            DeviceLostError: it does not answer.
            DeviceConfigError: its motors cannot be switched off from here.
        """


@runtime_checkable
class Motors(Holding, Protocol):
    """A robot whose motors hold it up.

    Between ``engaged`` and not ``holds`` is an arm of which some motors have no torque: it takes
    no targets, and drops when it is released all the same.

    Attributes:
        engaged: whether all motors have torque, as far as is known.
        rest_pose: shape (A,), where the arm lies by itself without torque; None if nobody said.
    """

    engaged: bool
    rest_pose: Floats | None

    def engage(self) -> None:
        """Torque on, holding where the arm is measured, after clearing what stopped it.

        A few bus transactions at most; called by the loop when the arm is armed.

        Raises:
            DeviceLostError: the arm does not answer.
            SelfStoppedError: a motor refuses (overheated, undervoltage); says which and why.
        """


@dataclass
class TeleoperatorView:
    """What an operator's device may look at when it is polled.

    Attributes:
        state: newest measured robot state.
        sent: shape (A,), the action sent last.
        controller: who is in control: ``policy``, ``human``, ``hold`` or ``handover``.
        attempt_running: whether an attempt is being recorded.
        doubt: the policy's doubt about this observation, NaN if there is none.
        tau: the learned threshold of doubt, NaN if there is none yet.
        dt: control period [s].
        limits: what the arm may do here, the station's limits included; None if nobody said.
    """

    state: RobotState
    sent: Floats
    controller: str
    attempt_running: bool
    doubt: float
    tau: float
    dt: float
    limits: JointLimits | None = None


@dataclass
class OperatorInput:
    """What an operator's device said at one tick.

    Attributes:
        action: absolute joint targets, shape (A,), or None while the device has nothing to say.
        gate: True while the device's hold-to-correct control is held, False while it is not,
            None if the device has no gate.
        events: edges since the last poll, by name: ``toggle``, ``stop``, ``start``, ``success``,
            ``failure``, ``discard``, ``tag:<category>``.
    """

    action: Floats | None = None
    gate: bool | None = None
    events: tuple[str, ...] = ()


@runtime_checkable
class Teleoperator(Protocol):
    """A device a person corrects with. Called by the control process only, from the one loop.

    ``relative`` devices (gamepad, keyboard, clutched and mirrored leaders) anchor at the pose the
    arm has when ``begin`` is called; absolute ones always say where they are, and must be aligned
    with the arm before they take over.
    """

    relative: bool

    def connect(self) -> None:
        """Opens the device. May block. Raises DeviceNotFoundError or DeviceConfigError."""

    def disconnect(self) -> None:
        """Closes the device; calling it twice is harmless."""

    def begin(self, view: TeleoperatorView) -> None:
        """The human takes over at this tick: from ``view.sent`` on, whatever the device moves by.

        An absolute device is told twice: when it begins to align (``view.controller`` is no human
        yet), and when it has been brought to the arm and takes over.
        """

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """Polls the device; never blocks.

        Raises:
            DeviceLostError: the device was unplugged. The gate takes it as a release into HOLD.
        """

    def send_feedback(self, view: TeleoperatorView) -> None:
        """Lets the device follow or resist (leaders with motors); does nothing elsewhere."""


@runtime_checkable
class Leading(Protocol):
    """A teleoperator with joints, which can say where its pose leads the robot."""

    def led(self) -> Floats:
        """The robot's pose by the leader's, as it was read last; shape (A,).

        NaN for joints that none of its own leads; not bounded, joints at any whole turn.

        Raises:
            DeviceLostError: it is not connected, or does not answer any more.
        """


@dataclass(frozen=True)
class Control:
    """One stick, trigger, button or pedal of an operator's device, as it is now.

    Attributes:
        name: what the bindings call it, such as ``rightshoulder``.
        label: what is printed on it, such as ``RB`` or ``R1``.
        value: -1 to 1 of a stick's axis, 0 to 1 of a trigger, 0 or 1 of a button.
        action: what it is bound to, by name, such as ``correct``; empty if it does nothing.
        does: the same in words.
    """

    name: str
    label: str
    value: float
    action: str = ""
    does: str = ""


@runtime_checkable
class Shown(Protocol):
    """A teleoperator whose controls the window can picture."""

    def controls(self) -> tuple[Control, ...]:
        """All of them as at the last poll; empty while it is absent. Never blocks."""


@dataclass
class Frame:
    """One camera image.

    Attributes:
        t: capture time, monotonic clock [s], the exposure rather than the arrival.
        sequence: the camera's own frame count; a gap is a dropped frame.
        image: shape (H, W, 3), RGB, uint8.
    """

    t: float
    sequence: int
    image: Image


@runtime_checkable
class Camera(Protocol):
    """A camera. Called by the camera process only, from a thread of its own."""

    width: int
    height: int
    fps: float

    def connect(self) -> None:
        """Opens the device. May block. Raises DeviceNotFoundError or DeviceConfigError."""

    def disconnect(self) -> None:
        """Closes the device; calling it twice is harmless."""

    def read(self, timeout_s: float) -> Frame | None:
        """Waits for the next frame, at most ``timeout_s``; None if none came in time.

        Raises:
            DeviceLostError: the camera was unplugged.
        """


def checked_action(device: str, action: Floats, limits: JointLimits) -> Floats:
    """The action as float64 of shape (A,).

    Raises:
        InvalidActionError: wrong shape, or a value that is not finite; names the joint.
    """
    array = np.asarray(action, dtype=np.float64)
    if array.shape != (limits.size,):
        raise InvalidActionError(
            device,
            f"The action has shape {array.shape}, not ({limits.size},).",
            f"Send one value for each of {', '.join(limits.names)}.",
        )
    finite = np.isfinite(array)
    if not finite.all():
        bad = limits.names[int(np.argmin(finite))]
        raise InvalidActionError(
            device,
            f"The action for {bad} is {array[int(np.argmin(finite))]}.",
            "Check the policy or teleoperator that produced it; nothing was sent.",
        )
    return array
