"""What lies where in an environment's observation: position, state, pictures; and back again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.base import DeviceConfigError, Floats, Image

LARGEST = 512
"""An entry with more numbers than this is a map or a cloud, no state: it is left out."""

_SELECTOR = re.compile(r"(?P<path>[^\[\]]*)(?:\[(?P<start>\d*):(?P<stop>\d*)\])?")


@dataclass(frozen=True)
class Leaf:
    """One entry of numbers in the observation.

    Attributes:
        path: keys from the observation to it; empty if it is the observation itself.
        shape: of its array.
        dtype: of its array.
    """

    path: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(np.prod(self.shape))

    @property
    def name(self) -> str:
        """What its numbers are called."""
        return "_".join(self.path) or "state"


@dataclass(frozen=True)
class Layout:
    """Where position and state are in an observation. Plain, so that it can travel as JSON.

    Attributes:
        leaves: entries of numbers, in the observation's order.
        measured: (index of the leaf, first, one past the last number) of what measures the action;
            empty if nothing does.
        names: of the other numbers, in their order.
    """

    leaves: tuple[Leaf, ...]
    measured: tuple[int, ...]
    names: tuple[str, ...]

    def split(self, observation: Any) -> tuple[Floats | None, Floats]:
        """The position, shape (A,), None if nothing measures it; and the others, shape (E,)."""
        position: Floats | None = None
        rest: list[Floats] = []
        for i, leaf in enumerate(self.leaves):
            numbers = np.asarray(at(observation, leaf.path), dtype=np.float64).ravel()
            if self.measured and self.measured[0] == i:
                _, start, stop = self.measured
                position = numbers[start:stop].copy()
                numbers = np.concatenate([numbers[:start], numbers[stop:]])
            rest.append(numbers)
        return position, np.concatenate(rest) if rest else np.zeros(0)

    def joined(self, position: Floats, environment: Floats) -> Any:
        """The observation again, pictures and what is no number left out."""
        whole: Any = {}
        taken = 0
        for i, leaf in enumerate(self.leaves):
            here = self.measured if self.measured and self.measured[0] == i else (i, 0, 0)
            count = leaf.size - (here[2] - here[1])
            numbers = environment[taken : taken + count]
            taken += count
            if here[2] > here[1]:
                parts = (numbers[: here[1]], position, numbers[here[1] :])
                numbers = np.concatenate(parts)
            array = numbers.astype(leaf.dtype).reshape(leaf.shape)
            if not leaf.path:
                return array
            _put(whole, leaf.path, array)
        return whole

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Layout:
        """The inverse of ``to_json``."""
        leaves = tuple(
            Leaf(tuple(leaf["path"]), tuple(leaf["shape"]), leaf["dtype"])
            for leaf in values["leaves"]
        )
        return cls(leaves, tuple(values["measured"]), tuple(values["names"]))


def at(observation: Any, path: tuple[str, ...]) -> Any:
    """The entry of a nested observation at ``path``."""
    for key in path:
        observation = observation[key]
    return observation


def laid_out(
    device: str, observation: Any, position: str, size: int, names: tuple[str, ...]
) -> Layout:
    """The layout of observations like this one.

    Args:
        device: for messages.
        observation: an array, or a dict of arrays and dicts.
        position: selects what measures the action; empty if nothing does.
        size: A.
        names: of the other numbers; made up from their entries if empty.

    Raises:
        DeviceConfigError: the selection does not fit, or there are not as many names.
    """
    leaves = tuple(
        Leaf(path, array.shape, array.dtype.str)
        for path, array in entries(observation)
        if not is_picture(array) and array.size <= LARGEST
    )
    measured = _selected(device, leaves, position, size) if position else ()
    own = tuple(_names(leaves, measured))
    if names and len(names) != len(own):
        raise DeviceConfigError(
            device,
            f"environment_names has {len(names)} names; the observation has {len(own)} other "
            "numbers.",
            f"Name as many, or none: {', '.join(own)}.",
        )
    return Layout(leaves, measured, names or own)


def entries(observation: Any) -> Iterator[tuple[tuple[str, ...], NDArray[Any]]]:
    """Every numeric array of an observation with its path, in order."""
    if isinstance(observation, dict):
        for key, value in observation.items():
            for path, array in entries(value):
                yield (str(key), *path), array
        return
    array = np.asarray(observation)
    if array.dtype.kind in "fiub" and array.ndim > 0:
        yield (), array


def is_picture(array: NDArray[Any]) -> bool:
    """Whether it is a picture: shape (H, W, 3) or (3, H, W), uint8."""
    return array.dtype == np.uint8 and array.ndim == 3 and 3 in (array.shape[2], array.shape[0])


def as_picture(array: NDArray[Any]) -> Image:
    """A picture as (H, W, 3), RGB, uint8, in its own memory."""
    upright = array if array.shape[2] == 3 else np.moveaxis(array, 0, 2)
    return np.array(upright, dtype=np.uint8, order="C")


def _selected(
    device: str, leaves: tuple[Leaf, ...], selector: str, size: int
) -> tuple[int, int, int]:
    choices = ", ".join("/".join(leaf.path) or "[0:n]" for leaf in leaves) or "none"
    match = _SELECTOR.fullmatch(selector.strip())
    path = tuple(part for part in (match["path"] if match else "").split("/") if part)
    index = next((i for i, leaf in enumerate(leaves) if leaf.path == path), -1)
    if match is None or index < 0:
        raise DeviceConfigError(
            device,
            f"position is {selector!r}, but the observation has no such entry.",
            f"Choose one of: {choices}; or [first:last] of it.",
        )
    start = int(match["start"] or 0)
    stop = min(int(match["stop"] or leaves[index].size), leaves[index].size)
    if stop - start != size:
        raise DeviceConfigError(
            device,
            f"position = {selector!r} selects {max(stop - start, 0)} numbers; the action has "
            f"{size}.",
            "Select what measures each component of the action, or leave position out.",
        )
    return index, start, stop


def _names(leaves: tuple[Leaf, ...], measured: tuple[int, ...]) -> Iterator[str]:
    for i, leaf in enumerate(leaves):
        for k in range(leaf.size):
            if measured and measured[0] == i and measured[1] <= k < measured[2]:
                continue
            yield leaf.name if leaf.size == 1 else f"{leaf.name}_{k}"


def _put(whole: dict[str, Any], path: tuple[str, ...], array: NDArray[Any]) -> None:
    for key in path[:-1]:
        whole = whole.setdefault(key, {})
    whole[path[-1]] = array
