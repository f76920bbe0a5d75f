"""The command line: ``dagger-gui`` opens the window, its subcommands need none."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dagger_gui.commandline import calibrate, check, export, find, import_, simulate, verify
from dagger_gui.commandline.places import default_workspace, station_option
from drivers.base import DriverError
from policies.base import PolicyError
from sessions.types import SessionError

__all__ = ["default_workspace", "main", "parser", "workspace_of"]

FAILED = 2
_COMMANDS = (simulate, check, find, calibrate, export, import_, verify)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(
        prog="dagger-gui",
        description="Correction sessions for robot-learning policies: watch, take over, retrain.",
    )
    _run_options(line)
    line.set_defaults(run=_run)
    commands = line.add_subparsers(dest="command", metavar="COMMAND")
    _run_options(commands.add_parser("run", help="open the window (the default)"))
    for command in _COMMANDS:
        command.add(commands)
    return line


def _run_options(line: argparse.ArgumentParser) -> None:
    # SUPPRESS: a subparser's default must not overwrite what was given before the subcommand.
    line.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help="its folder")
    station_option(line)


def _run(arguments: argparse.Namespace) -> int:
    from dagger_gui import app

    return int(app.main(workspace_of(arguments), getattr(arguments, "station", "")))


def workspace_of(arguments: argparse.Namespace) -> Path:
    """The workspace that was named, or the user's own."""
    named: Path | None = getattr(arguments, "workspace", None)
    return named or default_workspace(getattr(arguments, "station", ""))


def main(argv: list[str] | None = None) -> int:
    """Entry point ``dagger-gui``: every error that has a remedy is one sentence, exit status 2."""
    arguments = parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except (SessionError, DriverError, PolicyError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
