"""The workspace that the window makes for a station, and no other station's."""

import pytest

from dagger_gui.app import open_or_create
from dagger_gui.cli import default_workspace
from drivers.base import DriverError
from sessions import stations
from sessions.types import SessionError


def test_a_new_workspace_has_the_stations_file_as_it_was_written_and_its_task(tmp_path):
    made = open_or_create(tmp_path / "a", "viperx-emulated")
    assert made.station == stations.load("viperx-emulated")
    assert made.task == stations.task("viperx-emulated")
    written = (tmp_path / "a" / "station.toml").read_text()
    assert written == stations.path("viperx-emulated").read_text()
    assert open_or_create(tmp_path / "a", "").station == made.station
    assert open_or_create(tmp_path / "a", "viperx-emulated").station == made.station


def test_without_a_station_it_is_the_simulated_one(tmp_path):
    assert open_or_create(tmp_path / "a", "").station == stations.simulated_station()


def test_a_station_of_a_labs_own_is_taken_by_its_path(tmp_path):
    own = tmp_path / "bench.toml"
    own.write_text(stations.path("viperx").read_text().replace("ViperX 300 S", "Bench 7"))
    assert open_or_create(tmp_path / "a", str(own)).station.name == "Bench 7"


def test_an_arm_is_never_opened_in_another_stations_workspace(tmp_path):
    open_or_create(tmp_path / "a", "simulated")
    with pytest.raises(SessionError, match=r"belongs to the station.*--workspace"):
        open_or_create(tmp_path / "a", "viperx")
    assert default_workspace("viperx") != default_workspace("koch") != default_workspace()
    assert default_workspace("simulated") == default_workspace()


def test_an_unknown_station_is_answered_with_the_choices_and_leaves_nothing(tmp_path):
    with pytest.raises(SessionError, match=r"viperx-emulated"):
        open_or_create(tmp_path / "a", "viprex")
    assert not (tmp_path / "a").exists()


def test_a_world_that_cannot_be_made_is_refused_and_leaves_nothing(tmp_path):
    own = tmp_path / "reach.toml"
    text = stations.path("pusht").read_text().replace("gym_pusht/PushT-v0", "reach/Rech-v0")
    module = '\nmodule = "tests.fakes.reach_environment"'
    own.write_text(text.replace('"reach/Rech-v0"', f'"reach/Rech-v0"{module}'))
    with pytest.raises(DriverError, match="Did you mean reach/Reach-v0"):
        open_or_create(tmp_path / "a", str(own))
    assert not (tmp_path / "a").exists()
