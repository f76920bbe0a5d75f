"""Finding attempts, the queue of what is untagged, and what is learned from."""

from __future__ import annotations

from pathlib import Path

import msgspec
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from sessions import taxonomy
from sessions.messages import SetTaxonomy
from sessions.workspace import Workspace
from tests.fakes.session_processes import control_state
from tests.gui.review import HUMAN, ReviewBench, make_space, record

Key = Qt.Key


def test_a_filter_narrows_both_lists_and_a_wrong_one_is_a_sentence(bench: ReviewBench) -> None:
    left = bench.page.left
    left.filter.setValue("episode=2,3")
    bench.until(lambda: len(left.attempts.episodes()) == 2)
    assert len(left.corrections.interventions()) == 4
    left.filter.setValue("episode=2,3 colour=red")
    bench.until(lambda: "There is no field 'colour'" in left.filter.words())
    assert len(left.attempts.episodes()) == 2
    left.filter.setValue("")
    bench.until(lambda: len(left.attempts.episodes()) == 3)
    assert "colour" not in left.filter.words()
    left.filter.setValue("operator=nobody")
    bench.until(lambda: not left.attempts.episodes())
    assert "Widen it" in left.attempts.emptyText()


def test_what_completes_the_filter_does_not_cover_its_answer(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    line = bench.page.left.filter
    line.focusField()
    QTest.keyClicks(line._field, "cate")
    offered = line._field._list
    bench.until(offered.isVisible)
    bench.until(lambda: "has no sign" in line.words())
    below = line._error.mapToGlobal(line._error.rect().bottomLeft()).y()
    assert offered.mapToGlobal(QPoint(0, 0)).y() >= below
    offered.hide()


def test_a_filter_finds_a_category_by_the_name_it_had(
    mending: ReviewBench, space: Workspace
) -> None:
    mending.page.player.seek(70)
    mending.press(Key.Key_2)
    mending.until(lambda: mending.kept()[0].category == "grasp")
    called = taxonomy.load("manipulation").renamed("grasp", "hold")
    text = taxonomy.to_toml(called.title, called.categories)
    mending.model.send("recorder", SetTaxonomy(text))
    left = mending.page.left
    mending.until(lambda: "hold" in mending.page.found().values["category"])
    for name in ("grasp", "hold"):
        left.filter.setValue(f"category={name}")
        mending.until(lambda n=name: mending.page.found().selection.query.text == f"category={n}")
        assert [i.category for i in left.corrections.interventions()] == ["hold"]


def test_an_empty_workspace_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    made = ReviewBench(qtbot, make_space(tmp_path / "empty", episodes=0))
    made.until(made.page.found)
    assert "Record one on the Run page (F1)" in made.page.left.attempts.emptyText()
    assert "hold G" in made.page.left.corrections.emptyText()
    assert made.page.left.filter.words() == "Nothing recorded yet."
    assert made.page.left.next.text() == "No correction to tag yet"
    for key in (Key.Key_2, Key.Key_X, Key.Key_PageDown):
        made.press(key)
        assert made.sentences[-1] == "No attempt is open. Choose one at the left."
    made.press(Key.Key_U)
    assert made.sentences[-1] == "There is no correction in this round yet."
    made.close()


def test_a_flag_leads_to_its_moment(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    flag = next(f for f in bench.page.left.flags.flagRows() if f.row > 0)
    bench.page.left.flags.flagChosen.emit(flag.episode, flag.row)
    bench.until(lambda: bench.page.mending.number() == flag.episode)
    assert bench.page.player.row == flag.row


def test_choosing_a_correction_opens_its_attempt_at_its_start(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    bench.page.left.corrections.valueChanged.emit((2, HUMAN[1][0]))
    bench.until(lambda: bench.page.player.row == HUMAN[1][0])
    assert bench.page.mending.number() == 2
    assert bench.selected() == HUMAN[1]
    assert bench.page.left.corrections.value() == (2, HUMAN[1][0])


def test_what_is_recorded_elsewhere_appears_by_itself(bench: ReviewBench, space: Workspace) -> None:
    bench.until(lambda: bench.page.found())
    record(space, 7, operator="gamepad")
    bench.until(lambda: bench.page.left.attempts.episodes()[0].number == 7)


def test_while_an_attempt_runs_its_outcome_keys_end_that_one(bench: ReviewBench) -> None:
    bench.open(1)
    assert bench.page.right.attempt.outcome("success").key() == "Y"
    bench.model.control = msgspec.structs.replace(control_state(), attempt=4)
    bench.model.control_changed.emit(bench.model.control)
    assert not bench.page.act("success")
    assert bench.page.right.attempt.outcome("success").key() == ""


def test_the_attempt_being_recorded_is_shown_and_cannot_be_opened(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    left = bench.page.left
    left.show_recording(4)
    row = left.attempts.episodes()[0]
    assert (row.number, row.recording) == (4, True)
    left.attempts.setValue(3)
    left.step(-1)
    assert left.attempts.value() == 3


def test_the_queue_leads_through_what_is_untagged_and_says_when_it_is_empty(
    mending: ReviewBench,
) -> None:
    page, seen = mending.page, []
    mending.until(lambda: "6 left" in page.left.next.text())
    for _ in range(6):
        mending.press(Key.Key_U)
        mending.until(lambda: page.mending.selection() and page.mending.selection().category == "")
        chosen = page.mending.selection()
        mending.until(lambda: page.mending.number() == page._wanted[0])
        chosen = page.mending.selection()
        seen.append((page.mending.number(), chosen.first))
        mending.press(Key.Key_1)
        key = seen[-1]
        mending.until(
            lambda key=key: next(i.category for i in mending.kept() if (i.episode, i.first) == key)
        )
        mending.until(lambda: f"{6 - len(seen)} left" in page.left.next.text() or len(seen) == 6)
    assert sorted(seen) == [(e, first) for e in (1, 2, 3) for first, _ in HUMAN]
    mending.until(lambda: page.left.next.text() == "Every correction is tagged")
    assert not page.left.next.isEnabled()


def test_training_can_take_only_what_the_filter_finds(mending: ReviewBench) -> None:
    page, desk = mending.page, mending.window.desk
    page.left.filter.setValue("episode=2 length>0.1")
    mending.until(lambda: len(page.left.attempts.episodes()) == 1)
    page.left.filter.only().click()
    words = "only what episode=2 length>0.1 finds: 0 demonstrations and 2 corrections"
    mending.until(lambda: words in desk.plan())
    page.left.filter.setValue("")
    assert desk.query == "episode=2 length>0.1", "looking at something else changes nothing"
    assert "episode=2" in page.left.filter.only().text()
    mending.window.rounds.everything.click()
    assert desk.query == ""
    assert "only what" not in desk.plan()
