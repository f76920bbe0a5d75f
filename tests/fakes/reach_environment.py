"""A small real Gymnasium environment: go through the opening in a wall, and reach the goal.

The action is where the agent should be; it gets at most ``STEP`` closer each step. Variants spoil
what a station needs, one thing each.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

STEP = 0.08
REACHED = 0.06
OPENING = 0.12
FPS = 20
SIZE = 64
_GRID = np.linspace(-1.0, 1.0, SIZE)


class ReachEnv(gymnasium.Env):
    metadata: ClassVar = {"render_modes": ["rgb_array"], "render_fps": FPS}

    def __init__(
        self,
        render_mode: str | None = "rgb_array",
        observes: str = "dict",
        displaced: float = 0.0,
        says_success: bool = True,
        bounded: bool = True,
    ) -> None:
        self.render_mode = render_mode
        self._observes, self._displaced = observes, displaced
        self._says_success = says_success
        bound = 1.0 if bounded else np.inf
        self.action_space = spaces.Box(-bound, bound, (2,), np.float32)
        plane = spaces.Box(-1.0, 1.0, (2,), np.float64)
        if observes == "box":
            self.observation_space = spaces.Box(-1.0, 1.0, (5,), np.float64)
        else:
            entries: dict[str, spaces.Space[Any]] = {
                "agent_pos": plane,
                "scene": spaces.Dict({"gap": spaces.Box(-1.0, 1.0, (1,)), "goal": plane}),
            }
            if observes == "pixels":
                entries["pixels"] = spaces.Box(0, 255, (SIZE, SIZE, 3), np.uint8)
            self.observation_space = spaces.Dict(entries)
        self.steps = 0

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        draw = self.np_random.uniform
        self.agent = np.array([draw(-0.9, -0.4), draw(-0.8, 0.8)])
        self.goal = np.array([draw(0.4, 0.9), draw(-0.8, 0.8)])
        self.gap = np.array([draw(-0.6, 0.6)])
        self.steps = 0
        return self._observation(), self._info(False)

    def step(self, action: Any) -> Any:
        assert action.shape == (2,)
        assert action.dtype == np.float32
        self.steps += 1
        if self._displaced:
            towards = np.asarray(action, dtype=np.float64) * self._displaced
        else:
            towards = np.asarray(action, dtype=np.float64) - self.agent
        length = float(np.linalg.norm(towards))
        there = self.agent + towards * min(1.0, STEP / max(length, 1e-9))
        crosses = self.agent[0] < 0.0 <= there[0] or there[0] < 0.0 <= self.agent[0]
        if crosses and abs(there[1] - self.gap[0]) > OPENING:
            there[0] = -0.01 if self.agent[0] < 0.0 else 0.01
        self.agent = np.clip(there, -1.0, 1.0)
        away = float(np.linalg.norm(self.goal - self.agent))
        done = away < REACHED
        return self._observation(), -away, done, False, self._info(done)

    def render(self) -> Any:
        image = np.full((SIZE, SIZE, 3), 230, np.uint8)
        wall = (np.abs(_GRID)[None, :] < 0.04) & (np.abs(_GRID - self.gap[0])[:, None] > OPENING)
        image[wall] = 60
        for where, colour in ((self.goal, (0, 160, 60)), (self.agent, (30, 60, 200))):
            near = (_GRID[None, :] - where[0]) ** 2 + (_GRID[:, None] - where[1]) ** 2 < 0.01
            image[near] = colour
        return image

    def _observation(self) -> Any:
        if self._observes == "box":
            return np.concatenate([self.agent, self.gap, self.goal])
        found: dict[str, Any] = {
            "agent_pos": self.agent.copy(),
            "scene": {"gap": self.gap.astype(np.float32), "goal": self.goal.copy()},
        }
        if self._observes == "pixels":
            found["pixels"] = self.render()
        return found

    def _info(self, done: bool) -> dict[str, Any]:
        return {"is_success": done} if self._says_success else {"distance": 1.0}


class BlindEnv(ReachEnv):
    metadata: ClassVar = {"render_modes": ["human"], "render_fps": FPS}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"render_mode": None, **kwargs})


class ButtonEnv(ReachEnv):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.action_space = spaces.Discrete(4)


class BreakingEnv(ReachEnv):
    """Raises in its fifth step."""

    def step(self, action: Any) -> Any:
        if self.steps >= 4:
            raise ValueError("the plane is full")
        return super().step(action)


for name, kind in {
    "Reach": ReachEnv,
    "Blind": BlindEnv,
    "Button": ButtonEnv,
    "Breaking": BreakingEnv,
}.items():
    gymnasium.register(f"reach/{name}-v0", kind, max_episode_steps=50)
