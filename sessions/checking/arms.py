"""Which of a station's devices are Dynamixel arms: their port, their kind and their calibration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers import emulation, registry
from drivers.base import DeviceConfigError
from drivers.dynamixel import ports
from drivers.dynamixel.description import ArmDescription
from drivers.registry import KINDS
from sessions.config import Station

_ROBOTS, _TELEOPERATORS = KINDS[:2]
_EMULATED_LEADER = Path(emulation.__path__[0]) / "leader.toml"
_USUAL_BAUD = 1_000_000


@dataclass(frozen=True)
class ArmSite:
    """A Dynamixel arm of a station.

    Attributes:
        name: what the station calls it.
        type: its type in the station file.
        table: where it stands in the station file, such as ``("operators", "leader")``.
        port: as the station file says it.
        baud: bits a second.
        description: what kind of arm it is.
        calibration: the file that is in force; it need not exist.
        own: the file that a calibration is written to; None for an arm that comes calibrated.
    """

    name: str
    type: str
    table: tuple[str, ...]
    port: str
    baud: int
    description: ArmDescription
    calibration: Path
    own: Path | None

    @property
    def emulated(self) -> bool:
        """Whether it is made of software."""
        return self.port.startswith(ports.EMULATED)

    def joint_of(self, servo: int) -> str:
        """The joint that a servo turns, with its number, for messages."""
        grip = self.description.gripper
        if grip is not None and grip.id == servo:
            return f"{grip.name} (servo {servo})"
        for joint in self.description.joints:
            if servo == joint.id:
                return f"{joint.name} (servo {servo})"
            if servo in joint.shadows:
                return f"{joint.name}'s second motor (servo {servo})"
        return f"servo {servo}"


def arms(station: Station, calibrations: Path) -> tuple[ArmSite, ...]:
    """The Dynamixel arms of a station, the robot first.

    Args:
        station: the station file.
        calibrations: folder of the workspace's calibrations.

    Raises:
        DeviceConfigError: a table has unknown keys or wrong values.
    """
    tables: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
        (_ROBOTS, ("robot",), station.robot)
    ]
    tables += [
        (_TELEOPERATORS, ("operators", name), table) for name, table in station.operators.items()
    ]
    found = (_site(kind, place, table, calibrations) for kind, place, table in tables)
    return tuple(site for site in found if site is not None)


def arm(sites: tuple[ArmSite, ...], name: str) -> ArmSite:
    """One of the arms.

    Args:
        sites: what ``arms`` found.
        name: what the station calls it; empty if there is only one.

    Raises:
        DeviceConfigError: no such arm; lists those there are.
    """
    names = ", ".join(site.name for site in sites)
    if not sites:
        raise DeviceConfigError(
            name or "arm",
            "This station has no Dynamixel arm.",
            "There is nothing to calibrate from here.",
        )
    if not name and len(sites) == 1:
        return sites[0]
    for site in sites:
        if site.name == name:
            return site
    raise DeviceConfigError(
        name or "arm",
        "There is no such arm." if name else "There is more than one arm.",
        f"Name one of: {names}.",
    )


def without(station: Station) -> str:
    """Why a station has no arm that is found and calibrated from here, in a sentence or two."""
    if station.simulated:
        return "Everything on this station is simulated: there is no arm to find or to calibrate."
    if station.robot.get("type") == "lerobot":
        return (
            "LeRobot drives this station's arms: find their ports by lerobot-find-port and "
            "calibrate them by lerobot-calibrate, in LeRobot's environment (docs/lerobot.md)."
        )
    return "This station has no Dynamixel arm, and other arms are set up by their own programs."


def _site(
    kind: str, place: tuple[str, ...], table: dict[str, Any], calibrations: Path
) -> ArmSite | None:
    name = place[-1]
    module, config = registry.device_file(kind, name, table)
    port = str(getattr(config, "port", getattr(module, "PORT", "")))
    described = getattr(module, "description", None)
    description = described(config) if described else getattr(module, "DESCRIPTION", None)
    if description is None or not (hasattr(config, "port") or hasattr(module, "PORT")):
        return None
    packaged: Path | None = getattr(module, "CALIBRATION", None)
    own = None if packaged is not None else _own(name, config.calibration, calibrations)
    in_force = packaged or own
    if kind == _TELEOPERATORS and port.startswith(ports.EMULATED) and not config.calibration:
        # The emulated leader was born calibrated; one made by hand replaces that.
        in_force = own if own is not None and own.exists() else _EMULATED_LEADER
    assert in_force is not None
    baud = int(getattr(config, "baud", getattr(module, "BAUD", _USUAL_BAUD)))
    return ArmSite(name, str(table["type"]), place, port, baud, description, in_force, own)


def _own(name: str, chosen: str, folder: Path) -> Path:
    return folder / Path(chosen).expanduser() if chosen else folder / f"{name}.toml"
