"""Serves one LeRobot robot or teleoperator over a socket. Runs in LeRobot's own environment.

    python serve_lerobot.py --robot.type=so101_follower --robot.port=/dev/ttyACM0 --robot.id=blue
    python serve_lerobot.py --teleop.type=so101_leader --teleop.port=/dev/ttyACM1 --teleop.id=red \
        --listen 127.0.0.1:5578
    python serve_lerobot.py --config arm.json          {"robot": {"type": ..., "port": ...}}

It is one file and imports LeRobot, numpy and the standard library only, so that it can be copied
to any machine. Options after ``--robot.`` and ``--teleop.`` are LeRobot's own. One client at a
time; whoever can reach the socket can move the arm, so it listens on this machine only unless told
otherwise.

A message is 12 bytes (``b"HGLR"``, length of the header, length of the payload; big-endian), a
header in JSON and a payload of little-endian float64, one per feature in the order that the answer
to ``hello`` names. Nothing is ever unpickled. A client that says nothing with ``alive`` for 100 ms
is taken for dead: the arm is sent where it is measured and refuses targets until ``engage``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import math
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

PROTOCOL = 2
HEAD = struct.Struct("!4sII")
MAGIC = b"HGLR"
MAX_HEADER, MAX_VALUES = 1 << 20, 4096
SILENCE_S = 0.1
LEAST_SILENCE_MS, MOST_SILENCE_MS = 20, 10_000
GONE_S = 3.0
"""A client that says nothing at all for this long has left without a word; its place is free."""

MESSAGE_S = 0.1
"""A message that has begun must be whole within this time: the arm is not watched meanwhile."""

IDLE_S = 0.1


class BridgeError(Exception):
    """The other side sent what is no message of this protocol; the connection cannot go on."""


class RefusalError(Exception):
    """A request that is answered by a sentence instead.

    Args:
        kind: ``held`` (engage first), ``device`` (LeRobot raised) or ``request`` (makes no sense).
        problem: what is wrong, as a sentence.
        remedy: what to do about it, as a sentence.
    """

    def __init__(self, kind: str, problem: str, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.kind, self.problem, self.remedy = kind, problem, remedy


# -- the wire, used by both sides


def address(endpoint: str) -> tuple[int, Any]:
    """Family and address of ``host:port`` or ``unix:/path``.

    Raises:
        ValueError: it is neither.
    """
    if endpoint.startswith("unix:") and len(endpoint) > len("unix:"):
        return socket.AF_UNIX, endpoint.removeprefix("unix:")
    host, _, port = endpoint.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(
            f"{endpoint!r} is no endpoint. Give host:port, such as 127.0.0.1:5577, or unix:/path."
        )
    return socket.AF_INET, (host, int(port))


def send_message(connection: socket.socket, header: dict[str, Any], values: Any = ()) -> None:
    """Sends one message; raises OSError where the connection is gone."""
    text = json.dumps(header).encode()
    payload = np.asarray(values, dtype="<f8").tobytes()
    connection.sendall(HEAD.pack(MAGIC, len(text), len(payload)) + text + payload)


def receive_message(connection: socket.socket) -> tuple[dict[str, Any], Any]:
    """Receives one message, waiting as long as the socket's timeout for each of its parts.

    Returns:
        header and payload, shape (N,), float64.

    Raises:
        BridgeError: it is none of this protocol.
        OSError: the connection is gone, or nothing came in time (TimeoutError).
    """
    magic, header_size, payload_size = HEAD.unpack(_exactly(connection, HEAD.size))
    if magic != MAGIC or header_size > MAX_HEADER or payload_size > 8 * MAX_VALUES:
        raise BridgeError("What came is no message of the LeRobot bridge.")
    try:
        header = json.loads(_exactly(connection, header_size))
        values = np.frombuffer(_exactly(connection, payload_size), dtype="<f8").astype(np.float64)
    except ValueError as error:
        raise BridgeError(f"A message cannot be read: {error}.") from error
    if not isinstance(header, dict):
        raise BridgeError("A message's header is no JSON object.")
    return header, values


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise ConnectionResetError("the other side has closed the connection")
        parts += part
    return bytes(parts)


# -- the device, through LeRobot's own interface only


class Device:
    """One LeRobot robot or teleoperator.

    Args:
        kind: ``robot`` or ``teleop``.
        table: LeRobot's configuration of it, ``type`` among the keys.

    Raises:
        RefusalError: LeRobot has no such type, or does not accept the configuration.
    """

    def __init__(self, kind: str, table: dict[str, Any]) -> None:
        self.kind = kind
        self.config = _config(kind, table)
        self.broken = False
        self.engaged = self.holds = False
        self._connected = False
        self._goal: dict[str, float] = {}
        self._build()

    def _build(self) -> None:
        if self.kind == "robot":
            self.device = importlib.import_module("lerobot.robots").make_robot_from_config(
                self.config
            )
            reads, writes = self.device.observation_features, self.device.action_features
        else:
            self.device = importlib.import_module(
                "lerobot.teleoperators"
            ).make_teleoperator_from_config(self.config)
            reads, writes = self.device.action_features, self.device.feedback_features
        self.reads, self.writes = _scalars(reads), _scalars(writes)

    def connect(self) -> None:
        """Opens it as it was calibrated by ``lerobot-calibrate``; its torque stays as it was.

        LeRobot gives a robot torque when it connects: one that had none gets it taken back.

        Raises:
            RefusalError: it is not there, or its calibration is not that of the file.
        """
        held = self._held()
        try:
            self.device.connect(calibrate=False)
            calibrated = bool(self.device.is_calibrated)
        except Exception as error:  # other people's drivers raise anything
            raise RefusalError(
                "device",
                f"LeRobot cannot connect {self.title}: {_said(error)}.",
                "Check power, cable and port (lerobot-find-port).",
            ) from error
        if not calibrated:
            self.close()
            raise RefusalError(
                "device",
                f"{self.title} is not calibrated, or its motors differ from the file "
                f"{getattr(self.device, 'calibration_fpath', '')}.",
                f"Run lerobot-calibrate --{self.kind}.type={self.config.type} "
                f"--{self.kind}.id={self.config.id} with its port, then serve it again.",
            )
        self.broken, self._connected = False, True
        self.engaged = self.holds = self.kind == "robot"
        if self.kind == "robot" and not held:
            # LeRobot offers no way: then it goes on holding, and says so.
            try:
                with contextlib.suppress(RefusalError):
                    self.torque(on=False)
            except Exception as error:
                self.broken = True
                raise RefusalError(
                    "device",
                    f"LeRobot gave {self.title} torque, and cannot take it back: {_said(error)}.",
                    "Support the arm; check its power and cables.",
                ) from error

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return f"{self.config.type} {self.config.id or ''}".strip()

    def revive(self) -> None:
        """Opens a device that stopped answering anew, with a new object of LeRobot's.

        Raises:
            RefusalError: it is still gone.
        """
        self.close()
        self._build()
        self.connect()

    def close(self) -> None:
        """Lets go of it; whether its torque goes is LeRobot's ``disable_torque_on_disconnect``."""
        with contextlib.suppress(Exception):
            self.device.disconnect()
        for _, part in _arms(self.device):
            # A bus that is dead refuses to disconnect in order and would keep the port.
            with contextlib.suppress(Exception):
                part.bus.port_handler.closePort()

    def describe(self) -> dict[str, Any]:
        """What a client needs to know before the first number."""
        meanings = _meanings(self.device)
        unknown = {"unit": "", "span_deg": None}

        def features(names: tuple[str, ...]) -> list[dict[str, Any]]:
            return [{"name": name, **meanings.get(name, unknown)} for name in names]

        return {
            "kind": self.kind,
            "type": self.config.type,
            "id": self.config.id or "",
            "lerobot": importlib.import_module("lerobot").__version__,
            "reads": features(self.reads),
            "writes": features(self.writes),
            "torque": bool(self._switches()),
            "engaged": self.engaged,
            "holds": self.holds,
        }

    def read(self) -> list[float]:
        """What it measures, in the order of ``reads``; one lost packet is asked for again."""
        ask = self.device.get_observation if self.kind == "robot" else self.device.get_action
        try:
            found = ask()
        except (ConnectionError, RuntimeError):
            found = ask()
        return [float(found[name]) for name in self.reads]

    def write(self, values: list[float]) -> list[float]:
        """Sends a target or feedback, in the order of ``writes``; returns what was really sent."""
        table = dict(zip(self.writes, values, strict=True))
        if self.kind != "robot":
            self.device.send_feedback(table)
            return values
        sent = self.device.send_action(dict(table)) or table
        self._goal = {name: float(sent.get(name, table[name])) for name in self.writes}
        return list(self._goal.values())

    def hold(self) -> None:
        """As ``stay``; nothing for a robot without torque: some motors take a goal for a wish."""
        if self.kind == "robot" and self.holds:
            self.stay()

    def stay(self) -> None:
        """Sends the robot where it is measured; grippers keep their goal, and with it their grip.

        What is no position (the speed of a wheel) is sent as zero.
        """
        found = dict(zip(self.reads, self.read(), strict=True))
        goal = {n: found.get(n, 0.0) if n.endswith(".pos") else 0.0 for n in self.writes}
        goal.update({n: v for n, v in self._goal.items() if "gripper" in n})
        self.write([goal[name] for name in self.writes])

    def torque(self, *, on: bool) -> None:
        """Switches all motors; raises RefusalError where LeRobot offers no way to."""
        switches = self._switches()
        if not switches and not on:
            raise RefusalError(
                "request",
                f"LeRobot offers no way to switch off the motors of {self.title}.",
                "Hold the arm and switch off its power.",
            )
        self.holds, self.engaged = True, False  # should it fail half way, some motors have torque
        for switch in switches:
            turn = getattr(switch, "enable_torque" if on else "disable_torque")
            try:
                turn()
            except (ConnectionError, RuntimeError):
                turn()  # one lost packet leaves some motors as they were
        self.engaged = self.holds = on

    def _held(self) -> bool:
        """Whether any motor of a robot holds it, before LeRobot gives torque to all of them.

        Read from the motors, as they may have been without power. Where LeRobot has no bus of them
        it is what they were told last; at the beginning LeRobot's way.
        """
        known = self.holds or not self._connected
        if self.kind != "robot":
            return known
        found: list[bool] = []
        for _, part in _arms(self.device):
            bus: Any = getattr(part, "bus", None)
            try:
                bus.connect()
                try:
                    torque = bus.sync_read("Torque_Enable", normalize=False, num_retry=2)
                finally:
                    bus.disconnect(disable_torque=False)
                found += [bool(value) for value in torque.values()]
            except Exception:  # noqa: BLE001 - another kind of bus, or none: connecting says more
                return known
        return any(found)

    def _switches(self) -> list[Any]:
        if hasattr(self.device, "disable_torque"):
            return [self.device]
        buses = [getattr(part, "bus", None) for _, part in _arms(self.device)]
        return [bus for bus in buses if hasattr(bus, "disable_torque")]


def _config(kind: str, table: dict[str, Any]) -> Any:
    """LeRobot's configuration object."""
    package = importlib.import_module("lerobot.robots" if kind == "robot" else _TELEOPERATORS)
    base = package.RobotConfig if kind == "robot" else package.TeleoperatorConfig
    wanted = str(table.get("type", ""))
    problems = _register(package, base, wanted)
    if wanted not in base.get_known_choices():
        known = ", ".join(sorted(base.get_known_choices()))
        raise RefusalError(
            "request",
            f"LeRobot has no {kind} of type {wanted!r} here.",
            f"It has {known}." + (f" Not usable: {problems}." if problems else ""),
        )
    fields = getattr(base.get_choice_class(wanted), "__dataclass_fields__", {})
    options = dict(table)
    if "disable_torque_on_disconnect" in fields:
        # An arm must not drop because a program ended.
        options.setdefault("disable_torque_on_disconnect", False)
    decode = importlib.import_module("draccus").decode
    try:
        return decode(base, options)
    except Exception as error:
        raise RefusalError(
            "request",
            f"LeRobot does not accept this configuration of {wanted}: {_said(error)}.",
            f"It knows {', '.join(sorted(fields))}.",
        ) from error


_TELEOPERATORS = "lerobot.teleoperators"


def _register(package: Any, base: Any, wanted: str) -> str:
    """Imports LeRobot's devices until the wanted type is known; returns what could not be."""
    problems = []
    family = wanted.split("_", 1)[0]
    modules = [m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg]
    for name in sorted(modules, key=lambda name: not name.startswith(family[:2])):
        if wanted in base.get_known_choices():
            return ""
        try:
            importlib.import_module(f"{package.__name__}.{name}")
        except ImportError as error:
            problems.append(f"{name} ({error})")
    with contextlib.suppress(ImportError, AttributeError):
        importlib.import_module("lerobot.utils.import_utils").register_third_party_plugins()
    return "; ".join(problems)


def _scalars(features: dict[str, Any]) -> tuple[str, ...]:
    """The numbers among a device's features: cameras are left to whoever shows them."""
    return tuple(name for name, kind in features.items() if kind in (float, int))


def _arms(device: Any) -> list[tuple[str, Any]]:
    """The device, or the two arms of a bimanual one, with the prefix of their features."""
    two = [(f"{side}_", getattr(device, f"{side}_arm", None)) for side in ("left", "right")]
    found = [(prefix, arm) for prefix, arm in two if arm is not None]
    return found or [("", device)]


def _meanings(device: Any) -> dict[str, dict[str, Any]]:
    """Unit and calibrated range of each motor's position, from LeRobot's bus and calibration."""
    found = {}
    units = {"degrees": "degrees", "range_m100_100": "normalized", "range_0_100": "percent"}
    for prefix, arm in _arms(device):
        bus = getattr(arm, "bus", None)
        for name, motor in getattr(bus, "motors", {}).items():
            mode = getattr(motor.norm_mode, "value", motor.norm_mode)
            calibrated = (getattr(arm, "calibration", None) or {}).get(name)
            turn = getattr(bus, "model_resolution_table", {}).get(motor.model)
            span = None
            if calibrated is not None and turn:
                span = (calibrated.range_max - calibrated.range_min) * 360.0 / (turn - 1)
            unit = units.get(str(mode), "")
            found[f"{prefix}{name}.pos"] = {"unit": unit, "span_deg": span}
    return found


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


# -- the server


class Server:
    """Serves one device to one client at a time.

    Args:
        device: connected.
        endpoint: where to listen.
        silence_s: how long a client may say nothing before the robot holds [s].

    Raises:
        OSError: the endpoint cannot be listened on.
    """

    def __init__(self, device: Device, endpoint: str, silence_s: float = SILENCE_S) -> None:
        self.device, self.silence_s = device, silence_s
        family, where = address(endpoint)
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        if family == socket.AF_UNIX:
            Path(where).unlink(missing_ok=True)
            old = os.umask(0o177)  # the socket is its owner's from the first moment
            self._listener.bind(where)
            os.umask(old)
        else:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind(where)
        self._listener.listen(4)
        self._client: socket.socket | None = None
        self._held = ""
        self._driven = False  # an arm that nobody has moved is not moved to hold it
        self._alive = self._heard = 0.0

    def serve(self) -> None:
        """One turn: a message, a new client, or the end of somebody's silence."""
        sockets = [self._listener] if self._client is None else [self._listener, self._client]
        ready, _, _ = select.select(sockets, [], [], self._patience())
        if self._client in ready:
            self._answer()
        if self._listener in ready and not self._waiting():
            self._accept()  # after a goodbye that came first
        now = time.monotonic()
        if self._waiting():
            return  # we were late, not they
        if self._client is not None and now - self._heard > GONE_S:
            self._drop("it said nothing for 3 s")
        if self._watching and now - self._alive > self.silence_s:
            self._hold(f"The program that drives it was silent for {self.silence_s * 1e3:.0f} ms.")

    def close(self) -> None:
        """Lets the robot hold where it is, and ends the connections."""
        self._drop("the bridge ends")
        self._listener.close()

    @property
    def _watching(self) -> bool:
        """Whether somebody's silence has to stop the robot."""
        there = self._client is not None and self.device.kind == "robot"
        return there and self._driven and not self._held

    def _waiting(self) -> bool:
        return self._client is not None and bool(select.select([self._client], [], [], 0)[0])

    def _patience(self) -> float:
        if not self._watching:
            return IDLE_S
        return min(IDLE_S, max(0.001, self._alive + self.silence_s - time.monotonic()))

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        connection.settimeout(MESSAGE_S)
        if connection.family == socket.AF_INET:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._client is None:
            self._client, self._held, self._driven = connection, "", False
            self._alive = self._heard = time.monotonic()
            return
        refusal = RefusalError(
            "request", "Another program is connected already.", "Close it first; one may drive."
        )
        connection.settimeout(min(self.silence_s, SILENCE_S) / 4)
        with contextlib.suppress(OSError, BridgeError), connection:
            receive_message(connection)
            send_message(connection, _answered(refusal))

    def _answer(self) -> None:
        assert self._client is not None
        try:
            header, values = receive_message(self._client)
            self._heard = time.monotonic()
            if header.get("alive", True):
                self._alive = self._heard
            started = time.perf_counter()
            try:
                reply, out = self._carry_out(header, values)
            except RefusalError as refusal:
                reply, out = _answered(refusal), ()
            took_s = time.perf_counter() - started
            self._alive += took_s  # a slow arm is no silent client
            self._heard += took_s
            reply["took_s"] = took_s
            send_message(self._client, reply, out)
        except (OSError, BridgeError) as error:
            self._drop(_said(error))

    def _carry_out(self, header: dict[str, Any], values: Any) -> tuple[dict[str, Any], Any]:
        operation = header.get("op")
        if operation == "hello":
            return self._hello(header), ()
        if operation == "bye":
            raise ConnectionResetError("it said goodbye")
        if operation not in ("read", "write", "hold", "engage", "release"):
            raise RefusalError(
                "request", f"There is no request {operation!r}.", "Update both sides."
            )
        if operation == "write" or values.size:
            self._check(values)
        try:
            out = self._do(operation, values)
        except RefusalError:
            raise
        except Exception as error:
            self.device.broken = True
            raise RefusalError(
                "device",
                f"LeRobot's {self.device.title} does not answer: {_said(error)}.",
                "Check its power and cable.",
            ) from error
        self.device.broken = False
        return {"ok": True, "held": self._held}, out

    def _do(self, operation: str, values: Any) -> Any:
        if operation == "read":
            return self.device.read()
        self._driven = self._driven or operation in ("write", "engage")
        if operation == "write":
            return self.device.write(values.tolist())
        if operation == "release":
            self.device.torque(on=False)
            return ()
        if values.size:  # where a leader is, so that torque that comes on moves nothing
            self.device.write(values.tolist())
        if operation == "hold":
            self.device.hold()
            return ()
        robot = self.device.kind == "robot"
        if robot:
            self.device.stay()  # so that torque that comes on moves nothing
        self.device.torque(on=True)
        if robot:
            self.device.stay()
        self._held = ""
        return ()

    def _hello(self, header: dict[str, Any]) -> dict[str, Any]:
        if header.get("protocol") != PROTOCOL:
            raise RefusalError(
                "request",
                f"The bridge speaks protocol {PROTOCOL}, the client {header.get('protocol')!r}.",
                "Copy serve_lerobot.py of the version that you run.",
            )
        if self.device.broken:
            self.device.revive()
        self._alive = time.monotonic()
        described = self.device.describe()
        return {"ok": True, "protocol": PROTOCOL, "silence_s": self.silence_s, **described}

    def _check(self, values: Any) -> None:
        expected = len(self.device.writes)
        if values.shape != (expected,) or not all(map(math.isfinite, values)):
            raise RefusalError(
                "request",
                f"{values.size} values came, of which not all are finite or wanted.",
                f"Send one for each of {', '.join(self.device.writes)}.",
            )
        if self.device.kind != "robot":
            return
        if self._held:
            raise RefusalError("held", self._held, "Arm it again; it holds where it stopped.")
        if not self.device.engaged:
            raise RefusalError("held", "It is not armed.", "")

    def _hold(self, why: str) -> None:
        self._held = why
        try:
            self.device.hold()
        except Exception as error:  # noqa: BLE001 - other people's drivers raise anything
            self.device.broken = True
            say(f"{self.device.title} cannot be held: {_said(error)}.")

    def _drop(self, why: str) -> None:
        if self._client is None:
            return
        if self._watching:
            self._hold("The program that drove it is gone.")
        self._client.close()
        self._client = None
        say(f"The client is gone: {why}.")


def _answered(refusal: RefusalError) -> dict[str, Any]:
    facts = {"kind": refusal.kind, "problem": refusal.problem, "remedy": refusal.remedy}
    return {"ok": False, **facts}


def say(text: str) -> None:
    """One line for the person at this terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


# -- the command line


def table_of(options: list[str], read: Path | None) -> tuple[str, dict[str, Any]]:
    """Kind and configuration from ``--robot.key=value`` options, on top of a file's.

    Raises:
        RefusalError: an option of another form, or not exactly one of robot and teleop.
    """
    tree: dict[str, Any] = {} if read is None else _file(read)
    for option in options:
        name, equals, text = option.partition("=")
        path = name.removeprefix("--").split(".")
        if not (name.startswith("--") and equals and len(path) > 1):
            raise RefusalError(
                "request", f"{option!r} is no option.", "Write --robot.key=value, with the =."
            )
        branch = tree
        for part in path[:-1]:
            branch = branch.setdefault(part, {})
        branch[path[-1]] = _value(text) if path[-1] != "id" else text
    if len(tree) != 1 or not tree.keys() <= {"robot", "teleop"}:
        raise RefusalError(
            "request",
            f"There are options for {', '.join(tree) or 'nothing'}.",
            "Give either --robot.type=... or --teleop.type=..., and one bridge for each device.",
        )
    return next(iter(tree.items()))


def _file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix in (".yaml", ".yml"):
            return dict(importlib.import_module("yaml").safe_load(text))
        return dict(json.loads(text))
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise RefusalError("request", f"{path} cannot be read: {_said(error)}.", "") from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def main(arguments: list[str] | None = None) -> int:
    """Connects the device and serves it until the process is told to end."""
    line = argparse.ArgumentParser(description="Serves a LeRobot robot or teleoperator.")
    line.add_argument("--listen", default="127.0.0.1:5577", help="host:port or unix:/path")
    line.add_argument("--config", type=Path, help="JSON or YAML file instead of options")
    line.add_argument("--silence-ms", type=float, default=SILENCE_S * 1e3, help="then it holds")
    known, rest = line.parse_known_args(arguments)
    try:
        if not LEAST_SILENCE_MS <= known.silence_ms <= MOST_SILENCE_MS:
            raise RefusalError(
                "request",
                f"--silence-ms is {known.silence_ms:g}.",
                f"Give {LEAST_SILENCE_MS} to {MOST_SILENCE_MS}: it stops the arm when the program "
                "that drives it dies.",
            )
        device = Device(*table_of(rest, known.config))
        device.connect()
        server = Server(device, known.listen, known.silence_ms / 1e3)
    except (RefusalError, ValueError, OSError) as problem:
        say(str(problem))
        return 2
    ended: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: ended.append(got))
    say(f"Serving {device.title} at {known.listen}. Cameras are left to dagger-gui. Ctrl+C ends.")
    try:
        while not ended:
            server.serve()
    finally:
        server.close()
        device.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
