"""The camera process: ``python -m sessions.live.cameras WORKSPACE``, one thread a camera.

Every frame goes into the camera's ring with its capture time; who wants it reads it there. A camera
that is lost is tried again once a second, and what is wrong with it is published in words.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers import registry
from drivers.base import Camera, DriverError, Frame
from drivers.formats import Negotiated, PictureFormat
from drivers.registry import DeviceContext
from drivers.ring import RingWriter
from sessions.bus import Publisher
from sessions.config import Holds
from sessions.live.children import REFUSED
from sessions.live.metering import Meter
from sessions.live.pictures import BLACK, FROZEN, PictureJudge
from sessions.messages import CamerasState, CameraState
from sessions.types import SessionError, frame_dtype
from sessions.workspace import open_workspace

SLOTS = 48
PUBLISH_S = 0.5
RETRY_S = 1.0
_READ_S = 0.1
UNTRIED = "Not connected yet."


class CameraThread(threading.Thread):
    """Moves one camera's frames into its ring.

    Args:
        name: the station's name of the camera.
        camera: the device, not yet connected.
        runtime: the workspace's private runtime folder.
        stop: set when the process ends.
        late_s: a picture that is older when it comes holds the arm [s].
    """

    def __init__(
        self,
        name: str,
        camera: Camera,
        runtime: Path,
        stop: threading.Event,
        late_s: float = Holds().camera_s,
    ) -> None:
        super().__init__(name=f"camera-{name}", daemon=True)
        self.camera_name = name
        self._camera = camera
        self._runtime = runtime
        self._stop_event = stop
        self._ring: RingWriter | None = None
        self._judge = PictureJudge(runtime)
        self._meter = Meter(late_s)
        self._problem = UNTRIED
        self._losses = 0
        self._lost = ""  # why it went away last
        self._first_size = self._resized = ""

    def run(self) -> None:
        """Connects, reads until the camera is lost, and tries again."""
        while not self._stop_event.is_set():
            connected = False
            try:
                self._camera.connect()
                connected = True
                self._meter.begin()
                self._read()
            except DriverError as error:
                self._problem = f"{error.problem} {error.remedy}"
                if connected:
                    self._losses, self._lost = self._losses + 1, error.problem
            finally:
                self._camera.disconnect()
            self._stop_event.wait(RETRY_S)
        if self._ring is not None:
            self._ring.close()
        self._judge.close()

    def state(self, now: float) -> CameraState:
        """What was measured over the last two seconds."""
        meter = self._meter
        requested, given = _formats(self._camera)
        return CameraState(
            name=self.camera_name,
            fps=meter.fps(now),
            age_s=meter.age_s(now),
            latency_s=meter.latency_s,
            dropped=meter.dropped,
            problem=self._problem,
            requested=requested,
            given=given,
            late=meter.late,
            losses=self._losses,
            notice=self._notice(now),
        )

    def _notice(self, now: float) -> str:
        """What is worth knowing though pictures come: formats, rate, and that it was away."""
        asked = self._camera.notice if isinstance(self._camera, Negotiated) else ""
        slow = self._meter.slowness(now, self._camera.fps)
        back = ""
        if self._lost and not self._problem:
            times = "once" if self._losses == 1 else f"{self._losses} times"
            back = f"It was away {times}; the last time: {self._lost}"
        return " ".join(part for part in (self._resized, asked, slow, back) if part)

    def _read(self) -> None:
        """Reads until the camera is lost or the process ends."""
        heard = time.monotonic()
        while not self._stop_event.is_set():
            frame = self._camera.read(_READ_S)
            now = time.monotonic()
            if frame is not None:
                heard = now
                self._take(frame, now)
            elif now - heard > RETRY_S:
                self._problem = f"No picture for {now - heard:.1f} s. Check its cable."

    def _take(self, frame: Frame, now: float) -> None:
        flags = self._judge.flags(frame.image, now)
        ring = self._ring_for(frame.image)
        slot = ring.slot()
        slot["t"], slot["received_t"] = frame.t, now
        slot["sequence"], slot["flags"] = frame.sequence, flags
        slot["image"] = frame.image
        ring.commit()
        self._meter.take(frame, now)
        self._problem = _words(flags) or self._meter.lateness()

    def _ring_for(self, image: NDArray[np.uint8]) -> RingWriter:
        """The ring; made anew if the camera comes back with another picture size."""
        height, width = image.shape[:2]
        dtype = frame_dtype(height, width)
        if self._ring is None or self._ring.dtype != dtype:
            size = f"{width}x{height}"
            self._first_size = self._first_size or size
            changed = size != self._first_size
            self._resized = f"It came back with {size}, not {self._first_size}." if changed else ""
            if self._ring is not None:
                self._ring.close()
            path = self._runtime / f"frames-{self.camera_name}.ring"
            self._ring = RingWriter(path, dtype, SLOTS, {"camera": self.camera_name})
        return self._ring


def _words(flags: int) -> str:
    if flags & BLACK:
        return "The picture is black. Check the lens cap and the light."
    if flags & FROZEN:
        return "The picture is frozen. Unplug the camera and plug it in again."
    return ""


def _formats(camera: Camera) -> tuple[str, str]:
    """The format that was asked for and the one that is given, in words."""
    if isinstance(camera, Negotiated):
        return str(camera.requested), str(camera.given or "")
    return "", str(PictureFormat(camera.width, camera.height, camera.fps))


def main(argv: list[str] | None = None) -> int:
    """Runs until told to stop; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sessions.live.cameras", description=__doc__)
    parser.add_argument("workspace", type=Path)
    arguments = parser.parse_args(argv)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        space = open_workspace(arguments.workspace)
        runtime = space.runtime()
        context = DeviceContext(runtime=runtime)
        threads = [
            CameraThread(
                name,
                registry.create("cameras", name, table, context),
                runtime,
                stop,
                space.station.holds.camera_s,
            )
            for name, table in space.station.cameras.items()
        ]
    except (SessionError, DriverError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return serve(threads, Publisher(runtime, "cameras"), stop)


def serve(threads: list[CameraThread], publisher: Publisher, stop: threading.Event) -> int:
    """Publishes until told to stop, or until a thread broke: the supervisor starts all anew then.

    Returns:
        the exit status.
    """
    for thread in threads:
        thread.start()
    broken = False
    while not broken and not stop.wait(PUBLISH_S):
        now = time.monotonic()
        publisher.send(CamerasState(tuple(thread.state(now) for thread in threads)))
        broken = not all(thread.is_alive() for thread in threads)
    stop.set()
    for thread in threads:
        thread.join(timeout=2.0)
    publisher.close()
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
