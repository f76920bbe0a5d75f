"""Every key of the window leads where it says."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QPushButton

from dagger_gui.widgets._buttons import KeyButton
from sessions.live.holds import BEING_LOADED
from sessions.messages import (
    Arm,
    ClearFault,
    DeviceState,
    DiscardIntervention,
    EndAttempt,
    GiveBack,
    Keys,
    Leftover,
    Pause,
    Refused,
    Resume,
    Salvage,
    SetOutcome,
    SoftStop,
    StartAttempt,
    Tag,
    TakeOver,
    Undo,
)
from tests.fakes.session_processes import intervention
from tests.gui.bench import Bench, Key, episode


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


def test_no_attempt_is_offered_while_its_policy_is_being_loaded(bench: Bench) -> None:
    coming = DeviceState("policy", "policy", True, BEING_LOADED[0])
    bench.state(gate="hold", armed=True, reason="idle", attempt=0, devices=(coming,))
    controls = bench.window.run.controls
    assert controls.nextAct() == "wait"
    said = []
    controls.refused.connect(said.append)
    bench.press(Key.Key_Return)
    assert said == [" ".join(BEING_LOADED)]
    bench.state(devices=(DeviceState("policy", "policy", True),))
    bench.press(Key.Key_Return)
    bench.asked(StartAttempt)
    assert len(bench.session.asked(StartAttempt)) == 1


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


def test_keys_mark_no_attempt_of_an_earlier_session(bench: Bench) -> None:
    bench.state(gate="hold", attempt=0, reason="idle")
    bench.records(episodes=(episode(14, interventions=1),))
    bench.press(Key.Key_N)
    bench.until(lambda: "no attempt to mark" in "".join(bench.window.notices.texts()))
    assert not bench.session.asked(SetOutcome)


def test_attempts_end_by_key_and_the_last_one_can_be_marked_anew(bench: Bench) -> None:
    bench.driving()
    bench.press(Key.Key_Y)
    assert bench.asked(EndAttempt) == EndAttempt("success")
    bench.session.end_attempt(14, "success")
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


def test_a_refusal_goes_when_what_it_speaks_of_has_passed(bench: Bench) -> None:
    bench.session.replies[StartAttempt] = Refused("The arm is not armed.", "Arm it first.")
    bench.window.commands.start()
    bench.until(lambda: bench.window.notices.texts() == ["The arm is not armed. Arm it first."])
    bench.state(measured_hz=49.0)
    assert bench.window.notices.texts(), "the same state still: it stays to be read"
    bench.state(armed=True)
    bench.until(lambda: not bench.window.notices.texts())


def test_notices_lie_over_nothing_that_can_be_pressed(bench: Bench) -> None:
    notices = bench.window.notices
    foot = notices.geometry()
    for page in ("Run", "Review", "Rounds", "Station"):
        bench.window.show_page(page)
        for n in range(3):
            notices.say(f"Something {n} happened, and this is what to do about it.", stays=True)
        QApplication.processEvents()
        assert notices.geometry() == foot, "and nothing moves"
        shown = [b for b in bench.window.findChildren(QAbstractButton) if b.isVisible()]
        assert notices.top() is not None
        for button in shown:
            corner = button.mapTo(bench.window, button.rect().topLeft())
            box = button.rect().translated(corner)
            assert notices.isAncestorOf(button) or not box.intersects(notices.geometry())


def test_what_can_wait_waits_while_an_attempt_runs_and_comes_back(bench: Bench) -> None:
    notices = bench.window.notices
    question = notices.say("Keep it?", "hold", [("Keep", lambda: None)], stays=True)
    assert notices.top() is question
    bench.driving()
    assert notices.top() is None, "the figures are in sight"
    broken = notices.say("The station did not start.", "fault", stays=True)
    assert notices.top() is broken
    notices.withdraw(broken)
    bench.state(gate="hold", controller="hold", attempt=0, reason="idle")
    assert notices.top() is question


def test_a_device_that_was_chosen_is_named_and_one_that_drives_is_not(bench: Bench) -> None:
    bench.state(gate="hold", reason="idle", operator="keyboard", operators=("keyboard", "leader"))
    notices = bench.window.notices
    there = (DeviceState("leader", "teleoperator", True),)
    bench.state(operator="leader", devices=there)
    assert "The leader corrects from now on." in notices.texts()
    question = notices.say("How did it end?", "fault", stays=True)
    assert notices.top() is question, "what is asked now is not hidden by what was said before"
    notices.withdraw(question)
    bench.state(operator="gone", devices=(DeviceState("gone", "teleoperator", False), *there))
    assert not any("The gone corrects" in text for text in notices.texts())
    bench.state(operator="leader")
    bench.driving()
    bench.state(gate="human", controller="human", operator="keyboard")
    bench.state(gate="policy", controller="policy", operator="leader")
    assert not any("The keyboard corrects" in text for text in notices.texts())


def test_what_was_set_aside_is_said_to_be_once_it_is(bench: Bench) -> None:
    notices = bench.window.notices
    bench.records(leftovers=(Leftover("/w/000013.h5.part", 13, 323),))
    offer = notices.top()
    assert offer is not None
    next(b for b in offer.findChildren(KeyButton) if b.text() == "Set aside").click()
    assert bench.asked(Salvage) == Salvage("/w/000013.h5.part", keep=False)
    assert not any("is set aside" in text for text in notices.texts())
    bench.records(leftovers=())
    assert any(text.startswith("Attempt 13 is set aside, in ") for text in notices.texts())
