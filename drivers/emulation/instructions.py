"""What the servos on one line do with an instruction, and who of them answers what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from drivers.emulation import protocol
from drivers.emulation.protocol import Packet, status
from drivers.emulation.servo import Servo

_TO_ONE_ONLY = (protocol.READ, protocol.PING)


def obey(servos: Sequence[Servo], packet: Packet, now: float) -> list[bytes]:
    """Lets the servos do what a packet says.

    Args:
        servos: those that hear it.
        packet: an instruction packet, intact or not.
        now: monotonic clock [s].

    Returns:
        the answers in the order in which they go out, one for each servo that answers (one in
        all for a fast read).
    """
    if not packet.intact:
        return _damaged(servos, packet)
    shared = _SHARED.get(packet.instruction)
    if shared is not None:
        return shared(servos, packet.parameters, now)
    if packet.id == protocol.BROADCAST:
        return _everyone(servos, packet, now)
    out = []
    for servo in servos:
        if servo.id == packet.id:
            servo.heard(now)
            out += _answered(servo, packet)
        elif servo.secondary_id == packet.id and packet.instruction not in _TO_ONE_ONLY:
            servo.heard(now)
            _done(servo, packet)
    return [_collided(out)] if len(out) > 1 else out


def _damaged(servos: Sequence[Servo], packet: Packet) -> list[bytes]:
    return [
        status(servo.id, servo.alert | protocol.CRC_ERROR)
        for servo in servos
        if servo.id == packet.id and servo.value("status_return_level") == 2
    ]


def _everyone(servos: Sequence[Servo], packet: Packet, now: float) -> list[bytes]:
    for servo in servos:
        servo.heard(now)
    if packet.instruction == protocol.PING:
        return [status(servo.id, *_done(servo, packet)) for servo in sorted(servos, key=_id)]
    if packet.instruction != protocol.READ:
        for servo in servos:
            _done(servo, packet)
    return []


def _id(servo: Servo) -> int:
    return servo.id


def _answered(servo: Servo, packet: Packet) -> list[bytes]:
    level = servo.value("status_return_level")
    error, data = _done(servo, packet)
    if packet.instruction == protocol.PING:
        wanted = True
    else:
        wanted = level >= (1 if packet.instruction == protocol.READ else 2)
    # By the id it was called, which the instruction may just have changed.
    return [status(packet.id, servo.alert | error, data)] if wanted else []


def _done(servo: Servo, packet: Packet) -> tuple[int, bytes]:
    """Does it; the error number and the data of the answer."""
    given = packet.parameters
    address = int.from_bytes(given[:2], "little")
    match packet.instruction:
        case protocol.PING:
            return 0, bytes(servo.read(0, 2)[1] + servo.read(6, 1)[1])
        case protocol.READ if len(given) == 4:
            return servo.read(address, int.from_bytes(given[2:4], "little"))
        case protocol.WRITE if len(given) > 2:
            return servo.write(address, given[2:]), b""
        case protocol.REG_WRITE if len(given) > 2:
            return servo.register(address, given[2:]), b""
        case protocol.ACTION:
            return servo.action(), b""
        case protocol.REBOOT:
            servo.boot()
            return 0, b""
        case protocol.CLEAR:
            return servo.clear(given), b""
        case protocol.FACTORY_RESET:
            # A real servo would forget its id and calibration: never by an emulated accident.
            return protocol.RESULT_FAIL, b""
        case _:
            return protocol.INSTRUCTION_ERROR, b""


def _sync_read(servos: Sequence[Servo], given: bytes, now: float) -> list[bytes]:
    asked = [(device, given[:4]) for device in given[4:]]
    return [
        status(servo.id, servo.alert | error, data)
        for servo, error, data in _in_turn(servos, asked, now)
    ]


def _bulk_read(servos: Sequence[Servo], given: bytes, now: float) -> list[bytes]:
    return [
        status(servo.id, servo.alert | error, data)
        for servo, error, data in _in_turn(servos, _bulk(given), now)
    ]


def _fast_sync_read(servos: Sequence[Servo], given: bytes, now: float) -> list[bytes]:
    return _fast(servos, [(device, given[:4]) for device in given[4:]], now)


def _fast_bulk_read(servos: Sequence[Servo], given: bytes, now: float) -> list[bytes]:
    return _fast(servos, _bulk(given), now)


def _fast(servos: Sequence[Servo], asked: list[tuple[int, bytes]], now: float) -> list[bytes]:
    able = [servo for servo in servos if servo.knows_fast_reads]
    parts = []
    for servo, error, data in _in_turn(able, asked, now):
        if error:
            break  # its part would not have the length that the first servo has announced
        parts.append((servo.id, servo.alert, data))
    announced = sum(int.from_bytes(where[2:4], "little") + 4 for _, where in asked)
    if announced > protocol.LONGEST:
        return []
    return [protocol.fast_status(parts, announced)] if parts else []


def _in_turn(
    servos: Sequence[Servo], asked: list[tuple[int, bytes]], now: float
) -> Iterator[tuple[Servo, int, bytes]]:
    """The servos asked, in turn: each waits for the one before, so the first gap ends it."""
    by_id = {servo.id: servo for servo in servos}
    for device, _ in asked:
        if device in by_id:
            by_id[device].heard(now)
    for device, where in asked:
        servo = by_id.get(device)
        if servo is None or servo.value("status_return_level") == 0:
            return
        size = int.from_bytes(where[2:4], "little")
        error, data = servo.read(int.from_bytes(where[:2], "little"), size)
        yield servo, error, data


def _sync_write(servos: Sequence[Servo], given: bytes, now: float) -> list[bytes]:
    address, size = int.from_bytes(given[:2], "little"), int.from_bytes(given[2:4], "little")
    for at in range(4, len(given) - size, size + 1):
        _write(servos, given[at], address, given[at + 1 : at + 1 + size], now)
    return []


def _bulk_write(servos: Sequence[Servo], given: bytes, now: float) -> list[bytes]:
    at = 0
    while at + 5 <= len(given):
        size = int.from_bytes(given[at + 3 : at + 5], "little")
        data = given[at + 5 : at + 5 + size]
        if len(data) == size:
            _write(servos, given[at], int.from_bytes(given[at + 1 : at + 3], "little"), data, now)
        at += 5 + size
    return []


def _write(servos: Sequence[Servo], device: int, address: int, data: bytes, now: float) -> None:
    for servo in servos:
        if device in (servo.id, servo.secondary_id):
            servo.heard(now)
            if data:
                servo.write(address, data)


def _bulk(given: bytes) -> list[tuple[int, bytes]]:
    return [(given[at], given[at + 1 : at + 5]) for at in range(0, len(given) - 4, 5)]


def _collided(answers: Sequence[bytes]) -> bytes:
    """What servos of one id that talk at once make of the line: nothing anybody can read."""
    longest = max(len(answer) for answer in answers)
    line = bytearray(b"\xff" * (longest + len(answers)))
    for shift, answer in enumerate(answers):
        for place, byte in enumerate(answer, shift):
            line[place] &= byte  # a driven 0 wins over an idle 1
    return bytes(line)


_SHARED: dict[int, Callable[[Sequence[Servo], bytes, float], list[bytes]]] = {
    protocol.SYNC_READ: _sync_read,
    protocol.SYNC_WRITE: _sync_write,
    protocol.FAST_SYNC_READ: _fast_sync_read,
    protocol.BULK_READ: _bulk_read,
    protocol.BULK_WRITE: _bulk_write,
    protocol.FAST_BULK_READ: _fast_bulk_read,
}
