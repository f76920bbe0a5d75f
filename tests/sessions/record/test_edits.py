from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions.record.edits import FILE, Edit, EditError, EditLog, Labels
from sessions.record.marks import SPLIT


def log(folder: Path) -> EditLog:
    return EditLog(folder, writable=True)


def test_the_later_edit_wins_and_an_empty_one_takes_back(tmp_path: Path) -> None:
    edits = log(tmp_path)
    edits.add("tag", 1, 7, 120, "grasp")
    edits.add("tag", 1, 7, 120, "approach")
    edits.add("note", 1, 7, 120, "late")
    edits.add("discard", 1, 7, 120, "1")
    edits.add("outcome", 1, 7, -1, "failure")
    key = (7, 120)
    assert edits.labels() == Labels({key: "approach"}, {key: "late"}, {key}, {7: "failure"})
    edits.add("discard", 1, 7, 120, "")
    assert edits.labels().discarded == set()


def test_undo_and_redo_are_unlimited_and_survive_a_restart(tmp_path: Path) -> None:
    edits = log(tmp_path)
    for n in range(30):
        edits.add("tag", 1, 1, n, "grasp")
    for _ in range(20):
        edits.undo(1)
    edits = log(tmp_path)
    assert len(edits.labels().category) == 10
    for _ in range(15):
        assert edits.redo(1) is not None
    edits = log(tmp_path)
    assert len(edits.labels().category) == 25
    while edits.newest(1):
        edits.undo(1)
    assert edits.labels() == Labels()
    assert edits.undo(1) is None
    edits = log(tmp_path)
    while edits.newest_undone(1):
        edits.redo(1)
    assert len(edits.labels().category) == 30


def test_a_new_edit_ends_what_can_be_redone(tmp_path: Path) -> None:
    edits = log(tmp_path)
    edits.add("tag", 1, 1, 0, "grasp")
    edits.undo(1)
    edits.add("tag", 1, 1, 0, "other")
    assert not edits.newest_undone(1)
    assert edits.redo(1) is None


def test_undo_stays_within_its_round(tmp_path: Path) -> None:
    edits = log(tmp_path)
    edits.add("tag", 1, 1, 0, "grasp")
    edits.add("tag", 2, 2, 0, "other")
    undone = edits.undo(2)
    assert undone is not None
    assert undone.episode == 2
    assert not edits.newest(2)
    assert edits.newest(1)


def test_nothing_is_ever_removed_from_the_file(tmp_path: Path) -> None:
    edits = log(tmp_path)
    edits.add("note", 1, 1, 0, "what I first thought")
    edits.undo(1)
    edits.add("note", 1, 1, 0, "second")
    lines = (tmp_path / FILE).read_text().splitlines()
    assert len(lines) == 3
    assert "what I first thought" in lines[0]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_torn_last_line_is_cut_and_the_rest_stays(tmp_path: Path, cut: int) -> None:
    edits = log(tmp_path)
    edits.add("tag", 1, 1, 0, "grasp")
    whole = (tmp_path / FILE).read_bytes()
    edits.add("tag", 1, 1, 9, "other")
    data = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(data[:-cut])
    assert EditLog(tmp_path).labels().category == {(1, 0): "grasp"}  # a reader leaves it alone
    assert (tmp_path / FILE).read_bytes() == data[:-cut]
    repaired = log(tmp_path)
    if cut == 1:  # only the line's end is lacking
        assert repaired.labels().category == {(1, 0): "grasp", (1, 9): "other"}
    else:
        assert repaired.labels().category == {(1, 0): "grasp"}
        assert (tmp_path / FILE).read_bytes() == whole
    repaired.add("tag", 1, 1, 9, "approach")
    assert log(tmp_path).labels().category[(1, 9)] == "approach"


def test_blocks_of_zeros_after_a_power_cut_are_cut_too(tmp_path: Path) -> None:
    log(tmp_path).add("tag", 1, 1, 0, "grasp")
    with (tmp_path / FILE).open("ab") as file:
        file.write(bytes(512))
    assert log(tmp_path).labels().category == {(1, 0): "grasp"}


def test_a_torn_line_in_the_middle_names_the_file_and_the_line(tmp_path: Path) -> None:
    edits = log(tmp_path)
    for n in range(3):
        edits.add("tag", 1, 1, n, "grasp")
    lines = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    lines[1] = b"scribble\n"
    (tmp_path / FILE).write_bytes(b"".join(lines))
    with pytest.raises(EditError, match=r"edits\.jsonl, line 2: this is no edit"):
        log(tmp_path)
    lines[1] = b'{"id":2,"kind":"paint","round":1}\n'
    (tmp_path / FILE).write_bytes(b"".join(lines))
    with pytest.raises(EditError, match=r"line 2: kind is 'paint'; known are tag, note"):
        log(tmp_path)


def test_a_reader_sees_what_the_recorder_adds(tmp_path: Path) -> None:
    writer = log(tmp_path)
    reader = EditLog(tmp_path)
    assert not reader.refresh()
    writer.add("tag", 1, 1, 0, "grasp")
    assert reader.refresh()
    assert reader.labels().category == {(1, 0): "grasp"}
    with pytest.raises(EditError, match="opened to be read only"):
        reader.add("tag", 1, 1, 0, "other")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.one_of(st.integers(0, 5), st.sampled_from(["undo", "redo"])), max_size=25))
def test_undo_and_redo_are_those_of_any_editor(
    tmp_path_factory: pytest.TempPathFactory, acts: list[int | str]
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    edits = log(folder)
    done: list[int] = []
    undone: list[int] = []
    for act in acts:
        if act == "undo":
            edits.undo(1)
            undone += [done.pop()] if done else []
        elif act == "redo":
            edits.redo(1)
            done += [undone.pop()] if undone else []
        else:
            assert isinstance(act, int)
            edits.add("note", 1, 1, 0, str(act))
            done.append(act)
            undone.clear()
    for one in (edits, log(folder)):
        assert one.labels().note == ({(1, 0): str(done[-1])} if done else {})
        known = (one.newest(1) is not None, one.newest_undone(1) is not None)
        assert known == (bool(done), bool(undone))


def test_what_was_undone_is_not_made_again_beside_a_later_edit_of_the_same_attempt(
    tmp_path: Path,
) -> None:
    edits = log(tmp_path)
    edits.add("tag", 1, 1, 0, "grasp")
    edits.add("tag", 1, 5, 0, "grasp")
    edits.undo()
    edits.undo()
    edits.add("tag", 2, 1, 0, "other")
    for one in (edits, log(tmp_path)):
        assert one.newest_undone() is not None
        assert one.newest_undone().episode == 5  # type: ignore[union-attr]
        assert one.labels().category == {(1, 0): "other"}


def test_what_a_torn_line_held_is_kept_beside_the_file(tmp_path: Path) -> None:
    log(tmp_path).add("tag", 1, 1, 0, "grasp")
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"id":2,"kind":"note","value":"half a sent')
    log(tmp_path)
    assert b"half a sent" in (tmp_path / f"{FILE}.torn").read_bytes()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("paint", "red"),
        ("undo", ""),
        ("outcome", "triumph"),
        ("boundary", "soon"),
        ("context", "nan"),
        ("edges", "{"),
        ("edges", '{"3":{"first":-4,"stop":9,"t":0.0,"duration_s":1.0}}'),
        ("edges", '{"3":{"first":9,"stop":9,"t":0.0,"duration_s":1.0}}'),
    ],
)
def test_an_edit_from_elsewhere_that_makes_no_sense_never_reaches_the_file(
    tmp_path: Path, kind: str, value: str
) -> None:
    edits = log(tmp_path)
    with pytest.raises(EditError, match="edit 9"):
        edits.adopt([Edit(8, "note", 1, value="fine"), Edit(9, kind, 1, value=value)], 3, 1)
    assert not (tmp_path / FILE).exists()
    assert log(tmp_path).labels() == Labels()


def test_the_edit_of_a_part_whose_split_was_undone_is_not_adopted_by_another_part(
    tmp_path: Path,
) -> None:
    edits = log(tmp_path)
    edits.adopt([Edit(6, "tag", 1, start=SPLIT + 5, value="grasp")], 3, 1)
    assert edits.labels().category == {}
