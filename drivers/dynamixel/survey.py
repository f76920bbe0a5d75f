"""What is set up wrongly on a bus, how it is put right on request, and who sits on it twice.

Nothing here writes to a servo unless it is asked to by ``fix`` or ``change_baud``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from drivers.base import DeviceConfigError, DeviceLostError
from drivers.dynamixel import wire
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.tables import BAUD_CODES, RETURN_DELAY_UNIT_S

BAUDS = (1_000_000, 57_600, 115_200, 2_000_000, 3_000_000, 4_000_000)
PINGS = 12
# Two servos with one id spoil each other's answers, mostly but not always.
_TROUBLE_SHARE = 0.25
# Servos go to another rate once what was sent has left the adapter and is in their EEPROM.
_SETTLE_S = 0.1
_MOVES = 3
_READS = 3
_SETTINGS = ("baud_rate", "return_delay_time", "status_return_level", "torque_enable")
LATENCY = "latency_timer"


@dataclass(frozen=True)
class Difference:
    """One setting that is not what it should be.

    Attributes:
        servo: id; None for the adapter.
        setting: register name, or ``latency_timer``.
        found: its value; -1 where it cannot be read.
        wanted: what it should be.
        text: a sentence: what is set, and what it costs.
        eeprom: kept in the servo without power, and changeable only while its torque is off.
    """

    servo: int | None
    setting: str
    found: int
    wanted: int
    text: str
    eeprom: bool = False


def read_settings(bus: Bus, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """What ``differences`` compares: id -> register -> value, of those that answer.

    Raises:
        DeviceLostError: the port broke.
    """
    found: dict[int, dict[str, int]] = {servo: {} for servo in ids}
    for name in _SETTINGS:
        for servo, value in read_all(bus, ids, name).items():
            found[servo][name] = value
    return found


def read_all(bus: Bus, ids: Sequence[int], name: str) -> dict[int, int]:
    """One register of servos, asked up to three times: id -> value, of those that answer.

    Raises:
        DeviceLostError: the port broke.
    """
    found: dict[int, int] = {}
    for _ in range(_READS):
        left = [servo for servo in ids if servo not in found]
        if not left:
            break
        found |= {s: value for s, (value,) in bus.sync_read(left, (name,)).values.items()}
    return found


def differences(
    settings: Mapping[int, Mapping[str, int]], baud: int, latency_ms: float = 1.0
) -> tuple[Difference, ...]:
    """What differs from what it should be, the adapter first. Pure.

    Args:
        settings: what ``read_settings`` found; a servo that answers a ping but no read has an
            empty entry.
        baud: what the station file says [bit/s].
        latency_ms: the adapter's latency timer.
    """
    found: list[Difference] = []
    if latency_ms > 1:
        text = (
            f"The adapter's latency timer is {latency_ms:.0f} ms: every answer may take that much "
            "longer. 1 ms is right."
        )
        found.append(Difference(None, LATENCY, round(latency_ms), 1, text))
    for servo, values in sorted(settings.items()):
        found += _servo_differences(servo, values, baud)
    return tuple(found)


def fix(bus: Bus, wrong: Iterable[Difference]) -> tuple[str, ...]:
    """Puts settings right, and says in a sentence each what it did or could not do.

    To be called only after the operator agreed. Takes no torque away: EEPROM of a servo that holds
    is left alone. Baud rates are left to ``change_baud``, since the bus moves away with them.

    Raises:
        DeviceLostError: the port broke.
    """
    said = []
    for item in wrong:
        if item.servo is None:
            said.append(_fix_latency(bus))
        elif item.setting != "baud_rate":
            said.append(_fix_servo(bus, item, item.servo))
    return tuple(said)


def change_baud(bus: Bus, ids: Sequence[int], baud: int) -> dict[int, tuple[int, int]]:
    """Moves servos to another baud rate, goes there too, and returns who answers there.

    To be called only after the operator agreed, with torque off.

    Raises:
        DeviceConfigError: no such rate, or a servo holds: says which.
        DeviceLostError: the port broke, or nobody answers at the new rate.
    """
    if baud not in BAUD_CODES:
        choices = ", ".join(str(rate) for rate in BAUD_CODES)
        raise DeviceConfigError(bus.device, f"No servo speaks {baud} baud.", f"Choose {choices}.")
    holding = [s for s, (on,) in bus.sync_read(ids, ("torque_enable",)).values.items() if on]
    if holding:
        raise DeviceConfigError(
            bus.device,
            f"The torque of servos {_numbers(holding)} is on.",
            "Support the arm and release its torque first.",
        )
    before = bus.baud
    for _ in range(_MOVES):
        bus.sync_write("baud_rate", dict.fromkeys(ids, BAUD_CODES[baud]))
        time.sleep(_SETTLE_S)
        found = _scan_at(bus, ids, baud)
        if found:
            return found
        # Nobody acknowledges it, so it may have been lost.
        _scan_at(bus, ids, before)
    raise DeviceLostError(
        bus.device,
        f"No servo answers at {baud} baud on {bus.port}.",
        f"Switch its power off and on and check again; they spoke at {before} baud before.",
    )


def find_baud(
    port: str,
    device: str = "arm",
    ids: Iterable[int] | None = None,
    bauds: Sequence[int] = BAUDS,
) -> dict[int, dict[int, tuple[int, int]]]:
    """At which baud rates servos answer: rate -> id -> (model number, firmware).

    Args:
        port: the path to open.
        device: for messages.
        ids: whom to ask, about 10 ms each that is absent; None asks all, about 1 s a rate.
        bauds: rates to try. One that the adapter cannot do is left out.

    Raises:
        DeviceNotFoundError: the port cannot be opened.
        DeviceLostError: the port broke.
    """
    wanted = None if ids is None else tuple(ids)
    found = {}
    for baud in bauds:
        try:
            with Bus(port, baud, device) as bus:
                answers = bus.scan(wanted)
        except DeviceConfigError:
            continue
        if answers:
            found[baud] = answers
    return found


def duplicates(bus: Bus, ids: Iterable[int], pings: int = PINGS) -> dict[int, str]:
    """Ids that two servos seem to have: id -> sentence.

    Protocol 2.0 has no arbitration: two servos with one id answer at once. Their answers either
    spoil each other or come one after the other; a healthy servo does neither. What a damaged
    cable does to all ids alike is not called a duplicate.

    Raises:
        DeviceLostError: the port broke.
    """
    trouble: dict[int, float] = {}
    for servo in ids:
        heard = [bus.probe(servo) for _ in range(pings)]
        trouble[servo] = sum(one.spoilt or one.extra for one in heard) / pings
    # Once in a while an answer is late, or damaged: that happens to healthy servos too.
    suspects = [servo for servo, share in trouble.items() if share >= _TROUBLE_SHARE]
    if len(suspects) == len(trouble) > 1:
        return {}
    return {
        servo: f"Two servos on {bus.port} seem to have id {servo}. Connect them one at a time and "
        "give one of them another id."
        for servo in sorted(suspects)
    }


def _scan_at(bus: Bus, ids: Sequence[int], baud: int) -> dict[int, tuple[int, int]]:
    bus.baud = baud
    bus.open()
    return bus.scan(ids)


def _servo_differences(servo: int, values: Mapping[str, int], baud: int) -> Iterable[Difference]:
    if "status_return_level" not in values:
        text = f"Servo {servo} answers a ping but no read: its Status Return Level is not 2."
        return [Difference(servo, "status_return_level", -1, 2, text)]
    found = []
    if values["status_return_level"] != 2:
        level = values["status_return_level"]
        text = f"Servo {servo} acknowledges nothing (Status Return Level {level}). 2 is right."
        found.append(Difference(servo, "status_return_level", level, 2, text))
    delay = values.get("return_delay_time", 0)
    if delay:
        text = (
            f"Servo {servo} waits {delay * RETURN_DELAY_UNIT_S * 1e6:.0f} us before each answer "
            f"(Return Delay Time {delay}). 0 is right."
        )
        found.append(Difference(servo, "return_delay_time", delay, 0, text, eeprom=True))
    code = BAUD_CODES.get(baud, -1)
    if values.get("baud_rate", code) != code:
        speeds = {number: rate for rate, number in BAUD_CODES.items()}
        rate = speeds.get(values["baud_rate"], 0)
        text = f"Servo {servo} is set to {rate} baud. {baud} is right."
        found.append(Difference(servo, "baud_rate", values["baud_rate"], code, text, eeprom=True))
    return found


def _fix_latency(bus: Bus) -> str:
    if wire.lower_latency_timer(bus.port):
        return "The adapter's latency timer is 1 ms now."
    return (
        "The adapter's latency timer needs the administrator: run `echo 1 | sudo tee "
        f"{wire.latency_file(bus.port)}`."
    )


def _fix_servo(bus: Bus, item: Difference, servo: int) -> str:
    if item.eeprom and bus.read(servo, "torque_enable"):
        return (
            f"Servo {servo} holds, so its {item.setting} cannot be changed. Support the arm, "
            "release its torque, and try again."
        )
    # A servo below Status Return Level 2 would not acknowledge a Write: write to all, then look.
    bus.sync_write(item.setting, {servo: item.wanted})
    now = read_all(bus, (servo,), item.setting).get(servo, -1)
    if now != item.wanted:
        return f"Servo {servo} did not take {item.setting} = {item.wanted}; it is {now}."
    return f"Servo {servo}: {item.setting} is {item.wanted} now."


def _numbers(ids: Iterable[int]) -> str:
    return ", ".join(str(servo) for servo in sorted(ids))
