import shutil
from pathlib import Path

import pytest

from sessions.record import storage
from sessions.record.storage import EpisodeError, EpisodeWriter
from sessions.types import Outcome
from tests.sessions.record.parts import CAMERAS, DTYPE, meta, picture, steps


def leftover(folder: Path, episode: int = 1, ticks: int = 50, **ending: object) -> Path:
    writer = EpisodeWriter(folder, meta(episode), DTYPE, CAMERAS)
    if ticks:
        made = steps(0, ticks, episode)
        made["success"][-1] = bool(ending.get("success"))
        writer.append(made)
        for n in range(130):
            writer.add_frame("top", float(n), picture("top", n), sequence=n)
    outcome = ending.get("told", Outcome.RUNNING)
    assert isinstance(outcome, Outcome)
    return writer.abandon("The control process ended.", outcome)


@pytest.mark.parametrize(
    ("ending", "said", "kept"),
    [
        ({}, None, Outcome.DISCARDED),
        ({"success": True}, None, Outcome.SUCCESS),
        ({"told": Outcome.FAILURE, "success": True}, None, Outcome.FAILURE),
        ({"told": Outcome.FAILURE}, Outcome.SUCCESS, Outcome.SUCCESS),
    ],
)
def test_no_outcome_is_made_up(
    tmp_path: Path, ending: dict[str, object], said: Outcome | None, kept: Outcome
) -> None:
    final = storage.salvage(leftover(tmp_path, **ending), said)
    data = storage.read_episode(final)
    assert data.outcome is kept
    assert data.note == "The control process ended."
    assert len(data.frames["top"].t) == 130
    assert storage.read_jpeg(final, "top", 129) == picture("top", 129)


def test_an_empty_leftover_is_not_salvaged_and_can_be_moved_aside(tmp_path: Path) -> None:
    path = leftover(tmp_path, ticks=0)
    with pytest.raises(EpisodeError, match=r"holds no tick\. Move it aside"):
        storage.salvage(path)
    storage.aside(path)
    storage.aside(leftover(tmp_path, ticks=0))
    assert {p.name for p in (tmp_path / "aside").iterdir()} == {
        "000001.h5.part",
        "000001.h5.part.2",
    }
    assert storage.next_episode(tmp_path) == 2


def test_a_torn_leftover_is_listed_with_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "000004.h5.part").write_bytes(b"\x89HDF\r\n\x1a\nscribble")
    (left,) = storage.leftovers(tmp_path)
    assert (left.episode, left.ticks) == (4, 0)
    assert "torn" in left.problem
    with pytest.raises(EpisodeError, match="torn"):
        storage.salvage(Path(left.path))
    assert Path(left.path).exists()
    assert storage.next_episode(tmp_path) == 5


def test_a_salvage_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    path = leftover(tmp_path)
    shutil.copy(path, tmp_path / "000001.resumed.h5.part")
    storage.tidy(tmp_path)
    assert [p.name for p in tmp_path.glob("*.part")] == ["000001.h5.part"]
    shutil.copy(path, tmp_path / "kept")
    final = storage.salvage(path)
    (tmp_path / "kept").rename(path)  # as if killed between the rename and the removal
    storage.tidy(tmp_path)
    assert final.exists()
    assert not path.exists()


def test_a_salvage_without_room_leaves_the_leftover_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leftover(tmp_path)

    def full(descriptor: int, start: int, length: int) -> None:
        if start:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sessions.record.writer.reserve", full)
    with pytest.raises(EpisodeError, match="No space left"):
        storage.salvage(path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert len(storage.read_episode(path).steps) == 50


def test_a_salvage_that_failed_at_its_end_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = leftover(tmp_path)

    def full(path: Path) -> None:
        raise EpisodeError(path, "No space left.")

    with monkeypatch.context() as broken:
        broken.setattr("sessions.record.index.append", full)
        with pytest.raises(EpisodeError, match="No space left"):
            storage.salvage(path)
    assert path.exists()
    assert len(storage.read_episode(storage.salvage(path)).steps) == 50


def test_a_resumed_episode_goes_on_where_it_was(tmp_path: Path) -> None:
    path = leftover(tmp_path)
    writer = storage.resume(path, storage.read_episode(path))
    writer.append(steps(50, 50))
    writer.add_frame("top", 200.0, picture("top", 130), sequence=130)
    final = writer.finish(Outcome.SUCCESS)
    data = storage.read_episode(final)
    assert data.steps["tick"].tolist() == list(range(100))
    assert data.frames["top"].sequence.tolist() == list(range(131))
    assert data.note == ""
    assert [p.name for p in tmp_path.glob("*.h5*")] == ["000001.h5"]
