"""A configuration file that is wrong is answered by file, key, value and what would do."""

from __future__ import annotations

import pytest

from sessions.config import ConfigError, read_station, read_task

ROBOT = '[robot]\ntype = "viperx_300s"\n'
JARGON = ("`", "$", "Object", "field", "str ", "float", "NoneType")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f'name = "x"\nrate = 5\n{ROBOT}',
            "there is no key 'rate' at the top. Did you mean 'rate_hz'? Known keys",
        ),
        (ROBOT, "the key 'name' is missing at the top. Known keys at the top: name, robot"),
        (f'name = "x"\nrate_hz = "fast"\n{ROBOT}', 'rate_hz is "fast"; it must be a number.'),
        ('name = "x"\nrobot = "viperx"\n', 'robot is "viperx"; it must be a table.'),
        (f"name = 5\n{ROBOT}", "name is 5; it must be text in quotes."),
        (
            f'name = "x"\n{ROBOT}[cameras]\ntop = 5\n',
            "cameras.top is 5; it must be a table.",
        ),
        (
            f'name = "x"\n{ROBOT}[limits]\nspeed = 4\n',
            "there is no key 'speed' in [limits]. Known keys in [limits]: velocity_rad_s",
        ),
        (
            f'name = "x"\n{ROBOT}[limits]\nvelocity_rad_s = true\n',
            "limits.velocity_rad_s is true; it must be a number.",
        ),
        (
            f'name = "x"\n{ROBOT}[limits]\nvelocity_rad_s = nan\n',
            "velocity_rad_s is nan; it must be more than 0, and finite, in [limits].",
        ),
        (f'name = "x"\n{ROBOT}[holds]\nrobot_s = 0\n', "robot_s is 0 s; it must be more than 0"),
        (f'name = "x"\nrate_hz = 500\n{ROBOT}', "rate_hz is 500; it must be from 1 to 200."),
        (
            f'name = "x"\noperator = "pad"\n{ROBOT}[operators.keys]\ntype = "keyboard"\n',
            "operator is 'pad'; choose one of keys.",
        ),
        ("name = x\n", "is not valid TOML"),
    ],
)
def test_a_wrong_station_file_is_a_sentence_with_the_key_the_value_and_what_would_do(
    tmp_path, text, said
):
    file = tmp_path / "bench.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_station(file)
    assert said in str(caught.value)
    assert str(file) in str(caught.value)
    assert not any(word in str(caught.value).removeprefix(str(file)) for word in JARGON)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        *(("limits", key, "inf") for key in ("velocity_rad_s", "acceleration_rad_s2")),
        *(("limits", key, "inf") for key in ("gripper_per_s", "low_pass_hz")),
        *(("limits", "floor_m", value) for value in ("nan", "-inf", "inf", "-20.0")),
        *(("holds", key, "inf") for key in ("camera_s", "policy_s", "window_s", "recorder_s")),
        *(("holds", "robot_s", value) for value in ("nan", "inf", "3600.0")),
    ],
)
def test_no_guard_can_be_switched_off_by_a_number_that_is_never_reached(
    tmp_path, table, key, value
):
    file = tmp_path / "bench.toml"
    file.write_text(f'name = "x"\n{ROBOT}[{table}]\n{key} = {value}\n')
    with pytest.raises(ConfigError, match=rf"{key} is {float(value):g}.*; it must be .*{table}"):
        read_station(file)


def test_of_several_cameras_the_wrong_one_is_named(tmp_path):
    file = tmp_path / "bench.toml"
    file.write_text(f'name = "x"\n{ROBOT}[cameras]\nwrist = {{ type = "opencv" }}\ntop = "usb"\n')
    with pytest.raises(ConfigError, match=r'cameras\.top is "usb"; it must be a table'):
        read_station(file)


def test_a_place_in_a_list_is_named(tmp_path):
    file = tmp_path / "task.toml"
    file.write_text('name = "x"\nstages = ["reach", 3]\n')
    with pytest.raises(ConfigError, match=r"stages\[1\] is 3; it must be text in quotes"):
        read_task(file)


def test_what_is_no_text_is_refused_by_the_byte(tmp_path):
    file = tmp_path / "bench.toml"
    file.write_bytes(b'name = "\xff"')
    with pytest.raises(ConfigError, match="is no text: byte 8 is not UTF-8"):
        read_station(file)
