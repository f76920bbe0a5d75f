"""Where things lie that a command line leaves unsaid."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sessions import stations


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
