"""LeRobotDataset v3.0, out and in (LeRobot 0.4 and later open it as it is).

Out: a folder with ``data`` (parquet, a row group an episode), ``videos`` (H.264, a picture a tick)
and ``meta``. Beside LeRobot's own columns stand controller, intervention, kind, category, outcome,
both proposals, doubt, stage, round and the measured time; demonstrations have the same ones. What
LeRobot has no place for is in ``meta/dagger``, so that what left here comes back tick by tick.

In: what left here as it was; any other v3.0 dataset with a state and an action of the same joints
as demonstrations, or with interventions where it has a column of that name.

Source of the layout: LeRobot 0.4.4 and 0.6.1, ``lerobot/datasets``.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

from sessions.record import layout
from sessions.record.exchange import _leftover
from sessions.record.exchange._lerobot_schema import Schema, common, even, task_of
from sessions.record.exchange.arriving import Arriving
from sessions.record.exchange.base import Counts, ExchangeError, Job, Outgoing
from sessions.workspace import Workspace

SUFFIX = ""
UNITS = ("rad", "degrees")
"""What ``units`` may say of another's dataset."""

_NEEDS = ("av", "pyarrow")


def losses(outgoing: Outgoing) -> list[str]:
    """What a LeRobot reader, or an import here, will not see as it is.

    Raises:
        ExchangeError: nothing leaves, or its episodes do not fit into one dataset.
    """
    schema = common(outgoing)
    found = [
        f"LeRobot wants tick i at i / {schema.fps} s: that is timestamp. When it really was is t.",
        "States and actions are 32 bits wide for LeRobot; as recorded they are in meta/dagger.",
        "Where there was no proposal or doubt the column is zero and <name>_valid is false.",
        "LeRobot sees what the edits made, not the edits; those are in meta/dagger.",
    ]
    if schema.rate_hz != schema.fps:
        found.insert(
            0,
            f"The control rate is {schema.rate_hz:g} Hz and LeRobot knows whole numbers: it is "
            f"called {schema.fps}, so LeRobot's seconds are not quite seconds.",
        )
    if schema.cameras:
        found += [
            "Pictures become video (H.264, half the colours): they come back much alike, not the "
            "same.",
            "Each tick has the newest picture it knew; pictures that no tick knew are left out.",
        ]
    found += [
        f"{camera}: an even size is needed; {size[1]}x{size[0]} is padded by one."
        for camera, size in schema.cameras.items()
        if even(size) != size
    ]
    found += [
        f"{camera} never took a picture; it is left out."
        for camera in outgoing.catalogue.meta(outgoing.episodes[0].episode).camera_names
        if camera not in schema.cameras
    ]
    return found


def export(outgoing: Outgoing, destination: Path, job: Job | None = None) -> Counts:
    """Writes a dataset; goes on with one that was stopped, episode by episode.

    Args:
        outgoing: what leaves.
        destination: the folder; it appears under this name when it is whole.
        job: progress and cancelling.

    Returns:
        What was found on reading it again, videos decoded to the last picture.

    Raises:
        CancelledError: it was cancelled; a later call with the same selection goes on.
        ExchangeError: the folder exists, nothing leaves, its episodes do not fit into one dataset,
            or it was not read back as written.
        OSError: the destination's folder cannot be made.
    """
    _need()
    from sessions.record.exchange._lerobot_closing import close

    job = job or Job()
    schema = common(outgoing)
    part = _leftover.begun(destination, outgoing)
    total = len(outgoing)
    try:
        folders = _episodes(part, outgoing, schema, job)
        whole = part / "whole"
        job.report(total, total, "putting the episodes together")
        close(whole, folders, schema, _robot(outgoing), job)
        job.report(total, total, "reading it again")
        found = counts(whole, job)
        _verify(outgoing, schema, found, part)
        whole.replace(destination)
    except OSError as error:
        raise ExchangeError(f"{part} cannot be written ({error}). Free some space.") from error
    shutil.rmtree(part, ignore_errors=True)
    job.report(total, total, "")
    return found


def counts(root: Path, job: Job | None = None) -> Counts:
    """What a dataset of ours holds, by reading all of it; pictures are decoded.

    Raises:
        ExchangeError: it is torn, or none of ours.
        CancelledError: it was cancelled.
    """
    _need()
    from sessions.record.exchange._lerobot_reading import counted

    return counted(root, job or Job())


def incoming(source: Path, units: str = "") -> tuple[int, Iterator[Arriving]]:
    """The episodes of a dataset: how many, and each.

    Args:
        source: the dataset's folder, the one with ``meta`` in it.
        units: what another's joints are measured in, which its files do not say: ``rad``, or
            ``degrees`` (grippers 0 to 100 then, as LeRobot has them); empty keeps the values, of
            unknown unit.

    Raises:
        ExchangeError: torn, no v3.0 dataset, or nothing in it can be used; names the place.
    """
    _need()
    from sessions.record.exchange._lerobot_reading import episodes

    return episodes(source, units)


def conflicts(workspace: Workspace, source: Path, units: str = "") -> list[str]:
    """What the files do not say and an import takes for granted, in words; empty for our own.

    Raises:
        ExchangeError: as of ``incoming``.
    """
    _need()
    from sessions.record.exchange._lerobot_reading import doubts

    return doubts(source, units)


def _need() -> None:
    missing = [name for name in _NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise ExchangeError(
            f"LeRobot's format needs {' and '.join(missing)}. Install the extra: "
            "pip install 'dagger-gui[video]'."
        )


def _episodes(part: Path, outgoing: Outgoing, schema: Schema, job: Job) -> list[Path]:
    """Writes those episodes that are not written yet; the folders of all."""
    from sessions.record.exchange._lerobot_writing import write, written

    folders: list[Path] = []
    first = 0
    metas = {e.meta.episode: e.meta for e in outgoing.catalogue.entries()}
    stale = False  # what follows counts its ticks on from another episode
    for done, summary in enumerate(outgoing.episodes):
        job.check()
        job.report(done, len(outgoing), f"attempt {summary.episode}")
        place, meta = len(folders), metas[summary.episode]
        folder = part / "episodes" / f"{place:06d}"
        with outgoing.passing_over(summary):
            held = written(folder)
            stale = stale or (held is not None and held.own.meta.uid != layout.identity(meta))
            if held is None or stale:
                task = schema.tasks.index(task_of(outgoing, meta))
                write(folder, outgoing.read(summary), schema, (place, first, task), job)
            folders.append(folder)
            first += summary.ticks
    outgoing.check_any()
    return folders


def _robot(outgoing: Outgoing) -> str:
    meta = outgoing.catalogue.meta(outgoing.episodes[0].episode)
    return meta.station or layout.FORMAT


def _verify(outgoing: Outgoing, schema: Schema, found: Counts, part: Path) -> None:
    meant = outgoing.counts
    meant = Counts(
        meant.episodes,
        meant.ticks,
        dict.fromkeys(schema.cameras, meant.ticks),
        meant.interventions,
    )
    if wrong := meant.differences(found):
        raise ExchangeError(f"{part}: not read back as written: {'; '.join(wrong)}.")
