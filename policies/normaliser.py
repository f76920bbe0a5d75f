"""Statistics of named arrays, fitted once and frozen: every later round reads through the same.

Re-fitting on a small set of corrections shifts the meaning of every weight that was trained before,
so a normaliser has no update. Data beyond what was fitted is reported instead (``out_of_range``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from policies.base import CheckpointError, Floats, PolicyError, openings

FILE = "normaliser.safetensors"
OFFSET = "offset"
STD_FLOOR = 1e-2
"""Smallest standard deviation [rad, m, 1]: a joint that hardly moved in the demonstrations must not
blow its noise up (ACT's value)."""
OFFSET_STD_FLOOR = 5e-3
"""The same for offsets, whose first steps are a tick's motion: about 0.25 rad/s at 50 Hz."""


@dataclass(frozen=True)
class Statistics:
    """Of one named array, per component.

    Attributes:
        mean: shape (D,), or (H, A) for ``offset`` fitted from chunks.
        std: same shape, floored.
        low: smallest value seen, same shape.
        high: largest value seen, same shape.
    """

    mean: Floats
    std: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Normaliser:
    """Frozen statistics by array name.

    Attributes:
        statistics: by name: ``position``, ``environment_state``, ``actions``, ``offset`` and so on.
        components: what to call the components of an array in warnings; optional.
    """

    statistics: Mapping[str, Statistics]
    components: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        valid: NDArray[np.bool_] | None = None,
        components: Mapping[str, tuple[str, ...]] | None = None,
    ) -> Normaliser:
        """Fits each array over all axes but its last.

        Where both ``position`` (N, A) and ``actions`` are given, ``offset`` is fitted too: actions
        minus the position they start from, grippers left absolute. From chunks (N, H, A) it has
        shape (H, A), a scale for each step; from single actions (N, A) shape (A,).

        Args:
            arrays: by name, shape (N, D); ``actions`` (N, A) or (N, H, A).
            valid: shape (N, H), the steps of ``actions`` that exist; all if None.
            components: names of components, for warnings, and to tell grippers among joints;
                without those of ``position`` the last is taken for one.

        Raises:
            PolicyError: an array is empty or holds a value that is not finite.
        """
        found = {}
        for name, array in arrays.items():
            values = np.asarray(array, dtype=np.float64)
            if name == "actions" and valid is not None and values.ndim == 3:
                values = values[np.asarray(valid, dtype=bool)]
            found[name] = _fitted(name, values.reshape(-1, values.shape[-1]), STD_FLOOR)
        if "position" in arrays and "actions" in arrays:
            names = (components or {}).get("position")
            found[OFFSET] = _fitted_offset(arrays["position"], arrays["actions"], valid, names)
        return cls(found, dict(components or {}))

    def of(self, name: str) -> Statistics:
        """The statistics of one array.

        Raises:
            PolicyError: it was not fitted; names those that were.
        """
        if name not in self.statistics:
            raise PolicyError(
                f"The normaliser knows nothing of {name}; it was fitted to "
                f"{', '.join(sorted(self.statistics)) or 'nothing'}. Fit it on data that has it."
            )
        return self.statistics[name]

    def out_of_range(
        self, arrays: Mapping[str, NDArray[Any]], margin: float = 0.1
    ) -> tuple[str, ...]:
        """Components beyond the fitted range, as ``position.elbow`` or ``position[2]``, sorted.

        Args:
            arrays: by name, shape (D,) or (..., D); names that were not fitted are left out.
            margin: part of the fitted range by which a value may exceed it; a constant component
                has a range of its floored standard deviation.
        """
        found = []
        for name, array in arrays.items():
            known = self.statistics.get(name)
            if known is None or known.mean.ndim != 1:
                continue
            values = np.asarray(array, dtype=np.float64).reshape(-1, known.mean.size)
            slack = margin * np.maximum(known.high - known.low, known.std)
            inside = (values >= known.low - slack) & (values <= known.high + slack)
            labels = self.components.get(name, ())
            for index in np.flatnonzero(~inside.all(axis=0)):
                found.append(f"{name}.{labels[index]}" if labels else f"{name}[{index}]")
        return tuple(sorted(found))

    def save(self, folder: Path) -> None:
        """Writes ``normaliser.safetensors`` into ``folder``."""
        arrays = {
            f"{name}.{part}": np.ascontiguousarray(getattr(statistics, part))
            for name, statistics in self.statistics.items()
            for part in ("mean", "std", "low", "high")
        }
        save_file(arrays, folder / FILE, metadata={"components": json.dumps(dict(self.components))})

    @classmethod
    def load(cls, folder: Path) -> Normaliser:
        """Reads what ``save`` wrote.

        Raises:
            CheckpointError: the file is absent, torn, or holds something else.
        """
        path = folder / FILE
        try:
            with safe_open(path, framework="np") as file:
                arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                labels = json.loads((file.metadata() or {}).get("components", "{}"))
            names = {key.rpartition(".")[0] for key in arrays}
            statistics = {
                name: Statistics(*(arrays[f"{name}.{p}"] for p in ("mean", "std", "low", "high")))
                for name in sorted(names)
            }
            return cls(statistics, {name: tuple(parts) for name, parts in labels.items()})
        except (OSError, SafetensorError, KeyError, ValueError, AttributeError) as error:
            raise CheckpointError(
                f"{path} cannot be read ({error}). Choose another checkpoint or train it again."
            ) from error


def _fitted(name: str, values: Floats, floor: float) -> Statistics:
    """Statistics over the first axis."""
    if len(values) == 0:
        raise PolicyError(f"There is no {name} to fit a normaliser to. Record demonstrations.")
    if not np.isfinite(values).all():
        raise PolicyError(
            f"{int((~np.isfinite(values)).sum())} of {values.size} values of {name} are not "
            "finite. Leave those ticks out before fitting."
        )
    std = np.maximum(values.std(axis=0), floor)
    return Statistics(values.mean(axis=0), std, values.min(axis=0), values.max(axis=0))


def _fitted_offset(
    position: NDArray[Any],
    actions: NDArray[Any],
    valid: NDArray[np.bool_] | None,
    names: tuple[str, ...] | None,
) -> Statistics:
    base = np.array(position, dtype=np.float64)
    absolute = np.arange(base.shape[-1]) == base.shape[-1] - 1 if names is None else openings(names)
    base[..., absolute] = 0.0
    targets = np.asarray(actions, dtype=np.float64)
    if targets.ndim == 2:
        return _fitted(OFFSET, targets - base, OFFSET_STD_FLOOR)
    offsets = targets - base[:, None, :]
    steps: list[Statistics] = []
    for index in range(offsets.shape[1]):
        kept = offsets[:, index] if valid is None else offsets[np.asarray(valid)[:, index], index]
        # Steps beyond the end of every episode have no data; they take the last step's scale.
        if len(kept) == 0 and steps:
            steps.append(steps[-1])
        else:
            steps.append(_fitted(OFFSET, kept, OFFSET_STD_FLOOR))
    mean, std, low, high = (
        np.stack([getattr(step, part) for step in steps]) for part in ("mean", "std", "low", "high")
    )
    return Statistics(mean, std, low, high)
