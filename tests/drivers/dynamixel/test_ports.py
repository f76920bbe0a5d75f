import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceConfigError, DeviceNotFoundError
from drivers.dynamixel import ports
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.ports import Moved, Pose, find_moved, look, look_again, resolve
from drivers.emulation.hands import Leading
from tests.drivers.dynamixel.parts import arm, loose
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("patient")


def pose(port, *ticks, **more):
    return Pose(port, 1_000_000, {}, dict(enumerate(ticks, 1)), **more)


def test_an_emulated_port_is_a_link_in_the_runtime_folder(tmp_path):
    assert resolve("emulated:leader", tmp_path) == str(tmp_path / "leader.tty")
    with pytest.raises(DeviceConfigError, match="emulated:leader runs in real time only"):
        resolve("emulated:leader", None, "leader")


def test_a_path_is_taken_as_it_is():
    assert resolve("/dev/ttyUSB7", None) == "/dev/ttyUSB7"


def test_a_stable_name_is_found_in_the_systems_list(tmp_path, monkeypatch):
    by_id = tmp_path / "by-id"
    by_id.mkdir()
    monkeypatch.setattr(ports, "BY_ID", by_id)
    device = tmp_path / "ttyUSB3"
    device.touch()
    link = by_id / "usb-FTDI_USB__-__Serial_Converter_FT8ISNO4-if00-port0"
    link.symlink_to(device)
    assert resolve(link.name, None) == str(link)
    assert ports.stable_name(str(device)) == str(link)
    assert ports.stable_name(str(link)) == str(link)
    assert ports.stable_name("/dev/ttyS0") == "/dev/ttyS0"


def test_a_port_that_is_absent_is_answered_by_those_that_are_there(tmp_path):
    with arm("gello", tmp_path / "leader.tty"):
        with pytest.raises(DeviceNotFoundError, match=r"FT8ISNO4.*emulated:leader"):
            resolve("FT8ISNO4", tmp_path, "follower")
        with pytest.raises(DeviceConfigError, match=r"No port is named.*emulated:leader"):
            resolve("", tmp_path, "follower")


def test_emulated_arms_are_listed_while_they_run(tmp_path):
    with arm("gello", tmp_path / "leader.tty"), arm(link=tmp_path / "follower.tty"):
        listed = [port for port in ports.ports(tmp_path) if port.stable.startswith("emulated:")]
        assert [port.stable for port in listed] == ["emulated:follower", "emulated:leader"]
        assert [resolve(port.stable, tmp_path) for port in listed] == [port.path for port in listed]


def test_a_look_finds_an_arm_at_the_rate_it_speaks_and_changes_nothing():
    with loose((1, 1060), (2, 1200), baud=57_600) as emulated:
        before = [bytes(servo._table[:120]) for servo in emulated.servos]
        found = look(emulated.port)
        assert (found.baud, dict(found.models), found.holding) == (57_600, {1: 1060, 2: 1200}, ())
        assert found.ticks == {1: 2048, 2: 2048}
        assert [bytes(servo._table[:120]) for servo in emulated.servos] == before


def test_the_arm_that_a_hand_moves_is_found():
    with arm("gello") as leader, arm() as follower:
        before = [look("emulated:leader", path=leader.port), look(follower.port)]
        again = [look_again(p, path) for p, path in zip(before, (leader.port, None), strict=True)]
        assert find_moved(before, again).port == ""
        start = leader.servo(1).value("present_position")
        with leader.changing():
            leader.physics.hand(0, Leading(start + 300.0, 5_000.0))
        until(lambda: abs(leader.servo(1).value("present_position") - start) > 290, "the move")
        after = [look_again(p, path) for p, path in zip(before, (leader.port, None), strict=True)]
        moved = find_moved(before, after)
        assert moved.port == "emulated:leader"
        assert "moved by 26 degrees" in moved.text


def test_an_arm_that_is_held_by_its_motors_is_named():
    with arm("gello") as leader:
        with Bus(leader.port) as bus:
            bus.scan((1, 2))
            bus.write(2, "torque_enable", 1)
        before = [look(leader.port)]
        assert before[0].holding == (2,)
        text = find_moved(before, [look_again(before[0])]).text
        assert f"motors on {leader.port} hold" in text
        assert "release" in text


def test_ports_without_an_arm_say_why(tmp_path):
    with arm("gello") as leader:
        leader.physics.powered = False
        silent = look(leader.port, bauds=(1_000_000,))
    absent = look(str(tmp_path / "absent"))
    assert "No servo answers at 1000000 baud. Switch on" in silent.problem
    assert "There is no serial port" in absent.problem
    assert look_again(absent) is absent
    verdict = find_moved([silent, absent], [silent, absent])
    assert verdict == Moved("", f"{silent.problem} {absent.problem}")
    assert "Plug in" in find_moved([], []).text


def test_an_arm_unplugged_between_two_looks_is_not_taken_for_moved():
    with arm("gello") as leader:
        before = look(leader.port)
        leader.unplug()
        after = look_again(before)
    assert after.ticks == {}
    assert find_moved([before], [after]).port == ""


def test_two_arms_that_move_are_not_told_apart():
    before = [pose("a", 100), pose("b", 100)]
    assert find_moved(before, [pose("a", 900), pose("b", 700)]).port == ""
    assert "a and b moved" in find_moved(before, [pose("a", 900), pose("b", 700)]).text
    assert find_moved(before, [pose("a", 900), pose("b", 150)]).port == "a"


@given(
    start=st.integers(-20_000, 20_000),
    move=st.integers(-2047, 2047),
    turns=st.integers(-3, 3),
)
def test_a_move_is_what_the_joint_did_however_the_encoder_counts(start, move, turns):
    after = pose("a", start + move + turns * 4096)
    found = find_moved([pose("a", start), pose("b", 5)], [after, pose("b", 5)])
    assert found.port == ("a" if abs(move) >= ports.MOVED_TICKS else "")


def test_a_port_that_another_part_has_is_told_and_skipped():
    with arm("gello") as leader, Bus(leader.port):
        found = look(leader.port)
    assert "in use" in found.problem
    assert find_moved([found], [found]).port == ""
