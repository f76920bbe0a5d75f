"""Where things lie that a command line leaves unsaid."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sessions import stations
from sessions.checking.benches import Bench, bench


def default_workspace(station: str = "") -> Path:
    """Where the workspace lies if none is named: in the user's data folder, or the home folder.

    Each station has its own, so that an arm is never opened in another's workspace.
    """
    data = os.environ.get("XDG_DATA_HOME")
    base = Path(data) if data else Path.home()
    simulated = station in ("", "simulated")
    return base / "dagger" / ("pick-place" if simulated else Path(station).stem)


def station_option(line: argparse.ArgumentParser) -> None:
    """Adds ``--station``."""
    # SUPPRESS: a subparser's default must not overwrite what was given before the subcommand.
    line.add_argument(
        "--station",
        default=argparse.SUPPRESS,
        help=f"one of {', '.join(stations.names())}, or the path of a station file",
    )


def positive(text: str) -> int:
    """A count from 1.

    Raises:
        ArgumentTypeError: it is less, or no number.
    """
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def named_station(line: argparse.ArgumentParser) -> None:
    """Adds what ``check``, ``find`` and ``calibrate`` are about: STATION, and where it lies."""
    line.add_argument(
        "named",
        metavar="STATION",
        help=f"one of {', '.join(stations.names())}, a station file, or a workspace's folder",
    )
    line.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help="its folder")
    line.add_argument(
        "--runtime",
        type=Path,
        default=None,
        help="use the emulated arms that run in this folder already, instead of starting them",
    )


def bench_of(arguments: argparse.Namespace) -> Bench:
    """The station that a command is about.

    Raises:
        ConfigError: there is no such station, file or workspace.
    """
    named: str = arguments.named
    workspace: Path | None = getattr(arguments, "workspace", None)
    return bench(named, workspace or default_workspace(named), apart=workspace is not None)
