"""Asks something of a running emulation: ``python -m drivers.emulation.fault RUNTIME ARM REQUEST``.

For example ``... follower unplug``, ``... follower loss=0.01 overheat=4``, ``... leader
pose=elbow:0.8,gripper:0``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from drivers.emulation.control import ask
from drivers.emulation.requests import FORMS, RequestError


def main(arguments: Sequence[str] | None = None) -> int:
    """Asks, and prints what was done; 0, or 1 if it was refused."""
    parser = argparse.ArgumentParser(
        prog="python -m drivers.emulation.fault",
        description="Breaks, mends or moves an emulated arm that is running.",
        epilog=f"Requests: {', '.join(FORMS)}.",
    )
    parser.add_argument("runtime", type=Path, help="runtime folder of the session")
    parser.add_argument("arm", help="follower or leader")
    parser.add_argument("request", nargs="+", help="what to do, see below")
    options = parser.parse_args(arguments)
    for request in options.request:
        try:
            sys.stdout.write(ask(options.runtime, options.arm, request) + "\n")
        except RequestError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
