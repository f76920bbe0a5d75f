import time

import cv2
import numpy as np
import pytest

from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError
from drivers.cameras._pacing import Pace
from drivers.cameras.synthetic import Fault, number_in, picture
from drivers.registry import DeviceContext, create


class Hours:
    """A world that is nothing but a clock in a test's hand, in hundredths."""

    def __init__(self) -> None:
        self.ticks = 1000

    @property
    def t(self) -> float:
        return self.ticks / 100

    def pass_by(self, seconds: float) -> None:
        self.ticks += round(seconds * 100)


@pytest.fixture
def hours():
    return Hours()


def made(hours, **table):
    camera = create("cameras", "made", {"type": "synthetic", **table}, DeviceContext(world=hours))
    camera.connect()
    return camera


def frames(camera, hours, duration_s):
    """Every frame that comes within that time of its clock, with the moment it came."""
    found = []
    end = hours.ticks + round(duration_s * 100)
    while hours.ticks < end:
        frame = camera.read(0.0)
        if frame is None:
            hours.ticks += 1
        else:
            found.append((hours.t, frame))
    return found


@pytest.mark.parametrize("number", [0, 1, 2, 1023, 8_388_607])
def test_the_frame_number_can_be_read_off_the_picture_even_after_compression(number):
    image = picture(number, 120, 160)
    assert number_in(image) == number
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])
    assert number_in(cv2.imdecode(jpeg, cv2.IMREAD_COLOR)) == number


def test_pictures_come_at_their_rate_each_with_its_own_number_and_time(hours):
    camera = made(hours, fps=20, latency_s=0.1)
    found = frames(camera, hours, 1.0)
    assert [frame.sequence for _, frame in found] == list(range(len(found)))
    assert len(found) == 18  # the first comes after its latency
    assert all(number_in(frame.image) == frame.sequence for _, frame in found)
    assert all(0.1 - 1e-6 <= t - frame.t < 0.12 for t, frame in found)
    assert np.allclose(np.diff([frame.t for _, frame in found]), 0.05)


def test_consecutive_pictures_differ(hours):
    camera = made(hours)
    first, second = (frame.image for _, frame in frames(camera, hours, 0.1)[:2])
    assert (first != second).mean() > 0.3


def test_a_late_reader_gets_the_newest_picture_and_sees_the_gap(hours):
    camera = made(hours, fps=10)
    assert camera.read(0.0).sequence == 0
    hours.pass_by(1.0)
    assert camera.read(0.0).sequence == 10
    assert camera.read(0.0) is None


def test_a_frozen_camera_goes_on_counting_with_the_same_picture(hours):
    camera = made(hours, fps=10, faults=[{"kind": "freeze", "at_s": 1.0, "for_s": 1.0}])
    found = [frame for _, frame in frames(camera, hours, 3.0)]
    shown = [number_in(frame.image) for frame in found]
    assert shown[10:20] == [9] * 10
    assert [frame.sequence for frame in found] == list(range(30))
    assert shown[20:] == list(range(20, 30))


def test_black_late_and_missing_pictures_come_back_by_themselves(hours):
    faults = [
        {"kind": "black", "at_s": 1.0, "for_s": 0.5},
        {"kind": "late", "at_s": 2.0, "for_s": 1.0},
        {"kind": "gap", "at_s": 4.0, "for_s": 0.5},
    ]
    camera = made(hours, fps=10, faults=faults)
    found = frames(camera, hours, 6.0)
    dark = [frame.sequence for _, frame in found if frame.image.max() == 0]
    assert dark == [10, 11, 12, 13, 14]
    late = {frame.sequence for t, frame in found if t - frame.t > 0.4}
    assert late
    assert late <= set(range(15, 30))
    counted = [frame.sequence for _, frame in found]
    assert not set(range(40, 45)) & set(counted)
    assert counted[-1] == 59


def test_an_unplugged_camera_is_lost_absent_and_back_in_that_order(hours):
    camera = made(hours, fps=10, faults=[{"kind": "lost", "at_s": 1.0, "for_s": 1.0}])
    hours.pass_by(1.05)
    with pytest.raises(DeviceLostError, match="unplugged"):
        camera.read(0.0)
    camera.disconnect()
    with pytest.raises(DeviceNotFoundError):
        camera.connect()
    hours.pass_by(1.0)
    camera.connect()
    assert camera.read(0.0) is not None


def test_a_fault_may_come_again_and_again():
    fault = Fault("black", at_s=2.0, for_s=1.0, every_s=4.0)
    assert [t for t in range(12) if fault.active(t)] == [2, 6, 10]
    assert [t for t in range(12) if Fault("black", 2.0, 1.0).active(t)] == [2]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"faults": [{"kind": "melt"}]}, "There is no fault 'melt'. Choose one of: freeze"),
        ({"faults": [{"kind": "gap", "soon": 1}]}, "Unknown key 'soon'"),
        ({"width": 8}, "8x480"),
        ({"fps": 0}, "positive rate"),
    ],
)
def test_what_it_cannot_do_is_refused_in_words(hours, table, words):
    with pytest.raises(DeviceConfigError) as error:
        made(hours, **table)
    assert words in str(error.value)


def test_on_the_machines_clock_a_reader_waits_for_the_next_strike_and_no_longer_than_asked():
    pace = Pace(20.0)
    pace.start()
    number, due = pace.wait(1.0)
    assert number == 0
    following = pace.wait(1.0)
    assert following is not None
    assert following[0] >= 1
    assert time.monotonic() >= following[1] > due
    slow = Pace(0.001)
    slow.start()
    assert slow.wait(0.0) is not None
    assert slow.wait(0.005) is None
