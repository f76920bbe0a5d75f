"""The packaged station files, and that each of them describes devices that exist."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from drivers import registry
from drivers.base import DeviceConfigError
from drivers.registry import DeviceContext
from sessions import stations
from sessions.config import ConfigError, Task


def test_there_is_a_station_that_needs_nothing():
    assert "simulated" in stations.names()
    assert stations.simulated_station().simulated


def robot_of(station, context):
    try:
        return registry.create("robots", "robot", station.robot, context)
    except DeviceConfigError as error:
        if "is not installed" not in error.problem:
            raise
        return pytest.skip(str(error))


@pytest.mark.parametrize("name", stations.names())
def test_every_packaged_station_describes_devices_that_can_be_created(name, tmp_path):
    station = stations.load(name)
    context = DeviceContext(runtime=tmp_path, calibrations=tmp_path, rate_hz=station.rate_hz)
    robot = robot_of(station, context)
    context = replace(context, joint_names=robot.limits.names, robot=robot)
    for camera, table in station.cameras.items():
        registry.create("cameras", camera, table, context)
    for operator, table in station.operators.items():
        registry.create("teleoperators", operator, table, context)
    assert not station.operators or station.operator in station.operators
    assert stations.task(name).name


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")  # other people's environments
@pytest.mark.parametrize("name", [n for n in stations.names() if stations.load(n).simulated])
def test_every_simulated_station_has_its_world_and_cameras_in_lockstep(name, tmp_path):
    station = stations.load(name)
    robot_of(station, DeviceContext(runtime=tmp_path, rate_hz=station.rate_hz))
    world = registry.world(station.robot, 0, station.rate_hz)
    try:
        context = DeviceContext(world=world, rate_hz=station.rate_hz)
        robot = robot_of(station, context)
        robot.connect()
        assert np.isfinite(robot.get_observation().position).all()
        assert set(station.cameras) <= set(world.cameras)
    finally:
        world.close()


_COMMENTED = re.compile(r"^# (\[[\w.]+\]|\w+ = .+)$", re.MULTILINE)


@pytest.mark.parametrize("name", stations.names())
def test_what_a_packaged_station_has_in_comments_is_a_key_that_its_device_knows(name, tmp_path):
    text = stations.path(name).read_text(encoding="utf-8")
    copy = tmp_path / f"{name}.toml"
    copy.write_text(_COMMENTED.sub(r"\1", text), encoding="utf-8")
    station = stations.load(copy)
    context = DeviceContext(runtime=tmp_path, calibrations=tmp_path, rate_hz=station.rate_hz)
    robot = robot_of(station, context)
    context = replace(context, joint_names=robot.limits.names, robot=robot)
    for operator, table in station.operators.items():
        registry.create("teleoperators", operator, table, context)


@pytest.mark.parametrize("name", ["viperx", "gello-viperx", "aloha-viperx-widowx", "koch"])
def test_stations_with_dynamixel_arms_name_what_keeps_them_gentle(name):
    commented = _COMMENTED.findall(stations.path(name).read_text(encoding="utf-8"))
    keys = [line.split(" = ")[0] for line in commented]
    assert {"power", "watchdog_ms", "patience_s"} <= set(keys)
    assert ("mirror_rad_s" in keys) is ("leader" in stations.load(name).operators)


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
