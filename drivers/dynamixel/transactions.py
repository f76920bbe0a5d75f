"""Protocol 2.0 transactions through the SDK's packet handler: one request, all its answers.

The SDK's own group reads stop at the first servo that is missing, drop what came after it, and
take an answer of the wrong length for data. Here its packets are sent and found by the SDK, and
every answer is kept for whom it is from, if it is what was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dynamixel_sdk import Protocol2PacketHandler, robotis_def

from drivers.dynamixel.wire import Link

_HANDLER = Protocol2PacketHandler()
_BROADCAST = robotis_def.BROADCAST_ID
# header 4, id 1, length 2, instruction 1, error 1, checksum 2
STATUS_BYTES = 11
_ID, _LENGTH, _ERROR, _PARAMETERS = 4, 5, 8, 9
# In the one status packet of a fast read: error and id before each servo's data, checksum behind.
_FAST_HEAD, _FAST_BYTES = 2, 4
_PING_DATA = 3
# Late answers to earlier requests that may come before the one that is wanted.
_STRAYS = 64


@dataclass
class Answers:
    """What came back to one request.

    Attributes:
        data: id -> the parameters of its answer.
        errors: id -> its error field (bit 7: a hardware error is set).
        packets: status packets that came undamaged.
        corrupt: those that came damaged, or were not what was asked for.
    """

    data: dict[int, bytes] = field(default_factory=dict)
    errors: dict[int, int] = field(default_factory=dict)
    packets: int = 0
    corrupt: int = 0

    def add(self, other: Answers) -> None:
        """Joins the answers to a retry."""
        self.data |= other.data
        self.errors |= other.errors
        self.packets += other.packets
        self.corrupt += other.corrupt


def ping(link: Link, servo: int) -> Answers:
    """Asks one servo for model number (2 bytes) and firmware (1 byte)."""
    return _simple(link, servo, robotis_def.INST_PING, _PING_DATA)


def more_follows(link: Link) -> bool:
    """Whether another byte comes after an answer that was complete."""
    link.setPacketTimeout(STATUS_BYTES)
    return bool(link.readPort(1))


def reboot(link: Link, servo: int) -> Answers:
    """Restarts one servo."""
    return _simple(link, servo, robotis_def.INST_REBOOT, 0)


def ping_all(link: Link) -> dict[int, tuple[int, int]]:
    """Asks everybody: id -> (model number, firmware). Takes about 1 s."""
    found, _ = _HANDLER.broadcastPing(link)
    return {int(servo): (int(answer[0]), int(answer[1])) for servo, answer in found.items()}


def write(link: Link, servo: int, address: int, data: bytes) -> Answers:
    """Writes and waits for the acknowledgement."""
    sent = _HANDLER.writeTxOnly(link, servo, address, len(data), list(data))
    if sent != robotis_def.COMM_SUCCESS:
        return Answers()
    link.answers = 1
    link.setPacketTimeout(STATUS_BYTES)
    return _collect(link, {servo}, 0)


@dataclass(frozen=True)
class Question:
    """A Sync Read of the same block of several servos.

    Attributes:
        ids: whom to ask.
        address: where the block begins.
        size: its bytes.
        fast: by Fast Sync Read (0x8A): one status packet for all, lost as a whole.
    """

    ids: tuple[int, ...]
    address: int
    size: int
    fast: bool


def ask(link: Link, question: Question) -> bool:
    """Sends a Sync Read; whether it went out, and ``answered`` is to be called next."""
    ids = list(question.ids)
    link.answers = len(ids)
    sent = _HANDLER.syncReadTx(link, question.address, question.size, ids, len(ids), question.fast)
    return bool(sent == robotis_def.COMM_SUCCESS)


def answered(link: Link, question: Question) -> Answers:
    """Waits for what comes back to a question that went out."""
    if question.fast:
        return _collect_fast(link, question.ids, question.size)
    return _collect(link, set(question.ids), question.size)


def sync_write(link: Link, address: int, size: int, data: Mapping[int, bytes]) -> None:
    """Writes the same block of several servos; nobody answers."""
    parameters: list[int] = []
    for servo, block in data.items():
        parameters.append(servo)
        parameters.extend(block)
    _HANDLER.syncWriteTxOnly(link, address, size, parameters, len(parameters))


def _simple(link: Link, servo: int, instruction: int, size: int) -> Answers:
    packet = [0] * 10
    packet[4:8] = [servo, 3, 0, instruction]
    if _HANDLER.txPacket(link, packet) != robotis_def.COMM_SUCCESS:
        return Answers()
    link.answers = 1
    link.setPacketTimeout(STATUS_BYTES + size)
    return _collect(link, {servo}, size)


def _collect(link: Link, wanted: set[int], size: int) -> Answers:
    """Takes packets until all have answered or the time is up."""
    answers = Answers()
    for _ in range(len(wanted) + _STRAYS):
        packet, result = _HANDLER.rxPacket(link, False)
        if result == robotis_def.COMM_RX_TIMEOUT:
            link.owes()
            break
        if result != robotis_def.COMM_SUCCESS:
            answers.corrupt += 1
            continue
        servo, error = packet[_ID], packet[_ERROR]
        got = packet[_LENGTH] + (packet[_LENGTH + 1] << 8) - 4
        # A servo that refuses a read answers with its reason and no data.
        if servo not in wanted or servo in answers.data:
            continue
        if got != size:
            answers.corrupt += 1
            continue
        answers.packets += 1
        answers.data[servo] = bytes(packet[_PARAMETERS : _PARAMETERS + size])
        answers.errors[servo] = error
        if len(answers.data) == len(wanted):
            break
    link.heard(everything=len(answers.data) == len(wanted))
    return answers


def _collect_fast(link: Link, ids: Sequence[int], size: int) -> Answers:
    for _ in range(_STRAYS):
        packet, result = _HANDLER.rxPacket(link, True)
        if result != robotis_def.COMM_SUCCESS or packet[_ID] == _BROADCAST:
            break
    link.heard(everything=False)
    part = size + _FAST_BYTES
    if result == robotis_def.COMM_RX_TIMEOUT:
        link.owes()
        return Answers()
    body = packet[_ERROR:]
    if result != robotis_def.COMM_SUCCESS or len(body) != part * len(ids):
        return Answers(corrupt=1)
    answers = Answers(packets=1)
    for index, servo in enumerate(ids):
        piece = body[index * part : (index + 1) * part]
        if piece[1] != servo:
            return Answers(corrupt=1)
        answers.data[servo] = bytes(piece[_FAST_HEAD : _FAST_HEAD + size])
        answers.errors[servo] = piece[0]
    link.heard(everything=True)
    return answers
