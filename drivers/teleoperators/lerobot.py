"""Any leader arm that LeRobot knows, served by ``drivers/bridge/serve_lerobot.py``.

The follower never moves to meet the leader. ``clutch`` needs nothing of the leader: motion counts
from the poses at takeover. ``mirror`` is for leaders that LeRobot can drive (those with feedback):
the leader follows the arm until takeover, when its torque goes. ``align`` takes the leader's pose
as it is and lets nobody take over before both arms agree. What holds the leader when it is
connected goes on holding it, until a takeover or a request lets it go.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import Any

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
from drivers.bridge.units import Joint, Scale, calibrated, scale
from drivers.registry import DeviceContext, parsed
from drivers.teleoperators._absolute import Absolute
from drivers.teleoperators._consent import HOLDS, HUMAN_DRIVES, POLICY_DRIVES, WAITS, Consent
from drivers.teleoperators._leader import behind
from drivers.teleoperators._lerobot_mirror import Mirror
from drivers.teleoperators._mapping import Clutch, JointMap, joint_map

TAKEOVERS = ("clutch", "mirror", "align")


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
        self._mirror: Mirror | None = None
        self._holds = False
        self._clutch = Clutch(openings(joint_names), config.scale)
        self._absolute = Absolute(openings(joint_names))
        self._driving = self._seen = False
        self._consent = Consent()
        self._behind: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether any of its motors has torque, as far as is known."""
        return self._holds if self._mirror is None else self._mirror.holds

    def connect(self) -> None:
        """Reaches the bridge and compares what it serves with the station file.

        No motor gets torque, and none loses it: see ``Consent`` for when it mirrors.

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
        except DriverError:
            self._link.close()
            raise
        self._driving, self._behind = False, ()
        self._consent.withdraw()
        self._absolute.end()

    def disconnect(self) -> None:
        """Lets go of the bridge; a leader that mirrored holds where it is."""
        self._link.close()

    def begin(self, view: TeleoperatorView) -> None:
        """The human takes over: the leader is theirs at once, motion counts from here."""
        self._let_go()
        self._behind = ()
        led = self._led()
        if led is not None:
            self._clutch.begin(view.sent, led)
            self._absolute.begin(view.sent, led, drives=view.controller in HUMAN_DRIVES)
        self._driving, self._seen = led is not None, False

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """The target that the leader's pose means; never blocks.

        Raises:
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        leader = self._pose()
        self._consent.watch(view)
        if not view.attempt_running:
            self._handed_back()
            self._behind = ()
            return OperatorInput()
        assert self._map is not None
        led = self._map.to_follower(leader)
        human = view.controller in HUMAN_DRIVES
        if self._driving and self._seen and not human:
            self._handed_back()
        self._seen = self._seen or human
        if not self.relative:
            return OperatorInput(action=self._absolute.target(led, view.sent, view.limits))
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
        moves = view.attempt_running and view.controller in POLICY_DRIVES
        if not moves or not self._consent.given:
            return
        wanted, leader = self._map.to_leader(view.state.position), self._pose()
        target, self._behind = self._map.within_reach(wanted, leader, *self._mirror.reach)
        self._mirror.follow(target, leader, view.dt)

    def release(self) -> None:
        """Torque off at once; see ``Consent`` for when it mirrors again.

        Raises:
            DeviceConfigError: LeRobot offers no way to switch off its motors.
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        self._consent.withdraw()
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
        warnings = list(found.warnings)
        if self._mirror is None and self._holds:
            warnings.append(HOLDS)
        if self._mirror is not None and self._consent.awaited:
            warnings.append(WAITS)
        if self._behind:
            warnings.append(behind(self._behind))
        if self._map is not None and self._map.unled:
            joints = ", ".join(self._map.unled)
            warnings.append(f"No joint of the leader leads {joints}: they stay where they are.")
        return replace(found, warnings=tuple(warnings))

    def _let_go(self) -> None:
        """The leader is the human's, by the next transaction."""
        if self._mirror is not None:
            self._mirror.let_go()
        elif self._holds:
            self._holds = False
            with contextlib.suppress(DriverError):  # a leader that is gone is noticed by a poll
                self._link.ask("release", wait_s=0.0)

    def _handed_back(self) -> None:
        """Somebody else drives."""
        self._driving = False
        self._absolute.end()

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

    def _mirroring(self, served: Served, joints: dict[str, Joint]) -> Mirror | None:
        if self._config.takeover != "mirror":
            return None
        if not served.writes or not served.torque:
            raise DeviceConfigError(
                self._name,
                f"LeRobot {served.version} cannot drive a {served.type}, so that it cannot mirror.",
                'Set takeover = "clutch".',
            )
        writes = scale(self._name, joints, served.writes, "takes feedback for")
        reach = calibrated(joints, served.writes, writes)
        return Mirror(self._link, writes, reach, served, self._config.mirror_rad_s)


def create(name: str, config: Config, context: DeviceContext) -> LeRobotLeader:
    """Builds the leader; see ``drivers.registry``.

    Raises:
        DeviceConfigError: a takeover that is none, or numbers that make no sense.
    """
    return LeRobotLeader(name, config, context.joint_names)
