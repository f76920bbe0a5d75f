"""This side of the bridge: a thread that speaks to ``serve_lerobot.py`` and keeps the newest state.

The loop never waits for a measurement. A target waits for its answer, because what LeRobot really
sent is in it, but for one bounded time only; a later answer is the business of the thread.
"""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections import deque
from functools import partial
from typing import Any

import numpy as np

from drivers import scheduling
from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DeviceNotFoundError,
    DriverError,
    Floats,
    Health,
    SelfStoppedError,
)
from drivers.bridge.serve_lerobot import (
    PROTOCOL,
    BridgeError,
    address,
    receive_message,
    send_message,
)
from drivers.bridge.served import Sample, Served

CONNECT_S = 1.0
HELLO_S = 15.0
"""The other side may open its device anew first, which takes LeRobot seconds."""

ANSWER_S = 0.5
"""A request that is not answered for this long ends the connection."""

WAIT_S = 0.008
"""How long the loop waits for what was really sent."""

SWITCH_S = 0.5
"""Switching all motors takes LeRobot a dozen transactions."""

ALIVE_S = 0.1
"""The loop must have called within this time for the other side to be told that it lives."""

_KEPT = 512


class Request:
    """Something the loop asks the thread to do.

    Args:
        operation: ``write``, ``hold``, ``engage`` or ``release``.
        values: one for each of ``Served.writes``: of ``write``, and of ``engage`` where a
            teleoperator is to be told where to stay before its torque comes on.
    """

    def __init__(self, operation: str, values: Floats | None = None) -> None:
        self.operation = operation
        self.values = np.zeros(0) if values is None else values
        self.answer: Floats | None = None
        self.error: DriverError | None = None
        self.done = threading.Event()


class Link:
    """The connection to one served device.

    Args:
        device: what the station calls it, for messages.
        endpoint: ``host:port`` or ``unix:/path``.
        kind: ``robot`` or ``teleop``: what must be served there.
        rate_hz: how often it is measured [Hz].
        stale_s: a measurement older than this means that the device is lost [s].

    Raises:
        DeviceConfigError: the endpoint has another form, or a number makes no sense.
    """

    def __init__(
        self, device: str, endpoint: str, kind: str, rate_hz: float, stale_s: float
    ) -> None:
        if not (1.0 <= rate_hz <= 500.0 and 0.01 <= stale_s <= 10.0):
            raise DeviceConfigError(
                device,
                f"poll_hz is {rate_hz:g} and stale_s {stale_s:g}.",
                "Give poll_hz from 1 to 500 and stale_s from 0.01 to 10.",
            )
        try:
            self._family, self._where = address(endpoint)
        except ValueError as error:
            raise DeviceConfigError(device, "", str(error)) from error
        self._device, self._endpoint, self._kind = device, endpoint, kind
        self._period_s, self._stale_s = 1.0 / rate_hz, stale_s
        self._changed = threading.Condition()
        self._waiting: deque[Request] = deque()
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self._sample: Sample | None = None
        self._problem: DriverError | None = None
        self._called = -math.inf
        self._over = True
        self._times: deque[float] = deque(maxlen=_KEPT)
        self._lost = 0
        self.served: Served | None = None

    # -- what the loop calls

    def open(self) -> Served:
        """Connects, says hello and begins to measure; the first measurement is there on return.

        Raises:
            DeviceNotFoundError: nothing serves there, or it is not that kind of device, or LeRobot
                cannot reach it.
            DeviceConfigError: the other side speaks another protocol.
        """
        self.close()
        connection = self._connected()
        try:
            connection.settimeout(HELLO_S)
            served = self._introduced(connection)
            connection.settimeout(ANSWER_S)
            self._socket, self.served = connection, served
            self._problem, self._sample = None, None
            self._called = time.monotonic()
            self._read(connection)
        except DriverError:
            connection.close()
            raise
        except (OSError, BridgeError) as error:
            connection.close()
            raise self._absent(f"It does not answer as a LeRobot bridge ({error}).") from error
        if self._sample is None:
            connection.close()
            raise self._problem or self._absent("It measures nothing.")
        self._over = False
        self._thread = scheduling.beside(partial(self._run, connection), f"bridge {self._device}")
        self._thread.start()
        return served

    def close(self) -> None:
        """Says goodbye, on which the robot holds; calling it twice is harmless."""
        thread, self._thread = self._thread, None
        with self._changed:
            self._changed.notify_all()
        if thread is not None:
            thread.join(timeout=2 * ANSWER_S)
        if self._socket is not None:
            with contextlib.suppress(OSError):
                send_message(self._socket, {"op": "bye"})
            self._socket.close()
            self._socket = None

    def newest(self) -> Sample:
        """The newest measurement; never blocks.

        Raises:
            DeviceLostError: it is older than ``stale_s``, or the connection has ended.
        """
        self._called = time.monotonic()
        sample, problem = self._sample, self._problem
        if sample is None or self._thread is None:
            raise DeviceLostError(self._device, "It is not connected.", "Connect it first.")
        age = self._called - sample.t
        if age <= self._stale_s:
            return sample
        if problem is not None:
            raise DeviceLostError(self._device, problem.problem, problem.remedy)
        raise DeviceLostError(
            self._device,
            f"The bridge gave a state {age * 1000:.0f} ms old (limit "
            f"{self._stale_s * 1000:.0f} ms).",
            f"Look at the terminal of serve_lerobot.py at {self._endpoint}.",
        )

    def ask(self, operation: str, values: Floats | None = None, wait_s: float = WAIT_S) -> Request:
        """Asks for something and waits for the answer, at most ``wait_s``.

        A target that still waits is replaced by a newer one; every other request is carried out.

        Returns:
            The request; ``done`` is not set if the answer is still under way.

        Raises:
            DeviceLostError: the connection has ended.
            SelfStoppedError: the robot held by itself and refuses targets.
            DriverError: LeRobot raised; its sentence.
        """
        self._called = time.monotonic()
        request = Request(operation, values)
        with self._changed:
            if self._over:
                raise self._ended()
            if operation == "write":
                for old in [r for r in self._waiting if r.operation == "write"]:
                    self._waiting.remove(old)
            elif operation in ("hold", "release"):
                self._waiting.clear()  # no target may come after a stop
            self._waiting.append(request)
            self._changed.notify_all()
        if request.done.wait(wait_s) and request.error is not None:
            raise request.error
        return request

    def health(self) -> Health:
        """Round trips and losses; never blocks."""
        if self.served is None:
            return Health(text="not connected")
        times = np.array(list(self._times) or [math.nan])
        p99 = float(np.percentile(times, 99)) * 1e3
        said = f"{self._lost} requests failed" if self._lost else "none failed"
        problem = self._problem
        return Health(
            text=f"LeRobot {self.served.version}, {self.served.title}: "
            f"{float(np.median(times)) * 1e3:.1f} ms, p99 {p99:.1f} ms, {said}",
            warnings=() if problem is None else (f"{problem.problem} {problem.remedy}",),
            lost=self._lost,
            bus_p99_ms=p99,
        )

    # -- connecting

    def _connected(self) -> socket.socket:
        connection = socket.socket(self._family, socket.SOCK_STREAM)
        connection.settimeout(CONNECT_S)
        try:
            connection.connect(self._where)
        except OSError as error:
            connection.close()
            raise self._absent(
                f"Nothing serves a LeRobot device there ({error.strerror or error})."
            ) from error
        if self._family == socket.AF_INET:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _introduced(self, connection: socket.socket) -> Served:
        send_message(connection, {"op": "hello", "protocol": PROTOCOL})
        header, _ = receive_message(connection)
        if not header.get("ok"):
            raise self._refused(header, DeviceNotFoundError)
        if header.get("protocol") != PROTOCOL:
            raise DeviceConfigError(
                self._device,
                f"The bridge at {self._endpoint} speaks protocol {header.get('protocol')}, "
                f"not {PROTOCOL}.",
                "Copy serve_lerobot.py of this version to LeRobot's machine.",
            )
        if header["kind"] != self._kind:
            raise self._absent(
                f"A {header['kind']} ({header['type']}) is served there, not a {self._kind}."
            )
        try:
            return Served.told(header)
        except (KeyError, TypeError) as error:
            raise BridgeError(f"its greeting lacks {error}") from error

    def _absent(self, problem: str) -> DeviceNotFoundError:
        return DeviceNotFoundError(
            self._device,
            f"{self._endpoint}: {problem}",
            f"Run serve_lerobot.py --{self._kind}.type=... --listen {self._endpoint} in LeRobot's "
            "environment (docs/lerobot.md).",
        )

    def _ended(self) -> DeviceLostError:
        if self._problem is not None:
            return DeviceLostError(self._device, self._problem.problem, self._problem.remedy)
        return DeviceLostError(self._device, "It is not connected.", "Connect it first.")

    def _refused(
        self, header: dict[str, Any], otherwise: type[DriverError] = DeviceConfigError
    ) -> DriverError:
        kinds: dict[str, type[DriverError]] = {
            "held": SelfStoppedError,
            "device": DeviceLostError,
        }
        kind = kinds.get(header.get("kind", ""), otherwise)
        return kind(self._device, header.get("problem", ""), header.get("remedy", ""))

    # -- the thread

    def _run(self, connection: socket.socket) -> None:
        due = time.monotonic()
        try:
            while self._thread is threading.current_thread():
                with self._changed:
                    if not self._waiting and self._thread is threading.current_thread():
                        self._changed.wait(max(0.0, due - time.monotonic()))
                    request = self._waiting.popleft() if self._waiting else None
                if request is not None:
                    self._carry_out(connection, request)
                if time.monotonic() >= due:
                    due = max(due + self._period_s, time.monotonic())
                    self._read(connection)
        except (OSError, BridgeError) as error:
            self._problem = DeviceLostError(
                self._device,
                f"The bridge at {self._endpoint} is gone ({error}).",
                "Start serve_lerobot.py again.",
            )
        finally:
            with self._changed:
                self._over = True
                while self._waiting:
                    request = self._waiting.popleft()
                    request.error = self._ended()
                    request.done.set()

    def _carry_out(self, connection: socket.socket, request: Request) -> None:
        try:
            _, values = self._exchange(connection, request.operation, request.values)
            request.answer = values
            if request.operation != "write":
                self._read(connection)  # what it changed is seen by whoever waited for it
        except DriverError as error:
            request.error = error
        except (OSError, BridgeError) as error:
            request.error = DeviceLostError(
                self._device, f"The bridge is gone ({error}).", "Start serve_lerobot.py again."
            )
            raise
        finally:
            request.done.set()

    def _read(self, connection: socket.socket) -> None:
        try:
            t, values = self._exchange(connection, "read", np.zeros(0))
        except DriverError as error:
            self._problem = error
            return
        assert self.served is not None
        if values.shape != (len(self.served.reads),) or not np.isfinite(values).all():
            raise BridgeError(f"{values.size} values came for {len(self.served.reads)} features")
        self._sample, self._problem = Sample(t, values), None

    def _exchange(
        self, connection: socket.socket, operation: str, values: Floats
    ) -> tuple[float, Floats]:
        """One request and its answer.

        Returns:
            the middle of the device's work on this machine's clock [s], and the values.
        """
        alive = time.monotonic() - self._called < ALIVE_S
        started = time.monotonic()
        send_message(connection, {"op": operation, "alive": alive}, values)
        header, answer = receive_message(connection)
        ended = time.monotonic()
        self._times.append(ended - started)
        if not header.get("ok"):
            self._lost += 1
            raise self._refused(header)
        # The device worked in the middle of the round trip: the way there and back take alike.
        return (started + ended) / 2, answer
