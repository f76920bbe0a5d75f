"""The simulated ViperX's world in real time: ``python -m drivers.simulation.process``.

See ``drivers.worlds.process`` for how a world lives in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

# One thread renders with less processor time in all than several that wait for each other.
os.environ.setdefault("LP_NUM_THREADS", "0")

from drivers.base import DriverError
from drivers.simulation.world import World
from drivers.worlds.process import serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the world until SIGTERM or SIGINT.

    Returns:
        0; the process ends with 1 if this machine cannot render, the reason on standard error.
    """
    parser = argparse.ArgumentParser(
        prog="python -m drivers.simulation.process", description=__doc__
    )
    parser.add_argument("--runtime", type=Path, required=True, help="folder of the rings")
    parser.add_argument("--seed", type=int, default=0, help="draws the first start pose")
    options = parser.parse_args(arguments)
    try:
        serve(World(options.seed, start_t=time.monotonic()), options.runtime)
    except DriverError as error:
        raise SystemExit(f"{error}") from error
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
