import cv2
import numpy as np
import pytest

from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError
from drivers.cameras.synthetic import number_in, picture
from drivers.registry import DeviceContext, create
from tests.drivers.cameras.test_synthetic import Hours

SIZE = (160, 120)


def write_film(path, count=10, fps=20.0):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), fps, SIZE)
    for number in range(count):
        writer.write(cv2.cvtColor(picture(number, SIZE[1], SIZE[0]), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return write_film(tmp_path_factory.mktemp("films") / "film.avi")


@pytest.fixture
def hours():
    return Hours()


@pytest.fixture
def play(hours):
    made = []

    def build(path, **table):
        made.append(
            create(
                "cameras",
                "film",
                {"type": "files", "path": str(path), **table},
                DeviceContext(world=hours),
            )
        )
        made[-1].connect()
        return made[-1]

    yield build
    for camera in made:
        camera.disconnect()
        camera.disconnect()


def numbers(camera, hours, count):
    found = []
    while len(found) < count:
        frame = camera.read(0.0)
        if frame is None:
            hours.pass_by(0.01)
        else:
            found.append(number_in(frame.image))
    return found


def test_a_film_has_its_own_size_and_rate_and_begins_again_at_its_end(film, play, hours):
    camera = play(film)
    assert (camera.width, camera.height, camera.fps) == (*SIZE, 20.0)
    assert numbers(camera, hours, 23) == [*range(10), *range(10), *range(3)]


def test_pictures_are_rgb(film, play, hours):
    image = play(film).read(0.0).image
    expected = picture(0, SIZE[1], SIZE[0])
    assert np.abs(image.astype(int) - expected.astype(int)).mean() < 6


def test_it_plays_at_the_rate_the_station_asks_for(film, play, hours):
    camera = play(film, fps=50.0)
    start = hours.t
    numbers(camera, hours, 11)
    assert hours.t - start == pytest.approx(10 / 50.0, abs=0.02)


def test_a_reader_that_was_away_finds_the_film_further_on(film, play, hours):
    camera = play(film)
    camera.read(0.0)
    hours.pass_by(0.2)
    frame = camera.read(0.0)
    assert frame.sequence == 4
    assert number_in(frame.image) == 4


def test_a_film_that_is_not_looped_is_lost_at_its_end(film, play, hours):
    camera = play(film, loop=False)
    numbers(camera, hours, 10)
    hours.pass_by(0.1)
    with pytest.raises(DeviceLostError, match=r"film\.avi is at its end\. Set loop"):
        camera.read(0.0)
    camera.disconnect()
    camera.connect()
    assert numbers(camera, hours, 2) == [0, 1]


def test_a_folder_is_played_in_the_order_of_its_names(tmp_path, play, hours):
    for number in (2, 0, 1):
        image = picture(number, SIZE[1], SIZE[0])
        cv2.imwrite(str(tmp_path / f"{number:03d}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    (tmp_path / "000-broken.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not looked at")
    camera = play(tmp_path, fps=100.0)
    assert numbers(camera, hours, 7) == [0, 1, 2, 0, 1, 2, 0]


def test_images_of_another_size_are_brought_to_the_firsts(tmp_path, play, hours):
    for number, size in ((0, SIZE), (1, (320, 240))):
        image = picture(number, size[1], size[0])
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    camera = play(tmp_path)
    numbers(camera, hours, 1)
    hours.pass_by(0.05)
    frame = camera.read(0.0)
    assert frame.image.shape == (SIZE[1], SIZE[0], 3)
    assert number_in(frame.image) == 1


def test_what_is_absent_or_holds_no_pictures_is_said(tmp_path, play):
    with pytest.raises(DeviceNotFoundError, match=r"There is no .*gone\.mp4"):
        play(tmp_path / "gone.mp4")
    (tmp_path / "text.mp4").write_text("not a film")
    with pytest.raises(DeviceNotFoundError, match=r"no picture in .*text\.mp4.*\.png"):
        play(tmp_path / "text.mp4")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DeviceNotFoundError, match="no picture"):
        play(tmp_path / "empty")
    with pytest.raises(DeviceConfigError, match="fps is -1"):
        play(tmp_path, fps=-1)
