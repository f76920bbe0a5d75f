"""Other people's LeRobotDatasets become demonstrations, and say what they do not say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sessions.record import jpeg
from sessions.record.catalogue import Catalogue
from sessions.record.exchange import _lerobot_video, lerobot
from sessions.record.exchange.arriving import store
from sessions.record.exchange.base import ExchangeError, Job
from sessions.record.reader import EpisodeData, FrameReader
from sessions.types import Controller, Outcome
from tests.sessions.record.exchange.test_lerobot import psnr
from tests.sessions.record.parts import image, made_workspace

FPS = 30
LENGTHS = (20, 25)
JOINTS = ["shoulder_pan.pos", "elbow_flex.pos", "gripper.pos"]
FRONT = "observation.images.front"


def foreign(root: Path, *, state: Any = JOINTS, action: Any = JOINTS, **more: Any) -> Path:
    """A dataset as LeRobot's recording writes it, both episodes in one row group.

    ``more`` are columns over all ticks (their dtype is told by info.json), or entries of info.json.
    """
    total = sum(LENGTHS)
    columns = {k: v for k, v in more.items() if isinstance(v, np.ndarray)}
    row = np.concatenate([np.arange(n) for n in LENGTHS])
    joint = np.stack([90.0 + row, -row.astype(float), 50.0 + row], axis=1).astype(np.float32)
    shape = {"names": ["height", "width", "channels"]}
    told = {
        "codebase_version": "v3.0",
        "robot_type": "so101_follower",
        "fps": FPS,
        "features": {
            "observation.state": {"dtype": "float32", "shape": [3], "names": state},
            "action": {"dtype": "float32", "shape": [3], "names": action},
            FRONT: {"dtype": "video", "shape": [48, 64, 3], **shape},
            "observation.images.side": {"dtype": "image", "shape": [48, 64, 3], **shape},
            "observation.images.depth": {
                **{"dtype": "video", "shape": [48, 64, 1], **shape},
                "info": {"is_depth_map": True},
            },
            **{k: {"dtype": str(v.dtype), "shape": [1]} for k, v in columns.items()},
        },
        **{k: v for k, v in more.items() if k not in columns},
    }
    (root / "meta").mkdir(parents=True)
    (root / "meta/info.json").write_text(json.dumps(told))
    side = [jpeg.encode(image(i)) for i in range(total)]
    table = {
        "observation.state": pa.FixedSizeListArray.from_arrays(pa.array(joint.ravel()), 3),
        "action": pa.FixedSizeListArray.from_arrays(pa.array((joint + 1).ravel()), 3),
        "episode_index": pa.array(np.repeat([0, 1], LENGTHS)),
        "observation.images.side": pa.array([{"bytes": b, "path": "x.jpg"} for b in side]),
        **{k: pa.array(v) for k, v in columns.items()},
    }
    episodes = [
        {
            **{"episode_index": i, "length": LENGTHS[i], "tasks": ["put it there"]},
            **{"data/chunk_index": 0, "data/file_index": 0},
            **{f"videos/{FRONT}/chunk_index": 0, f"videos/{FRONT}/file_index": 0},
            f"videos/{FRONT}/from_timestamp": [0.0, LENGTHS[0] / FPS][i],
        }
        for i in (0, 1)
    ]
    for name, made in (
        ("data/chunk-000/file-000.parquet", pa.table(table)),
        ("meta/episodes/chunk-000/file-000.parquet", pa.Table.from_pylist(episodes)),
    ):
        (root / name).parent.mkdir(parents=True)
        pq.write_table(made, root / name)
    video = root / f"videos/{FRONT}/chunk-000/file-000.mp4"
    video.parent.mkdir(parents=True)
    _lerobot_video.encode(video, FPS, (48, 64), (image(2 * i) for i in range(total)), Job())
    return root


def brought(root: Path, to: Path, units: str = "") -> list[EpisodeData]:
    space = made_workspace(to)
    total, arriving = lerobot.incoming(root, units)
    stored = store(space, arriving, total)
    catalogue = Catalogue(space)
    return [catalogue.read(number) for number in stored.episodes]


def test_a_recorded_dataset_becomes_demonstrations(tmp_path: Path) -> None:
    first, second = brought(foreign(tmp_path / "so101"), tmp_path / "to")
    assert first.meta.demo
    assert (first.meta.rate_hz, first.meta.station) == (30, "so101_follower")
    assert first.meta.task == "put it there"
    assert first.meta.joint_names == ("shoulder_pan", "elbow_flex", "gripper")
    assert first.meta.camera_names == ("front", "side")
    assert (len(first.steps), len(second.steps)) == LENGTHS
    assert first.outcome is Outcome.SUCCESS
    assert set(first.steps["controller"]) == {Controller.DEMO}
    np.testing.assert_allclose(second.steps["position"][3], [93, -3, 53])
    np.testing.assert_allclose(second.steps["sent_action"][3], [94, -2, 54])
    np.testing.assert_allclose(second.steps["velocity"][3], [30, -30, 30])
    assert np.isnan(second.steps["policy_action"]).all()
    np.testing.assert_array_equal(second.steps["human_action"], second.steps["sent_action"])
    assert np.isnan(second.steps["doubt"]).all()
    assert set(second.steps["stage"]) == {-1}
    np.testing.assert_allclose(second.steps["t"], np.arange(25) / 30)
    assert second.frame_rows("front").tolist() == list(range(25))
    with FrameReader(second.path) as reader:
        assert psnr(reader.image("front", 5), image(2 * 25)) > 35
        assert psnr(reader.image("side", 5), image(25)) > 35


def test_it_comes_only_once(tmp_path: Path) -> None:
    root = foreign(tmp_path / "so101")
    brought(root, tmp_path / "to")
    total, arriving = lerobot.incoming(root)
    space = made_workspace(tmp_path / "other")
    assert store(space, arriving, total).here_already == 0
    total, arriving = lerobot.incoming(root.rename(tmp_path / "renamed"))
    assert store(space, arriving, total).here_already == 2


def test_units_are_taken_from_whoever_knows_and_else_kept_and_told(tmp_path: Path) -> None:
    root = foreign(tmp_path / "so101")
    first, _ = brought(root, tmp_path / "degrees", "degrees")
    np.testing.assert_allclose(first.steps["position"][0], [np.pi / 2, 0, 0.5])
    assert first.meta.unit == "rad"
    assert brought(root, tmp_path / "kept")[0].meta.unit == "", "nobody knows"
    np.testing.assert_allclose(
        first.steps["human_action"][0], [np.deg2rad(91), np.deg2rad(1), 0.51]
    )
    space = made_workspace(tmp_path / "to")
    said = " ".join(lerobot.conflicts(space, root))
    for part in (
        "--units degrees",
        "-100 to 100",
        "absolute",
        "success",
        "observation.images.depth",
    ):
        assert part in said
    assert "--units degrees" not in " ".join(lerobot.conflicts(space, root, "degrees"))
    with pytest.raises(ExchangeError, match="rad or degrees, not 'furlongs'"):
        lerobot.incoming(root, "furlongs")


def test_joints_are_matched_by_name_whatever_way_they_are_named(tmp_path: Path) -> None:
    turned = foreign(tmp_path / "turned", action={"motors": [JOINTS[1], JOINTS[0], JOINTS[2]]})
    first, _ = brought(turned, tmp_path / "to")
    np.testing.assert_allclose(first.steps["sent_action"][0], [1, 91, 51])
    nameless = foreign(tmp_path / "nameless", state=None, action=None)
    first, _ = brought(nameless, tmp_path / "again")
    assert first.meta.joint_names == ("joint_1", "joint_2", "joint_3")


def test_lerobots_own_interventions_and_successes_are_understood(tmp_path: Path) -> None:
    helped = np.zeros(sum(LENGTHS), np.bool_)
    helped[25:35] = True
    success = np.zeros(sum(LENGTHS), np.bool_)
    success[19] = True
    root = foreign(tmp_path / "dagger", intervention=helped, **{"next.success": success})
    first, second = brought(root, tmp_path / "to")
    assert (first.outcome, second.outcome) == (Outcome.SUCCESS, Outcome.FAILURE)
    assert not second.meta.demo
    assert np.flatnonzero(second.steps["controller"] == Controller.HUMAN).tolist() == [
        *range(5, 15)
    ]
    assert np.isnan(second.steps["human_action"][0]).all()
    np.testing.assert_allclose(second.steps["policy_action"][0], second.steps["sent_action"][0])
    space = made_workspace(tmp_path / "x")
    assert "success" not in " ".join(lerobot.conflicts(space, root))


@pytest.mark.parametrize(
    ("feature", "told", "said"),
    [
        ("action", {"dtype": "float32", "shape": [7]}, "has 7 components where observation.state"),
        ("action", None, "no row of numbers called action; it has observation.state"),
        ("observation.state", {"dtype": "image", "shape": [3, 4, 5]}, "no row of numbers"),
        ("observation.state", {"dtype": "float32", "shape": [2**40]}, "components"),
    ],
)
def test_what_cannot_be_joint_targets_is_refused(
    tmp_path: Path, feature: str, told: dict[str, Any] | None, said: str
) -> None:
    root = foreign(tmp_path / "x")
    info = json.loads((root / "meta/info.json").read_text())
    info["features"][feature] = told
    if told is None:
        del info["features"][feature]
    (root / "meta/info.json").write_text(json.dumps(info))
    with pytest.raises(ExchangeError, match=said):
        lerobot.incoming(root)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"info\.json is absent"):
        lerobot.incoming(tmp_path)
    root = foreign(tmp_path / "x")
    (root / f"videos/{FRONT}/chunk-000/file-000.mp4").unlink()
    space = made_workspace(tmp_path / "to")
    with pytest.raises(ExchangeError, match=rf"{FRONT}.*mp4 cannot be opened"):
        store(space, lerobot.incoming(root)[1], 2)
    (root / "data/chunk-000/file-000.parquet").unlink()
    with pytest.raises(ExchangeError, match=r"data.*parquet cannot be read"):
        next(lerobot.incoming(root)[1])
    for path in root.glob("meta/episodes/*/*"):
        path.unlink()
    with pytest.raises(ExchangeError, match="there are no episodes"):
        lerobot.incoming(root)


def test_a_column_that_means_nothing_or_a_short_episode_is_refused(tmp_path: Path) -> None:
    root = foreign(tmp_path / "x", controller=np.full(sum(LENGTHS), 9))
    path = root / "meta/info.json"
    info = json.loads(path.read_text())
    info["features"]["controller"]["info"] = {"values": ["hold", "policy"]}
    path.write_text(json.dumps(info))
    with pytest.raises(ExchangeError, match="controller has a number beyond its 2 values"):
        next(lerobot.incoming(root)[1])
    table = root / "meta/episodes/chunk-000/file-000.parquet"
    rows = pq.read_table(table).to_pylist()
    rows[0]["length"] = 400
    pq.write_table(pa.Table.from_pylist(rows), table)
    with pytest.raises(ExchangeError, match="episode 0 has 20 ticks, not 400"):
        next(lerobot.incoming(root)[1])


def test_a_video_that_ends_early_is_refused_at_its_time(tmp_path: Path) -> None:
    root = foreign(tmp_path / "x")
    video = root / f"videos/{FRONT}/chunk-000/file-000.mp4"
    _lerobot_video.encode(video, FPS, (48, 64), (image(i) for i in range(30)), Job())
    _, arriving = lerobot.incoming(root)
    assert len(list(next(arriving).frames["front"]())) == 20
    with pytest.raises(ExchangeError, match=r"no picture at 1\.000 s"):
        list(next(arriving).frames["front"]())


def test_pictures_of_a_dataset_that_are_none_are_refused(tmp_path: Path) -> None:
    root = foreign(tmp_path / "x")
    path = root / "data/chunk-000/file-000.parquet"
    table = pq.read_table(path)
    place = table.schema.get_field_index("observation.images.side")
    for bytes_, said in ((b"no picture", "side is torn"), (b"", "has no picture in row 0")):
        column = pa.array([{"bytes": bytes_, "path": ""}] * table.num_rows)
        pq.write_table(table.set_column(place, "observation.images.side", column), path)
        with pytest.raises(ExchangeError, match=said):
            list(next(lerobot.incoming(root)[1]).frames["side"]())
