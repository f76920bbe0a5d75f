"""``dagger-gui simulate``: whole rounds without a window."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from dagger_gui.commandline.places import positive, station_option
from sessions import stations


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = commands.add_parser(
        "simulate", help="whole rounds on a simulated station with a scripted operator"
    )
    station_option(line)
    line.add_argument(
        "--operator",
        default="",
        metavar="MODULE:CLASS",
        help="an expert of your own (see drivers/experts.py) in place of the station's",
    )
    line.add_argument("--workspace", type=Path, required=True, help="a new, empty folder")
    line.add_argument("--rounds", type=positive, default=3)
    line.add_argument("--corrections", type=positive, default=20, help="per round")
    line.add_argument("--trials", type=positive, default=50, help="per policy")
    line.add_argument("--seed", type=int, default=0)
    line.add_argument("--report", type=Path, default=None, help="write the figures as JSON")
    line.add_argument("--processes", type=positive, default=2)
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Simulates, prints the table and writes the report; 0."""
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
