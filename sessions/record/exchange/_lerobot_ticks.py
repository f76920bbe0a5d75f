"""Columns of a LeRobotDataset as ticks: what is there is taken, what is not is filled in honestly.

The columns that ``lerobot.export`` writes are understood wherever they are, so that an export that
LeRobot's tools cut or merged keeps its labels; ``intervention`` alone is LeRobot's own (0.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.record.exchange._lerobot_schema import ACTION, ENVIRONMENT, STATE
from sessions.record.exchange._lerobot_source import Feature
from sessions.record.exchange.base import ExchangeError
from sessions.record.layout import EpisodeMeta
from sessions.types import Controller, Outcome, segments, step_dtype

_FULL_GRIPPER = 100.0  # LeRobot's grippers go from 0 to this where its joints are in degrees

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Ticks:
    """One episode's columns.

    Attributes:
        place: where they are from, for what is said when they are torn.
        features: of the dataset.
        held: by name, shape (T,) or (T, n); state and action are (T, A), in the same order.
        joints: names of the A components.
        units: ``degrees``, or anything else to keep the values.
    """

    place: Path
    features: Mapping[str, Feature]
    held: Columns
    joints: tuple[str, ...]
    units: str = ""

    def __len__(self) -> int:
        """How many ticks, T."""
        return len(self.held[STATE])

    @property
    def controller(self) -> NDArray[np.uint8]:
        """Shape (T,), who drove; a demonstration where nothing says otherwise.

        Raises:
            ExchangeError: a number means nothing.
        """
        ours = self._coded("controller")
        if ours is not None:
            known = [Controller.__members__.get(n.upper(), 0) for n in self._values("controller")]
            return np.array(known, np.uint8)[ours]
        human = self._scalars("intervention")
        if human is None:
            return np.full(len(self), Controller.DEMO, np.uint8)
        return np.where(human > 0, Controller.HUMAN, Controller.POLICY).astype(np.uint8)

    @property
    def outcome(self) -> Outcome:
        """How it ended; a success where nothing says otherwise.

        Raises:
            ExchangeError: a number means nothing.
        """
        ours = self._coded("outcome")
        if ours is not None:
            found = Outcome.__members__.get(self._values("outcome")[ours[-1]].upper())
            return Outcome.SUCCESS if found in (None, Outcome.RUNNING) else Outcome(found)
        success = self._scalars("next.success")
        good = success is None or bool((success > 0).any())
        return Outcome.SUCCESS if good else Outcome.FAILURE

    @property
    def tags(self) -> tuple[tuple[int, str], ...]:
        """(first row, category) of each intervention that has one."""
        category, names = self._scalars("category"), self._values("category")
        if category is None:
            return ()
        driven = np.zeros(len(self), step_dtype(0, 0, 0))
        driven["controller"] = self.controller
        found = []
        for segment in segments(driven, 0):
            inside = category[segment.start : segment.stop]
            told = inside[(inside >= 0) & (inside < len(names))]
            if segment.controller is Controller.HUMAN and len(told):
                found.append((segment.start, names[int(told[0])]))
        return tuple(found)

    def steps(self, meta: EpisodeMeta) -> NDArray[Any]:
        """Shape (T,) of ``step_dtype`` for the meta's joints, environment and cameras.

        Raises:
            ExchangeError: a number means nothing.
        """
        joints, count = len(self.joints), len(self)
        fields = step_dtype(joints, len(meta.environment_names), len(meta.camera_names))
        steps = np.zeros(count, fields)
        steps["tick"] = np.arange(count)
        steps["t"] = steps["deadline"] = self._times(meta.rate_hz)
        steps["frame_t"] = steps["t"][:, None]
        steps["position"] = self._converted(self.held[STATE])
        steps["sent_action"] = self._converted(self.held[ACTION])
        if count > 1:
            steps["velocity"] = np.gradient(steps["position"], axis=0) * meta.rate_hz
        for name, column in (
            ("velocity", "" if self.units else "velocity"),
            ("effort", "effort"),
            ("environment_state", ENVIRONMENT),
        ):
            if column in self.held and self.held[column].size == steps[name].size:
                steps[name] = self.held[column].reshape(steps[name].shape)
        steps["input_t"] = np.nan
        doubt, stage = self._scalars("doubt"), self._scalars("stage")
        steps["doubt"] = np.nan if doubt is None else np.where(self._valid("doubt"), doubt, np.nan)
        steps["stage"] = -1 if stage is None else np.clip(stage, -1, 127)
        steps["controller"] = self.controller
        self._propose(steps)
        return steps

    def _times(self, rate_hz: float) -> NDArray[np.float64]:
        """As measured, where there is such a column; else as LeRobot counts."""
        measured = self._scalars("t")
        if measured is not None and bool((np.diff(measured) > 0).all()):
            return np.asarray(measured, np.float64)
        return np.arange(len(self)) / rate_hz

    def _propose(self, steps: NDArray[Any]) -> None:
        """Both proposals; where no column has them, whoever drove proposed what was sent."""
        human = np.isin(steps["controller"], (Controller.HUMAN, Controller.DEMO))
        policy = steps["controller"] == Controller.POLICY
        for name, acted in (("human_action", human), ("policy_action", policy)):
            values, known = steps["sent_action"], acted
            if name in self.held and self.held[name].size == values.size:
                own = self.held[name].reshape(values.shape).astype(np.float64)
                values, known = self._converted(own), self._valid(name)
            steps[name] = np.where(known[:, None], values, np.nan)

    def _converted(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.units != "degrees":
            return values
        gripper = np.array(["gripper" in joint.lower() for joint in self.joints])
        return np.where(gripper, values / _FULL_GRIPPER, np.deg2rad(values))

    def _scalars(self, name: str) -> NDArray[Any] | None:
        values = self.held.get(name)
        whole = values is not None and values.size == len(self)
        return values.reshape(len(self)) if whole and values is not None else None

    def _valid(self, name: str) -> NDArray[np.bool_]:
        flag = self._scalars(f"{name}_valid")
        return np.ones(len(self), np.bool_) if flag is None else flag > 0

    def _values(self, name: str) -> tuple[str, ...]:
        return self.features[name].values if name in self.features else ()

    def _coded(self, name: str) -> NDArray[np.int64] | None:
        """A column of ours whose numbers ``values`` explains; None if there is none."""
        codes, values = self._scalars(name), self._values(name)
        if not values or codes is None:
            return None
        if not ((codes >= 0) & (codes < len(values))).all():
            raise ExchangeError(
                f"{self.place}: {name} has a number beyond its {len(values)} values."
            )
        return codes.astype(np.int64)


def names(feature: Feature, otherwise: str) -> tuple[str, ...]:
    """Names of the components; LeRobot's are a list, or lists by group (motors)."""
    given = feature.names
    if isinstance(given, dict):
        given = [name for group in given.values() if isinstance(group, list) for name in group]
    if isinstance(given, list) and len(given) == feature.width == len(set(map(str, given))):
        return tuple(str(name).removesuffix(".pos") for name in given)
    return tuple(f"{otherwise}_{i + 1}" for i in range(feature.width))
