"""Finding an arm on its bus when it is connected, and saying why it was not found."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.base import DeviceConfigError, DeviceNotFoundError, DriverError
from drivers.dynamixel import identity, survey
from drivers.dynamixel.bus import Bus, NoAnswerError
from drivers.dynamixel.calibration import Calibration, Servo
from drivers.dynamixel.measuring import UNPOWERED

_ASKED_FOR_BAUD = 3
_ASKED_AGAIN = 3


def find(
    device: str,
    bus: Bus,
    calibration: Calibration,
    others: tuple[Calibration, ...] = (),
    port: str = "",
) -> tuple[tuple[Servo, ...], tuple[str, ...]]:
    """Makes sure that all of an arm's servos are there, and that it is this arm.

    Args:
        device: what the station calls the arm.
        bus: open; writes nothing to it.
        calibration: the arm's.
        others: calibrations of the other arms here, to recognise one on the wrong port.
        port: what its adapter is known by; empty if nothing.

    Returns:
        (what is in its servos, differences worth knowing, a sentence each).

    Raises:
        DeviceNotFoundError: nobody answers.
        DeviceConfigError: another baud rate, an id twice, another arm, or one that differs.
        DeviceLostError: it went away meanwhile.
    """
    known = {servo_id for arm in (calibration, *others) for servo_id in arm.ids}
    # A bus that was silent once may have been kept waiting; one that is silent twice has nobody.
    found = bus.scan(sorted(known)) or bus.scan(sorted(known))
    if not found:
        raise _nobody(device, bus, calibration)
    found = _asked_again(bus, calibration, found)
    try:
        _refuse_doubles(device, bus, calibration, set(calibration.ids).difference(found))
        servos = identity.fingerprint(bus, found)
    except NoAnswerError:
        _refuse_doubles(device, bus, calibration, found)
        raise
    return servos, identity.verify(device, calibration, others, servos, port)


def _asked_again(
    bus: Bus, calibration: Calibration, found: dict[int, tuple[int, int]]
) -> dict[int, tuple[int, int]]:
    """The arm's servos, those too whose first answers were lost: a packet is no motor."""
    late = {}
    for servo_id in sorted(set(calibration.ids).difference(found)):
        answers = (bus.ping(servo_id) for _ in range(_ASKED_AGAIN))
        answer = next((answer for answer in answers if answer is not None), None)
        if answer is not None:
            late[servo_id] = answer
    # All together again, so that the bus knows whom it may ask by one fast read.
    return found | late | (bus.scan(sorted(found | late)) if late else {})


def _nobody(device: str, bus: Bus, calibration: Calibration) -> DriverError:
    """Why nobody answers: no power, or another baud rate."""
    bus.close()
    some = calibration.primary[:_ASKED_FOR_BAUD]
    elsewhere = survey.find_baud(bus.port, device, some)
    problem = f"No servo answers on {bus.port} at {bus.baud} baud"
    if elsewhere and bus.baud not in elsewhere:
        rate = min(elsewhere)
        return DeviceConfigError(
            device,
            f"{problem}; they do at {rate} baud.",
            f"Set baud = {rate} in the station file, or have theirs changed.",
        )
    return DeviceNotFoundError(device, f"{problem}.", UNPOWERED)


def _refuse_doubles(device: str, bus: Bus, calibration: Calibration, ids: Iterable[int]) -> None:
    """Two servos with one id spoil each other's answers: neither can be used.

    Raises:
        DeviceConfigError: an id seems to be there twice.
    """
    for servo_id in survey.duplicates(bus, sorted(ids)):
        raise DeviceConfigError(
            device,
            f"Two servos seem to have id {servo_id} ({calibration.joint_of(servo_id)}): their "
            "answers spoil each other.",
            "Connect them one at a time and give one of them another id.",
        )
