"""robomimic: what it needs is there, and what left here comes back the same."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from sessions.record.catalogue import Catalogue
from sessions.record.exchange import robomimic
from sessions.record.exchange.arriving import store
from sessions.record.exchange.base import ExchangeError, Job, formats
from sessions.record.reader import FrameReader
from sessions.types import CancelledError, Controller, Outcome
from sessions.workspace import Workspace
from tests.sessions.record.exchange.parts import TICKS, full_workspace, outgoing, same_episodes
from tests.sessions.record.parts import made_workspace


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return full_workspace(tmp_path / "from")


@pytest.fixture
def exported(space: Workspace, tmp_path: Path) -> Path:
    path = tmp_path / "out.hdf5"
    robomimic.export(outgoing(space), path)
    return path


def test_the_format_is_known_by_its_files_name() -> None:
    assert "robomimic" in formats()


def test_a_trainer_finds_what_robomimic_promises(exported: Path) -> None:
    with h5py.File(exported) as file:
        assert sorted(file["data"]) == ["demo_0", "demo_1", "demo_2"]
        assert file["data"].attrs["total"] == 3 * TICKS
        assert json.loads(file["data"].attrs["env_args"])["env_name"] == "cube to tray"
        demo = file["data/demo_1"]
        assert demo.attrs["num_samples"] == TICKS
        actions = demo["actions"][:]
        assert np.abs(actions).max() <= 1.0 + 1e-9
        low, high = file["data"].attrs["action_range"]
        back = low + (actions + 1) / 2 * (high - low)
        np.testing.assert_allclose(back, demo["actions_abs"][:], atol=1e-9)
        np.testing.assert_array_equal(demo["obs/position"][1:], demo["next_obs/position"][:-1])
        assert demo["obs/top_image"].shape == (TICKS, 84, 84, 3)
        assert demo["dones"][:].tolist() == [0] * (TICKS - 1) + [1]
        assert demo["rewards"][-1] == 1
        masks = {k: [n.decode() for n in v] for k, v in file["mask"].items()}
    assert masks["demo"] == ["demo_0"]
    assert masks["round_002"] == ["demo_1", "demo_2"]
    assert masks["success"] == ["demo_0", "demo_1"]
    assert masks["category_grasp"] == masks["category_placement"] == ["demo_1"]


def test_every_tick_says_who_acted_as_edited(exported: Path) -> None:
    with h5py.File(exported) as file:
        assert set(file["data/demo_0/intv_labels"][:]) == {-1}
        modes = file["data/demo_1/intv_labels"][:]
        assert (modes[20:35] == 1).all()
        assert (modes[:20] == -10).all(), "no edge makes an intervention of what the policy did"
        assert (modes[35:40] == 0).all()
        category = file["data/demo_1/category"][:]
        names = json.loads(file["data/demo_1"].attrs["categories"])
        assert names[category[20]] == "grasp"
        assert names[category[65]] == "placement"
        assert category[45] == -1
        discarded = file["data/demo_2/intv_labels"][:]
        assert (discarded[50:75] == 0).all()


def test_out_and_in_again_is_the_same_to_the_tick_and_the_picture(
    space: Workspace, exported: Path, tmp_path: Path
) -> None:
    other = made_workspace(tmp_path / "to")
    total, arriving = robomimic.incoming(exported)
    stored = store(other, arriving, total)
    assert (stored.counts.episodes, stored.counts.ticks, stored.here_already) == (3, 3 * TICKS, 0)
    same_episodes(space, other)
    with (
        FrameReader(space.episodes / "000002.h5") as one,
        FrameReader(other.episodes / "000002.h5") as two,
    ):
        assert one.jpeg("top", 4) == two.jpeg("top", 4)
    total, arriving = robomimic.incoming(exported)
    again = store(other, arriving, total)
    assert (again.counts.episodes, again.here_already) == (0, 3)


def test_a_query_chooses_what_leaves(space: Workspace, tmp_path: Path) -> None:
    found = robomimic.export(outgoing(space, "demo=no outcome=success"), tmp_path / "x.hdf5")
    assert (found.episodes, found.interventions) == (1, 3)
    with pytest.raises(ExchangeError, match="Widen the query"):
        robomimic.export(outgoing(space, "operator=nobody"), tmp_path / "y.hdf5")


def test_a_stopped_export_goes_on_where_it_was(space: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "out.hdf5"
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 5

    with pytest.raises(CancelledError):
        robomimic.export(outgoing(space), path, Job(cancelled=stop))
    assert not path.exists()
    part = path.with_name("out.hdf5.part")
    kept = {p.name: p.stat().st_mtime_ns for p in part.glob("0*.hdf5")}
    assert kept
    with pytest.raises(ExchangeError, match="stopped export of other episodes"):
        robomimic.export(outgoing(space, "episode=1"), path)
    seen: list[dict[str, int]] = []

    def report(done: int, total: int, text: str) -> None:
        seen.append({n: (part / n).stat().st_mtime_ns for n in kept if (part / n).exists()})

    robomimic.export(outgoing(space), path, Job(report))
    assert kept in seen, "what was written stayed as it was"
    with h5py.File(path) as file:
        assert len(file["data"]) == 3
    assert not part.exists()
    with pytest.raises(ExchangeError, match="exists already"):
        robomimic.export(outgoing(space), path)


def test_an_export_that_was_killed_goes_on_and_finds_its_own_leftover(
    space: Workspace, tmp_path: Path
) -> None:
    path, part = tmp_path / "out.hdf5", tmp_path / "out.hdf5.part"
    words = ["export", "robomimic", str(space.root), str(path)]
    for awaited in ("000000.hdf5*", "000001.hdf5*", "whole.hdf5"):
        process = subprocess.Popen([sys.executable, "-m", "dagger_gui.cli", *words])
        while process.poll() is None and not any(part.glob(awaited)):
            time.sleep(0.001)
        process.kill()
        process.wait()
    for torn in part.glob("*.hdf5"):  # a power cut may leave this of what was not yet on the disk
        torn.write_bytes(torn.read_bytes()[:1000])
    other = made_workspace(tmp_path / "to")
    if not path.exists():
        robomimic.export(outgoing(space), path)
    assert not part.exists()
    total, arriving = robomimic.incoming(path)
    store(other, arriving, total)
    same_episodes(space, other)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_somebody_else_left_in_the_way_is_never_touched(
    space: Workspace, tmp_path: Path, what: str
) -> None:
    path, part = tmp_path / "out.hdf5", tmp_path / "out.hdf5.part"
    precious = part
    if what == "folder":
        part.mkdir()
        precious = part / "000000.hdf5"
    precious.write_text("precious")
    with pytest.raises(ExchangeError, match=r"is in the way\. Delete it, or choose another name"):
        robomimic.export(outgoing(space), path)
    assert precious.read_text() == "precious"


def foreign(path: Path, **changes: object) -> Path:
    """A file as robosuite's collection and robomimic's tools write it."""
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps(
            {"env_name": "Lift", "env_type": 1, "env_kwargs": {"control_freq": 25}}
        )
        demo = data.create_group("demo_0")
        t = np.linspace(0, 1, 30)
        demo["obs/robot0_joint_pos"] = np.outer(t, np.ones(7))
        demo["obs/robot0_gripper_qpos"] = np.stack([0.04 * (1 - t), -0.04 * (1 - t)], axis=1)
        demo["obs/agentview_image"] = np.full((30, 84, 84, 3), 90, np.uint8)
        demo["actions"] = np.zeros((30, 7))
        demo["actions_abs"] = np.outer(t, np.ones(8))
        demo["rewards"] = np.r_[np.zeros(29), 1.0]
        for place, value in changes.items():
            del demo[place]
            if value is not None:
                demo[place] = value
    return path


def test_a_foreign_file_with_joint_targets_becomes_demonstrations(tmp_path: Path) -> None:
    other = made_workspace(tmp_path / "to")
    total, arriving = robomimic.incoming(foreign(tmp_path / "lift.hdf5"))
    store(other, arriving, total)
    data = Catalogue(other).read(1)
    assert data.meta.rate_hz == 25
    assert data.outcome is Outcome.SUCCESS
    assert set(data.steps["controller"]) == {Controller.DEMO}
    assert data.steps["position"][0, -1] == 1.0
    assert data.steps["position"][-1, -1] == 0.0
    assert len(data.frames["agentview"].t) == 30


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actions_abs": None}, "no actions_abs"),
        ({"actions_abs": np.zeros((30, 7))}, r"actions_abs \(30, 7\)"),
    ],
)
def test_tool_deltas_are_refused_with_what_is_needed(
    tmp_path: Path, change: dict[str, object], said: str
) -> None:
    _, arriving = robomimic.incoming(foreign(tmp_path / "x.hdf5", **change))
    with pytest.raises(ExchangeError, match=said):
        next(arriving)


def test_what_is_no_such_file_is_named(tmp_path: Path) -> None:
    torn = tmp_path / "torn.hdf5"
    torn.write_bytes(foreign(tmp_path / "whole.hdf5").read_bytes()[:3000])
    with pytest.raises(ExchangeError, match=r"torn\.hdf5"):
        robomimic.incoming(torn)
    empty = tmp_path / "empty.hdf5"
    with h5py.File(empty, "w"):
        pass
    with pytest.raises(ExchangeError, match=r"empty\.hdf5"):
        robomimic.incoming(empty)


def test_files_of_the_same_name_with_other_data_all_come(tmp_path: Path) -> None:
    other = made_workspace(tmp_path / "to")
    for folder, scale in (("lift", 1.0), ("can", 0.5)):
        (tmp_path / folder).mkdir()
        actions = np.outer(np.linspace(0, scale, 30), np.ones(8))
        path = foreign(tmp_path / folder / "low_dim.hdf5", actions_abs=actions)
        for here in (0, 1):
            total, arriving = robomimic.incoming(path)
            assert store(other, arriving, total).here_already == here
    assert len(Catalogue(other).episodes()) == 2


def test_robosuites_gripper_command_becomes_an_opening(tmp_path: Path) -> None:
    actions = np.outer(np.linspace(0, 1, 30), np.ones(8))
    actions[:, -1] = np.where(np.arange(30) < 15, -1.0, 1.0)  # open, then close
    _, arriving = robomimic.incoming(foreign(tmp_path / "x.hdf5", actions_abs=actions))
    sent = next(arriving).steps["sent_action"][:, -1]
    assert (sent[0], sent[-1]) == (1.0, 0.0)


def test_modes_that_all_say_demonstration_make_one(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.hdf5")
    with h5py.File(path, "r+") as file:
        file["data/demo_0/action_modes"] = np.full(30, -1)
    _, arriving = robomimic.incoming(path)
    episode = next(arriving)
    assert episode.meta.demo
    assert set(episode.steps["controller"]) == {Controller.DEMO}


def claim(file: h5py.File, place: str, shape: tuple[int, ...], kind: str = "f8") -> None:
    """A dataset that says it is huge and holds nothing."""
    if place in file:
        del file[place]
    file.create_dataset(place, shape, kind, chunks=(1,) * len(shape))


FOREIGN = "data/demo_0"


@pytest.mark.parametrize(
    "harm",
    [
        lambda f: claim(f, f"{FOREIGN}/actions_abs", (10**11, 8)),
        lambda f: claim(f, f"{FOREIGN}/obs/robot0_joint_pos", (10**12, 7)),
        lambda f: claim(f, f"{FOREIGN}/obs/agentview_image", (30, 10**6, 10**6, 3), "u1"),
        lambda f: claim(f, f"{FOREIGN}/action_modes", (7,)),
        lambda f: claim(f, f"{FOREIGN}/obs/side_image", (30, 84, 84, 3), "f4"),
        lambda f: f[FOREIGN].create_group("obs/side_image"),
        lambda f: f[FOREIGN].create_group("rewards2").file.move("data", "elsewhere"),
    ],
)
def test_a_hostile_file_is_refused_by_name_and_place(
    tmp_path: Path, harm: Callable[[h5py.File], object]
) -> None:
    path = foreign(tmp_path / "x.hdf5")
    with h5py.File(path, "r+") as file:
        harm(file)
    with pytest.raises(ExchangeError, match=r"x\.hdf5"):
        list(robomimic.incoming(path)[1])


@pytest.mark.parametrize(
    "harm",
    [
        lambda g: g["steps"].__delitem__("controller"),
        lambda g: claim(g, "steps/position", (1, 7)),
        lambda g: claim(g, "steps/tick", (10**12,), "i8"),
        lambda g: claim(g, "steps/gate", (TICKS,)),
        lambda g: claim(g, "cameras/top/size", (10**12,), "i8"),
        lambda g: g["cameras/top/size"].__setitem__(0, -5),
        lambda g: g["cameras/top/size"].__setitem__(0, 2**40),
        lambda g: g.pop("cameras") and g.create_dataset("cameras", data=np.zeros(3)),
        lambda g: g.attrs.__setitem__("outcome", "triumph"),
        lambda g: g.attrs.__setitem__("metadata", "[" * 10000),
    ],
)
def test_what_is_damaged_in_a_file_of_ours_is_named_and_keeps_nothing_else_away(
    exported: Path, tmp_path: Path, harm: Callable[[h5py.Group], object]
) -> None:
    other = made_workspace(tmp_path / "to")
    with h5py.File(exported, "r+") as file:
        harm(file["data/demo_1/dagger"])
    total, arriving = robomimic.incoming(exported)
    stored = store(other, arriving, total)
    (why,) = stored.unreadable
    assert re.search(r"out\.hdf5.*demo_1", why)
    assert stored.episodes == (1, 2)
    assert [e.meta.uid for e in Catalogue(other).entries()] == ["uid-1", "uid-3"]
    assert list(other.episodes.glob("*.part")) == []
