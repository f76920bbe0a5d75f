"""``dagger-gui find STATION``: which port is which arm, by moving it; which camera is which."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagger_gui.commandline.places import bench_of, named_station
from drivers.base import DriverError
from sessions.checking import beside, station_file
from sessions.checking.arms import ArmSite, arms, without
from sessions.checking.benches import STATION_FILE, Bench
from sessions.config import Station

if TYPE_CHECKING:
    from sessions.checking.finding import Finder

INCOMPLETE = 1
_OPENCV = "opencv"
_EMULATED = """The arms are emulated. To move one, in another terminal:
  python -m drivers.emulation.fault {runtime} leader pose=elbow:0.8"""


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = commands.add_parser(
        "find", help="which port is which arm (you move one by hand), which camera is which"
    )
    named_station(line)
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Asks for arm after arm and writes what it finds; 0 if nothing is left to find, else 1."""
    place = bench_of(arguments)
    pid = place.session() if arguments.runtime is None else 0
    if pid:
        print(f"A session runs on {place.root} (process {pid}). Close its window first.")
        return INCOMPLETE
    station = place.station()
    if not _to_find(station, place):
        print(f"{without(station)}\nNext: dagger-gui check {place.command}")
        return 0
    place = _own(place)
    station = place.station()
    if arguments.runtime is not None:
        return _find(place, station, arguments.runtime)
    with beside.folder(None) as runtime:
        everyone = arms(station, place.calibrations)
        with beside.processes(station, runtime, everyone):
            if any(site.emulated for site in everyone):
                print(_EMULATED.format(runtime=runtime))
            return _find(place, station, runtime)


def _to_find(station: Station, place: Bench) -> bool:
    """Whether a station names an arm or a camera that could be on any port."""
    cameras = any(table.get("type") == _OPENCV for table in station.cameras.values())
    return cameras or any(site.own is not None for site in arms(station, place.calibrations))


def _own(place: Bench) -> Bench:
    """A station that may be written to: a packaged one gets its workspace first."""
    if place.own:
        return place
    from dagger_gui.app import open_or_create

    made = open_or_create(place.root, place.named)
    print(f"Made the workspace {made.root}; its station.toml is the one to edit.")
    return replace(place, file=made.root / "station.toml", own=True)


def _find(place: Bench, station: Station, runtime: Path) -> int:
    everyone = arms(station, place.calibrations)
    sites = [site for site in everyone if site.own is not None]
    left: list[ArmSite] = []
    if sites:
        left = _arms(place, everyone, runtime)
    else:
        print(without(station))
    cameras = _cameras(place, station)
    print(_next(place, sites, left))
    return 0 if cameras and not left else INCOMPLETE


def _next(place: Bench, sites: list[ArmSite], left: list[ArmSite]) -> str:
    """What to type after this."""
    if place.file.parent != place.root and place.twin() is not None:
        root = shlex.quote(str(place.root))
        return (
            f"A session reads the workspace's own copy, {place.root / STATION_FILE}, which "
            f"differs from {place.file}. Next: dagger-gui find {root}"
        )
    unknown = [site.name for site in left if not site.port]
    if unknown:
        return f"Next, when {' and '.join(unknown)} can be found: dagger-gui find {place.command}"
    return f"Next: dagger-gui {'calibrate' if sites else 'check'} {place.command}"


# -- arms


def _arms(place: Bench, everyone: tuple[ArmSite, ...], runtime: Path) -> list[ArmSite]:
    """Asks for every arm that could be anywhere; those that were not found."""
    from sessions.checking.finding import Finder

    sites = [site for site in everyone if site.own is not None]
    finder = Finder(runtime)
    if not finder.ports:
        print("No serial port is there. Plug in the arms' USB cables and switch on their power.")
        return sites
    print(f"Looking at {len(finder.ports)} serial ports; no motor gets torque.")
    for sentence in finder.look():
        print(f"  {sentence}")
    for site in everyone:
        if site.own is None:
            print(f"{site.name}: always on {site.port}, nothing to find.")
    # Where no servo answers anywhere no hand can show anything.
    if not any(pose.ticks for pose in finder.poses):
        return sites
    taken: dict[str, str] = {}
    left = []
    for site in sites:
        port = _one(site, finder, taken)
        if not port:
            print(f"{site.name}: left as it is (port = {site.port!r}).")
            left.append(site)
            continue
        taken[port] = site.name
        _write(place.file, site.table, "port", port)
    return left


def _one(site: ArmSite, finder: Finder, taken: dict[str, str]) -> str:
    """Asks for one arm until it is found or left out; its port."""
    from sessions.checking.finding import misfit

    while True:
        answer = _ask(
            f"\nMove the {site.name} ({site.description.kind}) by hand, one joint, by more than "
            "10 degrees, and touch no other arm. Enter: done. s: skip it."
        )
        if answer in ("s", "q"):
            return ""
        moved = finder.moved()
        print(moved.text)
        if not moved.port:
            continue
        if moved.port in taken:
            print(f"That is the {taken[moved.port]}'s. Move the {site.name}.")
            continue
        odd = misfit(site, finder.pose(moved.port))
        if not odd or _ask(f"{odd} Take it all the same? y: yes. Enter: no.") == "y":
            return moved.port


# -- cameras


def _cameras(place: Bench, station: Station) -> bool:
    from sessions.checking import finding

    wanted = [name for name, table in station.cameras.items() if table.get("type") == _OPENCV]
    if not wanted:
        return True
    found = finding.cameras()
    if not found:
        print("\nNo camera is plugged in.")
        return False
    folder = place.root / "cameras"
    print(f"\n{len(found)} cameras:")
    for number, camera in enumerate(found, start=1):
        formats = f", up to {camera.formats[0]}" if camera.formats else ""
        print(f"  {number}. {camera.stable} ({camera.name or camera.path}{formats})")
        try:
            print(f"     picture: {finding.snapshot(camera.stable, folder)}")
        except (DriverError, OSError) as error:
            print(f"     no picture: {error}")
    chosen = 0
    for name in wanted:
        answer = _ask(f"Which one is {name!r}? Its number, or Enter: leave it.")
        if answer.isdigit() and 1 <= int(answer) <= len(found):
            _write(place.file, ("cameras", name), "source", found[int(answer) - 1].stable)
            chosen += 1
    return chosen == len(wanted)


# -- a terminal


def _ask(question: str) -> str:
    """What was typed, in lower case; ``q`` where nobody can type."""
    sys.stdout.write(f"{question}\n> ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    return line.strip().lower() if line else "q"


def _write(file: Path, table: tuple[str, ...], key: str, value: str) -> None:
    backup = station_file.set_value(file, table, key, value)
    print(f"Wrote {key} = {value!r} under [{'.'.join(table)}] of {file}.")
    if backup is not None:
        print(f"Its comments could not be kept; the old file is {backup}.")
