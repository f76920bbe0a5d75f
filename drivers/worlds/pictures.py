"""The pictures of a world in real time: their rings, and a thread of its own where that can be."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drivers import scheduling
from drivers.base import DriverError, Image
from drivers.ring import RingWriter
from drivers.worlds import Onlooker, World
from drivers.worlds.rings import frame_dtype, frames_path

FRAME_HZ = 30.0
_FRAME_SLOTS = 16
_BEHIND_S = 0.1
_EARLY_S = 0.004
"""A step may come so much before its picture is due, and still be shown at once [s]."""


class Pictures:
    """The frame rings of one world's cameras.

    Args:
        runtime: folder of the rings.
        world: whose cameras; rendered by ``expose`` only.
    """

    def __init__(self, runtime: Path, world: World) -> None:
        self._world = world
        self.rings = {
            name: RingWriter(frames_path(runtime, name), frame_dtype(*size), _FRAME_SLOTS)
            for name, size in world.cameras.items()
        }
        self._sequence = 0
        self._exposed_t = float("-inf")

    def expose(self, now: float, *, stepped: bool) -> None:
        """Renders every camera after a step, or when a picture is due; from the world's thread.

        Args:
            now: time of the exposure [s].
            stepped: whether the world has just moved.

        Raises:
            DriverError: the world cannot be rendered.
        """
        since_s = now - self._exposed_t
        if since_s < 1.0 / FRAME_HZ - (_EARLY_S if stepped else 0.0):
            return
        self._exposed_t = now
        for name in self.rings:
            self.put(name, now, self._sequence, self._world.render(name))
        self._sequence += 1

    def put(self, camera: str, t: float, sequence: int, image: Image) -> None:
        """Publishes one picture, shape (H, W, 3)."""
        slot = self.rings[camera].slot()
        slot["t"], slot["sequence"], slot["image"] = t, sequence, image
        self.rings[camera].commit()

    def close(self) -> None:
        """Removes the frame rings."""
        for ring in self.rings.values():
            ring.close(unlink=True)


class Watching:
    """Renders every camera of a ``Visible`` world at ``FRAME_HZ``, in a thread of its own.

    Args:
        onlooker: makes whoever looks, in that thread.
        snapshot: what is visible now.
        pictures: where the pictures go.

    Attributes:
        problem: why it ended before it was told to; None while all is well.
        opened: set once every camera has been rendered, or cannot be. That first time takes long,
            and other threads do not have the interpreter meanwhile.
    """

    def __init__(
        self, onlooker: Callable[[], Onlooker], snapshot: Callable[[], Any], pictures: Pictures
    ) -> None:
        self._onlooker = onlooker
        self._snapshot = snapshot
        self._pictures = pictures
        self.problem: DriverError | None = None
        self.opened = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Renders until ``stop`` is set, or until rendering turns out to be impossible."""
        scheduling.give_way()
        try:
            with contextlib.closing(self._onlooker()) as eye:
                self._look(eye, stop)
        except DriverError as error:
            self.problem = error
            stop.set()
        finally:
            self.opened.set()

    def _look(self, eye: Onlooker, stop: threading.Event) -> None:
        names = tuple(self._pictures.rings)
        for name in names:
            eye.render(self._snapshot(), name)
        self.opened.set()
        deadline = time.monotonic()
        sequence = 0
        while not stop.is_set():
            for i, name in enumerate(names):
                # Half a period apart, so that two frames never compete with one tick.
                due = deadline + i / (len(names) * FRAME_HZ)
                time.sleep(max(0.0, due - time.monotonic()))
                t = time.monotonic()
                self._pictures.put(name, t, sequence, eye.render(self._snapshot(), name))
            sequence += 1
            deadline = max(deadline + 1.0 / FRAME_HZ, time.monotonic() - _BEHIND_S)
