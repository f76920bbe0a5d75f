"""Sockets between processes: state down by PUB, commands up by ROUTER, nothing ever waits.

Every endpoint is an ``ipc://`` path in the private runtime folder, so only this user's processes
can connect. All sends and receives here are non-blocking except ``ask``, which is for command-line
use and tests.
"""

from __future__ import annotations

import atexit
import contextlib
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import zmq

from drivers import scheduling
from sessions.messages import Command, Event, Message, Refused

_FLUSH_S = 0.1
_CARRIERS = "ZMQbg"
_used = False


def _socket(kind: int) -> zmq.Socket[bytes]:
    global _used
    made: zmq.Socket[bytes] = zmq.Context.instance().socket(kind)
    if not _used:  # what carries the messages has just begun
        _used = True
        scheduling.hasten(_CARRIERS)
    return made


def _leave() -> None:
    """Gives ZMQ's own thread a moment to send what was said last.

    The reply to Shutdown and an attempt's end are sent just before a process exits, and exiting
    does not wait for that thread. Ending the context would wait, but without any bound if one
    socket of the process still has something for a peer that is gone.
    """
    if _used:
        time.sleep(_FLUSH_S)


atexit.register(_leave)

_HEAD = struct.Struct("<Qd")
"""A command's number and when it was sent, on the clock all processes of the machine share [s]."""

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Command)
_events: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(Event)


def commands_endpoint(runtime: Path, process: str) -> str:
    """Where ``process`` (control, recorder, supervisor, policy) takes commands."""
    return f"ipc://{runtime}/{process}.cmd"


def events_endpoint(runtime: Path, process: str) -> str:
    """Where ``process`` publishes its state."""
    return f"ipc://{runtime}/{process}.pub"


def policy_endpoint(runtime: Path, elsewhere: str = "") -> str:
    """Where the policy server listens: ``elsewhere`` (tcp://...) or a socket of this workspace."""
    return elsewhere or f"ipc://{runtime}/policy.sock"


class Publisher:
    """The PUB side of a process; slow subscribers lose messages, never slow the sender."""

    def __init__(self, runtime: Path, process: str) -> None:
        self._socket: zmq.Socket[bytes] = _socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 200)
        self._socket.bind(events_endpoint(runtime, process))

    def send(self, event: Message) -> None:
        """Publishes one event."""
        self._socket.send(_encoder.encode(event), zmq.NOBLOCK)

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


class Subscriber:
    """Reads what one or several processes publish."""

    def __init__(self, runtime: Path, *processes: str) -> None:
        self._socket: zmq.Socket[bytes] = _socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        for process in processes:
            self._socket.connect(events_endpoint(runtime, process))

    def drain(self) -> list[Any]:
        """Every event that has arrived, oldest first; never blocks."""
        found: list[Any] = []
        while True:
            try:
                found.append(_events.decode(self._socket.recv(zmq.NOBLOCK)))
            except zmq.Again:
                return found

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


class Responder:
    """The command side of a process.

    Attributes:
        age_s: how long ago the command being handled was sent [s]; it has waited so long while
            this process was stalled or not yet started.
    """

    def __init__(self, runtime: Path, process: str) -> None:
        self._socket: zmq.Socket[bytes] = _socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 200)
        self._socket.bind(commands_endpoint(runtime, process))
        self.age_s = 0.0

    def serve(self, handle: Callable[[Any], Message], limit: int = 32) -> int:
        """Answers the commands that have arrived, at most ``limit``; never blocks."""
        served = 0
        while served < limit:
            try:
                sender, *frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            served += 1
            if len(frames) != 2 or len(frames[0]) != _HEAD.size:
                continue  # from no Requester: there is no number to answer to
            head, body = frames
            self.age_s = time.monotonic() - _HEAD.unpack(head)[1]
            try:
                reply = handle(_commands.decode(body))
            except msgspec.DecodeError as error:
                reply = Refused(f"That command is not understood ({error}).", "Update the window.")
            self._socket.send_multipart([sender, head, _encoder.encode(reply)], zmq.NOBLOCK)
        return served

    def wait(self, timeout_s: float) -> bool:
        """Whether a command arrives within ``timeout_s``; for processes without a tick."""
        return bool(self._socket.poll(int(timeout_s * 1000)))

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()


class Requester:
    """Sends commands without waiting; replies are collected by ``poll``."""

    def __init__(self, runtime: Path, process: str) -> None:
        self._socket: zmq.Socket[bytes] = _socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.connect(commands_endpoint(runtime, process))
        self._next = 0

    def send(self, command: Message) -> int:
        """Sends one command; returns the number its reply will carry.

        A process that has not read for minutes gets no more until it does: like one that is not
        there, it does not answer.
        """
        self._next += 1
        head = _HEAD.pack(self._next, time.monotonic())
        with contextlib.suppress(zmq.Again):
            self._socket.send_multipart([head, _encoder.encode(command)], zmq.NOBLOCK)
        return self._next

    def poll(self) -> list[tuple[int, Any]]:
        """(number, reply) of each reply that has arrived."""
        found: list[tuple[int, Any]] = []
        while True:
            try:
                head, body = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return found
            found.append((_HEAD.unpack(head)[0], _events.decode(body)))

    def ask(self, command: Message, timeout_s: float = 5.0) -> Any:
        """Sends and waits; for the command line and tests, never for the window or the loop.

        Raises:
            TimeoutError: no reply within ``timeout_s``.
        """
        wanted = self.send(command)
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._socket.poll(max(1, int((deadline - time.monotonic()) * 1000))):
                for number, reply in self.poll():
                    if number == wanted:
                        return reply
        raise TimeoutError(f"No reply to {type(command).__name__} within {timeout_s:g} s.")

    def close(self) -> None:
        """Closes the socket."""
        self._socket.close()
