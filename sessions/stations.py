"""Ready-made configurations: the simulated station everybody has, and its task."""

from __future__ import annotations

from sessions.config import Station, Task, Training


def simulated_station() -> Station:
    """The simulated ViperX 300 S with two cameras and every operator that needs no hardware."""
    return Station(
        name="Simulated ViperX 300 S",
        robot={"type": "simulated_viperx"},
        cameras={"top": {"type": "simulated"}, "wrist": {"type": "simulated"}},
        operators={
            "keyboard": {"type": "keyboard"},
            "gamepad": {"type": "gamepad"},
            "scripted": {"type": "scripted"},
        },
        operator="keyboard",
        simulated=True,
    )


def pick_place_task() -> Task:
    """Pick the cube and place it in the tray, with the defaults that measured best.

    How the number of demonstrations and the training defaults were chosen is in
    ``benchmarks/learning.py``.
    """
    return Task(
        name="Place the cube in the tray",
        demonstrations=10,
        training=Training(
            options={"activation": "silu", "horizon": 24, "noise": 0.03, "velocity": True}
        ),
    )
