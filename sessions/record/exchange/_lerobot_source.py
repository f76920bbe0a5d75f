"""A LeRobotDataset v3.0 on disk, from wherever: what it says of itself, and where its files lie.

What is read was written by others: paths are only followed within the dataset's folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sessions.record.exchange import _lerobot_tables as tables
from sessions.record.exchange._lerobot_own import FILE
from sessions.record.exchange._lerobot_schema import (
    DATA_PATH,
    EPISODES_PATH,
    OWN,
    STEPS_PATH,
    VIDEO_PATH,
)
from sessions.record.exchange.base import ExchangeError

_FIELD = re.compile(r"\{(\w+)(?::0?(\d)d)?\}")
_CONVERTER = "python -m lerobot.scripts.convert_dataset_v21_to_v30"
_OLD_CONVERTER = "python -m lerobot.datasets.v30.convert_dataset_v21_to_v30"
_FASTEST = 1e5  # ticks a second
_NO_NUMBERS = ("video", "image", "string")


class Feature(msgspec.Struct, frozen=True):
    """One entry of ``features``.

    Attributes:
        dtype: ``video``, ``image``, ``string``, or a number's.
        shape: of one tick's.
        names: of its components; a list, or a mapping of lists.
        info: anything.
    """

    dtype: str
    shape: tuple[int, ...] = (1,)
    names: Any = None
    info: Any = None

    @property
    def width(self) -> int:
        """Components, if it is a number or a row of them; else 0."""
        return self.shape[0] if len(self.shape) == 1 and self.dtype not in _NO_NUMBERS else 0

    @property
    def values(self) -> tuple[str, ...]:
        """What the numbers of a column of ours mean; empty for another's."""
        told = self.info.get("values") if isinstance(self.info, dict) else None
        return tuple(map(str, told)) if isinstance(told, list) else ()


class Info(msgspec.Struct, frozen=True):
    """``meta/info.json``, as far as it is needed."""

    codebase_version: str
    fps: float
    features: dict[str, Feature]
    data_path: str = DATA_PATH
    video_path: str | None = VIDEO_PATH
    robot_type: str | None = None


class Dataset:
    """A dataset to read.

    Args:
        root: its folder.

    Raises:
        ExchangeError: absent, torn, or of another version.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.info = _info(root)
        self.rows = _rows(root)

    @property
    def own(self) -> bool:
        """Whether it left here."""
        return (self.root / OWN / FILE).is_file()

    @property
    def cameras(self) -> dict[str, str]:
        """By camera, the key of its pictures; depth is no picture."""
        return {
            key.removeprefix("observation.").removeprefix("images.").replace("/", "_"): key
            for key, feature in self.info.features.items()
            if feature.dtype in ("video", "image") and not _is_depth(feature)
        }

    def data(self, row: Mapping[str, Any]) -> Path:
        """The table that an episode's ticks are in.

        Raises:
            ExchangeError: its place is not within the dataset.
        """
        return self._place(self.info.data_path, row, "data")

    def steps(self, row: Mapping[str, Any]) -> Path:
        """The table of ticks as recorded, in a dataset that left here; as of ``data``."""
        return self._place(STEPS_PATH, row, "data")

    def video(self, row: Mapping[str, Any], key: str) -> tuple[Path, float]:
        """The video that an episode's pictures are in, and where in it they begin [s].

        Raises:
            ExchangeError: its place is not within the dataset.
        """
        path = self._place(self.info.video_path or VIDEO_PATH, row, f"videos/{key}", key)
        return path, number(row, f"videos/{key}/from_timestamp", self.root)

    def _place(self, template: str, row: Mapping[str, Any], of: str, key: str = "") -> Path:
        values: dict[str, Any] = {
            "video_key": key,
            "chunk_index": round(number(row, f"{of}/chunk_index", self.root)),
            "file_index": round(number(row, f"{of}/file_index", self.root)),
        }

        def filled(found: re.Match[str]) -> str:
            value = values.get(found[1], "")
            return f"{value:0{found[2]}d}" if found[2] and isinstance(value, int) else str(value)

        path = self.root / _FIELD.sub(filled, template)
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise ExchangeError(f"{self.root}: {template!r} leads out of the dataset.")
        return path


def number(row: Mapping[str, Any], key: str, root: Path) -> float:
    """A number that ``meta/episodes`` must have of an episode.

    Raises:
        ExchangeError: it has not, or it is negative.
    """
    value = row.get(key)
    if not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise ExchangeError(f"{root}/meta/episodes: {key} is {value!r}; it is torn.")
    return float(value)


def _is_depth(feature: Feature) -> bool:
    told = feature.info if isinstance(feature.info, dict) else {}
    deep = told.get("is_depth_map") or told.get("video.is_depth_map")
    return bool(deep) or len(feature.shape) != 3


def _info(root: Path) -> Info:
    path = root / "meta/info.json"
    if not path.is_file():
        raise ExchangeError(_instead(root, path))
    try:
        data = path.read_bytes()
        version = msgspec.json.decode(data, type=dict[str, Any]).get("codebase_version")
        _check_version(root, version)
        info = msgspec.json.decode(data, type=Info)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ExchangeError(f"{path} is torn ({error}).") from error
    if not 0 < info.fps < _FASTEST:
        raise ExchangeError(f"{path}: fps is {info.fps:g}, which no robot has.")
    return info


def _instead(root: Path, path: Path) -> str:
    """What is there where no dataset is, and the remedy."""
    if not root.exists():
        return f"{root}: There is no such folder. Check the path."
    if not root.is_dir():
        return f"{root} is a file. Give the folder of a LeRobotDataset, the one with meta in it."
    inside = sorted(p.parent.parent.name for p in root.glob("*/meta/info.json"))
    such = f", such as {inside[0]} in it" if inside else ""
    return f"{path} is absent. Give the folder of a LeRobotDataset{such}."


def _check_version(root: Path, version: Any) -> None:
    major = str(version).removeprefix("v").split(".")[0]
    if major == "3":
        return
    if major in ("1", "2"):
        place = root.resolve()
        raise ExchangeError(
            f"{root} is a LeRobotDataset {version}; v3.0 is read. Convert it where LeRobot is "
            f"(it keeps the old one beside it): {_CONVERTER} --repo-id={place.name} "
            f"--root={place} --push-to-hub=false; in LeRobot 0.4 {_OLD_CONVERTER} "
            f"--repo-id={place.name} --root={place.parent} --push-to-hub=false."
        )
    raise ExchangeError(f"{root} is a LeRobotDataset {version}; v3.0 is read. Update the program.")


def _rows(root: Path) -> list[dict[str, Any]]:
    """``meta/episodes`` without the statistics."""
    paths = sorted((root / "meta/episodes").glob("*/*.parquet"))
    if not paths:
        place = EPISODES_PATH.format(chunk_index=0, file_index=0)
        raise ExchangeError(f"{root / place} is absent: there are no episodes.")
    found: list[dict[str, Any]] = []
    for path in paths:
        file = tables.File(path)
        found += file.values(c for c in file.columns if not c.startswith(("stats/", "dagger/")))
    return sorted(found, key=lambda row: number(row, "episode_index", root))
