"""Serial ports by names that survive replugging, and which arm is behind which port.

``/dev/ttyUSB0`` goes to whichever adapter was plugged in first. ``/dev/serial/by-id/...`` carries
the adapter's serial number: that is what a station file should say. Which adapter belongs to which
arm is found by moving one arm by hand while no motor holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from serial.tools import list_ports

from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError, DriverError
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.survey import read_all
from drivers.dynamixel.tables import TICKS_PER_TURN

EMULATED = "emulated:"
BY_ID = Path("/dev/serial/by-id")
# What servos are set to by their makers: Interbotix and Koch arms, then the factory.
USUAL_BAUDS = (1_000_000, 57_600)
# 10 degrees is more than a table that was bumped, and less than anyone moves an arm by hand.
MOVED_TICKS = TICKS_PER_TURN // 36
# The arm that was moved must have moved so many times as far as any other.
_CLEARLY = 3


@dataclass(frozen=True)
class SerialPort:
    """One serial port that could lead to an arm.

    Attributes:
        path: the device file now, such as ``/dev/ttyUSB0``.
        stable: what a station file should say: the by-id link, or ``path`` if it has none.
        description: maker, product and serial number, as far as the adapter says.
    """

    path: str
    stable: str
    description: str


@dataclass(frozen=True)
class Pose:
    """What was found on one port, with nothing written to it.

    Attributes:
        port: its stable name.
        baud: where servos answered [bit/s]; 0 if none did.
        models: id -> model number.
        ticks: id -> position, of those that answered.
        holding: ids whose torque is on: that arm cannot be moved by hand.
        problem: why nothing could be found, in a sentence; empty if something was.
    """

    port: str
    baud: int = 0
    models: Mapping[int, int] = field(default_factory=dict)
    ticks: Mapping[int, int] = field(default_factory=dict)
    holding: tuple[int, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Moved:
    """Which arm was moved.

    Attributes:
        port: stable name of the port it is on; empty if that is not clear.
        text: one sentence: what was seen, and what to do if it is not clear.
    """

    port: str
    text: str


def ports(runtime: Path | None = None) -> list[SerialPort]:
    """All ports an arm could be on, sorted by stable name: USB, and emulated ones if any run.

    Args:
        runtime: the runtime folder in which emulated arms would be; None for hardware only.
    """
    links = _by_id()
    found = []
    for info in list_ports.comports():
        # A PC's own UARTs are there whether something is plugged in or not.
        if info.vid is None and info.device not in links:
            continue
        words = (info.manufacturer, info.product, info.serial_number)
        description = " ".join(word for word in words if word) or info.description
        found.append(SerialPort(info.device, links.get(info.device, info.device), description))
    for link in sorted(runtime.glob("*.tty")) if runtime is not None else ():
        name = f"{EMULATED}{link.stem}"
        found.append(SerialPort(str(link), name, f"emulated {link.stem}"))
    return sorted(found, key=lambda port: port.stable)


def resolve(port: str, runtime: Path | None, device: str = "arm") -> str:
    """The path to open for what a station file calls a port.

    Args:
        port: a device path, the name of a by-id link, an adapter's serial number, or
            ``emulated:NAME``.
        runtime: the runtime folder, for emulated ports.
        device: what the station calls the arm, for messages.

    Raises:
        DeviceConfigError: an emulated port without a runtime folder, or no port at all.
        DeviceNotFoundError: no adapter of this name is plugged in; lists those that are.
    """
    if port.startswith(EMULATED):
        if runtime is None:
            raise DeviceConfigError(
                device,
                f"{port} runs in real time only.",
                "Use a simulated robot in lockstep.",
            )
        return str(runtime / f"{port.removeprefix(EMULATED)}.tty")
    if not port:
        raise DeviceConfigError(
            device,
            "No port is named.",
            f"Set port in the station file. Here now: {_listed(ports(runtime))}.",
        )
    if "/" in port:
        return port
    if (BY_ID / port).exists():
        return str(BY_ID / port)
    here = ports(runtime)
    matching = [found for found in here if port in found.stable or port in found.description]
    if len(matching) == 1:
        return matching[0].stable
    raise DeviceNotFoundError(
        device,
        f"{'No' if not matching else 'More than one'} port matches {port}.",
        f"Plug it in, or choose one of: {_listed(here)}.",
    )


def stable_name(path: str) -> str:
    """The name of a port that survives replugging; the path itself if it has none."""
    if Path(path).parent == BY_ID:
        return path
    return _by_id().get(str(Path(path).resolve()), path)


def look(port: str, bauds: Sequence[int] = USUAL_BAUDS, path: str | None = None) -> Pose:
    """Who is on a port and where it is; about 1 s a baud rate. Writes nothing to any servo.

    Args:
        port: its stable name.
        bauds: rates to try, until one is answered.
        path: what to open, where that differs from the name.
    """
    problem = ""
    for baud in bauds:
        try:
            with Bus(path or port, baud, port) as bus:
                found = bus.scan()
                if found:
                    return _pose(bus, port, found)
        except DeviceLostError as error:  # silent at this rate, or noise of another
            problem = _told(port, error)
        except DriverError as error:
            return Pose(port, problem=_told(port, error))
    tried = " and ".join(str(baud) for baud in bauds)
    silent = f"{port}: No servo answers at {tried} baud. Switch on the arm's power."
    return Pose(port, problem=problem or silent)


def look_again(pose: Pose, path: str | None = None) -> Pose:
    """Where the servos found before are now; quick, and nothing is searched for.

    Args:
        pose: what ``look`` found.
        path: as for ``look``.
    """
    if not pose.baud:
        return pose
    try:
        with Bus(path or pose.port, pose.baud, pose.port) as bus:
            return _pose(bus, pose.port, bus.scan(pose.models))
    except DriverError as error:
        return Pose(pose.port, problem=_told(pose.port, error))


def find_moved(before: Iterable[Pose], after: Iterable[Pose]) -> Moved:
    """Which arm a person has moved between two looks. Pure.

    Args:
        before: every port, before anybody touched an arm.
        after: the same ports, after one arm was moved.
    """
    first, second = list(before), {pose.port: pose for pose in after}
    seen = [pose for pose in first if pose.ticks]
    if not seen:
        problems = " ".join(pose.problem for pose in first if pose.problem)
        return Moved("", problems or "No serial port is there. Plug in the arms' USB cables.")
    distances = {
        pose.port: _distance(pose.ticks, second[pose.port].ticks)
        for pose in seen
        if pose.port in second
    }
    order = sorted(distances, key=lambda port: -distances[port])
    if not order or distances[order[0]] < MOVED_TICKS:
        return Moved("", _unmoved(seen))
    if len(order) > 1 and _CLEARLY * distances[order[1]] > distances[order[0]]:
        return Moved("", f"Both {order[0]} and {order[1]} moved. Move one arm only.")
    degrees = 360.0 * distances[order[0]] / TICKS_PER_TURN
    return Moved(order[0], f"The arm on {order[0]} moved by {degrees:.0f} degrees.")


def _pose(bus: Bus, port: str, found: Mapping[int, tuple[int, int]]) -> Pose:
    ids = tuple(found)
    if not ids:
        return Pose(port, problem=f"{port}: No servo answers. Switch on the arm's power.")
    torque = read_all(bus, ids, "torque_enable")
    return Pose(
        port,
        bus.baud,
        {servo: answer[0] for servo, answer in found.items()},
        read_all(bus, ids, "present_position"),
        tuple(servo for servo, on in torque.items() if on),
    )


def _distance(before: Mapping[int, int], after: Mapping[int, int]) -> int:
    """The farthest that any servo went [ticks], the short way round."""
    half = TICKS_PER_TURN // 2
    moves = [
        abs((after[servo] - ticks + half) % TICKS_PER_TURN - half)
        for servo, ticks in before.items()
        if servo in after
    ]
    return max(moves, default=0)


def _told(port: str, error: DriverError) -> str:
    """An error of a port in sentences that name it, once."""
    said = f"{error.problem} {error.remedy}".strip()
    return said if port in said else f"{port}: {said}"


def _unmoved(seen: Sequence[Pose]) -> str:
    holding = [pose.port for pose in seen if pose.holding]
    if holding:
        return (
            f"No arm moved. The motors on {' and '.join(holding)} hold it: support it, release its "
            "torque, and move it again."
        )
    return "No arm moved. Move one joint of one arm by at least 10 degrees."


def _by_id() -> dict[str, str]:
    """Device file -> its by-id link."""
    if not BY_ID.is_dir():
        return {}
    return {str(link.resolve()): str(link) for link in sorted(BY_ID.iterdir())}


def _listed(here: Sequence[SerialPort]) -> str:
    return ", ".join(port.stable for port in here) or "none is plugged in"
