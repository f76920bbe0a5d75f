"""``dagger-gui calibrate STATION [DEVICE]``: an arm's calibration by hand, in a terminal."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagger_gui.commandline._keys import Keys
from dagger_gui.commandline._screen import Screen
from dagger_gui.commandline.places import bench_of, named_station
from sessions.checking.arms import ArmSite, arm, arms, without
from sessions.checking.benches import Bench
from sessions.checking.results import Acts

if TYPE_CHECKING:
    from sessions.checking.calibrating import HandCalibration

GIVEN_UP = 1
_EMULATED = """This arm is emulated. Move it from another terminal:
  python -m drivers.emulation.fault {runtime} {arm} pose=elbow:0.8"""


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = commands.add_parser(
        "calibrate", help="homing, directions and range of an arm's joints; torque stays off"
    )
    named_station(line)
    line.add_argument("device", nargs="?", default="", help="which arm; all of them if left out")
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Calibrates arm after arm; 0 if all were saved or none needs it, else 1."""
    from sessions.checking import beside

    place = bench_of(arguments)
    pid = place.session() if arguments.runtime is None else 0
    if pid:
        print(
            f"A session runs on {place.root} (process {pid}) and has the arms. Calibrate on its "
            "window's Station page, or close the window first."
        )
        return GIVEN_UP
    station = place.station()
    sites = arms(station, place.calibrations)
    if not sites and not arguments.device:
        print(f"{without(station)}\nNext: dagger-gui check {place.command}")
        return 0
    chosen = _chosen(sites, arguments.device)
    with beside.folder(arguments.runtime) as runtime:
        if arguments.runtime is not None:
            return _all(place, chosen, runtime)
        with beside.processes(station, runtime, sites):
            return _all(place, chosen, runtime)


def _chosen(sites: tuple[ArmSite, ...], device: str) -> list[ArmSite]:
    if device:
        return [arm(sites, device)]
    return [site for site in sites if site.own is not None] or [arm(sites, "")]


def _all(place: Bench, sites: list[ArmSite], runtime: Path) -> int:
    from sessions.checking.calibrating import HandCalibration

    saved = 0
    for site in sites:
        if site.emulated:
            print(_EMULATED.format(runtime=runtime, arm=site.port.partition(":")[2]))
        work = HandCalibration(site, runtime, Acts().of(place.command, site.name))
        try:
            saved += by_hand(work, Screen(sys.stdout))
        finally:
            work.close()
    if saved == len(sites):
        print(f"Next: dagger-gui check {place.command}")
        return 0
    return GIVEN_UP


def by_hand(work: HandCalibration, screen: Screen) -> bool:
    """Lets a person go through the steps; whether it was saved.

    Args:
        work: the arm.
        screen: where it is shown.
    """
    from sessions.checking.calibrating import POLL_S

    screen.present(work.present)
    with Keys(sys.stdin) as keys:
        while True:
            work.poll()
            screen.show(work.view())
            key = keys.read(POLL_S)
            if key == "q":
                screen.say("Given up. The calibration that was there is as it was.")
                return False
            if key == "b":
                work.back()
            elif key in ("n", "s") and work.ready:
                screen.say(work.save().text)
                return True
            elif key == "n" and not work.next():
                screen.refuse(work.view())
