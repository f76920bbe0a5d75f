"""The policy server: a process that owns a policy and answers observations with chunks.

``python -m policies.server --endpoint ipc:///run/policy.sock [--load FOLDER] [--threads 1]``

One thread reads the socket and infers; another loads, so that a server that is loading still says
that it lives. torch is imported with the first load, not before the socket is bound.
"""

from __future__ import annotations

import argparse
import gc
import os
import secrets
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import numpy as np
import zmq
from zmq.auth.thread import ThreadAuthenticator

from policies import curve, wire
from policies.base import Observation, Policy, PolicyError, PolicyServerError, PolicySpec

POLL_S = 0.2
BATCH = 64
# What a network can raise on input that passed the checks; anything else is a bug worth a crash.
ACT_ERRORS = (PolicyError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


class PolicyServer:
    """Binds an endpoint and serves one policy to whoever may connect.

    Args:
        endpoint: ``ipc://...`` or ``tcp://...``.
        keys: folder made by ``policies.curve``; required where others can reach the endpoint, not
            used on ``ipc://``.

    Raises:
        PolicyServerError: keys are required or unreadable, or the endpoint cannot be bound.
    """

    def __init__(self, endpoint: str, keys: Path | None = None) -> None:
        curve.check(endpoint, keys)
        keys = curve.used(endpoint, keys)
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self._socket: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
        self._socket.setsockopt(zmq.LINGER, 200)
        self._socket.setsockopt(zmq.MAXMSGSIZE, wire.MAX_BYTES)
        self._authenticator: ThreadAuthenticator | None = None
        try:
            if keys is not None:
                curve.secure_server(self._socket, keys)
                self._authenticator = ThreadAuthenticator(context)
                self._authenticator.start()
                self._authenticator.configure_curve(domain="*", location=keys / curve.CLIENTS)
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise PolicyServerError(
                f"{endpoint} cannot be bound ({error.strerror}). Stop what uses it, or choose "
                "another endpoint."
            ) from error
        except PolicyServerError:
            self.close()
            raise
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._future: Future[Policy] | None = None
        self._wanted = self._loading = ("", 0)
        self._policy: Policy | None = None
        self._path = ""
        self._error = ""
        self._instance = secrets.randbits(61)

    def load(self, path: str, identity: int = 0) -> None:
        """Begins to load a checkpoint folder; the policy that is loaded stays until it is there."""
        self._wanted = (path, identity)
        self._error = ""
        if self._future is None:
            self._future = self._loader.submit(_loaded, path)
            self._loading = (path, identity)

    def serve(self, timeout_s: float = POLL_S) -> None:
        """Waits for messages, at most ``timeout_s``, and answers those that came."""
        arrived = self._socket.poll(int(timeout_s * 1000))
        self._collect()
        if not arrived:
            return
        newest: dict[bytes, wire.Infer] = {}
        for sender, request in self._drain():
            if isinstance(request, wire.Infer):
                # A client that asked again has given up on what it asked before.
                newest[sender] = request
            else:
                self._answer(sender, self._command(request))
        for sender, request in newest.items():
            self._answer(sender, self._infer(request))

    def close(self) -> None:
        """Unbinds; calling it twice is harmless."""
        self._socket.close()
        if self._authenticator is not None:
            self._authenticator.stop()
            self._authenticator = None
        if hasattr(self, "_loader"):
            self._loader.shutdown(wait=True, cancel_futures=True)

    def _drain(self) -> list[tuple[bytes, wire.Request]]:
        found = []
        for _ in range(BATCH):
            try:
                sender, *frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            try:
                found.append((sender, wire.decode_request(frames)))
            except wire.WireError as error:
                self._answer(sender, wire.Failure(0, str(error)))
        return found

    def _answer(self, receiver: bytes, reply: wire.Reply) -> None:
        try:
            self._socket.send_multipart([receiver, *wire.encode(reply)], zmq.NOBLOCK)
        except zmq.Again:
            # The client reads no more; it will ask again if it lives.
            return

    def _command(self, request: wire.Load | wire.Reset | wire.Ping) -> wire.Reply:
        if isinstance(request, wire.Load):
            self.load(request.path, request.identity)
        elif isinstance(request, wire.Reset) and self._policy is not None:
            self._policy.reset()
        return wire.ServerState(
            number=request.number,
            instance=self._instance,
            load=self._wanted[1],
            path=self._path,
            spec=self._policy.spec if self._policy else None,
            loading=self._future is not None,
            error=self._error,
        )

    def _infer(self, request: wire.Infer) -> wire.Reply:
        if self._future is not None:
            return wire.Failure(request.number, f"The policy server is loading {self._wanted[0]}.")
        if self._policy is None:
            return wire.Failure(
                request.number, "The policy server has no policy. Choose one on the Rounds page."
            )
        begun = time.perf_counter()
        try:
            actions, doubt = checked_act(self._policy, wire.unpack_all(request.arrays))
        except ACT_ERRORS as error:
            return wire.Failure(request.number, str(error)[:8000])
        return wire.Chunk(
            number=request.number,
            tick=request.tick,
            epoch=request.epoch,
            actions=wire.pack(actions),
            doubt=doubt,
            seconds=time.perf_counter() - begun,
        )

    def _collect(self) -> None:
        """Takes over what the loading thread has finished."""
        if self._future is None or not self._future.done():
            return
        done, self._future = self._future, None
        if self._loading != self._wanted:
            self.load(*self._wanted)
            return
        error = done.exception()
        if error is not None:
            self._error = str(error)[:8000] or type(error).__name__
            return
        self._policy, self._path = done.result(), self._wanted[0]
        # Full collections over torch's modules take longer than a tick.
        gc.unfreeze()
        gc.collect()
        gc.freeze()


def checked_act(policy: Policy, observation: Observation) -> tuple[np.ndarray, float]:
    """The policy's chunk as float64 and its doubt.

    Raises:
        PolicyError: the chunk is of another shape than the spec says, or not finite.
    """
    actions, doubt = policy.act(observation)
    actions = np.ascontiguousarray(actions, dtype=np.float64)
    wanted = (policy.spec.horizon, len(policy.spec.joint_names))
    if actions.shape != wanted:
        raise PolicyError(f"The policy gave a chunk of shape {actions.shape}, not {wanted}.")
    if not np.isfinite(actions).all():
        raise PolicyError(
            f"The policy gave {int((~np.isfinite(actions)).sum())} actions that are not finite. "
            "Roll back to the former round."
        )
    return actions, float(doubt)


def _loaded(path: str) -> Policy:
    """Loads and tries a policy once, so that its first chunk in earnest is as fast as the rest."""
    from policies import registry

    policy = registry.load(Path(path))
    checked_act(policy, _zeros(policy.spec))
    policy.reset()
    return policy


def _zeros(spec: PolicySpec) -> Observation:
    size = (spec.image_height, spec.image_width, 3)
    return {
        "position": np.zeros(len(spec.joint_names)),
        "velocity": np.zeros(len(spec.joint_names)),
        "environment_state": np.zeros(len(spec.environment_names)),
        **{f"image.{camera}": np.zeros(size, dtype=np.uint8) for camera in spec.camera_names},
    }


def main(arguments: list[str] | None = None) -> int:
    """The process; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m policies.server", description=__doc__)
    parser.add_argument("--endpoint", required=True, help="ipc:///path or tcp://address:port")
    parser.add_argument("--load", default="", metavar="FOLDER", help="checkpoint to begin with")
    parser.add_argument("--keys", type=Path, metavar="FOLDER", help="from python -m policies.curve")
    parser.add_argument("--threads", type=int, default=1, help="threads for inference")
    options = parser.parse_args(arguments)
    # Read by torch when it is imported, which is later, in the loading thread.
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(max(1, options.threads))
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        server = PolicyServer(options.endpoint, options.keys)
    except PolicyServerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.load:
        server.load(options.load)
    while not stopping:
        server.serve()
    server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
