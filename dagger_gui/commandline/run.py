"""``dagger-gui run``: opens the window, as ``dagger-gui`` alone does."""

from __future__ import annotations

import argparse
from typing import Any

from dagger_gui.commandline import _options


def add(subparsers: Any) -> None:
    """Describes the arguments."""
    _options.workspace_and_station(
        subparsers.add_parser("run", help="open the window (the default)")
    )


def run(arguments: argparse.Namespace) -> int:
    """Opens the window; returns the exit status."""
    from dagger_gui import app

    named = getattr(arguments, "station", "")
    return int(app.main(_options.workspace_of(arguments), named))
