"""What a station file may say about a Gymnasium environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Config:
    """The robot's table in the station file. Lists of numbers have one value a component, or one.

    The loop above knows absolute targets only. Most environments that learn from people take those
    (PushT, ALOHA); one whose action is a displacement is told so by ``delta``. Where nothing says
    what measures the action, the action in force counts as the position: a hold then repeats it.

    Attributes:
        id: of the environment, such as ``gym_pusht/PushT-v0``.
        module: imported first, to register the id; by default the id's part before the slash. It
            may lie in the current folder.
        kwargs: for ``gymnasium.make``.
        actions: a name for each component of the action. One that ends in ``gripper`` is an
            opening in [0, 1].
        unit: measure of the other components; with ``rad`` the station's limits in rad hold.
        lower: lowest targets, in place of the action space's own.
        upper: highest targets, likewise.
        velocity: highest speed of each component, in its unit a second; by default its whole range
            in one step, so that the limits change nothing.
        acceleration: highest acceleration, likewise.
        position: what of the observation measures the action: an entry (``agent_pos``, nested ones
            with slashes), components (``[0:2]``), or both (``state[0:2]``).
        delta: for an environment whose action is a displacement: how far an action of 1 moves the
            position in one step. Targets are then in the position's unit, and ``lower`` and
            ``upper`` are its limits, where the observation space does not bound it.
        environment_names: a name for each other number of the observation, in its order.
        success: what counts as success: ``terminated``, ``reward``, or a key of ``info``; by
            default ``is_success`` or ``success`` of ``info``, whichever there is.
        success_reward: with ``reward``: one step's reward from which on the task is done.
        rate_hz: steps a second; by default, and best, the station's control rate.
        stale_s: a state older than this means that the world is lost [s].
        reset_s: how long putting the scene back may take [s].
    """

    id: str
    module: str = ""
    kwargs: dict[str, Any] = field(default_factory=dict)
    actions: tuple[str, ...] = ()
    unit: str = ""
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    velocity: tuple[float, ...] = ()
    acceleration: tuple[float, ...] = ()
    position: str = ""
    delta: tuple[float, ...] = ()
    environment_names: tuple[str, ...] = ()
    success: str = ""
    success_reward: float = 0.0
    rate_hz: float = 0.0
    stale_s: float = 0.5
    reset_s: float = 10.0
