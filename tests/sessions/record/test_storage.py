import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from sessions.record import jpeg, storage
from sessions.record.storage import EpisodeError, EpisodeWriter
from sessions.types import Outcome, step_dtype
from tests.sessions.record.parts import CAMERAS, DTYPE, image, meta, picture, steps


def written(folder: Path, episode: int = 1, ticks: int = 700, frames: int = 200) -> Path:
    """An episode whose blocks cross the chunks' edges."""
    writer = EpisodeWriter(folder, meta(episode), DTYPE, CAMERAS)
    block = 30
    for first in range(0, ticks, block):
        writer.append(steps(first, min(block, ticks - first), episode))
        for camera in CAMERAS:
            for n in range(first * frames // ticks, min(first + block, ticks) * frames // ticks):
                writer.add_frame(
                    camera,
                    100.0 + n / 30,
                    picture(camera, n),
                    sequence=n + 5,
                    received_t=100.01 + n / 30,
                    flags=n % 3,
                )
        writer.flush()
    return writer.finish(Outcome.SUCCESS)


def test_every_field_comes_back_as_it_was_given(tmp_path: Path) -> None:
    path = written(tmp_path)
    data = storage.read_episode(path)
    assert path == tmp_path / "000001.h5"
    assert data.meta == meta(1)
    assert data.outcome is Outcome.SUCCESS
    assert data.note == ""
    assert data.steps.dtype == DTYPE
    assert data.steps.tobytes() == steps(0, 700).tobytes()
    for camera in CAMERAS:
        assert np.array_equal(data.frames[camera].t, 100.0 + np.arange(200) / 30)
        assert np.array_equal(data.frames[camera].received_t, 100.01 + np.arange(200) / 30)
        assert np.array_equal(data.frames[camera].sequence, np.arange(200) + 5)
        assert np.array_equal(data.frames[camera].flags, np.arange(200) % 3)
        with storage.FrameReader(path) as reader:
            for n in (199, 0, 87, 88):
                assert reader.jpeg(camera, n) == picture(camera, n)
    assert not list(tmp_path.glob("*.part"))


def test_the_names_are_robomimics(tmp_path: Path) -> None:
    with h5py.File(written(tmp_path), "r") as file:
        assert file["actions"].shape == (700, 7)
        assert set(file["obs"]) == {"position", "velocity", "effort", "environment_state"}
        assert np.array_equal(file["actions"][:], steps(0, 700)["sent_action"])
        assert file.attrs["num_samples"] == 700
        assert file["obs/velocity"].attrs["unit"] == "rad/s, gripper 1/s"
        assert set(file["cameras/top"]) >= {"jpeg", "offset", "t", "sequence"}


def test_an_arm_without_cameras_and_object_poses_is_recorded_too(tmp_path: Path) -> None:
    dtype = step_dtype(7, 0, 0)
    facts = meta(1, environment_names=(), camera_names=())
    writer = EpisodeWriter(tmp_path, facts, dtype)
    writer.append(steps(0, 40, dtype=dtype))
    data = storage.read_episode(writer.finish(Outcome.FAILURE))
    assert data.steps.tobytes() == steps(0, 40, dtype=dtype).tobytes()
    assert data.steps["environment_state"].shape == (40, 0)
    assert data.frames == {}


def test_an_image_comes_back_with_its_colours(tmp_path: Path) -> None:
    given = np.zeros((48, 64, 3), np.uint8)
    given[..., 0] = 200  # red
    writer = EpisodeWriter(tmp_path, meta(), DTYPE, CAMERAS)
    writer.append(steps(0, 3))
    writer.add_frame("top", 100.0, jpeg.encode(given))
    path = writer.finish(Outcome.SUCCESS)
    assert np.abs(storage.read_frame(path, "top", 0).astype(int) - given).max() < 8


def test_each_tick_finds_the_frame_it_knew(tmp_path: Path) -> None:
    writer = EpisodeWriter(tmp_path, meta(), DTYPE, CAMERAS)
    ticks = steps(0, 4)
    ticks["frame_t"] = [[np.nan, 1.0], [1.0, 1.0], [1.0, 2.0], [2.0, 2.0]]
    writer.append(ticks)
    for t in (1.0, 2.0):
        writer.add_frame("top", t, b"x")
        writer.add_frame("wrist", t, b"x")
    data = storage.read_episode(writer.finish(Outcome.SUCCESS))
    assert data.frame_rows("top").tolist() == [-1, 0, 0, 1]
    assert data.frame_rows("wrist").tolist() == [0, 0, 1, 1]


def test_a_growing_file_is_read_up_to_its_last_flush(tmp_path: Path) -> None:
    writer = EpisodeWriter(tmp_path, meta(), DTYPE, CAMERAS)
    writer.append(steps(0, 60))
    writer.flush()
    writer.append(steps(60, 60))
    copy = shutil.copy(writer.path, tmp_path / "000009.h5.part")
    assert storage.counts(Path(copy)) == (60, {"top": 0, "wrist": 0})
    writer.abandon("test")
    assert storage.counts(writer.path)[0] == 120  # closing writes what was still in memory


def test_a_file_that_exists_is_never_written_over(tmp_path: Path) -> None:
    path = written(tmp_path, ticks=30, frames=2)
    before = path.read_bytes()
    with pytest.raises(EpisodeError, match=r"000001\.h5: The file exists already"):
        EpisodeWriter(tmp_path, meta(), DTYPE, CAMERAS)
    assert path.read_bytes() == before


def test_what_reads_back_differently_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = EpisodeWriter(tmp_path, meta(), DTYPE, CAMERAS)
    writer.append(steps(0, 10))
    monkeypatch.setattr("sessions.record.reader.counts", lambda path: (9, {"top": 0, "wrist": 0}))
    with pytest.raises(EpisodeError, match="gave 9 ticks"):
        writer.finish(Outcome.SUCCESS)
    assert writer.path.exists()
    assert not writer.final.exists()


def test_a_newer_layout_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = written(tmp_path, ticks=30, frames=2)
    with h5py.File(path, "r+") as file:
        file.attrs["layout"] = 2
    with pytest.raises(EpisodeError, match=r"layout 2; .* reads up to 1\. Update the program"):
        storage.read_episode(path)


def test_foreign_files_are_named_as_such(tmp_path: Path) -> None:
    foreign = tmp_path / "000003.h5"
    with h5py.File(foreign, "w") as file:
        file["x"] = [1]
    with pytest.raises(EpisodeError, match="no episode of this program"):
        storage.read_episode(foreign)
    text = tmp_path / "000004.h5"
    text.write_text("not HDF5")
    with pytest.raises(EpisodeError, match=r"text file.*Restore it from a copy"):
        storage.read_episode(text)
    with pytest.raises(EpisodeError, match="There is no such episode"):
        storage.read_episode(tmp_path / "000005.h5")


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, ticks=30, frames=2)
    with h5py.File(path, "r+") as file:
        del file["obs/velocity"]
    with pytest.raises(EpisodeError, match="torn at obs/velocity"):
        storage.read_episode(path)


def test_a_frame_that_is_not_there_is_refused_with_what_is(tmp_path: Path) -> None:
    path = written(tmp_path, ticks=30, frames=10)
    with pytest.raises(EpisodeError, match="top has frames 0 to 9, not 10"):
        storage.read_jpeg(path, "top", 10)
    with pytest.raises(EpisodeError, match="no camera 'side'"):
        storage.read_jpeg(path, "side", 0)
    with pytest.raises(EpisodeError, match="torn at cameras/top, frame 3"):
        storage.read_frame(path, "top", 3)


def read_or_sentence(path: Path) -> storage.EpisodeData | None:
    """The episode; None if it is refused with a sentence that names the file."""
    sentence = ""
    try:
        return storage.read_episode(path)
    except EpisodeError as error:
        sentence = str(error)
    assert str(path) in sentence
    return None


@pytest.mark.parametrize("name", ["000001.h5", "000001.h5.part"])
def test_torn_files_of_any_length_are_read_rightly_or_refused(tmp_path: Path, name: str) -> None:
    whole = written(tmp_path, ticks=120, frames=30).read_bytes()
    expected = steps(0, 120)
    torn = tmp_path / "torn" / name
    torn.parent.mkdir()
    rng = np.random.default_rng(0)
    lengths = [0, 1, 8, 47, 48, 512, len(whole) - 1, *rng.integers(0, len(whole), 60)]
    refused = 0
    for length in lengths:
        torn.write_bytes(whole[: int(length)])
        data = read_or_sentence(torn)
        if data is None:
            refused += 1
        else:
            assert data.steps.tobytes() == expected[: len(data.steps)].tobytes()
            # Of a finished file only what lies behind its end may be missing.
            assert len(data.steps) == 120 or name.endswith(".part")
    assert refused >= (len(lengths) - 1 if name.endswith(".h5") else 1)


def test_flipped_bytes_never_bring_more_than_a_sentence(tmp_path: Path) -> None:
    whole = written(tmp_path, ticks=60, frames=10).read_bytes()
    torn = tmp_path / "torn" / "000001.h5"
    torn.parent.mkdir()
    rng = np.random.default_rng(1)
    for _ in range(60):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 20):
            data[place] = rng.integers(0, 256)
        torn.write_bytes(bytes(data))
        read_or_sentence(torn)


def test_reserved_space_is_given_back(tmp_path: Path) -> None:
    facts = written(tmp_path, ticks=30, frames=2).stat()
    assert facts.st_blocks * 512 <= facts.st_size + 65536


def test_thumbnails_keep_the_shape_and_are_small() -> None:
    small = jpeg.decode(jpeg.thumbnail(jpeg.encode(image(3, 480, 640))))
    assert small.shape == (120, 160, 3)
    assert jpeg.thumbnail(b"no picture") == b""


def test_opencv_leaves_the_windows_environment_alone() -> None:
    # In a process of its own: other tests import OpenCV as it comes.
    code = "import os, sessions.record.jpeg; print(*(n for n in os.environ if n in {!r}))"
    names = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
    clean = {name: value for name, value in os.environ.items() if name not in names}
    command = [sys.executable, "-c", code.format(names)]
    done = subprocess.run(command, env=clean, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("height", "width"), [(480, 640), (240, 320), (224, 224), (60, 80), (1, 1)]
)
def test_a_picture_is_decoded_no_larger_than_needed_and_never_smaller(
    height: int, width: int
) -> None:
    data = jpeg.encode(image(7, 480, 640))
    found = jpeg.decode_reduced(data, height, width)
    assert found.shape[0] >= height
    assert found.shape[1] >= width
    assert found.shape[0] // 2 < height or found.shape[1] // 2 < width or found.shape[0] == 60
    np.testing.assert_allclose(found.mean(), jpeg.decode(data).mean(), atol=1.5)
    with pytest.raises(ValueError, match="no whole JPEG"):
        jpeg.decode_reduced(data[:4], height, width)
