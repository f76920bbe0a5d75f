"""The SDK's serial port, with bounded waits, exclusive, and its errors as sentences.

The packet handler of ``dynamixel_sdk`` is used as it is. Its port handler is extended where it
would cost a control loop its time:

- it waits for a missing answer as if every adapter had a latency timer of 16 ms (34 ms a miss);
  here the wait follows the timer that the port really has;
- it polls; here it sleeps until bytes come, so that others can have the processor;
- it looks for a packet as long as bytes come, whatever they are; here a line that never falls
  silent is cut off.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import termios
import time
from pathlib import Path

import serial
from dynamixel_sdk.port_handler import PortHandler

from drivers.base import DeviceConfigError
from drivers.dynamixel.access import SERIAL_ERRORS, refused

# What an adapter without a readable timer (USB CDC, pty) takes at most to hand bytes over [ms].
DEFAULT_LATENCY_MS = 1.0
# Every servo leaves the factory with Return Delay Time 250 = 500 us.
FACTORY_RETURN_DELAY_MS = 0.5
_WRITE_TIMEOUT_S = 0.1
# On top of what adapter and servos are known to take, as the SDK has it.
MARGIN_MS = 2.0
_CHUNK = 4096
# An answer that was not waited for any longer may still come for so long.
_OWED_S = 0.02
# For so long after the last answer nothing that was not asked for is looked for.
_QUIET_S = 0.005
# No request is answered by so much; the SDK would go on reading as long as it comes.
_BABBLE_BYTES = 32_768
# What surrounds the data of a Sync Read and of each answer, without the ids asked.
_REQUEST_BYTES, _STATUS_BYTES = 20, 11


class BabbleError(Exception):
    """Far more came than anybody asked for: no servo bus, or a servo gone wild."""


class Link(PortHandler):  # type: ignore[misc]  # the SDK has no types
    """One open serial port as the SDK's packet handler wants it.

    Args:
        path: the device file, or a link to it.
        baud: bits a second.

    Attributes:
        latency_ms: what the adapter's latency timer is set to.
        return_delay_ms: how long each servo waits before it answers.
        answers: status packets that the next request will be answered with.
        until: monotonic time after which nobody waits any more [s].
    """

    def __init__(self, path: str, baud: int) -> None:
        super().__init__(path)
        self.baudrate = baud
        self.latency_ms = DEFAULT_LATENCY_MS
        self.return_delay_ms = FACTORY_RETURN_DELAY_MS
        self.answers = 1
        self.until = float("inf")
        self._buffer = bytearray()
        self._sent = 0
        self._restarts = False
        self._all_by = float("inf")
        self._taken = 0
        self._owed_until = self._quiet_until = float("-inf")

    def setupPort(self, cflag_baud: int) -> bool:  # noqa: N802
        """Opens the port for this process alone; named and called by the SDK."""
        self.ser = serial.Serial(
            port=self.port_name,
            baudrate=cflag_baud,
            timeout=0,
            exclusive=True,
        )
        self.is_open = True
        self.tx_time_per_byte = 10_000.0 / cflag_baud
        self._lock_out_others()
        self.latency_ms = _lower_latency(self.ser, self.port_name)
        self.clearPort()
        return True

    def closePort(self) -> None:  # noqa: N802
        """Closes the port, whatever state it is in."""
        self.is_open = False
        self.is_using = False
        if self.ser is not None:
            with contextlib.suppress(*SERIAL_ERRORS):
                self.ser.close()

    def clearPort(self) -> None:  # noqa: N802
        """Drops what came in and was not asked for.

        The system is not asked for it right after all that was asked for has come: it would have
        this process wait for the thread that has just handed that over.
        """
        self._buffer.clear()
        if not self._owed_until <= time.monotonic() < self._quiet_until:
            self.ser.reset_input_buffer()

    def heard(self, *, everything: bool) -> None:
        """Nothing more is waited for; whether all that was asked for has come."""
        self.is_using = False
        self._quiet_until = time.monotonic() + _QUIET_S if everything else float("-inf")

    def owes(self) -> None:
        """An answer was given up; it may come late, among the answers to what is asked next."""
        self._owed_until = time.monotonic() + max(_OWED_S, 2e-3 * self._patience_ms)

    def settle(self) -> None:
        """Waits until no answer that was given up can come any more, and drops those that do.

        For questions whose answers look alike. Nothing to wait for while nothing was lost.

        Raises:
            serial.SerialException: the port broke.
        """
        while (left_s := min(self._owed_until, self.until) - time.monotonic()) > 0.0:
            select.select([self.ser.fileno()], [], [], left_s)
            self.ser.read(_CHUNK)

    def getCurrentTime(self) -> float:  # noqa: N802
        """Monotonic [ms]; the SDK's own follows the wall clock, which can be set."""
        return time.monotonic() * 1e3

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802
        """How long to wait for answers of so many bytes in all: as long as they keep coming.

        A servo that is missing is noticed by the silence it leaves: what one answer takes, twice
        the adapter's latency and 2 ms. The SDK's own rule adds these to what all answers take.
        """
        one = packet_length / self.answers
        silence = self.tx_time_per_byte * (one + self._sent) + self._patience_ms
        whole = self.tx_time_per_byte * packet_length + self._patience_ms * self.answers
        super().setPacketTimeoutMillis(silence)
        self._restarts = True
        self._all_by = time.monotonic() + whole * 1e-3
        self._taken = 0

    def setPacketTimeoutMillis(self, msec: float) -> None:  # noqa: N802
        """How long to wait for answers in all [ms], whether some come or not."""
        super().setPacketTimeoutMillis(msec)
        self._restarts = False
        self._all_by = time.monotonic() + msec * 1e-3
        self._taken = 0

    def isPacketTimeout(self) -> bool:  # noqa: N802
        """Whether the answer is late, or whoever asked cannot wait any longer."""
        now = time.monotonic()
        late: bool = super().isPacketTimeout() or now > self.until or now > self._all_by
        return late

    @property
    def _patience_ms(self) -> float:
        return 2.0 * self.latency_ms + MARGIN_MS + self.return_delay_ms

    def wire_s(self, answers: int, size: int) -> float:
        """What a read of so many bytes from so many servos takes on the wire alone [s]."""
        count = _REQUEST_BYTES + answers * (_STATUS_BYTES + size)
        return self.tx_time_per_byte * count * 1e-3

    def writePort(self, packet: list[int]) -> int:  # noqa: N802
        """Hands a packet to the system, waiting at most 0.1 s for room.

        Raises:
            serial.SerialException: the port broke, or takes nothing.
        """
        self._sent = len(packet)
        left, deadline = memoryview(bytes(packet)), time.monotonic() + _WRITE_TIMEOUT_S
        while True:
            # Not by pyserial, which takes a process that was woken late for a port that is full.
            with contextlib.suppress(BlockingIOError):
                left = left[os.write(self.ser.fileno(), left) :]
            if not left:
                return len(packet)
            room_s = deadline - time.monotonic()
            if room_s <= 0.0 or not select.select([], [self.ser.fileno()], [], room_s)[1]:
                raise serial.SerialTimeoutException(f"{self.port_name} takes nothing")

    def readPort(self, length: int) -> bytes:  # noqa: N802
        """Up to ``length`` bytes; sleeps while there are none and the answer is not yet late.

        Raises:
            BabbleError: far more came than was asked for.
            serial.SerialException: the port broke.
        """
        if length <= 0:
            return b""
        if len(self._buffer) < length:
            self._fill()
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        return data

    def _fill(self) -> None:
        left_s = (self.packet_timeout - self.getTimeSinceStart()) * 1e-3
        left_s = min(left_s, min(self.until, self._all_by) - time.monotonic())
        if left_s > 0.0:
            select.select([self.ser.fileno()], [], [], left_s)
        # However late this process was woken, what has come by now is not late.
        data = self.ser.read(_CHUNK)
        if not data:
            return
        self._buffer += data
        self._taken += len(data)
        if self._restarts:
            self.packet_start_time = self.getCurrentTime()
        if self._taken > _BABBLE_BYTES:
            raise BabbleError

    def _lock_out_others(self) -> None:
        # flock (above) is a gentleman's agreement; TIOCEXCL binds everyone but root. On a pty it
        # would outlive this process for as long as the emulator keeps the other end open.
        if not os.path.realpath(self.port_name).startswith("/dev/pts/"):
            fcntl.ioctl(self.ser.fileno(), termios.TIOCEXCL)


def open_link(path: str, baud: int, device: str) -> Link:
    """Opens a serial port for this process alone.

    Raises:
        DeviceNotFoundError: it is absent; PortPermissionError and PortBusyError say why else.
        DeviceConfigError: it is no serial port, or cannot do this baud rate.
    """
    link = Link(path, baud)
    if link.getCFlagBaud(baud) <= 0 or baud < 0:
        raise DeviceConfigError(
            device,
            f"No Dynamixel speaks {baud} baud.",
            "Choose 57600, 115200, 1000000, 2000000, 3000000 or 4000000.",
        )
    try:
        link.setBaudRate(baud)
    except (*SERIAL_ERRORS, ValueError) as error:
        link.closePort()
        raise refused(path, baud, device, error) from error
    return link


def latency_file(path: str) -> Path:
    """Where the system keeps the latency timer of a USB serial adapter (FTDI) [ms]."""
    name = Path(os.path.realpath(path)).name
    return Path("/sys/class/tty") / name / "device" / "latency_timer"


def latency_timer(path: str) -> int | None:
    """The adapter's latency timer [ms]; None where it has none (USB CDC, pty)."""
    try:
        return int(latency_file(path).read_text())
    except (OSError, ValueError):
        return None


def lower_latency_timer(path: str) -> bool:
    """Sets the adapter's latency timer to 1 ms; whether it is 1 ms now, or there is none."""
    with contextlib.suppress(OSError):
        if latency_timer(path) not in (None, 1):
            latency_file(path).write_text("1")
    return latency_timer(path) in (None, 1)


def _lower_latency(port: serial.Serial, path: str) -> float:
    """Asks for low latency; what the timer is now [ms]."""
    if not lower_latency_timer(path):
        # Needs no rights on sysfs; the FTDI driver answers it by a timer of 1 ms. Lasts until
        # the adapter is unplugged.
        with contextlib.suppress(*SERIAL_ERRORS, ValueError, NotImplementedError):
            port.set_low_latency_mode(True)
    timer = latency_timer(path)
    return DEFAULT_LATENCY_MS if timer is None else float(timer)
