"""What can go wrong on a bus that is open, as errors whose sentences say what to do."""

from __future__ import annotations

from drivers.base import DeviceConfigError, DeviceLostError, DriverError
from drivers.dynamixel.tables import Model, Register

ACCESS, DATA_RANGE = 7, 4
_REASONS = {
    1: ("it could not carry it out", "Stop the servo, then try again."),
    2: ("it does not know the instruction", "Update its firmware."),
    3: ("the packet arrived damaged", "Check the cable to this servo."),
    DATA_RANGE: ("out of range", "Choose a value within the range of its control table."),
    5: ("wrong length for this register", "Check that the servo's model is right."),
    6: ("beyond a limit set in the servo", "Choose a value within its limit registers."),
    ACCESS: ("read only, or not now", "Check its operating mode and whether its torque is off."),
}


class NoAnswerError(DeviceLostError):
    """The port works and a servo on it does not answer."""


class RefusedError(DriverError):
    """A servo answered that it will not.

    Attributes:
        code: Protocol 2.0 error number: 1 result fail, 2 instruction, 3 checksum, 4 data range,
            5 data length, 6 data limit, 7 access.
    """

    def __init__(self, device: str, problem: str, remedy: str, code: int = 0) -> None:
        super().__init__(device, problem, remedy)
        self.code = code


def no_answer(device: str, port: str, servo: int, model: Model | None) -> NoAnswerError:
    """A servo is silent."""
    what = f" ({model.name})" if model is not None else ""
    return NoAnswerError(
        device,
        f"Servo {servo}{what} on {port} does not answer.",
        "Check the arm's power and the cable to this servo.",
    )


def write_refused(
    device: str, servo: int, name: str, value: int, place: Register, code: int
) -> RefusedError:
    """A servo answered a write by an error number."""
    reason, remedy = _REASONS.get(code, (f"error {code}", "Restart the servo."))
    if code == ACCESS and place.eeprom:
        reason, remedy = "its torque is on", "Release the arm's torque first."
    if code == DATA_RANGE and name.startswith("goal_"):
        reason = "out of range, or its bus watchdog has stopped it"
        remedy = "Arm the arm again, which clears its watchdog."
    return RefusedError(device, f"Servo {servo} refuses {name} = {value}: {reason}.", remedy, code)


def closed(device: str, port: str) -> DeviceLostError:
    """The port was never opened, or broke."""
    return DeviceLostError(device, f"{port} is not open.", "Connect the device again.")


def broken(device: str, port: str) -> DeviceLostError:
    """The port broke under a transaction."""
    return DeviceLostError(
        device,
        f"The connection to {port} broke.",
        "Check the USB cable and the arm's power, then connect again.",
    )


def babbling(device: str, port: str) -> DeviceLostError:
    """Bytes never stop coming."""
    return DeviceLostError(
        device,
        f"What is on {port} never stops sending: it is no Dynamixel bus, or a servo is broken.",
        "Check which device is on this port, then connect again.",
    )


def unknown_model(device: str, port: str, servo: int) -> DeviceConfigError:
    """Nobody has asked a servo for its model, or the tables do not have it."""
    return DeviceConfigError(
        device,
        f"The model of servo {servo} on {port} is not known.",
        "Check that it is a Dynamixel of the X series that is supported, and scan again.",
    )


def unknown_register(device: str, error: KeyError) -> DeviceConfigError:
    """No such register."""
    return DeviceConfigError(
        device, str(error.args[0]), "Choose a register that the servo's control table names."
    )
