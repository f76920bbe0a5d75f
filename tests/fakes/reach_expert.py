"""Experts for the reach environment: one that knows the way, and some that are of no use."""

from __future__ import annotations

import numpy as np

from drivers.experts import ExpertSpec
from tests.fakes.reach_environment import REACHED

_PATIENCE = 12
_PROGRESS = 0.01


class Expert:
    """Goes to the opening, through it, to the goal; takes over when that comes no nearer."""

    tag = "approach"

    def __init__(self, spec: ExpertSpec) -> None:
        assert spec.environment == "reach/Reach-v0"
        assert spec.action_names == ("x", "y")
        assert (spec.low == -1.0).all()
        self.driving = 0
        self.still = 0
        self.left = np.inf

    def reset(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.driving = self.still = 0
        self.left = np.inf

    def __call__(self, observation: dict) -> tuple[np.ndarray, bool]:
        way = self.way(observation)
        points = np.array([observation["agent_pos"], *way])
        left = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
        self.still = 0 if left < self.left - _PROGRESS else self.still + 1
        self.left = min(left, self.left)
        if self.driving:
            self.driving -= 1
        elif self.still > _PATIENCE:
            self.driving, self.still, self.left = 25, 0, left
        shaky = way[0] + self.random.normal(0.0, 0.01, 2)
        return shaky, self.driving > 0

    def way(self, observation: dict) -> list[np.ndarray]:
        here, goal = observation["agent_pos"], observation["scene"]["goal"]
        gap = float(observation["scene"]["gap"][0])
        before, behind = np.array([-0.15, gap]), np.array([0.15, gap])
        if here[0] >= 0.0:
            return [goal]
        if np.linalg.norm(here - before) > REACHED and abs(here[1] - gap) > REACHED:
            return [before, behind, goal]
        return [behind, goal]


class Unready:
    def __init__(self, spec: ExpertSpec) -> None:
        raise RuntimeError("no licence")

    def reset(self, seed: int) -> None: ...

    def __call__(self, observation: dict) -> tuple[np.ndarray, bool]: ...


class Mute:
    def reset(self, seed: int) -> None: ...


class _Still:
    def __init__(self, spec: ExpertSpec) -> None: ...

    def reset(self, seed: int) -> None: ...


class WrongShape(_Still):
    def __call__(self, observation: dict) -> tuple[np.ndarray, bool]:
        return np.zeros(3), True


class NoGate(_Still):
    def __call__(self, observation: dict) -> np.ndarray:
        return np.zeros(2)


class GateOfNumbers(_Still):
    def __call__(self, observation: dict) -> tuple[np.ndarray, float]:
        return np.zeros(2), 0.7


class NotFinite(_Still):
    def __call__(self, observation: dict) -> tuple[np.ndarray, bool]:
        return np.array([0.0, np.nan]), True


class Failing(_Still):
    def __call__(self, observation: dict) -> tuple[np.ndarray, bool]:
        raise KeyError("cube")
