"""OpenCV's cameras through a real stream and by their error sentences; no V4L2 hardware here."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError
from drivers.cameras import _cv2, _settings, _v4l
from drivers.cameras.opencv import find
from drivers.cameras.synthetic import number_in, picture
from drivers.formats import Negotiated, PictureFormat, difference
from drivers.registry import DeviceContext, create
from tests.fakes.stream_camera import StreamCamera

TIMEOUT_S = 20.0


@pytest.fixture
def server():
    with StreamCamera() as server:
        yield server


@pytest.fixture
def make():
    made = []

    def build(source, **table):
        made.append(
            create("cameras", "top", {"type": "opencv", "source": source, **table}, DeviceContext())
        )
        return made[-1]

    yield build
    for camera in made:
        camera.disconnect()
        camera.disconnect()


def wait_for_frame(camera):
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        frame = camera.read(0.1)
        if frame is not None:
            return frame
    raise AssertionError("no frame came")


def wait_for_loss(camera) -> str:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            camera.read(0.1)
        except DeviceLostError as error:
            return str(error)
    raise AssertionError("it was never lost")


# -- a camera that works


def test_pictures_come_right_way_up_in_rgb_with_their_number(server, make):
    camera = make(server.url)
    camera.connect()
    frame = wait_for_frame(camera)
    number = number_in(frame.image)
    expected = picture(number, 120, 160)
    assert np.abs(frame.image.astype(int) - expected.astype(int)).mean() < 6
    assert (camera.width, camera.height) == (160, 120)


def test_a_reader_that_was_busy_gets_the_newest_picture_not_the_next(server, make):
    camera = make(server.url)
    camera.connect()
    first = wait_for_frame(camera)
    goal = server.sent + 20
    while server.sent < goal:
        time.sleep(0.01)
    late = wait_for_frame(camera)
    assert number_in(late.image) > number_in(first.image) + 10
    assert late.sequence > first.sequence + 10
    assert late.t > first.t


def test_capture_times_are_arrival_less_the_configured_latency(server, make):
    camera = make(server.url, latency_s=0.25)
    camera.connect()
    frame = wait_for_frame(camera)
    assert time.monotonic() - frame.t >= 0.25


@pytest.mark.parametrize(
    ("table", "turned"),
    [
        ({"rotate": 90}, lambda image: np.rot90(image, -1)),
        ({"rotate": 180}, lambda image: np.rot90(image, 2)),
        ({"rotate": 270, "flip": "horizontal"}, lambda image: np.rot90(image)[:, ::-1]),
        ({"flip": "vertical"}, lambda image: image[::-1]),
        ({"flip": "both"}, lambda image: image[::-1, ::-1]),
    ],
)
def test_it_is_turned_and_flipped_as_the_station_says(server, make, table, turned):
    server.fps = 1000.0
    camera = make(server.url, **table)
    camera.connect()
    image = wait_for_frame(camera).image
    assert image.shape == (camera.height, camera.width, 3)
    differences = [
        np.abs(image.astype(int) - turned(picture(n, 120, 160)).astype(int)).mean()
        for n in range(server.sent + 1)
    ]
    assert min(differences) < 6


# -- a camera that goes away


def test_a_stream_that_ends_is_a_loss_and_connecting_again_brings_it_back(server, make):
    camera = make(server.url)
    camera.connect()
    wait_for_frame(camera)
    server.pull()
    assert "The stream has ended. Check its cable" in wait_for_loss(camera)
    camera.disconnect()
    with pytest.raises(DeviceNotFoundError, match="does not answer with pictures"):
        camera.connect()
    server.size = (320, 240)
    server.plug()
    camera.connect()
    assert wait_for_frame(camera).image.shape == (240, 320, 3)
    assert (camera.width, camera.height) == (320, 240)


def test_a_camera_that_falls_silent_is_lost_after_its_limit(server, make):
    camera = make(server.url, lost_s=0.2)
    camera.connect()
    wait_for_frame(camera)
    server.silent = True
    assert "No picture for 0.2 s (limit 0.2 s)" in wait_for_loss(camera)
    server.silent = False


def test_reading_before_connecting_is_a_loss_in_words(make):
    with pytest.raises(DeviceLostError, match="not connected"):
        make("0").read(0.0)


# -- cameras that cannot be had


@pytest.fixture
def devices(monkeypatch):
    """A /dev of its own, that anybody may look into."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "v4l" / "by-id").mkdir(parents=True)
        (folder / "video3").write_bytes(b"")
        stable = folder / "v4l" / "by-id" / "usb-046d_C920_ABC123-video-index0"
        stable.symlink_to("../../video3")
        monkeypatch.setattr(_v4l, "DEVICES", folder)
        yield folder


def refusal(camera) -> str:
    with pytest.raises(DeviceNotFoundError) as error:
        camera.connect()
    return str(error.value)


@pytest.mark.parametrize("source", ["7", "Realsense", "/dev/v4l/by-id/usb-gone"])
def test_an_absent_camera_is_said_to_be_absent_with_those_that_are_there(devices, make, source):
    words = refusal(make(source))
    assert f"There is no camera {source}. Plug it in. Cameras here: none." in words


@pytest.mark.parametrize("source", ["3", "c920", "usb-046d_C920_ABC123-video-index0"])
def test_a_camera_is_found_by_index_and_by_its_stable_name(devices, source):
    assert _v4l.resolved("top", source) == (devices / "video3").resolve()


def test_a_camera_that_another_program_holds_names_the_program(devices, make):
    path = devices / "video3"
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
    with (
        path.open("rb") as held,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[held.fileno()]
        ) as holder,
    ):
        holder.stdout.readline()
        words = refusal(make("c920"))
        name = Path(f"/proc/{holder.pid}/comm").read_text().strip()
        holder.stdin.close()
    assert f"c920 is in use by {name} (process {holder.pid}). Close that program." in words


def test_a_camera_that_may_not_be_read_names_the_group(devices, make):
    camera = make("3")
    _cv2.load()  # as anybody else its files may not be readable
    (devices / "video3").chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        words = refusal(camera)
    finally:
        if root:
            os.seteuid(0)
    assert "This user may not read" in words
    assert "Join the group" in words


def test_a_recording_given_as_a_camera_names_the_type_that_plays_it(devices, make):
    assert 'is no camera but a file. Use type = "files"' in refusal(make("3"))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"rotate": 45}, "Rotate is 45; choose one of 0, 90, 180, 270."),
        ({"flip": "sideways"}, "Flip is 'sideways'; choose horizontal, vertical, both"),
        ({"code": "MJPEG"}, "Code is 'MJPEG'; give four letters"),
        ({"width": 0}, "0x480"),
        ({"source": ""}, "no source"),
        ({"shutter": 3}, "Unknown key 'shutter'"),
    ],
)
def test_what_the_station_file_gets_wrong_is_said_before_anything_is_opened(make, table, words):
    with pytest.raises(DeviceConfigError) as error:
        make(**{"source": "0", **table})
    assert words in str(error.value)


# -- formats and settings


def test_a_format_that_was_not_given_is_one_sentence():
    asked = PictureFormat(1280, 720, 60.0, "MJPG")
    assert difference(asked, asked) == ""
    assert difference(PictureFormat(), asked) == ""
    assert difference(asked, PictureFormat(640, 480, 30.0, "YUYV")) == (
        "Asked for 1280x720 MJPG, 60 fps, it gives 640x480 YUYV, 30 fps: "
        "another size and coding and rate."
    )


def test_what_it_was_asked_for_and_gives_can_be_shown(server, make):
    camera = make(server.url)
    assert isinstance(camera, Negotiated)
    camera.connect()
    assert camera.requested == PictureFormat()
    assert camera.given is not None
    assert (camera.given.width, camera.given.height) == (160, 120)
    assert camera.notice == ""


class Driver:
    """A camera's settings as a driver keeps them: in a table, some of them deaf."""

    def __init__(self, deaf=()) -> None:
        cv2 = _cv2.load()
        self.values = {cv2.CAP_PROP_AUTO_EXPOSURE: 3.0, cv2.CAP_PROP_EXPOSURE: 156.0}
        self.deaf = deaf
        self.grabs = 0

    def set(self, key: int, value: float) -> bool:
        if key not in self.deaf:
            self.values[key] = value
        return True

    def get(self, key: int) -> float:
        return self.values.get(key, 0.0)

    def grab(self) -> bool:
        self.grabs += 1
        return self.grabs < 5


def test_settings_are_made_manual_and_set_and_deaf_ones_are_named():
    cv2 = _cv2.load()
    driver = Driver(deaf=(cv2.CAP_PROP_FOCUS,))
    wanted = _settings.Fixed(exposure_ms=8.0, gain=20.0, white_balance_k=4600, focus=30.0)
    assert _settings.fix(cv2, driver, wanted) == ["focus"]
    assert driver.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1.0
    assert driver.values[cv2.CAP_PROP_EXPOSURE] == 80.0
    assert driver.values[cv2.CAP_PROP_AUTO_WB] == 0.0
    assert driver.values[cv2.CAP_PROP_WB_TEMPERATURE] == 4600


def test_locking_keeps_the_exposure_that_the_camera_had_found():
    cv2 = _cv2.load()
    driver = Driver()
    assert _settings.fix(cv2, driver, _settings.Fixed(lock_exposure=True, settle_s=5.0)) == []
    assert driver.grabs == 5
    assert driver.values[cv2.CAP_PROP_AUTO_EXPOSURE] == 1.0
    assert driver.values[cv2.CAP_PROP_EXPOSURE] == pytest.approx(156.0)


def test_importing_opencv_leaves_qt_alone():
    code = (
        "import os; os.environ['QT_QPA_FONTDIR'] = '/fonts'; from drivers.cameras import _cv2; "
        "_cv2.load(); print(os.environ.get('QT_QPA_PLATFORM_PLUGIN_PATH'), "
        "os.environ.get('QT_QPA_FONTDIR'))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout.decode().split() == ["None", "/fonts"]


def test_finding_cameras_needs_none():
    assert isinstance(find(), tuple)
