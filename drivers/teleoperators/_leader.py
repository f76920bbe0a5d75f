"""A leader: an arm of the operator's own, whose joints lead those of the follower.

Three ways to take over, named in the station file:

- ``mirror``: the leader's motors let it follow the arm gently while the policy drives; in the tick
  of the takeover they let go, and the operator has it where the arm is.
- ``clutch``: the leader stays where it was put; its motion since takeover is added to the pose the
  arm had then.
- ``align``: the leader always says where it is, and takes over once it has been brought to the arm.

In all three the follower never moves to meet the human. A motor that holds the leader when it is
connected goes on holding it, until a takeover or a request lets it go: a leader may be heavy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from drivers.base import (
    DeviceLostError,
    DriverError,
    Floats,
    Health,
    OperatorInput,
    TeleoperatorView,
)
from drivers.teleoperators._absolute import Absolute
from drivers.teleoperators._consent import HOLDS, HUMAN_DRIVES, POLICY_DRIVES, WAITS, Consent
from drivers.teleoperators._gentle import GentleArm
from drivers.teleoperators._mapping import Clutch, JointMap, Ramp

MIRROR, CLUTCH, ALIGN = TAKEOVERS = ("mirror", "clutch", "align")
_MOVING = (*POLICY_DRIVES, *HUMAN_DRIVES)

_MIRROR_HZ = 34.0
"""Goals a second while mirroring: even under the servos' own profile, and little to say on a bus
that is read at every tick."""

_LEASH = 0.3
"""How far a mirrored goal may be from the leader [rad, gripper 0..1]: what bounds the pull on a
hand that holds it, at a lag of 0.2 s at full speed."""

_MEND_S = 1.0
"""A motor that gave up is restarted so long after the attempt, and tried as often [s]."""


@dataclass(frozen=True)
class Manner:
    """How a leader takes over.

    Attributes:
        takeover: ``mirror``, ``clutch`` or ``align``.
        scale: follower motion per leader motion; not for ``align``.
        speed: highest speed at which it mirrors [rad/s].
        gripper_speed: highest speed at which its trigger mirrors [1/s].
    """

    takeover: str
    scale: float = 1.0
    speed: float = 1.5
    gripper_speed: float = 3.0


class Leader:
    """The teleoperator; see ``Teleoperator`` for what each method promises.

    Args:
        name: what the station calls it.
        find: builds its arm as it is plugged in and calibrated now; asked at each connection.
        chart: which of its joints leads which of the follower's.
        manner: how it takes over.
    """

    def __init__(
        self, name: str, find: Callable[[], GentleArm], chart: JointMap, manner: Manner
    ) -> None:
        self.relative = manner.takeover != ALIGN
        self._name, self._find, self._chart, self._manner = name, find, chart, manner
        self._arm: GentleArm | None = None
        self._clutch = Clutch(chart.grips, manner.scale)
        size = len(chart.leader)
        leads_grip = np.zeros(size, dtype=bool)
        leads_grip[chart.source[chart.grips & (chart.source >= 0)]] = True
        speed = np.where(leads_grip, manner.gripper_speed, manner.speed)
        self._ramp = Ramp(speed, np.full(size, _LEASH))
        self._position: Floats = np.zeros(size)
        self._absolute = Absolute(chart.grips)
        self._driving = self._seen_human = self._just_read = False
        self._mirrors = self._lets_go = False
        self._consent = Consent()
        self._behind: tuple[str, ...] = ()
        self._ticks = 0
        self._idle_s = 0.0

    @property
    def holds(self) -> bool:
        """Whether any of its motors has torque, as last read."""
        return self._arm is not None and self._arm.holds

    def connect(self) -> None:
        """Finds the leader and makes sure that it is the one that was calibrated.

        No motor gets torque, and none loses it: see ``Consent`` for when it mirrors.

        Raises:
            DeviceNotFoundError: no port, or nobody answers on it.
            DeviceConfigError: not calibrated, or another arm (leader and follower swapped).
            DeviceLostError: it went away meanwhile.
        """
        self.disconnect()
        arm = self._find()
        arm.connect()
        self._arm = arm
        self._position = arm.read().position
        self._driving = self._just_read = self._mirrors = self._lets_go = False
        self._consent.withdraw()
        self._behind = ()
        self._absolute.end()

    def disconnect(self) -> None:
        """Lets go of the port; a leader that mirrored holds where it is, as gently as before."""
        if self._arm is not None:
            self._arm.disconnect()
            self._arm = None
        self._driving = False

    def begin(self, view: TeleoperatorView) -> None:
        """Its motors let go, one packet, and its motion counts from where it was read last.

        Raises:
            DeviceLostError: it is gone.
        """
        arm = self._connected()
        self._driving, self._seen_human, self._just_read = True, False, True
        self._mirrors, self._behind = False, ()
        self._lets_go = True
        led = self._chart.to_follower(self._position)
        self._clutch.begin(view.sent, led)
        self._absolute.begin(view.sent, led, drives=view.controller in HUMAN_DRIVES)
        if arm.engaged or arm.holds:
            arm.let_go()

    def ask(self) -> None:
        """Asks every joint; see ``Asked``."""
        if self._arm is not None and not self._just_read:
            self._arm.ask()

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """Where the leader leads: always, for ``align``; else only while it drives.

        Raises:
            DeviceLostError: it does not answer, or a joint of it has not for too long.
        """
        arm = self._connected()
        # What was read before the takeover is the anchor: read again it would cost the tick twice.
        if not self._just_read:
            self._position = arm.read().position
        self._just_read = False
        self._remind(arm)
        self._mind_hand_back(view)
        self._consent.watch(view)
        if not view.attempt_running:
            self._behind = ()
            return OperatorInput()
        led = self._chart.to_follower(self._position)
        if self.relative:
            return OperatorInput(
                action=self._clutch.target(led, view.limits) if self._driving else None
            )
        return OperatorInput(action=self._absolute.target(led, view.sent, view.limits))

    def release(self) -> None:
        """Torque off at once; see ``Consent`` for when it mirrors again.

        Raises:
            DeviceLostError: it is gone, or a motor does not answer.
        """
        self._consent.withdraw()
        self._lets_go, self._mirrors = True, False
        self._connected().release()

    def send_feedback(self, view: TeleoperatorView) -> None:
        """Mirrors the arm while somebody else moves it; holds still while nobody does.

        Raises:
            DeviceLostError: it is gone.
            SelfStoppedError: a motor cannot follow; it leads all the same.
        """
        if self._manner.takeover != MIRROR or self._driving or self._arm is None:
            return
        arm = self._arm
        if not view.attempt_running:
            self._mend(arm, view.dt)
        if not view.attempt_running or view.controller not in _MOVING or not self._consent.given:
            return
        if not self._mirrors:
            self._lets_go = False
            if not arm.take_hold():
                return
            self._ramp.begin(self._position)
            self._mirrors, self._ticks = True, 0
        every = max(1, round(1.0 / (_MIRROR_HZ * view.dt)))
        self._ticks += 1
        if self._ticks % every:
            return
        wanted = self._chart.to_leader(view.state.position)
        target, self._behind = self._chart.within_reach(wanted, self._position, *arm.reach)
        try:
            arm.command(self._ramp.advance(target, self._position, every * view.dt))
        except DriverError:
            self._mirrors = False
            raise

    def led(self) -> Floats:
        """The follower's pose by the leader's, as it was read last; see ``Leading``.

        Raises:
            DeviceLostError: it is not connected.
        """
        self._connected()
        return self._chart.to_follower(self._position)

    def health(self) -> Health:
        """How its bus and motors are; asks nobody."""
        if self._arm is None:
            return Health()
        health = self._arm.health()
        warnings = list(health.warnings)
        if self._manner.takeover == MIRROR and self._arm.shut_down:
            warnings.append(
                "The leader cannot follow the arm, and leads all the same. End the attempt: then "
                "its motor is restarted."
            )
        if self._arm.holds and not self._lets_go and self._manner.takeover != MIRROR:
            warnings.append(HOLDS)
        if self._consent.awaited and self._manner.takeover == MIRROR:
            warnings.append(WAITS)
        if self._behind:
            warnings.append(behind(self._behind))
        if self._chart.unled:
            joints = ", ".join(self._chart.unled)
            warnings.append(f"No joint of the leader leads {joints}: they stay where they are.")
        return replace(health, warnings=tuple(warnings))

    def _mend(self, arm: GentleArm, dt: float) -> None:
        """Between attempts there is time to restart a motor that gave up."""
        self._idle_s = self._idle_s + dt if arm.shut_down else 0.0
        if self._idle_s > _MEND_S:
            self._idle_s = 0.0
            self._mirrors = False
            arm.restart()

    def _remind(self, arm: GentleArm) -> None:
        """Tells it to let go until all motors say that they have: packets get lost."""
        if self._lets_go and arm.holds:
            arm.let_go()

    # -- who drives

    def _mind_hand_back(self, view: TeleoperatorView) -> None:
        human = view.controller in HUMAN_DRIVES
        if self._driving and self._seen_human and not human:
            self._driving = False
            self._absolute.end()
        self._seen_human = self._driving and (self._seen_human or human)

    def _connected(self) -> GentleArm:
        if self._arm is None:
            raise DeviceLostError(self._name, "It is not connected.", "Plug it in.")
        return self._arm


def behind(joints: tuple[str, ...]) -> str:
    """What is said where a leader cannot mirror the arm in some of its joints."""
    which = " and ".join(joints)
    return f"Its {which} cannot reach the arm's pose. Calibrate it, or correct offsets."
