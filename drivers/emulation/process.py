"""A follower and a leader made of software: ``python -m drivers.emulation.process --runtime DIR``.

``DIR/follower.tty`` is a ViperX 300 S whose joints are those of the simulated world that runs in
the same folder, now or later; ``DIR/leader.tty`` is a GELLO that lies on a table of its own and is
moved by requests (``python -m drivers.emulation.fault``). It is a process of its own because servos
answer within a fraction of a millisecond, which a process that renders could not.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import signal
import threading
from collections.abc import Sequence
from pathlib import Path

from drivers import scheduling
from drivers.emulation.arms import GELLO, VIPERX_300S
from drivers.emulation.bus import EmulatedBus, serve
from drivers.emulation.control import Control
from drivers.emulation.requests import EmulatedArm
from drivers.emulation.world import STALE_S, WorldPhysics

FOLLOWER, LEADER = "follower", "leader"
_PRIORITY = 6


def link(runtime: Path, arm: str) -> Path:
    """Where an emulated arm's port is found."""
    return runtime / f"{arm}.tty"


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves both arms until SIGTERM or SIGINT; 0."""
    parser = argparse.ArgumentParser(
        prog="python -m drivers.emulation.process", description=__doc__
    )
    parser.add_argument("--runtime", type=Path, required=True, help="folder of rings and ports")
    parser.add_argument(
        "--paced",
        action="store_true",
        help="answer as late as the baud rate and the return delay make real servos answer",
    )
    parser.add_argument(
        "--stale-s",
        type=float,
        default=STALE_S,
        help="a world silent for this long is gone, and the follower's power with it [s]",
    )
    options = parser.parse_args(arguments)
    if not options.runtime.is_dir():
        parser.error(f"{options.runtime} is no folder. Give the session's runtime folder.")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    scale, constants = VIPERX_300S.scale(), VIPERX_300S.torque_constants()
    world = WorldPhysics(FOLLOWER, options.runtime, scale, constants, options.stale_s)
    table = GELLO.free()
    with contextlib.ExitStack() as stack:
        stack.callback(world.close)
        arms = {}
        for name, build, physics in (
            (FOLLOWER, VIPERX_300S, world),
            (LEADER, GELLO, table),
        ):
            servos = build.servos(physics, fresh=False)
            bus = EmulatedBus(servos, physics, link(options.runtime, name), paced=options.paced)
            stack.callback(bus.close)
            arms[name] = EmulatedArm(name, build, bus)
        stack.callback(Control(options.runtime, arms).close)
        _come_first()
        serve([arm.bus for arm in arms.values()], stop)
    return 0


def _come_first() -> None:
    """Asks for real-time scheduling, as a servo's firmware has; works without."""
    gc.collect()
    gc.freeze()
    scheduling.come_first(_PRIORITY)


if __name__ == "__main__":
    raise SystemExit(main())
