"""A real bench for every device there is: what the contract suites run on.

A new device gets its entry here; a device without one fails its suite.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.base import Camera, DriverError
from drivers.cameras import _cv2
from drivers.cameras.synthetic import picture
from drivers.registry import DeviceContext, create, processes
from drivers.simulation.names import CAMERA_NAMES, JOINT_NAMES
from drivers.simulation.world import World
from drivers.teleoperators.pedal import Pedal
from tests.drivers.environments import parts as environments
from tests.fakes.emulated_follower import PATIENT, emulated_follower
from tests.fakes.emulated_leader import emulated_leader
from tests.fakes.lerobot_bridge import STATION, VIPERX_LEADS, bridge
from tests.fakes.pedal_pipe import PedalPipe
from tests.fakes.stream_camera import StreamCamera
from tests.fakes.virtual_gamepad import VirtualGamepad

TICK_S = 0.02
START_TIMEOUT_S = 30.0


@dataclass
class Bench:
    """A device, not yet connected, and the time it lives in.

    Attributes:
        device: what is tested.
        now: the clock of its time stamps [s].
        wait: lets that much time pass [s].
    """

    device: Any
    now: Callable[[], float]
    wait: Callable[[float], None]


Part = Callable[[Path], contextlib.AbstractContextManager[Bench]]


@contextlib.contextmanager
def lockstep(kind: str, name: str, table: dict[str, Any]) -> Iterator[Bench]:
    world = World(seed=3)

    def wait(duration_s: float) -> None:
        world.step_to(world.t + duration_s)

    robot = create("robots", "robot", {"type": "simulated_viperx"}, DeviceContext(world=world))
    context = DeviceContext(world=world, joint_names=JOINT_NAMES, robot=robot)
    device = create(kind, name, table, context)
    try:
        yield Bench(device, lambda: world.t, wait)
    finally:
        device.disconnect()
        world.close()


@contextlib.contextmanager
def real_time(runtime: Path, kind: str, name: str, table: dict[str, Any]) -> Iterator[Bench]:
    """The world in a process of its own, reached through its rings."""
    command = [sys.executable, "-m", "drivers.simulation.process", "--runtime", str(runtime)]
    with subprocess.Popen([*command, "--seed", "3"]) as process:
        device = create(kind, name, table, DeviceContext(runtime=runtime, joint_names=JOINT_NAMES))
        try:
            wait_until_it_answers(device, process)
            device.disconnect()
            yield Bench(device, time.monotonic, time.sleep)
        finally:
            device.disconnect()
            process.terminate()


def wait_until_it_answers(device: Any, process: subprocess.Popen[Any]) -> None:
    """Connects and hears the first state or frame, so that the suites begin with a warm bench."""
    deadline = time.monotonic() + START_TIMEOUT_S
    answered = False
    while not answered:
        assert process.poll() is None, "the process ended"
        assert time.monotonic() < deadline, "the process did not answer"
        try:
            device.connect()
            first = device.read(1.0) if isinstance(device, Camera) else device.get_observation()
            answered = first is not None
        except DriverError:
            time.sleep(0.05)


@contextlib.contextmanager
def with_virtual_pad(table: dict[str, Any]) -> Iterator[Bench]:
    pad = VirtualGamepad()
    pad.plug()
    try:
        with lockstep("teleoperators", "pad", table) as bench:
            yield bench
    finally:
        pad.pull()


@contextlib.contextmanager
def with_piped_pedal() -> Iterator[Bench]:
    pipe = PedalPipe()
    pedal = Pedal("pedal", pipe.open, None)
    try:
        yield Bench(pedal, time.monotonic, time.sleep)
    finally:
        pedal.disconnect()
        pipe.pull()


@contextlib.contextmanager
def with_lerobot(folder: Path, kind: str) -> Iterator[Bench]:
    """A device of LeRobot's, behind the real bridge; patient, as ``real_time`` is."""
    served, own = ("robot", {}) if kind == "robots" else ("teleop", {"leads": VIPERX_LEADS})
    table = (STATION if kind == "robots" else {"type": "lerobot"}) | own | {"stale_s": 5.0}
    with bridge(folder, f"--{served}.use_degrees=true", kind=served, silence_ms=5000) as found:
        context = DeviceContext(joint_names=JOINT_NAMES)
        device = create(kind, "arm", table | {"endpoint": found.endpoint}, context)
        try:
            yield Bench(device, time.monotonic, time.sleep)
        finally:
            device.disconnect()


@contextlib.contextmanager
def made_camera(table: dict[str, Any]) -> Iterator[Bench]:
    camera = create("cameras", "top", table, DeviceContext())
    try:
        yield Bench(camera, time.monotonic, time.sleep)
    finally:
        camera.disconnect()


@contextlib.contextmanager
def with_stream() -> Iterator[Bench]:
    with (
        StreamCamera(fps=25.0) as server,
        made_camera({"type": "opencv", "source": server.url, "fps": 25}) as bench,
    ):
        yield bench


@contextlib.contextmanager
def with_slides(folder: Path) -> Iterator[Bench]:
    cv2 = _cv2.load()
    for number in range(5):
        cv2.imwrite(str(folder / f"{number}.png"), picture(number, 120, 160))
    with made_camera({"type": "files", "path": str(folder)}) as bench:
        yield bench


@contextlib.contextmanager
def with_leader(folder: Path, kind: str, takeover: str) -> Iterator[Bench]:
    with emulated_leader(folder, kind, takeover=takeover) as bench:
        yield Bench(bench.device, time.monotonic, time.sleep)


@contextlib.contextmanager
def with_follower(folder: Path, kind: str) -> Iterator[Bench]:
    with emulated_follower(folder, kind) as bench:
        yield Bench(bench.device, time.monotonic, time.sleep)


@contextlib.contextmanager
def with_emulation(runtime: Path) -> Iterator[Bench]:
    """The simulated world and the servos before it, each a process; patient, as ``real_time``."""
    table = {"type": "viperx_emulated", "stale_s": 5.0, **PATIENT}
    with contextlib.ExitStack() as stack:
        for process in processes(table, runtime):
            command = [sys.executable, "-m", process.module, *process.arguments]
            started = stack.enter_context(subprocess.Popen(command))
            stack.callback(started.terminate)
        device = create("robots", "robot", table, DeviceContext(runtime=runtime))
        stack.callback(device.disconnect)
        wait_until_it_answers(device, started)
        device.disconnect()
        yield Bench(device, time.monotonic, time.sleep)


def leaders(kind: str) -> dict[str, Part]:
    return {
        takeover: lambda folder, takeover=takeover: with_leader(folder, kind, takeover)
        for takeover in ("mirror", "clutch", "align")
    }


@contextlib.contextmanager
def environment_in_lockstep() -> Iterator[Bench]:
    world = environments.world(seed=3)
    device = environments.robot_in(world)
    try:
        yield Bench(device, lambda: world.t, lambda s: world.step_to(world.t + s))
    finally:
        device.disconnect()
        world.close()


@contextlib.contextmanager
def environment_in_real_time(runtime: Path) -> Iterator[Bench]:
    with environments.process(runtime) as process:
        device = environments.robot_at(runtime)
        try:
            wait_until_it_answers(device, process)
            device.disconnect()
            yield Bench(device, time.monotonic, time.sleep)
        finally:
            device.disconnect()


ROBOTS: dict[str, dict[str, Part]] = {
    "gymnasium": {
        "lockstep": lambda _: environment_in_lockstep(),
        "process": environment_in_real_time,
    },
    "koch": {"emulated": lambda folder: with_follower(folder, "koch")},
    "lerobot": {"bridge": lambda folder: with_lerobot(folder, "robots")},
    "viperx_300s": {"emulated": lambda folder: with_follower(folder, "viperx_300s")},
    "viperx_emulated": {
        "lockstep": lambda _: lockstep("robots", "robot", {"type": "viperx_emulated"}),
        "process": with_emulation,
    },
    "simulated_viperx": {
        "lockstep": lambda _: lockstep("robots", "robot", {"type": "simulated_viperx"}),
        # Patient, so that a busy machine running tests is no lost arm.
        "process": lambda runtime: real_time(
            runtime, "robots", "robot", {"type": "simulated_viperx", "stale_s": 5.0}
        ),
    },
}
TELEOPERATORS: dict[str, dict[str, Part]] = {
    "axes": {
        "keys": lambda _: lockstep("teleoperators", "axes", {"type": "axes"}),
        "pad": lambda _: with_virtual_pad({"type": "axes", "by": "gamepad"}),
    },
    "external": {
        "resting": lambda _: lockstep(
            "teleoperators",
            "expert",
            {"type": "external", "expert": "tests.fakes.resting_expert:Expert"},
        )
    },
    "gamepad": {"virtual": lambda _: with_virtual_pad({"type": "gamepad"})},
    "gello": leaders("gello"),
    "koch_leader": leaders("koch_leader"),
    "widowx_250s": leaders("widowx_250s"),
    "pedal": {"pipe": lambda _: with_piped_pedal()},
    "lerobot": {"bridge": lambda folder: with_lerobot(folder, "teleoperators")},
    "keyboard": {"plain": lambda _: lockstep("teleoperators", "keys", {"type": "keyboard"})},
    "scripted": {"plain": lambda _: lockstep("teleoperators", "sim", {"type": "scripted"})},
}
CAMERAS: dict[str, dict[str, Part]] = {
    "files": {"folder": with_slides},
    "opencv": {"stream": lambda _: with_stream()},
    "synthetic": {"made": lambda _: made_camera({"type": "synthetic"})},
    "simulated": {
        **{
            f"lockstep {name}": lambda _, name=name: lockstep(
                "cameras", name, {"type": "simulated"}
            )
            for name in CAMERA_NAMES
        },
        "process": lambda runtime: real_time(runtime, "cameras", "top", {"type": "simulated"}),
    },
}


def all_parts(table: dict[str, dict[str, Part]]) -> list[tuple[str, str]]:
    return [(kind, variant) for kind, variants in table.items() for variant in variants]
