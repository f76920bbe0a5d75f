"""A scripted expert from outside the project: what it is given, and what it gives.

``dagger-gui simulate --station gym.toml --operator experts.reach:Expert`` imports the class
``Expert`` of ``experts/reach.py``, from what is installed or from the current folder, and lets it
demonstrate, correct and watch where a person would. A complete one::

    class Expert:
        def __init__(self, spec):
            self.high = spec.high

        def reset(self, seed):
            self.worst = 0.0

        def __call__(self, observation):
            goal, here = observation["goal"], observation["agent_pos"]
            away = abs(goal - here).max()
            self.worst = max(self.worst, away)
            return goal, away > 0.5 * self.worst
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.base import DeviceConfigError, DriverError, Floats
from drivers.importing import imported


@dataclass(frozen=True)
class ExpertSpec:
    """The environment an expert is made for.

    Attributes:
        environment: its id, such as ``gym_pusht/PushT-v0``; empty for a simulated arm.
        action_names: what each component of an action is called, A of them.
        low: lowest action in the environment's units, shape (A,).
        high: highest action, likewise.
        rate_hz: how often the expert is asked [Hz].
    """

    environment: str
    action_names: tuple[str, ...]
    low: Floats
    high: Floats
    rate_hz: float


class Expert(Protocol):
    """What the class that ``--operator`` names must offer.

    Attributes it may have: ``tag``, the category of failure (of the task's taxonomy) that its
    corrections are tagged with.
    """

    def __init__(self, spec: ExpertSpec) -> None:
        """Made once for each attempt in lockstep, and once for a live session."""

    def reset(self, seed: int) -> None:
        """An attempt begins.

        Args:
            seed: of the attempt, the same for the same start pose; in a live session the count of
                attempts. Whatever is drawn at random should be drawn from it.
        """

    def __call__(self, observation: Any) -> tuple[NDArray[Any], bool]:
        """Looks, and says what it would do; called once a control period, in autonomy too.

        Args:
            observation: the environment's own, exactly as ``env.step`` gave it. In a live session
                the environment lives in another process: pictures are left out then. A simulated
                arm gives ``agent_pos``, ``velocity`` and ``environment_state``.

        Returns:
            (action in the environment's units, shape (A,); whether it wants to be in control).
            In a demonstration it always is, and the second is not asked.
        """


def load(device: str, name: str, spec: ExpertSpec) -> Expert:
    """Makes the expert that ``name``, ``module:Class``, stands for.

    Raises:
        DeviceConfigError: there is no such module or class, or it cannot be made.
    """
    module_name, colon, class_name = name.partition(":")
    if not module_name or not colon or not class_name:
        raise DeviceConfigError(
            device, f"{name!r} names no class.", "Write module:Class, such as experts.reach:Expert."
        )
    module = imported(device, module_name)
    made = getattr(module, class_name, None)
    if not isinstance(made, type):
        raise DeviceConfigError(
            device,
            f"{module_name} has no class {class_name}.",
            f"It has: {', '.join(_classes(module)) or 'none'}.",
        )
    for method in ("reset", "__call__"):
        if not any(method in vars(kind) for kind in made.__mro__):
            raise DeviceConfigError(
                device,
                f"{name} has no method {method}.",
                "drivers/experts.py says what an expert must offer.",
            )
    try:
        expert: Expert = made(spec)
    except Exception as error:  # whatever other people's code raises
        raise failed(device, name, error) from error
    return expert


def checked(device: str, name: str, answer: Any, spec: ExpertSpec) -> tuple[Floats, bool]:
    """What an expert answered, as (action of shape (A,), gate).

    Raises:
        DeviceConfigError: it is no such pair, or the action has another shape or is not finite.
    """
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise DeviceConfigError(
            device,
            f"{name} answered {_short(answer)}.",
            "It must return (action, whether it wants to be in control).",
        )
    try:
        action = np.asarray(answer[0], dtype=np.float64)
    except (TypeError, ValueError):
        action = np.full(0, np.nan)
    size = len(spec.action_names)
    if action.shape != (size,) or not np.isfinite(action).all():
        raise DeviceConfigError(
            device,
            f"{name} gave the action {_short(answer[0])} of shape {action.shape}.",
            f"It must give {size} finite numbers: {', '.join(spec.action_names)}.",
        )
    if not isinstance(answer[1], bool | np.bool_):
        raise DeviceConfigError(
            device,
            f"{name} gave {_short(answer[1])} for whether it wants to be in control.",
            "It must be True or False.",
        )
    return action, bool(answer[1])


def failed(device: str, name: str, error: Exception) -> DriverError:
    """An error raised by an expert's own code, with the line where it was."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = "" if at is None else f" ({at.tb_frame.f_code.co_filename}, line {at.tb_lineno})"
    return DeviceConfigError(
        device,
        f"{name} failed: {type(error).__name__}: {error}{where}.",
        "Correct it there; nothing of this attempt is used.",
    )


def _classes(module: ModuleType) -> list[str]:
    return sorted(
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    )


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:57] + "..."
