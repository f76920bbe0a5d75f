"""The attempt's buttons: the next act, and what is greyed and why."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import itertools
from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.attempt_controls import AttemptControls, Situation, next_act
from tests.gui.shown import button, press, shown

pytestmark = pytest.mark.usefixtures("dressed")

WIDE = 1400  # [px] all words fit, whichever font there is


def test_after_a_stop_three_presses_lead_back_one_act_each(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    steps = (
        (Situation(True, "fault"), "reset", controls.resetRequested),
        (Situation(True, "hold"), "arm", controls.armRequested),
        (Situation(True, "hold", True), "start", controls.startRequested),
        (Situation(True, "hold", True, True), "resume", controls.resumeRequested),
    )
    for situation, act, signal in steps:
        controls.setValue(situation)
        assert controls.nextAct() == act
        with qtbot.waitSignal(signal):
            assert controls.trigger()


def test_one_enter_too_many_pauses_nothing_but_the_button_does(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setValue(Situation(True, "policy", True, True))
    with qtbot.assertNotEmitted(controls.pauseRequested):
        assert not controls.trigger()
    with qtbot.waitSignal(controls.pauseRequested):
        press(qtbot, controls, "Pause")


@pytest.mark.parametrize("gate", ["hold", "policy", "aligning", "human", "fault"])
@pytest.mark.parametrize("bits", range(16))
def test_no_situation_offers_motion_without_arming(qtbot, gate, bits):
    connected, armed, running, free = (bool(bits & 1 << i) for i in range(4))
    still = "" if free else "The wrist camera is 210 ms old."
    situation = Situation(connected, gate, armed, running, still=still)
    act = next_act(situation)
    if act in ("start", "resume", "pause"):
        assert connected
        assert armed
        assert gate != "fault"
    if not connected:
        assert act == "wait"


def test_what_cannot_be_done_is_greyed_in_its_place(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    places = set()
    for situation in (
        Situation(),
        Situation(True, "fault"),
        Situation(True, "hold", True),
        Situation(True, "policy", True, True),
        Situation(True, "human", True, True),
    ):
        controls.setValue(situation)
        QApplication.processEvents()
        places.add(tuple(b.geometry().getRect() for b in controls.findChildren(KeyButton)))
    assert len(places) == 1
    controls.setValue(Situation(True, "hold", True))
    assert not button(controls, "Success").isEnabled()
    assert button(controls, "Demonstrate").isEnabled()


def test_taking_over_and_giving_back_share_one_button(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setValue(Situation(True, "policy", True, True))
    with qtbot.waitSignal(controls.takeOverRequested):
        press(qtbot, controls, "Take over")
    controls.setValue(Situation(True, "human", True, True))
    with qtbot.waitSignal(controls.giveBackRequested):
        press(qtbot, controls, "Give back")


def test_each_outcome_is_told_by_name(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setValue(Situation(True, "policy", True, True))
    for text, name in (("Success", "success"), ("Failure", "failure"), ("Discard", "discarded")):
        with qtbot.waitSignal(controls.outcomeRequested) as told:
            press(qtbot, controls, text)
        assert told.args == [name]


def test_demonstrating_starts_an_attempt_as_one(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setValue(Situation(True, "hold", True))
    with qtbot.waitSignal(controls.startRequested) as told:
        press(qtbot, controls, "Demonstrate")
    assert told.args == [True]


def test_a_blocked_start_says_why(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setValue(Situation(True, "hold", True, blocked="The recorder is starting."))
    assert controls.nextAct() == "wait"
    assert "The recorder is starting." in button(controls, "Wait").accessibleDescription()


def test_enter_says_why_there_is_nothing_to_do(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    why = "Another window works here (process 7)."
    controls.setValue(Situation(True, "hold", True, read_only=why))
    with qtbot.waitSignal(controls.refused) as said:
        assert not controls.trigger()
    assert said.args == [why]


def test_remapped_keys_are_shown(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setKeys(next="F9", pause="F10", success="S")
    assert button(controls, "Success").key() == "S"
    assert button(controls, "Wait").key() == "F9"
    controls.setValue(Situation(True, "policy", True, True))
    assert button(controls, "Pause").key() == "F10"


REST = {"torque": "on", "can_rest": True, "motors": True, "holding": "arm"}
_WHY_NOT = (
    (Situation(), "Disarm", "does not answer"),
    (Situation(True, "hold", **REST), "Rest", "Arm it first"),
    (Situation(True, "fault", **REST), "Rest", "Reset it first"),
    (Situation(True, "policy", True, True, **REST), "Rest", "End it first"),
    (Situation(True, "hold", True, torque="off"), "Rest", "off already"),
    (Situation(True, "policy", True, True, **REST), "Release", "Pause or stop it first"),
    (Situation(True, "human", True, True, **REST), "Release", "Pause or stop it first"),
    (Situation(True, "parking", True, **REST), "Release", "Let go drops it at once"),
    (Situation(True, "hold", motors=True, torque="off"), "Release", "No motor holds"),
    (Situation(True, "hold", motors=True, lost=True), "Release", "does not answer"),
    (Situation(False, "hold", **REST), "Release", "does not answer"),
    (Situation(True, "hold", True), "Take over", "No attempt is running"),
    (Situation(True, "hold", True, True, still="Top is black."), "Take over", "Top is black."),
    (Situation(True, "policy", True, True, no_hand="The pad is not there."), "Take over", "pad"),
    (Situation(True, "human", True, True, demo=True), "Give back", "no policy to give back to"),
    (Situation(True, "hold"), "Demonstrate", "Arm it first"),
    (Situation(True, "parking", True, **REST), "Demonstrate", "on its way to rest"),
    (Situation(True, "hold", True, no_hand="The pad is not there."), "Demonstrate", "pad"),
    (Situation(True, "hold", True, no_policy="No policy is loaded."), "Wait", "No policy"),
    (Situation(True, "hold", True, True, still="Top is black."), "Wait", "Top is black."),
    (Situation(True, "hold", True, True, unattended="The pad is gone."), "Wait", "pad is gone"),
    (Situation(True, "hold", True, unattended="The pad is gone."), "Wait", "pad is gone"),
    (Situation(True, "hold"), "Success", "no attempt to mark"),
    (Situation(True, "hold", last=14, outcome="failure"), "Failure", "14 is marked as failure"),
    (Situation(True, "hold"), "Disarm", "not armed"),
    (Situation(True, "policy", True, True, read_only="Only looks."), "Success", "Only looks."),
)


@pytest.mark.parametrize(("situation", "name", "why"), _WHY_NOT)
def test_what_would_be_refused_is_greyed_and_says_why(qtbot, situation, name, why):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setValue(situation)
    found = button(controls, name)
    assert not found.isEnabled()
    assert why in found.toolTip()


_LIVE = (
    (Situation(True, "hold", True, **REST), "Rest"),
    (Situation(True, "parking", True, **REST), "Let go"),
    (Situation(True, "hold", torque="on", can_rest=False), "Rest"),
    (Situation(True, "hold", **REST), "Release"),
    (Situation(True, "fault", **REST), "Release"),
    (Situation(True, "hold", True, True, **REST), "Release"),
    (Situation(True, "fault", motors=True, holding="leader"), "Release"),
    (Situation(True, "hold", True, no_policy="No policy is loaded."), "Demonstrate"),
    (Situation(True, "hold", True, True, demo=True, no_policy="No policy."), "Resume"),
    (Situation(True, "hold", True, True, demo=True, unattended="The pad is gone."), "Resume"),
    (Situation(True, "hold", True, unattended="The pad is gone."), "Demonstrate"),
    (Situation(True, "human", True, True, no_hand="The pad is not there."), "Give back"),
    (Situation(True, "hold", last=14, outcome="failure"), "Success"),
    (Situation(True, "parking", True, **REST), "Disarm"),
    (Situation(True, "fault", running=True), "Failure"),
)


@pytest.mark.parametrize(("situation", "name"), _LIVE)
def test_what_would_be_done_looks_live(qtbot, situation, name):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setValue(situation)
    assert button(controls, name).isEnabled()


def test_the_second_press_that_lets_go_looks_like_it_and_says_of_what(qtbot):
    controls = shown(qtbot, AttemptControls(), WIDE, 40)
    controls.setKeys(rest="Ctrl+L", release="Ctrl+Shift+L")
    held = Situation(True, "fault", motors=True, holding="leader")
    controls.setValue(held)
    release = button(controls, "Release")
    assert "Takes the torque of the leader where it is: it drops." in release.toolTip()
    place = release.geometry()
    with qtbot.waitSignal(controls.releaseRequested):
        press(qtbot, controls, "Release")
    controls.setValue(replace(held, releasing="leader"))
    QApplication.processEvents()
    assert release.text() == "Let go"
    assert "Support the leader: press again to let it go. (Ctrl+Shift+L)" in release.toolTip()
    assert release.geometry() == place
    controls.setValue(replace(held, holding="", releasing=""))
    assert not release.isEnabled()


def test_a_narrow_row_keeps_every_button_and_key_in_sight(qtbot):
    controls = AttemptControls()
    controls.setKeys(demo="Ctrl+D", disarm="Ctrl+⌫", rest="Ctrl+L", release="Ctrl+Shift+L")
    controls.setValue(Situation(True, "hold", True, **REST))
    shown(qtbot, controls, controls.minimumSizeHint().width(), 40)
    buttons = controls.findChildren(KeyButton)
    qtbot.waitUntil(lambda: button(controls, "Start").isVisible())
    boxes = sorted((b.geometry() for b in buttons), key=lambda box: box.left())
    assert all(a.right() < b.left() for a, b in itertools.pairwise(boxes))
    assert boxes[-1].right() < controls.width()
    assert all(b.width() >= b.sizeHint().width() for b in buttons)
    assert "Ctrl+L" in button(controls, "Rest").toolTip()
