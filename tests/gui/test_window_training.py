"""Rounds, RETRAIN and what is offered, in the window."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from sessions.messages import (
    Activate,
    Leftover,
    Salvage,
    StartTraining,
    TrainingProgress,
)
from sessions.workspace import Workspace
from tests.fakes.session_processes import intervention
from tests.gui.bench import Bench, Key, episode


def collected(bench: Bench, *interventions_: object) -> None:
    done = episode(13, interventions=2)
    bench.records(episodes=(done,), interventions=interventions_)


def test_retrain_says_once_that_corrections_are_untagged(bench: Bench) -> None:
    collected(bench, intervention(13, 50, "grasp"), intervention(13, 250))
    bench.window.run.side.tagging.setValue((13, 50))
    control = Qt.KeyboardModifier.ControlModifier
    bench.press(Key.Key_R, control)
    assert "1 correction is untagged. Tag it first (F2)" in bench.window.notices.texts()[-1]
    notice = bench.window.notices._shown[-1]
    jump = next(b for b in notice.findChildren(QPushButton) if b.text() == "Tag it")
    jump.click()
    assert bench.window.page() == "Review"
    assert bench.window.review._wanted == (13, 250, None)
    assert bench.session.asked(StartTraining) == []
    bench.press(Key.Key_R, control)
    assert bench.asked(StartTraining) == StartTraining(
        share=None, warm_start=False, recovered_only=True
    )


def test_a_second_ctrl_r_answers_the_question_and_training_shows_from_the_start(
    bench: Bench,
) -> None:
    collected(bench, intervention(13, 50))
    control = Qt.KeyboardModifier.ControlModifier
    bench.press(Key.Key_R, control)
    assert any("untagged" in text for text in bench.window.notices.texts())
    bench.press(Key.Key_R, control)
    bench.asked(StartTraining)
    bench.session.set_supervisor(training=True)
    bench.until(lambda: not any("untagged" in text for text in bench.window.notices.texts()))
    training = bench.window.run.side.rounds.training().value()
    assert training is not None
    assert training.stage == "starting"


def test_training_is_shown_live_and_can_be_cancelled(bench: Bench) -> None:
    collected(bench, intervention(13, 50, "grasp"))
    bench.session.set_supervisor(training=True)
    report = TrainingProgress("training", 400, 1000, 0.02, 0.03, 12.0, 18.0, 1, "")
    bench.session.progress(report)
    bench.until(lambda: bench.model.training == report)
    bench.until(lambda: "training 40 %" in bench.window.status.words())
    assert bench.window.run.side.rounds._busy
    assert bench.window.desk.why_not() == "A training runs already."


def test_the_plan_says_what_is_left_out_and_what_it_cannot_know(bench: Bench) -> None:
    collected(bench, intervention(13, 50), intervention(13, 250, recovered=False))
    plan = bench.window.desk.plan()
    assert plan.endswith("on 0 demonstrations and 1 of 2 corrections.")
    earlier = episode(7, interventions=3)
    bench.records(episodes=(earlier, episode(13, interventions=2)))
    assert "and up to 4 of 5 corrections" in bench.window.desk.plan()


def test_without_corrections_there_is_nothing_to_train(bench: Bench) -> None:
    bench.press(Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    bench.until(lambda: "No corrections yet" in "".join(bench.window.notices.texts()))
    assert bench.session.asked(StartTraining) == []


def test_going_back_to_a_round_is_one_click(bench: Bench) -> None:
    from sessions.learn import rounds

    for index in (0, 1):
        rounds.write(
            bench.model.workspace,
            rounds.RoundRecord(
                index=index,
                policy=f"round-{index:03d}",
                parent=index - 1,
                kind="bc",
                share=None,
                warm_start=False,
                episodes=(),
                corrections=12 * index,
                samples=100,
                correction_samples=10,
                carried_share=0.1,
                loss=0.1,
                validation=0.2,
                train_s=31.0,
                created="2026-01-01T00:00:00",
            ),
        )
    bench.model.workspace.set_running_round(1)
    bench.state(round=1)
    bench.press(Key.Key_F3)
    page = bench.window.rounds
    bench.until(lambda: page.table.rowCount() == 2)
    page.table.selectRow(0)
    assert page.activate.isEnabled()
    page.activate.click()
    assert bench.asked(Activate) == Activate(0)
    page.table.selectRow(1)
    assert not page.activate.isEnabled()


def test_leftovers_are_offered_without_standing_in_the_way(bench: Bench) -> None:
    left = Leftover("/x/000012.h5.part", 12, 340)
    bench.records(leftovers=(left,))
    assert "Attempt 12 was not finished" in bench.window.notices.texts()[-1]
    notice = bench.window.notices._shown[-1]
    keep = next(b for b in notice.findChildren(QPushButton) if b.text() == "Keep as failure")
    keep.click()
    assert bench.asked(Salvage) == Salvage("/x/000012.h5.part", keep=True, outcome="failure")
    bench.records(leftovers=())
    assert bench.window.notices.texts() == []


def test_bar_sentence_and_button_agree_on_what_is_learned_from(bench: Bench) -> None:
    panel = bench.window.run.side.rounds
    bench.records(
        episodes=(episode(12, 3),),
        interventions=tuple(intervention(12, n, "grasp", recovered=False) for n in (1, 2, 3)),
    )
    bench.until(lambda: panel._heading.fact() == "0 / 20 · 3 not recovered")
    assert not panel._retrain.isEnabled()
    assert "only those count" in panel._plan.text()
    bench.records(
        interventions=tuple(intervention(12, n, "grasp", recovered=n < 3) for n in (1, 2, 3))
    )
    bench.until(panel._retrain.isEnabled)
    assert panel._heading.fact() == "2 / 20 · 1 not recovered"
    assert "2 of 3 corrections" in panel._plan.text()
    assert bench.window.rounds.retrain.isEnabled()


def test_corrections_of_an_attempt_thrown_away_count_nowhere(bench: Bench) -> None:
    thrown = msgspec.structs.replace(episode(12, 1), outcome="discarded")
    bench.records(
        episodes=(thrown, episode(13, 1)),
        interventions=(intervention(12, 1, "grasp"), intervention(13, 1, "grasp")),
    )
    panel = bench.window.run.side.rounds
    bench.until(lambda: panel._heading.fact() == "1 / 20 corrections")
    assert bench.window.desk.corrections(0) == 1


def test_a_training_that_begins_shows_on_both_pages_before_its_trainer_speaks(
    bench: Bench,
) -> None:
    bench.session.set_supervisor(training=True)
    for view in (bench.window.rounds.training, bench.window.run.side.rounds.training()):
        bench.until(lambda v=view: v.value() is not None and v.value().stage == "starting")
    assert "A training runs already." in bench.window.rounds.plan.text()


def test_demonstrations_alone_make_the_first_policy(bench: Bench, workspace: Workspace) -> None:
    bench.state(round=-1)
    workspace.set_running_round(-1)
    bench.records(episodes=())
    bench.until(lambda: "No demonstration yet" in bench.window.desk.why_not())
    bench.records(episodes=(msgspec.structs.replace(episode(1, 0), demo=True),))
    bench.until(bench.window.rounds.retrain.isEnabled)
