"""A made picture that moves, with its frame number in it, and faults on request.

For tests and for trying the window without a camera. It has to be asked for by its type: nothing
ever falls back to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from drivers import registry
from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError, Frame, Image
from drivers.cameras._pacing import Pace
from drivers.registry import DeviceContext

KINDS = ("freeze", "black", "late", "gap", "lost")
BITS = 24
_ROWS = 12  # the bar code's part of the height
_LATE_S = 0.5
_SMALLEST = (64, 48)


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong for a while, as a real camera's does.

    Attributes:
        kind: ``freeze`` (the same picture again and again), ``black``, ``late`` (half a second),
            ``gap`` (no pictures, but they are counted) or ``lost`` (unplugged).
        at_s: when it begins, after connecting [s].
        for_s: how long it lasts [s].
        every_s: when it comes again, after its beginning [s]; 0 for once.
    """

    kind: str
    at_s: float = 5.0
    for_s: float = 2.0
    every_s: float = 0.0

    def active(self, t: float) -> bool:
        """Whether it lasts at ``t`` [s] after connecting."""
        since = t - self.at_s
        if since >= 0.0 and self.every_s > 0.0:
            since %= self.every_s
        return 0.0 <= since < self.for_s


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        width: [px], from 64.
        height: [px], from 48.
        fps: frames a second.
        latency_s: how late a frame comes after its capture time [s].
        faults: tables of ``Fault``.
    """

    width: int = 640
    height: int = 480
    fps: float = 30.0
    latency_s: float = 0.0
    faults: tuple[dict[str, Any], ...] = ()


class SyntheticCamera:
    """The made camera; see ``Camera`` for what each method promises.

    Args:
        name: what the station calls it.
        config: format and latency.
        faults: what goes wrong, and when.
        world: a simulated world whose time counts; None for the machine's.
    """

    def __init__(self, name: str, config: Config, faults: tuple[Fault, ...], world: Any) -> None:
        self.width, self.height, self.fps = config.width, config.height, config.fps
        self._name = name
        self._faults = faults
        self._pace = Pace(config.fps, config.latency_s, world)
        self._started = False
        self._lost: Fault | None = None
        self._kept: Image | None = None

    def connect(self) -> None:
        """Begins with frame 0, or goes on while a fault of kind ``lost`` lasts.

        Raises:
            DeviceNotFoundError: that fault lasts.
        """
        if not self._started:
            self._started = True
            self._pace.start()
            self._kept = None
        elif self._lost is not None:
            if self._lost.active(self._pace.elapsed()):
                raise DeviceNotFoundError(self._name, "It is unplugged.", "Wait: it comes back.")
            self._lost = None

    def disconnect(self) -> None:
        """Stops counting; a camera that is pulled remembers for how long."""
        if self._lost is None:
            self._started = False

    def read(self, timeout_s: float) -> Frame | None:
        """Waits for the next frame, at most ``timeout_s``; None if none came in time.

        Raises:
            DeviceLostError: not connected, or a fault of kind ``lost`` has begun.
        """
        if not self._started:
            raise DeviceLostError(self._name, "It is not connected.", "Connect it first.")
        now = self._active(self._pace.elapsed())
        if "lost" in now:
            self._lost = now["lost"]
            raise DeviceLostError(self._name, "It was unplugged.", "Wait: it comes back.")
        found = self._pace.wait(timeout_s, _LATE_S if "late" in now else 0.0)
        if found is None:
            return None
        number, captured_t = found
        active = self._active(number / self.fps)
        if "gap" in active:
            return None
        if "black" in active:
            image = np.zeros((self.height, self.width, 3), np.uint8)
        elif "freeze" in active and self._kept is not None:
            image = self._kept.copy()
        else:
            image = picture(number, self.height, self.width)
        self._kept = image
        return Frame(captured_t, number, image)

    def _active(self, t: float) -> dict[str, Fault]:
        """The faults that last at ``t`` [s] after connecting, by kind."""
        return {fault.kind: fault for fault in self._faults if fault.active(t)}


def picture(number: int, height: int, width: int) -> Image:
    """The picture of a frame, shape (height, width, 3) RGB: a moving pattern under its number."""
    y, x = np.arange(height)[:, None], np.arange(width)[None, :]
    image = np.empty((height, width, 3), np.uint8)
    image[..., 0] = (x * 255 // width + 2 * number) % 256
    image[..., 1] = y * 255 // height // 2 + 64
    image[..., 2] = 120
    radius = min(height, width) // 12
    middle_x = int(width * (0.5 + 0.33 * np.cos(number * 0.05)))
    middle_y = int(height * (0.5 + 0.33 * np.sin(number * 0.05)))
    # Only the box around the disc is looked at: a picture costs a millisecond, not ten.
    rows = slice(middle_y - radius, middle_y + radius)
    columns = slice(middle_x - radius, middle_x + radius)
    inside = (x[:, columns] - middle_x) ** 2 + (y[rows] - middle_y) ** 2 < radius**2
    image[rows, columns][inside] = 240
    edges = np.linspace(0, width, BITS + 1).astype(int)
    for bit in range(BITS):
        shade = 255 if number >> (BITS - 1 - bit) & 1 else 0
        image[: height // _ROWS, edges[bit] : edges[bit + 1]] = shade
    return image


def number_in(image: Image) -> int:
    """The number of the frame that an image shows, also after it was compressed."""
    edges = np.linspace(0, image.shape[1], BITS + 1).astype(int)
    found = 0
    for bit in range(BITS):
        middle = (edges[bit] + edges[bit + 1]) // 2
        found = found << 1 | int(image[image.shape[0] // (2 * _ROWS), middle].mean() > 127)
    return found


def create(name: str, config: Config, context: DeviceContext) -> SyntheticCamera:
    """Builds the camera.

    Raises:
        DeviceConfigError: a format that is too small, a rate that is not positive, or a fault of
            an unknown kind.
    """
    if config.width < _SMALLEST[0] or config.height < _SMALLEST[1] or config.fps <= 0.0:
        raise DeviceConfigError(
            name,
            f"The format is {config.width}x{config.height} at {config.fps:g} fps.",
            f"Give at least {_SMALLEST[0]}x{_SMALLEST[1]} and a positive rate.",
        )
    faults = tuple(registry.parsed(name, Fault, table) for table in config.faults)
    for fault in faults:
        if fault.kind not in KINDS:
            raise DeviceConfigError(
                name, f"There is no fault {fault.kind!r}.", f"Choose one of: {', '.join(KINDS)}."
            )
    return SyntheticCamera(name, config, faults, context.world)
