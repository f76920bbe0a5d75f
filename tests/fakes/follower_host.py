"""A host that drives an emulated arm until it is killed: ``python -m tests.fakes.follower_host``.

Says ``moving`` once the arm moves, then goes on without a word.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from drivers.registry import DeviceContext, create

PERIOD_S = 0.01
FAR_RAD = 3.0
MOVING_RAD_S = 0.5


def main(kind: str, folder: Path) -> None:
    """Sends the first joint a long way, again and again, at 100 Hz."""
    robot = create(
        "robots",
        "robot",
        # Patient with the bus, so that a busy machine stops nothing; the watchdog is the real one.
        {"type": kind, "port": "emulated:robot", "patience_s": 5.0},
        DeviceContext(runtime=folder, calibrations=folder / "calibration"),
    )
    robot.connect()
    robot.engage()
    goal = robot.get_observation().position
    goal[0] = FAR_RAD
    while True:
        state = robot.get_observation()
        robot.send_action(goal)
        if state.velocity[0] > MOVING_RAD_S:
            sys.stdout.write("moving\n")
            sys.stdout.flush()
        time.sleep(PERIOD_S)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
