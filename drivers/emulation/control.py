"""A socket in the runtime folder by which a running emulation is asked to break, mend or move.

One line of JSON each way: ``{"arm": "follower", "request": "unplug"}`` is answered by
``{"done": "The cable is out."}`` or ``{"refused": "..."}``.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from drivers.emulation.requests import EmulatedArm, RequestError

NAME = "emulation.sock"
_LONGEST = 4096
_PATIENCE_S = 5.0


def ask(runtime: Path, arm: str, request: str) -> str:
    """Asks the emulation that runs in ``runtime``; returns what it did, as a sentence.

    Raises:
        RequestError: nothing runs there, or it refuses; says why.
    """
    line = json.dumps({"arm": arm, "request": request}).encode() + b"\n"
    try:
        answer = exchange(runtime, line)
    except (OSError, ValueError) as error:
        raise RequestError(
            f"No emulation answers in {runtime} ({error}). Start one: "
            f"python -m drivers.emulation.process --runtime {runtime}"
        ) from error
    if "refused" in answer:
        raise RequestError(str(answer["refused"]))
    return str(answer["done"])


def exchange(runtime: Path, line: bytes) -> dict[str, str]:
    """Sends one line to the emulation that runs in ``runtime``; returns its answer.

    Raises:
        OSError: nothing runs there, or it does not answer within 5 s.
        ValueError: the answer is no JSON.
    """
    with socket.socket(socket.AF_UNIX) as client, _short(runtime) as folder:
        client.settimeout(_PATIENCE_S)
        client.connect(f"{folder}/{NAME}")
        client.sendall(line)
        answer: dict[str, str] = json.loads(_line(client))
        return answer


class Control:
    """Answers requests from a thread of its own.

    Args:
        runtime: the folder in which the socket is made.
        arms: who can be asked, by name.
    """

    def __init__(self, runtime: Path, arms: Mapping[str, EmulatedArm]) -> None:
        self._path = runtime / NAME
        self._arms = arms
        self._stop = threading.Event()
        self._server = socket.socket(socket.AF_UNIX)
        self._path.unlink(missing_ok=True)
        with _short(runtime) as folder:
            self._server.bind(f"{folder}/{NAME}")
        self._path.chmod(0o600)
        self._server.listen()
        self._thread = threading.Thread(target=self._serve, name="emulation control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and removes the socket."""
        self._stop.set()
        # It sleeps until somebody comes: woken now and then, at ordinary priority, it would have
        # the interpreter while others have the processor, and the servos would wait for both.
        # Not woken through its path: the folder may be gone before it.
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join(_PATIENCE_S)
        self._server.close()
        self._path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client:
                client.settimeout(_PATIENCE_S)
                # A client that goes away must not end the answering.
                with contextlib.suppress(OSError):
                    client.sendall(json.dumps(self._answer(_line(client))).encode() + b"\n")

    def _answer(self, line: bytes) -> dict[str, str]:
        try:
            message = json.loads(line)
            name, request = str(message["arm"]), str(message["request"])
        except (ValueError, KeyError, TypeError):
            return {"refused": 'Send one line of JSON: {"arm": NAME, "request": REQUEST}.'}
        if name not in self._arms:
            return {"refused": f"There is no arm {name!r} here. Arms: {', '.join(self._arms)}."}
        try:
            return {"done": self._arms[name].ask(request)}
        except RequestError as error:
            return {"refused": str(error)}


def _line(stream: socket.socket) -> bytes:
    data = b""
    while b"\n" not in data and len(data) < _LONGEST:
        piece = stream.recv(_LONGEST)
        if not piece:
            break
        data += piece
    return data


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """The folder by a name that fits the 107 bytes of a socket's address."""
    if len(os.fsencode(folder)) + len(NAME) + 1 < 100 or not Path("/proc/self/fd").exists():
        yield str(folder)
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
