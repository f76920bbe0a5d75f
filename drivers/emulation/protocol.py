"""Dynamixel Protocol 2.0 as a servo sees it: finds instruction packets, builds status packets.

The layout, byte stuffing and CRC are those of the manufacturer's manual ("DYNAMIXEL Protocol
2.0"); the numbers are on the wire and cannot be chosen otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

HEADER = b"\xff\xff\xfd\x00"
BROADCAST = 0xFE
LAST_ID = 0xFC

PING = 0x01
READ = 0x02
WRITE = 0x03
REG_WRITE = 0x04
ACTION = 0x05
FACTORY_RESET = 0x06
REBOOT = 0x08
CLEAR = 0x10
STATUS = 0x55
SYNC_READ = 0x82
SYNC_WRITE = 0x83
FAST_SYNC_READ = 0x8A
BULK_READ = 0x92
BULK_WRITE = 0x93
FAST_BULK_READ = 0x9A

RESULT_FAIL = 0x01
INSTRUCTION_ERROR = 0x02
CRC_ERROR = 0x03
DATA_RANGE = 0x04
DATA_LENGTH = 0x05
DATA_LIMIT = 0x06
ACCESS = 0x07
ALERT = 0x80
"""Set in every status packet while the hardware error status is not zero."""

LONGEST = 1024
"""A packet that says it is longer than this is noise [bytes]."""

_STUFFED = b"\xff\xff\xfd\xfd"
_PLAIN = b"\xff\xff\xfd"
_SHORTEST = 3  # the instruction and the CRC


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 8
        for _ in range(8):
            value = ((value << 1) ^ 0x8005 if value & 0x8000 else value << 1) & 0xFFFF
        table.append(value)
    return tuple(table)


_CRC = _table()


def crc16(data: bytes, start: int = 0) -> int:
    """The packet checksum: CRC-16, polynomial 0x8005, nothing reflected, initial value 0.

    Args:
        data: what is summed, from the header on.
        start: the checksum of what came before ``data``.
    """
    crc = start
    for byte in data:
        crc = ((crc << 8) & 0xFFFF) ^ _CRC[(crc >> 8) ^ byte]
    return crc


class Packet(NamedTuple):
    """One instruction packet, unstuffed.

    Attributes:
        id: whom it is for; ``BROADCAST`` for all.
        instruction: what to do.
        parameters: with what.
        intact: whether its checksum was right; of a damaged one nothing else can be trusted.
    """

    id: int
    instruction: int
    parameters: bytes
    intact: bool = True


def packet(device: int, instruction: int, parameters: bytes = b"") -> bytes:
    """One packet as it travels: header, stuffed body, checksum."""
    body = bytes([instruction]) + parameters
    # The SDK looks for the pattern from the length field on, but lengths never complete it.
    body = body.replace(_PLAIN, _STUFFED)
    return _closed(device, body)


def status(device: int, error: int, parameters: bytes = b"") -> bytes:
    """One servo's answer."""
    return packet(device, STATUS, bytes([error]) + parameters)


def fast_status(parts: Iterable[tuple[int, int, bytes]], announced: int) -> bytes:
    """The one packet by which several servos answer a fast read, each appending its part.

    It is not stuffed. Every part ends with the checksum of all that came before it, so that the
    next servo knows that it heard the one before; the last part's is the packet's own.

    Args:
        parts: (id, error, data) of the servos that answer, in the order asked for.
        announced: bytes of data asked for in all, and servos asked: a servo that is absent leaves
            the packet short of the length that its header announces. Given as the sum over the
            servos of their data length + 4.
    """
    length = announced + 1
    out = bytearray(HEADER + bytes([BROADCAST, length & 0xFF, length >> 8, STATUS]))
    crc, summed = 0, 0
    for device, error, data in parts:
        out += bytes([error, device]) + data
        crc = crc16(bytes(out[summed:]), crc)
        summed = len(out)
        out += crc.to_bytes(2, "little")
    return bytes(out)


def _closed(device: int, body: bytes) -> bytes:
    length = len(body) + 2
    out = HEADER + bytes([device, length & 0xFF, length >> 8]) + body
    return out + crc16(out).to_bytes(2, "little")


class Parser:
    """Finds packets in a stream of bytes that may begin anywhere and contain anything."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether the start of a packet is there and its end is not."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that ``data`` completes, in order.

        A damaged packet is reported (``intact`` false) and its inside is searched for the next
        header, since its length may be what was damaged.
        """
        self._buffer += data
        found: list[Packet] = []
        while self._align():
            length = int.from_bytes(self._buffer[5:7], "little")
            if self._buffer[4] > BROADCAST or not _SHORTEST <= length <= LONGEST:
                del self._buffer[: len(HEADER)]
                continue
            if len(self._buffer) < 7 + length:
                break
            found.append(self._take(7 + length))
        return found

    def give_up(self) -> list[Packet]:
        """Drops the packet that never ended, and says what was hidden behind its beginning."""
        del self._buffer[: len(HEADER)]
        return self.feed(b"")

    def _take(self, size: int) -> Packet:
        whole = bytes(self._buffer[:size])
        intact = crc16(whole[:-2]) == int.from_bytes(whole[-2:], "little")
        body = whole[7:-2]
        if intact:
            del self._buffer[:size]
            body = body.replace(_STUFFED, _PLAIN)
        else:
            del self._buffer[: len(HEADER)]
        return Packet(whole[4], body[0], body[1:], intact)

    def _align(self) -> bool:
        """Drops what cannot begin a packet; whether a whole head is there."""
        start = self._buffer.find(HEADER)
        if start < 0:
            # The end may be the beginning of a header.
            keep = next((n for n in range(3, 0, -1) if self._buffer.endswith(HEADER[:n])), 0)
            del self._buffer[: len(self._buffer) - keep]
            return False
        del self._buffer[:start]
        return len(self._buffer) >= 7
