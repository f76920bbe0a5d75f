"""The cameras of a simulated station, by the names its world gives them.

In lockstep a camera renders the world in this process at virtual time; in real time it reads the
frames that the world process renders, so that rendering never delays whoever reads.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from drivers.base import (
    Camera,
    DeviceConfigError,
    DeviceLostError,
    DeviceNotFoundError,
    Frame,
)
from drivers.registry import DeviceContext
from drivers.ring import RingError, RingReader
from drivers.worlds import World
from drivers.worlds.rings import REMEDY, frames_path

_POLL_S = 0.002
_LOST_S = 1.0
_SLACK_S = 1e-6


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        fps: frames a second; the world process renders 30 and gives every one of them.
        latency_s: how late a frame arrives after its exposure, as a USB camera's does [s].
        source: the camera in the scene, if the station calls it otherwise.
    """

    fps: float = 30.0
    latency_s: float = 0.0
    source: str = ""


class LockstepCamera:
    """Renders the in-process world whenever a frame is due in virtual time.

    Args:
        source: the camera in the scene.
        world: the world to look at.
        config: rate and latency.
    """

    def __init__(self, source: str, world: World, config: Config) -> None:
        self.height, self.width = world.cameras[source]
        self.fps = config.fps
        self._source = source
        self._world = world
        self._latency_s = config.latency_s
        self._pending: deque[Frame] = deque()
        self._due_t = float("-inf")
        self._sequence = 0

    def connect(self) -> None:
        """Begins to count frames from now."""
        self._pending.clear()
        self._due_t = float("-inf")

    def disconnect(self) -> None:
        """Nothing to close: the world is its maker's."""

    def read(self, timeout_s: float) -> Frame | None:
        """The frame that has arrived by now in virtual time, or None; never waits.

        Exposures fall on the first call after they are due, so their times are those of ticks.

        Raises:
            DeviceNotFoundError: this machine cannot render.
        """
        now = float(self._world.t)
        if now >= self._due_t - _SLACK_S:
            self._pending.append(Frame(now, self._sequence, self._world.render(self._source)))
            self._sequence += 1
            # On a grid, so that 30 fps stay 30 fps on ticks of 50 Hz.
            late = now - self._due_t
            self._due_t = (now if late > 1.0 / self.fps else self._due_t) + 1.0 / self.fps
        if self._pending and now >= self._pending[0].t + self._latency_s - _SLACK_S:
            return self._pending.popleft()
        return None


class MappedCamera:
    """Reads the frames of the world process.

    Args:
        name: what the station calls it, for messages.
        source: the camera in the scene.
        runtime: folder of the world's rings.
        config: rate and latency.

    Attributes:
        width: of the picture; 0 until it is connected, the world chooses it.
        height: likewise.
    """

    def __init__(self, name: str, source: str, runtime: Path, config: Config) -> None:
        self.width = self.height = 0
        self.fps = config.fps
        self._name, self._source, self._runtime = name, source, runtime
        self._path = frames_path(runtime, source)
        self._latency_s = config.latency_s
        self._reader: RingReader | None = None
        self._next = 0
        self._heard_t = 0.0

    def connect(self) -> None:
        """Maps the world's frames.

        Raises:
            DeviceNotFoundError: no world process renders this camera.
        """
        self.disconnect()
        try:
            self._reader = RingReader(self._path)
        except RingError as error:
            raise self._absent() from error
        self.height, self.width = self._reader.dtype["image"].shape[:2]
        self._next = self._reader.head
        self._heard_t = time.monotonic()

    def disconnect(self) -> None:
        """Drops the mapping."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def read(self, timeout_s: float) -> Frame | None:
        """Waits for the next frame, at most ``timeout_s``; None if none came in time.

        Raises:
            DeviceLostError: the world process stopped, or started again under this name.
        """
        if self._reader is None:
            raise DeviceLostError(self._name, "The camera is not connected.", "Connect it first.")
        deadline = time.monotonic() + timeout_s
        while True:
            frame = self._arrived(self._reader)
            now = time.monotonic()
            if frame is not None:
                self._heard_t = now
                return frame
            if now - self._heard_t > _LOST_S + self._latency_s:
                raise DeviceLostError(
                    self._name, f"No frame for {now - self._heard_t:.1f} s.", REMEDY
                )
            if now >= deadline:
                return None
            # Sleeps through most of the time to the next frame and polls only at its end.
            expected = self._heard_t + 0.8 / self.fps
            time.sleep(max(_POLL_S, min(expected, deadline) - now))

    def _absent(self) -> DeviceNotFoundError:
        pattern = frames_path(self._runtime, "*").name
        before, after = pattern.split("*")
        rendered = sorted(
            path.name.removeprefix(before).removesuffix(after)
            for path in self._runtime.glob(pattern)
        )
        if not rendered:
            return DeviceNotFoundError(
                self._name, "No simulated world renders this camera.", REMEDY
            )
        return DeviceNotFoundError(
            self._name,
            f"The simulated scene has no camera {self._source!r}.",
            f"Set source to one of: {', '.join(rendered)}.",
        )

    def _arrived(self, reader: RingReader) -> Frame | None:
        """The oldest unread frame whose latency has passed."""
        head = reader.head
        if head - self._next >= reader.slots - 1:
            self._next = head - reader.slots // 2
        if self._next >= head:
            return None
        exposed_t = reader.read(self._next, lambda record: float(record["t"]))
        if exposed_t is not None and time.monotonic() < exposed_t + self._latency_s:
            return None
        record = reader.get(self._next)
        self._next += 1
        if record is None:
            return None
        return Frame(float(record["t"]), int(record["sequence"]), record["image"])


def create(name: str, config: Config, context: DeviceContext) -> Camera:
    """Builds the camera for a world in this process, or for the world process.

    Raises:
        DeviceConfigError: the scene has no such camera (in real time, connecting finds that out),
            or the context has no world.
    """
    source = config.source or name
    if context.world is not None and source not in context.world.cameras:
        raise DeviceConfigError(
            name,
            f"The simulated scene has no camera {source!r}.",
            f"Set source to one of: {', '.join(context.world.cameras)}.",
        )
    if config.fps <= 0.0 or config.latency_s < 0.0:
        raise DeviceConfigError(
            name,
            f"fps is {config.fps:g} and latency_s is {config.latency_s:g}.",
            "Give a positive rate and a latency of 0 or more.",
        )
    if context.world is not None:
        return LockstepCamera(source, context.world, config)
    if context.runtime is None:
        raise DeviceConfigError(
            name, "There is no simulated world here.", "Set simulated = true in station.toml."
        )
    return MappedCamera(name, source, context.runtime, config)
