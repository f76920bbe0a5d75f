"""Decodes the pictures of an attempt beside the window: the newest request wins.

A thread of low priority reads and decodes (both let go of the interpreter while they work), keeps
what it has decoded, and in its spare time decodes the neighbours of what is shown, so that the
next frame step costs nothing.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from dagger_gui.pages.review.attempt import Attempt
from sessions.record.layout import EpisodeError
from sessions.record.reader import FrameReader

CACHE_BYTES = 96_000_000
_AHEAD = 8  # ticks decoded before they are asked for
_NICE = 10


@dataclass(frozen=True)
class Picture:
    """One camera at one tick.

    Attributes:
        image: shape (H, W, 3) RGB; None where there is none.
        age_s: how old it was at the tick, NaN without one [s].
        problem: why there is none, or what is wrong with it; empty if all is well.
    """

    image: NDArray[np.uint8] | None
    age_s: float
    problem: str = ""


@dataclass(frozen=True)
class Shot:
    """Every camera at one tick of one attempt."""

    attempt: int
    row: int
    pictures: dict[str, Picture] = field(default_factory=dict)


_PROBLEMS = {
    1: "The camera gave a black picture here.",
    2: "The camera repeated a frozen picture here.",
    3: "The camera gave a black, frozen picture here.",
}


def be_modest() -> None:
    """Gives the calling thread a low priority, so that the loop and the policy come first."""
    with contextlib.suppress(OSError, AttributeError):  # a system without priorities by thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


class Pictures(QObject):
    """The pictures of the attempt that is open.

    Args:
        parent: Qt owner.
    """

    shown = Signal(object)  # a Shot

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wake = threading.Condition()
        self._attempt: Attempt | None = None
        self._wanted: int | None = None
        self._forward = True
        self._closed = False
        self._thread: threading.Thread | None = None
        self._cache: OrderedDict[tuple[str, int], NDArray[np.uint8]] = OrderedDict()
        self._held = 0

    def open(self, attempt: Attempt | None) -> None:
        """Shows another attempt from now on; None for none."""
        with self._wake:
            self._attempt, self._wanted = attempt, None
            self._wake.notify()
        if self._thread is None and attempt is not None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="review-pictures", daemon=True)
            self._thread.start()

    def ask(self, row: int) -> None:
        """Asks for the pictures of a tick; an older request that still waits is dropped."""
        with self._wake:
            self._forward = self._wanted is None or row >= self._wanted
            self._wanted = row
            self._wake.notify()

    def close(self) -> None:
        """Ends the thread; calling it twice is harmless."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    # -- in the thread

    def _run(self) -> None:
        be_modest()
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._closed or self._attempt is not None)
                attempt = self._attempt
                if self._closed or attempt is None:
                    return
            self._cache.clear()
            self._held = 0
            self._follow(attempt)

    def _follow(self, attempt: Attempt) -> None:
        """Serves one attempt until another is opened."""
        problem = ""
        with contextlib.ExitStack() as stack:
            reader = None
            try:
                reader = stack.enter_context(FrameReader(attempt.path))
            except EpisodeError as error:
                problem = str(error)
            served: int | None = None
            while True:
                with self._wake:
                    self._wait(attempt, served)
                    if self._turned(attempt):
                        return
                    served, forward = self._wanted, self._forward
                if served is None:
                    continue
                self.shown.emit(self._shot(attempt, reader, served, problem))
                for row in _neighbours(served, forward, len(attempt.t)):
                    if self._turned(attempt) or self._wanted != served:
                        break
                    self._shot(attempt, reader, row, problem)

    def _wait(self, attempt: Attempt, served: int | None) -> None:
        """Until another tick is asked for, or another attempt."""
        self._wake.wait_for(lambda: self._turned(attempt) or self._wanted != served)

    def _turned(self, attempt: Attempt) -> bool:
        return self._closed or self._attempt is not attempt

    def _shot(self, attempt: Attempt, reader: FrameReader | None, row: int, problem: str) -> Shot:
        found = {}
        for camera, rows in attempt.frames.items():
            frame, age = int(rows[row]), float(attempt.ages[camera][row])
            if reader is None:
                found[camera] = Picture(None, age, problem)
            elif frame < 0:
                found[camera] = Picture(None, age, "The camera had given no picture yet.")
            else:
                found[camera] = self._picture(attempt, reader, camera, frame, age)
        return Shot(attempt.number, row, found)

    def _picture(
        self, attempt: Attempt, reader: FrameReader, camera: str, frame: int, age: float
    ) -> Picture:
        image = self._cache.get((camera, frame))
        if image is None:
            try:
                image = reader.image(camera, frame)
            except EpisodeError as error:
                return Picture(None, age, f"Frame {frame} cannot be shown. {error.problem}")
            self._keep((camera, frame), image)
        else:
            self._cache.move_to_end((camera, frame))
        return Picture(image, age, _PROBLEMS.get(int(attempt.bad[camera][frame]), ""))

    def _keep(self, key: tuple[str, int], image: NDArray[np.uint8]) -> None:
        self._cache[key] = image
        self._held += image.nbytes
        while self._held > CACHE_BYTES and len(self._cache) > 1:
            _, dropped = self._cache.popitem(last=False)
            self._held -= dropped.nbytes


def _neighbours(row: int, forward: bool, count: int) -> Iterator[int]:
    """The ticks that are likely to be asked for next, the likeliest first."""
    step = 1 if forward else -1
    for distance in range(1, _AHEAD + 1):
        if 0 <= row + step * distance < count:
            yield row + step * distance
        if distance <= 2 and 0 <= row - step * distance < count:
            yield row - step * distance
