"""A whole check of a station, line by line, as it goes."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drivers.base import DriverError
from drivers.dynamixel import ports
from drivers.registry import DeviceContext
from sessions import stations
from sessions.checking import beside, buses, devices, machine, pictures
from sessions.checking.arms import ArmSite, arms
from sessions.checking.benches import Bench
from sessions.checking.results import Acts, Check, Doing, refused
from sessions.checking.servos import Consent
from sessions.config import Station, Task
from sessions.types import SessionError


@dataclass(frozen=True)
class Options:
    """How a station is checked.

    Attributes:
        seconds: how long each bus, the cameras and the loop are measured [s].
        consent: asked before anything is written into servos; None writes nothing.
        runtime: the folder of processes that run already; None starts what is needed.
        gpu: whether torch is imported to look for a GPU.
        acts: what remedies say that somebody does.
    """

    seconds: float = 2.0
    consent: Consent | None = None
    runtime: Path | None = None
    gpu: bool = True
    acts: Acts = field(default_factory=Acts)


def check(bench: Bench, options: Options | None = None) -> Iterator[Check | Doing]:
    """Looks at everything the station names; moves nothing, gives no motor torque.

    Stops early where the rest would say nothing: a station file that is wrong, a session that has
    the devices. Closing the generator lets go of everything.

    Args:
        bench: the station.
        options: how.
    """
    chosen = options or Options()
    yield Doing("Reading the station file", 0.0)
    try:
        pid = 0 if chosen.runtime is not None else bench.session()
        station = bench.station()
        task = _task(bench)
    except SessionError as error:
        yield Check("station file", "bad", str(error), "Correct it in a text editor.")
        return
    if pid:
        yield Check(
            "session",
            "bad",
            f"A session runs on {bench.root} (process {pid}) and has the devices.",
            "Check it on its window's Station page, or close the window first.",
        )
        return
    with beside.folder(chosen.runtime) as runtime:
        yield from _with(bench, station, task, chosen, runtime)


def _with(
    bench: Bench, station: Station, task: Task, options: Options, runtime: Path
) -> Iterator[Check | Doing]:
    context = DeviceContext(
        runtime=runtime,
        bindings=bench.root / "bindings.toml",
        calibrations=bench.calibrations,
        rate_hz=station.rate_hz,
    )
    try:
        sites = arms(station, bench.calibrations)
        built = devices.build(station, context)
    except DriverError as error:
        yield Check(
            "station file",
            "bad",
            f"{bench.file.name}, {error.device}: {error.problem}",
            error.remedy,
        )
        return
    yield _file(bench, station)
    if options.runtime is None and station.simulated:
        yield Doing("Starting the station's processes", 0.05)
    try:
        if options.runtime is not None:
            yield from _devices(bench, station, sites, built, options, runtime)
        else:
            with beside.processes(station, runtime, sites):
                yield from _devices(bench, station, sites, built, options, runtime)
    except DriverError as error:
        yield refused(error.device, error)
    finally:
        built.disconnect()
    yield Doing("Measuring the disk", 0.85)
    yield machine.check_disk(bench.root, station, task)
    if options.gpu:
        yield Doing("Looking for a GPU", 0.92)
        yield machine.check_gpu(station)


def _devices(
    bench: Bench,
    station: Station,
    sites: tuple[ArmSite, ...],
    built: devices.Devices,
    options: Options,
    runtime: Path,
) -> Iterator[Check | Doing]:
    wrong: set[str] = set()
    told: set[str] = set()
    taken: dict[str, str] = {}
    for i, site in enumerate(sites):
        yield Doing(f"Measuring the bus of {site.name}", 0.1 + 0.3 * i / len(sites))
        other = taken.setdefault(_place(site, runtime) or site.name, site.name)
        if other != site.name:
            wrong.add(site.name)
            yield _shared(site, other, options.acts.of(bench.command, site.name).find)
            continue
        bounds = buses.Bounds(
            rate_hz=station.rate_hz,
            seconds=options.seconds,
            runtime=runtime,
            acts=options.acts.of(bench.command, site.name),
        )
        for line in buses.check_arm(site, bounds, options.consent):
            if line.verdict == "bad" and not line.name.endswith((": motors", ": bus")):
                wrong.add(site.name)
            told |= {line.text, *line.details}
            yield line
    yield Doing("Connecting robot and operators", 0.45)
    if "robot" not in wrong:
        yield from devices.check_robot(built, told)
    yield from devices.check_operators(built, wrong, told)
    yield Doing("Reading everything at the station's rate", 0.55)
    timing = devices.check_rate(built, options.seconds)
    if timing is not None:
        yield timing
    built.disconnect()
    yield Doing("Measuring the cameras", 0.65)
    find = options.acts.of(bench.command, "").find
    yield from pictures.check_cameras(station, runtime, options.seconds, find)


def _place(site: ArmSite, runtime: Path) -> str:
    """The device file that an arm's port means, whatever it is called; empty if there is none."""
    with contextlib.suppress(DriverError):
        return os.path.realpath(ports.resolve(site.port, runtime, site.name))
    return ""


def _shared(site: ArmSite, other: str, find: str) -> Check:
    return Check(
        f"{site.name}: port",
        "bad",
        f"The {site.name} is on {site.port}, and so is the {other}: one of them is wrong.",
        f"Give each arm the port that it is plugged into. Find both: {find}",
    )


def _file(bench: Bench, station: Station) -> Check:
    twin = bench.twin()
    if twin is not None:
        return Check(
            "station file",
            "note",
            f"{bench.file} is right; the workspace's own copy, {twin}, differs from it, and that "
            "is the one a session reads.",
            f"Check that one: dagger-gui check {shlex.quote(str(twin.parent))}",
        )
    devices_named = 1 + len(station.operators) + len(station.cameras)
    text = f"{bench.file}: {station.name}, {station.rate_hz:g} Hz, {devices_named} devices."
    return Check("station file", "good", text)


def _task(bench: Bench) -> Task:
    space = bench.workspace()
    return space.task if space is not None else stations.task(bench.file)
