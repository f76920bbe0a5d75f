"""The rings between a world's process and its drivers: where they lie and what they hold.

In the runtime folder, private to the world: ``world-commands.ring`` (driver to world),
``world-state.ring`` and ``world-frames-<camera>.ring`` (world to drivers). A scene reset travels in
the command record as a counter and a seed, and the state record repeats the counter when it is
done, so that nothing is lost if commands are overwritten before the world reads them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

REMEDY = "Start the simulated world again (Station page, Restart)."


def command_dtype(joints: int) -> np.dtype[Any]:
    """The record of one command; ``joints`` is A."""
    return np.dtype(
        [
            ("t", "<f8"),
            ("target", "<f8", (joints,)),
            ("hold", "u1"),  # 1: forget the target and hold where the arm is
            ("resets", "<i8"),  # scene resets asked for since the world started
            ("seed", "<i8"),
        ]
    )


def state_dtype(joints: int, environment: int) -> np.dtype[Any]:
    """The record of one state; ``joints`` is A, ``environment`` is E."""
    return np.dtype(
        [
            ("t", "<f8"),
            ("position", "<f8", (joints,)),
            ("velocity", "<f8", (joints,)),
            ("effort", "<f8", (joints,)),
            ("environment_state", "<f8", (environment,)),
            ("stage", "<i8"),
            ("success", "u1"),
            ("resets", "<i8"),  # scene resets done since the world started
            ("seed", "<i8"),
            ("work_s", "<f4"),  # how long a command took to carry out lately, pictures included
        ]
    )


def frame_dtype(height: int, width: int) -> np.dtype[Any]:
    """The record of one picture."""
    return np.dtype([("t", "<f8"), ("sequence", "<i8"), ("image", "u1", (height, width, 3))])


def commands_path(runtime: Path) -> Path:
    """The ring the arm's driver writes."""
    return runtime / "world-commands.ring"


def state_path(runtime: Path) -> Path:
    """The ring the world writes its state to."""
    return runtime / "world-state.ring"


def frames_path(runtime: Path, camera: str) -> Path:
    """The ring the world writes one camera's frames to."""
    return runtime / f"world-frames-{camera}.ring"
