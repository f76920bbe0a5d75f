"""The window against processes at the wire: each state shown, and every key where it leads."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.window import Window
from drivers import bindings
from sessions.messages import (
    Activate,
    Arm,
    ClearFault,
    DiscardIntervention,
    EndAttempt,
    GiveBack,
    Keys,
    Leftover,
    Message,
    Pause,
    Refused,
    Resume,
    Salvage,
    SetOutcome,
    SoftStop,
    StartAttempt,
    StartTraining,
    Tag,
    TakeOver,
    TrainingProgress,
    Undo,
)
from sessions.messages import EpisodeSummary as Episode
from sessions.stations import pick_place_task, simulated_station
from sessions.types import HoldReason
from sessions.workspace import Workspace, create
from tests.fakes.session_processes import FakeSession, intervention

Key = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = create(tmp_path / "w", simulated_station(), pick_place_task())
    made.set_running_round(0)
    yield made
    shutil.rmtree(made.runtime(), ignore_errors=True)


class Bench:
    """The real window, and the processes at the other end of its wires."""

    def __init__(self, qtbot: QtBot, workspace: Workspace) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not application.styleSheet():
            theme.apply(application, "dark")
        self.qtbot = qtbot
        self.session = FakeSession(workspace.runtime())
        self.model = SessionModel(workspace)
        settings = QSettings(str(workspace.root / "window.ini"), QSettings.Format.IniFormat)
        self.window = Window(self.model, bindings.load(), settings, Sounds(on=False))
        self.window.resize(1280, 800)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitExposed(self.window)
        self.until(lambda: all(map(self.model.there, ("control", "recorder", "supervisor"))))

    def until(self, condition: Callable[[], object]) -> None:
        def met() -> bool:
            self.session.pump()
            self.model.poll()
            return bool(condition())

        self.qtbot.waitUntil(met)

    def state(self, **changes: object) -> None:
        """Control publishes this; returns when the window has it."""
        self.session.set_control(**changes)
        wanted = self.session.control.sequence
        self.until(lambda: self.model.control and self.model.control.sequence == wanted)

    def driving(self, gate: str = "policy") -> None:
        self.state(gate=gate, controller=gate, armed=True, attempt=14, reason="none")

    def records(self, **changes: object) -> None:
        self.session.set_recorder(**changes)
        wanted = self.session.recorder.sequence
        self.until(lambda: self.model.recorder and self.model.recorder.sequence == wanted)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def asked(self, kind: type[Message]) -> Message:
        """The newest command of a kind, waited for."""
        self.until(lambda: self.session.asked(kind))
        command: Message = self.session.asked(kind)[-1]
        return command

    def close(self) -> None:
        self.window.desk.close()
        self.window.finish_closing()
        self.model.close()
        self.session.close()
        # Now, not at some later event loop: a dead window must not see the next test's events.
        shiboken6.delete(self.window)


@pytest.fixture
def bench(qtbot: QtBot, workspace: Workspace) -> Iterator[Bench]:
    made = Bench(qtbot, workspace)
    yield made
    made.close()


def painted_in(window: Window) -> set[str]:
    """The colours that the window's plain words are written in."""
    plain = [words for words in window.findChildren(Words) if not words._role]
    assert plain
    return {words.palette().color(words.foregroundRole()).name() for words in plain}


def episode(number: int, interventions: int) -> Episode:
    return Episode(
        number,
        round=0,
        demo=False,
        outcome="success",
        duration_s=9.0,
        ticks=450,
        human_s=2.0,
        interventions=interventions,
    )


# What is shown


@pytest.mark.parametrize(
    ("gate", "controller", "word"),
    [
        ("hold", "hold", "HOLD"),
        ("policy", "policy", "POLICY"),
        ("policy", "handover", "HANDING BACK"),
        ("aligning", "handover", "TAKING OVER"),
        ("human", "human", "HUMAN"),
        ("fault", "hold", "STOPPED"),
    ],
)
def test_the_banner_says_who_is_in_control_on_every_page(
    bench: Bench, gate: str, controller: str, word: str
) -> None:
    bench.state(gate=gate, controller=controller, armed=gate != "fault", attempt=14)
    for page in ("Run", "Review", "Rounds", "Station"):
        bench.window.show_page(page)
        assert bench.window.banner.word() == word
        assert bench.window.banner.isVisible()


@pytest.mark.parametrize("reason", [r.name.lower() for r in HoldReason])
def test_a_hold_says_its_reason_and_its_remedy(bench: Bench, reason: str) -> None:
    text, remedy = f"Holding: {reason}.", f"Do what helps against {reason}."
    bench.state(gate="hold", attempt=14, reason=reason, reason_text=text, remedy=remedy)
    shown = bench.window.banner.value()
    assert (shown.reason, shown.remedy) == (text, remedy)


def test_a_control_process_that_falls_silent_is_shown_as_no_link(bench: Bench) -> None:
    bench.driving()
    bench.session.dead.add("control")
    bench.until(lambda: bench.window.banner.word() == "NO LINK")
    bench.session.dead.clear()
    bench.until(lambda: bench.window.banner.word() == "POLICY")


def test_cameras_joints_and_figures_are_live(bench: Bench) -> None:
    bench.driving()
    views = bench.window.run.cameras._views
    bench.until(lambda: all(0 <= view.age() < 1 for view in views.values()))
    bench.until(lambda: "50.0 Hz" in bench.window.run.status.words())
    assert not bench.window.run.status.isOld()
    bench.until(lambda: bench.model.steps and len(bench.model.steps.recent) > 10)
    assert bench.window.run.joints.isVisible()


def test_nothing_is_cut_off_at_the_smallest_size(bench: Bench) -> None:
    bench.driving()
    bench.until(lambda: bench.model.steps and len(bench.model.steps.recent) > 10)
    for page in ("Run", "Review", "Rounds", "Station"):
        bench.window.show_page(page)
        QApplication.processEvents()
        smallest = bench.window.minimumSizeHint()
        assert smallest.width() <= 1280, page
        assert smallest.height() <= 800 - 40, page


def test_a_larger_screen_goes_to_the_cameras(bench: Bench) -> None:
    before = bench.window.run.cameras.width()
    bench.window.resize(1920, 1080)
    QApplication.processEvents()
    assert bench.window.run.cameras.width() > before * 1.3


# Keys


def test_enter_resets_arms_starts_and_resumes_one_act_a_press(bench: Bench) -> None:
    bench.state(gate="fault", armed=False)
    bench.press(Key.Key_Return)
    bench.asked(ClearFault)
    bench.state(gate="hold", armed=False)
    bench.press(Key.Key_Return)
    bench.asked(Arm)
    bench.state(armed=True)
    bench.press(Key.Key_Return)
    bench.asked(StartAttempt)
    bench.driving()
    bench.press(Key.Key_Return)
    bench.state(gate="hold", attempt=14, reason="paused")
    assert not bench.session.asked(Pause), "an Enter too many must not stop what it started"
    bench.press(Key.Key_Return)
    bench.asked(Resume)


def test_enter_on_another_page_first_shows_the_cameras(bench: Bench) -> None:
    bench.press(Key.Key_F4)
    assert bench.window.page() == "Station"
    bench.press(Key.Key_Return)
    assert bench.window.page() == "Run"
    bench.press(Key.Key_Return)
    bench.asked(Arm)
    assert len(bench.session.asked(Arm)) == 1


@pytest.mark.parametrize("page", ["Run", "Review", "Rounds", "Station"])
def test_space_stops_from_every_page_and_every_control(bench: Bench, page: str) -> None:
    bench.driving()
    bench.window.show_page(page)
    shown = bench.window._pages[page]
    controls = [*shown.findChildren(QPushButton), *shown.findChildren(QLineEdit)]
    usable = [c for c in controls if c.isEnabled() and c.isVisible()]
    for control in usable[:6]:
        control.setFocus()
        bench.press(Key.Key_Space)
    bench.until(lambda: len(bench.session.asked(SoftStop)) >= min(6, len(usable)))


def test_space_stops_while_a_note_is_typed_as_long_as_the_arm_is_live(bench: Bench) -> None:
    bench.driving()
    bench.records(interventions=(intervention(14, 100),))
    bench.window.run.side.tagging.focusNote()
    note = QApplication.focusWidget()
    assert isinstance(note, QLineEdit)
    QTest.keyClicks(note, "slipped")
    bench.press(Key.Key_Space)
    bench.asked(SoftStop)
    assert note.text() == "slipped"
    bench.state(gate="fault", armed=False)
    QTest.keyClicks(note, " late")
    assert note.text() == "slipped late"


def test_a_note_written_between_attempts_keeps_its_spaces_and_the_arm_armed(bench: Bench) -> None:
    bench.state(gate="hold", controller="hold", armed=True, attempt=0)
    bench.records(interventions=(intervention(14, 100),))
    bench.window.run.side.tagging.focusNote()
    note = QApplication.focusWidget()
    assert isinstance(note, QLineEdit)
    QTest.keyClicks(note, "slipped off")
    assert note.text() == "slipped off"
    assert bench.session.asked(SoftStop) == []
    bench.state(gate="hold", controller="hold", armed=True, attempt=15)
    bench.press(Key.Key_Space)
    bench.asked(SoftStop)


def test_arrows_go_through_the_corrections_unless_they_move_the_arm(bench: Bench) -> None:
    bench.driving()
    bench.records(interventions=(intervention(14, 100), intervention(14, 300)))
    chosen = bench.window.run.side.tagging
    assert chosen.value() == (14, 300)
    bench.press(Key.Key_Down)
    assert chosen.value() == (14, 100)
    bench.press(Key.Key_Up)
    assert chosen.value() == (14, 300)
    bench.driving("human")
    bench.press(Key.Key_Down)
    assert chosen.value() == (14, 300)


def test_how_an_attempt_ended_stays_in_sight_until_the_next_one(bench: Bench) -> None:
    bench.driving()
    bench.session.end_attempt(14, "success")
    bench.records(episodes=(episode(14, interventions=0),))
    bench.state(gate="hold", controller="hold", armed=True, attempt=0)
    bench.until(lambda: bench.window.banner.value().outcome == "success")
    assert bench.window.banner.value().attempt == 14
    bench.state(gate="policy", controller="policy", armed=True, attempt=15)
    bench.until(lambda: bench.window.banner.value().outcome == "")
    assert bench.window.banner.value().attempt == 15


def test_holding_g_takes_over_and_letting_go_gives_back(bench: Bench) -> None:
    bench.driving()
    QTest.keyPress(bench.window, Key.Key_G)
    took = bench.asked(TakeOver)
    assert isinstance(took, TakeOver)
    assert took.device == "keyboard"
    assert took.input_t > 0
    bench.driving("human")
    assert not bench.session.asked(GiveBack)
    QTest.keyRelease(bench.window, Key.Key_G)
    bench.asked(GiveBack)


def test_losing_the_focus_gives_back_and_lets_the_motion_keys_go(bench: Bench) -> None:
    bench.driving()
    QTest.keyPress(bench.window, Key.Key_G)
    bench.driving("human")
    QTest.keyPress(bench.window, Key.Key_W)
    bench.until(lambda: bench.session.asked(Keys) and bench.session.asked(Keys)[-1].held)
    QApplication.sendEvent(bench.window, QEvent(QEvent.Type.WindowDeactivate))
    bench.asked(GiveBack)
    bench.until(lambda: bench.session.asked(Keys)[-1].held == ())


def test_attempts_end_by_key_and_the_last_one_can_be_marked_anew(bench: Bench) -> None:
    bench.driving()
    bench.press(Key.Key_Y)
    assert bench.asked(EndAttempt) == EndAttempt("success")
    bench.state(gate="hold", attempt=0, reason="idle")
    done = episode(14, interventions=1)
    bench.records(episodes=(done,))
    bench.press(Key.Key_Backspace)
    assert bench.asked(SetOutcome) == SetOutcome(14, "discarded")
    assert "Undo with Z" in bench.window.notices.texts()[-1]
    bench.records(can_undo=True)
    bench.press(Key.Key_Z)
    bench.asked(Undo)


def test_a_digit_tags_the_newest_correction_and_delete_discards_it(bench: Bench) -> None:
    bench.driving("human")
    running = intervention(14, 200, running=True)
    bench.records(interventions=(intervention(14, 100, "grasp"), running))
    bench.press(Key.Key_3)
    assert bench.asked(Tag) == Tag(14, 200, "transport")
    bench.press(Key.Key_Delete)
    assert bench.asked(DiscardIntervention) == DiscardIntervention(14, 200, True)


def test_a_refusal_is_shown_without_taking_the_keyboard(bench: Bench) -> None:
    bench.session.replies[Arm] = Refused("The robot is lost.", "Check its cable.")
    focus = QApplication.focusWidget()
    bench.press(Key.Key_Return)
    bench.until(lambda: "The robot is lost. Check its cable." in bench.window.notices.texts())
    assert QApplication.focusWidget() is focus
    assert QApplication.activeModalWidget() is None
    bench.press(Key.Key_Escape)
    assert bench.window.notices.texts() == []


def test_one_passing_sentence_at_a_time_and_questions_stay(bench: Bench) -> None:
    notices = bench.window.notices
    notices.say("Keep it?", "hold", stays=True)
    notices.say("No attempt runs.", "fault")
    notices.say("Not armed.", "fault")
    assert notices.texts() == ["Keep it?", "Not armed."]


def test_the_key_sheet_opens_and_closes_over_a_running_attempt(bench: Bench) -> None:
    bench.driving()
    bench.press(Key.Key_Question, Qt.KeyboardModifier.ShiftModifier)
    sheet, banner = bench.window.key_sheet, bench.window.banner
    assert sheet.isVisible()
    covered = sheet.rect().translated(sheet.mapTo(bench.window, sheet.rect().topLeft()))
    assert not covered.intersects(banner.geometry()), "who drives, and the stop, stay in sight"
    bench.press(Key.Key_Space)
    bench.asked(SoftStop)
    bench.press(Key.Key_Escape)
    assert not bench.window.key_sheet.isVisible()


# Training and rounds


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
    bench.until(lambda: "training 40 %" in bench.window.run.status.words())
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


# The window itself


def test_dark_and_light_are_one_key_apart_and_remembered(bench: Bench) -> None:
    bench.press(Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert theme.current().name == "light"
    assert bench.window._settings.value("theme") == "light"
    bench.qtbot.waitUntil(lambda: painted_in(bench.window) == {QColor(theme.LIGHT.text).name()})
    bench.press(Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert theme.current().name == "dark"


def test_closing_asks_nothing_and_lets_everything_stop_first(bench: Bench) -> None:
    bench.driving()
    closing: list[bool] = []
    bench.window.closing.connect(lambda: closing.append(True))
    assert not bench.window.close(), "the window waits until everything has stopped"
    assert closing == [True]
    assert QApplication.activeModalWidget() is None
    bench.window.finish_closing()
    assert not bench.window.isVisible()


def test_every_control_has_a_name_for_screen_readers(bench: Bench) -> None:
    for button in bench.window.findChildren(QPushButton):
        assert button.text() or button.accessibleName(), button
