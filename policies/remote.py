"""The client of a policy server: what the control process runs a policy through.

Imports neither torch nor anything heavy, and no call here ever waits. A local policy is a remote
policy on a local socket: there is no other path in real time.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zmq

from policies import curve, wire
from policies.base import (
    ActionChunk,
    LinkStatus,
    Observation,
    PolicyError,
    PolicyServerError,
    PolicySpec,
)

ALIVE_S = 1.0
"""A server that has not answered for so long counts as dead."""
RECONNECT_S = 3.0
"""After so much silence the connection is made anew."""
PING_S = 0.25
PING_LOADING_S = 0.05
BATCH = 64
KEPT = 8
"""Requests remembered after their timeout, so that a late chunk still finds its tick."""


@dataclass(frozen=True)
class _Asked:
    tick: int
    epoch: int
    sent_t: float


class RemotePolicy:
    """Satisfies ``PolicyLink`` over a socket.

    Args:
        endpoint: where the server listens, ``ipc://...`` or ``tcp://...``.
        keys: folder made by ``policies.curve``; required for servers on other machines, not used
            on ``ipc://``.
        timeout_s: how long a request stays the only one; afterwards another may be sent.
        clock: monotonic seconds.

    Raises:
        PolicyServerError: keys are required or unreadable, or the endpoint is none.
    """

    def __init__(
        self,
        endpoint: str,
        keys: Path | None = None,
        timeout_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        curve.check(endpoint, keys)
        self._endpoint = endpoint
        self._timeout_s = timeout_s
        self._clock = clock
        self._keys = curve.used(endpoint, keys)
        self._socket = self._connected()
        self._connected_t = clock()
        self._numbers = itertools.count(1)
        self._asked: dict[int, _Asked] = {}
        self._newest = 0
        self._arrived: list[ActionChunk] = []
        self._state: wire.ServerState | None = None
        self._load_path = ""
        self._load_identity = 0
        self._load_number = 0
        self._load_instance = -1
        self._load_sent = False
        self._concluded = True
        self._heard_t = -np.inf
        self._pinged_t = -np.inf
        self._latency_s = float("nan")
        self._failure = ""

    def request(self, observation: Observation, tick: int, epoch: int) -> bool:
        """Asks for a chunk; False while one is asked for, none is loaded, or nobody listens."""
        now = self._clock()
        pending = self._asked.get(self._newest)
        if pending is not None and now - pending.sent_t < self._timeout_s:
            return False
        if self._spec is None or self._loading or self._socket.closed:
            return False
        number = next(self._numbers)
        try:
            arrays = wire.pack_all(self._read_by_policy(observation))
        except wire.WireError as error:
            self._failure = str(error)
            return False
        if not self._send(wire.Infer(number, max(0, tick), max(0, epoch), arrays)):
            return False
        self._asked[number] = _Asked(tick, epoch, now)
        self._newest = number
        for old in sorted(self._asked)[:-KEPT]:
            del self._asked[old]
        return True

    def poll(self) -> list[ActionChunk]:
        """The chunks that arrived since the last call, in the order they came."""
        self._pump()
        found, self._arrived = self._arrived, []
        return found

    def reset(self) -> None:
        """Forgets what is in flight here, and the policy's history there."""
        self._asked.clear()
        self._arrived.clear()
        self._send(wire.Reset(next(self._numbers)))

    def load(self, path: str) -> None:
        """Begins to load a checkpoint folder; sent as soon as a server listens."""
        here = curve.stays_here(self._endpoint)
        self._begin_load(str(Path(path).resolve()) if here else path)
        self._pump()

    def status(self) -> LinkStatus:
        """What is known of the server now."""
        self._pump()
        state = self._state
        return LinkStatus(
            path=state.path if state else "",
            spec=self._spec,
            loading=self._loading,
            error=(state.error if state and not self._loading else "") or self._failure,
            alive=self._clock() - self._heard_t < ALIVE_S,
            latency_s=self._latency_s,
        )

    def close(self) -> None:
        """Closes the socket; calling it twice is harmless."""
        self._socket.close()

    def _connected(self) -> zmq.Socket[bytes]:
        """A new socket to the endpoint.

        Raises:
            PolicyServerError: the keys cannot be read, or the endpoint is none.
        """
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, wire.MAX_BYTES)
        # Without a server nothing is queued: it must not find a backlog of old ticks at its start.
        socket.setsockopt(zmq.IMMEDIATE, 1)
        socket.setsockopt(zmq.RECONNECT_IVL, 50)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 500)
        try:
            if self._keys is not None:
                curve.secure_client(socket, self._keys)
            socket.connect(self._endpoint)
        except zmq.ZMQError as error:
            socket.close()
            raise PolicyServerError(
                f"{self._endpoint} is no endpoint that can be connected to ({error.strerror}). "
                "Give ipc:///path/to/socket or tcp://address:port."
            ) from error
        except PolicyError:
            socket.close()
            raise
        return socket

    @property
    def _spec(self) -> PolicySpec | None:
        return self._state.spec if self._state is not None else None

    @property
    def _loading(self) -> bool:
        return not self._concluded or (self._state is not None and self._state.loading)

    def _pump(self) -> None:
        """Reads what arrived, then sends what is due: a load, a ping."""
        for _ in range(BATCH):
            if self._socket.closed:
                return
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                self._take(wire.decode_reply(frames))
            except PolicyError as error:
                self._failure = str(error)
        now = self._clock()
        self._reconnect_if_silent(now)
        if not self._concluded and not self._load_sent:
            self._load_number = next(self._numbers)
            load = wire.Load(self._load_number, self._load_path, self._load_identity)
            self._load_sent = self._send(load)
        due = now - self._pinged_t >= (PING_LOADING_S if self._loading else PING_S)
        # Unsent, it is tried again with the next call: a server may have come up by then.
        if due and self._send(wire.Ping(next(self._numbers))):
            self._pinged_t = now

    def _reconnect_if_silent(self, now: float) -> None:
        """Libzmq gives up for good on a peer that failed its handshake.

        Such as a server that was started with other keys and then put right.
        """
        if self._socket.closed or now - max(self._heard_t, self._connected_t) < RECONNECT_S:
            return
        self._connected_t = now
        try:
            fresh = self._connected()
        except PolicyError as error:
            self._failure = str(error)
            return
        self._socket.close()
        self._socket = fresh

    def _take(self, reply: wire.Reply) -> None:
        self._heard_t = self._clock()
        if isinstance(reply, wire.ServerState):
            self._take_state(reply)
            return
        asked = self._asked.pop(reply.number, None)
        if isinstance(reply, wire.Failure):
            # Number 0 is the server's answer to something it could not read.
            if asked is not None or reply.number == 0:
                self._failure = reply.why
            return
        if asked is None:
            return
        actions = wire.unpack(reply.actions).astype(np.float64)
        joints = len(self._spec.joint_names) if self._spec else -1
        if actions.ndim != 2 or actions.shape[1] != joints:
            raise wire.WireError(
                f"The policy server gave a chunk of shape {actions.shape} for {joints} joints. "
                "Restart it."
            )
        self._failure = ""
        self._latency_s = self._heard_t - asked.sent_t
        self._arrived.append(ActionChunk(asked.epoch, asked.tick, actions, reply.doubt))

    def _take_state(self, state: wire.ServerState) -> None:
        if state.number == self._load_number:
            self._load_instance = state.instance
        if self._load_sent and state.number >= self._load_number:
            if state.instance == self._load_instance:
                self._concluded = self._concluded or not state.loading
            elif state.load != self._load_identity:
                # The server was restarted and knows nothing. The checkpoint is the one that was
                # asked for; whether the arm moves again is the gate's business.
                self._begin_load(self._load_path)
        self._state = state

    def _begin_load(self, path: str) -> None:
        self._load_path = path
        self._load_identity = secrets.randbits(61)
        self._load_number = 0
        self._load_instance = -1
        self._load_sent = False
        self._concluded = False
        self._asked.clear()
        self._failure = ""

    def _read_by_policy(self, observation: Observation) -> Observation:
        """The observation without images that the policy does not read."""
        cameras = self._spec.camera_names if self._spec else ()
        read = {f"image.{camera}" for camera in cameras}
        return {
            name: array
            for name, array in observation.items()
            if not name.startswith("image.") or name in read
        }

    def _send(self, message: wire.Request) -> bool:
        """Whether a server took the message."""
        if self._socket.closed:
            return False
        try:
            self._socket.send_multipart(wire.encode(message), zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True
