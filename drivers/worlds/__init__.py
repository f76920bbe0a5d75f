"""Worlds: what a simulated station is made of, wherever it runs.

A world is one physics state with an arm, its objects and its cameras. In lockstep it lives in the
caller's process and a virtual clock moves it; in real time ``process`` owns it and everything else
reaches it through rings (``links``). Whoever drives it cannot tell which.

A new kind of world is one class with what ``World`` promises, and a robot file whose ``world`` and
``processes`` make it; see ``drivers/robots/gymnasium.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from drivers.base import Floats, Image, JointLimits, RobotState


class World(Protocol):
    """One physics state, its judge and its cameras; every method from one thread.

    Attributes:
        limits: names, limits and unit of what is commanded, A components.
        environment_names: components of ``RobotState.environment_state``.
        cameras: by name, height and width of each picture.
        seed: what the scene as it stands was drawn from.
    """

    limits: JointLimits
    environment_names: tuple[str, ...]
    cameras: Mapping[str, tuple[int, int]]
    seed: int

    @property
    def t(self) -> float:
        """The caller's clock at the last ``step_to`` [s]."""

    def reset(self, seed: int) -> None:
        """Puts the scene to the start that ``seed`` draws; the clock goes on."""

    def command(self, action: Floats) -> Floats:
        """Sets the targets, shape (A,), clipped to the limits; returns them.

        Raises:
            InvalidActionError: wrong shape or not finite.
        """

    def hold(self) -> None:
        """Cancels motion: the targets become where it is; a grip stays as commanded."""

    def step_to(self, t: float) -> None:
        """Advances to the caller's time ``t`` [s]; earlier times are ignored."""

    def state(self) -> RobotState:
        """What was measured at the last step."""

    def render(self, camera: str) -> Image:
        """One camera's view now, shape (H, W, 3), RGB.

        Raises:
            DeviceConfigError: there is no such camera.
            DeviceNotFoundError: this machine cannot render.
        """

    def close(self) -> None:
        """Frees what it holds; calling it twice is harmless."""


class Onlooker(Protocol):
    """Renders a world that another thread moves, from copies of what is visible."""

    def render(self, seen: Floats, camera: str) -> Image:
        """One camera's view of what ``Visible.visible`` copied, shape (H, W, 3), RGB.

        Raises:
            DeviceNotFoundError: this machine cannot render.
        """

    def close(self) -> None:
        """Frees what it holds; from the thread that rendered."""


@runtime_checkable
class Visible(Protocol):
    """A world that can be looked at while it moves: its pictures never delay its steps."""

    def visible(self) -> Floats:
        """A copy of all that a camera can see, shape (N,)."""

    def onlooker(self) -> Onlooker:
        """Whoever looks, for a thread of its own."""
