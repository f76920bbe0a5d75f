"""How fast and how far an environment's targets may go, in whichever unit they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.base import DeviceConfigError, Floats, JointLimits
from drivers.environments.layout import Layout, at
from drivers.environments.settings import Config

_UNBOUNDED = 1e30
"""Some environments say "unbounded" by the largest number there is."""


def rate_hz(device: str, config: Config, environment: Any) -> float:
    """Steps a second: the station's, else what the environment says.

    Raises:
        DeviceConfigError: nobody says.
    """
    rate = config.rate_hz or float(environment.metadata.get("render_fps") or 0.0)
    if rate <= 0:
        raise DeviceConfigError(
            device,
            f"{config.id} does not say how many steps a second it makes.",
            "Set rate_hz in station.toml.",
        )
    return rate


def displacements(device: str, config: Config, layout: Layout, size: int) -> Floats | None:
    """How far an action of 1 moves each component in a step, shape (A,); None if it does not.

    Raises:
        DeviceConfigError: one is 0, or nothing measures what is displaced.
    """
    if not config.delta:
        return None
    delta = spread(device, "delta", config.delta, size, ())
    if not layout.measured or not (delta != 0).all():
        raise DeviceConfigError(
            device,
            f"delta is {', '.join(f'{d:g}' for d in delta)} and position is {config.position!r}.",
            "Give displacements other than 0, and what of the observation they displace.",
        )
    return delta


def limits(
    device: str, config: Config, environment: Any, layout: Layout, names: tuple[str, ...]
) -> JointLimits:
    """The limits of the targets.

    Raises:
        DeviceConfigError: a component is unbounded, or a gripper is not in [0, 1].
    """
    size, space = len(names), environment.action_space
    low, high = np.ravel(space.low).astype(float), np.ravel(space.high).astype(float)
    delta = displacements(device, config, layout, size)
    measured = (low, high) if delta is None else _measured(environment, layout)
    lower, upper = _bounds(device, config, names, measured)
    for name, first, last in zip(names, lower, upper, strict=True):
        if name.endswith("gripper") and (first, last) != (0.0, 1.0):
            raise DeviceConfigError(
                device,
                f"{name} goes from {first:g} to {last:g}; a gripper's opening is in [0, 1].",
                "Name it otherwise in actions, or set its lower and upper to 0 and 1.",
            )
    period_s = 1.0 / rate_hz(device, config, environment)
    furthest = upper - lower if delta is None else np.maximum(abs(low), abs(high)) * abs(delta)
    velocity = spread(device, "velocity", config.velocity, size, furthest / period_s)
    quick = 2.0 * velocity / period_s
    acceleration = spread(device, "acceleration", config.acceleration, size, quick)
    return JointLimits(names, lower, upper, velocity, acceleration, config.unit)


def spread(
    device: str, key: str, given: tuple[float, ...], size: int, otherwise: Floats | tuple[()]
) -> Floats:
    """The values that ``key`` gives for A components, shape (A,): one for all, or one each.

    Raises:
        DeviceConfigError: another number of values.
    """
    values = np.asarray(given if given else otherwise, dtype=np.float64).ravel()
    if len(values) not in (1, size):
        raise DeviceConfigError(
            device,
            f"{key} has {len(values)} values; the action has {size} components.",
            "Give one for each, or one for all.",
        )
    return np.broadcast_to(values, (size,)).copy()


def _bounds(
    device: str, config: Config, names: tuple[str, ...], own: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    lower = spread(device, "lower", config.lower, len(names), own[0])
    upper = spread(device, "upper", config.upper, len(names), own[1])
    bounded = (np.abs(lower) < _UNBOUNDED) & (np.abs(upper) < _UNBOUNDED) & (lower < upper)
    if not bounded.all():
        i = int(np.argmin(bounded))
        raise DeviceConfigError(
            device,
            f"{names[i]} of {config.id} goes from {lower[i]:g} to {upper[i]:g}.",
            "Give limits that an attempt needs as lower and upper in station.toml.",
        )
    return lower, upper


def _measured(environment: Any, layout: Layout) -> tuple[Floats, Floats]:
    """Lowest and highest of what measures the action, as the observation space has it."""
    index, start, stop = layout.measured
    space = at(environment.observation_space, layout.leaves[index].path)
    low, high = np.ravel(space.low)[start:stop], np.ravel(space.high)[start:stop]
    return low.astype(np.float64), high.astype(np.float64)
