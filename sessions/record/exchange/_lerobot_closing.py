"""Puts written episodes together as LeRobot has them: files up to a size, tables, statistics."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from sessions.record.exchange import _lerobot_tables as tables
from sessions.record.exchange import _lerobot_video as video
from sessions.record.exchange._lerobot_own import FILE
from sessions.record.exchange._lerobot_schema import (
    CHUNK_FILES,
    DATA_MB,
    DATA_PATH,
    EPISODES_PATH,
    IMAGES,
    OWN,
    STEPS_PATH,
    VERSION,
    VIDEO_MB,
    VIDEO_PATH,
    Schema,
    features,
)
from sessions.record.exchange._lerobot_stats import Brightness, Stats, of_column
from sessions.record.exchange._lerobot_writing import (
    Part,
    data_file,
    steps_file,
    video_file,
    written,
)
from sessions.record.exchange.base import ExchangeError, Job

LONGEST_S = 1000.0
"""A video file is no longer [s]: LeRobot compares times as float32, to 1e-4 s, and beyond 1024 s a
float32 cannot tell that much apart."""

_MB = 1024 * 1024


def close(root: Path, folders: Sequence[Path], schema: Schema, robot: str, job: Job) -> None:
    """Makes the dataset in ``root`` anew from the episodes in ``folders``.

    Args:
        root: the dataset's folder; what is there is thrown away.
        folders: of the written episodes, in order.
        schema: of the dataset.
        robot: LeRobot's ``robot_type``.
        job: progress, and asked to stop between files.

    Raises:
        ExchangeError: an episode is torn, or something cannot be written.
        CancelledError: it was cancelled.
    """
    shutil.rmtree(root, ignore_errors=True)
    parts = [_whole(folder) for folder in folders]
    rows = list(_rows(parts, schema.tasks))
    for place, group in _files([data_file(f) for f in folders], DATA_MB):
        job.check()
        for path, source in ((DATA_PATH, data_file), (STEPS_PATH, steps_file)):
            tables.join([source(folders[i]) for i in group], root / path.format(**place))
        for i in group:
            rows[i].update({f"data/{key}": value for key, value in place.items()})
    for number, camera in enumerate(schema.cameras):
        _join_videos(root, folders, rows, (number, camera), schema, job)
    for row, part in zip(rows, parts, strict=True):
        row.update({"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0})
        row.update({f"dagger/{name}": value for name, value in part.labels.items()})
        for feature, stats in part.stats.items():
            row.update({f"stats/{feature}/{name}": value for name, value in stats.items()})
    tables.write_rows(root / EPISODES_PATH.format(chunk_index=0, file_index=0), rows)
    tables.write_tasks(root / "meta/tasks.parquet", schema.tasks)
    lines = b"".join(msgspec.json.encode(part.own) + b"\n" for part in parts)
    (root / OWN / FILE).write_bytes(lines)
    _write_json(root / "meta/stats.json", _all_stats(root, parts, schema, job))
    _write_json(root / "meta/info.json", _info(rows, schema, robot))


def _whole(folder: Path) -> Part:
    part = written(folder)
    if part is None:
        raise ExchangeError(f"{folder} holds no whole episode. Start the export again.")
    return part


def _rows(parts: Sequence[Part], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    first = 0
    for index, part in enumerate(parts):
        length = part.own.length
        yield {
            "episode_index": index,
            "tasks": [names[part.task]],
            "length": length,
            "dataset_from_index": first,
            "dataset_to_index": first + length,
        }
        first += length


def _files(
    paths: Sequence[Path],
    limit_mb: float,
    fits: Callable[[list[int], int], bool] = lambda group, i: True,
) -> Iterator[tuple[dict[str, int], list[int]]]:
    """Which episodes go into which file: ({chunk_index, file_index}, episodes) of each."""
    sizes = [path.stat().st_size for path in paths]
    groups: list[list[int]] = []
    for i, size in enumerate(sizes):
        group = groups[-1] if groups else []
        full = sum(sizes[j] for j in group) + size >= limit_mb * _MB
        if not group or full or not fits(group, i):
            groups.append([])
        groups[-1].append(i)
    for number, group in enumerate(groups):
        chunk, file = divmod(number, CHUNK_FILES)
        yield {"chunk_index": chunk, "file_index": file}, group


def _join_videos(
    root: Path,
    folders: Sequence[Path],
    rows: list[dict[str, Any]],
    camera: tuple[int, str],
    schema: Schema,
    job: Job,
) -> None:
    number, key = camera[0], IMAGES + camera[1]
    paths = [video_file(folder, number) for folder in folders]

    def fits(group: list[int], i: int) -> bool:
        seconds = sum(rows[j]["length"] for j in (*group, i)) / schema.fps
        return seconds <= LONGEST_S and video.joinable(paths[group[0]], paths[i])

    for place, group in _files(paths, VIDEO_MB, fits):
        job.report(group[0], len(folders), f"joining videos of {camera[1]}")
        target = root / VIDEO_PATH.format(video_key=key, **place)
        video.join([paths[i] for i in group], target, schema.fps, job)
        ticks = 0
        for i in group:
            rows[i].update({f"videos/{key}/{name}": value for name, value in place.items()})
            rows[i][f"videos/{key}/from_timestamp"] = ticks / schema.fps
            ticks += rows[i]["length"]
            rows[i][f"videos/{key}/to_timestamp"] = ticks / schema.fps


def _all_stats(root: Path, parts: Sequence[Part], schema: Schema, job: Job) -> dict[str, Stats]:
    """Over all ticks, one column at a time; of pictures over all that were looked at."""
    files = [tables.File(path) for path in sorted(root.glob("data/*/*.parquet"))]

    def whole(name: str) -> Any:
        return np.concatenate([file.arrays([name])[name] for file in files])

    found: dict[str, Stats] = {}
    for name, feature in features(schema).items():
        job.check()
        if feature["dtype"] == "video":
            camera = name.removeprefix(IMAGES)
            levels = sum(np.array(part.levels[camera], np.int64) for part in parts)
            seen = Brightness(np.asarray(levels), sum(part.pictures[camera] for part in parts))
            found[name] = seen.stats()
        else:
            flag = f"{name}_valid"
            valid = whole(flag) if flag in features(schema) else None
            found[name] = of_column(whole(name), valid)
    return found


def _info(rows: Sequence[dict[str, Any]], schema: Schema, robot: str) -> dict[str, Any]:
    return {
        "codebase_version": VERSION,
        "robot_type": robot,
        "total_episodes": len(rows),
        "total_frames": rows[-1]["dataset_to_index"],
        "total_tasks": len(schema.tasks),
        "chunks_size": CHUNK_FILES,
        "data_files_size_in_mb": DATA_MB,
        "video_files_size_in_mb": VIDEO_MB,
        "fps": schema.fps,
        "splits": {"train": f"0:{len(rows)}"},
        "data_path": DATA_PATH,
        "video_path": VIDEO_PATH if schema.cameras else None,
        "features": features(schema),
    }


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=4, ensure_ascii=False), encoding="utf-8")
