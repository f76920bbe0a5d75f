"""The window about the arm itself: lost, stopped by itself, sent to rest, warned, suspended."""

from __future__ import annotations

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from dagger_gui import theme
from dagger_gui.widgets._buttons import KeyButton
from sessions.messages import (
    Arm,
    DeviceState,
    Reconnect,
    Rest,
    RestartProcess,
    Resume,
    SoftStop,
)
from tests.gui.bench import Bench

Key = Qt.Key
HOT = "wrist_angle is at 68 °C (limit 70 °C). Let it rest."
WELL = DeviceState("robot", "robot", True, figures="bus 1.2 ms, p99 1.9 ms", corrupt=2)
LOST = DeviceState("robot", "robot", False, "The arm does not answer. Check its cable.")
KEYBOARD = DeviceState("keyboard", "teleoperator", True)


def lose(bench: Bench) -> None:
    bench.state(
        gate="hold",
        controller="hold",
        armed=False,
        attempt=14,
        reason="robot_lost",
        reason_text="Holding: the robot is lost. The arm does not answer.",
        remedy="Check its cable.",
        devices=(LOST, KEYBOARD),
    )


def block_colour(bench: Bench) -> str:
    return bench.window.banner.grab().toImage().pixelColor(6, 36).name()


def row_button(bench: Bench, name: str) -> KeyButton:
    table = bench.window.station.devices.table
    at = [row.name for row in table.value()].index(name)
    return table._lines[at].restart


def test_a_lost_arm_is_shown_in_the_faults_colour_and_two_clicks_lead_on(bench: Bench) -> None:
    lose(bench)
    bench.window.refresh(bench.model.clock())
    assert bench.window.banner.word() == "ROBOT LOST"
    assert block_colour(bench) == theme.current().fills["fault"].lower()
    assert "The arm does not answer" in bench.window.banner.value().reason
    bench.press(Key.Key_Return)
    bench.asked(Reconnect)
    assert not bench.session.asked(Arm)
    bench.state(devices=(WELL, KEYBOARD), reason_text="The robot was lost, and is back.")
    bench.window.refresh(bench.model.clock())
    assert bench.window.banner.word() == "HOLD"
    bench.press(Key.Key_Return)
    bench.asked(Arm)
    bench.state(armed=True, reason="paused")
    bench.press(Key.Key_Return)
    bench.asked(Resume)


def test_an_arm_that_stopped_itself_is_armed_again_by_enter(bench: Bench) -> None:
    stopped = msgspec.structs.replace(LOST, text="The elbow was overloaded. Free the arm.")
    bench.state(gate="hold", armed=False, reason="self_stopped", devices=(stopped, KEYBOARD))
    bench.window.refresh(bench.model.clock())
    assert bench.window.banner.word() == "ARM STOPPED"
    assert block_colour(bench) == theme.current().fills["fault"].lower()
    bench.press(Key.Key_Return)
    bench.asked(Arm)


def test_a_station_whose_motors_are_not_switched_here_has_no_rest_button(bench: Bench) -> None:
    bench.state(gate="hold", armed=True)
    assert bench.window.run.controls._rest.isHidden()


def test_rest_is_one_key_and_on_the_way_the_same_key_lets_go(bench: Bench) -> None:
    held = {"engaged": True, "holding": ("robot",), "can_rest": True}
    bench.state(gate="hold", armed=True, devices=(WELL, KEYBOARD), **held)
    button = bench.window.run.controls._rest
    assert button.isVisible()
    assert button.isEnabled()
    assert button.text() == "Rest"
    QTest.keyClick(bench.window, Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    bench.asked(Rest)
    said = "The arm goes to its rest pose: 4 s."
    bench.state(gate="parking", reason="none", reason_text=said)
    bench.window.refresh(bench.model.clock())
    assert bench.window.banner.word() == "PARKING"
    assert bench.window.banner.value().reason == said
    assert button.text() == "Let go"
    button.click()
    bench.until(lambda: len(bench.session.asked(Rest)) == 2)
    bench.press(Key.Key_Space)
    bench.asked(SoftStop)


def test_an_arm_that_is_driven_or_limp_cannot_be_sent_to_rest(bench: Bench) -> None:
    button = bench.window.run.controls._rest
    held = {"engaged": True, "holding": ("robot",), "can_rest": True}
    bench.state(gate="policy", armed=True, attempt=14, reason="none", **held)
    assert button.isVisible()
    assert not button.isEnabled()
    bench.state(gate="hold", attempt=0, reason="idle", armed=False, engaged=False, holding=())
    assert not button.isEnabled()


def test_a_devices_warning_stands_in_the_banner_whoever_drives(bench: Bench) -> None:
    hot = msgspec.structs.replace(WELL, warnings=(HOT, "elbow draws 900 mA."))
    leader = DeviceState("leader", "teleoperator", True, warnings=("base is warm.",))
    bench.driving()
    bench.state(devices=(leader, hot))
    bench.window.refresh(bench.model.clock())
    shown = bench.window.banner.value()
    assert shown.warning == f"robot: {HOT}"
    assert HOT in bench.window.banner._words.accessibleName()
    bench.window.show_page("Station")
    rows = {row.name: row for row in bench.window.station.devices.table.value()}
    assert (rows["robot"].words, rows["robot"].detail) == (
        "warns",
        f"{HOT}\nelbow draws 900 mA.",
    )
    bench.state(devices=(WELL, KEYBOARD))
    rows = {row.name: row for row in bench.window.station.devices.table.value()}
    assert rows["robot"].detail == "bus 1.2 ms, p99 1.9 ms, 2 corrupt"
    assert bench.window.rail is not None


def test_a_lost_device_has_a_reconnect_button_of_its_own(bench: Bench) -> None:
    gone = DeviceState("gamepad", "teleoperator", False, "No gamepad is plugged in.")
    bench.state(devices=(WELL, gone), operator="gamepad")
    bench.window.show_page("Station")
    row_button(bench, "gamepad").click()
    assert bench.asked(Reconnect) == Reconnect("gamepad")
    assert row_button(bench, "robot").isHidden()
    assert bench.window.rail._buttons["Station"].mark() == "fault"
    bench.state(operator="keyboard")  # one that nobody chose is no trouble
    assert bench.window.rail._buttons["Station"].mark() is None


def test_a_suspended_control_process_is_said_to_be_so_and_is_resumed(bench: Bench) -> None:
    processes = tuple(
        msgspec.structs.replace(p, suspended=True, running=False, text="It is suspended.")
        if p.name == "control"
        else p
        for p in bench.session.supervisor.processes
    )
    bench.session.set_supervisor(processes=processes)
    bench.session.dead.add("control")
    bench.until(lambda: bench.window.banner.word() == "SUSPENDED")
    assert "resume it on Station (F4)" in bench.window.banner._words.accessibleName()
    bench.window.show_page("Station")
    button = row_button(bench, "control")
    assert button.text() == "Resume"
    button.click()
    assert bench.asked(RestartProcess) == RestartProcess("control")


def test_what_a_devices_own_button_asked_in_vain_is_said(bench: Bench) -> None:
    why = "The leader's elbow is 1.24 rad from the arm's (limit 0.80 rad)."
    bench.driving()
    with bench.qtbot.waitSignal(bench.model.refused) as told:
        bench.state(refusals=1, refused=why, refused_remedy="Turn the leader's elbow.")
    assert told.args == [why, "Turn the leader's elbow."]
    with bench.qtbot.assertNotEmitted(bench.model.refused):
        bench.state(ticks=2000)
