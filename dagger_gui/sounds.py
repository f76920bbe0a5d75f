"""Short tones for what the eyes may miss: takeover, hand-back, doubt over tau, a stop.

Optional, and never an error: without an audio device, or if it goes away, there is silence.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_RATE: Final = 22050
_TONES_HZ: Final = {  # two notes each, so that they are told apart by direction, not by pitch
    "takeover": (440.0, 660.0),
    "handback": (660.0, 440.0),
    "doubt": (880.0, 880.0),
    "fault": (220.0, 165.0),
}
_NOTE_S: Final = 0.07


def available() -> bool:
    """Whether this machine seems to have a device to play on; opens nothing."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    servers = ("pulse/native", "pipewire-0")
    if runtime and any((Path(runtime) / name).exists() for name in servers):
        return True
    try:
        return "no soundcards" not in Path("/proc/asound/cards").read_text()
    except OSError:
        return False


def tone(name: str) -> NDArray[np.int16]:
    """The samples of one tone, shape (N,), 22.05 kHz mono, with soft edges."""
    t = np.arange(int(_RATE * _NOTE_S)) / _RATE
    envelope = np.minimum(1.0, np.minimum(t, t[::-1]) / 0.008)
    notes = [np.sin(2 * np.pi * hz * t) * envelope for hz in _TONES_HZ[name]]
    return np.round(np.concatenate(notes) * 0.25 * 32767).astype(np.int16)


class Sounds:
    """Plays tones on SDL's mixer, opened in a thread of its own at the first use.

    Args:
        on: whether to play at all.
    """

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._mixer: Any = None
        self._sounds: dict[str, Any] = {}
        self._opening: threading.Thread | None = None

    def play(self, name: str) -> None:
        """Plays ``takeover``, ``handback``, ``doubt`` or ``fault``; never waits."""
        if not self.on:
            return
        if self._opening is None:
            self._opening = threading.Thread(target=self._open, name="sounds", daemon=True)
            self._opening.start()
        sound = self._sounds.get(name)
        if sound is not None:
            sound.play()

    def close(self) -> None:
        """Gives the device back."""
        if self._opening is not None:
            self._opening.join(timeout=2.0)
        if self._mixer is not None:
            self._mixer.quit()
            self._mixer, self._sounds = None, {}

    def _open(self) -> None:
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        try:
            import pygame

            pygame.mixer.init(_RATE, -16, 1, 256)
        except (ImportError, RuntimeError, OSError):
            # pygame.error is a RuntimeError: no device, or one that is busy. Silence it is.
            self.on = False
            return
        self._mixer = pygame.mixer
        self._sounds = {name: pygame.mixer.Sound(buffer=tone(name)) for name in _TONES_HZ}
