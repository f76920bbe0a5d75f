"""The workspace that the window makes for a station, and no other station's."""

import pytest

from dagger_gui.app import open_or_create
from dagger_gui.cli import default_workspace
from dagger_gui.station_twin import twin
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


# -- a file that was edited, and the workspace's own copy


@pytest.fixture
def edited(tmp_path):
    """A lab's file that was edited after its workspace was made; the workspace."""
    own = tmp_path / "bench.toml"
    own.write_text(stations.path("viperx").read_text())
    space = open_or_create(tmp_path / "w", str(own))
    assert twin(space, str(own)) is None
    own.write_text(own.read_text().replace("velocity_rad_s = 1.0", "velocity_rad_s = 0.5"))
    return own, space


def test_an_edit_of_the_file_that_was_named_is_told_and_can_be_taken_over(edited):
    own, space = edited
    other = twin(open_or_create(space.root, str(own)), str(own))
    assert f"In force is this workspace's own copy, {space.root / 'station.toml'}" in (
        other.sentence()
    )
    assert f"cp {own} {space.root / 'station.toml'}" in other.sentence()
    former = (space.root / "station.toml").read_bytes()
    before = other.take()
    assert before.read_bytes() == former
    now = open_or_create(space.root, str(own))
    assert now.station.limits.velocity_rad_s == 0.5
    assert twin(now, str(own)) is None


def test_a_file_with_another_robot_is_never_put_over_what_was_recorded(edited):
    own, space = edited
    own.write_text(own.read_text().replace('"viperx_300s"', '"koch"'))
    other = twin(space, str(own))
    assert other.fits  # nothing was recorded yet
    (space.episodes / "000001.h5").touch()
    assert not other.fits
    assert "new folder, by --workspace" in other.sentence()
    former = (space.root / "station.toml").read_bytes()
    with pytest.raises(SessionError):
        other.take()
    assert (space.root / "station.toml").read_bytes() == former


def test_a_packaged_name_stands_for_the_workspaces_copy(edited, tmp_path):
    space = open_or_create(tmp_path / "p", "viperx")
    file = space.root / "station.toml"
    file.write_text(file.read_text().replace("velocity_rad_s = 1.0", "velocity_rad_s = 0.5"))
    assert twin(open_or_create(space.root, "viperx"), "viperx") is None
    assert twin(space, "") is None
