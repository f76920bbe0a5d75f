"""What every Dynamixel leader's station table may say, and how a leader is built from it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from drivers.base import DeviceConfigError
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel import identity, ports
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.measuring import PATIENCE_S
from drivers.dynamixel.setup import Options
from drivers.registry import DeviceContext
from drivers.teleoperators._gentle import GentleArm
from drivers.teleoperators._leader import TAKEOVERS, Leader, Manner
from drivers.teleoperators._mapping import joint_map

_ACCELERATION_RAD_S2 = 20.0
_MARGIN = 1.25
"""The servos' own speed limit is this much above the one at which a leader mirrors."""


@dataclass(frozen=True)
class LeaderConfig:
    """What the station file may say of any leader.

    Attributes:
        port: device path, stable id, or ``emulated:NAME``.
        baud: bits a second.
        calibration: its file, if that is not ``<name>.toml`` among the workspace's calibrations.
        takeover: ``mirror``, ``clutch`` or ``align``.
        scale: follower motion per leader motion; ``mirror`` and ``clutch`` only.
        power: part of the motors' strength with which it mirrors, above 0 to 1.
        mirror_rad_s: highest speed of a joint that mirrors [rad/s].
        patience_s: so long a joint may stay silent before the leader counts as lost [s].
        leads: leader joint -> follower joint, where they are not called the same; "" for none.
        directions: leader joint -> 1 or -1, on top of the calibration's.
        offsets: leader joint -> rad, added to what the calibration says.
    """

    port: str
    baud: int = 1_000_000
    calibration: str = ""
    takeover: str = "clutch"
    scale: float = 1.0
    power: float = 0.2
    mirror_rad_s: float = 1.5
    patience_s: float = PATIENCE_S
    leads: dict[str, str] = field(default_factory=dict)
    directions: dict[str, int] = field(default_factory=dict)
    offsets: dict[str, float] = field(default_factory=dict)


def leader(
    name: str, config: LeaderConfig, names: tuple[str, ...], context: DeviceContext
) -> Leader:
    """Builds a leader without touching it.

    Args:
        name: what the station calls it.
        config: its table.
        names: its joints, the trigger last.
        context: the device's surroundings; without ``joint_names`` it leads joints named as its
            own.

    Raises:
        DeviceConfigError: a value that makes no sense; says which and what would.
    """
    _check(name, config)
    chart = joint_map(
        name,
        names,
        context.joint_names or names,
        config.leads,
        config.directions,
        config.offsets,
    )
    options = Options(
        power=config.power,
        grip=1.0,
        watchdog_ms=0,
        velocity=_MARGIN * config.mirror_rad_s,
        acceleration=_ACCELERATION_RAD_S2,
        patience_s=config.patience_s,
        soft=True,
    )
    options.check(name)
    file = _file(name, config, context)

    def find() -> GentleArm:
        path = ports.resolve(config.port, context.runtime, name)
        return GentleArm(
            name,
            Bus(path, config.baud, name),
            _calibration(name, file, names),
            options,
            () if file is None else identity.known_arms(file.parent, file.stem),
            identity.adapter(config.port, path),
        )

    return Leader(
        name, find, chart, Manner(config.takeover, config.scale, speed=config.mirror_rad_s)
    )


def _file(name: str, config: LeaderConfig, context: DeviceContext) -> Path | None:
    """Its calibration; the emulated leader was born with one, which one made by hand replaces."""
    folder = context.calibrations
    if config.calibration:
        chosen = Path(config.calibration).expanduser()
        return chosen if folder is None else folder / chosen
    own = None if folder is None else folder / f"{name}.toml"
    if not config.port.startswith(ports.EMULATED) or (own is not None and own.exists()):
        return own
    from drivers import emulation

    return Path(emulation.__path__[0]) / "leader.toml"


def _calibration(name: str, file: Path | None, names: tuple[str, ...]) -> Calibration:
    """The leader's, as it is on disk now.

    Raises:
        DeviceConfigError: absent, unreadable, or of a leader with other joints.
    """
    if file is None:
        raise DeviceConfigError(
            name, "There is no folder of calibrations.", calibrations.RECALIBRATE
        )
    found = calibrations.read(file, name)
    if found.names != names:
        raise DeviceConfigError(
            name,
            f"{file} has the joints {', '.join(found.names)}; this leader has {', '.join(names)}.",
            calibrations.RECALIBRATE,
        )
    return found


def _check(name: str, config: LeaderConfig) -> None:
    if config.takeover not in TAKEOVERS:
        raise DeviceConfigError(
            name, f"takeover is {config.takeover!r}.", f"Choose one of: {', '.join(TAKEOVERS)}."
        )
    for key, value in (("scale", config.scale), ("mirror_rad_s", config.mirror_rad_s)):
        if not 0.0 < value <= 10.0 or not math.isfinite(value):
            raise DeviceConfigError(name, f"{key} is {value:g}.", "Give it a value above 0, to 10.")
    if config.takeover == "align" and config.scale != 1.0:
        raise DeviceConfigError(
            name,
            f"scale is {config.scale:g}, and takeover is align.",
            "A leader whose pose is the arm's cannot be scaled: take scale out, or clutch.",
        )
