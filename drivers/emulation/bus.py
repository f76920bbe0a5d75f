"""A bus of emulated servos on a pty, served by a thread of its own or together with others."""

from __future__ import annotations

import contextlib
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from drivers.dynamixel.tables import BAUD_CODES, RETURN_DELAY_UNIT_S
from drivers.emulation.faults import Faults
from drivers.emulation.instructions import obey
from drivers.emulation.line import Line
from drivers.emulation.physics import OFF, Physics
from drivers.emulation.protocol import Packet, Parser
from drivers.emulation.servo import Servo

PERIOD_S = 0.002
"""How often physics and watchdogs go on, whoever speaks [s]."""

_BITS_PER_BYTE = 10
_UNFINISHED_S = 0.02
_BAUD_BY_CODE = {code: baud for baud, code in BAUD_CODES.items()}


class EmulatedBus:
    """Servos, what they turn, and the line to them.

    ``start`` serves it from a thread (tests, a leader in the same process); ``serve`` serves
    several from the calling thread. All other methods may be called from any thread.

    Args:
        servos: all servos of the line.
        physics: what they turn.
        link: a path kept pointing at the pty; None to use ``port`` as the system names it.
        paced: answer as late as baud rate and return delay make real servos answer; otherwise at
            once.
    """

    def __init__(
        self,
        servos: Sequence[Servo],
        physics: Physics,
        link: Path | None = None,
        *,
        paced: bool = False,
    ) -> None:
        self.servos = tuple(servos)
        self.physics = physics
        self.faults = Faults()
        self.heard = 0
        self.lock = threading.RLock()
        self._line = Line(link)
        self._paced = paced
        self._parser = Parser()
        self._since = 0.0
        self._due: deque[tuple[float, bytes]] = deque()
        self._powered = physics.powered
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._line.plug()
        physics.advance(time.monotonic())

    @property
    def port(self) -> str:
        """What a program opens."""
        return self._line.port

    @property
    def plugged(self) -> bool:
        """Whether the line is there."""
        return self._line.plugged

    @property
    def fileno(self) -> int:
        """To poll on; -1 while it is unplugged."""
        return self._line.fileno

    def servo(self, device: int) -> Servo:
        """The servo with this id. Raises KeyError if there is none."""
        for servo in self.servos:
            if servo.id == device:
                return servo
        raise KeyError(device)

    def start(self) -> EmulatedBus:
        """Serves it from a thread until ``close``; returns itself."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=serve, args=([self], self._stop), name="emulated bus", daemon=True
            )
            self._thread.start()
        return self

    def __enter__(self) -> EmulatedBus:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the thread and takes the pty and the link away; calling it twice is harmless."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.unplug()

    def unplug(self) -> None:
        """Pulls the USB cable; the servos keep their power."""
        with self.lock:
            self._line.unplug()
            self._parser = Parser()
            self._due.clear()

    def replug(self) -> None:
        """Puts the USB cable back: another pty under the same link."""
        with self.lock:
            self._line.plug()

    def power_cycle(self) -> None:
        """Takes the motors' power away and gives it back: torque off, errors forgotten."""
        with self.lock:
            for servo in self.servos:
                servo.boot()
            self._steer()

    @contextlib.contextmanager
    def changing(self) -> Iterator[EmulatedBus]:
        """Keeps the bus from answering while several things about it are changed."""
        with self.lock:
            yield self
            self._steer()

    def listen(self, now: float) -> None:
        """Hears what has come by ``now`` [s] and answers what is due. Called by ``serve``."""
        with self.lock:
            if self._line.plugged:
                self._hear(now)
            self._send(time.monotonic())

    def move(self, now: float) -> None:
        """Takes arm and watchdogs on to ``now`` [s]. Called by ``serve`` every ``PERIOD_S``."""
        with self.lock:
            self.physics.advance(now)
            self._mind_power()
            for servo in self.servos:
                servo.tick(now)
            self._steer()

    def next_due(self) -> float:
        """When it next has something to say, monotonic clock [s]; infinite if never."""
        return self._due[0][0] if self._due else float("inf")

    def _hear(self, now: float) -> None:
        data = self._line.read()
        if data and self._powered and self.physics.powered:
            self._since = now
            reached = self._listeners()
            for packet in self._parser.feed(data):
                self._instruct(reached, packet, now)
        elif self._parser.waiting and now - self._since > _UNFINISHED_S:
            for packet in self._parser.give_up():
                self._instruct(self._listeners(), packet, now)

    def _listeners(self) -> list[Servo]:
        """Servos that are there and listen at the speed at which the program speaks."""
        baud = self._line.baud
        return [
            servo
            for servo in self.servos
            if servo.id not in self.faults.missing
            and _BAUD_BY_CODE[servo.value("baud_rate")] == baud
        ]

    def _instruct(self, servos: Sequence[Servo], packet: Packet, now: float) -> None:
        self.heard += 1
        arrived = self._arrived(packet)
        if arrived is None or not servos:
            return
        due = now + self.faults.delay_s
        if self._paced:
            due += (len(packet.parameters) + 10) * self._byte_s()
        for answer in obey(servos, arrived, now):
            if self._paced:
                due += len(answer) * self._byte_s() + self._turnaround(servos)
            travelled = self.faults.travelled(answer)
            if travelled is not None:
                self._due.append((due, travelled))
        self._steer()

    def _arrived(self, packet: Packet) -> Packet | None:
        """The instruction as the servos hear it; None if they do not."""
        marker = bytes([packet.id, packet.instruction]) + packet.parameters
        arrived = self.faults.travelled(marker)
        if arrived is None:
            return None
        return packet if arrived == marker else packet._replace(intact=False)

    def _byte_s(self) -> float:
        return _BITS_PER_BYTE / max(1, self._line.baud)

    @staticmethod
    def _turnaround(servos: Sequence[Servo]) -> float:
        return max(servo.value("return_delay_time") for servo in servos) * RETURN_DELAY_UNIT_S

    def _send(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            _, data = self._due.popleft()
            if self._line.plugged:
                self._line.write(data)

    def _steer(self) -> None:
        """Tells the physics what the servos want; a pair on one axis pulls as one."""
        changed = {servo.axis for servo in self.servos if servo.dirty}
        for axis in changed:
            drives = [servo.wanted() for servo in self.servos if servo.axis == axis]
            holding = [drive for drive in drives if drive.kind != "off"]
            self.physics.drive(axis, holding[0] if holding else OFF)
        for servo in self.servos:
            servo.dirty = False

    def _mind_power(self) -> None:
        if self.physics.powered and not self._powered:
            for servo in self.servos:
                servo.boot()
        self._powered = self.physics.powered


def serve(
    buses: Sequence[EmulatedBus],
    stop: threading.Event,
    between: Callable[[float], None] | None = None,
) -> None:
    """Serves buses from the calling thread until ``stop`` is set.

    Args:
        buses: those to serve.
        stop: ends it.
        between: called every ``PERIOD_S`` with the time [s]; must not block.
    """
    tick = time.monotonic()
    while not stop.is_set():
        poll = select.poll()
        for bus in buses:
            if bus.fileno >= 0:
                poll.register(bus.fileno, select.POLLIN)
        now = time.monotonic()
        due = min((bus.next_due() for bus in buses), default=tick)
        poll.poll(max(0.0, (min(due, tick) - now) * 1000.0))
        now = time.monotonic()
        for bus in buses:  # before all else: somebody waits for it
            bus.listen(now)
        if now >= tick:
            tick = max(tick + PERIOD_S, now)
            if between is not None:
                between(now)
            for bus in buses:
                bus.move(now)
