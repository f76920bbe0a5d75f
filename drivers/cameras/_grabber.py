"""A thread that takes a camera's pictures as they come, and keeps the newest with its time.

Whoever reads gets the newest picture, never one that waited in a queue: a late reader must not make
the arm see the past.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

Stamp = Callable[[float], float]


class Grabber(threading.Thread):
    """Reads one ``cv2.VideoCapture`` until it gives nothing more, and releases it.

    Args:
        name: the thread's name.
        capture: opened; it is this thread's from now on.
        stamp: from when a picture arrived to when it was taken, both monotonic [s].
    """

    def __init__(self, name: str, capture: Any, stamp: Stamp) -> None:
        super().__init__(name=name, daemon=True)
        self._capture, self._stamp = capture, stamp
        self._changed = threading.Condition()
        self._newest: tuple[float, int, Any] | None = None
        self._count = 0
        self._taken = -1
        self._closing = False
        self._ended = False
        self._heard_t = time.monotonic()

    @property
    def ended(self) -> bool:
        """Whether the camera gives nothing more."""
        return self._ended

    @property
    def heard_any(self) -> bool:
        """Whether it ever gave a picture."""
        return self._count > 0

    @property
    def silent_s(self) -> float:
        """Time since the newest picture came, or since the thread was made [s]."""
        return time.monotonic() - self._heard_t

    def run(self) -> None:
        """Grabs until told to stop, or until the camera gives nothing more."""
        last_t = float("-inf")
        try:
            while not self._closing and self._capture.grab():
                arrived_t = time.monotonic()
                t = max(self._stamp(arrived_t), last_t + 1e-6)
                last_t = t
                whole, image = self._capture.retrieve()
                with self._changed:
                    self._heard_t = arrived_t
                    number, self._count = self._count, self._count + 1
                    if whole:  # a picture cut short on the cable counts as dropped
                        self._newest = (t, number, image)
                        self._changed.notify_all()
        finally:
            self._capture.release()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def take(self, timeout_s: float) -> tuple[float, int, Any] | None:
        """The newest picture not taken yet: time [s], number, image (H, W, 3) BGR; or None."""

        def fresh() -> bool:
            return self._newest is not None and self._newest[1] > self._taken

        with self._changed:
            self._changed.wait_for(lambda: fresh() or self._ended, max(timeout_s, 0.0))
            if not fresh():
                return None
            assert self._newest is not None
            self._taken = self._newest[1]
            return self._newest

    def close(self, timeout_s: float) -> None:
        """Lets the camera go. One that is stuck is let go by its thread, once that comes back."""
        self._closing = True
        self.join(timeout_s)
