"""The packaged station files, and that each of them describes devices that exist."""

import shutil

import pytest

from drivers import registry
from drivers.registry import DeviceContext
from sessions import stations
from sessions.config import ConfigError, Task


def test_there_is_a_station_that_needs_nothing():
    assert "simulated" in stations.names()
    assert stations.simulated_station().simulated


@pytest.mark.parametrize("name", stations.names())
def test_every_packaged_station_describes_devices_that_can_be_created(name, tmp_path):
    station = stations.load(name)
    context = DeviceContext(runtime=tmp_path, calibrations=tmp_path)
    robot = registry.create("robots", "robot", station.robot, context)
    context = DeviceContext(runtime=tmp_path, calibrations=tmp_path, joint_names=robot.limits.names)
    for camera, table in station.cameras.items():
        registry.create("cameras", camera, table, context)
    for operator, table in station.operators.items():
        registry.create("teleoperators", operator, table, context)
    assert station.operator in station.operators
    assert stations.task(name).name


def test_a_station_is_loaded_by_the_path_of_a_copy_too(tmp_path):
    copy = tmp_path / "bench 2.toml"
    shutil.copy(stations.path("simulated"), copy)
    assert stations.load(copy) == stations.load(str(copy)) == stations.simulated_station()


def test_a_station_without_a_task_beside_it_gets_a_plain_one_of_its_name(tmp_path):
    copy = tmp_path / "bench.toml"
    shutil.copy(stations.path("simulated"), copy)
    assert stations.task(copy) == Task(name="Simulated ViperX 300 S", stages=())
    (tmp_path / "bench.task.toml").write_text('name = "Stack"\nstages = ["one"]\n')
    assert stations.task(copy) == Task(name="Stack", stages=("one",))


def test_an_unknown_station_is_answered_with_the_choices():
    with pytest.raises(ConfigError, match=r"no station 'viprex'.*simulated"):
        stations.load("viprex")


def test_a_task_is_no_station():
    assert not any(name.endswith(".task") for name in stations.names())
