"""What somebody types as STATION, and which file and workspace that is."""

from __future__ import annotations

import shutil

import pytest

from drivers.base import DriverError
from sessions import stations
from sessions.checking.arms import arm, arms
from sessions.checking.benches import bench
from sessions.config import ConfigError
from tests.fakes.emulated_bench import EmulatedStation


def test_a_packaged_name_is_the_packaged_file_until_its_workspace_has_one(tmp_path):
    place = bench("viperx", tmp_path / "w")
    assert (place.file, place.own) == (stations.path("viperx"), False)
    (tmp_path / "w").mkdir()
    shutil.copy(stations.path("viperx"), tmp_path / "w" / "station.toml")
    place = bench("viperx", tmp_path / "w")
    assert (place.file, place.own) == (tmp_path / "w" / "station.toml", True)


def test_a_file_is_itself_and_a_folder_its_station_file(tmp_path):
    file = tmp_path / "bench.toml"
    shutil.copy(stations.path("koch"), file)
    place = bench(str(file), tmp_path / "w")
    assert (place.file, place.root, place.own) == (file, tmp_path / "w", True)
    shutil.copy(file, tmp_path / "station.toml")
    assert bench(str(tmp_path), tmp_path / "w").root == tmp_path


@pytest.mark.parametrize("named", ["viprex", "no/such.toml"])
def test_what_there_is_not_is_answered_with_the_choices(tmp_path, named):
    with pytest.raises(ConfigError, match="viperx-emulated"):
        bench(named, tmp_path)


def test_a_folder_that_is_no_workspace_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is no workspace"):
        bench(str(tmp_path), tmp_path)


def test_a_stations_arms_are_known_with_their_kind_and_files(tmp_path):
    sites = arms(stations.load("gello-viperx"), tmp_path)
    assert [(s.name, s.description.kind, s.own) for s in sites] == [
        ("robot", "ViperX 300 S", tmp_path / "robot.toml"),
        ("leader", "GELLO", tmp_path / "leader.toml"),
    ]
    assert [s.table for s in sites] == [("robot",), ("operators", "leader")]
    kinds = {
        name: [s.description.kind for s in arms(stations.load(name), tmp_path)]
        for name in stations.names()
    }
    assert kinds["koch"] == ["Koch v1.1", "Koch v1.1 leader"]
    assert kinds["aloha-viperx-widowx"] == ["ViperX 300 S", "WidowX 250 S"]
    assert kinds["simulated"] == kinds["pusht"] == kinds["so101-lerobot"] == []


def test_the_emulated_arm_comes_calibrated_and_its_leader_can_be_made_anew(tmp_path):
    robot, leader = arms(stations.load("viperx-emulated"), tmp_path)
    assert robot.own is None
    assert robot.calibration.name == "follower.toml"
    assert (leader.own, leader.calibration.name) == (tmp_path / "leader.toml", "leader.toml")
    assert leader.calibration != leader.own


def test_an_arm_is_asked_for_by_name(emulated: EmulatedStation):
    sites = arms(emulated.bench.station(), emulated.bench.calibrations)
    assert arm(sites, "leader").name == "leader"
    with pytest.raises(DriverError, match="Name one of: robot, leader"):
        arm(sites, "")
    with pytest.raises(DriverError, match="no such arm"):
        arm(sites, "left")
    with pytest.raises(DriverError, match="no Dynamixel arm"):
        arm((), "")


def test_a_station_is_named_to_a_shell_as_it_was_found(tmp_path):
    space = tmp_path / "my bench"
    assert bench("koch", space).command == "koch"
    assert bench("koch", space, apart=True).command == f"koch --workspace '{space}'"
    assert bench("koch", space, apart=True).opening == (
        f"dagger-gui --station koch --workspace '{space}'"
    )
    space.mkdir()
    shutil.copy(stations.path("koch"), space / "station.toml")
    assert bench(str(space), tmp_path / "w").command == f"'{space}'"
    assert bench(str(space), tmp_path / "w").opening == f"dagger-gui --workspace '{space}'"
