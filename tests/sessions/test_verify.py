"""Everything in a workspace is re-read; what is wrong is named, what can be mended is."""

import threading
from pathlib import Path

import h5py
import pytest

from sessions.record import checksums, jpeg
from sessions.record.disk import RecordingError, WorkspaceLock
from sessions.record.edits import EditLog
from sessions.record.layout import EpisodeError
from sessions.record.storage import EpisodeWriter
from sessions.types import CancelledError, Outcome
from sessions.verify import Verification, in_words
from sessions.workspace import Workspace
from tests.sessions.record.parts import CAMERAS, DTYPE, image, made_workspace, meta, steps


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """Three episodes with pictures, and one edit."""
    made = made_workspace(tmp_path / "w")
    for number in (1, 2, 3):
        write(made, number)
    EditLog(made.episodes, writable=True).add("tag", 2, 1, 0, "grasp")
    return made


def write(space: Workspace, number: int) -> Path:
    writer = EpisodeWriter(space.episodes, meta(number), DTYPE, CAMERAS)
    writer.append(steps(0, 60, number))
    for i in range(30):
        for camera in CAMERAS:
            writer.add_frame(camera, 100 + i / 30, jpeg.encode(image(i)), sequence=i)
    path = writer.finish(Outcome.SUCCESS)
    for thread in threading.enumerate():
        if thread.name.startswith("checksum"):
            thread.join()
    return path


def found(space: Workspace, **options: bool) -> dict[str, tuple[str, str]]:
    outcome = Verification(space, **options).run()
    return {f.path.name: (f.level, f.text) for f in outcome.worth_saying}


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(data)


def test_a_whole_workspace_has_nothing_worth_saying(space: Workspace) -> None:
    outcome = Verification(space).run()
    assert outcome.worth_saying == ()
    assert (outcome.episodes, outcome.ticks, outcome.frames) == (3, 180, 180)
    assert "Everything is whole" in in_words(outcome)


def test_a_changed_bit_is_noticed_even_where_the_file_can_be_read(space: Workspace) -> None:
    path = space.episodes / "000002.h5"
    place = path.read_bytes().index(jpeg.encode(image(7))) + 300
    flip(path, place)
    level, text = found(space)["000002.h5"]
    assert level == "bad"
    assert "not those that were saved" in text or "torn" in text
    assert set(found(space)) == {"000002.h5"}


def test_a_truncated_file_is_named_and_moved_aside_on_request_only(space: Workspace) -> None:
    path = space.episodes / "000003.h5"
    path.write_bytes(path.read_bytes()[:5000])
    assert found(space)["000003.h5"][0] == "bad"
    assert path.exists()
    assert found(space, repair=True)["000003.h5"][0] == "repaired"
    assert not path.exists()
    assert (space.episodes / "aside" / "000003.h5").exists()
    assert found(space) == {}


def test_a_missing_checksum_is_added_after_every_picture_was_decoded(space: Workspace) -> None:
    (space.episodes / checksums.FILE).unlink()
    assert {v[0] for v in found(space).values()} == {"notice"}
    assert {v[0] for v in found(space, repair=True).values()} == {"repaired"}
    assert found(space) == {}


def test_what_a_crash_tore_is_mended(space: Workspace) -> None:
    edits = space.episodes / "edits.jsonl"
    whole = edits.read_bytes()
    edits.write_bytes(whole + b'{"id": 2, "kind": "ta')
    (space.rounds / "001.json.new").write_text("{")
    assert {n: v[0] for n, v in found(space).items()} == {
        "edits.jsonl": "notice",
        "001.json.new": "notice",
    }
    assert {v[0] for v in found(space, repair=True).values()} == {"repaired"}
    assert edits.read_bytes() == whole
    assert found(space) == {}


def test_torn_rounds_policies_and_leftovers_are_named(space: Workspace) -> None:
    (space.rounds / "001.json").write_text("{")
    (space.policies / "round-001").mkdir()
    writer = EpisodeWriter(space.episodes, meta(4), DTYPE)
    writer.append(steps(0, 20, 4))
    writer.abandon("The lights went out.")
    seen = found(space)
    assert seen["001.json"][0] == seen["round-001"][0] == "bad"
    assert "20 ticks: The lights went out." in seen["000004.h5.part"][1]


def test_repairing_beside_a_recorder_is_refused(space: Workspace) -> None:
    lock = WorkspaceLock(space.episodes)
    with pytest.raises(RecordingError, match="Close the other window"):
        Verification(space, repair=True)
    lock.close()


def test_it_can_be_cancelled(space: Workspace) -> None:
    with pytest.raises(CancelledError):
        Verification(space, cancelled=lambda: True).run()


def test_a_checksum_torn_by_a_full_disk_does_not_take_the_next_one_with_it(
    space: Workspace,
) -> None:
    path = space.episodes / checksums.FILE
    path.write_bytes(path.read_bytes()[:-20])
    write(space, 4)
    assert sorted(checksums.read(space.episodes)) == ["000001.h5", "000002.h5", "000004.h5"]


@pytest.mark.parametrize("checked", [True, False])
def test_an_episode_of_a_newer_program_is_never_moved_aside(
    space: Workspace, checked: bool
) -> None:
    path = space.episodes / "000002.h5"
    with h5py.File(path, "r+") as file:
        file.attrs["layout"] = 99
    if checked:
        checksums.add(path, checksums.digest(path))
    assert found(space, repair=True)["000002.h5"][0] == "bad"
    assert path.exists()


def test_a_file_whose_bytes_are_as_saved_is_never_moved_aside(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise EpisodeError(path, "It is torn (cannot allocate memory).")

    with monkeypatch.context() as small:
        small.setattr("sessions.verify.read_episode", full)
        assert {v[0] for v in found(space, repair=True).values()} == {"bad"}
    assert len(list(space.episodes.glob("*.h5"))) == 3


def test_only_what_this_program_left_half_written_is_removed(space: Workspace) -> None:
    theirs = [space.root / "protocol.new", space.rounds / "ideas.new", space.episodes / "a.new"]
    for path in theirs:
        path.write_text("mine")
    scraps = [
        space.root / "workspace.json.new",
        space.root / "manipulation.toml.new",
        space.rounds / "001.json.new",
        space.episodes / "index.msgpack.17.new",
    ]
    for path in scraps:
        path.write_text("{")
    assert set(found(space, repair=True)) == {p.name for p in scraps}
    assert all(p.exists() for p in theirs)
    assert not any(p.exists() for p in scraps)
