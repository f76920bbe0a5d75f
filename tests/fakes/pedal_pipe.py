"""A pedal whose kernel is a pipe: the records are the kernel's, only the hand is a test's."""

from __future__ import annotations

import os
import struct

from drivers.teleoperators._evdev import CODES, Source

_EVENT = struct.Struct("@llHHi")
SYN, KEY = 0, 1


class PedalPipe:
    """Writes struct input_event into a pipe; ``open`` is what a Pedal opens."""

    def __init__(self) -> None:
        self.down: set[int] = set()
        self.closed = 0
        self._write = -1

    def open(self) -> Source:
        read, self._write = os.pipe()
        os.set_blocking(read, False)

        def close() -> None:
            self.closed += 1
            os.close(read)

        return Source(read, "PCsensor FootSwitch", lambda: frozenset(self.down), close)

    def press(self, key: str) -> None:
        self.send((KEY, CODES[key][0], 1), (SYN, 0, 0))
        self.down.add(CODES[key][0])

    def repeat(self, key: str) -> None:
        self.send((KEY, CODES[key][0], 2), (SYN, 0, 0))

    def release(self, key: str) -> None:
        self.send((KEY, CODES[key][0], 0), (SYN, 0, 0))
        self.down.discard(CODES[key][0])

    def send(self, *events: tuple[int, int, int]) -> None:
        self.raw(b"".join(_EVENT.pack(12, 345, *event) for event in events))

    def raw(self, data: bytes) -> None:
        os.write(self._write, data)

    def pull(self) -> None:
        """The cable; also the end of a test."""
        if self._write >= 0:
            os.close(self._write)
            self._write = -1
