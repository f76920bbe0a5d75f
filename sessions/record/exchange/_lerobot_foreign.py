"""Other people's LeRobotDatasets become demonstrations; interventions where they are marked.

A dataset does not say what its joints are measured in, nor whether its actions are absolute. What
is assumed is listed by ``Reader.assumptions``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sessions.record import jpeg
from sessions.record.exchange import _lerobot_tables as tables
from sessions.record.exchange import _lerobot_video as video
from sessions.record.exchange._lerobot_schema import ACTION, ENVIRONMENT, STATE
from sessions.record.exchange._lerobot_source import Dataset, number
from sessions.record.exchange._lerobot_ticks import Columns, Ticks, names
from sessions.record.exchange.arriving import Arriving
from sessions.record.exchange.base import ExchangeError
from sessions.record.layout import EpisodeMeta
from sessions.types import Controller

_JOINTS = 1000
UNITS = ("", "rad", "degrees")
_LABELS = ("controller", "intervention", "category", "outcome", "next.success")


class Reader:
    """The episodes of one dataset.

    Args:
        dataset: it.
        units: one of ``UNITS``; see ``lerobot.incoming``.

    Raises:
        ExchangeError: it has no state and action of the same joints, or ``units`` is none.
    """

    def __init__(self, dataset: Dataset, units: str = "") -> None:
        if units not in UNITS:
            raise ExchangeError(f"Units are rad or degrees, not {units!r}.")
        self.dataset, self.units = dataset, units
        self._check()
        known = dataset.info.features
        self.joints = names(known[STATE], "joint")
        self._order = self._action_order()
        self._table: tuple[tables.File, Columns] | None = None

    def assumptions(self) -> list[str]:
        """What the files do not say and is taken for granted, in words."""
        features = self.dataset.info.features
        found = []
        if not self.units:
            found.append(
                "The files do not say what joints are measured in; the values are kept as they "
                "are, of unknown unit. If they are LeRobot's degrees (use_degrees=true), give "
                "--units degrees; values from -100 to 100 need the arm's calibration, and cannot "
                "become rad here."
            )
        found.append("Actions are taken for absolute joint targets.")
        if not any(name in features for name in ("outcome", "next.success")):
            found.append("The files do not say how attempts ended; each is taken for a success.")
        taken = {STATE, ACTION, ENVIRONMENT, *self.dataset.cameras.values(), *_LABELS}
        standard = {"timestamp", "frame_index", "episode_index", "index", "task_index"}
        ours = {"policy_action", "human_action", "doubt", "velocity", "effort", "stage", "t"}
        ours |= {f"{name}_valid" for name in ours} | {"kind", "round"}
        left = sorted(set(features) - taken - standard - ours)
        if left:
            found.append(f"There is no place for {', '.join(left)}; left out.")
        return found

    def episode(self, row: dict[str, Any]) -> Arriving:
        """One episode, by its row of ``meta/episodes``.

        Raises:
            ExchangeError: torn; names the place.
        """
        place, file, rows, ticks = self._read(row)
        info, cameras, tasks = self.dataset.info, self.dataset.cameras, row.get("tasks")
        said = ticks.held[ACTION].tobytes() + ticks.held[STATE].tobytes()
        known_by = hashlib.sha256(said).hexdigest()[:16]
        meta = EpisodeMeta(
            0,
            demo=bool((ticks.controller == Controller.DEMO).all()),
            station=info.robot_type or "",
            task=str(tasks[0]) if isinstance(tasks, list) and tasks else "",
            joint_names=self.joints,
            environment_names=self._environment(),
            camera_names=tuple(cameras),
            rate_hz=info.fps,
            unit="rad" if self.units else "",
            uid=f"lerobot/{place}/{known_by}",
            source="lerobot",
        )
        steps = ticks.steps(meta)
        times = steps["t"].tolist()
        return Arriving(
            meta,
            steps,
            ticks.outcome,
            {c: self._pictures(row, key, (file, rows), times) for c, key in cameras.items()},
            tags=ticks.tags,
        )

    def _check(self) -> None:
        known, root = self.dataset.info.features, self.dataset.root
        for name in (STATE, ACTION):
            if name not in known or not known[name].width:
                raise ExchangeError(
                    f"{root} has no row of numbers called {name}; it has {', '.join(known)}."
                )
        if known[STATE].width != known[ACTION].width:
            raise ExchangeError(
                f"{root}: {ACTION} has {known[ACTION].width} components where {STATE} has "
                f"{known[STATE].width}; absolute targets of the same joints are needed. Convert "
                "the actions before importing."
            )
        if not 0 < known[STATE].width <= _JOINTS:
            raise ExchangeError(
                f"{root}: {STATE} has {known[STATE].width} components; 1 to {_JOINTS} are read."
            )

    def _action_order(self) -> list[int]:
        """Where each joint's target is in an action: some robots name them in another order."""
        called = names(self.dataset.info.features[ACTION], "joint")
        if set(called) == set(self.joints):
            return [called.index(joint) for joint in self.joints]
        return list(range(len(self.joints)))

    def _environment(self) -> tuple[str, ...]:
        feature = self.dataset.info.features.get(ENVIRONMENT)
        return names(feature, "component") if feature is not None and feature.width else ()

    def _read(self, row: dict[str, Any]) -> tuple[int, tables.File, NDArray[np.int64], Ticks]:
        """(index, file, the episode's rows in it, its columns)."""
        place = round(number(row, "episode_index", self.dataset.root))
        path = self.dataset.data(row)
        if self._table is None or self._table[0].path != path:
            file = tables.File(path)
            pictures = {k for k, f in self.dataset.info.features.items() if f.dtype == "image"}
            self._table = file, file.arrays(c for c in file.columns if c not in pictures)
        file, columns = self._table
        if missing := [n for n in (STATE, ACTION, "episode_index") if n not in columns]:
            raise ExchangeError(f"{path} has no numbers called {missing[0]}.")
        rows = np.flatnonzero(columns["episode_index"] == place)
        length = number(row, "length", self.dataset.root)
        if len(rows) != length or not len(rows):
            raise ExchangeError(f"{path}: episode {place} has {len(rows)} ticks, not {length:g}.")
        held = {name: values[rows] for name, values in columns.items()}
        for name in (STATE, ACTION):
            held[name] = held[name].reshape(len(rows), -1).astype(np.float64)
            if held[name].shape[1] != len(self.joints):
                raise ExchangeError(
                    f"{path}: {name} is {held[name].shape[1]} wide, not {len(self.joints)}."
                )
        held[ACTION] = np.ascontiguousarray(held[ACTION][:, self._order])
        features = self.dataset.info.features
        return place, file, rows, Ticks(path, features, held, self.joints, self.units)

    def _pictures(
        self,
        row: Mapping[str, Any],
        key: str,
        place: tuple[tables.File, NDArray[np.int64]],
        taken: list[float],
    ) -> Callable[[], Iterator[tuple[float, int, bytes]]]:
        """One picture a tick, taken when the tick was: the files do not say more."""
        file, rows = place
        fps = self.dataset.info.fps

        def shown() -> Iterator[NDArray[np.uint8]]:
            if self.dataset.info.features[key].dtype == "image":
                yield from (_decoded(file.path, key, data) for data in file.images(key, rows))
                return
            path, begin = self.dataset.video(row, key)
            times = [begin + i / fps for i in range(len(taken))]
            yield from video.pictures_at(path, times, 0.5 / fps)

        def read() -> Iterator[tuple[float, int, bytes]]:
            for i, image in enumerate(shown()):
                yield taken[i], i, jpeg.encode(image)

        return read


def _decoded(path: Path, key: str, data: bytes) -> NDArray[np.uint8]:
    try:
        return jpeg.decode(data)
    except ValueError as error:
        raise ExchangeError(f"{path}: {key} is torn ({error}).") from error
