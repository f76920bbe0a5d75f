"""What a check finds, on real drivers and emulated servos; and that it moves nothing."""

from __future__ import annotations

import grp
import subprocess
from pathlib import Path

import msgspec
import pytest

from drivers.base import DeviceLostError
from drivers.dynamixel import access
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel.tables import BAUD_CODES
from drivers.registry import DeviceContext
from sessions.checking import devices, results
from sessions.checking.arms import arm, arms
from sessions.checking.benches import bench
from sessions.checking.buses import Bounds, check_arm
from sessions.checking.checks import Options, check
from sessions.checking.results import Acts, Check, Doing
from sessions.workspace import create
from tests.fakes.emulated_bench import STATION, EmulatedStation, write
from tests.sessions.live.session import pick_place_task

XL330_M077 = 1190


def checked(station: EmulatedStation, **options) -> dict[str, Check]:
    """Every line of a check, by name."""
    quick = {"seconds": 0.1, "runtime": station.runtime, "gpu": False}
    items = check(station.bench, Options(**{**quick, **options}))
    return {item.name: item for item in items if isinstance(item, Check)}


def about(station: EmulatedStation, name: str, **options) -> dict[str, Check]:
    """What one arm's bus tells, by name."""
    bounds = Bounds(20.0, 0.1, station.runtime, Acts("CHECK --fix", "CALIBRATE", "FIND"))
    site = arm(arms(station.bench.station(), station.bench.calibrations), name)
    found = check_arm(site, bounds, **options)
    return {line.name.removeprefix(f"{name}: "): line for line in found}


def torques(station: EmulatedStation) -> int:
    return sum(servo.torque for arm in station.arms.values() for servo in arm.bus.servos)


def test_a_good_bench_is_good_line_by_line_and_no_motor_gets_torque(emulated):
    emulated.pose("robot", elbow=0.5)
    before = {name: emulated.at("robot", name) for name in emulated.arms["robot"].build.names}
    lines = checked(emulated)
    assert {n: c.text for n, c in lines.items() if c.verdict == "bad"} == {}
    for name in ("robot", "leader"):
        parts = ("port", "servos", "calibration", "settings", "motors", "bus")
        assert {f"{name}: {part}" for part in parts} <= set(lines)
    assert lines["robot: servos"].text == "All 9 answer: 2 XM430-W350, 7 XM540-W270."
    assert "0 corrupt" in lines["robot: bus"].text
    assert lines["robot: motors"].text == "33 to 33 °C, 12.0 to 12.0 V, torque off."
    assert "30" in lines["camera top"].text
    assert "elbow: 0.50 rad of -1.76 to 1.61" in lines["robot"].details
    assert {"limits", "rate", "disk", "leader and robot", "keyboard"} <= set(lines)
    assert torques(emulated) == 0
    after = {name: emulated.at("robot", name) for name in before}
    assert after == pytest.approx(before, abs=0.02)


def test_what_is_done_now_is_told_and_goes_forward(emulated):
    quick = Options(seconds=0.1, runtime=emulated.runtime, gpu=False)
    doing = [item for item in check(emulated.bench, quick) if isinstance(item, Doing)]
    shares = [item.share for item in doing]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert len({item.text for item in doing}) == len(doing)


def test_a_check_that_is_given_up_lets_go_of_every_port(emulated):
    items = check(emulated.bench, Options(seconds=0.1, runtime=emulated.runtime, gpu=False))
    for item in items:
        if getattr(item, "name", "") == "leader and robot":
            break
    items.close()
    assert about(emulated, "robot")["port"].verdict == "good"


# -- bad input: each a sentence with the remedy


def test_a_wrong_baud_rate_is_named_and_set_right_only_with_consent(emulated):
    with emulated.arms["leader"].bus.changing() as bus:
        for servo in bus.servos:
            write(servo, "baud_rate", BAUD_CODES[57_600])
    line = about(emulated, "leader")["servos"]
    assert line.verdict == "bad"
    assert line.text == "The servos on emulated:leader speak at 57600 baud, not at 1000000."
    assert line.remedy == (
        "Set baud = 57600 in the station file, or have theirs changed: CHECK --fix"
    )
    assert line.fixable

    asked = []

    def agree(device, sentences):
        asked.append((device, sentences))
        return True

    lines = about(emulated, "leader", consent=agree)
    assert asked == [("leader", (line.text,))]
    assert lines["baud"].text == "Their rate was 57600, and is 1000000 now."
    assert lines["servos"].verdict == lines["bus"].verdict == "good"


def test_settings_that_cost_time_are_named_and_set_right_only_with_consent(emulated):
    with emulated.arms["robot"].bus.changing() as bus:
        for servo in bus.servos:
            write(servo, "return_delay_time", 250)
    line = about(emulated, "robot")["settings"]
    assert (line.verdict, line.fixable) == ("note", True)
    assert line.text == (
        "Servo 1 waits 500 us before each answer (Return Delay Time 250). 0 is right. The same for "
        "8 other servos."
    )
    assert {s.value("return_delay_time") for s in emulated.arms["robot"].bus.servos} == {250}
    assert about(emulated, "robot", consent=lambda *_: True)["settings"].verdict == "good"
    assert {s.value("return_delay_time") for s in emulated.arms["robot"].bus.servos} == {0}


def test_a_motor_of_another_model_is_named_with_its_joint(emulated):
    file = emulated.workspace / "calibration" / "robot.toml"
    made = calibrations.read(file, "robot")
    others = tuple(
        msgspec.structs.replace(servo, model=XL330_M077) if servo.id == 8 else servo
        for servo in made.servos
    )
    calibrations.write(file, msgspec.structs.replace(made, servos=others))
    line = about(emulated, "robot")["calibration"]
    assert line.verdict == "bad"
    assert "wrist_rotate, servo 8 is an XM430-W350" in line.text
    assert "made with an XL330-M077" in line.text
    assert line.remedy == "Put the motor back as it was, or calibrate: CALIBRATE"


def test_two_servos_with_one_id_are_told_from_a_missing_one(emulated):
    bus = emulated.arms["leader"].bus
    with bus.changing():
        write(bus.servo(3), "id", 2)
    line = about(emulated, "leader")["servos"]
    assert line.verdict == "bad"
    assert line.text == (
        "Two servos seem to have id 2; only shoulder (servo 2) should, and elbow (servo 3) does "
        "not answer: it may be the other one."
    )
    assert line.remedy.startswith("Connect them one at a time")


def test_a_missing_servo_is_named_with_its_joint(emulated):
    emulated.ask("robot", "missing=3")
    line = about(emulated, "robot")["servos"]
    assert line.text == "shoulder's second motor (servo 3) does not answer."
    assert "Check the cable of this motor" in line.remedy


def test_exchanged_leader_and_follower_are_told_by_name(emulated):
    text = emulated.file.read_text()
    swapped = text.replace("emulated:robot", "emulated:x").replace("emulated:leader", "emulated:y")
    exchanged = swapped.replace("emulated:x", "emulated:leader")
    emulated.say(exchanged.replace("emulated:y", "emulated:robot"))
    line = about(emulated, "robot")["servos"]
    assert line.verdict == "bad"
    assert line.text.startswith("This is the leader, not the robot")
    assert line.remedy.startswith("Exchange the two port lines")


def test_an_arm_that_was_never_calibrated_is_told_what_to_type(emulated):
    (emulated.workspace / "calibration" / "leader.toml").unlink()
    emulated.say(emulated.file.read_text().replace('"gello"', '"gello"\ncalibration = "mine.toml"'))
    line = about(emulated, "leader")["calibration"]
    assert line.verdict == "bad"
    assert "has no calibration" in line.text
    assert line.remedy == "Calibrate it: CALIBRATE"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("baudrate = 57600", "baudrate"),
        ('takeover = "grab"', "Choose one of: mirror, clutch, align"),
        ('leads = { elbow = "knee" }', "no joint 'knee'"),
        ("offsets = { thumb = 0.1 }", "no joint 'thumb'"),
    ],
)
def test_a_station_with_an_unknown_key_or_joint_is_a_sentence_with_the_choices(
    emulated, line, said
):
    port = 'port = "emulated:leader"'
    emulated.say(emulated.file.read_text().replace(port, f"{port}\n{line}"))
    lines = checked(emulated)
    assert set(lines) == {"station file"}
    assert lines["station file"].verdict == "bad"
    assert said in f"{lines['station file'].text} {lines['station file'].remedy}"


def test_an_unknown_key_at_the_top_names_file_and_key(emulated):
    emulated.say(emulated.file.read_text().replace("rate_hz", "rate"))
    line = checked(emulated)["station file"]
    assert "bench.toml" in line.text
    assert "rate" in line.text
    assert "rate_hz" in line.text  # what is known
    emulated.say(f"{STATION}\n[limits]\nvelocity = 1.0\n")
    assert "Known keys in [limits]: velocity_rad_s" in checked(emulated)["station file"].text


def test_a_camera_that_another_program_holds_is_told_with_the_program(emulated):
    # A device file that many programs have open and OpenCV cannot take a picture from.
    emulated.say(emulated.file.read_text().replace('"synthetic"', '"opencv"\nsource = "/dev/null"'))
    emulated.ask("robot", "missing=3")
    with subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL) as other:
        lines = checked(emulated)
        other.kill()
    line = lines["camera top"]
    assert line.verdict == "bad"
    assert "/dev/null is in use by" in line.text
    assert line.remedy == "Close that program."
    # The arm's trouble is said once, not by its driver again; the rest is looked at all the same.
    assert lines["robot: servos"].verdict == "bad"
    assert "robot" not in lines
    assert {"leader", "keyboard", "disk"} <= set(lines)


def test_a_port_without_permission_names_the_group(emulated, monkeypatch):
    def denied(port, baud, device):
        raise access._no_permission(port, device)

    group = grp.getgrgid(Path("/dev/ptmx").stat().st_gid).gr_name
    monkeypatch.setattr("drivers.dynamixel.connection.open_link", denied)
    emulated.say(emulated.file.read_text().replace("emulated:robot", "/dev/ptmx"))
    line = about(emulated, "robot")["port"]
    assert line.verdict == "bad"
    assert group in line.text + line.remedy
    assert "group" in line.text


def test_a_port_that_another_program_holds_is_told(emulated):
    from drivers.dynamixel.bus import Bus

    with Bus(str(emulated.runtime / "robot.tty"), 1_000_000, "other"):
        line = about(emulated, "robot")["port"]
    assert line.verdict == "bad"
    assert "in use by" in line.text


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("reach/Rech-v0", "Did you mean reach/Reach-v0"),
        ("reach/Button-v0", "not a Box"),
    ],
)
def test_an_environment_that_cannot_be_a_robot_is_a_sentence(tmp_path, identifier, said):
    file = tmp_path / "reach.toml"
    file.write_text(
        'name = "Reach"\nsimulated = true\n[robot]\ntype = "gymnasium"\n'
        f'id = "{identifier}"\nmodule = "tests.fakes.reach_environment"\n'
    )
    lines = list(check(bench(str(file), tmp_path / "w"), Options(seconds=0.1, gpu=False)))
    last = lines[-1]
    assert isinstance(last, Check)
    assert (last.name, last.verdict) == ("station file", "bad")
    assert said in f"{last.text} {last.remedy}"


def test_two_arms_on_one_port_are_told_before_either_is_blamed_for_the_others_servos(emulated):
    text = emulated.file.read_text()
    # By two names for one port: a link of somebody's own.
    (emulated.runtime / "spare.tty").symlink_to(emulated.runtime / "robot.tty")
    emulated.say(text.replace("emulated:leader", "emulated:spare"))
    lines = checked(emulated)
    line = lines["leader: port"]
    assert (line.verdict, line.fixable) == ("bad", False)
    assert line.text == (
        "The leader is on emulated:spare, and so is the robot: one of them is wrong."
    )
    assert f"dagger-gui find {emulated.file}" in line.remedy
    assert lines["robot: servos"].verdict == "good"
    assert not {"leader", "leader: servos"} & set(lines)


def test_a_camera_without_a_name_and_one_that_is_absent_lead_to_find(emulated):
    text = emulated.file.read_text()
    emulated.say(text.replace('"synthetic"', '"opencv"\nsource = ""'))
    line = checked(emulated)["station file"]
    assert line.text == "bench.toml, top: It has no source."
    assert "dagger-gui find" in line.remedy
    emulated.say(text.replace('"synthetic"', '"opencv"\nsource = "NAME-OF-TOP"'))
    remedy = checked(emulated)["camera top"].remedy
    assert remedy.endswith(f"Or choose one by: dagger-gui find {emulated.file}")


# -- what is measured


def test_a_hot_motor_is_named_with_joint_limit_and_remedy(emulated):
    emulated.ask("robot", "temperature=4:78")
    line = about(emulated, "robot")["motors"]
    assert (line.verdict, line.remedy) == ("note", "Let it rest.")
    assert "elbow (servo 4) is at 78 °C (limit 80 °C)" in line.text
    emulated.ask("robot", "overheat=4")
    assert about(emulated, "robot")["motors"].verdict == "bad"


def test_lost_packets_are_counted_and_lead_to_the_plugs(emulated):
    emulated.ask("leader", "loss=0.03")
    line = about(emulated, "leader")["bus"]
    assert line.verdict in ("note", "bad")
    assert "plugs" in line.remedy


def test_what_a_bus_lost_is_counted_once(emulated):
    lines = checked(emulated)
    for name in ("robot", "leader"):
        assert "lost and 0 corrupt in" in lines[f"{name}: bus"].text
        assert "lost" not in lines[name].text
        assert " V, " in lines[name].text  # the rest of what it measures is said


def test_a_read_that_fails_once_is_a_note_and_a_device_that_is_gone_is_bad(emulated, monkeypatch):
    context = DeviceContext(
        runtime=emulated.runtime, calibrations=emulated.bench.calibrations, rate_hz=20.0
    )
    built = devices.build(emulated.bench.station(), context)
    gone = DeviceLostError("robot", "It is gone.", "Plug it in.")
    try:
        assert next(iter(list(devices.check_robot(built)))).verdict == "good"
        read, failures = built.robot.get_observation, [gone]

        def flaky():
            if failures:
                raise failures.pop()
            return read()

        monkeypatch.setattr(built.robot, "get_observation", flaky)
        line = devices.check_rate(built, 1.0)
        assert line.verdict == "note"
        assert "1 of them failed: It is gone." in line.text
        failures += [gone] * 1000
        line = devices.check_rate(built, 0.1)
        assert (line.verdict, line.text) == ("bad", "It is gone.")
    finally:
        built.disconnect()


def alike(station: EmulatedStation) -> Check:
    """How leader and robot are compared, without everything else."""
    context = DeviceContext(
        runtime=station.runtime, calibrations=station.bench.calibrations, rate_hz=20.0
    )
    built = devices.build(station.bench.station(), context)
    try:
        found = [*devices.check_robot(built), *devices.check_operators(built)]
    finally:
        built.disconnect()
    return next(line for line in found if line.name == "leader and robot")


def test_a_leader_in_another_pose_matters_where_poses_must_agree(emulated):
    emulated.pose("robot", shoulder=0.0, elbow=0.0, wrist_angle=0.0)
    emulated.pose("leader", shoulder=0.0, elbow=1.2, wrist_angle=0.0)
    line = alike(emulated)
    assert line.verdict == "note"
    assert "They differ most in elbow: 1.20 rad" in line.text
    port = 'port = "emulated:leader"'
    emulated.say(emulated.file.read_text().replace(port, f'{port}\ntakeover = "align"'))
    assert alike(emulated).verdict == "bad"
    emulated.pose("leader", elbow=0.1)
    assert alike(emulated).verdict == "good"


def test_a_camera_that_gives_black_pictures_is_bad_with_the_remedy(emulated):
    fault = 'faults = [{ kind = "black", at_s = 0.0, for_s = 60.0 }]'
    emulated.say(emulated.file.read_text().replace('"synthetic"', f'"synthetic"\n{fault}'))
    line = checked(emulated, seconds=0.3)["camera top"]
    assert line.verdict == "bad"
    assert "black" in line.text
    assert "lens cap" in line.remedy


# -- around it


def test_a_session_that_has_the_devices_is_told_instead_of_fought_with(emulated, tmp_path):
    import fcntl

    space = create(tmp_path / "running", emulated.bench.station(), pick_place_task())
    with (space.runtime() / "supervisor.pid").open("w") as lock:
        lock.write("4711\n")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        lines = [
            item for item in check(bench(str(space.root), space.root)) if isinstance(item, Check)
        ]
    assert [(line.name, line.verdict) for line in lines] == [("session", "bad")]
    assert "process 4711" in lines[0].text


def test_a_report_is_kept_in_the_workspace_and_read_again(emulated, tmp_path):
    lines = (Check("a", "good", "Fine."), Check("b", "bad", "Not.", "Do.", ("x",), True))
    made = results.report("bench", lines)
    assert not made.passed
    results.keep(tmp_path, made)
    assert results.kept(tmp_path) is None  # no workspace
    space = create(tmp_path / "w", emulated.bench.station(), pick_place_task())
    results.keep(space.root, made)
    assert results.kept(space.root) == made
    (space.root / results.REPORT).write_text("{torn")
    assert results.kept(space.root) is None


def test_a_workspaces_own_copy_that_differs_is_pointed_at(emulated, tmp_path):
    space = create(emulated.workspace, emulated.bench.station(), pick_place_task())
    line = checked(emulated)["station file"]
    assert line.verdict == "note"
    assert f"dagger-gui check {space.root}" in line.remedy


@pytest.fixture(autouse=True)
def _no_runtime_left(tmp_path, monkeypatch) -> None:
    runtime = tmp_path / "xdg"
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
