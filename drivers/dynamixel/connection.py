"""A serial connection to servos that opens, breaks and opens again, and counts what happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from drivers.dynamixel import refusals
from drivers.dynamixel.access import SERIAL_ERRORS
from drivers.dynamixel.counts import Counters
from drivers.dynamixel.wire import BabbleError, Link, open_link


class Connection:
    """A port that is open, or not.

    Args:
        port: device path.
        baud: bits a second.
        device: the name the station gives the arm, for messages.
    """

    def __init__(self, port: str, baud: int, device: str) -> None:
        self.port = port
        self.baud = baud
        self.device = device
        self._link: Link | None = None
        self._counters = Counters()

    @property
    def is_open(self) -> bool:
        """Whether the port is open; it closes by itself when it breaks."""
        return self._link is not None

    @property
    def latency_ms(self) -> float:
        """The adapter's latency timer; 1 where it has none, NaN while the port is closed."""
        return self._link.latency_ms if self._link is not None else float("nan")

    def open(self) -> None:
        """Opens the port for this bus alone; one that is open already is opened anew.

        Raises:
            DeviceNotFoundError: absent; PortPermissionError and PortBusyError say why else.
            DeviceConfigError: no serial port, or not at this rate.
        """
        self.close()
        self._link = open_link(self.port, self.baud, self.device)
        self._counters = Counters()

    def close(self) -> None:
        """Closes the port; calling it twice is harmless. Torque stays as it is."""
        if self._link is not None:
            self._link.closePort()
            self._link = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _wire(self, budget_s: float | None) -> Iterator[Link]:
        """The open port; whatever breaks it closes it and is told as a lost device."""
        if self._link is None:
            raise refusals.closed(self.device, self.port)
        link = self._link
        link.until = float("inf") if budget_s is None else time.monotonic() + budget_s
        try:
            yield link
        except BabbleError as error:
            self.close()
            raise refusals.babbling(self.device, self.port) from error
        except SERIAL_ERRORS as error:
            self.close()
            raise refusals.broken(self.device, self.port) from error
