"""The command line: ``dagger-gui`` opens the window, its subcommands need none."""

from __future__ import annotations

import argparse
import sys
from types import ModuleType

from dagger_gui.commandline import run, simulate
from dagger_gui.commandline._options import (
    default_workspace,
    workspace_and_station,
    workspace_of,
)
from drivers.base import DriverError
from policies.base import PolicyError
from sessions.types import SessionError

__all__ = ["default_workspace", "main", "parser", "workspace_of"]

FAILED = 2
_COMMANDS: dict[str, ModuleType] = {
    "run": run,
    "simulate": simulate,
}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(
        prog="dagger-gui",
        description="Correction sessions for robot-learning policies: watch, take over, retrain.",
    )
    workspace_and_station(line)
    subparsers = line.add_subparsers(dest="command", metavar="COMMAND")
    for command in _COMMANDS.values():
        command.add(subparsers)
    return line


def main(argv: list[str] | None = None) -> int:
    """Entry point ``dagger-gui``: every error that has a remedy is one sentence, exit status 2."""
    arguments = parser().parse_args(argv)
    try:
        return int(_COMMANDS[arguments.command or "run"].run(arguments))
    except (SessionError, DriverError, PolicyError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
