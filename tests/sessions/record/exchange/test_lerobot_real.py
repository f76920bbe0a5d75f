"""Against LeRobot itself: it opens what leaves here, and what it writes comes in.

LeRobot has an environment of its own. Make one (Python 3.12), and say where it is::

    python3.12 -m venv lerobot-env && lerobot-env/bin/pip install 'lerobot[dataset]'
    LEROBOT_PYTHON=lerobot-env/bin/python python -m pytest -k lerobot_real

Tried with LeRobot 0.4.4 (torchcodec) and 0.6.1 (torchcodec and PyAV).
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sessions.record.catalogue import Catalogue
from sessions.record.exchange import lerobot
from sessions.record.exchange.arriving import store
from sessions.record.reader import FrameReader
from sessions.types import Controller
from tests.sessions.record.exchange.parts import TICKS, full_workspace, outgoing, same_episodes
from tests.sessions.record.exchange.test_lerobot import data, psnr
from tests.sessions.record.parts import made_workspace

PYTHON = os.environ.get("LEROBOT_PYTHON", "")
SCRIPT = Path(__file__).with_name("lerobot_real.py")

pytestmark = pytest.mark.skipif(not PYTHON, reason="LEROBOT_PYTHON names no environment")


def run(what: str, root: Path, cache: Path) -> dict[str, Any]:
    done = subprocess.run(
        [PYTHON, str(SCRIPT), what, str(root)],
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(cache)},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_lerobot_opens_what_leaves_here_and_sees_every_picture(tmp_path: Path) -> None:
    space = full_workspace(tmp_path / "from")
    root = tmp_path / "dataset"
    lerobot.export(outgoing(space), root)
    seen = run("read", root, tmp_path / "cache")
    assert (seen["fps"], seen["episodes"], seen["ticks"]) == (50, 3, 3 * TICKS)
    assert seen["tasks"] == ["cube to tray"]
    held = data(root)
    assert seen["intervention"] == held["intervention"].tolist()
    assert seen["category"] == held["category"].tolist()
    np.testing.assert_allclose(seen["action"], held["action"][:, 0])
    assert seen["batch"] == {
        "action": [4, 8, 7],
        "observation.images.top": [4, 2, 3, 48, 64],
        "observation.state": [4, 7],
    }
    assert seen["stats"]["q99"] == [3, 1, 1]
    np.testing.assert_allclose(seen["mean"], held["action"].mean(axis=0), rtol=1e-5)
    shown = []
    for episode in (1, 2, 3):
        was = Catalogue(space).read(episode)
        with FrameReader(was.path) as reader:
            rows = was.frame_rows("top").tolist()
            shown += [int(reader.image("top", max(row, 0))[0, 0, 0]) for row in rows]
    assert np.abs(np.array(seen["red"]) - np.array(shown)).max() <= 4


def test_what_lerobot_cut_comes_back_with_its_labels(tmp_path: Path) -> None:
    space = full_workspace(tmp_path / "from")
    lerobot.export(outgoing(space), tmp_path / "dataset")
    run("cut", tmp_path / "dataset", tmp_path / "cache")
    other = made_workspace(tmp_path / "to")
    total, arriving = lerobot.incoming(tmp_path / "dataset-cut")
    assert store(other, arriving, total).counts.episodes == 2
    was, came = Catalogue(space).read(2), Catalogue(other).read(1)
    np.testing.assert_array_equal(came.steps["controller"], was.steps["controller"])
    assert came.outcome is was.outcome
    with FrameReader(was.path) as one, FrameReader(came.path) as two:
        row = int(was.frame_rows("top")[40])
        assert psnr(one.image("top", row), two.image("top", 40)) > 30
    assert [i.category for i in Catalogue(other).interventions()][:1] == ["grasp"]


def test_what_lerobot_recorded_comes_in_and_goes_out_again(tmp_path: Path) -> None:
    root = tmp_path / "recorded"
    run("write", root, tmp_path / "cache")
    space = made_workspace(tmp_path / "to")
    total, arriving = lerobot.incoming(root, "degrees")
    stored = store(space, arriving, total)
    assert (stored.counts.ticks, stored.counts.frames) == (50, {"front": 50, "side": 50})
    second = Catalogue(space).read(2)
    assert second.meta.joint_names[-1] == "gripper"
    assert second.meta.task == "put it there"
    np.testing.assert_allclose(second.steps["position"][2, :2], np.deg2rad([2.0, 11.0]))
    np.testing.assert_allclose(second.steps["sent_action"][2, -1], 0.48, rtol=1e-6)
    human = np.flatnonzero(second.steps["controller"] == Controller.HUMAN)
    assert human.tolist() == list(range(10, 20))
    ramp = np.broadcast_to(np.linspace(0, 40, 96, dtype=np.uint8)[None, :, None], (64, 96, 3))
    with FrameReader(second.path) as reader:
        for i in (0, 7, 29):
            front = ramp.copy()
            front[..., 0] += np.uint8(4 * i)
            assert psnr(reader.image("front", i), front) > 30
            assert abs(float(reader.image("side", i).mean()) - 5 * i) < 2
    lerobot.export(outgoing(space), tmp_path / "again")
    seen = run("read", tmp_path / "again", tmp_path / "cache")
    assert (seen["fps"], seen["ticks"]) == (30, 50)
    other = made_workspace(tmp_path / "other")
    total, arriving = lerobot.incoming(tmp_path / "again")
    store(other, arriving, total)
    same_episodes(space, other, pictures=False)
