"""Cameras as the loop and the window know them: ages, drops, black and frozen, lost and back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.base import DeviceLostError, DeviceNotFoundError, Frame
from drivers.ring import RingReader, RingWriter
from sessions.bus import Publisher
from sessions.live.cameras import CameraThread, serve
from sessions.live.frames import RingFrames
from sessions.live.pictures import BLACK, FROZEN, PictureJudge
from sessions.types import frame_dtype, step_dtype


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


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


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
