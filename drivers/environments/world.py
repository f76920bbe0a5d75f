"""One Gymnasium environment as a world: it moves one step for each command, and else stands still.

The loop commands once a control period, so that a period is a step, in lockstep and in real time
alike. Nobody commands between attempts while the arm is disarmed: the environment waits then, as
one does that is played by hand. An episode that the environment ends stands still until the next
reset; what it ended as is judged at that step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from drivers.base import (
    DeviceConfigError,
    DriverError,
    Floats,
    Image,
    RobotState,
    checked_action,
)
from drivers.environments import making, measures
from drivers.environments.layout import as_picture, entries, is_picture, laid_out
from drivers.environments.settings import Config

SCENE = "scene"
"""Name of the camera that is the environment's own rendering."""

_DONE_KEYS = ("is_success", "success")
_SLACK_S = 1e-6
_SEEDS = 2**31


class EnvironmentWorld:
    """A ``drivers.worlds.World``; see the module.

    Args:
        device: for messages.
        config: which environment, and how it is read.
        seed: draws the first start.

    Attributes:
        observation: what the environment said last, as it said it.
        facts: what the robot's driver wants to know; plain values.

    Raises:
        DeviceConfigError: it cannot be made, or not be made a station of.
    """

    def __init__(self, device: str, config: Config, seed: int = 0) -> None:
        self._device, self._config = device, config
        self._env = making.made(device, config)
        try:
            self._prepare()
        except BaseException:
            self._env.close()
            raise
        self._t = 0.0
        self.reset(seed)

    def _prepare(self) -> None:
        config, space = self._config, self._env.action_space
        self._shape = space.shape
        size = int(np.prod(self._shape))
        names = config.actions or tuple(f"action_{i}" for i in range(size))
        if len(names) != size or len(set(names)) != size:
            raise DeviceConfigError(
                self._device,
                f"actions names {', '.join(names)}; the action has {size} components.",
                "Name each of them once.",
            )
        self.observation, info = self._call(self._env.reset, seed=0)
        self.layout = laid_out(
            self._device, self.observation, config.position, size, config.environment_names
        )
        self.environment_names = self.layout.names
        self._period_s = 1.0 / measures.rate_hz(self._device, config, self._env)
        self._delta = measures.displacements(self._device, config, self.layout, size)
        self.limits = measures.limits(self._device, config, self._env, self.layout, names)
        self._rest = np.clip(np.zeros(size), self.limits.lower, self.limits.upper)
        self._cameras = self._look_around()
        self.cameras: Mapping[str, tuple[int, int]] = {
            name: (image.shape[0], image.shape[1]) for name, image in self._cameras.items()
        }
        self._success_key = self._success(info)
        self.facts = {
            "id": config.id,
            "layout": self.layout.to_json(),
            "delta": None if self._delta is None else self._delta.tolist(),
            "low": np.ravel(space.low).astype(float).tolist(),
            "high": np.ravel(space.high).astype(float).tolist(),
            "period_s": self._period_s,
        }

    @property
    def t(self) -> float:
        """The caller's clock at the last ``step_to`` [s]."""
        return self._t

    def reset(self, seed: int) -> None:
        """Begins a new episode, drawn from ``seed``."""
        self.seed = seed
        self.observation, _ = self._call(self._env.reset, seed=seed % _SEEDS)
        self._over = self._success_now = self._due = False
        self._picture: Image | None = None
        self._target = self._rest.copy()
        self._position, self._environment = self._read()
        self._target = self._position.copy()
        self._velocity = np.zeros(self.limits.size)

    def command(self, action: Floats) -> Floats:
        """Sets the targets of the next step, shape (A,), clipped to the limits; returns them.

        Raises:
            InvalidActionError: wrong shape or not finite.
        """
        wanted = checked_action(self._device, action, self.limits)
        self._target = np.clip(wanted, self.limits.lower, self.limits.upper)
        self._due = True
        return self._target.copy()

    def hold(self) -> None:
        """Forgets the target; the environment stands still until the next command."""
        grip = self.limits.openings
        self._target = np.where(grip, self._target, self._position)
        self._velocity = np.zeros(self.limits.size)
        self._due = False

    def step_to(self, t: float) -> None:
        """Takes the step that was commanded since the last one, if there was a command.

        Raises:
            DriverError: the environment raised an error.
        """
        if t <= self._t + _SLACK_S:
            return
        self._t = t
        if not self._due:
            return
        self._due = False
        if self._over:
            self._velocity = np.zeros(self.limits.size)
            return
        self._advance(self._action())

    def state(self) -> RobotState:
        """What the observation says, and whether the environment calls the task done."""
        return RobotState(
            t=self._t,
            position=self._position.copy(),
            velocity=self._velocity.copy(),
            effort=np.zeros(self.limits.size),
            environment_state=self._environment.copy(),
            success=self._success_now,
        )

    def render(self, camera: str) -> Image:
        """One camera's view, shape (H, W, 3), RGB: a picture of the observation, or ``scene``.

        Raises:
            DeviceConfigError: there is no such camera.
            DriverError: the environment cannot be rendered.
        """
        if camera == SCENE and SCENE in self.cameras:
            if self._picture is None:
                self._picture = self._rendered()
            return self._picture.copy()
        for path, array in entries(self.observation):
            if is_picture(array) and _camera_name(path) == camera:
                return as_picture(array)
        raise DeviceConfigError(
            self._device,
            f"{self._config.id} has no camera {camera!r}.",
            f"Name it one of: {', '.join(self.cameras)}.",
        )

    def close(self) -> None:
        """Closes the environment; calling it twice is harmless."""
        self._env.close()

    # -- stepping

    def _action(self) -> Floats:
        """The environment's own action for the target."""
        if self._delta is None:
            return self._target
        low, high = np.ravel(self._env.action_space.low), np.ravel(self._env.action_space.high)
        action: Floats = np.clip((self._target - self._position) / self._delta, low, high)
        return action

    def _advance(self, action: Floats) -> None:
        given = action.reshape(self._shape).astype(self._env.action_space.dtype)
        self.observation, reward, terminated, truncated, info = self._call(self._env.step, given)
        before = self._position
        self._position, self._environment = self._read()
        self._velocity = (self._position - before) / self._period_s
        self._picture = None
        self._over = bool(terminated) or bool(truncated)
        if self._success_key == "terminated":
            done = bool(terminated)
        elif self._success_key == "reward":
            done = float(reward) >= self._config.success_reward
        else:
            done = bool(info.get(self._success_key, False))
        self._success_now = self._success_now or done

    def _read(self) -> tuple[Floats, Floats]:
        position, environment = self.layout.split(self.observation)
        return (self._target.copy() if position is None else position), environment

    def _call(self, method: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except Exception as error:  # whatever other people's code raises
            raise DriverError(
                self._device,
                f"{self._config.id} failed: {type(error).__name__}: {error}.",
                "Try the environment by hand, and check its package's version.",
            ) from error

    # -- being made

    def _look_around(self) -> dict[str, Image]:
        """A picture of each camera there is.

        Raises:
            DeviceConfigError: there is none.
        """
        found = {
            _camera_name(path): as_picture(array)
            for path, array in entries(self.observation)
            if is_picture(array)
        }
        mode = self._env.render_mode
        if mode == "rgb_array":
            found[SCENE] = self._rendered()
        if not found:
            modes = ", ".join(self._env.metadata.get("render_modes") or ()) or "none"
            raise DeviceConfigError(
                self._device,
                f"{self._config.id} renders no arrays (its modes: {modes}; in use: {mode}) and "
                "observes no pictures.",
                "Choose one with render mode rgb_array, or a kind of observation with pictures.",
            )
        return found

    def _rendered(self) -> Image:
        image = np.asarray(self._call(self._env.render))
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise DeviceConfigError(
                self._device,
                f"{self._config.id} renders {image.dtype} of shape {image.shape}.",
                "Its render method must give an RGB picture: (H, W, 3), uint8.",
            )
        return np.array(image)

    def _success(self, first: Mapping[str, Any]) -> str:
        """What is looked at to know that the task is done; probes one step if need be."""
        if self._config.success:
            return self._config.success
        action = self._rest.reshape(self._shape).astype(self._env.action_space.dtype)
        _, _, _, _, info = self._call(self._env.step, action)
        for key in _DONE_KEYS:
            if key in first or key in info:
                return key
        raise DeviceConfigError(
            self._device,
            f"{self._config.id} does not say when the task is done: its info has "
            f"{', '.join(sorted(map(str, info))) or 'nothing'}.",
            "Set success to terminated, to one of these, or to reward with a success_reward.",
        )


def _camera_name(path: tuple[str, ...]) -> str:
    return path[-1].replace(".", "_") if path else "image"
