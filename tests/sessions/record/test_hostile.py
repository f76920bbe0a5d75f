"""Files that are wrong in any way bring a sentence that names them, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions.config import Station, Task
from sessions.record import index, jpeg, layout
from sessions.record.catalogue import Catalogue
from sessions.record.layout import EpisodeError
from sessions.record.quality import measure
from sessions.record.reader import FrameReader, counts, read_episode
from sessions.record.storage import EpisodeWriter
from sessions.types import Outcome
from sessions.verify import Verification
from tests.sessions.record.parts import CAMERAS, DTYPE, image, made_workspace, meta, steps


def written(folder: Path) -> Path:
    writer = EpisodeWriter(folder, meta(), DTYPE, CAMERAS)
    writer.append(steps(0, 40))
    for i in range(20):
        for camera in CAMERAS:
            writer.add_frame(camera, 100 + i / 30, jpeg.encode(image(i)), sequence=i)
    return writer.finish(Outcome.SUCCESS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("whole"))


PLACES = (
    *("committed", "t", "tick", "controller", "doubt", "actions", "obs", "obs/position"),
    *("cameras", "cameras/top", "cameras/top/jpeg", "cameras/top/offset", "cameras/top/size"),
    *("cameras/wrist/t", "cameras/wrist/flags"),
)

WRONG: list[Any] = [
    None,
    np.zeros(3),
    np.zeros((40, 2, 2), np.int32),
    np.array([b"words", b"words"]),
    np.full(40, -1, np.int64),
    np.full(40, 2**62, np.int64),
    np.full(40, np.nan),
    "a text",
    "group",
]


def everything(path: Path) -> None:
    """What the program does with an episode; every fault must be a sentence with the file."""
    for act in (counts, read_episode, _pictures, _measured):
        try:
            act(path)
        except EpisodeError as error:
            assert path.name in str(error)  # noqa: PT017


def _pictures(path: Path) -> None:
    with FrameReader(path) as reader:
        for camera in CAMERAS:
            for i in (0, 7, 19):
                reader.image(camera, i)


def _measured(path: Path) -> None:
    measure(read_episode(path))


@given(place=st.sampled_from(PLACES), wrong=st.sampled_from(range(len(WRONG))))
@settings(max_examples=80, deadline=None)
def test_any_dataset_may_be_missing_or_of_another_kind(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, place: str, wrong: int
) -> None:
    path = tmp_path_factory.mktemp("one") / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        del file[place]
        value = WRONG[wrong]
        if isinstance(value, str) and value == "group":
            file.create_group(place)
        elif value is not None:
            file[place] = value
    everything(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("metadata", "{"),
        ("metadata", 7),
        ("metadata", '{"episode": "one"}'),
        ("layout", "two"),
        ("layout", 99),
        ("format", b"\xff\xfe"),
        ("outcome", 200),
        ("outcome", "won"),
    ],
)
def test_any_attribute_may_be_wrong(whole: Path, tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs[name] = value
    everything(path)
    with pytest.raises(EpisodeError, match="000001"):
        read_episode(path)


@given(st.binary(max_size=300), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_any_bytes_behind_the_end_are_passed_over(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, tail: bytes, cut: int
) -> None:
    path = tmp_path_factory.mktemp("tail") / "000001.h5"
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) - cut] + tail)
    entry = index.examine(path, 1)
    assert entry.problem or entry.ticks == 40


def test_a_lying_summary_is_no_more_than_a_cache(whole: Path, tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    path = space.episodes / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with path.open("ab") as file:
        own = msgspec.msgpack.encode({"version": 4, "layout": 1, "entry": {"size": "big"}})
        file.write(own + len(own).to_bytes(8, "little") + b"dagger-1")
    assert [e.ticks for e in Catalogue(space).episodes()] == [40]


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "a/b", "", ".", "..", "x\0y"])
def test_a_name_that_leads_elsewhere_is_never_written_nor_read(
    whole: Path, tmp_path: Path, name: str
) -> None:
    hostile = meta(camera_names=(name,))
    with pytest.raises(EpisodeError, match="no name of a camera"):
        EpisodeWriter(tmp_path, hostile, DTYPE)
    path = tmp_path / "000001.h5"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["metadata"] = msgspec.json.encode(hostile).decode()
    with pytest.raises(EpisodeError):
        read_episode(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["000001.h5"]
    with pytest.raises(ValueError, match="is no name"):
        Station(name="x", robot={}, cameras={name: {}})
    with pytest.raises(ValueError, match="taxonomy is"):
        Task(name="x", taxonomy=name)


def test_strange_file_names_in_the_folder_are_no_episodes(whole: Path, tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    for name in ("x.h5", "-1.h5", "0000001e9.h5", "000000.h5", "..h5", "000002.h5.old"):
        (space.episodes / name).write_bytes(whole.read_bytes())
    (space.episodes / "000003.h5").mkdir()
    assert [e.episode for e in Catalogue(space).episodes()] == []
    outcome = Verification(space).run()
    assert all(f.level in ("bad", "notice", "good") for f in outcome.findings)
    assert layout.episode_number(Path("000012.h5")) == 12
