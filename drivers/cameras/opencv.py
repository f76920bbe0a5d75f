"""A camera on USB, or a stream from the network, through OpenCV.

``source`` names it so that it stays the same camera after the next boot: part of its name in
/dev/v4l/by-id or by-path. ``find`` lists what is plugged in. A thread of its own keeps the newest
picture, and the driver's time of it where that is on this machine's monotonic clock.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DeviceNotFoundError,
    Frame,
    Image,
)
from drivers.cameras import _cv2, _settings, _v4l
from drivers.cameras._grabber import Grabber
from drivers.cameras._v4l import FoundCamera
from drivers.formats import PictureFormat, difference
from drivers.registry import DeviceContext

__all__ = ["Config", "FoundCamera", "OpenCVCamera", "create", "find"]

_TURNS = (0, 90, 180, 270)
_FLIPS = ("", "horizontal", "vertical", "both")
_FIRST_S = 6.0  # USB cameras take seconds to give their first picture
_CLOSE_S = 3.0  # longer than a camera that was pulled holds its reader
_STREAM_MS = 3000.0
_PLAUSIBLE_S = 1.0


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        source: part of the camera's name in /dev/v4l/by-id or by-path, a path, an index in quotes
            ("0"), or the address of a stream (http://, rtsp://).
        width: asked for [px]; a stream comes as it is.
        height: asked for [px].
        fps: asked for [1/s].
        code: coding on the cable, four letters; without MJPG a USB 2 port carries one camera.
        rotate: 0, 90, 180 or 270 degrees clockwise.
        flip: ``horizontal``, ``vertical`` or ``both``, after turning.
        latency_s: from exposure to arrival, where the driver does not say when a picture was
            taken [s].
        lost_s: without a picture for so long, it is lost [s].
        exposure_ms: fixes the exposure [ms].
        lock_exposure: fixes the exposure that the camera has found after ``settle_s``.
        settle_s: how long it may look for one [s].
        gain: fixes the gain, in the camera's own units.
        white_balance_k: fixes the colour temperature [K].
        focus: fixes the focus, in the camera's own units; 0 is far.
    """

    source: str
    width: int = 640
    height: int = 480
    fps: float = 30.0
    code: str = "MJPG"
    rotate: int = 0
    flip: str = ""
    latency_s: float = 0.0
    lost_s: float = 2.0
    exposure_ms: float | None = None
    lock_exposure: bool = False
    settle_s: float = 1.0
    gain: float | None = None
    white_balance_k: int | None = None
    focus: float | None = None


def find() -> tuple[FoundCamera, ...]:
    """The cameras that are plugged in, with stable names and formats; on Linux only.

    Returns:
        in the order of their numbers; ``stable`` is what to write as ``source``.
    """
    return _v4l.cameras()


class OpenCVCamera:
    """The camera; see ``Camera`` for what each method promises.

    Args:
        name: what the station calls it.
        config: which one, and how.
    """

    def __init__(self, name: str, config: Config) -> None:
        self._name, self._config = name, config
        self._stream = "://" in config.source
        self.requested = (
            PictureFormat()
            if self._stream
            else PictureFormat(config.width, config.height, config.fps, config.code)
        )
        self.given: PictureFormat | None = None
        self.notice = ""
        self.fps = config.fps
        self.width, self.height = self._turned(config.width, config.height)
        self._cv2: Any = None
        self._path: Path | None = None
        self._grabber: Grabber | None = None

    def connect(self) -> None:
        """Opens the camera, asks for its format and fixes its picture. Takes up to seconds.

        Raises:
            DeviceNotFoundError: it is absent, in use, not permitted, or gives no pictures.
        """
        self.disconnect()
        self._cv2 = _cv2.load()
        capture = self._opened()
        try:
            refused = [] if self._stream else _settings.fix(self._cv2, capture, self._fixed())
            self.given = self._format(capture)
        except BaseException:
            capture.release()
            raise
        notice = difference(self.requested, self.given)
        if refused:
            notice += f" It does not take {', '.join(refused)}: remove that from station.toml."
        self.notice = notice.strip()
        self.width, self.height = self._turned(self.given.width, self.given.height)
        self.fps = self.given.fps or self._config.fps
        self._grabber = Grabber(f"grab-{self._name}", capture, self._stamp_of(capture))
        self._grabber.start()

    def disconnect(self) -> None:
        """Lets the camera go."""
        grabber, self._grabber, self.given = self._grabber, None, None
        if grabber is not None:
            grabber.close(_CLOSE_S)

    def read(self, timeout_s: float) -> Frame | None:
        """Waits for a picture newer than the last, at most ``timeout_s``; None if none came.

        ``sequence`` counts what the camera gave: a gap is what nobody read, or what was cut short
        on the cable.

        Raises:
            DeviceLostError: the camera was unplugged, or is silent for ``lost_s``.
        """
        if self._grabber is None:
            raise DeviceLostError(self._name, "It is not connected.", "Connect it first.")
        found = self._grabber.take(timeout_s)
        if found is not None:
            t, number, image = found
            return Frame(t, number, self._upright(image))
        if self._grabber.ended:
            raise self._lost()
        limit_s = self._config.lost_s if self._grabber.heard_any else _FIRST_S
        if self._grabber.silent_s > limit_s:
            raise DeviceLostError(
                self._name,
                f"No picture for {self._grabber.silent_s:.1f} s (limit {limit_s:g} s).",
                "Check its cable; it is tried again by itself.",
            )
        return None

    def _opened(self) -> Any:
        cv2, source = self._cv2, self._config.source
        if self._stream:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _STREAM_MS]
            limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _STREAM_MS]
            capture = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [int(value) for value in limits])
            if not capture.isOpened():
                raise DeviceNotFoundError(
                    self._name,
                    f"{source} does not answer with pictures.",
                    "Open the address in a browser to check it, then correct source.",
                )
            return capture
        if sys.platform == "linux":
            self._path = _v4l.resolved(self._name, source)
            capture = cv2.VideoCapture(str(self._path), cv2.CAP_V4L2)
            if not capture.isOpened():
                capture.release()
                raise _v4l.why_not(self._name, self._path, source)
        else:
            capture = cv2.VideoCapture(int(source) if source.isdigit() else source)
            if not capture.isOpened():
                raise DeviceNotFoundError(
                    self._name, f"There is no camera {source}.", "Plug it in, or correct source."
                )
        self._ask(capture)
        return capture

    def _ask(self, capture: Any) -> None:
        """Asks for the format; the coding first, since sizes depend on it."""
        cv2, config = self._cv2, self._config
        if config.code:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*config.code))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, config.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, config.height)
        capture.set(cv2.CAP_PROP_FPS, config.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def _fixed(self) -> _settings.Fixed:
        config = self._config
        return _settings.Fixed(
            config.exposure_ms,
            config.lock_exposure,
            config.settle_s,
            config.gain,
            config.white_balance_k,
            config.focus,
        )

    def _format(self, capture: Any) -> PictureFormat:
        cv2 = self._cv2
        code = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=False)
        rate = float(capture.get(cv2.CAP_PROP_FPS))
        return PictureFormat(
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)),
            int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)),
            rate if 0.0 < rate < 1000.0 and not self._stream else 0.0,
            code.decode("ascii", "replace").strip("\0 "),
        )

    def _stamp_of(self, capture: Any) -> Any:
        """How a picture's arrival becomes the time it was taken; see ``Grabber``."""
        timed = capture.getBackendName() == "V4L2"
        key, latency_s = self._cv2.CAP_PROP_POS_MSEC, self._config.latency_s

        def stamp(arrived_t: float) -> float:
            if timed:
                # The buffer's time stamp (VIDIOC_DQBUF). On the monotonic clock it is just past;
                # a driver that stamps by another clock is nowhere near.
                taken_t = float(capture.get(key)) / 1000.0
                if 0.0 <= arrived_t - taken_t < _PLAUSIBLE_S:
                    return taken_t
            return arrived_t - latency_s

        return stamp

    def _upright(self, image: Any) -> Image:
        """RGB, turned and flipped, in memory of its own, shape (H, W, 3)."""
        cv2, config = self._cv2, self._config
        picture: Image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        if config.rotate:
            turns = (cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)
            picture = cv2.rotate(picture, turns[config.rotate // 90 - 1])
        if config.flip:
            picture = cv2.flip(picture, {"horizontal": 1, "vertical": 0, "both": -1}[config.flip])
        return picture

    def _turned(self, width: int, height: int) -> tuple[int, int]:
        return (height, width) if self._config.rotate in (90, 270) else (width, height)

    def _lost(self) -> DeviceLostError:
        if self._path is not None and not self._path.exists():
            return DeviceLostError(
                self._name, "It was unplugged.", "Plug it in again; it comes back by itself."
            )
        what = "The stream has ended." if self._stream else "It gives no more pictures."
        return DeviceLostError(
            self._name, what, "Check its cable and power; it is tried again by itself."
        )


def create(name: str, config: Config, context: DeviceContext) -> OpenCVCamera:
    """Builds the camera.

    Raises:
        DeviceConfigError: a rotation, flip, coding, size or rate that does not exist.
    """
    wrong = ""
    if config.rotate not in _TURNS:
        wrong = f"rotate is {config.rotate}; choose one of {', '.join(map(str, _TURNS))}"
    elif config.flip not in _FLIPS:
        wrong = f"flip is {config.flip!r}; choose {', '.join(filter(None, _FLIPS))}, or nothing"
    elif len(config.code) not in (0, 4):
        wrong = f"code is {config.code!r}; give four letters, such as MJPG or YUYV"
    elif config.width <= 0 or config.height <= 0 or config.fps <= 0.0:
        wrong = f"the format is {config.width}x{config.height} at {config.fps:g} fps"
    if wrong or not config.source:
        raise DeviceConfigError(
            name,
            f"{wrong[:1].upper()}{wrong[1:]}." if wrong else "It has no source.",
            "Correct its table in the station file."
            if wrong
            else "Write source = a part of its name; dagger-gui find lists the cameras by name.",
        )
    return OpenCVCamera(name, config)
