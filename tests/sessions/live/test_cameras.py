"""Cameras as the loop and the window know them: ages, drops, black and frozen, lost and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.base import DeviceLostError, DeviceNotFoundError, Frame
from drivers.formats import PictureFormat
from drivers.registry import DeviceContext, create
from drivers.ring import RingReader, RingWriter
from sessions.bus import Publisher
from sessions.live.cameras import CameraThread, serve
from sessions.live.frames import RingFrames
from sessions.live.pictures import BLACK, FROZEN, PictureJudge
from sessions.types import frame_dtype, step_dtype
from tests.fakes.stream_camera import StreamCamera
from tests.waiting import until


class Webcam:
    """A camera whose cable and pictures are in a test's hand."""

    width, height, fps = 64, 48, 100.0

    def __init__(self) -> None:
        self.plugged = True
        self.sequence = 0
        self.skip = 0
        self.connects = 0

    def connect(self) -> None:
        self.connects += 1
        if not self.plugged:
            raise DeviceNotFoundError("top", "No camera is there.", "Plug it in.")

    def disconnect(self) -> None:
        """Nothing to close."""

    def read(self, timeout_s: float) -> Frame | None:
        if not self.plugged:
            raise DeviceLostError("top", "The camera was unplugged.", "Plug it in.")
        time.sleep(0.005)
        self.sequence += 1 + self.skip
        self.skip = 0
        image = np.full((self.height, self.width, 3), 40 + self.sequence % 100, np.uint8)
        return Frame(time.monotonic(), self.sequence, image)


@pytest.fixture
def webcam() -> Webcam:
    return Webcam()


@pytest.fixture
def thread(webcam: Webcam, tmp_path: Path) -> Iterator[CameraThread]:
    stop = threading.Event()
    thread = CameraThread("top", webcam, tmp_path, stop)
    thread.start()
    yield thread
    stop.set()
    thread.join(5.0)


def test_every_frame_reaches_the_ring_with_its_capture_time(
    thread: CameraThread, webcam: Webcam, tmp_path: Path
) -> None:
    until(lambda: webcam.sequence > 20)
    ring = RingReader(tmp_path / "frames-top.ring")
    frames, _, _ = ring.since(0)
    ring.close()
    assert (np.diff(frames["sequence"]) == 1).all()
    assert (frames["received_t"] >= frames["t"]).all()
    state = thread.state(time.monotonic())
    assert state.problem == ""
    assert state.fps > 0
    assert state.dropped == 0


def test_a_gap_in_the_cameras_own_count_is_a_dropped_frame(
    thread: CameraThread, webcam: Webcam
) -> None:
    until(lambda: webcam.sequence > 5)
    webcam.skip = 3
    until(lambda: thread.state(time.monotonic()).dropped == 3)


def test_an_unplugged_camera_says_so_and_comes_back(thread: CameraThread, webcam: Webcam) -> None:
    until(lambda: webcam.sequence > 2)
    webcam.plugged = False
    until(lambda: "unplugged" in thread.state(time.monotonic()).problem)
    webcam.plugged = True
    before = webcam.sequence
    until(lambda: webcam.sequence > before + 2)
    until(lambda: thread.state(time.monotonic()).problem == "")


def test_how_often_and_why_a_camera_went_away_stays_on_record(
    thread: CameraThread, webcam: Webcam
) -> None:
    until(lambda: webcam.sequence > 2)
    webcam.plugged = False
    until(lambda: "unplugged" in thread.state(time.monotonic()).problem)
    webcam.plugged = True
    until(lambda: thread.state(time.monotonic()).problem == "")
    state = thread.state(time.monotonic())
    assert state.losses == 1
    assert state.notice == "It was away once; the last time: The camera was unplugged."


def test_a_camera_that_comes_back_with_another_size_is_shown_and_said(
    thread: CameraThread, webcam: Webcam, tmp_path: Path
) -> None:
    frames = RingFrames(tmp_path, ("top",))

    def shape() -> tuple[int, ...]:
        frames.times(time.monotonic())
        return frames.image("top", 24, 32).shape if frames.image("top", 24, 32) is not None else ()

    until(lambda: shape() == (24, 32, 3))
    assert thread.state(time.monotonic()).given == "64x48, 100 fps"
    webcam.plugged = False
    until(lambda: "unplugged" in thread.state(time.monotonic()).problem)
    webcam.width, webcam.height = 96, 80
    webcam.plugged = True
    until(lambda: thread.state(time.monotonic()).problem == "")
    assert "It came back with 96x80, not 64x48." in thread.state(time.monotonic()).notice
    ring = RingReader(tmp_path / "frames-top.ring")
    assert ring.dtype["image"].shape == (80, 96, 3)
    newest = ring.head
    ring.close()
    assert newest > 0
    frames._checked_t = float("-inf")
    until(lambda: shape() == (24, 32, 3))
    frames.close()


def test_pictures_that_are_old_when_they_come_are_counted_and_said(tmp_path: Path) -> None:
    stop = threading.Event()
    camera = create(
        "cameras", "top", {"type": "synthetic", "fps": 50, "latency_s": 0.3}, DeviceContext()
    )
    thread = CameraThread("top", camera, tmp_path, stop, late_s=0.2)
    thread.start()
    until(lambda: thread.state(time.monotonic()).late > 3)
    state = thread.state(time.monotonic())
    assert "ms old when they come (limit 200 ms). Give it a port" in state.problem
    assert state.latency_s >= 0.3
    stop.set()
    thread.join(5.0)


def test_a_stream_that_gives_another_format_than_asked_says_so(tmp_path: Path) -> None:
    stop = threading.Event()
    with StreamCamera(size=(160, 120)) as server:
        camera = create("cameras", "top", {"type": "opencv", "source": server.url}, DeviceContext())
        camera.requested = PictureFormat(640, 480)
        thread = CameraThread("top", camera, tmp_path, stop)
        thread.start()
        until(lambda: thread.state(time.monotonic()).problem == "")
        state = thread.state(time.monotonic())
        assert state.requested == "640x480"
        assert state.given.startswith("160x120")
        assert "Asked for 640x480, it gives 160x120" in state.notice
        stop.set()
        thread.join(10.0)


def arm_at(ring: RingWriter, waist: float) -> None:
    step = np.zeros((), ring.dtype)
    step["position"][0] = waist
    ring.push(step)


def test_a_picture_that_stays_while_the_arm_moves_is_frozen_and_a_still_scene_is_not(
    tmp_path: Path,
) -> None:
    ring = RingWriter(tmp_path / "steps.ring", step_dtype(2, 0, 1), 8)
    judge = PictureJudge(tmp_path)
    image = np.full((48, 64, 3), 90, np.uint8)
    arm_at(ring, 0.0)
    assert judge.flags(image, 0.0) == 0
    assert judge.flags(image, 2.0) == 0
    assert judge.flags(image, 30.0) == 0  # nothing moved: the scene may be still
    arm_at(ring, 0.3)
    assert judge.flags(image, 31.0) == FROZEN
    assert judge.flags(image + 1, 31.1) == 0
    judge.close()
    ring.close()


def test_how_far_is_moving_follows_the_unit_of_the_robot(tmp_path: Path) -> None:
    meta = {"unit": "px", "lower": [0.0, 0.0], "upper": [512.0, 512.0]}
    ring = RingWriter(tmp_path / "steps.ring", step_dtype(2, 0, 1), 8, meta)
    judge = PictureJudge(tmp_path)
    image = np.full((48, 64, 3), 90, np.uint8)
    arm_at(ring, 100.0)
    assert judge.flags(image, 0.0) == 0
    assert judge.flags(image, 2.0) == 0
    arm_at(ring, 105.0)  # a hundredth of its range: a picture need not show that
    assert judge.flags(image, 3.0) == 0
    arm_at(ring, 130.0)
    assert judge.flags(image, 4.0) == FROZEN
    judge.close()
    ring.close()


def test_a_black_picture_is_flagged(tmp_path: Path) -> None:
    judge = PictureJudge(tmp_path)
    assert judge.flags(np.zeros((48, 64, 3), np.uint8), 0.0) == BLACK
    judge.close()


def test_a_frozen_picture_grows_old_like_that_of_a_lost_camera(tmp_path: Path) -> None:
    ring = RingWriter(tmp_path / "frames-top.ring", frame_dtype(48, 64), 4)
    frames = RingFrames(tmp_path, ("top", "wrist"))
    frame = np.zeros((), ring.dtype)
    for t, flags in ((1.0, 0), (1.1, 0), (1.2, FROZEN), (1.3, FROZEN)):
        frame["t"], frame["flags"] = t, flags
        ring.push(frame)
        times = frames.times(t)
    assert times[0] == 1.1
    assert np.isnan(times[1])  # never seen
    frames.close()
    ring.close()


def test_a_camera_process_that_restarts_is_followed(tmp_path: Path) -> None:
    frames = RingFrames(tmp_path, ("top",))
    for start in (1.0, 100.0):
        ring = RingWriter(tmp_path / "frames-top.ring", frame_dtype(48, 64), 4)
        frame = np.zeros((), ring.dtype)
        frame["t"], frame["image"] = start, 7
        ring.push(frame)
        assert frames.times(start)[0] == start
        small = frames.image("top", 24, 32)
        assert small is not None
        assert small.shape == (24, 32, 3)
        assert (small == 7).all()
        ring.close()
    frames.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_breaks_ends_the_process_so_that_it_is_started_anew(
    webcam: Webcam, tmp_path: Path
) -> None:
    stop = threading.Event()

    def breaks() -> None:
        raise ZeroDivisionError

    webcam.disconnect = breaks  # type: ignore[method-assign]
    webcam.plugged = False
    threads = [CameraThread("top", webcam, tmp_path, stop)]
    assert serve(threads, Publisher(tmp_path, "cameras"), stop) == 1
    assert not threads[0].is_alive()
