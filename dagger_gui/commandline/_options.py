"""Options that several subcommands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from sessions import stations


def workspace_and_station(line: argparse.ArgumentParser) -> None:
    """``--workspace`` and ``--station``, which may stand before the subcommand as well."""
    # SUPPRESS: a subparser's default must not overwrite what was given before the subcommand.
    line.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help="its folder")
    station(line)


def station(line: argparse.ArgumentParser) -> None:
    """``--station``."""
    line.add_argument(
        "--station",
        default=argparse.SUPPRESS,
        help=f"one of {', '.join(stations.names())}, or the path of a station file",
    )


def progress(line: argparse.ArgumentParser) -> None:
    """``--progress``: how far the work is, for a person or for a program."""
    line.add_argument(
        "--progress",
        choices=("line", "json"),
        default="line",
        help="a line for a person (default), or one JSON object a line for a program",
    )


def positive(text: str) -> int:
    """A count of one or more, for argparse."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def default_workspace(named: str = "") -> Path:
    """Where the workspace lies if none is named: in the user's data folder, or the home folder.

    Each station has its own, so that an arm is never opened in another's workspace.
    """
    data = os.environ.get("XDG_DATA_HOME")
    base = Path(data) if data else Path.home()
    simulated = named in ("", "simulated")
    return base / "dagger" / ("pick-place" if simulated else Path(named).stem)


def workspace_of(arguments: argparse.Namespace) -> Path:
    """The workspace that was named, or the user's own."""
    named: Path | None = getattr(arguments, "workspace", None)
    return named or default_workspace(getattr(arguments, "station", ""))
