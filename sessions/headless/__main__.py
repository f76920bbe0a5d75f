"""Entry of the headless processes: ``python -m sessions.headless first-launch WORKSPACE``.

Exit status: 0 done; 2 failed, the reason on the error stream; 3 cancelled by SIGTERM.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

import torch

from drivers.base import DriverError
from policies.base import PolicyError
from sessions.bus import Publisher
from sessions.headless.launch import first_launch
from sessions.stations import pick_place_task, simulated_station
from sessions.types import CancelledError, SessionError
from sessions.workspace import create

FAILED = 2
CANCELLED = 3


def main(argv: list[str] | None = None) -> int:
    """Runs the command; progress is published as process ``first-launch``."""
    line = argparse.ArgumentParser(prog="python -m sessions.headless", description=__doc__)
    commands = line.add_subparsers(dest="command", required=True)
    launch = commands.add_parser("first-launch", help="demonstrations and the base policy")
    launch.add_argument("workspace", type=Path)
    launch.add_argument("--processes", type=int, default=2)
    arguments = line.parse_args(argv)
    cancel = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: cancel.set())
    signal.signal(signal.SIGINT, lambda *_: cancel.set())
    torch.set_num_threads(1)
    try:
        workspace = create(arguments.workspace, simulated_station(), pick_place_task())
        publisher = Publisher(workspace.runtime(), "first-launch")
        try:
            first_launch(arguments.workspace, publisher.send, arguments.processes, cancel.is_set)
        finally:
            publisher.close()
    except CancelledError as error:
        sys.stderr.write(f"{error}\n")
        return CANCELLED
    except (SessionError, DriverError, PolicyError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
