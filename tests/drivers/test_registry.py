import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from drivers import registry
from drivers.base import DeviceConfigError, DriverError
from drivers.registry import DeviceContext, create, names, parsed


@dataclass(frozen=True)
class Table:
    port: str
    rate_hz: float = 50.0
    retries: int = 3
    mirrored: bool = False
    serial: str | None = None
    sizes: tuple[int, ...] = field(default=())


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_device_file_offers_a_config_and_a_factory(kind):
    assert names(kind) == tuple(sorted(names(kind)))
    for name in names(kind):
        module = __import__(f"drivers.{kind}.{name}", fromlist=["Config"])
        assert module.Config.__dataclass_params__.frozen
        assert callable(module.create)


def test_the_simulated_station_and_its_operators_are_there():
    assert "simulated_viperx" in names("robots")
    assert {"gamepad", "keyboard", "scripted"} <= set(names("teleoperators"))
    assert "simulated" in names("cameras")


@pytest.mark.parametrize("kind", registry.KINDS)
@pytest.mark.parametrize("wanted", ["no_such_device", "_jog", "", None, 7])
def test_an_unknown_type_is_refused_with_the_choices_and_never_replaced(kind, wanted):
    with pytest.raises(DeviceConfigError) as error:
        create(kind, "bench", {"type": wanted}, DeviceContext())
    assert "bench" in str(error.value)
    said = repr(wanted) if wanted else "It names no type"
    assert said in str(error.value)
    for choice in names(kind):
        assert choice in str(error.value)


def test_an_unknown_key_of_a_device_is_refused_with_the_known_ones():
    with pytest.raises(DeviceConfigError, match=r"pad: Unknown key 'colour'.*joint_speed_rad_s"):
        create("teleoperators", "pad", {"type": "gamepad", "colour": "red"}, DeviceContext())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Missing key 'port'"),
        ({"port": 3}, "port is 3, which is a whole number. Give it text"),
        (
            {"port": "a", "rate_hz": "fast"},
            "rate_hz is 'fast', which is text in quotes. Give it a number",
        ),
        (
            {"port": "a", "retries": 1.5},
            "retries is 1.5, which is a number. Give it a whole number",
        ),
        (
            {"port": "a", "retries": True},
            "retries is True, which is true or false. Give it a whole",
        ),
        ({"port": "a", "mirrored": 1}, "mirrored is 1, which is a whole number. Give it true"),
        ({"port": "a", "serial": 4}, "serial is 4, which is a whole number. Give it text"),
        ({"port": "a", "sizes": [4, "x"]}, "sizes[1] is 'x', which is text in quotes"),
        ({"port": "a", "sizes": 4}, "sizes is 4, which is a whole number. Give it a list"),
    ],
)
def test_a_missing_key_or_a_value_of_the_wrong_type_is_named(options, words):
    with pytest.raises(DeviceConfigError) as error:
        parsed("arm", Table, options)
    assert words in str(error.value)
    assert error.value.device == "arm"


def test_values_of_toml_become_the_fields_types():
    table = parsed("arm", Table, {"port": "a", "rate_hz": 100, "sizes": [1, 2], "serial": "x"})
    assert table == Table("a", 100.0, serial="x", sizes=(1, 2))
    assert isinstance(table.rate_hz, float)


def test_every_driver_error_names_device_problem_and_remedy():
    for kind in DriverError.__subclasses__():
        error = kind("wrist", "It is gone.", "Plug it in.")
        assert str(error) == "wrist: It is gone. Plug it in."
        assert isinstance(error, DriverError)


def test_what_the_control_process_needs_imports_nothing_heavy():
    code = (
        "import sys; from drivers import registry, kinematics, limits, bindings\n"
        "[__import__(f'drivers.{k}.{n}') for k in ('robots', 'teleoperators')"
        " for n in registry.names(k)]\n"
        "heavy = {'torch', 'cv2', 'h5py', 'PySide6', 'mujoco', 'pygame'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
