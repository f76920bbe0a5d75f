"""One value changes in a file that somebody wrote, and not a word of theirs is lost."""

from __future__ import annotations

import tomllib

import pytest

from sessions import stations
from sessions.checking.station_file import edited, set_value
from sessions.config import ConfigError, read_station

TEXT = """\
# Our bench, third table.
name = "Bench"
rate_hz = 50.0                 # not more

[robot]                        # by the window
type = "viperx_300s"
port = ""                      # /dev/serial/by-id/...
rest_pose = [
  0.0, # waist
  -1.8,
]

[operators."left leader"]
type = "gello"

[cameras.top]
type = "opencv"
source = 'NAME # not a comment'  # of the camera
"""


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        (("robot",), "port", "/dev/serial/by-id/usb-FTDI_1"),
        (("operators", "left leader"), "port", 'odd "name" \\ with #'),
        (("cameras", "top"), "source", "usb-Logitech"),
        (("robot",), "baud", 57_600),
        (("cameras", "wrist"), "type", "synthetic"),
    ],
)
def test_a_value_is_set_and_every_other_word_stays(tmp_path, table, key, value):
    file = tmp_path / "station.toml"
    file.write_text(TEXT)
    assert set_value(file, table, key, value) is None
    new = file.read_text()
    place = tomllib.loads(new)
    for part in table:
        place = place[part]
    assert place[key] == value
    comments = [line.partition("#")[2] for line in TEXT.split("\n") if line.count("#") == 1]
    for comment in comments:
        assert comment in new
    assert len(new.split("\n")) - len(TEXT.split("\n")) in (0, 1, 3)
    assert not file.with_suffix(".toml.bak").exists()


@pytest.mark.parametrize("name", ["viperx", "gello-viperx", "koch", "aloha-viperx-widowx"])
def test_every_packaged_station_takes_ports_and_cameras_without_losing_comments(tmp_path, name):
    text = stations.path(name).read_text()
    file = tmp_path / "station.toml"
    file.write_text(text)
    station = read_station(file)
    assert set_value(file, ("robot",), "port", "/dev/x") is None
    for camera in station.cameras:
        assert set_value(file, ("cameras", camera), "source", "usb-1") is None
    assert read_station(file).robot["port"] == "/dev/x"
    assert all(table["source"] == "usb-1" for table in read_station(file).cameras.values())
    assert file.read_text().count("#") == text.count("#")


def test_a_way_of_writing_that_is_not_understood_keeps_the_old_file_beside(tmp_path):
    file = tmp_path / "station.toml"
    text = '# Mine.\nname = "B"\nrobot = { type = "koch", port = "old" }\n'
    file.write_text(text)
    backup = set_value(file, ("robot",), "port", "new")
    assert backup is not None
    assert backup.read_text() == text
    assert tomllib.loads(file.read_text()) == {
        "name": "B",
        "robot": {"type": "koch", "port": "new"},
    }


def test_a_file_that_is_no_toml_is_left_alone_and_named(tmp_path):
    file = tmp_path / "station.toml"
    file.write_text("name = \n")
    with pytest.raises(ConfigError, match=r"station\.toml cannot be changed"):
        set_value(file, ("robot",), "port", "x")
    assert file.read_text() == "name = \n"


def test_a_value_of_another_table_of_the_same_name_is_not_touched():
    text = '[robot]\ntype = "a"\n[operators.leader]\nport = "mine"\n'
    assert edited(text, ("robot",), "port", "x") == (
        '[robot]\ntype = "a"\nport = "x"\n[operators.leader]\nport = "mine"\n'
    )
