"""LeRobotDataset v3.0: laid out as LeRobot has it, and what left here comes back the same."""

import importlib.util
import json
import random
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest

from sessions.record import jpeg
from sessions.record.catalogue import Catalogue
from sessions.record.exchange import _lerobot_closing, _lerobot_video, lerobot
from sessions.record.exchange.arriving import Arriving, store
from sessions.record.exchange.base import ExchangeError, Job, formats
from sessions.record.marks import Kind
from sessions.record.reader import FrameReader, read_episode
from sessions.record.storage import EpisodeWriter
from sessions.types import CancelledError, Controller, Outcome
from sessions.workspace import Workspace
from tests.sessions.record.exchange.parts import TICKS, full_workspace, outgoing, same_episodes
from tests.sessions.record.parts import CAMERAS, DTYPE, JOINTS, image, made_workspace, meta, steps

TOP = "observation.images.top"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return full_workspace(tmp_path_factory.mktemp("lerobot") / "from")


@pytest.fixture(scope="module")
def exported(space: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lerobot") / "dataset"
    lerobot.export(outgoing(space), path)
    return path


@pytest.fixture
def copied(exported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(exported, tmp_path / "copied"))


def data(root: Path) -> dict[str, np.ndarray[Any, Any]]:
    table = pq.read_table(root / "data/chunk-000/file-000.parquet")
    return {name: np.array(table.column(name).to_pylist()) for name in table.column_names}


def info(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "meta/info.json").read_text())
    return found


def values(root: Path, name: str) -> list[str]:
    found: list[str] = info(root)["features"][name]["info"]["values"]
    return found


def psnr(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    error = np.mean((one.astype(float) - other.astype(float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def one_episode(root: Path, count: int = 20, size: tuple[int, int] = (48, 64), **facts: Any) -> Any:
    space = made_workspace(root)
    writer = EpisodeWriter(space.episodes, meta(1, uid="one", **facts), DTYPE, CAMERAS)
    made = steps(0, count)
    writer.append(made)
    for i, t in enumerate(sorted(set(made["frame_t"][:, 0].tolist()))):
        writer.add_frame("top", t, jpeg.encode(image(i, *size)), sequence=i)
    writer.finish(Outcome.SUCCESS)
    return space


def test_the_format_is_known_by_its_files_name() -> None:
    assert formats()["lerobot"] is lerobot


def test_the_folder_is_laid_out_as_lerobot_has_it(exported: Path) -> None:
    assert sorted(str(p.relative_to(exported)) for p in exported.rglob("*") if p.is_file()) == [
        "data/chunk-000/file-000.parquet",
        "meta/dagger/episodes.jsonl",
        "meta/dagger/steps/chunk-000/file-000.parquet",
        "meta/episodes/chunk-000/file-000.parquet",
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.parquet",
        f"videos/{TOP}/chunk-000/file-000.mp4",
        "videos/observation.images.wrist/chunk-000/file-000.mp4",
    ]
    told = info(exported)
    features = told.pop("features")
    assert told == {
        "codebase_version": "v3.0",
        "robot_type": "simulated",
        "total_episodes": 3,
        "total_frames": 3 * TICKS,
        "total_tasks": 1,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": 50,
        "splits": {"train": "0:3"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    }
    assert features["action"]["names"] == list(JOINTS)
    assert (features[TOP]["dtype"], features[TOP]["shape"]) == ("video", [48, 64, 3])
    # LeRobot's policies take every name that begins so for something to see or do.
    assert {n for n in features if n.startswith(("observation", "action"))} == {
        *("observation.state", "action", "observation.environment_state"),
        *(TOP, "observation.images.wrist"),
    }
    tasks = pq.read_table(exported / "meta/tasks.parquet")
    assert tasks.column("task").to_pylist() == ["cube to tray"]
    assert json.loads(tasks.schema.metadata[b"pandas"])["index_columns"] == ["task"]


def test_the_table_holds_what_info_says_and_one_row_group_an_episode(exported: Path) -> None:
    file = pq.ParquetFile(exported / "data/chunk-000/file-000.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(3)] == [TICKS] * 3
    told = {k: f for k, f in info(exported)["features"].items() if f["dtype"] != "video"}
    assert set(file.schema_arrow.names) == set(told)
    kinds = {"float32": "float", "float64": "double"}
    for name, feature in told.items():
        kind = file.schema_arrow.field(name).type
        if feature["shape"] != [1]:
            assert kind.list_size == feature["shape"][0], name
            kind = kind.value_type
        assert str(kind) == kinds.get(feature["dtype"], feature["dtype"]), name
    held = data(exported)
    assert held["index"].tolist() == list(range(3 * TICKS))
    assert held["episode_index"].tolist() == [i // TICKS for i in range(3 * TICKS)]
    np.testing.assert_allclose(held["timestamp"], held["frame_index"] / 50, atol=1e-6)
    episodes = pq.read_table(exported / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [e["dataset_from_index"] for e in episodes] == [0, TICKS, 2 * TICKS]
    assert [e[f"videos/{TOP}/to_timestamp"] for e in episodes] == [1.8, 3.6, 5.4]
    assert episodes[1]["tasks"] == ["cube to tray"]
    assert (episodes[1]["dagger/object"], episodes[2]["dagger/outcome"]) == ("blue cube", "failure")
    assert np.shape(episodes[0][f"stats/{TOP}/mean"]) == (3, 1, 1)


def test_every_tick_says_who_acted_and_what_was_said_of_it(
    space: Workspace, exported: Path
) -> None:
    held = data(exported)
    second = {name: column[TICKS : 2 * TICKS] for name, column in held.items()}
    assert not second["intervention"][:20].any(), "its edge is at 15, but the policy drove"
    assert second["intervention"][20:35].all()
    assert not held["intervention"][:TICKS].any()
    named = np.array([*values(exported, "category"), ""])[second["category"]]
    assert (named[20], named[65], named[45]) == ("grasp", "placement", "")
    kind = np.array(values(exported, "kind"))[held["kind"]]
    assert set(kind[:TICKS]) == {Kind.DEMO}
    assert (kind[TICKS + 20], kind[TICKS + 30]) == (Kind.RECOVERY, Kind.CORRECTION)
    driver = np.array(values(exported, "controller"))[held["controller"]]
    assert (driver[0], driver[TICKS], driver[TICKS + 20]) == ("demo", "policy", "human")
    ended = np.array(values(exported, "outcome"))[held["outcome"]]
    assert ended[::TICKS].tolist() == ["success", "success", "failure"]
    was = Catalogue(space).read(2).steps
    np.testing.assert_array_equal(second["action"], was["sent_action"].astype(np.float32))
    known = ~np.isnan(was["policy_action"]).any(axis=1)
    np.testing.assert_array_equal(second["policy_action_valid"], known)
    assert not second["policy_action"][~known].any()
    np.testing.assert_allclose(second["t"], was["t"] - was["t"][0])


def test_statistics_are_those_of_all_ticks_and_of_valid_ones(exported: Path) -> None:
    stats = json.loads((exported / "meta/stats.json").read_text())
    held = data(exported)
    assert set(stats) == set(info(exported)["features"])
    action = held["action"].astype(np.float64)
    np.testing.assert_allclose(stats["action"]["mean"], action.mean(axis=0))
    np.testing.assert_allclose(stats["action"]["q99"], np.quantile(action, 0.99, axis=0))
    assert stats["action"]["count"] == [3 * TICKS]
    valid = held["policy_action"][held["policy_action_valid"]]
    np.testing.assert_allclose(stats["policy_action"]["min"], valid.min(axis=0))
    shown = np.array(stats[TOP]["max"])
    assert shown.shape == (3, 1, 1)
    assert 0.1 < shown[0, 0, 0] < 0.6


def test_out_and_in_again_is_the_same_to_the_tick_and_the_pictures_much_alike(
    space: Workspace, exported: Path, tmp_path: Path
) -> None:
    other = made_workspace(tmp_path / "to")
    total, arriving = lerobot.incoming(exported)
    assert total == 3
    stored = store(other, arriving, total)
    assert (stored.counts.episodes, stored.counts.ticks) == (3, 3 * TICKS)
    same_episodes(space, other, pictures=False)
    for number in (1, 2, 3):
        was, came = Catalogue(space).read(number), Catalogue(other).read(number)
        for camera in CAMERAS:
            shown = was.frame_rows(camera)
            again = came.frame_rows(camera)
            assert (again >= 0).tolist() == (shown >= 0).tolist()
            assert came.frames[camera].t[again].tolist() == was.frames[camera].t[shown].tolist()
            sequence = came.frames[camera].sequence[again].tolist()
            assert sequence == was.frames[camera].sequence[shown].tolist()
            with FrameReader(was.path) as one, FrameReader(came.path) as two:
                for row in (0, 33, TICKS - 1):
                    before = one.image(camera, int(shown[row]))
                    assert psnr(before, two.image(camera, int(again[row]))) > 35
    total, arriving = lerobot.incoming(exported)
    again_stored = store(other, arriving, total)
    assert (again_stored.counts.episodes, again_stored.here_already) == (0, 3)
    assert lerobot.conflicts(other, exported) == []


def test_a_query_chooses_what_leaves(space: Workspace, exported: Path, tmp_path: Path) -> None:
    found = lerobot.export(outgoing(space, "demo=no outcome=success"), tmp_path / "x")
    assert (found.episodes, found.interventions, found.frames["top"]) == (1, 3, TICKS)
    with pytest.raises(ExchangeError, match="Widen the query"):
        lerobot.export(outgoing(space, "operator=nobody"), tmp_path / "y")
    with pytest.raises(ExchangeError, match="exists already"):
        lerobot.export(outgoing(space), exported)


def test_a_stopped_export_goes_on_where_it_was(space: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "out"
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 5

    with pytest.raises(CancelledError):
        lerobot.export(outgoing(space), path, Job(cancelled=stop))
    part = tmp_path / "out.part"
    assert not path.exists()
    kept = part / "episodes/000000/episode.json"
    at = kept.stat().st_mtime_ns
    with pytest.raises(ExchangeError, match="stopped export of other episodes"):
        lerobot.export(outgoing(space, "episode=1"), path)
    said: list[str] = []

    def report(done: int, total: int, text: str) -> None:
        said.append(text)
        if text == "reading it again":
            assert kept.stat().st_mtime_ns == at

    found = lerobot.export(outgoing(space), path, Job(report=report))
    assert found.frames == {"top": 3 * TICKS, "wrist": 3 * TICKS}
    assert "attempt 3" in said
    assert not part.exists()


def test_nothing_that_is_in_the_way_is_thrown_away(space: Workspace, tmp_path: Path) -> None:
    (tmp_path / "out.part").mkdir()
    (tmp_path / "out.part/mine").write_text("x")
    with pytest.raises(ExchangeError, match="in the way"):
        lerobot.export(outgoing(space), tmp_path / "out")
    assert (tmp_path / "out.part/mine").read_text() == "x"


@pytest.mark.parametrize("limit", ["size", "length"])
def test_a_full_file_is_followed_by_another(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    if limit == "size":
        monkeypatch.setattr(_lerobot_closing, "DATA_MB", 1e-3)
        monkeypatch.setattr(_lerobot_closing, "VIDEO_MB", 1e-3)
        monkeypatch.setattr(_lerobot_closing, "CHUNK_FILES", 2)
    else:
        monkeypatch.setattr(_lerobot_closing, "LONGEST_S", 2.0)
    root = tmp_path / "out"
    lerobot.export(outgoing(space), root)
    names = sorted(str(p.relative_to(root / "videos" / TOP)) for p in root.rglob(f"{TOP}/**/*.mp4"))
    last = "chunk-001/file-000.mp4" if limit == "size" else "chunk-000/file-002.mp4"
    assert names == ["chunk-000/file-000.mp4", "chunk-000/file-001.mp4", last]
    assert len(list(root.glob("data/*/*.parquet"))) == (3 if limit == "size" else 1)
    other = made_workspace(tmp_path / "to")
    total, arriving = lerobot.incoming(root)
    store(other, arriving, total)
    same_episodes(space, other, pictures=False)


def test_what_does_not_fit_into_one_dataset_is_refused_by_attempt(tmp_path: Path) -> None:
    space = one_episode(tmp_path / "w")
    for facts, said in (
        ({"rate_hz": 30.0}, "control rate"),
        ({"camera_names": ("a", "b")}, "a, b"),
    ):
        writer = EpisodeWriter(space.episodes, meta(2, uid="two", **facts), DTYPE, ())
        writer.append(steps(0, 10))
        path = writer.finish(Outcome.SUCCESS)
        with pytest.raises(ExchangeError, match=rf"Attempt 2.*{said}.*Export them apart"):
            lerobot.export(outgoing(space), tmp_path / "x")
        path.unlink()


def test_odd_sizes_unseen_cameras_and_broken_rates_are_told_and_done(tmp_path: Path) -> None:
    space = one_episode(tmp_path / "w", size=(47, 61), rate_hz=62.5)
    said = " ".join(lerobot.losses(outgoing(space)))
    for part in ("61x47 is padded", "wrist never took a picture", "62.5 Hz", "meta/dagger"):
        assert part in said
    lerobot.export(outgoing(space), tmp_path / "out")
    told = info(tmp_path / "out")
    assert (told["fps"], told["features"][TOP]["shape"]) == (62, [48, 62, 3])
    assert "observation.images.wrist" not in told["features"]
    other = made_workspace(tmp_path / "to")
    total, arriving = lerobot.incoming(tmp_path / "out")
    store(other, arriving, total)
    same_episodes(space, other, pictures=False)
    with FrameReader(other.episodes / "000001.h5") as reader:
        assert reader.image("top", 0).shape == (47, 61, 3)
        assert psnr(reader.image("top", 5), image(5, 47, 61)) > 35


def test_pictures_before_the_first_one_are_it_and_of_another_size_are_refused(
    tmp_path: Path,
) -> None:
    space = one_episode(tmp_path / "w", count=10)
    writer = EpisodeWriter(space.episodes, meta(2, uid="two"), DTYPE, CAMERAS)
    made = steps(0, 10)
    made["frame_t"][:4] = np.nan
    writer.append(made)
    writer.add_frame("wrist", float(made["frame_t"][4, 1]), jpeg.encode(image(9)), sequence=1)
    path = writer.finish(Outcome.SUCCESS)
    root = tmp_path / "out"
    lerobot.export(outgoing(space), root)
    video = root / "videos/observation.images.wrist/chunk-000/file-000.mp4"
    shown = list(_lerobot_video.pictures_at(video, [i / 50 for i in range(20)], 0.01))
    assert not shown[5].any()  # the first attempt has none: black
    assert psnr(shown[10], image(9)) > 35
    total, arriving = lerobot.incoming(root)
    other = made_workspace(tmp_path / "to")
    store(other, arriving, total)
    came = Catalogue(other).read(2)
    assert came.frame_rows("wrist").tolist() == [-1] * 4 + [0] * 6
    path.unlink()
    writer = EpisodeWriter(space.episodes, meta(2, uid="two"), DTYPE, CAMERAS)
    writer.append(made)
    writer.add_frame("top", float(made["frame_t"][4, 0]), jpeg.encode(image(9, 24, 32)), sequence=1)
    writer.finish(Outcome.SUCCESS)
    with pytest.raises(ExchangeError, match="Attempt 2: a picture of top is 32x24"):
        lerobot.export(outgoing(space), tmp_path / "again")


def test_an_export_that_is_not_read_back_as_written_is_refused(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    join = _lerobot_video.join
    monkeypatch.setattr(
        _lerobot_video, "join", lambda parts, target, fps, job: join(parts[:1], target, fps, job)
    )
    with pytest.raises(ExchangeError, match=f"{3 * TICKS} pictures of top, read {TICKS}"):
        lerobot.export(outgoing(space), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_its_libraries_the_format_says_what_to_install(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ExchangeError, match=r"av and pyarrow.*dagger-gui\[video\]"):
        lerobot.export(outgoing(space), tmp_path / "out")
    assert lerobot.losses(outgoing(space))


def everything(root: Path) -> None:
    """Reads a dataset to its last picture."""
    total, arriving = lerobot.incoming(root)
    read: Iterator[Arriving] = arriving
    for episode in read:
        for frames in episode.frames.values():
            assert sum(1 for _ in frames()) > 0
    assert total > 0


FILES = (
    "data/chunk-000/file-000.parquet",
    "meta/dagger/episodes.jsonl",
    "meta/dagger/steps/chunk-000/file-000.parquet",
    "meta/episodes/chunk-000/file-000.parquet",
    "meta/info.json",
    f"videos/{TOP}/chunk-000/file-000.mp4",
)


def _refused(space: Workspace, source: Path) -> str:
    """Why not everything of a torn dataset comes in."""
    try:
        return store(space, lerobot.incoming(source)[1], 3).unreadable[0]
    except ExchangeError as error:  # nothing of it does
        return str(error)


@pytest.mark.parametrize("name", FILES)
def test_a_torn_file_is_named_and_nothing_is_left_half(
    copied: Path, tmp_path: Path, name: str
) -> None:
    path = copied / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    named = path.name if path.suffix != ".jsonl" else "episodes"
    with pytest.raises(ExchangeError, match=named):
        lerobot.counts(copied)
    if not name.startswith("data"):  # what left here comes back from meta/dagger
        space = made_workspace(tmp_path / "to")
        assert re.search(named, _refused(space, copied))
        assert list(space.episodes.glob("*.part")) == []
    path.unlink()
    with pytest.raises(ExchangeError, match=named):
        lerobot.counts(copied)


@pytest.mark.parametrize("name", FILES[1:])
def test_flipped_bits_are_read_or_refused_but_never_crash(copied: Path, name: str) -> None:
    path = copied / name
    whole = path.read_bytes()
    chance = random.Random(7)
    said: list[str] = []
    for _ in range(12):
        torn = bytearray(whole)
        for _ in range(chance.choice((1, 30))):
            torn[chance.randrange(len(torn))] ^= 1 << chance.randrange(8)
        path.write_bytes(torn)
        try:
            everything(copied)
        except ExchangeError as error:
            said.append(str(error))
    assert said
    assert all(str(copied) in s for s in said)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("video_path", "../../{video_key}.mp4", "leads out"),
        ("video_path", "/etc/passwd", "leads out"),
        ("codebase_version", "v2.1", "convert_dataset_v21_to_v30 --repo-id=copied"),
        ("codebase_version", "v4.0", "Update the program"),
        ("codebase_version", None, "v3.0 is read"),
        ("fps", "fast", r"info\.json is torn"),
        ("features", [], r"info\.json is torn"),
    ],
)
def test_hostile_or_foreign_info_is_refused(
    copied: Path, place: str, value: object, said: str
) -> None:
    (copied / "meta/info.json").write_text(json.dumps({**info(copied), place: value}))
    with pytest.raises(ExchangeError, match=said):
        everything(copied)


def test_a_dataset_whose_episodes_were_changed_is_not_taken_for_what_left(copied: Path) -> None:
    lines = copied / "meta/dagger/episodes.jsonl"
    kept = lines.read_bytes().splitlines(keepends=True)
    lines.write_bytes(b"".join(kept[1:]))
    with pytest.raises(ExchangeError, match="If it was edited, delete"):
        lerobot.incoming(copied)
    first = msgspec.json.decode(kept[0])
    first["outcome"] = "splendid"
    lines.write_bytes(msgspec.json.encode(first) + b"\n" + b"".join(kept[1:]))
    with pytest.raises(ExchangeError, match="'splendid' is no outcome"):
        everything(copied)


def test_what_lerobots_tools_made_of_an_export_keeps_its_labels(
    space: Workspace, copied: Path, tmp_path: Path
) -> None:
    shutil.rmtree(copied / "meta/dagger")  # as LeRobot's cutting and merging leave it
    other = made_workspace(tmp_path / "to")
    total, arriving = lerobot.incoming(copied)
    store(other, arriving, total)
    mine, theirs = Catalogue(space), Catalogue(other)
    for number in (1, 2, 3):
        was, came = mine.read(number), theirs.read(number)
        assert (came.outcome, came.meta.demo) == (was.outcome, number == 1)
        for name in ("controller", "stage"):
            np.testing.assert_array_equal(came.steps[name], was.steps[name])
        for name in ("doubt", "policy_action", "human_action", "sent_action", "velocity"):
            np.testing.assert_allclose(came.steps[name], was.steps[name], rtol=1e-6)
        np.testing.assert_allclose(np.diff(came.steps["t"]), np.diff(was.steps["t"]), atol=1e-9)
        assert came.frame_rows("top").tolist() == list(range(TICKS))
    assert [i.category for i in theirs.interventions() if i.episode == 2] == ["grasp", "placement"]
    assert set(theirs.read(1).steps["controller"]) == {Controller.DEMO}


def test_what_is_known_of_each_picture_and_why_it_was_salvaged_comes_back(tmp_path: Path) -> None:
    space = made_workspace(tmp_path / "from")
    writer = EpisodeWriter(space.episodes, meta(uid="one"), DTYPE, CAMERAS)
    writer.append(steps(0, 40))
    for i, t in enumerate(sorted(set(steps(0, 40)["frame_t"][:, 0].tolist()))):
        late = float("nan") if i == 3 else t + 0.02
        for camera in CAMERAS:
            picture = jpeg.encode(image(i))
            writer.add_frame(camera, t, picture, sequence=i, received_t=late, flags=i % 3)
    before = read_episode(writer.finish(Outcome.SUCCESS, note="It was salvaged."))
    lerobot.export(outgoing(space), tmp_path / "out")
    other = made_workspace(tmp_path / "to")
    store(other, lerobot.incoming(tmp_path / "out")[1], 1)
    after = Catalogue(other).read(1)
    assert after.note == "It was salvaged."
    for camera in CAMERAS:
        for name in ("t", "received_t", "sequence", "flags"):
            one, two = (getattr(data.frames[camera], name) for data in (before, after))
            np.testing.assert_array_equal(one, two)
