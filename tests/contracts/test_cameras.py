"""What the camera process relies on of every camera."""

import numpy as np
import pytest

from drivers import registry
from drivers.base import Camera, Frame
from tests.contracts.parts import CAMERAS, TICK_S, all_parts


def test_every_camera_has_a_bench():
    assert set(CAMERAS) == set(registry.names("cameras"))


@pytest.fixture(scope="module", params=all_parts(CAMERAS), ids=lambda p: "-".join(p))
def bench(request, tmp_path_factory):
    kind, variant = request.param
    with CAMERAS[kind][variant](tmp_path_factory.mktemp("runtime")) as bench:
        yield bench


@pytest.fixture
def camera(bench):
    bench.device.connect()
    yield bench.device
    bench.device.disconnect()


def frames(bench, count: int) -> list[Frame]:
    """The next frames, letting a tick pass after each wait that brought none."""
    found: list[Frame] = []
    for _ in range(count * 200):
        frame = bench.device.read(TICK_S)
        if frame is None:
            bench.wait(TICK_S)
        else:
            found.append(frame)
        if len(found) == count:
            return found
    raise AssertionError(f"{len(found)} of {count} frames came")


def test_it_is_a_camera_that_knows_its_format(camera):
    assert isinstance(camera, Camera)
    assert camera.width > 0
    assert camera.height > 0
    assert camera.fps > 0


def test_a_frame_is_a_picture_of_the_promised_format_taken_just_now(bench, camera):
    frame = frames(bench, 1)[0]
    assert frame.image.shape == (camera.height, camera.width, 3)
    assert frame.image.dtype == np.uint8
    assert frame.image.std() > 5.0
    assert 0.0 <= bench.now() - frame.t < 2.0


def test_frames_count_up_and_are_stamped_in_order(bench, camera):
    found = frames(bench, 5)
    steps = np.diff([frame.sequence for frame in found])
    assert (steps >= 1).all()
    times = np.diff([frame.t for frame in found])
    assert (times > 0).all()
    # Pictures that a busy machine held up may come in a bunch, but no camera is twice as fast.
    assert times.sum() > 0.25 * len(times) / camera.fps


def test_a_frame_that_was_given_out_does_not_change_any_more(bench, camera):
    first = frames(bench, 1)[0]
    kept = first.image.copy()
    frames(bench, 3)
    np.testing.assert_array_equal(first.image, kept)


def test_without_a_new_frame_reading_gives_up_after_its_timeout(bench, camera):
    frames(bench, 1)
    answers = [camera.read(0.0) for _ in range(50)]
    assert None in answers


def test_disconnecting_twice_is_harmless_and_connecting_again_works(bench, camera):
    camera.disconnect()
    camera.disconnect()
    camera.connect()
    assert frames(bench, 1)[0].image.shape == (camera.height, camera.width, 3)
