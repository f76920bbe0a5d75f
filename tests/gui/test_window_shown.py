"""The window against processes at the wire: each state shown on every page."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from dagger_gui.widgets._buttons import KeyButton
from sessions.types import HoldReason
from tests.fakes.session_processes import intervention
from tests.gui.bench import Bench


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
    bench.until(lambda: "50.0 Hz" in bench.window.status.words())
    assert not bench.window.status.isOld()
    bench.until(lambda: bench.model.steps and len(bench.model.steps.recent) > 10)
    assert bench.window.run.joints.isVisible()


def test_nothing_is_cut_off_at_the_smallest_size(bench: Bench) -> None:
    bench.driving()
    bench.until(lambda: bench.model.steps and len(bench.model.steps.recent) > 10)
    for page in ("Run", "Review", "Rounds", "Station"):
        bench.window.show_page(page)
        QApplication.processEvents()
        smallest = bench.window.minimumSizeHint()
        assert smallest.width() <= 1024, page
        assert smallest.height() <= 700 - 40, page


@pytest.mark.parametrize("page", ["Run", "Review", "Rounds", "Station"])
def test_the_window_can_be_no_smaller_than_what_fits(bench: Bench, page: str) -> None:
    bench.driving()
    bench.window.show_page(page)
    bench.window.resize(200, 200)
    QApplication.processEvents()
    bench.window.resize(200, 200)  # columns have taken their narrow forms by now
    QApplication.processEvents()
    assert bench.window.width() <= 1024
    for button in bench.window.findChildren(KeyButton):
        if button.isVisible() and button.window() is bench.window:
            box = button.rect().translated(button.mapTo(bench.window, QPoint()))
            assert bench.window.rect().contains(box), button.text()


def test_a_window_that_only_looks_greys_every_act_on_every_page_and_says_why(
    bench: Bench,
) -> None:
    bench.state(armed=True)
    bench.records(interventions=(intervention(14, 100, "grasp"),), can_undo=True)
    window, why = bench.window, "Opened read-only: another window works on this workspace."
    bench.model.set_read_only(why)
    window.refresh(bench.model.clock())
    acts = {
        "Run": [*window.run.controls.findChildren(KeyButton), window.run.side.rounds._retrain],
        "Review": [window.review.right.undo, window.review.right.correction._discard],
        "Rounds": [window.rounds.retrain, window.rounds.activate, window.rounds.measure],
        "Station": [line.restart for line in window.station.devices.table._lines],
    }
    acts["Run"] += window.run.side.tagging.findChildren(KeyButton)
    for page, buttons in acts.items():
        window.show_page(page)
        for button in buttons:
            assert not button.isEnabled(), f"{page}: {button.text()}"
    assert all(b.toolTip().startswith(why) for b in acts["Run"] if b.isVisible())
    assert window.rounds.plan.text() == why
    bench.model.set_read_only("")
    bench.state(armed=True)
    assert acts["Run"][0].isEnabled()
    assert acts["Station"][0].isEnabled()


def test_a_larger_screen_goes_to_the_cameras(bench: Bench) -> None:
    before = bench.window.run.cameras.width()
    bench.window.resize(1920, 1080)
    QApplication.processEvents()
    assert bench.window.run.cameras.width() > before * 1.3
