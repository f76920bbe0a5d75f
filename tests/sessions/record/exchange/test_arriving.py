"""What arrives comes whole, with everything that was said of it, or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import msgspec
import numpy as np
import pytest

from sessions.record import jpeg
from sessions.record.catalogue import Catalogue
from sessions.record.edits import EditLog
from sessions.record.exchange import robomimic, workspace
from sessions.record.exchange.arriving import Arriving, Stored, store
from sessions.record.exchange.base import ExchangeError
from sessions.record.labels import Edit
from sessions.record.storage import EpisodeWriter
from sessions.types import Outcome, step_dtype
from sessions.workspace import Workspace
from tests.sessions.record.exchange.parts import full_workspace, outgoing, same_episodes
from tests.sessions.record.parts import (
    CAMERAS,
    JOINTS,
    image,
    made_workspace,
    meta,
    picture,
    steps,
)


@pytest.fixture
def theirs(tmp_path: Path) -> Workspace:
    return full_workspace(tmp_path / "theirs")


@pytest.fixture
def mine(tmp_path: Path) -> Workspace:
    return made_workspace(tmp_path / "mine")


def brought(mine: Workspace, theirs: Workspace) -> Stored:
    total, arriving = workspace.incoming(theirs.root)
    return store(mine, arriving, total)


def one(**changes: Any) -> Arriving:
    facts: dict[str, Any] = {
        "meta": meta(0, uid="x", **changes.pop("meta", {})),
        "steps": steps(0, 40),
        "outcome": Outcome.SUCCESS,
    }
    return Arriving(**{**facts, **changes})


def test_an_import_that_is_killed_after_the_labels_loses_none_of_them(
    mine: Workspace, theirs: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = EpisodeWriter.finish

    def killed(writer: EpisodeWriter, *args: Any, **options: Any) -> Path:
        if writer.meta.uid == "uid-2":
            raise KeyboardInterrupt
        return finish(writer, *args, **options)

    with monkeypatch.context() as dying:
        dying.setattr(EpisodeWriter, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            brought(mine, theirs)
    assert [e.episode for e in Catalogue(mine).episodes()] == [1]
    assert brought(mine, theirs).counts.episodes == 3
    assert [e.episode for e in Catalogue(mine).episodes()] == [1, 3, 4, 5]
    assert workspace.conflicts(mine, theirs.root) == []
    log = EditLog(theirs.episodes, writable=True)
    log.add("outcome", 2, 4, -1, "success")  # ``same_episodes`` leaves the discarded one out
    EditLog(mine.episodes, writable=True).add("outcome", 2, 5, -1, "success")
    same_episodes(theirs, mine)


def test_what_a_killed_import_left_half_written_is_no_leftover_and_not_in_the_way(
    mine: Workspace, theirs: Workspace
) -> None:
    half = mine.episodes / "000001.resumed.h5.part"
    half.write_bytes(b"half")
    assert brought(mine, theirs).counts.episodes == 4
    assert not half.exists()


def test_a_number_that_was_ever_labelled_is_not_given_to_another_episode(mine: Workspace) -> None:
    EditLog(mine.episodes, writable=True).add("outcome", 2, 7, -1, "failure")
    assert store(mine, iter([one()]), 1).episodes == (8,)


@pytest.mark.parametrize("way", ["workspace", "robomimic"])
def test_what_is_known_of_each_picture_comes_too(mine: Workspace, tmp_path: Path, way: str) -> None:
    theirs = made_workspace(tmp_path / "theirs")
    fields = step_dtype(len(JOINTS), 3, 1)
    writer = EpisodeWriter(theirs.episodes, meta(1, camera_names=("top",)), fields, ("top",))
    writer.append(steps(0, 50, dtype=fields))
    for n in range(30):
        writer.add_frame(
            "top",
            100.0 + n / 30,
            jpeg.encode(image(n)),
            sequence=n,
            received_t=100.01 + n / 30,
            flags=n % 3,
        )
    writer.finish(Outcome.SUCCESS, note="It was salvaged.")
    if way == "workspace":
        brought(mine, theirs)
    else:
        robomimic.export(outgoing(theirs), tmp_path / "x.hdf5")
        total, arriving = robomimic.incoming(tmp_path / "x.hdf5")
        store(mine, arriving, total)
    was, found = Catalogue(theirs).read(1), Catalogue(mine).read(1)
    for name in ("t", "received_t", "sequence", "flags"):
        was_so, is_so = (getattr(d.frames["top"], name) for d in (was, found))
        np.testing.assert_array_equal(was_so, is_so)
    assert found.note == "It was salvaged."


def backwards(made: np.ndarray) -> None:
    made["t"][10] = 0.0


def endless(made: np.ndarray) -> None:
    made["t"][-1] = np.inf


def stranger(made: np.ndarray) -> None:
    made["controller"][5] = 77


@pytest.mark.parametrize(
    ("changes", "change", "said"),
    [
        ({"meta": {"rate_hz": 0.0}}, None, "rate of 0.0 Hz"),
        ({"meta": {"joint_names": JOINTS[:3]}}, None, "no ticks"),
        ({"meta": {"lower": (0.0,)}}, None, "limits of other joints"),
        ({"steps": steps(0, 0)}, None, "no ticks"),
        ({}, backwards, "not in order"),
        ({}, endless, "not in order"),
        ({}, stranger, "controller"),
        ({"edits": (Edit(1, "paint", 0, value="red"),)}, None, "edit 1"),
        ({"edits": (Edit(1, "outcome", 0, value="triumph"),)}, None, "edit 1"),
    ],
)
def test_what_could_not_be_worked_with_afterwards_is_refused_and_leaves_nothing(
    mine: Workspace,
    changes: dict[str, Any],
    change: Callable[[np.ndarray], None] | None,
    said: str,
) -> None:
    arriving = one(**changes)
    if change is not None:
        change(arriving.steps)
    with pytest.raises(ExchangeError, match=said):
        store(mine, iter([arriving]), 1)
    assert Catalogue(mine).episodes() == []
    assert list(mine.episodes.glob("*.part")) == []
    assert store(mine, iter([one()]), 1).episodes == (1,)


def test_a_merge_leaves_the_other_workspace_as_it_was(mine: Workspace, theirs: Workspace) -> None:
    (theirs.episodes / "index.msgpack").unlink()
    before = sorted(p.name for p in theirs.root.rglob("*"))
    workspace.conflicts(mine, theirs.root)
    brought(mine, theirs)
    assert workspace.conflicts(mine, theirs.root) == []
    assert sorted(p.name for p in theirs.root.rglob("*")) == before


def test_edits_in_a_file_from_elsewhere_that_make_no_sense_come_nowhere(
    mine: Workspace, theirs: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "x.hdf5"
    robomimic.export(outgoing(theirs, "episode=2"), path)
    bad = msgspec.json.encode([{"id": 1, "kind": "edges", "round": 0, "value": "{}}"}]).decode()
    with h5py.File(path, "r+") as file:
        file["data/demo_0/dagger"].attrs["edits"] = bad
    total, arriving = robomimic.incoming(path)
    with pytest.raises(ExchangeError, match="cannot be read"):
        store(mine, arriving, total)
    assert EditLog(mine.episodes, writable=True).labels().shapes == {}


def test_pictures_that_stop_coming_leave_nothing(mine: Workspace) -> None:
    def torn() -> Any:
        yield 100.0, 0, picture("top", 0)
        raise ExchangeError("torn at frame 1")

    with pytest.raises(ExchangeError, match="frame 1"):
        store(mine, iter([one(frames=dict.fromkeys(CAMERAS, torn))]), 1)
    assert [p.name for p in mine.episodes.glob("0*")] == []
