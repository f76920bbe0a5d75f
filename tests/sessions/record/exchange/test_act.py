"""ACT's files become demonstrations."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from sessions.record import jpeg
from sessions.record.catalogue import Catalogue
from sessions.record.exchange import act
from sessions.record.exchange.arriving import store
from sessions.record.exchange.base import ExchangeError
from sessions.types import Controller
from tests.sessions.record.parts import image, made_workspace


def written(path: Path, *, width: int = 14, compressed: bool = False, ticks: int = 20) -> Path:
    with h5py.File(path, "w") as file:
        file.attrs["sim"] = True
        t = np.arange(ticks)[:, None] / 50.0
        file["observations/qpos"] = (t * np.ones(width)).astype(np.float32)
        file["observations/qvel"] = np.ones((ticks, width), np.float32)
        file["action"] = (t * np.ones(width) + 0.1).astype(np.float32)
        shown = [image(i) for i in range(ticks)]
        if compressed:
            packed = [jpeg.encode(i) for i in shown]
            longest = max(map(len, packed))
            pool = np.zeros((ticks, longest), np.uint8)
            for row, data in zip(pool, packed, strict=True):
                row[: len(data)] = np.frombuffer(data, np.uint8)
            file.attrs["compress"] = True
            file["observations/images/top"] = pool
        else:
            file["observations/images/top"] = np.stack(shown)
    return path


@pytest.mark.parametrize("compressed", [False, True])
def test_a_folder_of_episodes_becomes_demonstrations_in_order(
    tmp_path: Path, compressed: bool
) -> None:
    folder = tmp_path / "task"
    folder.mkdir()
    for i, ticks in ((0, 20), (2, 25), (10, 30)):
        written(folder / f"episode_{i}.hdf5", compressed=compressed, ticks=ticks)
    space = made_workspace(tmp_path / "w")
    total, arriving = act.incoming(folder)
    stored = store(space, arriving, total)
    assert stored.counts.episodes == 3
    catalogue = Catalogue(space)
    assert [e.ticks for e in catalogue.episodes()] == [20, 25, 30]
    data = catalogue.read(2)
    assert data.meta.demo
    assert data.meta.joint_names[:2] == ("left_waist", "left_shoulder")
    assert set(data.steps["controller"]) == {Controller.DEMO}
    np.testing.assert_allclose(data.steps["sent_action"][5], 0.2, atol=1e-6)
    assert data.frame_rows("top").tolist() == list(range(25))
    total, arriving = act.incoming(folder)
    assert store(space, arriving, total).here_already == 3


def test_what_is_no_act_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="episode_"):
        act.incoming(tmp_path)
    with h5py.File(tmp_path / "x.hdf5", "w") as file:
        file["action"] = np.zeros((3, 7))
    with pytest.raises(ExchangeError, match="no ACT file"):
        next(act.incoming(tmp_path / "x.hdf5")[1])
    with pytest.raises(ExchangeError, match=r"gone\.hdf5: There is no such file"):
        next(act.incoming(tmp_path / "gone.hdf5")[1])
    path = written(tmp_path / "episode_0.hdf5")
    with h5py.File(path, "r+") as file:
        del file["action"]
        file["action"] = np.zeros((20, 7))
    _, arriving = act.incoming(path)
    with pytest.raises(ExchangeError, match=r"\(20, 7\) where"):
        next(arriving)


def test_folders_of_the_same_name_with_other_data_all_come(tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "w")
    for day, width in (("monday", 7), ("tuesday", 14)):
        folder = tmp_path / day / "task"
        folder.mkdir(parents=True)
        written(folder / "episode_0.hdf5", width=width)
        total, arriving = act.incoming(folder)
        assert store(space, arriving, total).here_already == 0
    assert len(Catalogue(space).episodes()) == 2


@pytest.mark.parametrize(
    ("place", "shape", "kind"),
    [
        ("observations/qvel", (20, 3), "f4"),
        ("observations/qpos", (10**11, 14), "f4"),
        ("observations/images/side", (20, 10**6, 10**6, 3), "u1"),
        ("observations/images/side", (19, 48, 64, 3), "u1"),
        ("observations/images/side", (20, 48, 64, 3), "f4"),
        ("observations/images/side", (20, 100), "u1"),
        ("observations/images", (10**12,), "u1"),
    ],
)
def test_a_hostile_file_is_refused_by_name_and_leaves_nothing(
    tmp_path: Path, place: str, shape: tuple[int, ...], kind: str
) -> None:
    space = made_workspace(tmp_path / "w")
    path = written(tmp_path / "episode_0.hdf5")
    with h5py.File(path, "r+") as file:
        if place in file:
            del file[place]
        file.create_dataset(place, shape, kind, chunks=(1,) * len(shape))
    total, arriving = act.incoming(path)
    with pytest.raises(ExchangeError, match=r"episode_0\.hdf5"):
        store(space, arriving, total)
    assert [p.name for p in space.episodes.glob("0*")] == []
