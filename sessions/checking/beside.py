"""What a station needs beside it while it is checked: its world and emulated arms, in private.

Everything lives in a folder of its own and is gone afterwards. Where a session's own processes run
already, their folder is used and nothing is started.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from drivers import registry
from drivers.base import DeviceNotFoundError, DriverError
from drivers.dynamixel.bus import Bus
from drivers.worlds.rings import state_path
from sessions.checking.arms import ArmSite
from sessions.config import Station
from sessions.live.children import Child, Kind

_READY_S = 30.0
"""A world may have to import other people's packages first [s]."""

_LOOK_S = 0.05
_STOP_S = 3.0


@contextmanager
def folder(runtime: Path | None) -> Iterator[Path]:
    """The session's runtime folder if there is one, or a private one that is removed afterwards."""
    if runtime is not None:
        yield runtime
        return
    # Short: sockets lie in it, whose addresses are about 100 bytes long at most.
    made = Path(tempfile.mkdtemp(prefix="dagger-check-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


@contextmanager
def processes(station: Station, runtime: Path, sites: Sequence[ArmSite]) -> Iterator[int]:
    """Starts what must run beside the station's robot, and stops it afterwards.

    Args:
        station: the station.
        runtime: a private folder.
        sites: its Dynamixel arms: emulated ones are waited for.

    Yields:
        how many were started.

    Raises:
        DeviceNotFoundError: one ended, or was not ready within half a minute; says what it said.
        DriverError: the robot's table is wrong.
    """
    needed = registry.processes(station.robot, runtime, station.rate_hz)
    children: list[Child] = []
    try:
        for process in needed:
            errors = runtime / f"{process.name}.err"
            kind = Kind(
                process.name,
                process.module,
                process.arguments,
                restarts=False,
                niceness=0,
                errors=errors,
            )
            children.append(Child(kind))
            children[-1].start()
        if needed:
            _wait(children, runtime, [site for site in sites if site.emulated])
        yield len(needed)
    finally:
        for child in reversed(children):
            child.ask_to_stop()
            child.wait_stopped(time.monotonic() + _STOP_S)


def _wait(children: Sequence[Child], runtime: Path, emulated: Sequence[ArmSite]) -> None:
    deadline = time.monotonic() + _READY_S
    waiting = list(emulated)
    while True:
        now = time.monotonic()
        for child in children:
            child.poll(now)
            if not child.running:
                raise DeviceNotFoundError(
                    child.kind.name,
                    f"The process {child.kind.name} ended: {child.last_words() or 'silently'}.",
                    "Correct what it says, or the robot's table in the station file.",
                )
        waiting = [site for site in waiting if not _answers(site, runtime)]
        if state_path(runtime).exists() and not waiting:
            return
        if now > deadline:
            names = ", ".join(child.kind.name for child in children)
            raise DeviceNotFoundError(
                "world",
                f"The processes {names} were not ready within {_READY_S:g} s.",
                "Close other programs and try again.",
            )
        time.sleep(_LOOK_S)


def _answers(site: ArmSite, runtime: Path) -> bool:
    """Whether an emulated arm is there and has power: its world gives it that."""
    link = runtime / f"{site.port.partition(':')[2]}.tty"
    if not link.exists():
        return False
    try:
        with Bus(str(link), site.baud, site.name) as bus:
            return bus.ping(site.description.primary[0]) is not None
    except DriverError:
        return False
