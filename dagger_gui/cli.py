"""The command line: ``dagger-gui`` opens the window, ``dagger-gui simulate`` needs none."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from drivers.base import DriverError
from policies.base import PolicyError
from sessions import stations
from sessions.types import SessionError

FAILED = 2


def default_workspace(station: str = "") -> Path:
    """Where the workspace lies if none is named: in the user's data folder, or the home folder.

    Each station has its own, so that an arm is never opened in another's workspace.
    """
    data = os.environ.get("XDG_DATA_HOME")
    base = Path(data) if data else Path.home()
    simulated = station in ("", "simulated")
    return base / "dagger" / ("pick-place" if simulated else Path(station).stem)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    line = argparse.ArgumentParser(
        prog="dagger-gui",
        description="Correction sessions for robot-learning policies: watch, take over, retrain.",
    )
    _run_options(line)
    commands = line.add_subparsers(dest="command", metavar="COMMAND")
    _run_options(commands.add_parser("run", help="open the window (the default)"))
    simulate = commands.add_parser(
        "simulate", help="whole rounds on a simulated station with a scripted operator"
    )
    _station_option(simulate)
    simulate.add_argument(
        "--operator",
        default="",
        metavar="MODULE:CLASS",
        help="an expert of your own (see drivers/experts.py) in place of the station's",
    )
    simulate.add_argument("--workspace", type=Path, required=True, help="a new, empty folder")
    simulate.add_argument("--rounds", type=_positive, default=3)
    simulate.add_argument("--corrections", type=_positive, default=20, help="per round")
    simulate.add_argument("--trials", type=_positive, default=50, help="per policy")
    simulate.add_argument("--seed", type=int, default=0)
    simulate.add_argument("--report", type=Path, default=None, help="write the figures as JSON")
    simulate.add_argument("--processes", type=_positive, default=2)
    return line


def _run_options(line: argparse.ArgumentParser) -> None:
    # SUPPRESS: a subparser's default must not overwrite what was given before the subcommand.
    line.add_argument("--workspace", type=Path, default=argparse.SUPPRESS, help="its folder")
    _station_option(line)


def _station_option(line: argparse.ArgumentParser) -> None:
    line.add_argument(
        "--station",
        default=argparse.SUPPRESS,
        help=f"one of {', '.join(stations.names())}, or the path of a station file",
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is less than 1")
    return value


def _simulate(arguments: argparse.Namespace) -> int:
    import torch

    from sessions.headless.rounds import Settings, simulate, table, write_report

    # The networks are small: a second thread costs more than it gives, and sums in another order.
    torch.set_num_threads(1)
    settings = Settings(
        rounds=arguments.rounds,
        corrections=arguments.corrections,
        trials=arguments.trials,
        seed=arguments.seed,
        processes=arguments.processes,
    )
    named = getattr(arguments, "station", "") or "simulated"
    report = simulate(
        arguments.workspace,
        settings,
        say=lambda text: print(text, flush=True),
        task=stations.task(named),
        station=stations.load(named),
        operator=arguments.operator,
    )
    print(table(report))
    if arguments.report is not None:
        write_report(arguments.report, report)
    return 0


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
        return _simulate(arguments) if arguments.command == "simulate" else _run(arguments)
    except (SessionError, DriverError, PolicyError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
