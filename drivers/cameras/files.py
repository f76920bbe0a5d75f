"""Plays a video file, or a folder of images, as if it were a camera.

For trying the window, and for looking at what a policy does with pictures of another day. It has to
be asked for by its type: nothing ever falls back to it.
"""

from __future__ import annotations

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
from drivers.cameras import _cv2
from drivers.cameras._pacing import Pace
from drivers.registry import DeviceContext

_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
_USUAL_FPS = 30.0
_SKIPPED_AT_MOST = 90  # pictures, for a reader that was away


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        path: a video file, or a folder of images played in the order of their names.
        fps: frames a second; 0 for the video's own, or 30 for images.
        loop: begin again at the end; else it is lost there.
        latency_s: how late a frame comes after its capture time, as a real camera's does [s].
    """

    path: str
    fps: float = 0.0
    loop: bool = True
    latency_s: float = 0.0


class FileCamera:
    """The playing camera; see ``Camera`` for what each method promises.

    Args:
        name: what the station calls it.
        config: what to play, and how.
        world: a simulated world whose time counts; None for the machine's.
    """

    def __init__(self, name: str, config: Config, world: Any) -> None:
        self.width = self.height = 0
        self.fps = config.fps or _USUAL_FPS
        self._name, self._config, self._world = name, config, world
        self._path = Path(config.path).expanduser()
        self._film: _Film | _Slides | None = None
        self._pace: Pace | None = None
        self._shown = -1

    def connect(self) -> None:
        """Opens the file at its first picture, whose size is the camera's.

        Raises:
            DeviceNotFoundError: it is absent, or holds no pictures that OpenCV can read.
        """
        self.disconnect()
        if not self._path.exists():
            raise DeviceNotFoundError(
                self._name, f"There is no {self._path}.", "Correct path in station.toml."
            )
        film = _Slides(self._path) if self._path.is_dir() else _Film(self._path)
        first = film.next()
        if first is None:
            film.close()
            raise DeviceNotFoundError(
                self._name,
                f"OpenCV finds no picture in {self._path}.",
                f"Give a video file, or a folder of {', '.join(_IMAGES)}.",
            )
        film.rewind()
        self.height, self.width = first.shape[:2]
        self.fps = self._config.fps or film.fps or _USUAL_FPS
        self._film, self._shown = film, -1
        self._pace = Pace(self.fps, self._config.latency_s, self._world)
        self._pace.start()

    def disconnect(self) -> None:
        """Closes the file."""
        if self._film is not None:
            self._film.close()
            self._film = None

    def read(self, timeout_s: float) -> Frame | None:
        """Waits for the next frame, at most ``timeout_s``; None if none came in time.

        Raises:
            DeviceLostError: not connected, or at the end of what is not to be looped.
        """
        if self._film is None or self._pace is None:
            raise DeviceLostError(self._name, "The file is not open.", "Connect it first.")
        found = self._pace.wait(timeout_s)
        if found is None:
            return None
        number, t = found
        image: Image | None = None
        # A reader that comes late finds the film further on, as with a real camera.
        for _ in range(min(number - self._shown, _SKIPPED_AT_MOST)):
            image = self._turn(self._film)
        self._shown = number
        assert image is not None
        return Frame(t, number, image)

    def _turn(self, film: _Film | _Slides) -> Image:
        image = film.next()
        if image is None and self._config.loop:
            film.rewind()
            image = film.next()
        if image is None:
            raise DeviceLostError(
                self._name, f"{self._path.name} is at its end.", "Set loop = true to begin again."
            )
        return image


class _Film:
    """A video file, picture by picture."""

    def __init__(self, path: Path) -> None:
        self._cv2 = _cv2.load()
        self._path = str(path)
        self._capture = self._cv2.VideoCapture(self._path)
        self.fps = float(self._capture.get(self._cv2.CAP_PROP_FPS))

    def next(self) -> Image | None:
        """The next picture, shape (H, W, 3) RGB; None at the end."""
        there, image = self._capture.read()
        if not there:
            return None
        picture: Image = self._cv2.cvtColor(image, self._cv2.COLOR_BGR2RGB)
        return picture

    def rewind(self) -> None:
        """Goes back to the first picture: opened anew, since not every coding can seek."""
        self._capture.release()
        self._capture = self._cv2.VideoCapture(self._path)

    def close(self) -> None:
        """Closes the file."""
        self._capture.release()


class _Slides:
    """A folder of images; those of another size than the first are brought to it."""

    fps = 0.0

    def __init__(self, folder: Path) -> None:
        self._cv2 = _cv2.load()
        self._paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in _IMAGES)
        self._at = 0
        self._size: tuple[int, int] | None = None

    def next(self) -> Image | None:
        """The next picture, shape (H, W, 3) RGB; None at the end. Unreadable ones are skipped."""
        while self._at < len(self._paths):
            image = self._cv2.imread(str(self._paths[self._at]), self._cv2.IMREAD_COLOR)
            self._at += 1
            if image is None:
                continue
            size = (image.shape[1], image.shape[0])
            self._size = self._size or size
            if size != self._size:
                image = self._cv2.resize(image, self._size, interpolation=self._cv2.INTER_AREA)
            picture: Image = self._cv2.cvtColor(image, self._cv2.COLOR_BGR2RGB)
            return picture
        return None

    def rewind(self) -> None:
        """Goes back to the first image."""
        self._at = 0

    def close(self) -> None:
        """Nothing is open between two pictures."""


def create(name: str, config: Config, context: DeviceContext) -> FileCamera:
    """Builds the camera.

    Raises:
        DeviceConfigError: a rate or latency below 0.
    """
    if config.fps < 0.0 or config.latency_s < 0.0:
        raise DeviceConfigError(
            name,
            f"fps is {config.fps:g} and latency_s is {config.latency_s:g}.",
            "Give 0 or more.",
        )
    return FileCamera(name, config, context.world)
