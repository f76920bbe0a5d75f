"""The Station page's live pictures: pads and pedals as they are held, cameras as they are."""

from __future__ import annotations

import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtGui import QColor, QImage

from dagger_gui import theme
from dagger_gui.banner_words import banner
from dagger_gui.pages.station_cards import FilesCard
from dagger_gui.pages.station_inputs import OperatorCard, pad_picture
from dagger_gui.pieces import Words
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets.camera_table import CameraRow, CameraTable, example_rows
from dagger_gui.widgets.pad_view import PadControl, PadPicture, PadView, example
from dagger_gui.widgets.process_table import ProcessTable, Row
from drivers import bindings
from sessions.messages import ControlInput, ControlState, DeviceState
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import create

RB = ControlInput("rightshoulder", "RB", 0.0, "correct", "Correct, while held")
RB_HELD = ControlInput("rightshoulder", "RB", 1.0, "correct", "Correct, while held")
STICK = ControlInput("leftx", "Left stick", 0.0, "y", "Left and right")
PEDAL = ControlInput("B", "B", 0.0, "correct", "Correct, while held")


def state(*devices: DeviceState, **fields) -> ControlState:
    known = dict.fromkeys(
        ("doubt", "tau", "measured_hz", "period_p99_ms", "policy_ms", "attempt_started_t"), math.nan
    )
    plain = dict.fromkeys(("sequence", "attempt", "round", "late_ticks", "ticks", "seed"), 0)
    words = dict.fromkeys(("reason", "reason_text", "remedy", "policy"), "")
    return ControlState(
        **{
            **known,
            **plain,
            **words,
            "t": 0.0,
            "gate": "policy",
            "controller": "policy",
            "armed": True,
            "attempt_demo": False,
            "operator": "gamepad",
            "operators": ("keyboard", "gamepad", "scripted"),
            "rate_hz": 50.0,
            "stage": -1,
            "success": False,
            "devices": devices,
            **fields,
        }
    )


def gamepad(*inputs: ControlInput, ok: bool = True, text: str = "") -> DeviceState:
    return DeviceState("gamepad", "teleoperator", ok, text, inputs, "Xbox pad, speed 100 %")


def colours(widget) -> set[str]:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    step = range(0, image.height(), 2)
    return {QColor(image.pixel(x, y)).name() for y in step for x in range(0, image.width(), 2)}


@pytest.fixture
def view(qtbot):
    view = PadView()
    qtbot.addWidget(view)
    view.resize(560, 480)
    view.show()
    return view


@pytest.mark.parametrize("light", ["dark", "light"])
def test_a_held_gate_is_drawn_in_the_humans_colour_and_said_in_words(view, qapp, light):
    theme.apply(qapp, light)
    orange = theme.current().fills["human"].lower()
    view.setValue(example(0.0))
    assert view.state() == "gate open"
    assert orange not in colours(view)
    view.setValue(example(1.0))
    assert view.state() == "you drive"
    assert orange in colours(view)
    assert "RB" in view.accessibleDescription()
    theme.apply(qapp, "dark")


def test_every_control_that_does_something_is_listed_by_what_is_printed_on_it(view):
    view.setValue(
        PadPicture(
            "pad",
            (
                PadControl("leftx", "Left stick", 0.0, "y", "Left and right"),
                PadControl("a", "Cross", 0.0, "success", "End as success"),
                PadControl("guide", "PS"),
            ),
        )
    )
    assert view.rows() == (
        ("Left stick ↔", "Left and right"),
        ("Cross ✕", "End as success"),
    )


def test_what_is_held_never_changes_the_height_of_the_picture(view):
    heights = set()
    for elapsed in (0.0, 0.7, 1.5, 3.1):
        view.setValue(example(elapsed))
        heights.add(view.sizeHint().height())
    assert len(heights) == 1


def test_a_device_without_sticks_is_a_list_and_an_absent_one_a_sentence(view):
    pedal = pad_picture(DeviceState("pedal", "pedal", True, "", (PEDAL,)), driving=False)
    view.setValue(pedal)
    assert not pedal.is_pad
    low = view.sizeHint().height()
    view.setValue(example())
    assert view.sizeHint().height() > 3 * low
    view.setValue(
        pad_picture(DeviceState("pedal", "pedal", False, "No pedal is plugged in."), driving=False)
    )
    assert view.state() == ""
    assert view.accessibleDescription() == "No pedal is plugged in."


@pytest.fixture
def card(qtbot):
    operators = {**simulated_station().operators, "pedal": {"type": "pedal"}}
    station = type("Station", (), {"operators": operators})()
    card = OperatorCard(station)
    qtbot.addWidget(card)
    card.show()
    return card


def test_the_card_shows_the_chosen_operators_controls_and_never_offers_a_pedal(card, qtbot):
    pedal = DeviceState("pedal", "pedal", True, "", (PEDAL,))
    card.show_state(state(gamepad(STICK, RB_HELD), pedal))
    labels = [button.text() for button in card._buttons.buttons()]
    assert labels == ["keyboard", "gamepad", "scripted"]
    assert card._buttons.checkedButton().text() == "gamepad"
    assert card.pad.isVisible()
    assert card.pad.state() == "gate held"
    assert card.pad.value().title == "gamepad: Xbox pad, speed 100 %"
    assert card.pedals["pedal"].rows() == (("B", "Correct, while held"),)
    with qtbot.waitSignal(card.selected) as chosen:
        card._buttons.button(0).click()
    assert chosen.args == ["keyboard"]
    keyboard = DeviceState("keyboard", "teleoperator", True)
    card.show_state(state(keyboard, gamepad(STICK, RB), operator="keyboard"))
    assert not card.pad.isVisible()


def test_a_pad_that_is_gone_leaves_its_sentence(card):
    card.show_state(state(gamepad(ok=False, text="The pad is unplugged. Plug it in again.")))
    assert card.pad.value().problem == "The pad is unplugged. Plug it in again."
    assert card.pad.isVisible()


# -- the banner names the buttons of the pad that is plugged in


def remedy(control: ControlState) -> str:
    keys, task = bindings.load(), pick_place_task()
    return banner(control, 0.0, keys, task, holding=False).remedy


def test_the_banner_names_the_key_and_the_pads_own_button():
    pedal = DeviceState("pedal", "pedal", True, "", (PEDAL,))
    assert remedy(state(gamepad(RB))) == "Hold G or pad RB to correct."
    assert remedy(state(gamepad(RB), pedal)) == "Hold G or pad RB or pedal B to correct."
    other = state(gamepad(RB), operator="keyboard")
    assert remedy(other) == "Hold G to correct."


def test_while_the_bumper_is_held_the_banner_says_to_let_go_of_it():
    control = state(gamepad(RB_HELD), gate="human", controller="human")
    assert remedy(control).startswith("Let go of pad RB to give back.")
    toggle = ControlInput("y", "Y", 0.0, "toggle", "")
    control = state(gamepad(RB, toggle), gate="human", controller="human")
    assert remedy(control).startswith("Press T or pad Y to give back.")


# -- cameras


@pytest.fixture
def table(qtbot):
    table = CameraTable()
    qtbot.addWidget(table)
    table.show()
    return table


def test_a_camera_shows_both_formats_and_figures_with_units(table):
    table.setRows(example_rows())
    top, wrist, side = table.value()
    assert top.cells()[:7] == (
        *("top", "640x480 MJPG, 30 fps", "640x480 MJPG, 30 fps"),
        *("29.9 fps", "31 ms", "0", "0"),
    )
    assert "another size" in wrist.cells()[7]
    assert side.cells()[2] == "–"
    assert side.cells()[4] == "– ms"
    assert table.findChildren(type(table._lines[0].mark))[2].verdict() == "bad"


def test_cameras_come_and_go_without_leaving_rows_behind(table):
    table.setRows(example_rows())
    table.setRows([CameraRow("top")])
    shown = [line for line in table._lines if line.words.isVisible()]
    assert len(shown) == 1


# -- words


@pytest.mark.parametrize(
    ("operator", "table", "said"),
    [
        ("leader", {"type": "gello", "port": "", "takeover": "mirror"}, "Hold H, and its motors"),
        ("leader", {"type": "gello", "port": "", "takeover": "clutch"}, "makes the motions"),
        ("leader", {"type": "gello", "port": "", "takeover": "align"}, "the arm's pose"),
        ("scripted", {"type": "scripted"}, "It needs nobody"),
        ("keyboard", {"type": "keyboard"}, "Hold H and drive with the keys"),
    ],
)
def test_an_operator_without_sticks_is_told_what_it_does_and_what_to_do(
    qtbot, operator, table, said
):
    station = type("Station", (), {"operators": {operator: table}})()
    card = OperatorCard(station, "H")
    qtbot.addWidget(card)
    card.show()
    device = DeviceState(operator, "teleoperator", True)
    card.show_state(state(device, operator=operator, operators=(operator,)))
    assert said in card.manual.text()
    assert card.manual.isVisible()
    assert card.manual.wordWrap()


def test_files_that_there_are_not_are_said_to_be_none_and_noticed_when_they_come(
    qtbot, tmp_path, monkeypatch
):
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    space = create(tmp_path / "w", simulated_station(), pick_place_task())
    card = FilesCard(space, space.root / "bindings.toml")
    qtbot.addWidget(card)
    card.show()

    def texts() -> list[str]:
        return [label.text() for label in card.findChildren(ElidedLabel)]

    assert "None yet: the defaults apply. Open makes one to edit." in texts()
    assert "None: nothing runs now." in texts()
    card.hide()
    runtime = space.runtime()
    (space.root / "bindings.toml").touch()
    card.show()
    assert str(runtime) in texts()
    assert str(space.root / "bindings.toml") in texts()


def test_the_whole_of_a_remedy_is_on_the_page_however_narrow(qtbot):
    words = "The gripper is at 78 °C (limit 80 °C). " * 6
    table = ProcessTable()
    qtbot.addWidget(table)
    table.resize(620, 400)
    table.setRows([Row("robot", "Devices", "bad", "warns", words.strip())])
    table.show()
    shown = next(label for label in table.findChildren(Words) if label.text() == words.strip())
    assert shown.isVisible()
    assert shown.height() >= shown.heightForWidth(shown.width()) > 3 * shown.fontMetrics().height()
