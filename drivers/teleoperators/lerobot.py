"""Any leader arm that LeRobot knows, served by ``drivers/bridge/serve_lerobot.py``.

The follower never moves to meet the leader. ``clutch`` needs nothing of the leader: motion counts
from the poses at takeover. ``mirror`` is for leaders that LeRobot can drive (those with feedback):
the leader follows the arm until takeover, when its torque goes. ``align`` takes the leader's pose
as it is and lets nobody take over before both arms agree.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DriverError,
    Floats,
    Health,
    OperatorInput,
    TeleoperatorView,
    openings,
)
from drivers.bridge.link import SWITCH_S, Link
from drivers.bridge.served import Served
from drivers.bridge.units import Joint, Scale, scale
from drivers.registry import DeviceContext, parsed
from drivers.teleoperators._mapping import Clutch, JointMap, Ramp, bounded, joint_map, nearest_turn

TAKEOVERS = ("clutch", "mirror", "align")
_HUMAN = ("human", "demo")
_LED = ("policy", "handover")
_LEASH = 0.25
"""How far a mirrored goal may be from the leader [rad, trigger 0..1]: what bounds the pull."""


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        endpoint: where ``serve_lerobot.py`` listens: ``host:port`` or ``unix:/path``.
        served: LeRobot's type that must be served there, such as ``so101_leader``.
        id: LeRobot's id that must be, so that two leaders alike are not mixed up.
        takeover: ``clutch``, ``mirror`` or ``align``.
        joints: what LeRobot does not say of a leader joint (unit, range, another key): a table as
            ``drivers.bridge.units.Joint``. All other positions that LeRobot measures are joints.
        leads: leader joint -> the robot's joint; "" for one that leads none. The same name leads.
        directions: leader joint -> 1 or -1.
        offsets: leader joint -> rad, added after the direction (``align``).
        scale: robot motion per leader motion (``clutch``).
        mirror_rad_s: how fast the leader follows the arm [rad/s].
        poll_hz: how often it is measured [Hz].
        stale_s: a pose older than this means that the leader is lost [s].
    """

    endpoint: str = "127.0.0.1:5578"
    served: str = ""
    id: str = ""
    takeover: str = "clutch"
    joints: dict[str, dict[str, Any]] = field(default_factory=dict)
    leads: dict[str, Any] = field(default_factory=dict)
    directions: dict[str, Any] = field(default_factory=dict)
    offsets: dict[str, Any] = field(default_factory=dict)
    scale: float = 1.0
    mirror_rad_s: float = 1.0
    poll_hz: float = 100.0
    stale_s: float = 0.1


class LeRobotLeader:
    """The leader; see ``Teleoperator`` for what each method promises.

    Args:
        name: what the station calls it.
        config: what the station file says.
        joint_names: the robot's joints.

    Attributes:
        relative: whether it anchors at the arm's pose at takeover.

    Raises:
        DeviceConfigError: a takeover that is none, or numbers that make no sense.
    """

    def __init__(self, name: str, config: Config, joint_names: tuple[str, ...]) -> None:
        if config.takeover not in TAKEOVERS:
            raise DeviceConfigError(
                name,
                f"takeover is {config.takeover!r}.",
                f"Choose one of: {', '.join(TAKEOVERS)}.",
            )
        if not (0.1 <= config.scale <= 2.0 and 0.1 <= config.mirror_rad_s <= 3.0):
            raise DeviceConfigError(
                name,
                f"scale is {config.scale:g} and mirror_rad_s {config.mirror_rad_s:g}.",
                "Give a scale from 0.1 to 2 and mirror_rad_s from 0.1 to 3.",
            )
        self.relative = config.takeover != "align"
        self._name, self._config, self._robot_joints = name, config, joint_names
        self._joints = {
            joint: parsed(f"{name}.joints.{joint}", Joint, table)
            for joint, table in config.joints.items()
        }
        self._link = Link(name, config.endpoint, "teleop", config.poll_hz, config.stale_s)
        self._reads: Scale | None = None
        self._map: JointMap | None = None
        self._mirror: _Mirror | None = None
        self._holds = False
        self._clutch = Clutch(openings(joint_names), config.scale)
        self._driving = self._seen = self._free = False

    @property
    def holds(self) -> bool:
        """Whether any of its motors has torque, as far as is known."""
        return self._holds if self._mirror is None else self._mirror.holds

    def connect(self) -> None:
        """Reaches the bridge and compares what it serves with the station file.

        Raises:
            DeviceNotFoundError: nothing serves there, or another leader.
            DeviceConfigError: joints or units that do not fit, or a leader that cannot mirror.
        """
        served = self._link.open()
        try:
            served.check(self._name, self._config.served, self._config.id)
            joints = self._served_joints(served)
            self._reads = scale(self._name, joints, served.reads, "measures")
            config = self._config
            self._map = joint_map(
                self._name,
                tuple(joints),
                self._robot_joints,
                config.leads,
                config.directions,
                config.offsets,
            )
            self._mirror = self._mirroring(served, joints)
            self._holds = served.holds
            if served.holds and self._mirror is None:
                self.release()  # it mirrored before, and is not to any more
        except DriverError:
            self._link.close()
            raise
        self._driving = False

    def disconnect(self) -> None:
        """Lets go of the bridge; a leader that mirrored holds where it is."""
        self._link.close()

    def begin(self, view: TeleoperatorView) -> None:
        """The human takes over: the leader is theirs at once, motion counts from here."""
        if self._mirror is not None:
            self._mirror.let_go()
        led = self._led()
        if led is not None:
            self._clutch.begin(view.sent, led)
        self._driving, self._seen = led is not None, False

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """The target that the leader's pose means; never blocks.

        Raises:
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        leader = self._pose()
        if not view.attempt_running:
            self._driving = self._free = False
            return OperatorInput()
        assert self._map is not None
        led = self._map.to_follower(leader)
        if not self.relative:
            turned = np.where(self._map.grips, led, nearest_turn(led, view.sent))
            pose = np.where(np.isnan(led), view.sent, turned)
            return OperatorInput(action=bounded(pose, view.limits, self._map.grips))
        human = view.controller in _HUMAN
        if self._driving and self._seen and not human:
            self._driving = self._free = False
        self._seen = self._seen or human
        if not self._driving:
            return OperatorInput()
        return OperatorInput(action=self._clutch.target(led, view.limits))

    def send_feedback(self, view: TeleoperatorView) -> None:
        """Lets a mirroring leader follow the arm while the policy moves it.

        Raises:
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        if self._mirror is None or self._driving or self._map is None:
            return
        if not view.attempt_running:
            self._free = False
        if not view.attempt_running or view.controller not in _LED or self._free:
            return
        wanted = self._map.to_leader(view.state.position)
        self._mirror.follow(wanted, self._pose(), view.dt)

    def release(self) -> None:
        """Torque off at once; it mirrors again from the next attempt or hand-back.

        Raises:
            DeviceConfigError: LeRobot offers no way to switch off its motors.
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        self._free = True
        asked = self._link.ask("release", wait_s=SWITCH_S)
        if not asked.done.is_set():
            raise DeviceLostError(
                self._name,
                f"LeRobot did not release its motors within {SWITCH_S * 1000:.0f} ms.",
                "Look at the terminal of serve_lerobot.py.",
            )
        self._holds = False
        if self._mirror is not None:
            self._mirror.released()

    def led(self) -> Floats:
        """The robot's pose by the leader's, as it was read last; see ``Leading``.

        Raises:
            DeviceLostError: it is not connected, or LeRobot or the bridge does not answer.
        """
        pose = self._pose()
        assert self._map is not None
        return self._map.to_follower(pose)

    def health(self) -> Health:
        """Round trips through bridge and bus, and joints that nothing leads."""
        found = self._link.health()
        if self._map is None or not self._map.unled:
            return found
        joints = ", ".join(self._map.unled)
        unled = f"No joint of the leader leads {joints}: they stay where they are."
        return replace(found, warnings=(*found.warnings, unled))

    def _pose(self) -> Floats:
        """The leader's joints in our units, shape (L,)."""
        if self._reads is None:
            raise DeviceLostError(self._name, "It is not connected.", "Connect it first.")
        return self._reads.ours(self._link.newest().values)

    def _led(self) -> Floats | None:
        """The pose in the robot's terms, shape (A,); None if it is lost, which a poll notices."""
        try:
            leader = self._pose()
        except DeviceLostError:
            return None
        assert self._map is not None
        return self._map.to_follower(leader)

    def _served_joints(self, served: Served) -> dict[str, Joint]:
        names = [f.name.removesuffix(".pos") for f in served.reads if f.name.endswith(".pos")]
        if names:
            renamed = {joint.key for joint in self._joints.values()}
            others = {name: Joint() for name in names if f"{name}.pos" not in renamed}
            return others | self._joints
        raise DeviceConfigError(
            self._name,
            f"LeRobot's {served.type} gives {', '.join(f.name for f in served.reads)}, and no "
            "joint position.",
            "Serve a leader arm; gamepads and keyboards are read here directly.",
        )

    def _mirroring(self, served: Served, joints: dict[str, Joint]) -> _Mirror | None:
        if self._config.takeover != "mirror":
            return None
        if not served.writes or not served.torque:
            raise DeviceConfigError(
                self._name,
                f"LeRobot {served.version} cannot drive a {served.type}, so that it cannot mirror.",
                'Set takeover = "clutch".',
            )
        writes = scale(self._name, joints, served.writes, "takes feedback for")
        return _Mirror(self._link, writes, served, self._config.mirror_rad_s)


class _Mirror:
    """Drives a leader to where the arm is, at joint speed and on a leash.

    Args:
        link: the way to the leader.
        writes: its joints among its feedback.
        served: the leader, which may hold already.
        speed_rad_s: highest speed [rad/s, trigger 1/s].

    Attributes:
        holds: whether it has torque, as far as is known.
    """

    def __init__(self, link: Link, writes: Scale, served: Served, speed_rad_s: float) -> None:
        self._link, self._writes, self._size = link, writes, len(served.writes)
        joints = len(writes.index)
        self._ramp = Ramp(np.full(joints, speed_rad_s), np.full(joints, _LEASH))
        self.holds, self._follows = served.holds, False

    def follow(self, wanted: Floats, leader: Floats, dt: float) -> None:
        """One step towards ``wanted``, shape (L,), NaN where a joint may be anywhere."""
        values = np.zeros(self._size)
        if not self._follows:
            self._ramp.begin(leader)
            self._writes.fill(values, leader)  # where it is: torque that comes on moves nothing
            self._link.ask("engage", values, wait_s=0.0)
            self.holds = self._follows = True
            return
        self._writes.fill(values, self._ramp.advance(wanted, leader, dt))
        self._link.ask("write", values, wait_s=0.0)

    def let_go(self) -> None:
        """Torque off by the next transaction; a leader that is gone is noticed by a poll."""
        if not self.holds:
            return
        self.released()
        with contextlib.suppress(DriverError):
            self._link.ask("release", wait_s=0.0)

    def released(self) -> None:
        """Its torque is off."""
        self.holds = self._follows = False


def create(name: str, config: Config, context: DeviceContext) -> LeRobotLeader:
    """Builds the leader; see ``drivers.registry``.

    Raises:
        DeviceConfigError: a takeover that is none, or numbers that make no sense.
    """
    return LeRobotLeader(name, config, context.joint_names)
